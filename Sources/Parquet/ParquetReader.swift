// Row group after row group, batch after batch.
//
// Columns of a batch are read one by one: what a caller of `advance` and `column` does not ask for
// is passed over, whole pages of it unread. `next` asks for all.

public import Columnar
public import Connector

/// Reads chosen columns of chosen row groups; belongs to one thread.
public final class ParquetReader: BatchReader {
  private let file: ParquetFile
  private let columns: [Int]
  private let predicates: [ColumnPredicate]
  private var rowGroups: ArraySlice<Int>
  private var chunks: [any ColumnReader] = []
  /// What is left of the row group.
  private var ranges: ArraySlice<Range<Int>> = []
  /// The rows of the row group that `column` answers.
  private var stretch = 0..<0
  /// The rows of the file before the row group.
  private var groupStart = 0
  /// The columns of a batch.
  public let schema: Schema
  /// What has been read and skipped so far.
  public let counters: ParquetScanCounters

  /// The rows of the file that the last `next` or `advance` came to, counted from 0.
  ///
  /// One range without gaps, since what is skipped ends a batch.
  public var rowRange: Range<Int> {
    (groupStart + stretch.lowerBound)..<(groupStart + stretch.upperBound)
  }

  /// Rows of a stretch: fewer where lists make a row large.
  private var stretchRowCount = batchRowCount

  /// Small enough that a batch of a few columns stays in the processor's cache.
  static let batchRowCount = 16_384

  init(
    file: ParquetFile,
    columns: [Int],
    rowGroups: [Int],
    predicates: [ColumnPredicate],
    counters: ParquetScanCounters
  ) {
    self.file = file
    self.columns = columns
    self.rowGroups = rowGroups[...]
    self.predicates = predicates
    self.counters = counters
    schema = file.schema.selecting(columns)
  }

  /// All columns of the next rows, at most 16,384; nil at the end.
  public func next() throws -> ColumnarBatch? {
    guard let count = try advance() else { return nil }
    var vectors: [ColumnVector] = []
    vectors.reserveCapacity(chunks.count)
    for index in chunks.indices { vectors.append(try column(index)) }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: count)
  }

  /// Moves to the next rows and answers how many; nil at the end.
  ///
  /// Reads no column yet: `column` does, for each that is wanted after all.
  public func advance() throws -> Int? {
    while ranges.isEmpty {
      for chunk in chunks { chunk.countRest() }
      chunks = []
      guard let group = rowGroups.popFirst() else { return nil }
      try open(group)
    }
    guard let range = ranges.popFirst() else { return nil }
    let count = min(range.count, stretchRowCount)
    stretch = range.lowerBound..<(range.lowerBound + count)
    if count < range.count {
      ranges.insert(stretch.upperBound..<range.upperBound, at: ranges.startIndex)
    }
    return count
  }

  /// One column, by its position among the wanted, of the rows that `advance` moved to.
  ///
  /// To be called at most once for each column and stretch.
  public func column(_ index: Int) throws -> ColumnVector {
    let chunk = chunks[index]
    try chunk.skip(to: stretch.lowerBound)
    return try chunk.read(stretch.count)
  }

  /// The same for some rows, which ascend and count from the stretch's first row.
  ///
  /// Pages without any of them are not unpacked. As many rows out as `rows`.
  public func column(
    _ index: Int,
    rows: UnsafeBufferPointer<Int32>
  ) throws -> ColumnVector {
    guard let first = rows.first, let last = rows.last else {
      return ColumnVector(constant: .null, type: schema[index].type, count: 0)
    }
    let chunk = chunks[index]
    try chunk.skip(to: stretch.lowerBound + Int(first))
    let vector = try chunk.read(Int(last - first) + 1)
    if vector.count == rows.count { return vector }
    if first == 0 { return vector.gather(rows) }
    return rows.map { $0 - first }.withUnsafeBufferPointer { vector.gather($0) }
  }

  private func open(_ group: Int) throws {
    let metadata = file.metadata.rowGroups[group]
    groupStart = file.metadata.rowGroups[..<group].reduce(0) { $0 + $1.rowCount }
    stretch = 0..<0
    var selected: [Range<Int>]?
    var indexes: [Int: OffsetIndex] = [:]
    if !predicates.isEmpty {
      let selection = try file.pageSelection(rowGroup: group, predicates, counters)
      if selection != [0..<metadata.rowCount] {
        if selection.isEmpty {
          counters.rowGroupsSkipped += 1
          return
        }
        selected = selection
        for leaf in columns.flatMap({ file.fileSchema.columns[$0].leaves }) {
          indexes[leaf.leaf] = try file.offsetIndex(rowGroup: group, leaf: leaf.leaf, counters)
        }
      }
    }
    stretchRowCount = Self.stretchRowCount(columns.map { file.fileSchema.columns[$0] }, metadata)
    chunks = try columns.map { position -> any ColumnReader in
      let column = file.fileSchema.columns[position]
      let leaves = try column.leaves.map { leaf in
        let chunk = metadata.columns[leaf.leaf]
        guard let range = chunk.byteRange else {
          throw ParquetError(.corrupt, fileName: file.name, "a column does not lie in the file")
        }
        return ColumnChunkReader(
          column: leaf,
          codec: try file.codec(rowGroup: group, column: leaf),
          metadata: chunk,
          range: range,
          rowCount: metadata.rowCount,
          file: file.bytes,
          fileName: file.name,
          index: indexes[leaf.leaf],
          ranges: selected,
          rowCountMax: min(metadata.rowCount, stretchRowCount),
          counters: counters
        )
      }
      return column.field.type.isNested
        ? NestedColumnReader(shape: column.shape, leaves: leaves) : leaves[0]
    }
    counters.rowGroupsRead += 1
    let all = selected ?? (metadata.rowCount > 0 ? [0..<metadata.rowCount] : [])
    counters.rowsSkipped += metadata.rowCount - all.reduce(0) { $0 + $1.count }
    ranges = all[...]
  }

  /// About 131,072 elements of the longest list, at least 64 rows.
  private static func stretchRowCount(
    _ columns: [FileColumn],
    _ metadata: RowGroupMetadata
  ) -> Int {
    var count = batchRowCount
    for leaf in columns.flatMap(\.leaves) where leaf.isRepeated {
      let elements = metadata.columns[leaf.leaf].valueCount / max(1, metadata.rowCount)
      count = min(count, max(64, 131_072 / max(1, elements)))
    }
    return count
  }
}
