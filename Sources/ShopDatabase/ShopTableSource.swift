// A scan of one table: pages of rows that SQLite has filtered, as batches.
//
// ```
// SELECT rowid, "order_id", "amount_krw" FROM "orders"
// WHERE rowid > ? AND "status" = ? ORDER BY rowid LIMIT 8192
// ```
// A page begins after the last row of the page before, so nothing is open between two pages. Rows come
// in the order in which the shop wrote them first.

internal import Columnar
package import Connector
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// The database at one moment.
struct PinnedVersion: Sendable {
  let snapshot: DatabaseSnapshot
  let path: String

  init(_ snapshot: DatabaseSnapshot, path: String) {
    self.snapshot = snapshot
    self.path = path
  }

  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do { return try snapshot.read(body) } catch { throw ShopDatabaseError.of(error, path: path) }
  }
}

/// One table at one moment.
struct ShopTableSource: TableSource {
  let layout: TableLayout
  let version: PinnedVersion
  private let known = KnownCount()

  var schema: Schema { layout.schema }

  init(layout: TableLayout, version: PinnedVersion) {
    self.layout = layout
    self.version = version
  }

  /// Counted once a source.
  private final class KnownCount: Sendable {
    let count = Mutex<Int?>(nil)
  }

  var rowCount: Int? {
    known.count.withLock { known in
      if known == nil {
        known = try? version.read {
          try Int.fetchOne($0, sql: "SELECT count(*) FROM \(layout.quotedName)")
        }
      }
      return known
    }
  }

  func statistics() throws -> TableStatistics {
    let rows = rowCount
    var statistics = TableStatistics(rowCount: rows)
    for (index, field) in schema.fields.enumerated() where !field.isNullable {
      statistics.columns[index] = ColumnStatistics(
        nullCount: 0, distinctCount: layout.key == [field.name] ? rows : nil)
    }
    return statistics
  }

  func residuals(of predicates: [ColumnPredicate]) -> [ColumnPredicate] {
    predicates.filter { SQLiteCondition($0, layout) == nil }
  }

  func splits(for request: ScanRequest) throws -> [any Split] {
    [ShopSplit(layout: layout, version: version, request: request)]
  }

  /// Counts and extremes, by groups or over all, where SQLite orders as the engine does.
  func aggregated(_ request: AggregateRequest) throws -> (any TableSource)? {
    AggregatedSource(request, of: self)
  }
}

/// A predicate in SQLite's words, which mean there what they mean to the engine.
struct SQLiteCondition {
  var sql: String
  var arguments: [DatabaseValue] = []

  /// So many values of an IN are handed over; SQLite takes 32,766 in a statement.
  private static let valuesMax = 1_000

  /// Nil where SQLite would answer otherwise, or cannot be asked.
  init?(_ predicate: ColumnPredicate, _ layout: TableLayout) {
    guard layout.schema.fields.indices.contains(predicate.column) else { return nil }
    let form = layout.forms[predicate.column]
    let name = TableLayout.quoted(layout.schema[predicate.column].name)
    func value(_ scalar: Scalar, ordered: Bool) -> DatabaseValue? {
      guard !scalar.isNull, !ordered || form.isOrdered else { return nil }
      return form.stored(scalar)
    }
    let comparison: (operation: String, scalar: Scalar, isOrdered: Bool)
    switch predicate.comparison {
    case .isNull:
      sql = "\(name) IS NULL"
      return
    case .isNotNull:
      sql = "\(name) IS NOT NULL"
      return
    case .isIn(let scalars):
      let values = scalars.filter { !$0.isNull }.map { form.stored($0) }
      guard !values.isEmpty, values.count <= Self.valuesMax, values.allSatisfy({ $0 != nil }) else {
        return nil
      }
      arguments = values.compactMap { $0 }
      sql = "\(name) IN (" + values.map { _ in "?" }.joined(separator: ", ") + ")"
      return
    case .equal(let scalar): comparison = ("=", scalar, false)
    case .notEqual(let scalar): comparison = ("<>", scalar, false)
    case .less(let scalar): comparison = ("<", scalar, true)
    case .lessOrEqual(let scalar): comparison = ("<=", scalar, true)
    case .greater(let scalar): comparison = (">", scalar, true)
    case .greaterOrEqual(let scalar): comparison = (">=", scalar, true)
    }
    guard let stored = value(comparison.scalar, ordered: comparison.isOrdered) else { return nil }
    sql = "\(name) \(comparison.operation) ?"
    arguments = [stored]
  }
}

/// The one piece of a table.
private struct ShopSplit: Split {
  let layout: TableLayout
  let version: PinnedVersion
  let request: ScanRequest

  var label: String { "shop.\(ShopDatabase.schemaName).\(layout.name)" }

  func open() throws -> any BatchReader {
    let conditions = request.predicates.compactMap { SQLiteCondition($0, layout) }
    let schema = Schema(request.columns.map { layout.schema[$0] })
    // A limit counts rows that the engine wants: only where it drops none afterwards.
    let limit = conditions.count == request.predicates.count ? request.limit : nil
    guard !request.columns.isEmpty else {
      return CountReader(layout, version, conditions, limit: limit)
    }
    return PageReader(
      layout: layout, version: version, columns: request.columns, schema: schema,
      conditions: conditions, limit: limit)
  }
}

/// How many rows there are, for a scan without columns.
private final class CountReader: BatchReader {
  private let layout: TableLayout
  private let version: PinnedVersion
  private let conditions: [SQLiteCondition]
  private let limit: Int?
  private var isDone = false

  init(
    _ layout: TableLayout, _ version: PinnedVersion, _ conditions: [SQLiteCondition], limit: Int?
  ) {
    self.layout = layout
    self.version = version
    self.conditions = conditions
    self.limit = limit
  }

  func next() throws -> ColumnarBatch? {
    guard !isDone else { return nil }
    isDone = true
    let rule = conditions.isEmpty ? "" : " WHERE " + conditions.map(\.sql).joined(separator: " AND ")
    let count = try version.read {
      try Int.fetchOne(
        $0, sql: "SELECT count(*) FROM \(layout.quotedName)\(rule)",
        arguments: StatementArguments(conditions.flatMap(\.arguments)))
    }
    let rows = min(count ?? 0, limit ?? .max)
    return rows == 0 ? nil : ColumnarBatch(schema: Schema([]), columns: [], rowCount: rows)
  }
}

/// Reads page after page.
private final class PageReader: BatchReader {
  private static let rowsMax = 8_192

  private let layout: TableLayout
  private let version: PinnedVersion
  private let schema: Schema
  private let forms: [ColumnForm]
  private let sql: String
  private let arguments: [DatabaseValue]
  private var lastRowID = Int64.min
  private var isDone = false
  private var rest: Int

  init(
    layout: TableLayout, version: PinnedVersion, columns: [Int], schema: Schema,
    conditions: [SQLiteCondition], limit: Int?
  ) {
    self.layout = layout
    self.version = version
    self.schema = schema
    let all = layout.forms
    forms = columns.map { all[$0] }
    let names = schema.fields.map { TableLayout.quoted($0.name) }
    sql =
      "SELECT rowid, \(names.joined(separator: ", ")) FROM \(layout.quotedName) WHERE rowid > ?"
      + conditions.map { " AND " + $0.sql }.joined() + " ORDER BY rowid LIMIT ?"
    arguments = conditions.flatMap(\.arguments)
    rest = limit ?? .max
  }

  func next() throws -> ColumnarBatch? {
    guard !isDone, rest > 0 else { return nil }
    let wanted = min(Self.rowsMax, rest)
    let builders = schema.fields.map { ColumnBuilder(type: $0.type, capacity: min(wanted, 1_024)) }
    let count = try version.read { db in
      let statement = try db.cachedStatement(sql: sql)
      try statement.setArguments(
        StatementArguments([lastRowID.databaseValue] + arguments + [wanted.databaseValue]))
      return try fill(builders, from: statement.sqliteStatement, db)
    }
    rest -= count
    isDone = count < wanted
    guard count > 0 else { return nil }
    return ColumnarBatch(schema: schema, columns: builders.map { $0.finish() }, rowCount: count)
  }

  /// Steps through the page; answers its number of rows.
  private func fill(
    _ builders: [ColumnBuilder], from statement: OpaquePointer, _ db: Database
  ) throws -> Int {
    defer { sqlite3_reset(statement) }
    var count = 0
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return count }
      guard code == SQLITE_ROW else {
        throw DatabaseError(
          resultCode: ResultCode(rawValue: code),
          message: db.sqliteConnection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) })
      }
      lastRowID = sqlite3_column_int64(statement, 0)
      for (index, builder) in builders.enumerated()
      where !forms[index].append(Int32(index + 1), of: statement, to: builder) {
        throw ShopDatabaseError(
          .badValue, path: version.path,
          "\(layout.name).\(schema[index].name) of row \(lastRowID) is no \(schema[index].type)")
      }
      count += 1
    }
  }
}
