/// A `.slt` file as records: the sqllogictest format, with Trino's error names.
///
/// ```
/// statement ok                      statement error DIVISION_BY_ZERO
/// SELECT 1                          SELECT 1 / 0
///
/// query IT rowsort                  table memory.default.t (id bigint, name varchar)
/// SELECT id, name FROM t            1|a
/// ----                              2|NULL
/// 1|a
/// 2|NULL
/// ```
/// Records are separated by empty lines; `#` begins a comment line. Cells of a row are separated by
/// `|`, NULL is `NULL`, and an empty text is `(empty)`.
package struct SQLLogicTestScript {
  package enum Order: String { case nosort, rowsort, valuesort }

  package enum Body {
    case ok(sql: String)
    case error(name: String, sql: String)
    /// One letter a column: I whole number, R other number, T text and all others, B Boolean.
    case query(types: String, Order, sql: String, expected: [String])
    case table(name: String, columns: String, rows: [String])
    /// `set zone Asia/Seoul`
    case set(String, String)
  }

  package struct Entry {
    package var line: Int
    package var body: Body

    /// The statement; nil for tables and settings.
    package var sql: String? {
      switch body {
      case .ok(let sql), .error(_, let sql), .query(_, _, let sql, _): sql
      case .table, .set: nil
      }
    }
  }

  /// A statement without the values of its literals: records of one shape test one thing.
  package static func shape(of sql: String) -> String {
    var shape = ""
    var isQuoted = false
    var last: Character = " "
    for character in sql {
      defer { last = character }
      if character == "'" {
        if !isQuoted { shape.append("?") }
        isQuoted.toggle()
        continue
      }
      if isQuoted { continue }
      let isInName = last.isLetter || last == "_"
      if character.isNumber, !isInName {
        if !last.isNumber, last != "." { shape.append("?") }
      } else if character.isWhitespace {
        if !last.isWhitespace { shape.append(" ") }
      } else if character != "." || !last.isNumber {
        shape += character.lowercased()
      }
    }
    return shape
  }

  package struct SyntaxError: Error, CustomStringConvertible {
    package var description: String
  }

  package var entries: [Entry] = []

  package init(parsing text: String, file: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var index = 0
    while index < lines.count {
      let line = lines[index]
      if line.isEmpty || line.hasPrefix("#") {
        index += 1
        continue
      }
      let start = index + 1
      var block: [String] = []
      while index < lines.count, !lines[index].isEmpty {
        block.append(lines[index])
        index += 1
      }
      entries.append(Entry(line: start, body: try Self.body(block, "\(file):\(start)")))
    }
  }

  private static func body(_ block: [String], _ place: String) throws -> Body {
    let words = block[0].split(separator: " ").map(String.init)
    let rest = Array(block.dropFirst())
    let sql = rest.joined(separator: "\n")
    switch (words[0], words.count) {
    case ("statement", 2) where words[1] == "ok": return .ok(sql: sql)
    case ("statement", 3) where words[1] == "error": return .error(name: words[2], sql: sql)
    case ("set", 3): return .set(words[1], words[2])
    case ("table", 3...):
      let columns = words.dropFirst(2).joined(separator: " ")
      return .table(name: words[1], columns: String(columns.dropFirst().dropLast()), rows: rest)
    case ("query", 2...3):
      guard let order = Order(rawValue: words.count == 3 ? words[2] : "nosort"),
        let bar = rest.firstIndex(of: "----")
      else { break }
      return .query(
        types: words[1], order, sql: rest[..<bar].joined(separator: "\n"),
        expected: Array(rest[(bar + 1)...]))
    default: break
    }
    throw SyntaxError(description: "\(place): not a record: \(block[0])")
  }
}
