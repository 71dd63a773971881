internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Parquet

/// What all splits of one scan share.
struct DeltaScan: Sendable {
  let table: DeltaTable
  let schema: Schema
  /// What files call the columns, by position in the schema.
  let physical: [PhysicalColumn]
  let mapping: ColumnMapping
  let version: Int64
  let request: ScanRequest
  /// What the columns asked for are, hidden ones among them.
  let fields: [Field]

  init(snapshot: DeltaSnapshot, request: ScanRequest) throws {
    table = snapshot.table
    schema = snapshot.schema
    physical = snapshot.physical
    mapping = snapshot.mapping
    version = snapshot.version
    self.request = request
    fields = request.columns.map(snapshot.field(at:))
  }

  /// False only where what is the same in all rows of a file already says that none satisfies all
  /// predicates.
  func canMatch(partition: [Int: Scalar]) -> Bool {
    request.predicates.allSatisfy { predicate in
      partition[predicate.column].map { ScalarOrder.satisfies($0, predicate.comparison) } ?? true
    }
  }

  /// False only where no row of the file satisfies all predicates.
  func canMatch(_ file: AddFile, partition: [Int: Scalar]) -> Bool {
    request.predicates.allSatisfy { predicate in
      if let value = partition[predicate.column] {
        return ScalarOrder.satisfies(value, predicate.comparison)
      }
      guard schema.fields.indices.contains(predicate.column) else { return true }
      return file.statistics.canMatch(
        physical[predicate.column].name,
        schema[predicate.column].type,
        predicate.comparison
      )
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
        : .read(try parquet.reader(columns: read, predicates: try predicates(for: parquet))),
      schema: Schema(scan.fields),
      columns: columns,
      read: read,
      scan: scan,
      ordinal: ordinal,
      rowCount: parquet.rowCount,
      deleted: try file.deletionVector?.rows(of: file, rowCount: parquet.rowCount, scan: scan)
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
    guard scan.schema.fields.indices.contains(column) else { return .constant(.null, field.type) }
    let physical = scan.physical[column]
    guard let index = try fileIndex(of: physical, in: parquet) else {
      if let omitted = parquet.omittedColumns.first(where: { $0.name == physical.name }) {
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
    guard
      type == field.type
        || ColumnAdaptation.isPossible(from: type, to: field.type, physical.parts)
    else {
      throw DeltaLogError(
        .corruptDataFile,
        table: scan.table.path,
        "Column \"\(field.name)\" is \(type) in \(file.path), and \(field.type) in the table.",
        version: scan.version,
        file: label,
        advice: "Write that file's rows again with the table's types."
      )
    }
    return .file(index, column)
  }

  /// Where the file has a column; nil where it has it not.
  private func fileIndex(of column: PhysicalColumn, in parquet: ParquetFile) throws -> Int? {
    switch scan.mapping {
    case .none: return parquet.schema.index(of: column.name)
    case .name: return parquet.schema.fields.firstIndex { $0.name == column.name }
    case .id:
      guard parquet.fieldIDs.contains(where: { $0 != nil }) else {
        throw DeltaLogError(
          .corruptDataFile,
          table: scan.table.path,
          "The columns of \(file.path) have no numbers, by which \(scan.table.path) finds them.",
          version: scan.version,
          file: label,
          advice: "Write that file's rows again with the table's writer."
        )
      }
      return parquet.fieldIDs.firstIndex { $0 == column.fieldID }
    }
  }

  /// The predicates over columns that the file holds in the table's own type.
  private func predicates(for parquet: ParquetFile) throws -> [ColumnPredicate] {
    try scan.request.predicates.compactMap { predicate in
      guard partition[predicate.column] == nil,
        scan.schema.fields.indices.contains(predicate.column)
      else { return nil }
      let field = scan.schema[predicate.column]
      guard let index = try fileIndex(of: scan.physical[predicate.column], in: parquet),
        parquet.schema[index].type == field.type
      else { return nil }
      return ColumnPredicate(column: index, predicate.comparison)
    }
  }
}
