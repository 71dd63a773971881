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
  private var chunks: [ColumnChunkReader] = []
  /// What is left of the row group.
  private var ranges: ArraySlice<Range<Int>> = []
  /// The rows of the row group that `column` answers.
  private var stretch = 0..<0
  /// The columns of a batch.
  public let schema: Schema
  /// What has been read and skipped so far.
  public let counters: ParquetScanCounters

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
    let count = min(range.count, Self.batchRowCount)
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
        for position in columns {
          let leaf = file.fileSchema.columns[position].leaf
          indexes[position] = try file.offsetIndex(rowGroup: group, leaf: leaf, counters)
        }
      }
    }
    chunks = try columns.map { position in
      let column = file.fileSchema.columns[position]
      let chunk = metadata.columns[column.leaf]
      guard let range = chunk.byteRange else {
        throw ParquetError(.corrupt, fileName: file.name, "a column does not lie in the file")
      }
      return ColumnChunkReader(
        column: column,
        codec: try file.codec(rowGroup: group, column: column),
        metadata: chunk,
        range: range,
        rowCount: metadata.rowCount,
        file: file.bytes,
        fileName: file.name,
        index: indexes[position],
        ranges: selected,
        rowCountMax: min(metadata.rowCount, Self.batchRowCount),
        counters: counters
      )
    }
    counters.rowGroupsRead += 1
    let all = selected ?? (metadata.rowCount > 0 ? [0..<metadata.rowCount] : [])
    counters.rowsSkipped += metadata.rowCount - all.reduce(0) { $0 + $1.count }
    ranges = all[...]
  }
}
