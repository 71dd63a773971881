import EventModel
import Simulation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

/// The shop's editable numbers, read from `Datasets/shop/spec.json`.
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
    var appVersions: NameTable
  }

  /// A range of durations with a weight.
  struct Span: Sendable {
    var from: Int
    var to: Int
  }

  package let name: String
  let dailyActiveUsers: [WorldSize: Int]
  let usersPerDailyActiveUser: Int
  let sessionsPerUserDayMilli: Int
  /// Events per active user and day, in thousandths, by name.
  let eventRatesMilli: [String: Int]
  let hourWeights: [Int]
  let weekdayPercent: [Int]
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
    try self.init(json: try Self.read(path), place: path)
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
    dailyActiveUsers = Dictionary(
      uniqueKeysWithValues: try WorldSize.allCases.map {
        ($0, try reader["daily_active_users"].integer($0.rawValue, 1...1_000_000))
      }
    )
    usersPerDailyActiveUser = try reader.integer("users_per_daily_active_user", 2...100)
    sessionsPerUserDayMilli = try reader.integer("sessions_per_user_day_milli", 1_000...20_000)
    let rates = try reader["events_per_user_day_milli"]
    eventRatesMilli = Dictionary(
      uniqueKeysWithValues: try EventKind.allCases.map {
        ($0.name, try rates.integer($0.name, 0...1_000_000))
      }
    )
    hourWeights = try reader.integers("hour_of_day_kst_permille", count: 24, 0...1_000_000)
    weekdayPercent = try reader.integers("weekday_percent_from_monday", count: 7, 1...1_000)
    guestSessionPermille = try reader.integer("guest_session_permille", 0...1_000)
    userExponentCenti = try reader.integer("user_zipf_exponent_centi", 0...300)
    productExponentCenti = try reader.integer("product_zipf_exponent_centi", 0...300)
    queryExponentCenti = try reader.integer("query_zipf_exponent_centi", 0...300)
    productCount = try reader.integer("product_count", 1...100_000)
    firstProductPrice = try reader.integer("first_product_price_krw", 100...100_000_000)
    priceQuantiles = try reader.integers("price_quantiles_krw", count: 65, 200...100_000_000)
    (thinkTimes, thinkTimeWeights) = try reader.spans("think_time_milliseconds")
    let reopen = try reader["reopen_after_milliseconds"]
    reopenAfter = Span(
      from: try reopen.integer("from", 1...1_799_999),
      to: try reopen.integer("to", 1...1_799_999)
    )
    (offline, offlineWeights) = try reader.spans("offline_seconds")
    paymentMethods = try reader.names("payment_methods")
    let platformList = try reader.list("platforms")
    platforms = try platformList.map { platform in
      Platform(
        name: try platform.text("name"),
        locale: try platform.text("locale"),
        osVersions: try platform.names("os_versions"),
        deviceModels: try platform.names("device_models"),
        appVersions: try platform.names("app_versions")
      )
    }
    platformWeights = WeightTable(try platformList.map { try $0.integer("weight", 1...1_000_000) })
    networks = try reader.names("networks")
    screens = try reader.names("screens")
    productSources = try reader.names("product_sources")
    lists = try reader.names("lists")
    adPlacements = try reader.names("ad_placements")
    referrers = try reader.names("referrers")
    loginMethods = try reader.names("login_methods")
    failureReasons = try reader.names("purchase_failure_reasons")
    quantities = try reader.names("quantities")
    searchQueries = try reader.texts("search_queries")
    campaignCount = try reader.integer("campaign_count", 1...100_000)
    adCount = try reader.integer("ad_count", 1...100_000)
    try check(place: place)
  }

  /// The app versions there are, over all platforms, sorted.
  package var appVersions: [String] { Set(platforms.flatMap(\.appVersions.names)).sorted() }

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
    try demand(hourWeights.reduce(0, +) > 0, "the hours of the day have no weight")
    try demand(
      reopenAfter.from <= reopenAfter.to,
      "reopen_after_milliseconds ends before it begins"
    )
    let rate = eventRatesMilli
    let sessions = sessionsPerUserDayMilli
    func value(_ kind: EventKind) -> Int { rate[kind.name] ?? 0 }
    try demand(
      value(.sessionStart) == sessions,
      "session_start must equal sessions_per_user_day_milli"
    )
    try demand(value(.appOpen) >= sessions, "there is at least one app_open in a session")
    try demand(value(.sessionEnd) <= sessions, "there is at most one session_end in a session")
    try demand(
      value(.checkoutStarted) <= sessions
        && value(.purchaseCompleted) + value(.purchaseFailed) <= value(.checkoutStarted)
        && value(.refundRequested) <= value(.purchaseCompleted),
      "the funnel narrows: checkout_started, purchase_completed, refund_requested"
    )
    try demand(
      EventKind.body.reduce(0) { $0 + value($1) } > sessions,
      "a session needs more than one event of its body on average"
    )
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw WorldError(
        "spec.missing",
        "the specification cannot be opened: \(String(cString: strerror(errno)))",
        place: path,
        advice: "Give the path of Datasets/shop/spec.json."
      )
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = chunk.withUnsafeMutableBytes { readBytes(file, $0.baseAddress, $0.count) }
      guard count > 0 else {
        if count == 0 { return bytes }
        throw WorldError("spec.missing", "the specification cannot be read", place: path)
      }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }
}

private func readBytes(_ file: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(file, buffer, count)
}

/// One object of a specification, with the path that error messages name.
private struct SpecificationReader {
  private let value: JSONValue
  private let place: String
  private let path: String

  init(_ value: JSONValue, place: String, path: String = "") {
    self.value = value
    self.place = place
    self.path = path
  }

  subscript(key: String) -> SpecificationReader {
    get throws {
      guard let member = value[key] else { throw failure(key, "is missing") }
      return SpecificationReader(member, place: place, path: path + key + ".")
    }
  }

  func text(_ key: String) throws -> String {
    guard let text = value[key]?.string else { throw failure(key, "must be a text") }
    return text
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let integer = value[key]?.integer, range.contains(Int(integer)) else {
      throw failure(key, "must be a whole number in \(range.lowerBound)…\(range.upperBound)")
    }
    return Int(integer)
  }

  func integers(_ key: String, count: Int, _ range: ClosedRange<Int>) throws -> [Int] {
    let integers = value[key]?.array?.compactMap { $0.integer.map(Int.init) } ?? []
    guard integers.count == count, value[key]?.array?.count == count,
      integers.allSatisfy(range.contains)
    else {
      throw failure(
        key,
        "must be \(count) whole numbers in \(range.lowerBound)…\(range.upperBound)"
      )
    }
    return integers
  }

  func texts(_ key: String) throws -> [String] {
    let texts = value[key]?.array?.compactMap(\.string) ?? []
    guard !texts.isEmpty, texts.count == value[key]?.array?.count else {
      throw failure(key, "must be a list of texts")
    }
    return texts
  }

  func list(_ key: String) throws -> [SpecificationReader] {
    guard let elements = value[key]?.array, !elements.isEmpty else {
      throw failure(key, "must be a list")
    }
    return elements.indices.map {
      SpecificationReader(elements[$0], place: place, path: "\(path)\(key)[\($0)].")
    }
  }

  func names(_ key: String) throws -> NameTable {
    let list = try list(key)
    return NameTable(
      names: try list.map { try $0.text("name") },
      weights: try list.map { try $0.integer("weight", 1...1_000_000) }
    )
  }

  func spans(_ key: String) throws -> ([WorldSpecification.Span], WeightTable) {
    let list = try list(key)
    let spans = try list.map { span in
      let from = try span.integer("from", 0...100_000_000)
      return WorldSpecification.Span(from: from, to: try span.integer("to", from...100_000_000))
    }
    return (spans, WeightTable(try list.map { try $0.integer("weight", 1...1_000_000) }))
  }

  private func failure(_ key: String, _ message: String) -> WorldError {
    WorldError(
      "spec.value",
      "\(path)\(key) \(message)",
      place: place,
      advice: "Correct the value in the specification."
    )
  }
}
