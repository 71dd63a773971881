internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Parquet

/// What all splits of one scan share.
struct DeltaScan: Sendable {
  let table: DeltaTable
  let schema: Schema
  let version: Int64
  let request: ScanRequest
  /// What the columns asked for are, hidden ones among them.
  let fields: [Field]

  init(snapshot: DeltaSnapshot, request: ScanRequest) throws {
    table = snapshot.table
    schema = snapshot.schema
    version = snapshot.version
    self.request = request
    fields = request.columns.map(snapshot.field(at:))
  }

  /// False only where no row of the file satisfies all predicates.
  func canMatch(_ file: AddFile, partition: [Int: Scalar]) -> Bool {
    request.predicates.allSatisfy { predicate in
      if let value = partition[predicate.column] {
        return ScalarOrder.satisfies(value, predicate.comparison)
      }
      guard schema.fields.indices.contains(predicate.column) else { return true }
      return file.statistics.canMatch(schema[predicate.column], predicate.comparison)
    }
  }
}

/// One data file of a scan.
struct DeltaSplit: Split {
  let scan: DeltaScan
  let file: AddFile
  /// What is the same in all of the file's rows, by the scan's position: partition values and what
  /// the hidden columns say of the file.
  let partition: [Int: Scalar]

  var label: String { scan.table.path + "/" + file.path }

  func open() throws -> any BatchReader {
    let parquet = try openFile()
    let columns = try zip(scan.request.columns, scan.fields).map {
      try source(of: $0, $1, in: parquet)
    }
    // Each column of the file is read once, however often it is asked for.
    var read: [Int] = []
    for case .file(let index, _) in columns where !read.contains(index) { read.append(index) }
    let output = Schema(scan.fields)
    guard !read.isEmpty else {
      return ConstantBatchReader(schema: output, columns: columns, rowCount: parquet.rowCount)
    }
    let reader = try parquet.reader(columns: read, predicates: predicates(for: parquet))
    return DeltaFileReader(reader: reader, schema: output, columns: columns, read: read)
  }

  private func openFile() throws -> ParquetFile {
    do {
      let bytes = StoredBytes(reader: try scan.table.store.open(label))
      return try ParquetFile(bytes, name: label)
    } catch let error as ObjectStorageError where error.kind == .notFound {
      throw DeltaLogError(
        .missingDataFile,
        table: scan.table.path,
        "A data file of \(scan.table.path), version \(scan.version), is missing: \(file.path).",
        version: scan.version,
        file: label,
        advice: "Restore it from a copy, or read an older version of the table; do not delete "
          + "files below a table by hand."
      )
    }
  }

  private func source(
    of column: Int,
    _ field: Field,
    in parquet: ParquetFile
  ) throws -> ColumnSource {
    if let value = partition[column] { return .constant(value, field.type) }
    guard let index = fileIndex(of: field, in: parquet) else {
      if let omitted = parquet.omittedColumns.first(where: { $0.name == field.name }) {
        throw DeltaLogError(
          .unsupportedType,
          table: scan.table.path,
          "Column \"\(field.name)\" of \(file.path) is \(omitted.reason), which is not read here.",
          version: scan.version,
          file: label,
          advice: "Leave the column out of the query."
        )
      }
      // Written before the column was added to the table.
      return .constant(.null, field.type)
    }
    let type = parquet.schema[index].type
    guard type == field.type || ColumnAdaptation.isPossible(from: type, to: field.type) else {
      throw DeltaLogError(
        .corruptDataFile,
        table: scan.table.path,
        "Column \"\(field.name)\" is \(type) in \(file.path), and \(field.type) in the table.",
        version: scan.version,
        file: label,
        advice: "Write that file's rows again with the table's types."
      )
    }
    return .file(index, field.type)
  }

  private func fileIndex(of field: Field, in parquet: ParquetFile) -> Int? {
    parquet.schema.index(of: field.name)
  }

  /// The predicates over columns that the file holds in the table's own type.
  private func predicates(for parquet: ParquetFile) -> [ColumnPredicate] {
    scan.request.predicates.compactMap { predicate in
      guard partition[predicate.column] == nil,
        scan.schema.fields.indices.contains(predicate.column)
      else { return nil }
      let field = scan.schema[predicate.column]
      guard let index = fileIndex(of: field, in: parquet),
        parquet.schema[index].type == field.type
      else { return nil }
      return ColumnPredicate(column: index, predicate.comparison)
    }
  }
}

/// Where a requested column comes from.
enum ColumnSource: Sendable {
  /// A position in the file, and the type the table gives it.
  case file(Int, DataType)
  case constant(Scalar, DataType)
}

/// Reads a file's batches and puts the columns of the table together.
private final class DeltaFileReader: BatchReader {
  private let reader: any BatchReader
  private let schema: Schema
  private let columns: [ColumnSource]
  private let position: [Int: Int]

  init(reader: any BatchReader, schema: Schema, columns: [ColumnSource], read: [Int]) {
    self.reader = reader
    self.schema = schema
    self.columns = columns
    position = Dictionary(uniqueKeysWithValues: read.enumerated().map { ($1, $0) })
  }

  func next() throws -> ColumnarBatch? {
    guard let batch = try reader.next() else { return nil }
    let vectors = columns.map { column in
      switch column {
      case .file(let index, let type):
        ColumnAdaptation.adapted(batch.columns[position[index] ?? 0], to: type)
      case .constant(let value, let type):
        ColumnVector(constant: value, type: type, count: batch.rowCount)
      }
    }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: batch.rowCount)
  }
}

/// Batches without a column of the file: partition values, missing columns, or only a count.
private final class ConstantBatchReader: BatchReader {
  private let schema: Schema
  private let columns: [ColumnSource]
  private var rowsLeft: Int
  private static let batchRowsMax = 65_536

  init(schema: Schema, columns: [ColumnSource], rowCount: Int) {
    self.schema = schema
    self.columns = columns
    rowsLeft = rowCount
  }

  func next() throws -> ColumnarBatch? {
    guard rowsLeft > 0 else { return nil }
    let count = min(rowsLeft, Self.batchRowsMax)
    rowsLeft -= count
    let vectors = columns.compactMap { column in
      if case .constant(let value, let type) = column {
        return ColumnVector(constant: value, type: type, count: count)
      }
      return nil
    }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: count)
  }
}

/// Columns of files that other writers made, in the table's type.
enum ColumnAdaptation {
  static func isPossible(from type: DataType, to wanted: DataType) -> Bool {
    switch (type, wanted) {
    case (.timestamp, .timestampWithTimeZone), (.timestampWithTimeZone, .timestamp),
      (.timestamp, .timestamp), (.timestampWithTimeZone, .timestampWithTimeZone):
      wanted.layout == .fixed(width: 8)
    case (.tinyint, .smallint), (.tinyint, .integer), (.tinyint, .bigint), (.smallint, .integer),
      (.smallint, .bigint), (.integer, .bigint), (.real, .double), (.varbinary, .varchar),
      (.varchar, .varbinary), (.json, .varchar):
      true
    default: type.isNested && hasSameValues(type, wanted)
    }
  }

  /// True where two types differ at most in what may be NULL.
  private static func hasSameValues(_ type: DataType, _ wanted: DataType) -> Bool {
    switch (type, wanted) {
    case (.row(let fields), .row(let others)):
      fields.count == others.count
        && zip(fields, others).allSatisfy {
          $0.name == $1.name && hasSameValues($0.type, $1.type)
        }
    case (.array(let element), .array(let other)): hasSameValues(element, other)
    case (.map(let key, let value), .map(let otherKey, let otherValue)):
      hasSameValues(key, otherKey) && hasSameValues(value, otherValue)
    default: type == wanted
    }
  }

  /// The vector itself where its type is right already.
  static func adapted(_ vector: ColumnVector, to type: DataType) -> ColumnVector {
    guard vector.type != type else { return vector }
    if vector.type.layout == type.layout { return vector.retyped(type) }
    let flat = vector.flattened()
    switch (vector.type, type.layout) {
    case (.real, _): return converted(flat, type, Float.self, Double.self) { Double($0) }
    case (.tinyint, .fixed(width: 2)):
      return converted(flat, type, Int8.self, Int16.self) { Int16($0) }
    case (.tinyint, .fixed(width: 4)):
      return converted(flat, type, Int8.self, Int32.self) { Int32($0) }
    case (.tinyint, _): return converted(flat, type, Int8.self, Int64.self) { Int64($0) }
    case (.smallint, .fixed(width: 4)):
      return converted(flat, type, Int16.self, Int32.self) { Int32($0) }
    case (.smallint, _): return converted(flat, type, Int16.self, Int64.self) { Int64($0) }
    case (.integer, _): return converted(flat, type, Int32.self, Int64.self) { Int64($0) }
    default:
      // A timestamp finer than the table's, in picoseconds.
      return converted(flat, type, Int128.self, Int64.self) {
        let micros = $0 / 1_000_000 - ($0 % 1_000_000 < 0 ? 1 : 0)
        return Int64(truncatingIfNeeded: micros)
      }
    }
  }

  private static func converted<Value: BitwiseCopyable, Other: BitwiseCopyable>(
    _ flat: ColumnVector,
    _ type: DataType,
    _ from: Value.Type,
    _ to: Other.Type,
    _ convert: (Value) -> Other
  ) -> ColumnVector {
    let source = flat.values.values(as: from)
    let values = Buffer(byteCount: flat.count * MemoryLayout<Other>.stride) { memory in
      let target = memory.bindMemory(to: to)
      for row in 0..<flat.count { target[row] = convert(source[row]) }
    }
    return ColumnVector(type: type, count: flat.count, values: values, validity: flat.validity)
  }
}
