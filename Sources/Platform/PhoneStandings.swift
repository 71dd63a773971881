// The crowd's phones as they stand, as a table: for graders' engines only.
//
// "It waits on the phone" and "it is lost" are different verdicts; nothing that arrives tells them apart.

internal import Columnar
package import Connector
internal import EventSDK
internal import World

extension Platform {
  /// `truth.phones`: a row for each phone that has an app in the running world, as it stands when this
  /// is called. Only graders' engines may hold it.
  ///
  /// Cost: every waiting event is looked at. Throws where the world cannot be brought to its present.
  package func phoneTable() throws -> any TableSource {
    let rows = try crowd.phoneStandings().map(Self.row)
    return ComputedTable(label: "truth.phones", schema: Self.phoneSchema) { _ in
      [ColumnarBatch(schema: Self.phoneSchema, rows: rows)]
    }
  }

  private static let phoneSchema = Schema([
    Field("phone", .bigint), Field("device_id", .varchar), Field("app_version", .varchar),
    Field("platform", .varchar), Field("waiting", .bigint), Field("waiting_bytes", .bigint),
    Field("oldest_seq", .bigint),
    Field("oldest_event_time", .timestampWithTimeZone(precision: 3)),
    Field("dropped_full", .bigint), Field("dropped_refused", .bigint),
    Field("dropped_too_large", .bigint), Field("dropped_gave_up", .bigint),
    Field("dropped_no_consent", .bigint), Field("lost_on_kill", .bigint),
    Field("is_stopped", .boolean),
  ])

  private static func row(_ phone: PhoneStanding) -> [Scalar] {
    func dropped(_ reason: EventClient.DropReason) -> Scalar {
      .integer(Int64(phone.dropped[reason] ?? 0))
    }
    return [
      .integer(Int64(phone.phone)), .text(phone.deviceID), .text(phone.appVersion),
      .text(phone.platform), .integer(Int64(phone.waitingCount)),
      .integer(Int64(phone.waitingBytes)), phone.oldestSeq.map { .integer($0) } ?? .null,
      phone.oldestEventTime.map { .integer($0 * 1_000) } ?? .null,
      dropped(.queueFull), dropped(.refused), dropped(.tooLarge), dropped(.gaveUp),
      dropped(.noConsent), .integer(Int64(phone.killedCount)), .boolean(phone.isStopped),
    ]
  }
}
