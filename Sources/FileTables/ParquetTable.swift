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
      var found = Connector.ColumnStatistics()
      let groups = files.flatMap { $0.file.rowGroups.map { $0.statistics[column] } }
      let type = schema[column].type
      if groups.allSatisfy({ $0.min != nil && $0.max != nil }) {
        for group in groups {
          found.minimum = Self.extreme(found.minimum, group.min, type, wantsLess: true)
          found.maximum = Self.extreme(found.maximum, group.max, type, wantsLess: false)
        }
      }
      if groups.allSatisfy({ $0.nullCount != nil }) {
        found.nullCount = groups.reduce(0) { $0 + ($1.nullCount ?? 0) }
      }
      found.distinctCount = Self.distinctCount(found, type, rowCount ?? 0)
      statistics.columns[column] = found
    }
    return statistics
  }

  private static func extreme(
    _ known: Scalar?, _ other: Scalar?, _ type: DataType, wantsLess: Bool
  ) -> Scalar? {
    guard let known else { return other }
    guard let other else { return known }
    let isLess: Bool
    switch (known, other) {
    case (.integer(let a), .integer(let b)): isLess = b < a
    case (.double(let a), .double(let b)): isLess = b < a
    case (.text(let a), .text(let b)): isLess = b.utf8.lexicographicallyPrecedes(a.utf8)
    default: return known
    }
    return isLess == wantsLess ? other : known
  }

  /// At most as many as the range of whole numbers holds; nil where that says nothing.
  private static func distinctCount(
    _ statistics: Connector.ColumnStatistics, _ type: DataType, _ rows: Int
  ) -> Int? {
    guard case .integer(let low)? = statistics.minimum,
      case .integer(let high)? = statistics.maximum
    else { return nil }
    let (width, overflow) = high.subtractingReportingOverflow(low)
    return overflow || width >= Int64(rows) ? nil : Int(width) + 1
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
