// Compares two results as the course promises: as multisets unless the task says ordered, decimals
// exactly, doubles to 1e-9, names and types checked, and never the form of the expression.

/// A result with the types of its columns, as Trino spells them.
package struct TypedResult: Sendable, Hashable {
  package var columns: [GradingTable.Column]
  package var rows: [[HostValue]]

  package init(columns: [GradingTable.Column], rows: [[HostValue]]) {
    self.columns = columns
    self.rows = rows
  }
}

/// The first thing in which an answer differs from what is right.
package enum ResultDifference: Sendable, Hashable {
  /// The names or the types of the columns.
  case columns(expected: [GradingTable.Column], got: [GradingTable.Column])
  /// A row that is right and not there; how often it is missing.
  case missing(row: [String: HostValue], columns: [String], count: Int)
  /// A row that should not be there; how often it is too many.
  case extra(row: [String: HostValue], columns: [String], count: Int)
  /// One cell of a row that both have, by the row's key.
  case cell(
    key: [String: HostValue],
    keyColumns: [String],
    column: String,
    expected: HostValue,
    got: HostValue
  )
  /// The rows are right and their order is not; 1-based.
  case order(position: Int, expected: [String: HostValue], columns: [String])

  /// The row's values by column, for the story; empty where it speaks of no row.
  package var row: [String: HostValue] {
    switch self {
    case .columns: [:]
    case .missing(let row, _, _), .extra(let row, _, _), .order(_, let row, _): row
    case .cell(let key, _, _, _, _): key
    }
  }
}

/// How two results are compared.
package struct ResultComparison: Sendable, Hashable {
  /// The columns that name a row; empty where none are declared.
  package var key: [String]
  package var isOrdered: Bool

  package init(key: [String] = [], isOrdered: Bool = false) {
    self.key = key
    self.isOrdered = isOrdered
  }

  /// The first difference; nil where the two are the same.
  ///
  /// The columns are compared first, in order; then the rows.
  package func difference(expected: TypedResult, got: TypedResult) -> ResultDifference? {
    guard Self.hasSameColumns(expected.columns, got.columns) else {
      return .columns(expected: expected.columns, got: got.columns)
    }
    let types = expected.columns.map { ValueType($0.type) }
    let names = expected.columns.map(\.name)
    func named(_ row: [HostValue]) -> [String: HostValue] {
      Dictionary(zip(names, row)) { first, _ in first }
    }
    let wanted = expected.rows.map { RowValue($0, types) }
    let given = got.rows.map { RowValue($0, types) }
    let (missing, extra) = Self.unmatched(wanted, given)
    if missing.isEmpty, extra.isEmpty {
      guard isOrdered else { return nil }
      for (index, (right, answered)) in zip(wanted, given).enumerated()
      where !right.isSame(as: answered) {
        return .order(
          position: index + 1,
          expected: named(expected.rows[index]),
          columns: names
        )
      }
      return nil
    }
    if let cell = cell(missing, extra, expected, got, types, names) { return cell }
    if let index = missing.first {
      let count = missing.filter { wanted[$0].isSame(as: wanted[index]) }.count
      return .missing(row: named(expected.rows[index]), columns: names, count: count)
    }
    guard let index = extra.first else { return nil }
    let count = extra.filter { given[$0].isSame(as: given[index]) }.count
    return .extra(row: named(got.rows[index]), columns: names, count: count)
  }

  /// The first row, by its key, that both have with another value.
  private func cell(
    _ missing: [Int],
    _ extra: [Int],
    _ expected: TypedResult,
    _ got: TypedResult,
    _ types: [ValueType],
    _ names: [String]
  ) -> ResultDifference? {
    let keyIndexes = key.compactMap { name in
      names.firstIndex { $0.lowercased() == name.lowercased() }
    }
    guard !keyIndexes.isEmpty, keyIndexes.count < names.count else { return nil }
    func keyOf(_ row: [HostValue]) -> [CanonicalValue] {
      keyIndexes.map { types[$0].canonical(row[$0]) }
    }
    var answered: [[CanonicalValue]: Int] = [:]
    for index in extra where answered[keyOf(got.rows[index])] == nil {
      answered[keyOf(got.rows[index])] = index
    }
    for index in missing {
      let right = expected.rows[index]
      guard let other = answered[keyOf(right)] else { continue }
      let row = got.rows[other]
      for column in names.indices
      where !keyIndexes.contains(column) && !types[column].isSame(right[column], row[column]) {
        let pairs = keyIndexes.map { (names[$0], right[$0]) }
        return .cell(
          key: Dictionary(pairs) { first, _ in first },
          keyColumns: keyIndexes.map { names[$0] },
          column: names[column],
          expected: right[column],
          got: row[column]
        )
      }
    }
    return nil
  }

  /// Names without regard to case, types without the lengths of texts.
  package static func hasSameColumns(
    _ expected: [GradingTable.Column],
    _ got: [GradingTable.Column]
  ) -> Bool {
    guard expected.count == got.count else { return false }
    return zip(expected, got).allSatisfy { right, given in
      right.name.lowercased() == given.name.lowercased()
        && comparableType(right.type) == comparableType(given.type)
    }
  }

  /// `varchar(10)` is `varchar`; `int` is `integer`; spaces and case say nothing.
  package static func comparableType(_ type: String) -> String {
    var text = type.lowercased().filter { !$0.isWhitespace }
    text = text.replacing(/\b(varchar|char)\(\d+\)/) { $0.output.1 }
    text = text.replacing(/\bint\b/, with: "integer").replacing(/\bchar\b/, with: "varchar")
    if text == "decimal" { return "decimal(38,0)" }
    if text == "timestamp" { return "timestamp(3)" }
    if text == "timestampwithtimezone" { return "timestamp(3)withtimezone" }
    return text
  }

  /// The rows of either side that have no partner: indexes in order.
  private static func unmatched(
    _ wanted: [RowValue],
    _ given: [RowValue]
  ) -> (missing: [Int], extra: [Int]) {
    var groups: [[CanonicalValue]: (wanted: [Int], given: [Int])] = [:]
    for (index, row) in wanted.enumerated() {
      groups[row.exact, default: ([], [])].wanted.append(index)
    }
    for (index, row) in given.enumerated() {
      groups[row.exact, default: ([], [])].given.append(index)
    }
    var missing: [Int] = []
    var extra: [Int] = []
    for (_, group) in groups {
      // Doubles within a group are matched in their order, so that neighbours meet.
      let right = group.wanted.sorted { wanted[$0].precedes(wanted[$1]) }
      let answered = group.given.sorted { given[$0].precedes(given[$1]) }
      var (left, other) = (0, 0)
      while left < right.count, other < answered.count {
        if wanted[right[left]].isSame(as: given[answered[other]]) {
          left += 1
          other += 1
        } else if wanted[right[left]].precedes(given[answered[other]]) {
          missing.append(right[left])
          left += 1
        } else {
          extra.append(answered[other])
          other += 1
        }
      }
      missing += right[left...]
      extra += answered[other...]
    }
    return (missing.sorted(), extra.sorted())
  }
}

/// A value by which two cells are the same or not.
enum CanonicalValue: Hashable {
  case null
  case integer(Int64)
  case text(String)
  case boolean(Bool)
  /// A number that is compared to 1e-9 elsewhere: all of them are one here.
  case double
}

/// How the values of one column are compared.
enum ValueType {
  case exact, decimal, double

  init(_ type: String) {
    let type = type.lowercased()
    if type == "double" || type == "real" {
      self = .double
    } else if type.hasPrefix("decimal") {
      self = .decimal
    } else {
      self = .exact
    }
  }

  func canonical(_ value: HostValue) -> CanonicalValue {
    switch value {
    case .null: return .null
    case .boolean(let flag): return .boolean(flag)
    case .integer(let number):
      if self == .double { return .double }
      return self == .decimal ? .text(Self.canonicalDecimal(String(number))) : .integer(number)
    case .double(let number):
      if self == .double { return .double }
      // A double where none belongs is compared as it is written.
      return .text(String(number))
    case .text(let text):
      if self == .double, text.asDouble != nil { return .double }
      return .text(self == .decimal ? Self.canonicalDecimal(text) : text)
    }
  }

  func isSame(_ left: HostValue, _ right: HostValue) -> Bool {
    let (one, other) = (canonical(left), canonical(right))
    guard one == other else { return false }
    guard one == .double, let left = left.anyDouble, let right = right.anyDouble else {
      return true
    }
    return RowValue.isClose(left, right)
  }

  /// `12.30` and `12.3` are one decimal; `-0` is `0`.
  static func canonicalDecimal(_ text: String) -> String {
    guard text.contains(where: \.isNumber), text.allSatisfy({ "+-.0123456789".contains($0) }) else {
      return text
    }
    var digits = text[...]
    let isNegative = digits.hasPrefix("-")
    digits = digits.drop { "+-0".contains($0) }
    if digits.contains(".") {
      while digits.hasSuffix("0") { digits.removeLast() }
      if digits.hasSuffix(".") { digits.removeLast() }
    }
    if digits.isEmpty { return "0" }
    return (isNegative ? "-" : "") + (digits.hasPrefix(".") ? "0" : "") + digits
  }
}

extension String {
  /// Doubles as engines print them, `NaN` and `Infinity` included.
  fileprivate var asDouble: Double? {
    switch lowercased() {
    case "nan": .nan
    case "infinity", "+infinity": .infinity
    case "-infinity": -.infinity
    default: Double(self)
    }
  }
}

extension HostValue {
  fileprivate var anyDouble: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .double(let number): number
    case .text(let text): text.asDouble
    case .null, .boolean: nil
    }
  }
}

/// A row cut into what is compared exactly and its doubles.
private struct RowValue {
  let exact: [CanonicalValue]
  let doubles: [Double]

  init(_ row: [HostValue], _ types: [ValueType]) {
    var exact: [CanonicalValue] = []
    var doubles: [Double] = []
    for (value, type) in zip(row, types) {
      let canonical = type.canonical(value)
      exact.append(canonical)
      if canonical == .double, let number = value.anyDouble { doubles.append(number) }
    }
    self.exact = exact
    self.doubles = doubles
  }

  /// To 1e-9 of the larger; two that are not a number are the same.
  static func isClose(_ left: Double, _ right: Double) -> Bool {
    if left == right || (left.isNaN && right.isNaN) { return true }
    guard left.isFinite, right.isFinite else { return false }
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
  }

  func isSame(as other: RowValue) -> Bool {
    exact == other.exact && zip(doubles, other.doubles).allSatisfy(Self.isClose)
  }

  /// An order of the doubles; values that are close are equal in it as long as nothing lies between.
  func precedes(_ other: RowValue) -> Bool {
    for (left, right) in zip(doubles, other.doubles) {
      if Self.isClose(left, right) { continue }
      if left.isNaN { return false }
      if right.isNaN { return true }
      return left < right
    }
    return false
  }
}
