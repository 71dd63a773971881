// Parquet files as one table; each row group is a split.

import Columnar
import Connector
import Parquet

/// The rows of some Parquet files, file after file.
struct ParquetTable: TableSource {
  let schema: Schema
  private let files: [(path: String, file: ParquetFile)]

  /// Reads the files' footers. Throws where a file is no Parquet, or has other columns than the first.
  init(paths: [String]) throws {
    var opened: [(String, ParquetFile)] = []
    for path in paths {
      opened.append((path, try ParquetFile(try FileBytes(path: path), name: path)))
    }
    guard let first = opened.first else {
      throw FileTablesError(.notFound, path: "", "no Parquet file was named")
    }
    for (path, file) in opened.dropFirst()
    where file.schema.fields.map({ [$0.name, "\($0.type)"] })
      != first.1.schema.fields.map({ [$0.name, "\($0.type)"] })
    {
      throw FileTablesError(
        .schemasDiffer, path: path, "its columns are not those of \(first.0)")
    }
    files = opened.map { (path: $0.0, file: $0.1) }
    schema = first.1.schema
  }

  var rowCount: Int? { files.reduce(0) { $0 + $1.file.rowCount } }

  func splits(for request: ScanRequest) throws -> [any Split] {
    var splits: [any Split] = []
    for (path, file) in files {
      for group in file.rowGroups.indices where !file.excludes(rowGroup: group, request.predicates)
      {
        splits.append(
          RowGroupSplit(
            label: "\(path) row group \(group + 1)", file: file, columns: request.columns,
            group: group))
      }
    }
    return splits
  }

  func statistics() throws -> TableStatistics {
    var statistics = TableStatistics(rowCount: rowCount)
    for column in schema.fields.indices {
      statistics.columns[column] = Connector.ColumnStatistics(
        pieces: files.flatMap { _, file in
          file.rowGroups.map { group in
            let known = group.statistics[column]
            return ColumnPiece(
              rowCount: group.rowCount, minimum: known.min, maximum: known.max,
              nullCount: known.nullCount)
          }
        })
    }
    return statistics
  }
}

/// One row group of one file.
private struct RowGroupSplit: Split {
  let label: String
  let file: ParquetFile
  let columns: [Int]
  let group: Int

  var rowCount: Int? { file.rowGroups[group].rowCount }

  func open() throws -> any BatchReader {
    try file.reader(columns: columns, rowGroups: [group])
  }
}
