// Writing, step by step:
//
// 1. `write` cuts batches at row group ends and hands each column to its `ColumnChunkWriter`, which
//    keeps compressed pages in memory.
// 2. A full row group is flushed: column after column, the dictionary page first.
// 3. `finish` flushes the rest and writes what `FooterWriter` has gathered: page index and footer.
//
// Memory is one compressed row group and what the footer says of those before; nothing is read
// back, so any output will do.

public import Columnar
internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How pages are compressed.
public enum ParquetCompression: Sendable {
  case uncompressed, snappy, zstd, gzip, lz4Raw

  /// The codec in the format.
  var codec: PageCodec {
    switch self {
    case .uncompressed: .uncompressed
    case .snappy: .snappy
    case .gzip: .gzip
    case .zstd: .zstd
    case .lz4Raw: .lz4Raw
    }
  }
}

/// The form of data pages: v2 keeps levels uncompressed and counts rows; v1 is read everywhere.
public enum ParquetPageVersion: Sendable {
  case v1, v2
}

/// How a file is written; the defaults suit tables that others read too.
public struct ParquetWriterOptions: Sendable {
  public var compression: ParquetCompression
  /// At least 1.
  public var rowGroupRowCountMax: Int
  /// A row group ends early once its compressed pages hold so many bytes: a bound on memory.
  public var rowGroupByteCountMax: Int
  /// Goes into the footer as it is.
  public var keyValueMetadata: [(String, String)]
  public var pageVersion: ParquetPageVersion
  /// False writes every value out.
  public var usesDictionaries: Bool
  /// False writes no DELTA encoding, for readers that know only PLAIN and dictionaries.
  public var usesDeltas: Bool
  /// A CRC-32 in every page's header.
  public var writesChecksums: Bool
  /// Bounds and places of all pages before the footer.
  public var writesPageIndex: Bool
  /// How many threads may encode the columns of one batch side by side; at least 1. The bytes are the
  /// same whatever it is.
  public var threadCountMax = 1

  public init(
    compression: ParquetCompression = .zstd,
    rowGroupRowCountMax: Int = 128 * 1_024,
    rowGroupByteCountMax: Int = 128 << 20,
    keyValueMetadata: [(String, String)] = [],
    pageVersion: ParquetPageVersion = .v1,
    usesDictionaries: Bool = true,
    usesDeltas: Bool = true,
    writesChecksums: Bool = true,
    writesPageIndex: Bool = true
  ) {
    self.compression = compression
    self.rowGroupRowCountMax = rowGroupRowCountMax
    self.rowGroupByteCountMax = rowGroupByteCountMax
    self.keyValueMetadata = keyValueMetadata
    self.pageVersion = pageVersion
    self.usesDictionaries = usesDictionaries
    self.usesDeltas = usesDeltas
    self.writesChecksums = writesChecksums
    self.writesPageIndex = writesPageIndex
  }

  /// What a table's data files are written with: zstd, by as many threads as there are cores, up to four.
  public static let tables: ParquetWriterOptions = {
    var options = ParquetWriterOptions(compression: .zstd)
    options.threadCountMax = max(1, min(4, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    return options
  }()
}

/// What was written.
public struct ParquetSummary: Sendable {
  public var rowCount: Int
  public var byteCount: Int
  /// By field, over the whole file; nested columns have no bounds.
  public var columns: [ColumnStatistics]
}

/// Streams batches into a Parquet file; not thread-safe.
///
/// After an error the output holds a part of a file, to be thrown away.
public final class ParquetWriter {
  private let schema: Schema
  private let options: ParquetWriterOptions
  private let output: (UnsafeRawBufferPointer) throws -> Void
  private var columns: [Shredder]
  private let chunks: [ColumnChunkWriter]
  /// One a thread.
  private var compressors: [PageCompressor]
  private var position = 0
  private var rowsInGroup = 0
  private var rowCount = 0
  private var footer: FooterWriter
  private var bounds: [ColumnBounds]
  /// By field.
  private var nullCounts: [Int]
  private var isFinished = false

  /// Begins a file; `output` gets its bytes in order and may throw to stop.
  ///
  /// - Throws: `parquet.unsupported` for a column whose type has no form; what `output` throws.
  public init(
    schema: Schema,
    options: ParquetWriterOptions = ParquetWriterOptions(),
    output: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    precondition(options.rowGroupRowCountMax > 0, "a row group has rows")
    precondition(options.threadCountMax > 0, "somebody must write")
    let compressor = try PageCompressor(options.compression)
    compressors = [compressor]
    self.schema = schema
    self.options = options
    self.output = output
    var leaves: [LeafFormat] = []
    columns = []
    for field in schema.fields {
      columns.append(
        field.type.isNested
          ? .nested(NestedShredder(field: field, firstLeaf: leaves.count))
          : .flat(FlatShredder(field: field), leaf: leaves.count))
      leaves += try LeafFormat.leaves(of: field)
    }
    chunks = leaves.map { ColumnChunkWriter(leaf: $0, options: options, compressor: compressor) }
    nullCounts = schema.fields.map { _ in 0 }
    bounds = leaves.map { _ in ColumnBounds() }
    footer = FooterWriter(schema: schema, leaves: leaves, options: options)
    try emit(Self.magic)
  }

  /// Adds rows; the batch's columns must have the types of the schema, by position.
  ///
  /// Whatever fills a row group is handed to `output` before this returns.
  ///
  /// - Throws: `parquet.unsupported` for a NULL in a required column or a value over 512 MiB; what
  ///   `output` throws.
  public func write(_ batch: ColumnarBatch) throws {
    precondition(!isFinished, "the file is finished")
    precondition(
      batch.schema.fields.map(\.type) == schema.fields.map(\.type),
      "the batch is of other types"
    )
    var start = 0
    while start < batch.rowCount {
      // In steps, so that the bytes of a row group are looked at often.
      let room = min(options.rowGroupRowCountMax - rowsInGroup, 16_384)
      let end = min(batch.rowCount, start + room)
      try appendColumns(of: batch, start..<end)
      rowsInGroup += end - start
      start = end
      if rowsInGroup == options.rowGroupRowCountMax
        || bufferedByteCount >= options.rowGroupByteCountMax
      {
        try flushRowGroup()
      }
    }
  }

  private func appendColumns(of batch: ColumnarBatch, _ rows: Range<Int>) throws {
    let count = batch.columns.count
    let threads = min(options.threadCountMax, count)
    guard threads > 1, rows.count * count >= Self.valuesPerSharing else {
      for index in 0..<count { nullCounts[index] += try append(batch.columns[index], rows, at: index) }
      return
    }
    while compressors.count < threads { compressors.append(try PageCompressor(options.compression)) }
    let found = UnsafeMutablePointer<Int>.allocate(capacity: count)
    found.initialize(repeating: 0, count: count)
    defer { found.deallocate() }
    // Nobody touches another's column or compressor, and whoever is done takes the next column.
    nonisolated(unsafe) let writer = self
    nonisolated(unsafe) let vectors = batch.columns
    nonisolated(unsafe) let nulls = found
    let next = Atomic<Int>(0)
    let failure = Mutex<(column: Int, error: any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: threads) { strand in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= count { return }
        do {
          nulls[index] = try writer.append(vectors[index], rows, at: index, strand: strand)
        } catch {
          failure.withLock { first in
            if first.map({ index < $0.column }) ?? true { first = (index, error) }
          }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
    for index in 0..<count { nullCounts[index] += found[index] }
  }

  /// Fewer values are written by one thread sooner than by several.
  private static let valuesPerSharing = 16_384

  /// Adds rows of one column; how many of them are NULL.
  private func append(
    _ vector: ColumnVector, _ rows: Range<Int>, at index: Int, strand: Int = 0
  ) throws -> Int {
    for leaf in columns[index].leaves { chunks[leaf].compressor = compressors[strand] }
    try columns[index].append(vector, rows, to: chunks)
    guard let validity = vector.validity else { return 0 }
    var nulls = 0
    for row in rows where !validity.isValid(row) { nulls += 1 }
    return nulls
  }

  /// Bytes of the row group that wait for its end.
  public var bufferedByteCount: Int { chunks.reduce(0) { $0 + $1.bufferedByteCount } }

  /// Writes what is left, the page index and the footer.
  public func finish() throws -> ParquetSummary {
    precondition(!isFinished, "the file is finished")
    isFinished = true
    if rowsInGroup > 0 { try flushRowGroup() }
    if options.writesPageIndex { try emit(footer.pageIndex(at: position)) }
    var bytes = footer.bytes(rowCount: rowCount)
    let size = UInt32(bytes.count)
    for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: size >> UInt32(8 * index))) }
    try emit(bytes + Self.magic)
    return ParquetSummary(
      rowCount: rowCount,
      byteCount: position,
      columns: columns.enumerated().map { index, column in
        guard case .flat(_, let leaf) = column else {
          return ColumnStatistics(min: .null, max: .null, nullCount: nullCounts[index])
        }
        return bounds[leaf].statistics(leaf: chunks[leaf].leaf)
      }
    )
  }

  private static let magic = Array("PAR1".utf8)

  private func emit(_ bytes: [UInt8]) throws {
    if bytes.isEmpty { return }
    try bytes.withUnsafeBytes { try output($0) }
    position += bytes.count
  }

  private func flushRowGroup() throws {
    footer.beginRowGroup(rowCount: rowsInGroup, position: position)
    for (index, column) in chunks.enumerated() {
      var chunk = try column.finish()
      bounds[index].merge(chunk.bounds)
      let start = position
      try emit(chunk.dictionaryPage)
      let dataStart = position
      try emit(chunk.pages)
      let dictionaryStart = chunk.dictionaryPage.isEmpty ? nil : start
      chunk.dictionaryPage = []
      chunk.pages = []
      footer.append(
        WrittenChunk(
          leaf: column.leaf,
          dictionaryPageOffset: dictionaryStart,
          dataPageOffset: dataStart,
          compressedByteCount: position - start,
          chunk: chunk
        )
      )
    }
    rowCount += rowsInGroup
    rowsInGroup = 0
  }
}
