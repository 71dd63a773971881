internal import Columnar
internal import EventModel
internal import ShopDatabase
internal import Simulation
internal import World

/// An order that the learner's own phone has placed, as the shop writes it down.
///
/// It has the event's `order_id`; an event without one still was an order, whose id nobody told the app.
struct LearnerOrder: Sendable {
  let id: String
  /// By the phone's clock, milliseconds: known where nothing better is.
  let recordedAt: Int64
  private let amount: Int64
  private let line: (product: String, quantity: Int64, price: Int64)?
  private let paymentMethod: String?
  private let appVersion: String

  /// Nil for an event that is no purchase, or whose worth the shop cannot tell.
  init?(_ event: PhoneEvent) {
    guard event.eventName == "purchase_completed" else { return nil }
    let values = JSONValue.object(event.properties)
    let price = values["price"]?.integer
    let quantity = values["quantity"]?.integer ?? 1
    let product = price.flatMap { price -> Int64? in
      let (product, overflow) = price.multipliedReportingOverflow(by: quantity)
      return overflow ? nil : product
    }
    guard let amount = values["amount"]?.integer ?? product, amount >= 0 else { return nil }
    let given = values["order_id"]?.string ?? ""
    id =
      given.isEmpty ? "ord_" + event.eventID.filter { $0 != "-" }.prefix(16) : given
    recordedAt = event.eventTime.milliseconds
    self.amount = amount
    line =
      if let price, price >= 0, quantity > 0, let name = values["product_id"]?.string {
        (name, quantity, price)
      } else { nil }
    paymentMethod = values["payment_method"]?.string
    appVersion = event.appVersion
  }

  /// The rows of a new order, paid at a moment of the story, milliseconds.
  func newRows(at moment: Int64) -> [ShopDatabase.Rows] {
    var rows = [
      ShopDatabase.Rows(
        table: ShopTable.orders.name,
        rows: [
          ShopBooks.orderRow(
            id: id, userID: LearnerPhone.ownerID, status: "paid", amount: amount, paidAt: moment,
            paymentMethod: paymentMethod, appVersion: appVersion, updatedAt: moment)
        ])
    ]
    if let line {
      rows.append(
        ShopDatabase.Rows(
          table: ShopTable.orderItems.name,
          rows: [
            [
              .text(id), .integer(1), .text(line.product), .integer(line.quantity),
              .integer(line.price),
            ]
          ]))
    }
    return rows
  }

  /// The rows that a database has of it; empty where it has none.
  func rows(in database: ShopDatabase) throws -> [ShopDatabase.Rows] {
    let keys: [(ShopTable, [Scalar])] = [
      (.orders, [.text(id)]), (.orderItems, [.text(id), .integer(1)]),
    ]
    return try keys.compactMap { table, key in
      try database.row(of: table.name, key: key).map {
        ShopDatabase.Rows(table: table.name, rows: [$0])
      }
    }
  }
}
