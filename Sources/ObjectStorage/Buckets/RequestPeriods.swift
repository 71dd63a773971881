// What was asked of a bucket, by the hour, and the file that remembers it:
//
// ```
// {"periods":[{"counts":{"PutObject":[3,1204,0]},"hours":1,"start":1705363200000}, …]}
// ```
// The three numbers are requests, bytes in and bytes out. Hours that are more than a week older than the
// newest one are added up to days, so that the file stays small.

internal import Foundation
internal import Synchronization

/// Counts by stretches of time, oldest first.
struct RequestPeriods {
  /// Requests of one operation with the bytes of their bodies.
  struct Count {
    var requests = 0
    var bytesIn = 0
    var bytesOut = 0

    static func += (left: inout Count, right: Count) {
      left.requests &+= right.requests
      left.bytesIn &+= right.bytesIn
      left.bytesOut &+= right.bytesOut
    }
  }

  private struct Period {
    var start: Int64
    var hours: Int
    var counts: [BucketOperation: Count] = [:]
  }

  private static let hour: Int64 = 3_600_000
  private static let day: Int64 = 24 * hour
  private static let hoursKept: Int64 = 7 * day

  /// By their starts, each once.
  private var periods: [Period] = []

  init() {}

  /// Adds to the hour of a moment, or to its day where that is past its week.
  mutating func add(_ operation: BucketOperation, _ count: Count, at moment: Int64) {
    let start = Self.floor(moment, Self.hour)
    var place = periods.count
    while place > 0, periods[place - 1].start > start { place -= 1 }
    let isInside =
      place > 0 && start < periods[place - 1].start + Int64(periods[place - 1].hours) * Self.hour
    if isInside {
      place -= 1
    } else {
      periods.insert(Period(start: start, hours: 1), at: place)
      if place == periods.count - 1 {
        fold(before: Self.floor(start - Self.hoursKept, Self.day))
        place = periods.count - 1
      }
    }
    periods[place].counts[operation, default: Count()] += count
  }

  /// Makes days of the hours before a midnight.
  private mutating func fold(before midnight: Int64) {
    guard let first = periods.firstIndex(where: { $0.hours == 1 }), periods[first].start < midnight
    else { return }
    var folded = Array(periods[..<first])
    for period in periods[first...] {
      let start = Self.floor(period.start, Self.day)
      guard period.start < midnight else {
        folded.append(period)
        continue
      }
      if folded.last?.start != start || folded.last?.hours != 24 {
        folded.append(Period(start: start, hours: 24))
      }
      for (operation, count) in period.counts {
        folded[folded.count - 1].counts[operation, default: Count()] += count
      }
    }
    periods = folded
  }

  private static func floor(_ moment: Int64, _ unit: Int64) -> Int64 {
    let rest = moment % unit
    return moment - (rest < 0 ? rest + unit : rest)
  }

  // MARK: Reading

  var total: RequestLedger.Snapshot {
    var total = RequestLedger.Snapshot()
    for period in periods {
      for (operation, count) in period.counts {
        total.requests[operation, default: 0] &+= count.requests
        total.bytesIn &+= count.bytesIn
        total.bytesOut &+= count.bytesOut
      }
    }
    return total
  }

  var entries: [RequestLedger.Entry] {
    periods.flatMap { period in
      BucketOperation.allCases.compactMap { operation in
        period.counts[operation].map {
          RequestLedger.Entry(
            startMilliseconds: period.start, hours: period.hours, operation: operation,
            requests: $0.requests, bytesIn: $0.bytesIn, bytesOut: $0.bytesOut)
        }
      }
    }
  }

  // MARK: The file

  private struct Stored: Codable {
    struct Period: Codable {
      var start: Int64
      var hours: Int
      var counts: [String: [Int]]
    }

    var periods: [Period]
  }

  /// What the file says; nothing where there is none, or one that cannot be read.
  init(contentsOf path: String) {
    guard let data = FileManager.default.contents(atPath: path),
      let stored = try? JSONDecoder().decode(Stored.self, from: data)
    else { return }
    // Starts of the year 0 to 10,000: what is added to them never overflows.
    for one in stored.periods
    where (one.hours == 1 || one.hours == 24) && abs(one.start / Self.day) < 3_700_000
      && one.start % Self.hour == 0 && one.start >= periods.last.map(Self.end) ?? .min
    {
      var period = Period(start: one.start, hours: one.hours)
      for (name, numbers) in one.counts where numbers.count == 3 {
        guard let operation = BucketOperation(rawValue: name) else { continue }
        period.counts[operation] = Count(
          requests: numbers[0], bytesIn: numbers[1], bytesOut: numbers[2])
      }
      periods.append(period)
    }
  }

  private static func end(_ period: Period) -> Int64 {
    period.start + Int64(period.hours) * hour
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(
      Stored(
        periods: periods.map { period in
          Stored.Period(
            start: period.start, hours: period.hours,
            counts: Dictionary(
              uniqueKeysWithValues: period.counts.map {
                ($0.key.rawValue, [$0.value.requests, $0.value.bytesIn, $0.value.bytesOut])
              }))
        }))
  }
}

extension RequestLedger {
  /// Writes the counts to the ledger's file, if they have changed; does not wait for the disk.
  ///
  /// What cannot be written now is written by the next call: counts are never worth a failure.
  public func save() {
    guard let file else { return }
    let periods = counted.withLock { state -> RequestPeriods? in
      guard state.isChanged else { return nil }
      state.isChanged = false
      return state.periods
    }
    guard let periods else { return }
    do {
      try LocalPath.makeDirectories(LocalPath.parent(of: file))
      try periods.encoded().write(to: URL(fileURLWithPath: file), options: .atomic)
    } catch {
      counted.withLock { $0.isChanged = true }
    }
  }
}
