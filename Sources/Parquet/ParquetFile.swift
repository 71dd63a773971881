// Reading, step by step:
//
// 1. `ParquetFile` takes the last bytes of the file, checks the magic, and parses the footer into
//    `FileMetadata`; `FileSchema` turns the schema's list into a tree and into columns.
// 2. `reader` drops row groups whose `ColumnChunkStatistics` exclude a predicate.
// 3. For each row group left, `pageSelection` drops the rows of pages that the page index excludes,
//    and `ParquetReader` opens a `ColumnChunkReader` for every wanted column chunk.
// 4. That one unpacks page after page and decodes straight into the buffers of `ColumnVector`s.
//
//   "PAR1" | row group: column chunk: [dictionary page] data page … | … | page index
//   | footer | its size | "PAR1"

public import Columnar
public import Connector

/// An open Parquet file; safe to share, and each reader of it belongs to one thread.
public final class ParquetFile: Sendable {
  /// The columns that can be read.
  public let schema: Schema
  public let rowCount: Int
  public let rowGroups: [ParquetRowGroup]
  /// What the file has and `schema` has not: columns with a type that has no counterpart.
  public let omittedColumns: [ParquetOmittedColumn]
  public let keyValueMetadata: [(key: String, value: String)]
  /// The numbers that the writer gave the columns of `schema`; nil where it gave none.
  public let fieldIDs: [Int?]
  /// The program that wrote the file, in its own words.
  public let createdBy: String?

  let name: String
  let bytes: any RandomAccessBytes
  let fileSchema: FileSchema
  let metadata: FileMetadata

  /// Opens a file that `name` stands for in errors.
  ///
  /// `leavingOut` names fields of rows, with dots from the column on, that are to be as if they were
  /// not in the file: they are neither read nor in the way where they could not be.
  ///
  /// - Throws: `parquet.notParquet`, `parquet.truncated`, `parquet.corrupt`, or
  ///   `parquet.unsupported` for an encrypted file; whatever `bytes` throws.
  public init(
    _ bytes: any RandomAccessBytes,
    name: String,
    leavingOut: Set<String> = []
  ) throws {
    let (footer, start) = try Self.readFooter(bytes, name)
    let place = FilePlace(fileName: name, base: start)
    metadata = try footer.withUnsafeBytes { try FileMetadata(parsing: $0, place: place) }
    guard !metadata.isEncrypted else {
      throw ParquetError(.unsupported, fileName: name, "the file is encrypted")
    }
    fileSchema = try FileSchema(metadata.schema, leavingOut: leavingOut, place: place)
    try Self.check(metadata, fileSchema, footerStart: start, place)
    self.bytes = bytes
    self.name = name
    schema = Schema(fileSchema.columns.map(\.field))
    fieldIDs = fileSchema.columns.map(\.fieldID)
    rowCount = metadata.rowCount
    omittedColumns = fileSchema.omitted
    keyValueMetadata = metadata.keyValues
    createdBy = metadata.createdBy
    let columns = fileSchema.columns
    let orders = metadata.columnOrders
    rowGroups = metadata.rowGroups.map { group in
      ParquetRowGroup(
        rowCount: group.rowCount,
        statistics: columns.map { column in
          guard let leaf = column.scalar else { return ColumnChunkStatistics() }
          return ColumnChunkStatistics(
            group.columns[leaf.leaf].statistics,
            column: leaf,
            rowCount: group.rowCount,
            hasTypeOrder: orders.map { $0.indices.contains(leaf.leaf) && $0[leaf.leaf] } ?? true
          )
        },
        compressedByteCount: group.columns.reduce(0) { $0 &+ $1.compressedByteCount },
        uncompressedByteCount: group.columns.reduce(0) { $0 &+ $1.uncompressedByteCount }
      )
    }
  }

  /// The rows that the statistics of row groups and pages do not exclude, in the file's order.
  ///
  /// - Parameters:
  ///   - columns: positions in `schema`, in the order that batches shall have; none for counts.
  ///   - predicates: wishes, by position in `schema`; rows that do not match may still come.
  ///   - counters: what was read and skipped is added to them.
  /// - Returns: a reader for one thread.
  /// - Throws: `parquet.unsupported` where a wanted column has a codec that is not read here.
  public func reader(
    columns: [Int],
    predicates: [ColumnPredicate] = [],
    counters: ParquetScanCounters = ParquetScanCounters()
  ) throws -> ParquetReader {
    try reader(
      columns: columns,
      rowGroups: Array(rowGroups.indices),
      predicates: predicates,
      counters: counters
    )
  }

  /// The same of the row groups at `rowGroups`: how a scan hands a file to several threads.
  public func reader(
    columns: [Int],
    rowGroups: [Int],
    predicates: [ColumnPredicate] = [],
    counters: ParquetScanCounters = ParquetScanCounters()
  ) throws -> ParquetReader {
    precondition(columns.allSatisfy(schema.fields.indices.contains), "no such column")
    let wanted = rowGroups.filter { !excludes(rowGroup: $0, predicates) }
    counters.rowGroupsSkipped += rowGroups.count - wanted.count
    for group in wanted {
      for leaf in columns.flatMap({ fileSchema.columns[$0].leaves }) {
        _ = try codec(rowGroup: group, column: leaf)
      }
    }
    return ParquetReader(
      file: self,
      columns: columns,
      rowGroups: wanted,
      predicates: predicates,
      counters: counters
    )
  }

  /// True where the statistics prove that no row of the group matches all of `predicates`.
  public func excludes(rowGroup: Int, _ predicates: [ColumnPredicate]) -> Bool {
    let group = rowGroups[rowGroup]
    return predicates.contains { predicate in
      group.statistics.indices.contains(predicate.column)
        && group.statistics[predicate.column].excludes(
          predicate.comparison,
          rowCount: group.rowCount
        )
    }
  }

  func codec(rowGroup: Int, column: ReadableColumn) throws -> PageCodec {
    let raw = metadata.rowGroups[rowGroup].columns[column.leaf].codec
    guard let codec = PageCodec(rawValue: raw) else {
      throw ParquetError(
        .unsupported,
        fileName: name,
        column: column.path,
        "it is compressed with \(PageCodec.name(raw)), which is not read"
      )
    }
    return codec
  }

  // MARK: - The footer

  private static let magic: [UInt8] = [0x50, 0x41, 0x52, 0x31]

  /// The footer's bytes and where they begin; one read for a footer of at most 64 KiB.
  private static func readFooter(
    _ bytes: any RandomAccessBytes,
    _ name: String
  ) throws -> ([UInt8], Int) {
    let size = bytes.byteCount
    guard size >= 12 else {
      throw ParquetError(.notParquet, fileName: name, "\(size) bytes are too few for Parquet")
    }
    let tailStart = max(0, size - 65_536)
    let tail = try bytes.read(tailStart..<size)
    guard tail.count == size - tailStart else {
      throw ParquetError(.truncated, fileName: name, byteOffset: tailStart, "a read was too short")
    }
    let end = tail.suffix(4)
    guard end.elementsEqual(magic) else {
      if end.elementsEqual([0x50, 0x41, 0x52, 0x45]) {
        throw ParquetError(.unsupported, fileName: name, "the footer is encrypted")
      }
      throw ParquetError(
        .notParquet,
        fileName: name,
        byteOffset: size - 4,
        "the file does not end with PAR1"
      )
    }
    let length = tail.dropLast(4).suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = size - 8 - length
    guard start >= 4 else {
      throw ParquetError(
        .truncated,
        fileName: name,
        byteOffset: size - 8,
        "a footer of \(length) bytes does not fit a file of \(size)"
      )
    }
    if start >= tailStart {
      return (Array(tail[(start - tailStart)..<(tail.count - 8)]), start)
    }
    return (try bytes.read(start..<(size - 8)), start)
  }

  /// Checks what later steps rely on, so that they need not.
  private static func check(
    _ metadata: FileMetadata,
    _ schema: FileSchema,
    footerStart: Int,
    _ place: FilePlace
  ) throws {
    var rows = 0
    for group in metadata.rowGroups {
      let (sum, overflow) = rows.addingReportingOverflow(group.rowCount)
      guard group.rowCount >= 0, !overflow, group.columns.count == schema.leaves.count else {
        throw place.error(.corrupt, at: 0, "a row group contradicts the schema")
      }
      rows = sum
      for (chunk, leaf) in zip(group.columns, schema.leaves) {
        let name = leaf.path.joined(separator: ".")
        guard chunk.hasMetadata, !chunk.isEncrypted, chunk.filePath == nil else {
          throw place.error(.unsupported, at: 0, "column \(name) is encrypted or in another file")
        }
        guard chunk.type == leaf.type, chunk.compressedByteCount >= 0,
          chunk.uncompressedByteCount >= 0, chunk.valueCount >= 0,
          leaf.maxRepetition > 0 || chunk.valueCount == group.rowCount
        else { throw place.error(.corrupt, at: 0, "column \(name) contradicts the schema") }
        guard let range = chunk.byteRange, range.upperBound <= footerStart else {
          throw place.error(.corrupt, at: 0, "column \(name) does not lie in the file")
        }
      }
    }
    guard rows == metadata.rowCount else {
      throw place.error(
        .corrupt,
        at: 0,
        "the row groups have \(rows) rows, the file \(metadata.rowCount)"
      )
    }
  }
}

/// A horizontal slice of a file.
public struct ParquetRowGroup: Sendable {
  public var rowCount: Int
  /// By position in the file's `schema`.
  public var statistics: [ColumnChunkStatistics]
  /// All columns, nested ones too, with page headers.
  public var compressedByteCount: Int
  public var uncompressedByteCount: Int
}

extension ColumnChunkMetadata {
  /// The chunk's bytes: its total size counts headers, and a dictionary offset may be absent or 0.
  var byteRange: Range<Int>? {
    var start = dataPageOffset
    if let dictionary = dictionaryPageOffset, dictionary > 0, dictionary < start {
      start = dictionary
    }
    let (end, overflow) = start.addingReportingOverflow(compressedByteCount)
    guard start >= 0, compressedByteCount >= 0, !overflow else { return nil }
    return start..<end
  }
}
