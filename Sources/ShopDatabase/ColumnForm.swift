// How the engine's types lie in SQLite, and back.
//
// ```
// bigint, boolean              INTEGER       1
// varchar                      TEXT          서울
// date                         TEXT          2024-01-15
// timestamp(3)                 TEXT          2024-01-15 13:20:31.123    a wall clock
// timestamp(3) with time zone  TEXT          2024-01-15T04:20:31.123Z   a moment, in UTC
// decimal(p, s), p ≤ 18        TEXT          1296.08                    with all of its places
// ```
// Texts of one form have one length for each year of four digits, so that SQLite, which compares their
// bytes, orders dates and times as the engine does. Decimals are ordered by the engine alone.

internal import Columnar
internal import GRDB
internal import GRDBSQLite
internal import Simulation

/// The form of one column.
enum ColumnForm: Sendable, Hashable {
  case integer, boolean, text, date, wallClock, moment
  case decimal(scale: Int)

  /// Nil for a type that the shop's tables do not have.
  init?(_ type: DataType) {
    switch type {
    case .bigint: self = .integer
    case .boolean: self = .boolean
    case .varchar(nil): self = .text
    case .date: self = .date
    case .timestamp(precision: 3): self = .wallClock
    case .timestampWithTimeZone(precision: 3): self = .moment
    case .decimal(let precision, let scale) where precision <= 18: self = .decimal(scale: scale)
    default: return nil
    }
  }

  /// The type in a CREATE TABLE.
  var declaredType: String {
    switch self {
    case .integer, .boolean: "INTEGER"
    case .text, .date, .wallClock, .moment, .decimal: "TEXT"
    }
  }

  /// True where SQLite orders values as the engine does; equality is the same for all forms.
  var isOrdered: Bool {
    if case .decimal = self { return false }
    return true
  }

  // MARK: - From the engine

  /// A value as SQLite has it; nil for one that this form cannot say, such as the year 10,000.
  func stored(_ scalar: Scalar) -> DatabaseValue? {
    switch (self, scalar) {
    case (_, .null): return .null
    case (.integer, .integer(let value)): return value.databaseValue
    case (.boolean, .boolean(let value)): return (value ? 1 : 0).databaseValue
    case (.text, .text(let value)): return value.databaseValue
    case (.date, .integer(let days)):
      guard Self.days.contains(days) else { return nil }
      return CivilDate(daysSinceEpoch: Int(days)).description.databaseValue
    case (.wallClock, .integer(let micros)), (.moment, .integer(let micros)):
      guard micros % 1_000 == 0 else { return nil }
      let time = StoryTime(milliseconds: micros / 1_000)
      guard Self.days.contains(Int64(time.date(offsetSeconds: 0).daysSinceEpoch)) else { return nil }
      let text = time.iso8601
      guard self == .wallClock else { return text.databaseValue }
      // `2024-01-15T04:20:31.123Z` without its letters.
      return (text.prefix(10) + " " + text.dropFirst(11).dropLast()).databaseValue
    case (.decimal(let scale), .integer(let unscaled)):
      return Self.text(unscaled, scale: scale).databaseValue
    default: return nil
    }
  }

  /// The years 1 to 9999.
  private static let days: ClosedRange<Int64> =
    Int64(CivilDate(year: 1, month: 1, day: 1).daysSinceEpoch)...Int64(
      CivilDate(year: 9_999, month: 12, day: 31).daysSinceEpoch)

  private static func text(_ unscaled: Int64, scale: Int) -> String {
    var digits = String(unscaled.magnitude)
    if digits.utf8.count <= scale {
      digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits
    }
    let whole = digits.dropLast(scale)
    return (unscaled < 0 ? "-" : "") + whole + (scale > 0 ? "." + digits.suffix(scale) : "")
  }

  // MARK: - From SQLite

  /// Appends a cell of the row that a statement stands on; false for one that is not of this form.
  ///
  /// Called once a value: a switch and a read, nothing that allocates.
  func append(
    _ column: Int32, of statement: OpaquePointer, to builder: ColumnBuilder
  ) -> Bool {
    let storage = sqlite3_column_type(statement, column)
    if storage == SQLITE_NULL {
      builder.appendNull()
      return true
    }
    switch self {
    case .integer:
      guard storage == SQLITE_INTEGER else { return false }
      builder.append(sqlite3_column_int64(statement, column))
      return true
    case .boolean:
      guard storage == SQLITE_INTEGER else { return false }
      builder.append(sqlite3_column_int64(statement, column) != 0)
      return true
    default: break
    }
    guard storage == SQLITE_TEXT, let start = sqlite3_column_text(statement, column) else {
      return false
    }
    let bytes = UnsafeRawBufferPointer(
      start: start, count: Int(sqlite3_column_bytes(statement, column)))
    switch self {
    case .text:
      builder.append(bytes: bytes)
      return true
    case .date:
      guard let days = Self.days(bytes) else { return false }
      builder.append(days)
    case .wallClock:
      guard bytes.count == 23, let micros = StoryTime.microseconds(iso8601: bytes, assumesUTC: true)
      else { return false }
      builder.append(micros)
    case .moment:
      guard bytes.count == 24, let micros = StoryTime.microseconds(iso8601: bytes) else {
        return false
      }
      builder.append(micros)
    case .decimal(let scale):
      guard let unscaled = Self.unscaled(bytes, scale: scale) else { return false }
      builder.append(unscaled)
    case .integer, .boolean: return false
    }
    return true
  }

  /// Days since 1970 of `2024-01-15`.
  private static func days(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for index in range {
        let digit = Int(bytes[index]) - 0x30
        guard (0...9).contains(digit) else { return nil }
        value = value * 10 + digit
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let date = CivilDate(validYear: year, month: month, day: day)
    else { return nil }
    return Int64(date.daysSinceEpoch)
  }

  private static func unscaled(_ bytes: UnsafeRawBufferPointer, scale: Int) -> Int64? {
    let isNegative = bytes.first == 0x2D
    let point = bytes.count - scale - 1
    let first = isNegative ? 1 : 0
    guard scale == 0 || (point > first && bytes[point] == 0x2E), bytes.count - first <= 19,
      bytes.count > first
    else { return nil }
    var value: Int64 = 0
    for index in first..<bytes.count where scale == 0 || index != point {
      let digit = Int64(bytes[index]) - 0x30
      guard (0...9).contains(digit) else { return nil }
      value = value * 10 + digit
    }
    return isNegative ? -value : value
  }
}
