/// The numbers of the shop's own side, from `shop` of the specification: what the operational database
/// holds beyond what the app's events say.
struct ShopSpecification: Sendable {
  struct Category: Sendable {
    var name: String
    var brands: [String]
    var nouns: [String]
  }

  /// Of the abandoned checkouts of known members, parts of 10,000: paid, and the app never knew.
  var eventLost: Int
  /// Of an ordinary day's purchases, parts of 10,000: billed at midnight without any app.
  var subscriptions: Int
  /// Of the paid orders, parts of 10,000: the shop cannot deliver.
  var cancelledByShop: Int
  /// Of the buyers of a day, parts of 10,000: they ask to be forgotten.
  var erasures: Int
  /// From the lowest to the highest, with the share of the members.
  var tiers: NameTable
  var regions: NameTable
  var consentPermille: Int
  /// Of all members, parts of 10,000 a day.
  var memberChanges: Int
  /// Of all members, parts of 10,000: they sign up only when they first come.
  var newMembers: Int
  /// Of all products, parts of 10,000 a day.
  var priceChanges: Int
  /// By how much a list price lies above what the app asks, in percent of the list price.
  var discountPercents: [Int]
  var categories: [Category]
  var categoryWeights: WeightTable
  /// What stands between brand and noun of a product's name.
  var adjectives: [String]
}

extension SpecificationReader {
  func shop() throws -> ShopSpecification {
    let share = 0...10_000
    let orders = try self["orders_permyriad"]
    let categories = try list("categories")
    let percents = try integers("discount_percents", 0...80)
    return ShopSpecification(
      eventLost: try orders.integer("event_lost", share),
      subscriptions: try orders.integer("subscriptions", share),
      cancelledByShop: try orders.integer("cancelled_by_shop", share),
      erasures: try integer("erasures_permyriad", share),
      tiers: try names("tiers"), regions: try names("regions"),
      consentPermille: try integer("marketing_consent_permille", 0...1_000),
      memberChanges: try integer("member_changes_permyriad", share),
      newMembers: try integer("new_members_permyriad", share),
      priceChanges: try integer("price_changes_permyriad", share),
      discountPercents: percents,
      categories: try categories.map {
        ShopSpecification.Category(
          name: try $0.text("name"), brands: try $0.texts("brands"), nouns: try $0.texts("nouns"))
      },
      categoryWeights: WeightTable(try categories.map { try $0.integer("weight", 1...1_000_000) }),
      adjectives: try texts("adjectives"))
  }
}
