// What people type in SQL out of the habit of another database, and what Trino says instead.

internal import Foundation
internal import TrinoSQL

/// A mistake that has one answer of its own; `sql.habit.<key>` says it.
struct StatementHabit {
  /// The last part of the catalogue's key.
  var key: String
  /// What the text needs of the statement.
  var values: [String: String] = [:]

  /// nil where the error tells of no habit.
  init?(statement: String, error: TrinoSQLError) {
    let rest = StatementHabit.rest(of: statement, error)
    switch error.name {
    case .columnNotFound:
      guard let quoted = rest.prefixMatch(of: /["“”]([^"“”]*)["“”]/) else { return nil }
      self.init("doubleQuotes", ["text": String(quoted.1)])
    case .typeMismatch:
      guard error.message.contains(/\b(date|timestamp)/), error.message.contains("varchar") else {
        return nil
      }
      let date = statement.firstMatch(of: /'\d{4}-\d{2}-\d{2}'/).map { String($0.0) }
      self.init(
        error.message.contains("timestamp") ? "timestampText" : "dateText",
        ["date": date ?? "'2024-01-15'"])
    case .functionNotFound:
      guard let name = error.message.firstMatch(of: /'([^']+)'/).map({ $0.1.lowercased() }),
        let here = StatementHabit.functions[name]
      else { return nil }
      self.init("function", ["name": String(name), "here": here])
    case .syntaxError:
      self.init(syntax: statement, rest)
    default: return nil
    }
  }

  private init(_ key: String, _ values: [String: String] = [:]) {
    self.key = key
    self.values = values
  }

  private init?(syntax statement: String, _ rest: Substring) {
    if rest.hasPrefix("="), statement.contains("==") {
      self.init("equals")
    } else if let top = statement.firstMatch(of: /\bselect\s+top\s+\(?(\d+)/.ignoresCase()) {
      self.init("top", ["count": String(top.1)])
    } else if let turned = statement.firstMatch(
      of: /\blimit\s+(\d+)\s+offset\s+(\d+)/.ignoresCase())
    {
      self.init("limitOffset", ["limit": String(turned.1), "offset": String(turned.2)])
    } else if let short = statement.firstMatch(of: /\blimit\s+(\d+)\s*,\s*(\d+)/.ignoresCase()) {
      self.init("limitOffset", ["limit": String(short.2), "offset": String(short.1)])
    } else if rest.hasPrefix("`") {
      self.init("backtick")
    } else if rest.lowercased().hasPrefix("ilike") {
      self.init("ilike")
    } else {
      return nil
    }
  }

  /// The statement from the place of the error on.
  private static func rest(of statement: String, _ error: TrinoSQLError) -> Substring {
    guard let line = error.line, let column = error.column else { return "" }
    let lines = statement.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.indices.contains(line - 1), column >= 1 else { return "" }
    return Substring(lines[line - 1].unicodeScalars.dropFirst(column - 1))
  }

  /// Functions of other databases, and how the same is written in Trino.
  private static let functions = [
    "ifnull": "coalesce(x, y)", "nvl": "coalesce(x, y)", "isnull": "x IS NULL",
    "len": "length(x)", "datediff": "date_diff('day', x, y)", "dateadd": "date_add('day', n, x)",
    "getdate": "current_timestamp", "sysdate": "current_timestamp",
    "str_to_date": "date_parse(x, format)", "group_concat": "listagg(x, ',')",
    "string_agg": "listagg(x, ',')", "to_date": "date(x)", "charindex": "strpos(x, y)",
    "instr": "strpos(x, y)", "unix_timestamp": "to_unixtime(x)", "iff": "if(x, y, z)",
    "median": "approx_percentile(x, 0.5)", "collect_list": "array_agg(x)",
    "collect_set": "array_agg(DISTINCT x)", "explode": "CROSS JOIN UNNEST(x)",
    "flatten_array": "flatten(x)", "rlike": "regexp_like(x, pattern)", "left": "substr(x, 1, n)",
    "right": "substr(x, -n)",
  ]
}
