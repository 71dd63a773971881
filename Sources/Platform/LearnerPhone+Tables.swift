// What the learner's phone shows to queries.

internal import Columnar
package import Connector
internal import EventModel
internal import EventSDK
internal import Simulation

extension LearnerPhone {
  /// `system.sdk.events`.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    [
      "events": { [self] in
        ComputedTable(label: "system.sdk.events", schema: LearnerPhone.schema) { [self] _ in
          [ColumnarBatch(schema: LearnerPhone.schema, rows: events().map(LearnerPhone.row))]
        }
      }
    ]
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
