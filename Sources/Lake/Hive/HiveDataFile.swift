internal import Columnar
internal import ObjectStorage
internal import Parquet

/// A Parquet file that still takes rows and has no name yet.
final class HiveDataFile {
  let writer: any ObjectWriter
  private let parquet: ParquetWriter
  private(set) var rowCount = 0

  init(store: any ObjectStore, schema: Schema, compression: HiveCompression) throws {
    let writer = try store.makeWriter()
    self.writer = writer
    var options = ParquetWriterOptions.tables
    options.compression = compression.parquet
    parquet = try ParquetWriter(schema: schema, options: options) { try writer.write($0) }
  }

  func write(_ batch: ColumnarBatch) throws {
    try parquet.write(batch)
    rowCount += batch.rowCount
  }

  func finish() throws { _ = try parquet.finish() }
}
