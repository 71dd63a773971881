// What the learner's phone shows to queries.

internal import Columnar
package import Connector
internal import EventModel
internal import EventSDK
internal import Simulation
internal import Synchronization

extension LearnerPhone {
  /// What the tables show beside the events.
  struct Shown: Sendable {
    var queue: Queue?
    var attempts: [Client.Attempt] = []
    var settings = SDKSettings()
  }

  /// The queue of a phone. Times are story time in milliseconds.
  struct Queue: Sendable {
    var deviceID: String
    var installID: String
    var appVersion: String
    var network: String
    var waiting: Int
    /// Events that the queue gave up, since the app was started.
    var dropped: Int
    var nextAttempt: Int64?
    var nextTimer: Int64?
    var isStopped: Bool
  }

  /// `events`, `queues`, `requests` and `config` of the schema `system.sdk`.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    [
      "events": { [self] in
        ComputedTable(label: "system.sdk.events", schema: LearnerPhone.schema) { [self] _ in
          [ColumnarBatch(schema: LearnerPhone.schema, rows: events().map(LearnerPhone.row))]
        }
      },
      "queues": { [self] in
        ComputedTable(label: "system.sdk.queues", schema: LearnerPhone.queueSchema) { [self] _ in
          let queue = shown.withLock { $0.queue }
          return [
            ColumnarBatch(
              schema: LearnerPhone.queueSchema,
              rows: queue.map { [LearnerPhone.row($0, events())] } ?? [])
          ]
        }
      },
      "requests": { [self] in
        ComputedTable(label: "system.sdk.requests", schema: LearnerPhone.requestSchema) {
          [self] _ in
          let attempts = shown.withLock { $0.attempts }
          return [
            ColumnarBatch(
              schema: LearnerPhone.requestSchema, rows: attempts.map(LearnerPhone.row))
          ]
        }
      },
      "config": { [self] in
        ComputedTable(label: "system.sdk.config", schema: LearnerPhone.configSchema) { [self] _ in
          let settings = shown.withLock { $0.settings }
          return [
            ColumnarBatch(
              schema: LearnerPhone.configSchema,
              rows: settings.listed.map { [.text($0.key), .text($0.value)] })
          ]
        }
      },
    ]
  }

  private static let queueSchema = Schema([
    Field("device_id", .varchar), Field("install_id", .varchar), Field("app_version", .varchar),
    Field("network", .varchar), Field("waiting_events", .bigint),
    Field("oldest_event_time", .timestampWithTimeZone), Field("dropped_events", .bigint),
    Field("next_attempt", .timestampWithTimeZone), Field("next_timer", .timestampWithTimeZone),
    Field("is_stopped", .boolean),
  ])

  private static func row(_ queue: Queue, _ events: [PhoneEvent]) -> [Scalar] {
    let oldest = events.first { $0.state == .queued }?.eventTime.milliseconds
    return [
      .text(queue.deviceID), .text(queue.installID), .text(queue.appVersion),
      .text(queue.network), .integer(Int64(queue.waiting)), moment(oldest),
      .integer(Int64(queue.dropped)), moment(queue.nextAttempt), moment(queue.nextTimer),
      .boolean(queue.isStopped),
    ]
  }

  private static let requestSchema = Schema([
    Field("sent_at", .timestampWithTimeZone), Field("first_seq", .bigint),
    Field("events", .bigint), Field("bytes", .bigint), Field("status", .integer),
    Field("refused_events", .bigint), Field("next_attempt", .timestampWithTimeZone),
  ])

  private static func row(_ attempt: Client.Attempt) -> [Scalar] {
    [
      moment(attempt.sentAt), .integer(attempt.firstSeq), .integer(Int64(attempt.eventCount)),
      .integer(Int64(attempt.byteCount)), attempt.status.map { .integer(Int64($0)) } ?? .null,
      .integer(Int64(attempt.refusedCount)), moment(attempt.nextAttempt),
    ]
  }

  private static let configSchema = Schema([Field("key", .varchar), Field("value", .varchar)])

  /// Milliseconds as a timestamp; null for nil.
  private static func moment(_ milliseconds: Int64?) -> Scalar {
    milliseconds.map { .integer($0 * 1_000) } ?? .null
  }

  private static let schema = Schema([
    Field("seq", .bigint), Field("event_id", .varchar), Field("event_name", .varchar),
    Field("event_time", .timestampWithTimeZone), Field("state", .varchar),
    Field("product_id", .varchar), Field("price", .bigint), Field("properties", .varchar),
  ])

  private static func row(_ event: PhoneEvent) -> [Scalar] {
    let properties = JSONValue.object(event.properties)
    var product = Scalar.null
    var price = Scalar.null
    if case .string(let text)? = properties["product_id"] { product = .text(text) }
    if case .integer(let value)? = properties["price"] { price = .integer(value) }
    return [
      .integer(event.seq), .text(event.eventID), .text(event.eventName),
      .integer(event.eventTime.milliseconds * 1_000), .text(event.state.rawValue), product, price,
      .text(properties.text),
    ]
  }
}
