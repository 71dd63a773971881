// Worlds of rows alone: the rows that separate a right query from a wrong one.
//
// 1. `TypedRows` makes typed columns of the values that authors write, by the engine's own CAST.
// 2. `TablesWorld` puts them under the names by which answers call them; nothing else is there.

internal import Columnar
internal import Connector
internal import FileTables
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// Rows of a `GradingTable` as a table of the engine.
enum TypedRows {
  static let rowsMax = 100_000
  static let columnsMax = 200

  /// - Throws: `grading.table` where a value cannot be cast to its column's type, with the column.
  static func source(_ table: GradingTable) throws -> any TableSource {
    let catalog = MemoryCatalog(name: "typed")
    try fill(catalog, schema: "default", name: "rows", table)
    guard let source = try catalog.table(schema: "default", name: "rows") else {
      throw GradingWorldError("table", "\(table.name) could not be made")
    }
    return source
  }

  /// Makes a table of the rows; the schema must be there.
  static func fill(
    _ catalog: MemoryCatalog, schema: String, name: String, _ table: GradingTable
  ) throws {
    try check(table)
    let raw = MemoryCatalog(name: "raw")
    let kinds = table.columns.indices.map { kind(of: $0, table) }
    let fields = kinds.enumerated().map { Field("c\($0.offset)", $0.element) }
    let sink = try raw.beginCreate(
      schema: "default", name: "rows", TableDefinition(schema: Schema(fields)), isReplacing: false)
    try sink.write(
      ColumnarBatch(
        schema: Schema(fields),
        rows: table.rows.map { row in
          row.indices.map { scalar(row[$0], kinds[$0], table.columns[$0].type) }
        }))
    _ = try sink.commit()
    let columns = table.columns.enumerated().map { index, column in
      cast("c\(index)", kinds[index], to: column.type) + " AS " + quoted(column.name)
    }
    let engine = QueryEngine(catalogs: [raw, catalog])
    do {
      _ = try engine.execute(
        """
        CREATE TABLE \(quoted(catalog.name)).\(quoted(schema)).\(quoted(name)) AS
        SELECT \(columns.joined(separator: ", ")) FROM raw.default.rows
        """, session: Session())
    } catch {
      throw GradingWorldError(
        "table", "\(table.name): \(culprit(table, kinds, engine) ?? String(describing: error))",
        advice: "A value is cast to its column's type as CAST would do it.")
    }
  }

  private static func check(_ table: GradingTable) throws {
    guard !table.columns.isEmpty, table.columns.count <= columnsMax else {
      throw GradingWorldError("table", "\(table.name) needs 1 to \(columnsMax) columns")
    }
    guard table.rows.count <= rowsMax else {
      throw GradingWorldError("table", "\(table.name) has more than \(rowsMax) rows")
    }
    if let index = table.rows.firstIndex(where: { $0.count != table.columns.count }) {
      throw GradingWorldError(
        "table",
        "row \(index + 1) of \(table.name) has \(table.rows[index].count) values, not "
          + "\(table.columns.count)")
    }
    // The type stands in a statement: only what a type may consist of.
    let letters = { (c: Character) in c.isASCII && (c.isLetter || c.isNumber || "_(), \"".contains(c)) }
    if let column = table.columns.first(where: {
      $0.type.isEmpty || $0.type.count > 200 || !$0.type.allSatisfy(letters)
    }) {
      throw GradingWorldError("table", "\"\(column.type)\" of \(column.name) is no type")
    }
  }

  /// The narrowest type that holds the values of a column as they are written.
  private static func kind(of column: Int, _ table: GradingTable) -> DataType {
    var kinds: Set<DataType> = []
    for row in table.rows {
      switch row[column] {
      case .null: continue
      case .integer: kinds.insert(.bigint)
      case .double: kinds.insert(.double)
      case .boolean: kinds.insert(.boolean)
      case .text: kinds.insert(.varchar)
      }
    }
    if kinds == [.bigint, .double] { return .double }
    return kinds.count == 1 ? kinds.first ?? .varchar : .varchar
  }

  private static func scalar(_ value: HostValue, _ kind: DataType, _ type: String) -> Scalar {
    switch (value, kind) {
    case (.null, _): .null
    case (.integer(let number), .bigint): .integer(number)
    case (.integer(let number), .double): .double(Double(number))
    case (.integer(let number), _): .text(String(number))
    case (.double(let number), .double): .double(number)
    case (.double(let number), _): .text(String(number))
    case (.boolean(let flag), .boolean): .boolean(flag)
    case (.boolean(let flag), _): .text(flag ? "true" : "false")
    case (.text(let text), _): .text(isMoment(type) ? moment(text, type) : text)
    }
  }

  private static func isMoment(_ type: String) -> Bool {
    type.lowercased().hasPrefix("timestamp")
  }

  /// A moment as CAST reads it. One with a zone is written in UTC, in which tables of the pipeline show
  /// theirs; what is no moment is left to the CAST to refuse.
  private static func moment(_ text: String, _ type: String) -> String {
    guard type.lowercased().hasSuffix("with time zone") else {
      var characters = Array(text)
      if characters.count > 10, characters[10] == "T" { characters[10] = " " }
      return String(characters)
    }
    var plain = text
    for (name, offset) in [(" Asia/Seoul", "+09:00"), (" UTC", "Z"), (" +", "+"), (" -", "-")] {
      if let range = plain.range(of: name) { plain.replaceSubrange(range, with: offset) }
    }
    if plain.count == 16 || plain.dropFirst(16).first.map({ $0 != ":" }) == true {
      plain.insert(contentsOf: ":00", at: plain.index(plain.startIndex, offsetBy: 16))
    }
    guard let micros = StoryTime.microseconds(iso8601: plain, assumesUTC: true) else { return text }
    return TrinoType.timestampWithTimeZone(precision: 6, .utc).text(.integer(micros))
  }

  private static func cast(_ column: String, _ kind: DataType, to type: String) -> String {
    let lower = type.lowercased()
    let isText = kind == .varchar
    if isText, lower == "json" { return "json_parse(\(column))" }
    if isText, ["array", "map", "row"].contains(where: { lower.hasPrefix($0) }) {
      return "CAST(json_parse(\(column)) AS \(type))"
    }
    return "CAST(\(column) AS \(type))"
  }

  /// The first column whose cast fails alone, with the engine's reason.
  private static func culprit(
    _ table: GradingTable, _ kinds: [DataType], _ engine: QueryEngine
  ) -> String? {
    for (index, column) in table.columns.enumerated() {
      do {
        _ = try engine.execute(
          "SELECT \(cast("c\(index)", kinds[index], to: column.type)) FROM raw.default.rows",
          session: Session())
      } catch {
        return "column \(column.name), \(column.type): \(error)"
      }
    }
    return nil
  }

  private static func quoted(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }
}

/// A world that holds given tables and nothing else.
final class TablesWorld: GradingWorld {
  private let shell: Shell
  private let catalogs: [any CatalogProvider]
  private var answers: [String: any TableSource]
  private var isClosed = false

  /// The layers whose catalog a name of two parts leaves out.
  private static let catalogsBySchema = [
    "bronze": "lake", "silver": "lake", "gold": "lake", "mart": "warehouse",
  ]

  init(_ tables: [GradingTable], shell: Shell) throws {
    self.shell = shell
    answers = [:]
    var made: [String: MemoryCatalog] = [:]
    func add(_ table: GradingTable, _ catalog: String, _ schema: String, _ name: String) throws {
      let memory = made[catalog] ?? MemoryCatalog(name: catalog)
      made[catalog] = memory
      if try !memory.schemaNames().contains(schema) { try memory.createSchema(schema) }
      try TypedRows.fill(memory, schema: schema, name: name, table)
    }
    for table in tables {
      let parts = table.name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        .map(String.init)
      guard (1...3).contains(parts.count), !parts.contains("") else {
        throw GradingWorldError("table", "\"\(table.name)\" is no table's name")
      }
      switch parts.count {
      case 3: try add(table, parts[0], parts[1], parts[2])
      case 2:
        try add(table, GradingNames.catalog, parts[0], parts[1])
        if let catalog = Self.catalogsBySchema[parts[0]] {
          try add(table, catalog, parts[0], parts[1])
        }
      default: try add(table, GradingNames.catalog, GradingNames.schema, parts[0])
      }
    }
    if made[GradingNames.catalog] == nil {
      made[GradingNames.catalog] = MemoryCatalog(name: GradingNames.catalog)
    }
    catalogs = made.values.sorted { $0.name < $1.name }
  }

  private init(copying other: TablesWorld) {
    shell = other.shell
    catalogs = other.catalogs
    answers = other.answers
  }

  var language: CourseLanguage { shell.courseLanguage }
  func text(_ key: String, _ values: [String: String]) -> String { shell.text(key, values) }

  /// Queries only: a world of rows does not change.
  func query(_ sql: String) throws -> HostTable {
    guard !isClosed else { throw GradingWorldError("closed", "the world was closed") }
    guard !StatementEffect.changesData(sql) else {
      throw GradingWorldError("readOnly", "a world of rows cannot be changed")
    }
    let tables = answers
    // `answer` is a schema of the catalog in which names of two parts are looked up.
    let own = AnswersBeside(
      base: catalogs.first { $0.name == GradingNames.catalog }, answers: tables)
    let engine = QueryEngine(
      catalogs: catalogs.filter { $0.name != GradingNames.catalog } + [own])
    var session = Session(
      catalog: GradingNames.catalog, schema: GradingNames.schema,
      timeZone: shell.options.sessionZone, memoryBytesMax: 512 << 20)
    session.now = { StoryTime.courseStart.milliseconds }
    return HostTable(try engine.execute(sql, session: session))
  }

  func run(_ line: String) throws -> HostReply { throw noPrompt }

  var description: WorldDescription {
    let day = StoryTime.courseStart.date(offsetSeconds: TimeZones.seoul).adding(days: -1)
    return WorldDescription(seed: 0, day: day.description, origin: "tables")
  }

  func apply(_ changes: LearnerChanges, rebinding: [String: String]) throws -> [HostReply] {
    guard changes.isEmpty else { throw noPrompt }
    return []
  }

  func fork() throws -> any GradingWorld { TablesWorld(copying: self) }

  func setAnswer(_ name: String, _ table: GradingTable) throws {
    answers[name.lowercased()] = try TypedRows.source(table)
  }

  func close() { isClosed = true }

  private var noPrompt: GradingWorldError {
    GradingWorldError("noPrompt", "a world of rows alone has no prompt and no pipeline")
  }
}

/// A catalog with one schema more, `answer`.
private struct AnswersBeside: CatalogProvider {
  let base: (any CatalogProvider)?
  let answers: [String: any TableSource]

  var name: String { GradingNames.catalog }

  func schemaNames() throws -> [String] {
    Set(try base?.schemaNames() ?? []).union(answers.isEmpty ? [] : ["answer"]).sorted()
  }

  func tableNames(schema: String) throws -> [String] {
    let own = schema == "answer" ? Array(answers.keys) : []
    return Set(try base?.tableNames(schema: schema) ?? []).union(own).sorted()
  }

  func table(schema: String, name: String) throws -> (any TableSource)? {
    if schema == "answer", let answer = answers[name] { return answer }
    return try base?.table(schema: schema, name: name)
  }

  func table(
    schema: String, name: String, at moment: TableMoment
  ) throws -> (any TableSource)? {
    try base?.table(schema: schema, name: name, at: moment)
  }
}
