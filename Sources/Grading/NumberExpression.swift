// Arithmetic over named values, for numbers that are worked out on paper: `outage * 3600 * rate`.
//
// `+ - * / ^ ( )`, numbers, names, and `ceil floor round abs sqrt min max`. Nothing else, so that a
// check in a manifest can do nothing but calculate.

internal import Foundation

/// An expression over names.
package struct NumberExpression: Sendable, Hashable {
  indirect enum Term: Sendable, Hashable {
    case number(Double)
    case name(String)
    case negated(Term)
    case binary(Character, Term, Term)
    case call(String, [Term])
  }

  let term: Term
  package let text: String

  /// The names that it uses, each once, in order.
  package var names: [String] {
    var found: [String] = []
    func visit(_ term: Term) {
      switch term {
      case .number: break
      case .name(let name): if !found.contains(name) { found.append(name) }
      case .negated(let inner): visit(inner)
      case .binary(_, let left, let right):
        visit(left)
        visit(right)
      case .call(_, let arguments): arguments.forEach(visit)
      }
    }
    visit(term)
    return found
  }

  /// Parses an expression; the message of the error says which character is unexpected.
  package static func parse(_ text: String) throws(ExpressionError) -> NumberExpression {
    var parser = ExpressionParser(text: Array(text))
    let term = try parser.sum()
    parser.skipSpaces()
    guard parser.index == parser.text.count else { throw parser.unexpected() }
    return NumberExpression(term: term, text: text)
  }

  /// Its value; nil where a name has none, or where it is no finite number.
  package func value(_ values: [String: Double]) -> Double? {
    guard let value = Self.value(term, values), value.isFinite else { return nil }
    return value
  }

  private static func value(_ term: Term, _ values: [String: Double]) -> Double? {
    switch term {
    case .number(let number): return number
    case .name(let name): return values[name]
    case .negated(let inner): return value(inner, values).map { -$0 }
    case .binary(let sign, let left, let right):
      guard let left = value(left, values), let right = value(right, values) else { return nil }
      switch sign {
      case "+": return left + right
      case "-": return left - right
      case "*": return left * right
      case "/": return left / right
      default: return pow(left, right)
      }
    case .call(let name, let terms):
      let arguments = terms.compactMap { value($0, values) }
      guard arguments.count == terms.count, let first = arguments.first else { return nil }
      switch name {
      case "ceil": return first.rounded(.up)
      case "floor": return first.rounded(.down)
      case "round": return first.rounded()
      case "abs": return abs(first)
      case "sqrt": return first.squareRoot()
      case "min": return arguments.min()
      default: return arguments.max()
      }
    }
  }
}

/// Why a text is no expression.
package struct ExpressionError: Error, Hashable {
  package var message: String
}

private struct ExpressionParser {
  static let functions = ["ceil", "floor", "round", "abs", "sqrt", "min", "max"]

  let text: [Character]
  var index = 0
  /// How deep parentheses stand; a limit keeps the recursion small.
  var depth = 0

  mutating func skipSpaces() {
    while index < text.count, text[index].isWhitespace { index += 1 }
  }

  func unexpected() -> ExpressionError {
    guard index < text.count else {
      return ExpressionError(message: "The expression ends too early.")
    }
    return ExpressionError(message: "`\(text[index])` at place \(index + 1) is unexpected.")
  }

  private mutating func take(_ characters: String) -> Character? {
    skipSpaces()
    guard index < text.count, characters.contains(text[index]) else { return nil }
    index += 1
    return text[index - 1]
  }

  mutating func sum() throws(ExpressionError) -> NumberExpression.Term {
    depth += 1
    defer { depth -= 1 }
    guard depth < 50 else { throw ExpressionError(message: "The expression is nested too deep.") }
    var left = try product()
    while let sign = take("+-") { left = .binary(sign, left, try product()) }
    return left
  }

  private mutating func product() throws(ExpressionError) -> NumberExpression.Term {
    var left = try factor()
    while let sign = take("*/") { left = .binary(sign, left, try factor()) }
    return left
  }

  private mutating func factor() throws(ExpressionError) -> NumberExpression.Term {
    if take("-") != nil {
      depth += 1
      defer { depth -= 1 }
      guard depth < 50 else { throw ExpressionError(message: "The expression is nested too deep.") }
      return .negated(try factor())
    }
    let base = try atom()
    guard take("^") != nil else { return base }
    return .binary("^", base, try factor())
  }

  private mutating func atom() throws(ExpressionError) -> NumberExpression.Term {
    if take("(") != nil {
      let inner = try sum()
      guard take(")") != nil else { throw unexpected() }
      return inner
    }
    skipSpaces()
    let start = index
    while index < text.count,
      text[index].isASCII,
      text[index].isNumber || text[index].isLetter || "._".contains(text[index])
    { index += 1 }
    let word = String(text[start..<index])
    guard let first = word.first else { throw unexpected() }
    if first.isNumber || first == "." {
      guard let number = Double(word.replacingOccurrences(of: "_", with: "")) else {
        throw ExpressionError(message: "`\(word)` is no number.")
      }
      return .number(number)
    }
    guard take("(") != nil else { return .name(word) }
    guard Self.functions.contains(word) else {
      throw ExpressionError(
        message: "`\(word)` is no function here; known: \(Self.functions.joined(separator: ", "))."
      )
    }
    var arguments = [try sum()]
    while take(",") != nil { arguments.append(try sum()) }
    guard take(")") != nil else { throw unexpected() }
    return .call(word, arguments)
  }
}
