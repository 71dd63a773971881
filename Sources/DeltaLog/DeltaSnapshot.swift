public import Columnar
public import Connector
internal import ObjectStorage
internal import Parquet

/// A table at one version, pinned: later commits do not change what it answers.
public struct DeltaSnapshot: TableSource {
  public let table: DeltaTable
  public let schema: Schema
  public let partitionColumns: [String]
  /// The data files, in the order of their adding.
  public let files: [AddFile]

  let state: LogState
  let metadata: TableMetadata
  let hasInvariants: Bool
  /// How columns are found in files, and what they are called there, by position in the schema.
  let mapping: ColumnMapping
  let physical: [PhysicalColumn]
  /// Positions in the schema of the partition columns, and of those that data files hold.
  let partitionIndices: [Int]
  let dataIndices: [Int]

  /// The columns of data files.
  var dataSchema: Schema { schema.selecting(dataIndices) }

  init(table: DeltaTable, state: LogState) throws {
    guard let metadata = state.metadata, let tableProtocol = state.tableProtocol else {
      throw DeltaLogError(
        .corruptCommit,
        table: table.path,
        "The log of \(table.path) never says the table's protocol and schema.",
        file: table.commitKey(0),
        advice: "Restore commit 0 from a copy."
      )
    }
    try tableProtocol.checkReadable(metadata, table: table.path)
    let mapping = ColumnMapping(tableProtocol, metadata) ?? .none
    let decoded = try SchemaReader(metadata.schemaString, mapping: mapping, table: table.path)
    let partitionIndices = try metadata.partitionColumns.map { column in
      guard let index = decoded.schema.fields.firstIndex(where: { $0.name == column }) else {
        throw DeltaLogError(
          .unknownPartitionColumn,
          table: table.path,
          "The partition column \"\(column)\" is not a column of the table."
        )
      }
      return index
    }
    self.table = table
    self.state = state
    self.metadata = metadata
    self.mapping = mapping
    self.schema = decoded.schema
    self.physical = decoded.physical
    self.hasInvariants = decoded.hasInvariants
    self.partitionColumns = metadata.partitionColumns
    self.partitionIndices = partitionIndices
    self.dataIndices = decoded.schema.fields.indices.filter { !partitionIndices.contains($0) }
    let names = mapping == .none ? [] : partitionIndices.map { decoded.physical[$0].name }
    self.files =
      names.isEmpty
      ? state.files : Self.renamed(state.files, from: names, to: metadata.partitionColumns)
  }

  /// Files with their partitions under the table's own names.
  private static func renamed(
    _ files: [AddFile],
    from physical: [String],
    to names: [String]
  ) -> [AddFile] {
    files.map { file in
      var values: [String: String?] = [:]
      for (own, name) in zip(physical, names) {
        values.updateValue(file.partitionValues[own] ?? nil, forKey: name)
      }
      return AddFile(file, partitionValues: values)
    }
  }

  public var version: Int64 { state.version }
  /// The last position that each application has written.
  public var transactions: [String: Int64] { state.transactions.mapValues(\.version) }
  /// When the version was written, in milliseconds since the epoch, as its writer says.
  public var timestamp: Int64 { state.commits.last?.timestamp ?? 0 }
  public var name: String? { metadata.name }

  /// Rows by the files' statistics; nil where one of them does not say.
  public var rowCount: Int? {
    var total = 0
    for file in files {
      guard let rows = file.numRecords else { return nil }
      total += rows
    }
    return total
  }

  /// By the files' statistics and partition values.
  public func statistics() throws -> TableStatistics {
    var result = TableStatistics(rowCount: rowCount)
    guard rowCount != nil else { return result }
    let partitions = try files.map(partitionScalars(of:))
    for (index, field) in schema.fields.enumerated() {
      var known = ColumnStatistics(
        pieces: zip(files, partitions).map { file, values in
          let rows = file.numRecords ?? 0
          guard let value = values[index] else {
            return file.statistics.piece(physical[index].name, field.type, rowCount: rows)
          }
          return ColumnPiece(
            rowCount: rows, minimum: value.isNull ? nil : value,
            maximum: value.isNull ? nil : value, nullCount: value.isNull ? rows : 0)
        })
      let values = Set(partitions.compactMap { $0[index] }).subtracting([.null])
      if partitionColumns.contains(field.name) { known.distinctCount = values.count }
      result.columns[index] = known
    }
    return result
  }

  /// `$path`, `$file_modified_time` and `$file_size`, as Trino's connectors name them.
  public var hiddenFields: [Field] { Self.fileFields }

  private static let fileFields = [
    Field("$path", .varchar, isNullable: false),
    Field("$file_modified_time", .timestampWithTimeZone(precision: 3)),
    Field("$file_size", .bigint, isNullable: false),
  ]

  /// One split a file, those left out that cannot hold a row the predicates ask for.
  public func splits(for request: ScanRequest) throws -> [any Split] {
    let scan = try DeltaScan(snapshot: self, request: request)
    return try files.enumerated().compactMap { ordinal, file in
      let values = try scanValues(of: file)
      guard scan.canMatch(file, partition: values) else { return nil }
      return DeltaSplit(scan: scan, file: file, ordinal: ordinal, partition: values)
    }
  }

  /// What is the same in all rows of a file, by a scan's position: the partition's values, and what
  /// the hidden columns say of the file.
  func scanValues(of file: AddFile) throws -> [Int: Scalar] {
    var values = try partitionScalars(of: file)
    let hidden = schema.count + 1
    values[hidden] = .text(table.path + "/" + file.path)
    let (moment, isBeyond) = file.modificationTime.multipliedReportingOverflow(by: 1_000)
    values[hidden + 1] = isBeyond ? .null : .integer(moment)
    values[hidden + 2] = .integer(file.size)
    return values
  }

  /// The scalars of a file's partition, by position in the schema.
  func partitionScalars(of file: AddFile) throws -> [Int: Scalar] {
    var result: [Int: Scalar] = [:]
    for column in partitionColumns {
      guard let index = schema.fields.firstIndex(where: { $0.name == column }) else { continue }
      let text = file.partitionValues[column] ?? nil
      guard let scalar = PartitionValue.scalar(text, type: schema[index].type) else {
        throw DeltaLogError(
          .invalidPartitionValue,
          table: table.path,
          "\"\(text ?? "")\" is no \(schema[index].type), the type of the partition column "
            + "\"\(column)\".",
          version: version,
          file: table.path + "/" + file.path,
          advice: "Another writer committed it; overwrite that partition."
        )
      }
      result[index] = scalar
    }
    return result
  }

  /// Throws `unsupportedWriter` where this writer does not know every rule of the table.
  func checkWritable() throws {
    try state.tableProtocol?.checkWritable(hasInvariants: hasInvariants, table: table.path)
    // No table of these rules has one; another writer's mistake must not bring rows back.
    if let file = files.first(where: { $0.deletionVector != nil }) {
      throw DeltaLogError(
        .unsupportedWriter,
        table: table.path,
        "\(table.path) cannot be written by this version: \(file.path) has a deletion vector.",
        advice: "Write it with the engine that made it, or copy it into a new table."
      )
    }
  }

  /// A sink whose commit makes its rows visible in one step.
  ///
  /// It stands on this version: an append goes on top of whatever was committed since, an overwrite
  /// conflicts where what it replaces has changed. Faults of the mode or the table show at the first
  /// call that throws.
  public func makeSink(mode: WriteMode, options: DeltaWriteOptions) -> any BatchSink {
    DeltaSink(snapshot: self, mode: mode, options: options)
  }
}

/// How a sink writes.
public struct DeltaWriteOptions: Sendable {
  /// Positions to record with the commit, by application: what makes a replayed write harmless.
  public var transactions: [String: Int64]
  /// The operation's name in the table's history.
  public var operation: String
  /// Story time of the commit, in milliseconds since the Unix epoch.
  public var timestamp: Int64
  /// A new file begins when a file of a partition has this many rows.
  public var targetRowsPerFile: Int
  /// Goes into file names, to keep writers apart that would otherwise do the same at the same time.
  public var seed: UInt64

  public init(
    transactions: [String: Int64] = [:],
    operation: String = "WRITE",
    timestamp: Int64,
    targetRowsPerFile: Int = 1_000_000,
    seed: UInt64 = 0
  ) {
    self.transactions = transactions
    self.operation = operation
    self.timestamp = timestamp
    self.targetRowsPerFile = targetRowsPerFile
    self.seed = seed
  }
}

extension TableProtocol {
  /// Features that this reader knows, or that change nothing in how it reads: a table with variants
  /// allowed but no column of that type is like any other, and a column of it is refused as such.
  private static let knownReaderFeatures: Set<String> = [
    "columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck",
    "variantShredding", "variantShredding-preview", "variantType", "variantType-preview",
  ]

  /// Throws `unsupportedFeature` naming what this reader does not know.
  func checkReadable(_ metadata: TableMetadata, table: String) throws {
    var unknown = readerFeatures.filter { !Self.knownReaderFeatures.contains($0) }
    if ColumnMapping(self, metadata) == nil {
      let mode = metadata.configuration["delta.columnMapping.mode"] ?? ""
      unknown.append("column mapping by \"\(mode)\"")
    }
    if minReaderVersion > 3 { unknown.append("reader version \(minReaderVersion)") }
    guard unknown.isEmpty else {
      throw DeltaLogError(
        .unsupportedFeature,
        table: table,
        "\(table) needs a reader that knows \(unknown.joined(separator: ", ")).",
        advice: "Copy the table without these features, or read it with the engine that wrote it."
      )
    }
  }

  /// Throws `unsupportedWriter` unless this writer knows every rule of the table.
  func checkWritable(hasInvariants: Bool, table: String) throws {
    guard minReaderVersion <= 1, minWriterVersion <= 2, !hasInvariants else {
      let reason =
        hasInvariants && minWriterVersion <= 2
        ? "a column has invariants" : "its protocol is (\(minReaderVersion), \(minWriterVersion))"
      throw DeltaLogError(
        .unsupportedWriter,
        table: table,
        "\(table) cannot be written by this version: \(reason).",
        advice: "Write it with the engine that made it, or copy it into a new table."
      )
    }
  }
}
