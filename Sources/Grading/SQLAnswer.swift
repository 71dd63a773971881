// Decides whether a learner's text is one query, without knowing its grammar: what is not is never
// run. Comments and quotes are read as Trino reads them, so that nothing hides in them.

internal import Foundation

/// A text that is one query, ready to be run.
package struct SQLAnswer: Sendable, Hashable {
  /// Why a text is no query that can be judged.
  package enum Refusal: String, Error, Sendable, Hashable {
    case empty, tooLong = "too-long", binary, notAQuery = "not-a-query", writes,
      several, unclosed, gradersTables = "graders-tables"
  }

  /// A longer text is not an answer.
  package static let byteCountMax = 64 * 1_024

  /// The query without its semicolon, parameters still in it.
  package let text: String

  /// Throws a `Refusal`.
  package init(_ text: String) throws(Refusal) {
    guard text.utf8.count <= Self.byteCountMax else { throw .tooLong }
    guard !text.unicodeScalars.contains(where: Self.isBinary) else { throw .binary }
    let text = text.precomposedStringWithCanonicalMapping
    let tokens = try Self.tokens(Array(text.unicodeScalars))
    guard !tokens.isEmpty else { throw .empty }
    var statementEnd = tokens.count
    if let semicolon = tokens.firstIndex(where: { $0.kind == .semicolon }) {
      guard tokens[semicolon...].allSatisfy({ $0.kind == .semicolon }) else {
        throw Self.writes(tokens) ? .writes : .several
      }
      statementEnd = semicolon
    }
    let statement = tokens[..<statementEnd]
    guard let first = statement.first else { throw .empty }
    guard !Self.writes(statement) else { throw .writes }
    let opening = statement.first { $0.text != "(" } ?? first
    guard opening.kind == .word, Self.verbs.contains(opening.text) else { throw .notAQuery }
    var depth = 0
    for token in statement {
      if token.text == "(" { depth += 1 }
      if token.text == ")" { depth -= 1 }
      guard depth >= 0 else { throw .unclosed }
    }
    guard depth == 0 else { throw .unclosed }
    guard !Self.namesGradersTables(statement) else { throw .gradersTables }
    let scalars = Array(text.unicodeScalars)[..<(statement.last?.end ?? 0)]
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.text = String(view).trimmedSpaces
  }

  /// The query for a world: `{{ds_kst}}` and `{{ds_next}}` replaced by its days.
  package func sql(day: String) -> String {
    var sql = text
    for (name, value) in SQLTemplate.dayValues(day) {
      guard case .text(let value) = value, let pattern = try? Regex("\\{\\{\\s*\(name)\\s*\\}\\}")
      else { continue }
      sql = sql.replacing(pattern, with: value)
    }
    return sql
  }

  /// True for a text that begins as a query does; it may still be refused.
  package static func looksLikeQuery(_ text: String) -> Bool {
    guard text.utf8.count <= byteCountMax,
      let tokens = try? tokens(Array(text.unicodeScalars)),
      let first = tokens.first(where: { $0.text != "(" })
    else { return false }
    return first.kind == .word && (verbs.contains(first.text) || writers.contains(first.text))
  }

  // MARK: Tokens

  private enum Kind { case word, quoted, string, semicolon, mark }

  private struct Token {
    var kind: Kind
    /// Words in lower case, quoted names without their quotes in lower case.
    var text: String
    var end: Int
  }

  private static let verbs: Set<String> = ["select", "with", "values", "table"]
  /// Words that begin a statement which changes something, or does anything but ask.
  private static let writers: Set<String> = [
    "insert", "update", "delete", "merge", "drop", "create", "alter", "truncate", "grant", "revoke",
    "call", "execute", "prepare", "deallocate", "set", "reset", "start", "commit", "rollback",
    "use",
    "analyze", "refresh", "comment", "deny", "explain", "attach", "detach", "pragma", "vacuum",
    "replace", "copy",
  ]

  private static func isBinary(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\n" || scalar == "\t" || scalar == "\r" { return false }
    return scalar.value < 0x20 || scalar.value == 0x7F || scalar == "\u{FFFD}"
  }

  /// True where a statement begins with a writing verb, or one follows its `WITH` list.
  private static func writes(_ tokens: ArraySlice<Token>) -> Bool {
    var depth = 0
    var opensStatement = true
    for (index, token) in zip(tokens.indices, tokens) {
      if token.kind == .semicolon {
        opensStatement = true
        continue
      }
      if token.kind == .word, depth == 0, writers.contains(token.text) {
        if opensStatement { return true }
        // `WITH x AS (…) DELETE FROM …`
        if tokens[index - 1].text == ")",
          ["insert", "update", "delete", "merge"].contains(token.text)
        {
          return true
        }
      }
      if token.text == "(" { depth += 1 }
      if token.text == ")" { depth -= 1 }
      opensStatement = false
    }
    return false
  }

  private static func writes(_ tokens: [Token]) -> Bool { writes(tokens[...]) }

  /// `truth.…`, `baseline.…` and `answer.…` where a table may stand.
  private static func namesGradersTables(_ tokens: ArraySlice<Token>) -> Bool {
    let names: Set<String> = ["truth", "baseline", "answer"]
    for index in tokens.indices where names.contains(tokens[index].text) {
      guard tokens[index].kind == .word || tokens[index].kind == .quoted,
        index > tokens.startIndex, index + 1 < tokens.endIndex, tokens[index + 1].text == "."
      else { continue }
      if ["from", "join", ",", ".", "table", "("].contains(tokens[index - 1].text) { return true }
    }
    return false
  }

  private static func tokens(_ text: [Unicode.Scalar]) throws(Refusal) -> [Token] {
    var tokens: [Token] = []
    var index = 0
    func isWord(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
        || scalar.properties.numericType != nil
    }
    while index < text.count {
      let scalar = text[index]
      let next: Unicode.Scalar = index + 1 < text.count ? text[index + 1] : " "
      if scalar.properties.isWhitespace || scalar == "\u{FEFF}" {
        index += 1
      } else if scalar == "-", next == "-" {
        while index < text.count, text[index] != "\n" { index += 1 }
      } else if scalar == "/", next == "*" {
        index += 2
        while index + 1 < text.count, !(text[index] == "*" && text[index + 1] == "/") { index += 1 }
        guard index + 1 < text.count else { throw .unclosed }
        index += 2
      } else if scalar == "'" || scalar == "\"" || scalar == "`" {
        let start = index + 1
        index = start
        while true {
          guard index < text.count else { throw .unclosed }
          guard text[index] == scalar else {
            index += 1
            continue
          }
          guard index + 1 < text.count, text[index + 1] == scalar else { break }
          index += 2
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text[start..<index])
        index += 1
        tokens.append(
          Token(
            kind: scalar == "'" ? .string : .quoted,
            text: scalar == "'" ? "'" : String(view).lowercased(),
            end: index
          )
        )
      } else if isWord(scalar) {
        let start = index
        while index < text.count, isWord(text[index]) { index += 1 }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text[start..<index])
        tokens.append(Token(kind: .word, text: String(view).lowercased(), end: index))
      } else {
        index += 1
        tokens.append(
          Token(kind: scalar == ";" ? .semicolon : .mark, text: String(scalar), end: index)
        )
      }
    }
    return tokens
  }
}
