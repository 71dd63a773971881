// `system.sdk.devices`: how many phones have which version, and what waits on them; what a team knows of
// its apps in the field without holding one in its hands.

internal import Columnar
package import Connector
internal import EventModel
internal import Simulation
internal import World

/// The crowd as queries may ask it.
///
/// `@unchecked Sendable`: a query of this platform runs while its caller waits for it and holds the platform, as
/// every command does that moves the world; so nobody moves the crowd meanwhile, and the scan below is
/// the only one that reads it.
private struct AskedCrowd: @unchecked Sendable {
  let crowd: World
  let clock: StoryClock
}

extension Platform {
  /// `devices` of the schema `system.sdk`: a row for each platform and version, newest version first.
  static func deviceTables(
    _ crowd: World, _ clock: StoryClock
  ) -> [String: ComposedCatalog.Provider] {
    let asked = AskedCrowd(crowd: crowd, clock: clock)
    return [
      "devices": {
        ComputedTable(label: "system.sdk.devices", schema: deviceSchema) { _ in
          let day = asked.clock.now.date(offsetSeconds: TimeZones.seoul)
          let groups = try asked.crowd.deviceGroups(day: day)
          return [ColumnarBatch(schema: deviceSchema, rows: groups.map(row))]
        }
      }
    ]
  }

  private static let deviceSchema = Schema([
    Field("platform", .varchar), Field("app_version", .varchar), Field("phones", .bigint),
    Field("waiting_phones", .bigint), Field("waiting_events", .bigint),
    Field("oldest_event_time", .timestampWithTimeZone(precision: 3)),
  ])

  private static func row(_ group: World.DeviceGroup) -> [Scalar] {
    [
      .text(group.platform), .text(group.version), .integer(Int64(group.phones)),
      .integer(Int64(group.waitingPhones)), .integer(Int64(group.waitingEvents)),
      group.oldestEventTime.map { .integer($0 * 1_000) } ?? .null,
    ]
  }
}
