// What really happened, as a table: for graders' engines only.
//
// No catalog of the prompt holds it, and no file does: it is derived from the world's seed when a
// grader's query asks. The learner's own phone is in it with what it recorded. `marks` names what
// was planted in an event, such as `bot` or `envelope-error`, with commas between; empty for none.

internal import Columnar
package import Connector
internal import EventModel
internal import Simulation
internal import Synchronization
internal import World

/// The events of one world up to its present, as they were meant.
///
/// Days are played once and kept; a day of an xs world costs some ten milliseconds.
final class TruthLedger: Sendable {
  private let configuration: WorldConfiguration
  private let specification: WorldSpecification
  private let days = Mutex<[CivilDate: [TruthEvent]]>([:])

  init(configuration: WorldConfiguration, specification: WorldSpecification) {
    self.configuration = configuration
    self.specification = specification
  }

  static let schema = Schema([
    Field("event_id", .varchar), Field("event_name", .varchar), Field("user_id", .varchar),
    Field("session_id", .varchar), Field("phone", .bigint), Field("seq", .bigint),
    Field("event_time", .timestampWithTimeZone(precision: 3)), Field("dt", .date),
    Field("amount", .bigint), Field("currency", .varchar), Field("order_id", .varchar),
    Field("product_id", .varchar), Field("app_version", .varchar), Field("platform", .varchar),
    Field("marks", .varchar),
  ])

  /// The rows of one KST day up to a moment, by time.
  func rows(_ day: CivilDate, until moment: StoryTime) throws -> [[Scalar]] {
    let events = try days.withLock { days in
      if let known = days[day] { return known }
      let world = try World(configuration: configuration, specification: specification)
      let events = world.truth(day: day).events
      days[day] = events
      return events
    }
    return events.filter { $0.time <= moment.milliseconds }.map { event in
      Self.row(
        id: event.eventID, name: event.eventName, user: event.userID, session: event.sessionID,
        phone: .integer(Int64(event.phone)), seq: event.seq,
        time: StoryTime(milliseconds: event.time), event.properties,
        version: .text(event.appVersion), platform: .text(event.platform),
        marks: event.marks.names.joined(separator: ","))
    }
  }

  static func row(
    id: String, name: String, user: String?, session: String?, phone: Scalar, seq: Int64,
    time: StoryTime, _ properties: [JSONMember], version: Scalar, platform: Scalar, marks: String
  ) -> [Scalar] {
    let values = JSONValue.object(properties)
    func text(_ key: String) -> Scalar { values[key]?.string.map(Scalar.text) ?? .null }
    var amount = values["amount"]?.integer
    if amount == nil, name == "purchase_completed", let price = values["price"]?.integer {
      amount = price * (values["quantity"]?.integer ?? 1)
    }
    return [
      .text(id), .text(name), user.map(Scalar.text) ?? .null, session.map(Scalar.text) ?? .null,
      phone, .integer(seq), .integer(time.milliseconds * 1_000),
      .integer(Int64(time.date(offsetSeconds: TimeZones.seoul).daysSinceEpoch)),
      amount.map(Scalar.integer) ?? .null, text("currency"), text("order_id"), text("product_id"),
      version, platform, .text(marks),
    ]
  }
}

extension Platform {
  /// `truth.events` of this world, up to its present. Only graders' engines may hold it.
  ///
  /// The learner's own events have no phone number: the crowd's phones are counted from 0.
  package func truthTable() -> any TableSource {
    let ledger = truth
    let moment = now
    let first = file.yesterday
    let last = today
    let own = phone.events().filter { $0.eventTime <= moment }.map { event in
      TruthLedger.row(
        id: event.eventID, name: event.eventName, user: phone.userID, session: phone.sessionID,
        phone: .null, seq: event.seq, time: event.eventTime, event.properties,
        version: .text(event.appVersion), platform: .text(LearnerPhone.platform),
        marks: "")
    }
    return ComputedTable(label: "truth.events", schema: TruthLedger.schema) { request in
      var rows: [[Scalar]] = []
      var day = first
      while day <= last {
        if TruthLedger.wants(day, request) {
          rows += try ledger.rows(day, until: moment)
        }
        day = day.adding(days: 1)
      }
      return [ColumnarBatch(schema: TruthLedger.schema, rows: rows + own)]
    }
  }
}

extension TruthLedger {
  /// False where the request's predicates leave no row of a day.
  static func wants(_ day: CivilDate, _ request: ScanRequest) -> Bool {
    let dt = Int64(day.daysSinceEpoch)
    let column = schema.fields.firstIndex { $0.name == "dt" }
    return request.predicates.allSatisfy { predicate in
      guard predicate.column == column else { return true }
      switch predicate.comparison {
      case .equal(.integer(let value)): return value == dt
      case .less(.integer(let value)): return dt < value
      case .lessOrEqual(.integer(let value)): return dt <= value
      case .greater(.integer(let value)): return dt > value
      case .greaterOrEqual(.integer(let value)): return dt >= value
      default: return true
      }
    }
  }
}
