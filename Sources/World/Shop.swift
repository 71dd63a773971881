import EventSDK
import Simulation

/// The seeded shop: its people, phones, products and the tables to draw from.
///
/// Made once for a world from `(seed, size, specification)` and never changed, so that a day can be
/// planned again at any time with the same result.
final class Shop: Sendable {
  let seed: UInt64
  let specification: WorldSpecification
  private let versionShift: Int
  /// Active users on a day of weight 100 %.
  let dailyActiveUsers: Int
  let userCount: Int
  /// Zipf weights of the users, most active first.
  let userWeights: [Int]
  let products: WeightTable
  let queries: WeightTable
  let prices: [Int]
  let bodyKinds: WeightTable
  let bodyCounts: GeometricTable
  let reopenCounts: GeometricTable
  let pushCounts: GeometricTable
  let hours: WeightTable

  init(
    seed: UInt64,
    size: WorldSize,
    specification: WorldSpecification,
    versionShift: Int = 0
  ) {
    self.seed = seed
    self.specification = specification
    self.versionShift = versionShift
    dailyActiveUsers = specification.dailyActiveUsers[size] ?? 1
    userCount = dailyActiveUsers * specification.usersPerDailyActiveUser
    userWeights = Zipf.weights(
      count: userCount,
      exponentCenti: specification.userExponentCenti
    )
    products = WeightTable(
      Zipf.weights(
        count: specification.productCount,
        exponentCenti: specification.productExponentCenti
      )
    )
    queries = WeightTable(
      Zipf.weights(
        count: specification.searchQueries.count,
        exponentCenti: specification.queryExponentCenti
      )
    )
    prices = Self.prices(seed: seed, specification)
    let rates = specification.eventRatesMilli
    let sessions = specification.sessionsPerUserDayMilli
    let bodyRates = EventKind.body.map { rates[$0.name] ?? 0 }
    bodyKinds = WeightTable(bodyRates)
    // The first event of the body always happens; the table counts the others.
    bodyCounts = GeometricTable(meanMilli: bodyRates.reduce(0, +) * 1_000 / sessions - 1_000)
    reopenCounts = GeometricTable(
      meanMilli: (rates["app_open"] ?? 0) * 1_000 / sessions - 1_000
    )
    pushCounts = GeometricTable(meanMilli: (rates["push_received"] ?? 0) * 1_000 / sessions)
    hours = WeightTable(specification.hourWeights)
  }

  /// Events of one kind per session, as a fraction of 2^32, at most 1.
  func share(_ kind: EventKind) -> UInt64 {
    let rate = specification.eventRatesMilli[kind.name] ?? 0
    return UInt64(rate) << 32 / UInt64(specification.sessionsPerUserDayMilli)
  }

  /// Each product's price in won: along the quantiles, rounded to hundreds, less 100.
  private static func prices(seed: UInt64, _ specification: WorldSpecification) -> [Int] {
    let quantiles = specification.priceQuantiles
    var generator = SeededGenerator(seed: seed, label: "prices")
    var prices = (0..<specification.productCount).map { _ in
      let position = generator.below((quantiles.count - 1) * 1_024)
      let low = quantiles[position / 1_024]
      let high = quantiles[position / 1_024 + 1]
      let price = low + (high - low) * (position % 1_024) / 1_024
      return max(100, (price + 50) / 100 * 100 - 100)
    }
    prices[0] = specification.firstProductPrice
    return prices
  }

  /// `SKU00042`.
  func productID(_ index: Int) -> String { "SKU" + digits(index, 5) }
  /// `u_0000042`.
  func userID(_ index: Int) -> String { "u_" + digits(index, 7) }

  /// The facts of a user's phone; always the same for a user.
  func device(_ user: Int) -> DeviceContext {
    var generator = SeededGenerator(seed: seed, label: "device", UInt64(user))
    let platform = specification.platforms[specification.platformWeights.pick(&generator)]
    return DeviceContext(
      deviceID: generator.uuid(),
      installID: generator.uuid(),
      platform: platform.name,
      osVersion: platform.osVersions.pick(&generator),
      deviceModel: platform.deviceModels.pick(&generator),
      appVersion: WorldSpecification.shifted(
        version: platform.appVersions.pick(&generator), by: versionShift),
      locale: platform.locale,
      timezone: "Asia/Seoul",
      network: "wifi"
    )
  }
}

/// A number in decimal with leading zeros; longer numbers keep all their digits.
func digits(_ value: Int, _ count: Int) -> String {
  let text = String(value)
  return text.utf8.count >= count
    ? text : String(repeating: "0", count: count - text.utf8.count) + text
}

/// Lower-case hexadecimal digits of the upper bits of a random number.
func hexadecimal(_ value: UInt64, _ count: Int) -> String {
  String(unsafeUninitializedCapacity: count) { buffer in
    for index in 0..<count {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 0xF
      buffer[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
    }
    return count
  }
}
