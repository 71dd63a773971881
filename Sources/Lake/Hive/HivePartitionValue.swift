internal import Columnar
internal import Connector
internal import Simulation

/// Partition values between the text in a directory's name and the scalar in a column.
enum HivePartitionValue {
  /// True for the types that a table can be partitioned by.
  static func isPossible(_ type: DataType) -> Bool {
    switch type {
    case .varchar, .date, .tinyint, .smallint, .integer, .bigint, .boolean: true
    default: false
    }
  }

  /// The scalar of a text, `01` being the number 1; nil where the text is no value of the type.
  static func scalar(_ text: String?, type: DataType) -> Scalar? {
    guard let text else { return .null }
    switch type {
    case .varchar(nil): return .text(text)
    case .varchar(let length?):
      return text.unicodeScalars.count <= length ? .text(text) : nil
    case .date: return CivilDate(text).map { .integer(Int64($0.daysSinceEpoch)) }
    case .tinyint: return Int8(text).map { .integer(Int64($0)) }
    case .smallint: return Int16(text).map { .integer(Int64($0)) }
    case .integer: return Int32(text).map { .integer(Int64($0)) }
    case .bigint: return Int64(text).map { .integer($0) }
    case .boolean:
      return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
    default: return nil
    }
  }

  /// The text of a scalar in a directory's name, nil for NULL.
  static func text(_ scalar: Scalar, type: DataType) -> String? {
    switch (scalar, type) {
    case (.text(let text), _): text
    case (.boolean(let flag), _): flag ? "true" : "false"
    case (.integer(let days), .date): CivilDate(daysSinceEpoch: Int(days)).description
    case (.integer(let number), _): String(number)
    default: nil
    }
  }

  /// False only where a partition of this value has no row that satisfies `comparison`.
  static func canMatch(_ value: Scalar, _ comparison: ColumnPredicate.Comparison) -> Bool {
    if value.isNull { return comparison == .isNull }
    func holds(_ other: Scalar, _ test: (Int) -> Bool) -> Bool {
      order(value, other).map(test) ?? true
    }
    switch comparison {
    case .isNull: return false
    case .isNotNull: return true
    case .equal(let other): return holds(other) { $0 == 0 }
    case .notEqual(let other): return holds(other) { $0 != 0 }
    case .less(let other): return holds(other) { $0 < 0 }
    case .lessOrEqual(let other): return holds(other) { $0 <= 0 }
    case .greater(let other): return holds(other) { $0 > 0 }
    case .greaterOrEqual(let other): return holds(other) { $0 >= 0 }
    case .isIn(let others): return others.contains { holds($0) { $0 == 0 } }
    }
  }

  /// Negative, 0 or positive; nil where the kinds differ.
  private static func order(_ left: Scalar, _ right: Scalar) -> Int? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): return left < right ? -1 : left == right ? 0 : 1
    case (.boolean(let left), .boolean(let right)): return left == right ? 0 : right ? -1 : 1
    case (.text(let left), .text(let right)):
      if left.utf8.elementsEqual(right.utf8) { return 0 }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    default: return nil
    }
  }
}
