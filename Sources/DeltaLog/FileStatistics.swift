internal import Columnar
internal import Connector
internal import Parquet
internal import Simulation
internal import Synchronization

/// What the log says of a file's columns: rows, least and greatest values, NULLs.
///
/// Kept as text and parsed when a query first asks, because most snapshots never do.
final class FileStatistics: Sendable {
  let text: String?
  /// Rows of the file that a deletion vector takes out; the statistics count them still.
  let deletedCount: Int64
  private let parsed = Mutex<LogJSON?>(nil)

  init(text: String?, deletedCount: Int64 = 0) {
    self.text = text
    self.deletedCount = deletedCount
  }

  /// Text that is no JSON counts as no statistics: they are hints, and leaving them out is safe.
  private var json: LogJSON {
    parsed.withLock { value in
      if let value { return value }
      let json = text.flatMap { try? LogJSONReader.parse($0) } ?? .null
      value = json
      return json
    }
  }

  /// Rows that count.
  var numRecords: Int? {
    // A number that no file can have counts as unknown, so that sums never overflow.
    guard let count = json["numRecords"]?.integer, (0..<1 << 40).contains(count),
      (0...count).contains(deletedCount)
    else { return nil }
    return Int(count - deletedCount)
  }

  /// What the file says of a column that its log calls `name`, whatever its rows are.
  func piece(_ name: String, _ type: DataType, rowCount: Int) -> ColumnPiece {
    let json = json
    var nullCount = json["nullCount"]?[name]?.integer
    if deletedCount != 0, nullCount != 0 {
      // Beside a deletion vector only "none" and "all" say something.
      nullCount = nullCount == json["numRecords"]?.integer ? Int64(rowCount) : nil
    }
    return ColumnPiece(
      rowCount: rowCount,
      minimum: json["minValues"]?[name].flatMap { Self.bound($0, type, isMax: false) },
      maximum: json["maxValues"]?[name].flatMap { Self.bound($0, type, isMax: true) },
      nullCount: nullCount.map(Int.init(clamping:))
    )
  }

  /// False only where no row of the file can satisfy `comparison` over the column that its log calls
  /// `name`.
  func canMatch(
    _ name: String,
    _ type: DataType,
    _ comparison: ColumnPredicate.Comparison
  ) -> Bool {
    let json = json
    let nullCount = json["nullCount"]?[name]?.integer
    let isAllNull = nullCount != nil && nullCount == json["numRecords"]?.integer
    switch comparison {
    case .isNull: return nullCount != 0
    case .isNotNull: return !isAllNull
    default: break
    }
    if isAllNull { return false }
    let bounds = ValueBounds(
      least: json["minValues"]?[name].flatMap { Self.bound($0, type, isMax: false) },
      greatest: json["maxValues"]?[name].flatMap { Self.bound($0, type, isMax: true) },
      hidesNaN: type == .double || type == .real
    )
    return bounds.canMatch(comparison)
  }

  /// The scalar of a statistic, widened where its text is coarser than the column.
  private static func bound(_ json: LogJSON, _ type: DataType, isMax: Bool) -> Scalar? {
    switch (type, json) {
    case (.varchar, .string(let text)): return .text(text)
    case (.tinyint, .number(let text)), (.smallint, .number(let text)),
      (.integer, .number(let text)), (.bigint, .number(let text)):
      return Int64(text).map { .integer($0) }
    case (.double, .number(let text)): return Double(text).map { .double($0) }
    case (.date, .string(let text)): return PartitionValue.scalar(text, type: .date)
    case (.timestamp, .string(let text)), (.timestampWithTimeZone, .string(let text)):
      guard let time = StoryTime.microseconds(iso8601: text, assumesUTC: true) else { return nil }
      // Writers cut microseconds off, so the greatest value may lie up to 999 above its text.
      return .integer(isMax && time % 1_000 == 0 ? time + 999 : time)
    case (.decimal(_, let scale), .number(let text)):
      // Other writers pass decimals through a double: exact to 15 digits only.
      guard let value = DecimalText.unscaled(text, scale: scale),
        value.magnitude < 1_000_000_000_000_000
      else { return nil }
      return .exact(value)
    default: return nil
    }
  }
}

/// The least and greatest value of a column; nil where it is not known.
struct ValueBounds {
  var least: Scalar?
  var greatest: Scalar?
  /// Doubles: a NaN may be among the values although the bounds do not show it, and engines differ
  /// on how it compares.
  var hidesNaN = false

  func canMatch(_ comparison: ColumnPredicate.Comparison) -> Bool {
    switch comparison {
    case .equal(let value): return canEqual(value)
    case .isIn(let values): return values.contains(where: canEqual)
    case .notEqual(let value):
      guard !hidesNaN, let least, let greatest, ScalarOrder.compare(least, greatest) == 0 else {
        return true
      }
      // Text may be cut at 32 characters, and then the bounds are not values.
      if case .text(let text) = least, text.unicodeScalars.count >= 32 { return true }
      return ScalarOrder.compare(least, value) != 0
    case .less(let value): return before(least, value, orEqual: false)
    case .lessOrEqual(let value): return before(least, value, orEqual: true)
    case .greater(let value): return hidesNaN || before(value, greatest, orEqual: false)
    case .greaterOrEqual(let value): return hidesNaN || before(value, greatest, orEqual: true)
    case .isNull, .isNotNull: return true
    }
  }

  private func canEqual(_ value: Scalar) -> Bool {
    if case .double(let number) = value, number.isNaN { return true }
    return before(least, value, orEqual: true) && before(value, greatest, orEqual: true)
  }

  /// True unless it is known that `left` does not come before `right`.
  private func before(_ left: Scalar?, _ right: Scalar?, orEqual: Bool) -> Bool {
    guard let left, let right, let order = ScalarOrder.compare(left, right) else { return true }
    return orEqual ? order <= 0 : order < 0
  }
}

/// The order of scalars of one type, as SQL has it.
enum ScalarOrder {
  /// Negative, 0 or positive; nil where the kinds differ, one is NULL or a NaN is there.
  static func compare(_ left: Scalar, _ right: Scalar) -> Int? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): return left < right ? -1 : left == right ? 0 : 1
    case (.double(let left), .double(let right)):
      if left.isNaN || right.isNaN { return nil }
      return left < right ? -1 : left == right ? 0 : 1
    case (.text(let left), .text(let right)):
      if left.utf8.elementsEqual(right.utf8) { return 0 }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    case (.boolean(let left), .boolean(let right)):
      return left == right ? 0 : right ? -1 : 1
    default: return nil
    }
  }

  /// True where a single known value, such as a partition's, satisfies `comparison`.
  static func satisfies(_ value: Scalar, _ comparison: ColumnPredicate.Comparison) -> Bool {
    switch comparison {
    case .isNull: return value.isNull
    case .isNotNull: return !value.isNull
    default: break
    }
    if value.isNull { return false }
    func order(_ other: Scalar, _ test: (Int) -> Bool) -> Bool {
      compare(value, other).map(test) ?? true
    }
    switch comparison {
    case .equal(let other): return order(other) { $0 == 0 }
    case .notEqual(let other): return order(other) { $0 != 0 }
    case .less(let other): return order(other) { $0 < 0 }
    case .lessOrEqual(let other): return order(other) { $0 <= 0 }
    case .greater(let other): return order(other) { $0 > 0 }
    case .greaterOrEqual(let other): return order(other) { $0 >= 0 }
    case .isIn(let others): return others.contains { order($0) { $0 == 0 } }
    case .isNull, .isNotNull: return true
    }
  }
}

// MARK: Writing

extension FileStatistics {
  /// Characters of text kept in a statistic.
  private static let textMax = 32

  /// The JSON of a written file's statistics.
  static func encode(_ schema: Schema, _ summary: ParquetSummary) -> String {
    let columns = Array(zip(schema.fields, summary.columns))
    var json = LogJSONWriter()
    json.object { json in
      json.member("numRecords", Int64(summary.rowCount))
      json.key("minValues")
      json.object { json in
        for (field, column) in columns { write(column.min, field, isMax: false, to: &json) }
      }
      json.key("maxValues")
      json.object { json in
        for (field, column) in columns { write(column.max, field, isMax: true, to: &json) }
      }
      json.key("nullCount")
      json.object { json in
        for (field, column) in columns { json.member(field.name, Int64(column.nullCount)) }
      }
    }
    return json.text
  }

  private static func write(
    _ scalar: Scalar,
    _ field: Field,
    isMax: Bool,
    to json: inout LogJSONWriter
  ) {
    switch (field.type, scalar) {
    case (.tinyint, .integer(let value)), (.smallint, .integer(let value)),
      (.integer, .integer(let value)), (.bigint, .integer(let value)):
      json.member(field.name, value)
    case (.decimal(_, let scale), _):
      guard let value = scalar.wholeNumber else { return }
      json.key(field.name)
      json.literal(DecimalText.text(value, scale: scale))
    case (.double, .double(let value)) where value.isFinite:
      json.key(field.name)
      json.literal(value.description)
    case (.date, .integer(let value)) where isPrintable(microseconds: value &* 86_400_000_000):
      json.member(field.name, PartitionValue.text(value, type: .date))
    case (.timestampWithTimeZone, .integer(let value)) where isPrintable(microseconds: value):
      json.member(field.name, milliseconds(value, roundedUp: isMax).iso8601)
    case (.varchar, .text(let text)):
      if let bound = isMax ? upperBound(text) : String(text.unicodeScalars.prefix(textMax)) {
        json.member(field.name, bound)
      }
    // Booleans and binary values have no order worth a statistic.
    default: return
    }
  }

  /// True from year 1 to 9999, which is what ISO-8601 text holds.
  private static func isPrintable(microseconds: Int64) -> Bool {
    (-62_135_596_800_000_000..<253_402_300_799_000_000).contains(microseconds)
  }

  private static func milliseconds(_ microseconds: Int64, roundedUp: Bool) -> StoryTime {
    let floor = floorDivide(Int(microseconds), 1_000)
    let isCut = floorModulo(Int(microseconds), 1_000) != 0
    return StoryTime(milliseconds: Int64(roundedUp && isCut ? floor + 1 : floor))
  }

  /// A text of at most 32 characters that no value with this text as its greatest passes; nil where
  /// there is none.
  private static func upperBound(_ text: String) -> String? {
    guard text.unicodeScalars.count > textMax else { return text }
    var scalars = Array(text.unicodeScalars.prefix(textMax))
    while let last = scalars.popLast() {
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      if let raised = Unicode.Scalar(next) {
        scalars.append(raised)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
      }
    }
    return nil
  }
}
