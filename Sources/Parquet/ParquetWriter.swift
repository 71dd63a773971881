// Writing, step by step:
//
// 1. `write` cuts batches at row group ends and hands each column to its `ColumnChunkWriter`, which
//    keeps compressed pages in memory.
// 2. A full row group is flushed: column after column, the dictionary page first.
// 3. `finish` flushes the rest and writes the footer.
//
// Memory is about one compressed row group; nothing is read back, so any output will do.

public import Columnar

/// How pages are compressed.
public enum ParquetCompression: Sendable {
  case uncompressed, snappy, zstd, gzip

  /// The number of the codec in the format.
  var codec: Int32 {
    switch self {
    case .uncompressed: PageCodec.uncompressed.rawValue
    case .snappy: PageCodec.snappy.rawValue
    case .gzip: PageCodec.gzip.rawValue
    case .zstd: PageCodec.zstd.rawValue
    }
  }
}

/// How a file is written: compression, rows a row group (at least 1), and the footer's key-values.
public struct ParquetWriterOptions: Sendable {
  public var compression: ParquetCompression
  public var rowGroupRowCountMax: Int
  /// Goes into the footer as it is.
  public var keyValueMetadata: [(String, String)]

  public init(
    compression: ParquetCompression = .zstd,
    rowGroupRowCountMax: Int = 128 * 1_024,
    keyValueMetadata: [(String, String)] = []
  ) {
    self.compression = compression
    self.rowGroupRowCountMax = rowGroupRowCountMax
    self.keyValueMetadata = keyValueMetadata
  }
}

/// What was written.
public struct ParquetSummary: Sendable {
  public var rowCount: Int
  public var byteCount: Int
  /// By field, over the whole file.
  public var columns: [ColumnStatistics]
}

/// Streams batches into a Parquet file; not thread-safe.
///
/// After an error the output holds a part of a file, to be thrown away.
public final class ParquetWriter {
  private let schema: Schema
  private let options: ParquetWriterOptions
  private let output: (UnsafeRawBufferPointer) throws -> Void
  private let columns: [ColumnChunkWriter]
  private var position = 0
  private var rowsInGroup = 0
  private var rowCount = 0
  private var groups: [WrittenRowGroup] = []
  private var bounds: [ColumnBounds]
  private var isFinished = false

  /// Begins a file; `output` gets its bytes in order and may throw to stop.
  ///
  /// - Throws: `parquet.unsupported` for a column of unknown type; what `output` throws.
  public init(
    schema: Schema,
    options: ParquetWriterOptions = ParquetWriterOptions(),
    output: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    precondition(options.rowGroupRowCountMax > 0, "a row group has rows")
    for field in schema.fields {
      if field.type == .unknown {
        throw ParquetError(
          .unsupported,
          fileName: "output",
          "column \(field.name) has no type to write"
        )
      }
    }
    let compressor = try PageCompressor(options.compression)
    self.schema = schema
    self.options = options
    self.output = output
    columns = schema.fields.map { ColumnChunkWriter(field: $0, compressor: compressor) }
    bounds = schema.fields.map { _ in ColumnBounds() }
    try emit(Self.magic)
  }

  /// Adds rows; the batch's columns must have the types of the schema, by position.
  ///
  /// - Throws: `parquet.unsupported` for a NULL in a required column or a value over 1 GiB; what
  ///   `output` throws.
  public func write(_ batch: ColumnarBatch) throws {
    precondition(!isFinished, "the file is finished")
    precondition(
      batch.schema.fields.map(\.type) == schema.fields.map(\.type),
      "the batch is of other types"
    )
    var start = 0
    while start < batch.rowCount {
      let end = min(batch.rowCount, start + options.rowGroupRowCountMax - rowsInGroup)
      for (column, vector) in zip(columns, batch.columns) {
        try column.append(vector, start..<end)
      }
      rowsInGroup += end - start
      start = end
      if rowsInGroup == options.rowGroupRowCountMax { try flushRowGroup() }
    }
  }

  /// Writes what is left and the footer.
  public func finish() throws -> ParquetSummary {
    precondition(!isFinished, "the file is finished")
    isFinished = true
    if rowsInGroup > 0 { try flushRowGroup() }
    var footer = footerBytes()
    let size = UInt32(footer.count)
    for index in 0..<4 { footer.append(UInt8(truncatingIfNeeded: size >> UInt32(8 * index))) }
    try emit(footer + Self.magic)
    return ParquetSummary(
      rowCount: rowCount,
      byteCount: position,
      columns: zip(bounds, schema.fields).map { $0.statistics(type: $1.type) }
    )
  }

  private static let magic = Array("PAR1".utf8)

  private func emit(_ bytes: [UInt8]) throws {
    if bytes.isEmpty { return }
    try bytes.withUnsafeBytes { try output($0) }
    position += bytes.count
  }

  private func flushRowGroup() throws {
    var group = WrittenRowGroup(rowCount: rowsInGroup, position: position, chunks: [])
    for (index, column) in columns.enumerated() {
      let chunk = try column.finish()
      bounds[index].merge(chunk.bounds)
      let start = position
      try emit(chunk.dictionaryPage)
      let dataStart = position
      try emit(chunk.pages)
      group.chunks.append(
        WrittenChunk(
          field: column.field,
          plainWidth: column.plainWidth,
          dictionaryPageOffset: chunk.dictionaryPage.isEmpty ? nil : start,
          dataPageOffset: dataStart,
          compressedByteCount: position - start,
          chunk: chunk
        )
      )
      group.chunks[index].chunk.dictionaryPage = []
      group.chunks[index].chunk.pages = []
    }
    groups.append(group)
    rowCount += rowsInGroup
    rowsInGroup = 0
  }

  // MARK: - The footer

  private func footerBytes() -> [UInt8] {
    var footer = ThriftWriter()
    footer.structure { footer in
      footer.field(1, 1)
      footer.list(2, [nil] + schema.fields.map(Optional.some)) { element, field in
        if let field {
          Self.writeElement(&element, field)
        } else {
          element.field(4, "schema")
          element.field(5, Int32(schema.count))
        }
      }
      footer.field(3, int64: Int64(rowCount))
      footer.list(4, Array(groups.enumerated())) { writer, group in
        group.element.write(
          to: &writer,
          ordinal: group.offset,
          codec: options.compression.codec
        )
      }
      if !options.keyValueMetadata.isEmpty {
        footer.list(5, options.keyValueMetadata) { writer, pair in
          writer.field(1, pair.0)
          writer.field(2, pair.1)
        }
      }
      footer.field(6, "tapline version 0.1.0 (build 0)")
      footer.list(7, schema.fields) { order, _ in order.field(1) { _ in } }
    }
    return footer.bytes
  }

  /// One leaf, annotated in the new and the old way.
  private static func writeElement(_ element: inout ThriftWriter, _ field: Field) {
    element.field(1, field.type.physicalType.rawValue)
    element.field(3, field.isNullable ? 1 : 0)
    element.field(4, field.name)
    switch field.type {
    case .varchar:
      element.field(6, 0)
      element.field(10) { logical in logical.field(1) { _ in } }
    case .decimal(let precision, let scale):
      element.field(6, 5)
      element.field(7, Int32(scale))
      element.field(8, Int32(precision))
      element.field(10) { logical in
        logical.field(5) { decimal in
          decimal.field(1, Int32(scale))
          decimal.field(2, Int32(precision))
        }
      }
    case .date:
      element.field(6, 6)
      element.field(10) { logical in logical.field(6) { _ in } }
    case .timestamp, .timestampWithTimeZone:
      // The old annotation means an instant, so a wall clock goes without it.
      let isAdjusted = field.type == .timestampWithTimeZone
      if isAdjusted { element.field(6, 10) }
      element.field(10) { logical in
        logical.field(8) { timestamp in
          timestamp.field(1, isAdjusted)
          timestamp.field(2) { unit in unit.field(2) { _ in } }
        }
      }
    default: break
    }
  }
}

extension DataType {
  /// How a column of this type is written.
  var physicalType: PhysicalType {
    switch self {
    case .boolean, .unknown: .boolean
    case .integer, .date: .int32
    case .bigint, .timestamp, .timestampWithTimeZone: .int64
    case .decimal(let precision, _): precision <= 9 ? .int32 : .int64
    case .double: .double
    case .varchar, .varbinary: .byteArray
    default: preconditionFailure("the writer has no form for \(self)")
    }
  }
}

private struct WrittenChunk {
  var field: Field
  var plainWidth: Int
  var dictionaryPageOffset: Int?
  var dataPageOffset: Int
  var compressedByteCount: Int
  /// Without its bytes.
  var chunk: FinishedChunk
}

private struct WrittenRowGroup {
  var rowCount: Int
  var position: Int
  var chunks: [WrittenChunk]

  func write(to writer: inout ThriftWriter, ordinal: Int, codec: Int32) {
    writer.list(1, chunks) { writer, chunk in
      writer.field(2, int64: Int64(0))
      writer.field(3) { chunk.write(to: &$0, codec: codec) }
    }
    writer.field(2, int64: Int64(chunks.reduce(0) { $0 + $1.chunk.uncompressedByteCount }))
    writer.field(3, int64: Int64(rowCount))
    writer.field(5, int64: Int64(position))
    writer.field(6, int64: Int64(chunks.reduce(0) { $0 + $1.compressedByteCount }))
    if let ordinal = Int16(exactly: ordinal) { writer.field(7, int16: ordinal) }
  }
}

extension WrittenChunk {
  fileprivate func write(to writer: inout ThriftWriter, codec: Int32) {
    let hasCodes = chunk.dictionaryPageCount > 0
    var encodings: [Int32] = [Encoding.plain.rawValue, Encoding.rle.rawValue]
    if hasCodes { encodings.append(Encoding.rleDictionary.rawValue) }
    writer.field(1, field.type.physicalType.rawValue)
    writer.list(2, encodings)
    writer.list(3, [field.name])
    writer.field(4, codec)
    writer.field(5, int64: Int64(chunk.valueCount))
    writer.field(6, int64: Int64(chunk.uncompressedByteCount))
    writer.field(7, int64: Int64(compressedByteCount))
    writer.field(9, int64: Int64(dataPageOffset))
    if let dictionaryPageOffset { writer.field(11, int64: Int64(dictionaryPageOffset)) }
    let width = field.type == .boolean ? 1 : plainWidth
    chunk.bounds.raw(type: field.type, width: width).write(to: &writer)
    // Page kind, encoding, number of pages: readers see from it whether all pages hold codes.
    var stats: [(kind: Int32, encoding: Int32, count: Int32)] = []
    if hasCodes {
      stats.append((2, Encoding.plain.rawValue, 1))
      stats.append((0, Encoding.rleDictionary.rawValue, chunk.dictionaryPageCount))
    }
    if chunk.plainPageCount > 0 { stats.append((0, Encoding.plain.rawValue, chunk.plainPageCount)) }
    writer.list(13, stats) { writer, entry in
      writer.field(1, entry.kind)
      writer.field(2, entry.encoding)
      writer.field(3, entry.count)
    }
  }
}

extension RawStatistics {
  fileprivate func write(to writer: inout ThriftWriter) {
    writer.field(12) { writer in
      if let nullCount { writer.field(3, int64: Int64(nullCount)) }
      if let max { writer.field(5, max) }
      if let min { writer.field(6, min) }
      if let isMaxExact { writer.field(7, isMaxExact) }
      if let isMinExact { writer.field(8, isMinExact) }
    }
  }
}
