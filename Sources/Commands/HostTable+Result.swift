// What a query gave, as the course's graders read it.

internal import Columnar
internal import Grading
internal import TrinoSQL

extension HostTable {
  /// Numbers and booleans as themselves, everything else as Trino prints it.
  init(_ result: QueryResult) {
    let rows = result.rows().map { row in
      row.indices.map { column -> HostValue in
        switch row[column] {
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .double(let value): .double(value)
        case .integer(let value) where HostTable.isWhole(result.schema[column].type):
          .integer(value)
        default: .text(result.text(row[column], column: column))
        }
      }
    }
    self.init(columns: result.schema.fields.map(\.name), rows: rows)
  }

  /// A decimal is kept as an unscaled number: only its text says what it is.
  private static func isWhole(_ type: DataType) -> Bool {
    switch type {
    case .tinyint, .smallint, .integer, .bigint: true
    default: false
    }
  }
}
