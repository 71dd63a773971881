internal import Columnar
internal import DeltaLog
internal import EventModel
internal import KafkaProtocol
internal import Lake
internal import ObjectStorage
package import Simulation
internal import TrinoSQL

extension Platform {
  /// One station of an event's journey: the address it got there.
  package struct Station: Sendable, Equatable {
    /// `phone`, `collector`, `kafka`, `bronze`, `silver`, `gold`, `warehouse`, `dashboard`.
    package var name: String
    /// Nil where the event has not come that far.
    package var address: String?
    package var time: StoryTime?
    /// Which clock gave `time`: `phone` or `server`.
    package var clock: String?
  }

  /// Follows one event by its id, or by the beginning of its id, reading every store anew.
  ///
  /// - Throws: `platform.noSuchEvent` where neither the phone nor the log knows it.
  package func trace(
    _ idPrefix: String
  ) throws -> (eventID: String, eventName: String, stations: [Station]) {
    let own = phone.events().last { $0.eventID.hasPrefix(idPrefix) }
    let record = try find(idPrefix)
    guard let eventID = own?.eventID ?? record?.eventID else {
      throw PlatformError(
        .noSuchEvent,
        "no event with the id \(idPrefix) is on the phone or in the log",
        advice: "List ids with `app log` or `kafka read app-events`.",
        fields: ["id": idPrefix]
      )
    }
    var stations = [
      Station(
        name: "phone",
        address: own.map { "seq \($0.seq)" } ?? record?.phoneAddress,
        time: own?.eventTime ?? record?.eventTime,
        clock: "phone"
      ),
      Station(
        name: "collector",
        address: record.map { _ in "POST /v1/events" },
        time: record?.receivedAt,
        clock: "server"
      ),
      Station(
        name: "kafka",
        address: record.map { "app-events \($0.partition):\($0.offset)" },
        time: record?.appendTime,
        clock: "server"
      ),
    ]
    stations.append(try bronzeStation(eventID, record))
    stations += try tableStations(eventID)
    return (eventID, own?.eventName ?? record?.eventName ?? "", stations)
  }

  private struct FoundRecord {
    var eventID: String
    var eventName = ""
    var partition: Int32
    var offset: Int64
    var appendTime: StoryTime
    var eventTime: StoryTime?
    var receivedAt: StoryTime?
    var phoneAddress: String?
  }

  private func find(_ idPrefix: String) throws -> FoundRecord? {
    let escaped = idPrefix.replacing("'", with: "''")
    let result = try engine.execute(
      """
      SELECT event_id, partition, "offset", append_time, value FROM system.kafka.records
      WHERE topic = 'app-events' AND starts_with(event_id, '\(escaped)')
      ORDER BY append_time LIMIT 1
      """,
      session: session()
    )
    guard let row = result.rows().first, case .text(let id) = row[0],
      case .integer(let partition) = row[1], case .integer(let offset) = row[2],
      case .integer(let appended) = row[3], case .text(let json) = row[4],
      let value = try? JSONValue(parsing: json)
    else { return nil }
    var found = FoundRecord(
      eventID: id,
      partition: Int32(truncatingIfNeeded: partition),
      offset: offset,
      appendTime: StoryTime(milliseconds: appended / 1_000)
    )
    found.eventTime = Platform.time(value["event_time"])
    found.receivedAt = Platform.time(value["received_at"])
    if case .integer(let seq)? = value["seq"] { found.phoneAddress = "seq \(seq)" }
    if found.phoneAddress == nil, case .string(let device)? = value["device_id"] {
      found.phoneAddress = "device \(device.prefix(13))"
    }
    if case .string(let name)? = value["event_name"] { found.eventName = name }
    return found
  }

  private static func time(_ value: JSONValue?) -> StoryTime? {
    guard case .string(let text)? = value else { return nil }
    return EventTimestamp.parse(text).map(StoryTime.init(milliseconds:))
  }

  /// The object whose lines really contain the event.
  private func bronzeStation(_ eventID: String, _ record: FoundRecord?) throws -> Station {
    var station = Station(name: "bronze", address: nil, time: nil, clock: "server")
    guard let record else { return station }
    for object in try lake.archive() where object.partition == record.partition {
      guard object.startOffset <= record.offset, record.offset < object.endOffset else { continue }
      let lines = try lake.unpackedLines(object.key)
        .split(separator: 0x0A, omittingEmptySubsequences: false)
      let index = Int(record.offset - object.startOffset)
      guard index < lines.count,
        String(decoding: lines[index], as: UTF8.self).contains(eventID)
      else { continue }
      station.address = "\(object.key):\(index + 1)"
      // Lake modification times are story time.
      station.time = try lake.store.head(object.key).map {
        StoryTime(milliseconds: $0.modifiedMilliseconds)
      }
    }
    return station
  }

  private func tableStations(_ eventID: String) throws -> [Station] {
    var silver = Station(name: "silver", address: nil, time: nil, clock: "server")
    var gold = Station(name: "gold", address: nil, time: nil, clock: nil)
    var fact = Station(name: "warehouse", address: nil, time: nil, clock: "server")
    var tile = Station(name: "dashboard", address: nil, time: nil, clock: nil)
    let columns = "CAST(dt AS varchar), loaded_at, app_id"
    if let row = try row("SELECT \(columns) FROM lake.silver.events WHERE event_id = '\(eventID)'")
    {
      silver.address = "lake.silver.events dt=" + row.day
      silver.time = row.time
      let daily =
        "FROM lake.gold.daily_metrics WHERE dt = DATE '\(row.day)' AND app_id = '\(row.app)'"
      if try self.row("SELECT CAST(dt AS varchar), now(), app_id \(daily)") != nil {
        gold.address = "lake.gold.daily_metrics dt=" + row.day
        gold.time = try lake.deltaTable("gold.daily_metrics").map {
          StoryTime(milliseconds: try $0.snapshot().timestamp)
        }
      }
    }
    if let row = try row(
      "SELECT \(columns) FROM warehouse.mart.fact_purchase WHERE event_id = '\(eventID)'"
    ) {
      fact.address = "warehouse.mart.fact_purchase dt=" + row.day
      fact.time = row.time
      tile.address = "dash show nightly, " + row.day
      tile.time = row.time
    }
    return [silver, gold, fact, tile]
  }

  private func row(_ sql: String) throws -> (day: String, time: StoryTime, app: String)? {
    do {
      let result = try engine.execute(sql, session: session())
      guard let row = result.rows().first, case .text(let day) = row[0],
        case .integer(let micros) = row[1]
      else { return nil }
      var app = ""
      if case .text(let name) = row[2] { app = name }
      return (day, StoryTime(milliseconds: micros / 1_000), app)
    } catch let error as TrinoSQLError where error.meansNoTable {
      return nil
    }
  }
}
