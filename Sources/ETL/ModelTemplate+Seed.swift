extension ModelTemplate {
  /// A seed of dbt's, `seeds/NAME.csv`, as the model that makes its table: `ref('NAME')` reads it.
  ///
  /// The first line names the columns. Every value is text, and an empty one is NULL; what reads the
  /// table casts what it needs. The table is `lake.silver.NAME`.
  ///
  /// - Throws: `etl.modelSyntax` with the line that has too few values, or a quote without its end.
  package init(seed text: String, name: String) throws {
    var lines = try Seed(text: text, file: name + ".csv").lines
    guard let header = lines.first, header.values.allSatisfy({ !$0.isEmpty }),
      Set(header.values).count == header.values.count
    else {
      throw Seed.failure("the first line must name the columns, each once", name + ".csv", line: 1)
    }
    lines.removeFirst()
    if let odd = lines.first(where: { $0.values.count != header.values.count }) {
      throw Seed.failure(
        "there are \(odd.values.count) values for \(header.values.count) columns", name + ".csv",
        line: odd.number)
    }
    let names = header.values.map { "\"" + Seed.doubled("\"", in: $0) + "\"" }
    let rows = lines.map { line in
      let values = line.values.map { $0.isEmpty ? "NULL" : "'" + Seed.doubled("'", in: $0) + "'" }
      return "(" + values.joined(separator: ", ") + ")"
    }
    let empty = "(" + names.map { _ in "NULL" }.joined(separator: ", ") + ")"
    let columns = names.map { "CAST(\($0) AS varchar) AS \($0)" }.joined(separator: ", ")
    self.init(
      name: name, config: ["materialized": ["table"], "database": ["lake"], "schema": ["silver"]],
      sql: """
        SELECT \(columns)
        FROM (VALUES \(rows.isEmpty ? empty : rows.joined(separator: ", ")))
          AS seed (\(names.joined(separator: ", ")))
        \(rows.isEmpty ? "WHERE false" : "")
        """)
  }
}

/// The lines of a CSV file: commas between values, and quotes around those that hold one.
private struct Seed {
  struct Line {
    var number: Int
    var values: [String]
  }

  private(set) var lines: [Line] = []

  init(text: String, file: String) throws {
    var values: [String] = []
    var value = ""
    var number = 1
    var start = 1
    var isQuoted = false
    var wasQuoted = false
    var scalars = text.unicodeScalars.makeIterator()
    var next = scalars.next()
    while let scalar = next {
      next = scalars.next()
      if scalar == "\n" { number += 1 }
      switch scalar {
      case "\"" where isQuoted && next == "\"":
        value.unicodeScalars.append(scalar)
        next = scalars.next()
      case "\"" where isQuoted: isQuoted = false
      case "\"" where value.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
      case "," where !isQuoted:
        values.append(value)
        (value, wasQuoted) = ("", false)
      case "\r" where !isQuoted && next == "\n": break
      case "\n" where !isQuoted:
        if !values.isEmpty || !value.isEmpty { lines.append(Line(number: start, values: values + [value])) }
        (values, value, wasQuoted, start) = ([], "", false, number)
      default: value.unicodeScalars.append(scalar)
      }
    }
    if isQuoted { throw Self.failure("a quote is never closed", file, line: start) }
    if !values.isEmpty || !value.isEmpty { lines.append(Line(number: start, values: values + [value])) }
  }

  static func doubled(_ mark: Character, in text: String) -> String {
    String(text.flatMap { $0 == mark ? [$0, $0] : [$0] })
  }

  static func failure(_ message: String, _ file: String, line: Int) -> ETLError {
    ETLError(
      .modelSyntax, "\(file) line \(line): \(message)", place: "\(file) line \(line)",
      advice: "Write one value for each column, with commas between them.")
  }
}
