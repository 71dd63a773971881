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
  /// Where the file stands among the snapshot's files; the first part of its rows' identities.
  let ordinal: Int
  /// What is the same in all of the file's rows, by the scan's position: partition values and what
  /// the hidden columns say of the file.
  let partition: [Int: Scalar]

  var label: String { scan.table.path + "/" + file.path }

  func open() throws -> any BatchReader {
    try openRows()
  }

  /// The same, with what is known of the rows' places in the file.
  func openRows() throws -> DeltaFileReader {
    let parquet = try openFile()
    let columns = try zip(scan.request.columns, scan.fields).map {
      try source(of: $0, $1, in: parquet)
    }
    // Each column of the file is read once, however often it is asked for.
    var read: [Int] = []
    for case .file(let index, _) in columns where !read.contains(index) { read.append(index) }
    return DeltaFileReader(
      rows: read.isEmpty
        ? .counted(parquet.rowCount)
        : .read(try parquet.reader(columns: read, predicates: predicates(for: parquet))),
      schema: Schema(scan.fields),
      columns: columns,
      read: read,
      ordinal: ordinal,
      rowCount: parquet.rowCount
    )
  }

  func openFile() throws -> ParquetFile {
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
    if column == scan.schema.count {
      guard RowIdentity.fits(file: ordinal, rowCount: parquet.rowCount) else {
        throw DeltaLogError(
          .unsupportedWriter,
          table: scan.table.path,
          "The rows of \(scan.table.path) are too many to be changed one by one.",
          version: scan.version,
          file: label,
          advice: "Overwrite the table or its partitions instead."
        )
      }
      return .rowIdentity
    }
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
