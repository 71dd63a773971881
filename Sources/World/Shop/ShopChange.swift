package import Columnar

/// One row of the shop's database, as it is from a moment on.
package struct ShopChange: Sendable, Hashable {
  /// The moment at which the shop knows it, milliseconds since the epoch.
  package var time: Int64
  package var table: ShopTable
  /// One value a column. A row of the same key is replaced by it.
  package var row: [Scalar]
  /// Which planted classes this change belongs to.
  package var marks: ShopMarks

  /// What names the thing that changed: an order, a member, a product, a device.
  package var label: String {
    guard case .text(let text)? = row.first else { return "" }
    return text
  }
}

/// Classes of what is planted in the shop's tables: cases that a query has to get right.
package struct ShopMarks: OptionSet, Sendable, Hashable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Paid, and the app never heard so: it has sent no event of the purchase.
  package static let orderEventLost = ShopMarks(rawValue: 1 << 0)
  /// Billed by the shop itself at midnight: there was never an app, nor an event.
  package static let orderSubscription = ShopMarks(rawValue: 1 << 1)
  /// Paid at 00:00:00.000 in Seoul.
  package static let orderMidnight = ShopMarks(rawValue: 1 << 2)
  /// Never paid: it stays `created`, and has no `paid_at`.
  package static let orderUnpaid = ShopMarks(rawValue: 1 << 3)
  /// Cancelled after the app asked for it by `refund_requested`.
  package static let orderCancelled = ShopMarks(rawValue: 1 << 4)
  /// Refunded some hours after it was cancelled so.
  package static let orderRefunded = ShopMarks(rawValue: 1 << 5)
  /// Cancelled by the shop, which cannot deliver: no app has asked for it.
  package static let orderCancelledByShop = ShopMarks(rawValue: 1 << 6)
  /// A member whose level changes twice on one day, with a purchase in between.
  package static let memberTwice = ShopMarks(rawValue: 1 << 7)
  /// A level that changes in the very millisecond of a payment.
  package static let memberAtPayment = ShopMarks(rawValue: 1 << 8)
  /// Two changes of a member with the same `updated_at`: only `seq` tells which came later.
  package static let memberTie = ShopMarks(rawValue: 1 << 9)
  /// A member whose first row arrives hours after the first order.
  package static let memberLate = ShopMarks(rawValue: 1 << 10)
  /// A row that says what the one before it said.
  package static let memberResent = ShopMarks(rawValue: 1 << 11)
  /// A correction that arrives after a newer row.
  package static let memberCorrected = ShopMarks(rawValue: 1 << 12)
  /// A member who leaves.
  package static let memberDeleted = ShopMarks(rawValue: 1 << 13)
  /// A member who leaves and comes back on the same day.
  package static let memberRecreated = ShopMarks(rawValue: 1 << 14)
  /// A list price that changes.
  package static let productRepriced = ShopMarks(rawValue: 1 << 15)
  /// A product whose list price changes twice on one day.
  package static let productTwice = ShopMarks(rawValue: 1 << 16)
  /// A product that is sold no longer.
  package static let productDeleted = ShopMarks(rawValue: 1 << 17)
  /// A device on which a second member has logged in.
  package static let deviceShared = ShopMarks(rawValue: 1 << 18)
  /// A buyer who asks to be forgotten.
  package static let erasure = ShopMarks(rawValue: 1 << 19)

  /// Every class with the name that the manifest gives it, in order.
  package static let classes: [(name: String, members: ShopMarks)] = [
    ("order-event-lost", .orderEventLost), ("order-subscription", .orderSubscription),
    ("order-midnight", .orderMidnight), ("order-unpaid", .orderUnpaid),
    ("order-cancelled", .orderCancelled), ("order-refunded", .orderRefunded),
    ("order-cancelled-by-shop", .orderCancelledByShop), ("member-twice", .memberTwice),
    ("member-at-payment", .memberAtPayment), ("member-tie", .memberTie),
    ("member-late", .memberLate), ("member-resent", .memberResent),
    ("member-corrected", .memberCorrected), ("member-deleted", .memberDeleted),
    ("member-recreated", .memberRecreated), ("product-repriced", .productRepriced),
    ("product-twice", .productTwice), ("product-deleted", .productDeleted),
    ("device-shared", .deviceShared), ("erasure", .erasure),
  ]
}
