internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Parquet

/// What all splits of one scan share.
struct HiveScan: Sendable {
  let store: any ObjectStore
  let places: HiveLocations
  let table: HiveTableName
  let entry: HiveTableEntry
  let columns: [Int]
  /// What the columns asked for are, hidden ones among them.
  let fields: [Field]
  /// Over columns of files; none where rows are named, because then all of a file's rows count.
  let predicates: [ColumnPredicate]
  /// True where the rows' identities are asked for.
  let namesRows: Bool

  init(table: HiveTable, request: ScanRequest) {
    store = table.catalog.store
    places = table.catalog.places
    self.table = table.name
    entry = table.entry
    columns = request.columns
    fields = request.columns.map(table.field(at:))
    namesRows = request.columns.contains(table.schema.count)
    let dataColumns = table.entry.columns.indices
    predicates =
      namesRows ? [] : request.predicates.filter { dataColumns.contains($0.column) }
  }

  /// What is the same in all rows of a file, by the scan's position.
  func constants(
    _ partition: HiveTable.TypedPartition, _ file: ObjectMetadata
  ) -> [Int: Scalar] {
    var result: [Int: Scalar] = [:]
    for (index, scalar) in partition.scalars.enumerated() {
      result[entry.columns.count + index] = scalar
    }
    let hidden = entry.columns.count + entry.partitionColumns.count + 1
    result[hidden] = .text(places.uri(file.key))
    let (micros, isBeyond) = file.modifiedMilliseconds.multipliedReportingOverflow(by: 1_000)
    result[hidden + 1] = isBeyond ? .null : .integer(micros)
    result[hidden + 2] = .integer(Int64(file.size))
    result[hidden + 3] = .text(entry.name(of: partition.partition.values))
    return result
  }

  /// False only where a file's own statistics exclude all of its rows.
  func canMatch(_ file: ObjectMetadata) throws -> Bool {
    guard entry.format == .parquet, !predicates.isEmpty else { return true }
    let parquet = try parquet(file)
    let wishes = wishes(for: parquet)
    guard !wishes.isEmpty else { return true }
    return parquet.rowGroups.indices.contains { !parquet.excludes(rowGroup: $0, wishes) }
  }

  func parquet(_ file: ObjectMetadata) throws -> ParquetFile {
    do {
      return try ParquetFile(StoredParquet(reader: try open(file)), name: file.key)
    } catch let error as ParquetError where error.kind == .notParquet {
      throw HiveError(
        .badData, table: "\(table)",
        "The table's files are Parquet, and this one is not: \(error.message).", file: file.key,
        advice: "Move the file out of the partition's directory, or read it with a table of its own "
          + "format.")
    }
  }

  func open(_ file: ObjectMetadata) throws -> any ObjectReader {
    do {
      return try store.open(file.key)
    } catch let error as ObjectStorageError where error.kind == .notFound {
      throw HiveError(
        .missingFile, table: "\(table)",
        "A file of \(table) was removed after the query had listed it.", file: file.key,
        advice: "Run the query again; who replaces files must leave the old ones until the queries "
          + "that began before are done.")
    }
  }

  /// The predicates over columns that a file holds with the table's values, by its positions.
  func wishes(for parquet: ParquetFile) -> [ColumnPredicate] {
    predicates.compactMap { predicate in
      let field = entry.columns[predicate.column]
      guard let index = parquet.schema.index(of: field.name),
        HiveCoercion.keepsValues(from: parquet.schema[index].type, to: field.type)
      else { return nil }
      return ColumnPredicate(column: index, predicate.comparison)
    }
  }
}

/// A stored object as Parquet wants its bytes.
struct StoredParquet: RandomAccessBytes {
  let reader: any ObjectReader

  var byteCount: Int { reader.byteCount }

  func read(_ range: Range<Int>) throws -> [UInt8] { try reader.read(range) }
}

/// One file of a scan.
struct HiveSplit: Split {
  let scan: HiveScan
  let file: ObjectMetadata
  /// By the scan's position.
  let constants: [Int: Scalar]
  /// The file's number, where rows are named.
  let number: HiveFileNumber?

  var label: String { file.key }

  func open() throws -> any BatchReader {
    // Of each column that is asked for: a place among those read from the file, or what is constant.
    var read: [Int] = []
    let sources = zip(scan.columns, scan.fields).map { position, field -> HiveColumnSource in
      if let constant = constants[position] { return .constant(constant, field.type) }
      if position == scan.entry.schema.count { return .identity }
      if let known = read.firstIndex(of: position) { return .file(known) }
      read.append(position)
      return .file(read.count - 1)
    }
    let columns = read.map { scan.entry.columns[$0] }
    return HiveBatchReader(
      try reader(of: columns), schema: Schema(scan.fields), sources: sources, number: number)
  }

  /// Reads the columns of the file in the table's types; with none it gives batches of a row count.
  private func reader(of columns: [Field]) throws -> any BatchReader {
    switch scan.entry.format {
    case .parquet: try HiveParquetReader(scan: scan, file: file, columns: columns)
    case .json, .openXJSON: try HiveJSONReader(scan: scan, file: file, columns: columns)
    case .csv, .textFile: try HiveTextReader(scan: scan, file: file, columns: columns)
    }
  }
}

/// Where a column of a scan comes from.
enum HiveColumnSource: Sendable {
  /// A place among the columns that are read from the file.
  case file(Int)
  case constant(Scalar, DataType)
  /// The row's number among all of the scan.
  case identity
}

/// Puts the columns of the table together from those of the file and what is constant in it.
private final class HiveBatchReader: BatchReader {
  private let inner: any BatchReader
  private let schema: Schema
  private let sources: [HiveColumnSource]
  private let number: HiveFileNumber?
  private var rowsBefore = 0

  init(
    _ inner: any BatchReader, schema: Schema, sources: [HiveColumnSource], number: HiveFileNumber?
  ) {
    self.inner = inner
    self.schema = schema
    self.sources = sources
    self.number = number
  }

  func next() throws -> ColumnarBatch? {
    guard let batch = try inner.next() else {
      number?.finish(rowCount: rowsBefore)
      return nil
    }
    let vectors = sources.map { source in
      switch source {
      case .file(let index): batch.columns[index]
      case .constant(let value, let type):
        ColumnVector(constant: value, type: type, count: batch.rowCount)
      case .identity: identities(batch.rowCount)
      }
    }
    rowsBefore += batch.rowCount
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: batch.rowCount)
  }

  private func identities(_ count: Int) -> ColumnVector {
    let first = (number?.firstIdentity ?? 0) + Int64(rowsBefore)
    let values = Buffer(byteCount: count * 8) { memory in
      let target = memory.bindMemory(to: Int64.self)
      for row in 0..<count { target[row] = first + Int64(row) }
    }
    return ColumnVector(type: .bigint, count: count, values: values)
  }
}
