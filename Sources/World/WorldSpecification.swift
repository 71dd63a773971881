import EventModel
import Simulation

/// An app's editable numbers, read from `Datasets/shop/spec.json` or `Datasets/game/spec.json`.
///
/// Everything that an instructor may want to change stands there and nowhere in the code: rates,
/// curves, names, prices. A value that is missing or out of bounds is an error with its key.
package struct WorldSpecification: Sendable {
  /// One kind of phone with what it can be.
  struct Platform: Sendable {
    var name: String
    var locale: String
    var osVersions: NameTable
    var deviceModels: NameTable
    var releases: AppReleases
  }

  /// What only the game has.
  struct Game: Sendable {
    struct Price: Sendable {
      var priceMinor: Int
      var currency: String
      var gems: Int
    }

    var stageCount: Int
    var winPermille: Int
    var modes: NameTable
    var items: NameTable
    /// By the index of the item.
    var prices: [Price]
    var adUnits: NameTable
    var adNetworks: NameTable
    var currencyReasons: NameTable
  }

  /// A range of durations with a weight.
  struct Span: Sendable {
    var from: Int
    var to: Int
  }

  package let name: String
  /// What the collector calls the app; empty where nobody said.
  let appID: String
  let dailyActiveUsers: [WorldSize: Int]
  let usersPerDailyActiveUser: Int
  let sessionsPerUserDayMilli: Int
  /// Events per active user and day, in thousandths, by name.
  private let ratesMilli: [Int]
  /// The weight of each of a day's 1,440 minutes in Seoul.
  let minuteWeights: [Int]
  let weekdayPercent: [Int]
  let holidays: Set<CivilDate>
  let holidayPercent: Int
  /// Points of the app's growth: days since the world's first day, thousandths of its size.
  private let growth: [(day: Int, permille: Int)]
  let imperfections: ImperfectionRates
  let personalQueries: NameTable
  let botModels: NameTable
  /// The index of the platform that bots claim to be.
  let botPlatform: Int
  let game: Game?
  /// The shop's own side; nil for an app without an operational database.
  let shop: ShopSpecification?
  /// The year before; nil for an app without one.
  let archive: ArchiveSpecification?
  let guestSessionPermille: Int
  let userExponentCenti: Int
  let productExponentCenti: Int
  let queryExponentCenti: Int
  let productCount: Int
  let firstProductPrice: Int
  let priceQuantiles: [Int]
  let thinkTimes: [Span]
  let thinkTimeWeights: WeightTable
  let reopenAfter: Span
  let offline: [Span]
  let offlineWeights: WeightTable
  let paymentMethods: NameTable
  let platforms: [Platform]
  private let platformWeightList: [Int]
  let platformWeights: WeightTable
  let networks: NameTable
  let screens: NameTable
  let productSources: NameTable
  let lists: NameTable
  let adPlacements: NameTable
  let referrers: NameTable
  let loginMethods: NameTable
  let failureReasons: NameTable
  let quantities: NameTable
  let searchQueries: [String]
  let campaignCount: Int
  let adCount: Int

  /// Reads the file at `path`; throws `world.spec…` errors that name the key.
  package init(path: String) throws {
    try self.init(
      json: try contentBytes(
        path, code: "spec.missing", advice: "Give the path of Datasets/shop/spec.json."),
      place: path)
  }

  /// Reads the text of a specification.
  package init(json: [UInt8], place: String = "spec.json") throws {
    let root: JSONValue
    do {
      root = try json.withUnsafeBytes { try JSONValue(parsing: $0) }
    } catch {
      throw WorldError("spec.syntax", "the specification is not JSON: \(error)", place: place)
    }
    let reader = SpecificationReader(root, place: place)
    name = try reader.text("name")
    appID = reader.has("app_id") ? try reader.text("app_id") : ""
    dailyActiveUsers = Dictionary(
      uniqueKeysWithValues: try WorldSize.allCases.map {
        ($0, try reader["daily_active_users"].integer($0.rawValue, 1...5_000_000))
      }
    )
    usersPerDailyActiveUser = try reader.integer("users_per_daily_active_user", 2...100)
    sessionsPerUserDayMilli = try reader.integer("sessions_per_user_day_milli", 1_000...20_000)
    ratesMilli = try reader.rates()
    minuteWeights = try reader.minuteWeights()
    weekdayPercent = try reader.integers("weekday_percent_from_monday", count: 7, 1...1_000)
    holidays = try reader.dates("holidays")
    holidayPercent = try reader.integer("holiday_percent", 1...1_000, fallback: 85)
    growth = try reader.growth()
    imperfections = try reader.imperfections()
    let unnamed = NameTable(names: ["-"], weights: [1])
    personalQueries = try reader.names("personal_queries", fallback: unnamed)
    botModels = try reader.names("bot_models", fallback: unnamed)
    game = reader.has("game") ? try reader["game"].game() : nil
    shop = reader.has("shop") ? try reader["shop"].shop() : nil
    archive = reader.has("archive") ? try reader["archive"].archive() : nil
    guestSessionPermille = try reader.integer("guest_session_permille", 0...1_000)
    userExponentCenti = try reader.integer("user_zipf_exponent_centi", 0...300)
    productExponentCenti = try reader.integer(
      "product_zipf_exponent_centi", 0...300, fallback: 100)
    queryExponentCenti = try reader.integer("query_zipf_exponent_centi", 0...300, fallback: 100)
    productCount = try reader.integer("product_count", 1...100_000, fallback: 1)
    firstProductPrice = try reader.integer(
      "first_product_price_krw", 100...100_000_000, fallback: 100)
    priceQuantiles =
      reader.has("price_quantiles_krw")
      ? try reader.integers("price_quantiles_krw", count: 65, 200...100_000_000)
      : [Int](repeating: 100, count: 65)
    (thinkTimes, thinkTimeWeights) = try reader.spans("think_time_milliseconds")
    let reopen = try reader["reopen_after_milliseconds"]
    reopenAfter = Span(
      from: try reopen.integer("from", 1...1_799_999),
      to: try reopen.integer("to", 1...1_799_999)
    )
    (offline, offlineWeights) = try reader.spans("offline_seconds")
    paymentMethods = try reader.names("payment_methods", fallback: unnamed)
    let platformList = try reader.list("platforms")
    platforms = try platformList.map { platform in
      Platform(
        name: try platform.text("name"),
        locale: try platform.text("locale"),
        osVersions: try platform.names("os_versions"),
        deviceModels: try platform.names("device_models"),
        releases: try platform.releases()
      )
    }
    let botName = reader.has("bot_platform") ? try reader.text("bot_platform") : platforms[0].name
    guard let bots = platforms.firstIndex(where: { $0.name == botName }) else {
      throw reader.failure("bot_platform", "names a platform there is not: \(botName)")
    }
    botPlatform = bots
    platformWeightList = try platformList.map { try $0.integer("weight", 1...1_000_000) }
    platformWeights = WeightTable(platformWeightList)
    networks = try reader.names("networks")
    screens = try reader.names("screens")
    productSources = try reader.names("product_sources", fallback: unnamed)
    lists = try reader.names("lists", fallback: unnamed)
    adPlacements = try reader.names("ad_placements", fallback: unnamed)
    referrers = try reader.names("referrers")
    loginMethods = try reader.names("login_methods")
    failureReasons = try reader.names("purchase_failure_reasons", fallback: unnamed)
    quantities = try reader.names("quantities", fallback: unnamed)
    searchQueries = reader.has("search_queries") ? try reader.texts("search_queries") : ["-"]
    campaignCount = try reader.integer("campaign_count", 1...100_000)
    adCount = try reader.integer("ad_count", 1...100_000, fallback: 1)
    try check(place: place)
  }

  /// The app versions there are, over all platforms, sorted.
  package var appVersions: [String] { Set(platforms.flatMap(\.releases.versions)).sorted() }

  /// The names of the events that the app has.
  package var eventNames: [String] {
    EventKind.allCases.filter { rate($0) > 0 }.map(\.name)
  }

  /// Events of a kind per active user and day, in thousandths; 0 for one the app does not have.
  func rate(_ kind: EventKind) -> Int { ratesMilli[Int(kind.rawValue)] }

  /// The share of the phones that a platform has, in parts of 10,000.
  func platformShare(_ index: Int) -> Int {
    platformWeightList[index] * 10_000 / platformWeightList.reduce(0, +)
  }

  /// All events per active user and day, in thousandths.
  package var eventsPerUserDayMilli: Int { ratesMilli.reduce(0, +) }

  /// The app's size on a day after the world's first, in thousandths: straight lines between the
  /// points of the specification.
  func growthPermille(day: Int) -> Int {
    guard let first = growth.first, let last = growth.last else { return 1_000 }
    if day <= first.day { return first.permille }
    for (left, right) in zip(growth, growth.dropFirst()) where day <= right.day {
      return left.permille
        + (right.permille - left.permille) * (day - left.day) / max(1, right.day - left.day)
    }
    return last.permille
  }

  /// True for an app that has a year before its worlds.
  package var hasArchive: Bool { archive != nil }

  package var platformNames: [String] { platforms.map(\.name) }

  /// A version as a world with that shift has it: `3.1.3` by 2 is `5.1.3`.
  ///
  /// A version that does not begin with a number stays as it is.
  package static func shifted(version: String, by shift: Int) -> String {
    let major = version.prefix { $0 != "." }
    guard shift != 0, let number = Int(major), number.addingReportingOverflow(shift).overflow == false
    else { return version }
    return String(number + shift) + version.dropFirst(major.count)
  }

  private func check(place: String) throws {
    func demand(_ condition: Bool, _ message: String) throws {
      guard condition else { throw WorldError("spec.value", message, place: place) }
    }
    try demand(minuteWeights.reduce(0, +) > 0, "the hours of the day have no weight")
    try demand(
      reopenAfter.from <= reopenAfter.to,
      "reopen_after_milliseconds ends before it begins"
    )
    let sessions = sessionsPerUserDayMilli
    func value(_ kind: EventKind) -> Int { rate(kind) }
    try demand(
      value(.sessionStart) == sessions,
      "session_start must equal sessions_per_user_day_milli"
    )
    try demand(value(.appOpen) >= sessions, "there is at least one app_open in a session")
    try demand(value(.sessionEnd) <= sessions, "there is at most one session_end in a session")
    try demand(
      value(.itemPurchase) > 0
        || value(.checkoutStarted) <= sessions
          && value(.purchaseCompleted) + value(.purchaseFailed) <= value(.checkoutStarted)
          && value(.refundRequested) <= value(.purchaseCompleted),
      "the funnel narrows: checkout_started, purchase_completed, refund_requested"
    )
    try demand(
      EventKind.body.reduce(0) { $0 + value($1) } > sessions,
      "a session needs more than one event of its body on average"
    )
  }
}
