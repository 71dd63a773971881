// What lifecycle rules will make of a bucket's bytes, without touching one.
//
// 1. Objects that the rules treat alike are one `Load`: those that lie in the bucket, by the day on which
//    they came, and those that come each day.
// 2. A load has a course: classes it rests in one after the other, and a day on which it ends. On each day on
//    which a rule can begin to ask for something, `LifecyclePlan` is asked, as the bucket itself asks it.
// 3. The courses are added up by months of 30 days: byte-days of each class, moves into each class, and
//    byte-days that are charged although nothing rested, because a class was left before its minimum.

package import ObjectStorage
internal import Simulation

/// Bytes and moves of a bucket over months to come.
package struct LifecycleForecast {
  /// Objects of one day that the rules treat alike.
  package struct Load: Hashable {
    /// A key and a size of one of them, for filters.
    package var key: String
    package var size: Int
    package var storageClass: StorageClass
    /// Days from today on: 0 is today, negative ones are past. Nil comes each day from tomorrow on.
    package var created: Int?
    /// True for earlier versions, which are taken as replaced today.
    package var isNoncurrent = false
    package var count: Int
    package var bytes: Double

    package init(
      key: String, size: Int, storageClass: StorageClass, created: Int?, isNoncurrent: Bool = false,
      count: Int, bytes: Double
    ) {
      self.key = key
      self.size = size
      self.storageClass = storageClass
      self.created = created
      self.isNoncurrent = isNoncurrent
      self.count = count
      self.bytes = bytes
    }
  }

  /// Sums over one month.
  package struct Month: Hashable {
    package var byteDays: [StorageClass: Double] = [:]
    /// Charged for classes that were left before their minimum days.
    package var earlyByteDays: [StorageClass: Double] = [:]
    /// Objects that rules moved into a class.
    package var moves: [StorageClass: Int] = [:]
    /// What rests at its end.
    package var bytesAtEnd: Double = 0
  }

  package static let daysPerMonth = 30

  package var months: [Month]
  private let rules: LifecycleConfiguration?
  private let isVersioned: Bool
  /// Days since the Unix epoch, UTC.
  private let today: Int

  /// - Parameter today: days since the Unix epoch, UTC.
  package init(
    _ loads: [Load], rules configuration: LifecycleConfiguration?, isVersioned: Bool, today: Int,
    months count: Int
  ) {
    rules = configuration
    self.isVersioned = isVersioned
    self.today = today
    months = Array(repeating: Month(), count: count)
    let end = count * Self.daysPerMonth + 1
    for load in loads {
      if let created = load.created {
        add(course(of: load, created: created), load, end: end)
      } else {
        for day in 1..<max(end, 1) { add(course(of: load, created: day), load, end: end) }
      }
    }
  }

  // MARK: The course of a load

  /// From a day on in a class; nil is the end.
  private struct Step {
    var day: Int
    var storageClass: StorageClass?
    var isMove = false
  }

  private func course(of load: Load, created: Int) -> [Step] {
    var steps = [Step(day: created, storageClass: load.storageClass)]
    guard let rules else { return steps }
    var storageClass = load.storageClass
    func move(_ demand: LifecyclePlan.Demand<StorageClass>?, _ day: Int) {
      guard let demand else { return }
      storageClass = demand.value
      steps.append(Step(day: day, storageClass: demand.value, isMove: true))
    }
    var hidden = load.isNoncurrent ? 0 : nil
    if hidden == nil {
      let moments = rules.rules.flatMap { rule -> [LifecycleMoment] in
        var moments = rule.transitions.map(\.moment)
        if case .at(let end)? = rule.expiration { moments.append(end) }
        return moments
      }
      for day in days(of: moments, since: created) {
        let plan = plan(rules, on: day)
        let ends = plan.expiration(load.key, size: load.size, created: time(created)) != nil
        if ends, !isVersioned { return steps + [Step(day: day, storageClass: nil)] }
        move(
          plan.transition(
            load.key, size: load.size, from: storageClass, created: time(created)), day)
        if ends {
          hidden = day
          break
        }
      }
    }
    guard let hidden else { return steps }
    let moments = rules.rules.flatMap { rule in
      (rule.noncurrentTransitions.map(\.days) + (rule.noncurrentExpiration.map { [$0.days] } ?? []))
        .map(LifecycleMoment.days)
    }
    for day in days(of: moments, since: hidden) {
      let plan = plan(rules, on: day)
      let since = time(hidden)
      if plan.noncurrentExpiration(load.key, size: load.size, since: since, newer: 0) != nil {
        return steps + [Step(day: day, storageClass: nil)]
      }
      move(
        plan.noncurrentTransition(
          load.key, size: load.size, from: storageClass, since: since, newer: 0), day)
    }
    return steps
  }

  /// The midnights, from the next one on, at which one of these moments can have come for the first time.
  private func days(of moments: [LifecycleMoment], since created: Int) -> [Int] {
    var days: Set<Int> = []
    for moment in moments {
      switch moment {
      case .days(let count): days.insert(max(created + min(count, Self.farOff) + 1, 1))
      case .date(let date): days.insert(max(Int(date / LifecycleRule.day) - today, created + 1, 1))
      }
    }
    return days.sorted()
  }

  /// Days that no forecast reaches.
  private static let farOff = 1_000_000

  /// What rules ask for at the midnight of a day.
  private func plan(_ rules: LifecycleConfiguration, on day: Int) -> LifecyclePlan {
    LifecyclePlan(rules, now: time(day))
  }

  private func time(_ day: Int) -> Int64 { Int64(today + day) * LifecycleRule.day }

  // MARK: Adding up

  private mutating func add(_ steps: [Step], _ load: Load, end: Int) {
    for (index, step) in steps.enumerated() {
      guard step.day < end, let storageClass = step.storageClass else { break }
      let next = index + 1 < steps.count ? steps[index + 1].day : nil
      rest(load.bytes, in: storageClass, from: max(step.day, 1), to: min(next ?? end, end))
      if step.isMove { months[month(step.day)].moves[storageClass, default: 0] += load.count }
      // What was left too early is charged in the month in which it was left.
      if let next, next < end, next - step.day < storageClass.minimumDays {
        let missing = Double(storageClass.minimumDays - (next - step.day))
        months[month(max(next, 1))].earlyByteDays[storageClass, default: 0] += load.bytes * missing
      }
    }
  }

  private func month(_ day: Int) -> Int { (day - 1) / Self.daysPerMonth }

  private mutating func rest(
    _ bytes: Double, in storageClass: StorageClass, from start: Int, to end: Int
  ) {
    var day = start
    while day < end {
      let place = month(day)
      let next = min(end, (place + 1) * Self.daysPerMonth + 1)
      months[place].byteDays[storageClass, default: 0] += bytes * Double(next - day)
      if next == (place + 1) * Self.daysPerMonth + 1 { months[place].bytesAtEnd += bytes }
      day = next
    }
  }
}

extension LifecycleForecast.Load {
  /// Objects as loads: those that are there by the day they came, and those of the last whole day as what
  /// comes each day.
  ///
  /// - Parameters:
  ///   - records: versions of a bucket, delete markers left out.
  ///   - today: days since the Unix epoch, UTC.
  package static func loads(
    of records: [ObjectRecord], rules: [LifecycleRule], today: Int
  ) -> [LifecycleForecast.Load] {
    struct Kind: Hashable {
      var rules: [Int]
      var isSmall: Bool
      var storageClass: StorageClass
      var created: Int?
      var isNoncurrent: Bool
    }
    var loads: [Kind: LifecycleForecast.Load] = [:]
    func add(_ record: ObjectRecord, created: Int?) {
      var load = LifecycleForecast.Load(
        key: record.key, size: record.size,
        storageClass: created == nil ? .standard : record.attributes.storageClass,
        created: created, isNoncurrent: created != nil && !record.isLatest, count: 1,
        bytes: Double(record.size))
      let kind = Kind(
        rules: rules.indices.filter { rules[$0].filter.matches(load.key, size: load.size) },
        isSmall: record.size < LifecyclePlan.smallSize, storageClass: load.storageClass, created: created,
        isNoncurrent: load.isNoncurrent)
      if let known = loads[kind] {
        load.count += known.count
        load.bytes += known.bytes
        load.key = known.key
        load.size = known.size
      }
      loads[kind] = load
    }
    for record in records {
      let day = floorDivide(Int(record.modifiedMilliseconds), Int(LifecycleRule.day)) - today
      add(record, created: day)
      if day == -1 { add(record, created: nil) }
    }
    return Array(loads.values)
  }
}

extension Platform {
  /// Days since the Unix epoch, UTC, of the story's present.
  package var utcDay: Int { Int(now.milliseconds / 86_400_000) }

  /// What rests in a bucket, as loads; looking is no request.
  package func loads(of bucket: Bucket) throws -> [LifecycleForecast.Load] {
    var records: [ObjectRecord] = []
    var (key, version): (String?, String?) = (nil, nil)
    repeat {
      let page = try bucket.listVersions(prefix: "", keyMarker: key, versionMarker: version)
      records += page.versions.filter { !$0.isDeleteMarker }
      (key, version) = page.isTruncated ? (page.nextKeyMarker, page.nextVersionMarker) : (nil, nil)
    } while key != nil
    return LifecycleForecast.Load.loads(
      of: records, rules: try bucket.lifecycle()?.rules ?? [], today: utcDay)
  }
}
