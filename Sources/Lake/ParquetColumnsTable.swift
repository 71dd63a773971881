internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Parquet

extension Lake {
  /// `system.lake.parquet_columns`: what footers say of columns, as `parquet meta` shows it.
  ///
  /// A row is a column of a file. Files that are no Parquet have no rows.
  func parquetColumnsTable() -> ComputedTable {
    let schema = Schema([
      Field("key", .varchar, isNullable: false),
      Field("column_name", .varchar, isNullable: false),
      Field("codec", .varchar, isNullable: false),
      Field("row_groups", .bigint, isNullable: false),
      Field("value_count", .bigint, isNullable: false),
      Field("compressed_bytes", .bigint, isNullable: false),
      Field("uncompressed_bytes", .bigint, isNullable: false),
    ])
    return ComputedTable(label: "system.lake.parquet_columns", schema: schema) { _ in
      let files = try self.store.list(prefix: "").filter { $0.key.hasSuffix(".parquet") }
      let rows = try files.flatMap { file in try self.parquetColumns(of: file.key) }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  private func parquetColumns(of key: String) throws -> [[Scalar]] {
    let file: ParquetFile
    do {
      file = try ParquetFile(StoredParquet(reader: store.open(key)), name: key)
    } catch let error as ParquetError
      where [.notParquet, .truncated, .corrupt].contains(error.kind)
    {
      return []
    } catch let error as ObjectStorageError where error.kind == .notFound {
      // Removed since the list was read.
      return []
    }
    var columns: [ColumnFacts] = []
    for group in file.rowGroups.indices {
      for (index, chunk) in file.columnChunks(rowGroup: group).enumerated() {
        if index == columns.count { columns.append(ColumnFacts(name: chunk.path)) }
        columns[index].add(chunk)
      }
    }
    return columns.map { column in
      [
        .text(key), .text(column.name), .text(column.codecs.joined(separator: ",")),
        .integer(Int64(file.rowGroups.count)), .integer(Int64(column.valueCount)),
        .integer(Int64(column.compressed)), .integer(Int64(column.uncompressed)),
      ]
    }
  }
}

/// The chunks of one column of a file.
private struct ColumnFacts {
  let name: String
  var codecs: [String] = []
  var valueCount = 0
  var compressed = 0
  var uncompressed = 0

  mutating func add(_ chunk: ParquetColumnChunk) {
    if !codecs.contains(chunk.codec) { codecs.append(chunk.codec) }
    valueCount &+= chunk.valueCount
    compressed &+= chunk.compressedByteCount
    uncompressed &+= chunk.uncompressedByteCount
  }
}
