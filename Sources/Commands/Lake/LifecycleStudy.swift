// What lifecycle rules would make of a lake of the learner's size, and what the cheapest rules would.
//
// 1. `Life` is the course of one object under rules: `LifecycleForecast` is asked for it, as `cost` asks.
// 2. `cost` adds up the last of twelve months at the learner's prices.
// 3. `breaches` compares a life with what is asked of the load.
// 4. `best` tries rules for one load, keeps those that S3 takes and that break nothing, and returns the
//    cheapest: nobody has written down what it costs.

internal import Course
internal import ObjectStorage
internal import Platform
internal import Synchronization

/// Rules over planned loads of a bucket that keeps versions.
struct LifecycleStudy {
  let prices: ObjectPrices
  /// USD for a gigabyte that is read from a class.
  let reading: [StorageClass: Double]
  let assumptions: [AssumptionInForce]
  /// Days since the Unix epoch, UTC.
  let today: Int

  /// Nil where an assumption is missing, whose name is then in `missing`.
  init?(_ known: [AssumptionInForce], today: Int, missing: inout String?) {
    guard let prices = ObjectPrices(known, missing: &missing) else { return nil }
    func value(_ name: String) -> Double? { known.first { $0.assumption.id == name }?.value }
    missing = ["s3_get_ia", "s3_get_glacier_ir", "s3_get_glacier"].first { value($0) == nil }
    guard let ia = value("s3_get_ia"), let instant = value("s3_get_glacier_ir"),
      let glacier = value("s3_get_glacier")
    else { return nil }
    let factor = value("region_factor") ?? 1
    self.prices = prices
    reading = [
      .standardInfrequentAccess: ia * factor, .oneZoneInfrequentAccess: ia * factor,
      .glacierInstantRetrieval: instant * factor, .glacier: glacier * factor,
      .deepArchive: glacier * factor,
    ]
    assumptions = known
    self.today = today
  }

  // MARK: The rules

  /// The rules of the lake's bucket.
  struct Rules: Sendable {
    var inForce: LifecycleConfiguration?
    /// False where nothing is in force, or where `pipeline/lifecycle.yaml` says something else.
    var areThoseOfTheFile = false
    /// Days since the Unix epoch, UTC.
    var today = 0

    /// The prefixes of the rules that a load meets, shortest first; `*` where one for the whole bucket
    /// moves or ends current versions.
    func prefixes(for load: StorageLoad) -> [String] {
      let found = (inForce?.rules ?? []).filter { rule in
        rule.isEnabled && load.key.utf8.starts(with: rule.filter.prefix.utf8)
          && (!rule.filter.prefix.isEmpty || !rule.transitions.isEmpty || rule.expiration != nil)
      }.map { $0.filter.prefix.isEmpty ? "*" : $0.filter.prefix }
      return Set(found).sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }
  }

  // MARK: The life of an object

  /// Days that one object spends in each class.
  struct Life: Hashable {
    struct Stay: Hashable {
      var storageClass: StorageClass
      var days: Int
    }

    /// As the current version, first to last.
    var stays: [Stay]
    /// Days until it is hidden or removed, as its rule names them; nil where no rule does.
    var current: Int?
    /// Days until no version is left, as its rules name them together; nil where one always is.
    var whole: Int?
    /// Days for which a deleted version is still there; nil where it always is.
    var deleted: Int?
  }

  static let monthCount = 12
  /// Long enough for three years, and for versions behind them.
  private static let horizonMonths = 45
  private static var horizon: Int { horizonMonths * LifecycleForecast.daysPerMonth }
  /// Days on which an object may come: rules by date treat them differently.
  private static let arrivals = [1, 180, 360]

  /// The lives of objects of a load that come early, in the middle and late in the year.
  func lives(_ load: StorageLoad, under rules: LifecycleConfiguration?) -> [Life] {
    let values = load.values(assumptions)
    let size = Int((values[.bytes] ?? 0) / max(values[.objects] ?? 1, 1))
    func stays(_ created: Int, isVersioned: Bool, isNoncurrent: Bool = false) -> [Life.Stay] {
      let one = LifecycleForecast.Load(
        key: load.key, size: size, storageClass: .standard, created: created,
        isNoncurrent: isNoncurrent, count: 1, bytes: 1)
      let months = LifecycleForecast(
        [one], rules: rules, isVersioned: isVersioned, today: today, months: Self.horizonMonths
      ).months
      // Moves go downwards only: days by class are the life.
      return StorageClass.allCases.compactMap { storageClass in
        let days = months.reduce(0) { $0 + Int($1.byteDays[storageClass] ?? 0) }
        return days > 0 ? Life.Stay(storageClass: storageClass, days: days) : nil
      }
    }
    func total(_ stays: [Life.Stay], _ created: Int) -> Int? {
      let days = stays.reduce(0) { $0 + $1.days }
      return days >= Self.horizon - created + 1 ? nil : days
    }
    return Self.arrivals.map { created in
      let current = stays(created, isVersioned: false)
      // A rule acts at the midnight behind its last day: each of them adds one.
      return Life(
        stays: current, current: total(current, created).map { $0 - 1 },
        whole: total(stays(created, isVersioned: true), created).map { $0 - 2 },
        deleted: total(stays(0, isVersioned: true, isNoncurrent: true), 1))
    }
  }

  // MARK: What is asked

  /// What is asked of a load, and what its rules make of it.
  struct Demand: Hashable {
    var quantity: StorageLoad.Quantity
    var asked: Double
    /// Days or hours; nil for without end.
    var found: Double?
    var holds: Bool
  }

  /// The demands of a load, each with the life that keeps it worst.
  func demands(_ load: StorageLoad, _ lives: [Life]) -> [Demand] {
    let values = load.values(assumptions)
    return StorageLoad.Quantity.allCases.compactMap { quantity in
      guard let asked = values[quantity] else { return nil }
      let found = lives.compactMap { Self.found(quantity, $0) }
      switch quantity {
      case .objects, .bytes, .replaced, .reads, .readFor: return nil
      case .kept, .atOnce, .undo:
        let least = found.min()
        return Demand(
          quantity: quantity, asked: asked, found: least, holds: least.map { $0 >= asked } ?? true)
      case .restore:
        let most = found.max()
        return Demand(
          quantity: quantity, asked: asked, found: most, holds: most.map { $0 <= asked } ?? true)
      case .gone:
        let most = found.count == lives.count ? found.max() : nil
        return Demand(
          quantity: quantity, asked: asked, found: most, holds: most.map { $0 <= asked } ?? false)
      }
    }
  }

  private static func found(_ quantity: StorageLoad.Quantity, _ life: Life) -> Double? {
    switch quantity {
    case .objects, .bytes, .replaced, .reads, .readFor: return nil
    case .kept: return life.current.map(Double.init)
    case .gone: return life.whole.map(Double.init)
    case .undo: return life.deleted.map(Double.init)
    case .atOnce:
      guard life.stays.contains(where: \.storageClass.isArchive) else {
        return life.current.map(Double.init)
      }
      let days = life.stays.prefix { !$0.storageClass.isArchive }.reduce(0) { $0 + $1.days }
      return Double(max(days - 1, 0))
    case .restore:
      return life.stays.compactMap { restoreHours[$0.storageClass] }.max()
    }
  }

  /// The longest that a restore takes in the usual way.
  private static let restoreHours: [StorageClass: Double] = [.glacier: 12, .deepArchive: 48]

  // MARK: What it costs

  /// The last of twelve months in US dollars.
  struct Bill: Hashable {
    /// Objects and the versions that rules have hidden.
    var storage = 0.0
    /// Versions that jobs have replaced.
    var replaced = 0.0
    /// Classes that were left before their minimum days.
    var early = 0.0
    var moves = 0.0
    var reads = 0.0

    var total: Double { storage + replaced + early + moves + reads }
  }

  /// Every so many days one day's objects stand for those around it.
  private static let stride = 5

  func bill(_ load: StorageLoad, under rules: LifecycleConfiguration?) -> Bill {
    let values = load.values(assumptions)
    let (objects, bytes) = (max(values[.objects] ?? 1, 1), values[.bytes] ?? 0)
    var bill = Bill()
    let month = last(load, objects, bytes, rules, isVersioned: true)
    let days = Double(LifecycleForecast.daysPerMonth)
    for (storageClass, byteDays) in month.byteDays {
      bill.storage += prices.storage(storageClass, bytes: byteDays / days)
    }
    if let reads = values[.reads] {
      let young = Self.ending(rules, load, after: values[.readFor])
      for (storageClass, byteDays) in last(load, objects, bytes, young, isVersioned: false).byteDays {
        bill.reads += reads * (reading[storageClass] ?? 0) * byteDays / days / 1e9
      }
    }
    if let replaced = values[.replaced], replaced > 0 {
      // A version that is replaced begins its second life on that day.
      let behind = rules.map(Self.behind)
      let month = self.last(load, objects, replaced, behind, isVersioned: false)
      for (storageClass, byteDays) in month.byteDays {
        bill.replaced += prices.storage(storageClass, bytes: byteDays / days)
      }
      add(month, to: &bill)
    }
    add(month, to: &bill)
    return bill
  }

  private func add(_ month: LifecycleForecast.Month, to bill: inout Bill) {
    let days = Double(LifecycleForecast.daysPerMonth)
    for (storageClass, byteDays) in month.earlyByteDays {
      bill.early += prices.storage(storageClass, bytes: byteDays / days)
    }
    for (storageClass, count) in month.moves {
      bill.moves += Double(count) * prices.move(into: storageClass)
    }
  }

  private func last(
    _ load: StorageLoad, _ objects: Double, _ bytes: Double, _ rules: LifecycleConfiguration?,
    isVersioned: Bool
  ) -> LifecycleForecast.Month {
    let length = Self.monthCount * LifecycleForecast.daysPerMonth
    let loads = Swift.stride(from: 1 + Self.stride / 2, through: length, by: Self.stride).map {
      LifecycleForecast.Load(
        key: load.key, size: Int(bytes / objects), storageClass: .standard, created: $0,
        count: Int(objects) * Self.stride, bytes: bytes * Double(Self.stride))
    }
    return LifecycleForecast(
      loads, rules: rules, isVersioned: isVersioned, today: today, months: Self.monthCount
    ).months[Self.monthCount - 1]
  }

  /// The same rules, and one that ends the objects of a load after so many days.
  private static func ending(
    _ configuration: LifecycleConfiguration?, _ load: StorageLoad, after days: Double?
  ) -> LifecycleConfiguration? {
    guard let days else { return configuration }
    var ending = configuration ?? LifecycleConfiguration([])
    ending.rules.append(
      LifecycleRule(
        filter: .init(prefix: load.key), expiration: .at(.days(max(Int(days) - 1, 1)))))
    return ending
  }

  /// The same rules as they treat earlier versions, for objects of a bucket without versions.
  private static func behind(_ configuration: LifecycleConfiguration) -> LifecycleConfiguration {
    var behind = configuration
    behind.rules = configuration.rules.map { rule in
      var one = rule
      one.transitions = rule.noncurrentTransitions.filter { $0.newerVersions == nil }.map {
        LifecycleRule.Transition(.days($0.days), to: $0.storageClass)
      }
      one.expiration = rule.noncurrentExpiration.flatMap {
        $0.newerVersions == nil ? .at(.days($0.days)) : nil
      }
      return one
    }
    return behind
  }

  // MARK: The cheapest rules

  /// What was found cheapest: the same loads at the same assumptions are asked for by every check.
  private static let known = Mutex<[Question: Cheapest]>([:])
  private static let foundMax = 64

  private struct Question: Hashable {
    var load: StorageLoad
    var assumptions: [String: Double]
    var today: Int
  }

  /// The cheapest rules that were found for a load.
  struct Cheapest: Sendable {
    /// Nil where none of those that were tried keeps what is asked.
    var rule: LifecycleRule?
    /// US dollars in the last of twelve months.
    var usd = Double.infinity
  }

  /// The cheapest rules that keep what is asked of a load.
  func best(_ load: StorageLoad) -> Cheapest {
    let values = assumptions.map { ($0.assumption.id, $0.value) }
    let question = Question(
      load: load, assumptions: Dictionary(values, uniquingKeysWith: { $1 }), today: today)
    if let known = Self.known.withLock({ $0[question] }) { return known }
    let best = search(load)
    Self.known.withLock {
      if $0.count >= Self.foundMax { $0.removeAll() }
      $0[question] = best
    }
    return best
  }

  private func search(_ load: StorageLoad) -> Cheapest {
    var best = Cheapest()
    for rule in candidates(load) {
      let rules = LifecycleConfiguration([rule])
      guard (try? rules.check()) != nil,
        demands(load, lives(load, under: rules)).allSatisfy(\.holds)
      else { continue }
      let usd = bill(load, under: rules).total
      if usd < best.usd { best = Cheapest(rule: rule, usd: usd) }
    }
    return best
  }

  private func candidates(_ load: StorageLoad) -> [LifecycleRule] {
    let values = load.values(assumptions)
    let undo = Int((values[.undo] ?? 1).rounded(.up))
    let days = Set([0, 30, 60, 90, Int((values[.atOnce] ?? 0).rounded(.up))]).sorted()
    let classes: [StorageClass] = [
      .standardInfrequentAccess, .glacierInstantRetrieval, .glacier, .deepArchive,
    ]
    var moves: [[LifecycleRule.Transition]] = [[]]
    for day in days {
      for storageClass in classes {
        let first = LifecycleRule.Transition(.days(day), to: storageClass)
        moves.append([first])
        for next in classes where storageClass.canBecome(next) {
          moves += [30, 60, 90].map { [first, .init(.days(day + $0), to: next)] }
        }
      }
    }
    var ends: [LifecycleRule.Expiration?] = [nil]
    if let kept = values[.kept] { ends.append(.at(.days(Int(kept.rounded(.up))))) }
    if let gone = values[.gone], Int(gone) > undo { ends.append(.at(.days(Int(gone) - undo))) }
    return ends.flatMap { end in
      moves.map {
        LifecycleRule(
          id: load.id, filter: .init(prefix: load.key), expiration: end, transitions: $0,
          noncurrentExpiration: .init(days: undo))
      }
    }
  }
}

extension Platform {
  /// The lake's lifecycle rules, and whether they are those that the learner has written.
  func lifecycleRules() throws -> LifecycleStudy.Rules {
    func bare(_ configuration: LifecycleConfiguration) -> LifecycleConfiguration {
      var bare = configuration
      for index in bare.rules.indices { bare.rules[index].id = "" }
      return bare
    }
    let inForce = try buckets.bucket("lake").lifecycle()
    let written = try pipeline.lifecycle()?.buckets.first { $0.bucket == "lake" }?.rules
    let isSame = written.map { inForce.map(bare) == bare($0) } ?? true
    return LifecycleStudy.Rules(
      inForce: inForce, areThoseOfTheFile: inForce != nil && isSame, today: utcDay)
  }
}
