internal import Columnar
internal import Connector
internal import Parquet

/// Where a requested column comes from.
enum ColumnSource: Sendable {
  /// A position in the file, and one in the table.
  case file(Int, Int)
  case constant(Scalar, DataType)
  case rowIdentity
}

/// What names a row of a snapshot: its file's place among the snapshot's files, and its own in it.
enum RowIdentity {
  static let field = Field("$row_id", .bigint, isNullable: false)

  private static let rowBits: Int64 = 40

  /// False where numbers would not do for all rows.
  static func fits(file: Int, rowCount: Int) -> Bool {
    file < 1 << (63 - rowBits) && rowCount <= 1 << rowBits
  }

  static func first(of file: Int) -> Int64 { Int64(file) << rowBits }

  static func parts(_ identity: Int64) -> (file: Int, row: Int) {
    (Int(identity >> rowBits), Int(identity & (1 << rowBits - 1)))
  }
}

/// Reads a file's batches and puts the columns of the table together.
final class DeltaFileReader: BatchReader {
  /// What is read of the file.
  enum Rows {
    case read(ParquetReader)
    /// Nothing: partition values, missing columns, identities, or only a count.
    case counted(Int)
  }

  /// Rows that the file has.
  let rowCount: Int
  /// The rows of the file that the last batch is of, deleted ones among them.
  private(set) var rowRange = 0..<0

  private let rows: Rows
  private let schema: Schema
  private let columns: [ColumnSource]
  private let position: [Int: Int]
  private let ordinal: Int
  private let scan: DeltaScan
  /// Rows of the file that count no longer.
  private let deleted: RowSet?

  private static let batchRowsMax = 65_536

  init(
    rows: Rows,
    schema: Schema,
    columns: [ColumnSource],
    read: [Int],
    scan: DeltaScan,
    ordinal: Int,
    rowCount: Int,
    deleted: RowSet?
  ) {
    self.rows = rows
    self.schema = schema
    self.columns = columns
    self.scan = scan
    self.ordinal = ordinal
    self.deleted = deleted
    self.rowCount = rowCount
    position = Dictionary(uniqueKeysWithValues: read.enumerated().map { ($1, $0) })
  }

  func next() throws -> ColumnarBatch? {
    while let batch = try nextOfFile() {
      guard let deleted, let kept = deleted.others(in: rowRange) else { return batch }
      if !kept.isEmpty { return kept.withUnsafeBufferPointer { batch.gather($0) } }
    }
    return nil
  }

  private func nextOfFile() throws -> ColumnarBatch? {
    switch rows {
    case .read(let reader):
      guard let batch = try reader.next() else { return nil }
      rowRange = reader.rowRange
      return together(batch.columns)
    case .counted(let count):
      let start = rowRange.upperBound
      guard start < count else { return nil }
      rowRange = start..<min(count, start + Self.batchRowsMax)
      return together([])
    }
  }

  private func together(_ read: [ColumnVector]) -> ColumnarBatch {
    let vectors = columns.map { column in
      switch column {
      case .file(let index, let column):
        ColumnAdaptation.adapted(
          read[position[index] ?? 0],
          to: scan.schema[column].type,
          scan.physical[column].parts
        )
      case .constant(let value, let type):
        ColumnVector(constant: value, type: type, count: rowRange.count)
      case .rowIdentity: identities()
      }
    }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: rowRange.count)
  }

  private func identities() -> ColumnVector {
    let first = RowIdentity.first(of: ordinal) + Int64(rowRange.lowerBound)
    let values = Buffer(uninitializedByteCount: rowRange.count * 8) { memory in
      let target = memory.bindMemory(to: Int64.self)
      for row in 0..<rowRange.count { target[row] = first + Int64(row) }
    }
    return ColumnVector(type: .bigint, count: rowRange.count, values: values)
  }
}
