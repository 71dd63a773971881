// Row group after row group, batch after batch.

import Columnar
import Connector

/// Reads chosen columns of chosen row groups; belongs to one thread.
final class ParquetReader: BatchReader {
  private let file: ParquetFile
  private let columns: [Int]
  private let schema: Schema
  private var rowGroups: ArraySlice<Int>
  private var chunks: [ColumnChunkReader] = []
  private var rowsLeft = 0

  /// Small enough that a batch of a few columns stays in the processor's cache.
  private static let batchRowCount = 16_384

  init(file: ParquetFile, columns: [Int], rowGroups: [Int]) {
    self.file = file
    self.columns = columns
    self.rowGroups = rowGroups[...]
    schema = file.schema.selecting(columns)
  }

  func next() throws -> ColumnarBatch? {
    while rowsLeft == 0 {
      guard let group = rowGroups.popFirst() else { return nil }
      try open(group)
    }
    let count = min(rowsLeft, Self.batchRowCount)
    var vectors: [ColumnVector] = []
    vectors.reserveCapacity(chunks.count)
    for chunk in chunks { vectors.append(try chunk.read(count)) }
    rowsLeft -= count
    if rowsLeft == 0 { chunks = [] }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: count)
  }

  private func open(_ group: Int) throws {
    let metadata = file.metadata.rowGroups[group]
    chunks = try columns.map { position in
      let column = file.fileSchema.columns[position]
      let chunk = metadata.columns[column.leaf]
      guard let range = chunk.byteRange else {
        throw ParquetError(.corrupt, fileName: file.name, "a column does not lie in the file")
      }
      let bytes = try file.bytes.read(range)
      return ColumnChunkReader(
        column: column,
        codec: try file.codec(rowGroup: group, column: column),
        bytes: bytes,
        place: FilePlace(fileName: file.name, base: range.lowerBound),
        rowCountMax: min(metadata.rowCount, Self.batchRowCount)
      )
    }
    rowsLeft = metadata.rowCount
  }
}
