// Reads the path language of SQL/JSON by recursive descent.

import Columnar

/// One path's text and how far it is read.
struct SQLJSONPathParser {
  private typealias Node = SQLJSONPath.Node
  private typealias Predicate = SQLJSONPath.Predicate

  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var variables: [String] = []
  private var filterDepth = 0
  private var subscriptDepth = 0
  private var nesting = 0
  /// Parts of the tree so far, and all that were looked at, also those taken back.
  private var partCount = 0
  private var lookedAtCount = 0
  private static let nestingMax = 100
  private static let partCountMax = 250
  private static let lookedAtCountMax = 20_000

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  mutating func path() throws -> SQLJSONPath {
    let isLax: Bool
    switch word() {
    case "lax": isLax = true
    case "strict": isLax = false
    default:
      throw failure(
        "a path begins with lax or strict", at: 0, advice: "Write 'lax $' before the steps.")
    }
    index += isLax ? 3 : 6
    let root = try sum()
    skipSpace()
    guard index == scalars.count else { throw unexpected("an accessor, an operator or the end") }
    return SQLJSONPath(isLax: isLax, root: root, variables: variables)
  }

  // MARK: Characters

  private func failure(
    _ message: String, at position: Int, advice: String? = nil, kind: SQLJSONPathError.Kind = .syntax
  ) -> SQLJSONPathError {
    SQLJSONPathError(message: message, position: position, advice: advice, kind: kind)
  }

  private mutating func unexpected(_ wanted: String) -> SQLJSONPathError {
    skipSpace()
    let found = index < scalars.count ? "'\(scalars[index])'" : "the end"
    return failure("\(wanted) expected, not \(found)", at: index)
  }

  private mutating func skipSpace() {
    while index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
  }

  private func at(_ text: String, _ place: Int) -> Bool {
    var place = place
    for scalar in text.unicodeScalars {
      guard place < scalars.count, scalars[place] == scalar else { return false }
      place += 1
    }
    return true
  }

  private mutating func accept(_ text: String) -> Bool {
    skipSpace()
    guard at(text, index) else { return false }
    index += text.unicodeScalars.count
    return true
  }

  private mutating func expect(_ text: String) throws {
    guard accept(text) else { throw unexpected("'\(text)'") }
  }

  private static func startsName(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }

  /// The word ahead, which is not passed; nil where there is none.
  private mutating func word() -> String? {
    skipSpace()
    guard index < scalars.count, Self.startsName(scalars[index]) else { return nil }
    var end = index
    while end < scalars.count,
      Self.startsName(scalars[end]) || (0x30...0x39).contains(scalars[end].value)
    {
      end += 1
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[index..<end])
    return String(text)
  }

  private mutating func accept(word wanted: String) -> Bool {
    guard word() == wanted else { return false }
    index += wanted.unicodeScalars.count
    return true
  }

  /// A text in double quotes; a quote inside is written twice. A backslash is one.
  private mutating func string() throws -> String {
    let start = index
    index += 1
    var text = String.UnicodeScalarView()
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      if scalar == "\"" {
        guard index < scalars.count, scalars[index] == "\"" else { return String(text) }
        index += 1
        text.append("\"")
      } else {
        text.append(scalar)
      }
    }
    throw failure("the text has no closing quote", at: start)
  }

  /// Counts one more part of the path.
  private mutating func countPart() throws {
    partCount += 1
    lookedAtCount += 1
    guard partCount <= Self.partCountMax, lookedAtCount <= Self.lookedAtCountMax else {
      throw failure(
        "the path is too long", at: index,
        advice: "A path has \(Self.partCountMax) parts at most: take it apart with JSON_QUERY.",
        kind: .unsupported)
    }
  }

  private mutating func nested<Result>(_ body: (inout Self) throws -> Result) throws -> Result {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Self.nestingMax else {
      throw failure("the path is nested too deeply (more than \(Self.nestingMax) levels)", at: index)
    }
    return try body(&self)
  }

  // MARK: Values

  private mutating func sum() throws -> Node {
    try nested { parser in
      var left = try parser.product()
      while true {
        if parser.accept("+") {
          left = .arithmetic(.add, left, try parser.product())
        } else if parser.accept("-") {
          left = .arithmetic(.subtract, left, try parser.product())
        } else {
          return left
        }
      }
    }
  }

  private mutating func product() throws -> Node {
    var left = try unary()
    while true {
      if accept("*") {
        left = .arithmetic(.multiply, left, try unary())
      } else if accept("/") {
        left = .arithmetic(.divide, left, try unary())
      } else if accept("%") {
        left = .arithmetic(.modulo, left, try unary())
      } else {
        return left
      }
    }
  }

  private mutating func unary() throws -> Node {
    if accept("-") { return .negate(try nested { try $0.unary() }) }
    if accept("+") { return .plus(try nested { try $0.unary() }) }
    return try accessors(after: try primary())
  }

  private mutating func primary() throws -> Node {
    try countPart()
    skipSpace()
    guard index < scalars.count else { throw unexpected("'$' or a value") }
    let start = index
    switch scalars[index] {
    case "$":
      index += 1
      // A name follows at once; `$ x` is none.
      guard index < scalars.count, Self.startsName(scalars[index]), let name = word() else {
        return .context
      }
      index += name.unicodeScalars.count
      if !variables.contains(name) { variables.append(name) }
      return .variable(name)
    case "@":
      guard filterDepth > 0 else { throw failure("'@' stands in filters only", at: start, kind: .meaning) }
      index += 1
      return .item
    case "(":
      index += 1
      let inner = try sum()
      try expect(")")
      return inner
    case "\"": return .literal(.text(try string()))
    case "0"..."9", ".": return .literal(try number())
    default: break
    }
    switch word() {
    case "true": index += 4; return .literal(.value(.boolean(true), .boolean))
    case "false": index += 5; return .literal(.value(.boolean(false), .boolean))
    case "null": index += 4; return .literal(.json(.null))
    case "last":
      guard subscriptDepth > 0 else {
        throw failure("'last' stands in subscripts only", at: start, kind: .meaning)
      }
      index += 4
      return .last
    default: throw unexpected("'$' or a value")
    }
  }

  /// `12` is a whole number, `1.2` and `.5` are decimals, `1e2` is a double.
  private mutating func number() throws -> SQLJSONItem {
    let start = index
    func isDigit(_ place: Int) -> Bool {
      place < scalars.count && (0x30...0x39).contains(scalars[place].value)
    }
    func digits() -> String {
      var text = ""
      while isDigit(index) {
        text.unicodeScalars.append(scalars[index])
        index += 1
      }
      return text
    }
    let whole = digits()
    var fraction = ""
    var hasPoint = false
    // `$[0 to 1]` and `1.abs()` have no fraction.
    if index < scalars.count, scalars[index] == ".",
      isDigit(index + 1)
        || (!whole.isEmpty && (index + 1 == scalars.count || !Self.startsName(scalars[index + 1])))
    {
      hasPoint = true
      index += 1
      fraction = digits()
    }
    guard !whole.isEmpty || !fraction.isEmpty else { throw unexpected("a number") }
    if index < scalars.count, scalars[index] == "e" || scalars[index] == "E" {
      let isSigned =
        index + 1 < scalars.count && (scalars[index + 1] == "+" || scalars[index + 1] == "-")
      if isDigit(index + (isSigned ? 2 : 1)) {
        let sign = isSigned ? String(scalars[index + 1]) : ""
        index += isSigned ? 2 : 1
        guard let number = Double("\(whole.isEmpty ? "0" : whole).\(fraction)0e\(sign)\(digits())")
        else { throw unexpected("a number") }
        return .value(.double(number), .double)
      }
    }
    if hasPoint {
      let figures = String((whole + fraction).drop { $0 == "0" })
      let precision = max(1, figures.count, fraction.count)
      guard precision <= 38, let unscaled = Int128(figures.isEmpty ? "0" : figures) else {
        throw failure("the number has more than 38 digits", at: start)
      }
      return .value(.exact(unscaled), .decimal(precision: precision, scale: fraction.count))
    }
    guard let number = Int64(whole) else {
      throw failure("the whole number \(whole) does not fit bigint", at: start)
    }
    return .value(.integer(number), Int32(exactly: number) == nil ? .bigint : .integer)
  }

  // MARK: Accessors

  private mutating func accessors(after base: SQLJSONPath.Node) throws -> SQLJSONPath.Node {
    var node = base
    while true {
      try countPart()
      skipSpace()
      let start = index
      if accept("..") {
        node = .descendant(node, try memberName())
      } else if accept(".") {
        if accept("*") {
          node = .everyMember(node)
          continue
        }
        let isQuoted = index < scalars.count && scalars[index] == "\""
        let name = try memberName()
        if !isQuoted, accept("(") {
          node = try method(node, name, at: start)
        } else {
          node = .member(node, name)
        }
      } else if accept("[") {
        if accept("*") {
          try expect("]")
          node = .everyElement(node)
        } else {
          node = .elements(node, try subscripts())
        }
      } else if accept("?") {
        try expect("(")
        filterDepth += 1
        let predicate = try disjunction()
        filterDepth -= 1
        try expect(")")
        node = .filter(node, predicate)
      } else {
        return node
      }
    }
  }

  private mutating func memberName() throws -> String {
    skipSpace()
    if index < scalars.count, scalars[index] == "\"" { return try string() }
    guard let name = word() else {
      throw failure(
        "a member's name expected", at: index,
        advice: "A name with other characters than letters, digits and _ stands in double quotes.")
    }
    index += name.unicodeScalars.count
    return name
  }

  private mutating func method(
    _ node: SQLJSONPath.Node, _ name: String, at start: Int
  ) throws -> SQLJSONPath.Node {
    let names = SQLJSONPath.Method.allCases.map(\.rawValue).sorted().map { "\($0)()" }
      .joined(separator: ", ")
    guard let method = SQLJSONPath.Method(rawValue: name) else {
      let isKnown = name == "datetime"
      throw failure(
        isKnown ? "the method datetime() is not supported" : "there is no method \(name)()",
        at: start,
        advice: isKnown
          ? "Take the text with JSON_VALUE and RETURNING date or timestamp." : "There are \(names).",
        kind: isKnown ? .unsupported : .syntax)
    }
    try expect(")")
    return .method(node, method)
  }

  private mutating func subscripts() throws -> [SQLJSONPath.Subscript] {
    subscriptDepth += 1
    defer { subscriptDepth -= 1 }
    var items: [SQLJSONPath.Subscript] = []
    repeat {
      let from = try sum()
      items.append(SQLJSONPath.Subscript(from: from, end: accept(word: "to") ? try sum() : nil))
    } while accept(",")
    try expect("]")
    return items
  }

  // MARK: Predicates

  private mutating func disjunction() throws -> SQLJSONPath.Predicate {
    try nested { parser in
      var left = try parser.conjunction()
      while parser.accept("||") { left = .or(left, try parser.conjunction()) }
      return left
    }
  }

  private mutating func conjunction() throws -> SQLJSONPath.Predicate {
    var left = try negation()
    while accept("&&") { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws -> SQLJSONPath.Predicate {
    skipSpace()
    if at("!", index), !at("!=", index) {
      index += 1
      return .not(try nested { try $0.negation() })
    }
    return try predicate()
  }

  private mutating func predicate() throws -> SQLJSONPath.Predicate {
    if word() == "exists" {
      index += 6
      try expect("(")
      let node = try sum()
      try expect(")")
      return .exists(node)
    }
    skipSpace()
    if at("(", index), let inner = try parenthesizedPredicate() { return inner }
    let left = try sum()
    let start = index
    for (symbol, operation) in Self.comparisons where accept(symbol) {
      return .compare(operation, left, try sum())
    }
    switch word() {
    case "starts":
      index += 6
      guard accept(word: "with") else { throw unexpected("'with'") }
      return .startsWith(left, try sum())
    case "like_regex":
      skipSpace()
      throw failure(
        "the predicate like_regex is not supported", at: index,
        advice: "Use starts with, or take the text with JSON_VALUE and test it by regexp_like.",
        kind: .unsupported)
    default:
      index = start
      throw unexpected("a comparison")
    }
  }

  private static let comparisons: [(String, ComparisonOperation)] = [
    ("==", .equal), ("<>", .notEqual), ("!=", .notEqual), ("<=", .lessOrEqual),
    (">=", .greaterOrEqual), ("<", .less), (">", .greater),
  ]

  /// `(predicate)` or `(predicate) is unknown`; nil, with nothing read, where the parentheses hold
  /// a value: `(@.a + 1) > 2`.
  private mutating func parenthesizedPredicate() throws -> SQLJSONPath.Predicate? {
    let saved = self
    do {
      index += 1
      let inner = try disjunction()
      try expect(")")
      guard accept(word: "is") else { return inner }
      guard accept(word: "unknown") else { throw unexpected("'unknown'") }
      return .isUnknown(inner)
    } catch let failure as SQLJSONPathError {
      if failure.kind != .syntax { throw failure }
      let lookedAt = lookedAtCount
      self = saved
      lookedAtCount = lookedAt
      return nil
    }
  }
}
