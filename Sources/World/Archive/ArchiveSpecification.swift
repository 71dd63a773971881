import Simulation

/// The year before a world, from `archive` of the specification: what was kept of it.
struct ArchiveSpecification: Sendable {
  /// The first of each month that is in it, in order.
  var months: [CivilDate]
  /// The days of each month whose events were kept.
  var daysOfMonth: [Int]
  /// How many phones of the crowd were kept on those days.
  var phones: Int
  /// Of the members there are when the world begins, the share that was there by each month, in
  /// thousandths.
  var joinedPermille: [Int]

  /// The days whose events were kept.
  var days: [CivilDate] {
    months.flatMap { month in daysOfMonth.map { month.adding(days: $0 - 1) } }
  }

  /// The days of a month: as many as there are to the next.
  static func days(of month: CivilDate) -> [CivilDate] {
    let parts = month.parts
    let next =
      parts.month == 12
      ? CivilDate(year: parts.year + 1, month: 1, day: 1)
      : CivilDate(year: parts.year, month: parts.month + 1, day: 1)
    return (0..<next.daysSinceEpoch - month.daysSinceEpoch).map { month.adding(days: $0) }
  }

  /// The share of a day, in thousandths, and its place in `months`; nil for a day outside.
  func place(of day: CivilDate) -> (month: Int, joinedPermille: Int)? {
    let parts = day.parts
    let first = CivilDate(year: parts.year, month: parts.month, day: 1)
    return months.firstIndex(of: first).map { ($0, joinedPermille[$0]) }
  }
}

extension SpecificationReader {
  func archive() throws -> ArchiveSpecification {
    let joined = try integers("joined_permille_by_month", 1...1_000)
    guard joined == joined.sorted() else {
      throw failure("joined_permille_by_month", "must not shrink")
    }
    guard let first = CivilDate(try text("first_month") + "-01") else {
      throw failure("first_month", "must be a month such as 2023-01")
    }
    let days = try integers("days_of_month", 1...28)
    guard zip(days, days.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw failure("days_of_month", "must go from day to day")
    }
    var months = [first]
    while months.count < joined.count, let last = months.last {
      months.append(last.adding(days: ArchiveSpecification.days(of: last).count))
    }
    return ArchiveSpecification(
      months: months,
      daysOfMonth: days,
      phones: try integer("phones", 1...100_000),
      joinedPermille: joined
    )
  }
}
