internal import Columnar
internal import EventModel
internal import Foundation
internal import Platform
internal import QueryExecution
internal import Terminal
internal import TrinoSQL

extension Shell {
  /// Runs SQL statements and shows the last one's rows.
  func runSQL(_ text: String) throws -> Reply {
    let vertical = StatementShape.vertical(text)
    let text = vertical ?? text
    let format = vertical == nil ? resultFormat : .vertical
    let split = StatementSplitter.split(text)
    guard split.rest == nil, !split.statements.isEmpty else {
      throw CommandError(.sqlWithoutSemicolon)
    }
    var reply = Reply()
    for statement in split.statements {
      let next = try table(of: statement.text, showsTiming: true, isOwn: false, format: format)
      reply.blocks += next.blocks
      reply.data = next.data
      rememberQuery(statement.text)
    }
    return reply
  }

  /// The session of what is typed: as USE, SET SESSION, SET TIME ZONE and PREPARE have left it.
  ///
  /// Commands ask in a session of their own, which nothing that was typed can change.
  func sqlSession() throws -> Session {
    var session = try platform().session()
    for change in statements.changes { session.apply(change) }
    return session
  }

  /// Runs one query and shows its rows as a table.
  ///
  /// `isOwn` marks a query of a command: its columns are named as the field's tools name them.
  func table(
    of sql: String,
    showsTiming: Bool = false,
    isOwn: Bool = true,
    format: ResultFormat = .auto
  ) throws -> Reply {
    let platform = try platform()
    let watch = InterruptWatch()
    defer { watch.stop() }
    let started = DispatchTime.now().uptimeNanoseconds
    let result = try platform.engine.execute(
      sql,
      session: isOwn ? platform.session() : sqlSession(),
      cancellation: watch.cancellation
    )
    if !isOwn { statements.changes += result.sessionChanges }
    let elapsed = Int64((DispatchTime.now().uptimeNanoseconds - started) / 1_000_000)
    let rows = result.rows()
    let data = JSONValue.record([
      "columns": .array(
        result.schema.fields.map {
          .record(["name": .string($0.name), "type": .string($0.type.description)])
        }
      ),
      "rows": .array(
        rows.map { row in
          .array(row.indices.map { Shell.json(row[$0], column: $0, of: result) })
        }
      ),
    ])
    switch format {
    case .csv: return Reply([.verbatim(ResultFormat.csv(result))], data: data)
    case .markdown: return Reply([.verbatim(ResultFormat.markdown(result))], data: data)
    case .auto, .aligned, .vertical: break
    }
    if let updateType = result.updateType {
      return Reply([.text(updated(updateType, result.updateCount, elapsed))], data: data)
    }
    let shown = rows.prefix(Shell.rowsShownMax)
    let table = TableView(
      columns: result.schema.fields.map {
        TableColumn(
          isOwn ? $0.name.uppercased().replacing("_", with: "-") : $0.name,
          Shell.isNumber($0.type) ? .right : .left)
      },
      rows: shown.map { row in row.indices.map { result.text(row[$0], column: $0) } }
    )
    var blocks: [Reply.Block] =
      switch format {
      case .vertical: [.drawing(RecordView(columns: table.columns, rows: table.rows))]
      case .aligned: [.table(table)]
      default: [fitted(table)]
      }
    if rows.count > shown.count {
      blocks.append(
        .text(
          self.text(
            "sql.more",
            [
              "shown": NumberText.grouped(shown.count), "rows": NumberText.grouped(rows.count),
              "time": NumberText.milliseconds(elapsed),
            ]
          )
        )
      )
    } else if showsTiming {
      blocks.append(
        .text(
          self.text(
            "sql.rows",
            ["rows": NumberText.grouped(rows.count), "time": NumberText.milliseconds(elapsed)]
          )
        )
      )
    }
    return Reply(blocks, data: data)
  }

  /// `INSERT: 2 rows`, `CREATE TABLE`: all that a statement without an answer has to say.
  private func updated(_ updateType: String, _ rowCount: Int?, _ elapsed: Int64) -> String {
    var values = ["statement": updateType, "time": NumberText.milliseconds(elapsed)]
    guard let rowCount else { return text("sql.done", values) }
    values["rows"] = NumberText.grouped(rowCount)
    return text("sql.changed", values)
  }

  /// A few wide rows are written one below the other: a key that is cut cannot be copied.
  func fitted(_ table: TableView) -> Reply.Block {
    guard let width = output.tableWidth, table.rows.count <= Shell.recordsMax,
      let widest = table.lines(width: nil).map({ TextWidth.columns($0) }).max(), widest > width
    else { return .table(table) }
    return .drawing(RecordView(columns: table.columns, rows: table.rows))
  }

  static let rowsShownMax = 200
  private static let recordsMax = 5

  static func isNumber(_ type: DataType) -> Bool {
    switch type {
    case .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal: true
    default: false
    }
  }

  /// JSON as Trino's own protocol has it: numbers and booleans as themselves, the rest as text.
  private static func json(
    _ scalar: Scalar,
    column: Int,
    of result: QueryResult
  ) -> JSONValue {
    switch (scalar, result.schema[column].type) {
    case (.null, _): .null
    case (.boolean(let value), _): .bool(value)
    case (.integer(let value), .tinyint), (.integer(let value), .smallint),
      (.integer(let value), .integer), (.integer(let value), .bigint): .integer(value)
    case (.double(let value), _) where value.isFinite: .double(value)
    default: .string(result.text(scalar, column: column))
    }
  }
}

/// Cancels a query when Ctrl-C is pressed while it runs.
final class InterruptWatch {
  let cancellation = Cancellation()
  private let timer: any DispatchSourceTimer

  init() {
    let cancellation = cancellation
    timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + .milliseconds(20), repeating: .milliseconds(20))
    timer.setEventHandler { if Interrupt.isRequested { cancellation.cancel() } }
    timer.resume()
  }

  func stop() { timer.cancel() }
}
