/// Runs `.slt` scripts against a `QueryEngine` with one catalog, `memory`, that statements may
/// change.
import Columnar
import Connector
import FileTables
package import QueryExecution
package import TrinoSQL

/// One failed record, with the place and what differs.
package struct SQLLogicTestFailure: Error, CustomStringConvertible {
  package var place: String
  package var text: String
  package var description: String { "\(place): \(text)" }
}

package struct SQLLogicTestRunner {
  package private(set) var recordCount = 0
  package private(set) var failures: [SQLLogicTestFailure] = []
  private let catalog = MemoryCatalog()
  private let engine: QueryEngine
  private let options: ExecutionOptions
  private let share: (part: Int, of: Int)
  private var queryCount = 0
  private var session: Session

  /// `rulesOff` are optimizer rules to leave out; neither they nor `options` change a result. Of
  /// the queries, every `share.of`th one is run, and all statements.
  package init(
    session: Session,
    rulesOff: Set<String> = [],
    options: ExecutionOptions = ExecutionOptions(),
    share: (part: Int, of: Int) = (0, 1)
  ) {
    self.session = session
    self.share = share
    self.options = options
    engine = QueryEngine(catalogs: [catalog], rulesOff: rulesOff)
  }

  private mutating func execute(_ sql: String) throws -> QueryResult {
    let result = try engine.execute(sql, session: session, options: options)
    for change in result.sessionChanges { session.apply(change) }
    return result
  }

  package mutating func run(_ text: String, file: String) {
    let script: SQLLogicTestScript
    do {
      script = try SQLLogicTestScript(parsing: text, file: file)
    } catch {
      failures.append(SQLLogicTestFailure(place: file, text: "\(error)"))
      return
    }
    for entry in script.entries {
      let place = "\(file):\(entry.line)"
      if let problem = run(entry.body) {
        failures.append(SQLLogicTestFailure(place: place, text: problem))
      }
    }
  }

  /// The script with what its queries give as their results; a query that fails becomes the record of
  /// its error.
  package mutating func completed(_ text: String, file: String) -> String {
    guard let script = try? SQLLogicTestScript(parsing: text, file: file) else { return text }
    var output = "# Oracle: DuckDB.\n\n"
    for entry in script.entries {
      switch entry.body {
      case .query(_, let order, let sql, _):
        do {
          let result = try execute(sql)
          let letters = result.types.map(Self.letter).joined()
          let lines = order == .nosort ? Self.lines(result) : Self.lines(result).sorted()
          output += "query \(letters) \(order.rawValue)\n\(sql)\n----\n"
          output += lines.map { $0 + "\n" }.joined() + "\n"
        } catch {
          let name = (error as? TrinoSQLError)?.name.rawValue ?? "\(error)"
          output += "statement error \(name)\n\(sql)\n\n"
        }
      case .table(let name, let columns, let rows):
        if let problem = makeTable(name, columns, rows) {
          failures.append(SQLLogicTestFailure(place: "\(file):\(entry.line)", text: problem))
        }
        output += "table \(name) (\(columns))\n" + rows.map { $0 + "\n" }.joined() + "\n"
      default: break
      }
    }
    return output
  }

  /// What is wrong with a record; nil where it holds.
  private mutating func run(_ body: SQLLogicTestScript.Body) -> String? {
    switch body {
    case .set(let name, let value):
      guard name == "zone", let zone = SessionZone(parsing: value) else { return "unknown setting" }
      session.timeZone = zone
      return nil
    case .table(let name, let columns, let rows): return makeTable(name, columns, rows)
    case .ok(let sql):
      recordCount += 1
      do {
        _ = try execute(sql)
        return nil
      } catch {
        return "\(sql)\n  failed: \(error)"
      }
    case .error(let name, let sql):
      recordCount += 1
      do {
        let result = try execute(sql)
        return "\(sql)\n  expected \(name), got \(Self.lines(result))"
      } catch let error as TrinoSQLError {
        return error.name.rawValue == name
          ? nil : "\(sql)\n  expected \(name), got \(error.name.rawValue): \(error.message)"
      } catch {
        return "\(sql)\n  expected \(name), got \(error)"
      }
    case .query(let types, let order, let sql, let expected):
      queryCount += 1
      guard (queryCount + share.part) % share.of == 0 else { return nil }
      recordCount += 1
      return query(types, order, sql, expected)
    }
  }

  private mutating func query(
    _ types: String, _ order: SQLLogicTestScript.Order, _ sql: String, _ expected: [String]
  ) -> String? {
    let result: QueryResult
    do {
      result = try execute(sql)
    } catch {
      return "\(sql)\n  failed: \(error)"
    }
    let letters = result.types.map(Self.letter).joined()
    guard letters == types else { return "\(sql)\n  types: expected \(types), got \(letters)" }
    var actual = Self.lines(result)
    var wanted = expected
    switch order {
    case .nosort: break
    case .rowsort:
      actual.sort()
      wanted.sort()
    case .valuesort:
      actual = actual.flatMap { $0.split(separator: "|").map(String.init) }.sorted()
      wanted = wanted.flatMap { $0.split(separator: "|").map(String.init) }.sorted()
    }
    guard !Self.areEqual(actual, wanted, result.types) else { return nil }
    return "\(sql)\n  expected:\n"
      + wanted.map { "    \($0)\n" }.joined() + "  got:\n"
      + actual.map { "    \($0)\n" }.joined()
  }

  /// Texts are equal, and doubles are but for the rounding of a sum in another order.
  private static func areEqual(_ actual: [String], _ wanted: [String], _ types: [TrinoType]) -> Bool
  {
    if actual == wanted { return true }
    guard actual.count == wanted.count else { return false }
    return zip(actual, wanted).allSatisfy { left, right in
      if left == right { return true }
      let cells = left.split(separator: "|", omittingEmptySubsequences: false)
      let others = right.split(separator: "|", omittingEmptySubsequences: false)
      guard cells.count == types.count, others.count == types.count else { return false }
      return types.indices.allSatisfy { index in
        if cells[index] == others[index] { return true }
        guard types[index] == .double, let one = Double(cells[index]),
          let other = Double(others[index])
        else { return false }
        return abs(one - other) <= 1e-13 * max(abs(one), abs(other))
      }
    }
  }

  private static func letter(_ type: TrinoType) -> String {
    switch type {
    case .tinyint, .smallint, .integer, .bigint: "I"
    case .real, .double, .decimal: "R"
    case .boolean: "B"
    default: "T"
    }
  }

  private static func lines(_ result: QueryResult) -> [String] {
    result.rows().map { row in
      row.enumerated().map { index, value in
        let text = result.text(value, column: index)
        return text.isEmpty ? "(empty)" : text
      }.joined(separator: "|")
    }
  }

  // MARK: Tables

  private mutating func makeTable(_ name: String, _ columns: String, _ rows: [String]) -> String? {
    let parts = name.split(separator: ".").map(String.init)
    guard parts.count == 3, parts[0] == "memory" else { return "name a table memory.schema.table" }
    var fields: [Field] = []
    for column in columns.split(separator: ",") {
      let words = column.split(separator: " ", maxSplits: 1).map(String.init)
      guard words.count == 2, let type = Self.type(words[1]) else { return "bad column \(column)" }
      fields.append(Field(words[0], type))
    }
    let schema = Schema(fields)
    var values: [[Scalar]] = []
    for row in rows {
      let cells = row.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard cells.count == fields.count else { return "a row has \(cells.count) cells: \(row)" }
      var scalars: [Scalar] = []
      for (cell, field) in zip(cells, fields) {
        guard let scalar = scalar(cell, field.type) else { return "bad value \(cell)" }
        scalars.append(scalar)
      }
      values.append(scalars)
    }
    // Small batches, so that operators meet batch borders.
    let batches = stride(from: 0, to: values.count, by: 3).map { start in
      ColumnarBatch(schema: schema, rows: Array(values[start..<min(start + 3, values.count)]))
    }
    do {
      if try !catalog.schemaNames().contains(parts[1]) { try catalog.createSchema(parts[1]) }
      let definition = TableDefinition(schema: schema)
      let sink = try catalog.beginCreate(
        schema: parts[1], name: parts[2], definition, isReplacing: true)
      for batch in batches { try sink.write(batch) }
      _ = try sink.commit()
      return nil
    } catch {
      return "\(error)"
    }
  }

  private static func type(_ name: String) -> DataType? {
    switch name {
    case "boolean": return .boolean
    case "tinyint": return .tinyint
    case "smallint": return .smallint
    case "integer": return .integer
    case "real": return .real
    case "bigint": return .bigint
    case "double": return .double
    case "varchar": return .varchar
    case "date": return .date
    case "timestamp": return .timestamp
    case "timestamptz": return .timestampWithTimeZone
    default:
      guard name.hasPrefix("decimal:") else { return nil }
      let digits = name.dropFirst(8).split(separator: ":").compactMap { Int($0) }
      return digits.count == 2 ? .decimal(precision: digits[0], scale: digits[1]) : nil
    }
  }

  /// A cell by casting its text in SQL.
  private func scalar(_ cell: String, _ type: DataType) -> Scalar? {
    if cell == "NULL" { return .null }
    if type == .varchar { return .text(cell == "(empty)" ? "" : cell) }
    let name = type == .timestampWithTimeZone ? "timestamp(6) with time zone" : type.description
    var utc = session
    utc.timeZone = .utc
    let quoted = cell.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
    let result = try? QueryEngine(catalogs: []).execute(
      "SELECT CAST('\(quoted)' AS \(name))", session: utc)
    return result?.rows().first?.first
  }
}
