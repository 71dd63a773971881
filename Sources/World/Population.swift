import EventSDK
import Simulation

/// The seeded population of an app: its people, phones, products and the tables to draw from.
///
/// Made once for a world from `(seed, size, specification, start)` and never changed, so that a day
/// can be planned again at any time with the same result. Phones are counted in one row: the crowd's
/// `userCount`, then the cast, then the bots.
final class Population: Sendable {
  let seed: UInt64
  let specification: WorldSpecification
  /// The world's first moment, milliseconds.
  let start: Int64
  let firstDay: CivilDate
  private let versionShift: Int
  /// Active users on a day of weight 100 %.
  let dailyActiveUsers: Int
  let userCount: Int
  let botCount: Int
  /// Zipf weights of the users, most active first.
  let userWeights: [Int]
  let products: WeightTable
  let queries: WeightTable
  let prices: [Int]
  /// What a visitor does in between, and how often each.
  let bodyKinds: [EventKind]
  let bodyWeights: WeightTable
  /// The same for bots, which only look.
  let botKinds: WeightTable
  let bodyCounts: GeometricTable
  let reopenCounts: GeometricTable
  let pushCounts: GeometricTable
  /// The minutes of a day by how many visits begin in them.
  let minutes: WeightTable
  /// False where people pay at once, as in a game.
  let hasCheckout: Bool
  let purchaseKind: EventKind
  /// An event with a price or an amount, and one with free text, which show what may go wrong.
  let pricedKind: EventKind
  let freeTextKind: EventKind

  init(
    seed: UInt64,
    size: WorldSize,
    specification: WorldSpecification,
    start: StoryTime,
    versionShift: Int = 0
  ) {
    self.seed = seed
    self.specification = specification
    self.start = start.milliseconds
    firstDay = start.date(offsetSeconds: TimeZones.seoul)
    self.versionShift = versionShift
    dailyActiveUsers = specification.dailyActiveUsers[size] ?? 1
    userCount = dailyActiveUsers * specification.usersPerDailyActiveUser
    userWeights = Zipf.weights(count: userCount, exponentCenti: specification.userExponentCenti)
    products = WeightTable(
      Zipf.weights(
        count: specification.productCount, exponentCenti: specification.productExponentCenti))
    queries = WeightTable(
      Zipf.weights(
        count: specification.searchQueries.count, exponentCenti: specification.queryExponentCenti))
    prices = Self.prices(seed: seed, specification)
    let sessions = specification.sessionsPerUserDayMilli
    bodyKinds = EventKind.body.filter { specification.rate($0) > 0 }
    let bodyRates = bodyKinds.map(specification.rate)
    bodyWeights = WeightTable(bodyRates)
    let looking: Set<EventKind> = [.screenView, .productViewed, .stageClear, .gameStart]
    botKinds = WeightTable(bodyKinds.map { looking.contains($0) ? specification.rate($0) : 0 })
    // The first event of the body always happens; the table counts the others.
    bodyCounts = GeometricTable(meanMilli: bodyRates.reduce(0, +) * 1_000 / sessions - 1_000)
    reopenCounts = GeometricTable(
      meanMilli: specification.rate(.appOpen) * 1_000 / sessions - 1_000)
    pushCounts = GeometricTable(meanMilli: specification.rate(.pushReceived) * 1_000 / sessions)
    minutes = WeightTable(specification.minuteWeights)
    hasCheckout = specification.rate(.checkoutStarted) > 0
    purchaseKind = specification.rate(.itemPurchase) > 0 ? .itemPurchase : .purchaseCompleted
    pricedKind = bodyKinds.contains(.productViewed) ? .productViewed : .currencySpent
    freeTextKind = bodyKinds.contains(.search) ? .search : .screenView
    let rates = specification.imperfections
    let dailyEvents = dailyActiveUsers * specification.eventsPerUserDayMilli / 1_000
    botCount =
      rates.botEvents == 0
      ? 0 : max(1, dailyEvents * rates.botEvents / 10_000 / rates.botVisitEvents)
  }

  /// Every phone there is, the crowd's first.
  var phoneCount: Int { botStart + botCount }

  /// Events of one kind per session, as a fraction of 2^32, at most 1.
  func share(_ kind: EventKind) -> UInt64 {
    UInt64(specification.rate(kind)) << 32 / UInt64(specification.sessionsPerUserDayMilli)
  }

  /// How many of the crowd are active on a day: by its weekday, holidays and the app's growth.
  func activeUsers(on date: CivilDate) -> Int {
    let percent =
      specification.holidays.contains(date)
      ? specification.holidayPercent : specification.weekdayPercent[date.weekday]
    let growth = specification.growthPermille(day: date.daysSinceEpoch - firstDay.daysSinceEpoch)
    return min(userCount, max(1, dailyActiveUsers * percent * growth / 100_000))
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

  /// `u_0000042`.
  func userID(_ index: Int) -> String { "u_" + digits(index, 7) }

  /// `SKU00042`.
  func productID(_ index: Int) -> String { "SKU" + digits(index, 5) }

  /// The facts of a user's phone on a day; the version is the one thing that changes.
  func device(_ user: Int, on date: CivilDate) -> DeviceContext {
    var generator = SeededGenerator(seed: seed, label: "device", UInt64(user))
    var index = specification.platformWeights.pick(&generator)
    let ids = (generator.uuid(), generator.uuid())
    if isBot(user) { index = specification.botPlatform }
    let platform = specification.platforms[index]
    let osVersion = platform.osVersions.pick(&generator)
    let model = platform.deviceModels.pick(&generator)
    return DeviceContext(
      deviceID: ids.0,
      installID: ids.1,
      platform: platform.name,
      osVersion: osVersion,
      deviceModel: isBot(user) ? specification.botModels.pick(&generator) : model,
      appVersion: version(platform, quantile: generator.below(1_000), on: date),
      locale: platform.locale,
      timezone: "Asia/Seoul",
      network: "wifi"
    )
  }

  /// The version that a phone of a platform has on a day, as it reports it; `quantile` is the
  /// phone's place in 0 ..< 1,000 among those that update early.
  private func version(
    _ platform: WorldSpecification.Platform, quantile: Int, on date: CivilDate
  ) -> String {
    let day = date.daysSinceEpoch - firstDay.daysSinceEpoch
    return reported(platform.releases.version(quantile: quantile, day: day))
  }

  /// A version of the specification as this world's phones report it.
  func reported(_ version: String) -> String {
    WorldSpecification.shifted(version: version, by: versionShift)
  }

  /// `wifi` or `cellular`: what a phone is on when it is online.
  func network(_ user: Int) -> Int {
    var generator = SeededGenerator(seed: seed, label: "network", UInt64(user))
    return specification.networks.pickIndex(&generator)
  }

  /// The share of each version among the crowd's phones of a platform on a day, in thousandths,
  /// newest first: what the store's console shows.
  func adoption(_ platform: WorldSpecification.Platform, on date: CivilDate) -> [(String, Int)] {
    let day = date.daysSinceEpoch - firstDay.daysSinceEpoch
    return platform.releases.shares(day: day).map {
      (reported($0.version), $0.permille)
    }
  }
}
