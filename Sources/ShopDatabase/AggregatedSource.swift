internal import Columnar
internal import Connector
internal import GRDB
internal import GRDBSQLite

/// An aggregation that SQLite does, as the table of its rows: the groups, then the aggregates.
///
/// Sums stay with the engine: SQLite's overflow is another error than the engine's.
struct AggregatedSource: TableSource {
  let schema: Schema
  private let forms: [ColumnForm]
  private let sql: String
  private let arguments: [DatabaseValue]
  private let version: PinnedVersion
  private let label: String

  /// Nil where the engine has to aggregate itself.
  init?(_ request: AggregateRequest, of source: ShopTableSource) {
    let layout = source.layout
    let conditions = request.predicates.map { SQLiteCondition($0, layout) }
    guard conditions.allSatisfy({ $0 != nil }) else { return nil }
    let all = layout.forms
    func name(_ column: Int) -> String { TableLayout.quoted(layout.schema[column].name) }
    var fields: [Field] = []
    var forms: [ColumnForm] = []
    var terms: [String] = []
    func add(_ term: String, _ type: DataType, _ form: ColumnForm) {
      fields.append(Field("_\(fields.count)", type))
      forms.append(form)
      terms.append(term)
    }
    let columns = 0..<layout.schema.count
    for group in request.groups {
      guard columns.contains(group) else { return nil }
      add(name(group), layout.schema[group].type, all[group])
    }
    for aggregate in request.aggregates {
      switch aggregate {
      case .countRows: add("count(*)", .bigint, .integer)
      case .count(let column):
        guard columns.contains(column) else { return nil }
        add("count(\(name(column)))", .bigint, .integer)
      case .minimum(let column), .maximum(let column):
        guard columns.contains(column), all[column].isOrdered else { return nil }
        var function = "max"
        if case .minimum = aggregate { function = "min" }
        add("\(function)(\(name(column)))", layout.schema[column].type, all[column])
      case .sum: return nil
      }
    }
    schema = Schema(fields)
    self.forms = forms
    version = source.version
    label = "aggregation of shop.\(ShopDatabase.schemaName).\(layout.name)"
    let rules = conditions.compactMap { $0 }
    arguments = rules.flatMap(\.arguments)
    let groups = request.groups.map(name).joined(separator: ", ")
    sql =
      "SELECT \(terms.joined(separator: ", ")) FROM \(layout.quotedName)"
      + (rules.isEmpty ? "" : " WHERE " + rules.map(\.sql).joined(separator: " AND "))
      + (groups.isEmpty ? "" : " GROUP BY \(groups) ORDER BY \(groups)")
  }

  func splits(for request: ScanRequest) throws -> [any Split] {
    [AggregatedSplit(source: self, columns: request.columns)]
  }

  fileprivate func rows() throws -> ColumnarBatch {
    let builders = schema.fields.map { ColumnBuilder(type: $0.type) }
    let count = try version.read { db in
      let statement = try db.cachedStatement(sql: sql)
      try statement.setArguments(StatementArguments(arguments))
      let handle = statement.sqliteStatement
      defer { sqlite3_reset(handle) }
      var count = 0
      while true {
        let code = sqlite3_step(handle)
        if code == SQLITE_DONE { return count }
        guard code == SQLITE_ROW else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        for (index, builder) in builders.enumerated()
        where !forms[index].append(Int32(index), of: handle, to: builder) {
          throw ShopDatabaseError(
            .badValue, path: version.path, "\(label): a value is no \(schema[index].type)")
        }
        count += 1
      }
    }
    return ColumnarBatch(schema: schema, columns: builders.map { $0.finish() }, rowCount: count)
  }

  private struct AggregatedSplit: Split {
    let source: AggregatedSource
    let columns: [Int]

    var label: String { source.label }

    func open() throws -> any BatchReader {
      let batch = try source.rows()
      return ArrayBatchReader(batch.rowCount == 0 ? [] : [batch.selecting(columns)])
    }
  }
}
