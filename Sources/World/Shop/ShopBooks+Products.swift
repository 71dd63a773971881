import Columnar
import Simulation

/// What happens to a product's record.
enum ProductEdit: Sendable {
  case snapshot
  case listed
  /// By so many percent, more or less.
  case reprice(percent: Int)
  case discontinued
}

/// The products as their change feed has described them so far.
struct ProductLedger: Sendable {
  private struct Facts {
    var name: String
    var category: String
    var brand: String
    var listPrice: Int
  }

  private let population: Population
  private let shop: ShopSpecification
  /// List prices that are no longer those of the beginning.
  private var prices: [Int: Int] = [:]
  /// Products that are sold no longer, as the feed has said.
  private var ended: Set<Int> = []
  private var lastSeq: Int64 = 0

  init(population: Population, shop: ShopSpecification) {
    self.population = population
    self.shop = shop
  }

  private func facts(_ index: Int) -> Facts {
    var generator = SeededGenerator(seed: population.seed, label: "product", UInt64(index))
    let category = shop.categories[shop.categoryWeights.pick(&generator)]
    func pick(_ names: [String]) -> String { names[generator.below(names.count)] }
    let brand = pick(category.brands)
    let adjective = pick(shop.adjectives)
    let noun = pick(category.nouns)
    let discount = shop.discountPercents[generator.below(shop.discountPercents.count)]
    let asked =
      index < population.prices.count
      ? population.prices[index] : 9_900 + 1_000 * generator.below(60)
    return Facts(
      name: "\(brand) \(adjective) \(noun)", category: category.name, brand: brand,
      listPrice: Self.rounded(asked * 100 / (100 - discount)))
  }

  private static func rounded(_ price: Int) -> Int { max(100, (price + 50) / 100 * 100) }

  /// The feed's next row; nil where the edit does not fit.
  mutating func row(_ index: Int, _ edit: ProductEdit, updatedAt: Int64) -> [Scalar]? {
    let facts = facts(index)
    var op = "u"
    var updatedAt = updatedAt
    switch edit {
    case .snapshot:
      op = "r"
      var generator = SeededGenerator(
        seed: population.seed, label: "product-since", UInt64(index))
      updatedAt -= Int64(generator.within(3_600_000...365 * 86_400_000))
    case .listed: op = "c"
    case .reprice(let percent):
      guard !ended.contains(index) else { return nil }
      let old = prices[index] ?? facts.listPrice
      let new = Self.rounded(old * (100 + percent) / 100)
      prices[index] = new == old ? old + 100 : new
    case .discontinued:
      guard ended.insert(index).inserted else { return nil }
      op = "d"
    }
    lastSeq += 1
    let isGone = op == "d"
    return [
      .text(population.productID(index)), isGone ? .null : .text(facts.name),
      isGone ? .null : .text(facts.category), isGone ? .null : .text(facts.brand),
      isGone ? .null : .integer(Int64(prices[index] ?? facts.listPrice)), .text(op),
      .integer(lastSeq), .integer(updatedAt * 1_000),
    ]
  }
}

extension ShopBooks {
  /// New list prices, a product that ends and one that begins. What the app asks stays as it is.
  mutating func planProducts(_ day: CivilDate) {
    var generator = SeededGenerator(
      seed: population.seed, label: "products", day.seedNumber)
    let from = midnight(day)
    let count = population.specification.productCount
    func hours(_ range: ClosedRange<Int>) -> Int64 {
      from + Int64(generator.within(range.lowerBound * 3_600_000...range.upperBound * 3_600_000))
    }
    func percent() -> Int { (1 + generator.below(4)) * (generator.below(2) == 0 ? 5 : -5) }
    // The upper half is never discontinued.
    let twice = generator.below(max(1, count / 2))
    note(hours(1...11), .product(twice, .reprice(percent: percent())), .productTwice)
    note(hours(13...23), .product(twice, .reprice(percent: percent())), .productTwice)
    for _ in 0..<max(2, count * shop.priceChanges / 10_000) {
      note(
        hours(0...24) - 1, .product(generator.below(count), .reprice(percent: percent())),
        .productRepriced)
    }
    let ending = endingProduct(from: count / 2 + generator.below(max(1, count - count / 2)))
    note(hours(9...18), .product(ending, .discontinued), .productDeleted)
    let age = day.daysSinceEpoch - population.firstDay.daysSinceEpoch
    if age >= 0 { note(hours(9...18), .product(count + age, .listed)) }
  }

  /// The product of the lower half at a place, or the next that has not been ended before.
  private mutating func endingProduct(from place: Int) -> Int {
    let count = population.specification.productCount
    let half = count / 2
    var index = min(place, count - 1)
    for _ in half..<count {
      if endedProducts.insert(index).inserted { return index }
      index = index + 1 < count ? index + 1 : half
    }
    return index
  }
}
