internal import Columnar
internal import ObjectStorage
internal import Parquet

/// Writes a table's state as a classic checkpoint, and the hint that leads to it.
///
/// ```
///  one row an action, all columns but one NULL; every field may be NULL, as readers ask for
///  protocol │ metaData │ txn │ remove │ add
/// ```
/// Two writers of one version write the same, and the first one's stays. The hint never goes back.
struct CheckpointWriter {
  let table: DeltaTable
  let state: LogState
  /// Story time: older tombstones than the retention are left out.
  let now: Int64

  /// Durable when it returns; nothing is written where the checkpoint is there already.
  func write() throws {
    guard let metadata = state.metadata, let tableProtocol = state.tableProtocol else { return }
    let key = table.logDirectory + LogListing.padded(state.version) + ".checkpoint.parquet"
    let adds = state.files
    let removes = tombstones(metadata)
    let writer = try table.store.makeWriter()
    do {
      var options = ParquetWriterOptions()
      options.usesDeltas = false
      options.writesPageIndex = false
      let parquet = try ParquetWriter(schema: CheckpointRows.schema, options: options) {
        try writer.write($0)
      }
      var rows = CheckpointRows()
      rows.append(tableProtocol)
      rows.append(metadata)
      for appID in state.transactions.keys.sorted() {
        if let position = state.transactions[appID] { rows.append(appID, position) }
      }
      for remove in removes { try rows.append(remove, to: parquet) }
      for add in adds { try rows.append(add, to: parquet) }
      try rows.flush(to: parquet)
      let summary = try parquet.finish()
      let staged = StagedObject(key: key, writer: writer)
      if try table.store.publish([staged], ifAbsent: true) != [true] { writer.discard() }
      try writeHint(summary, addCount: adds.count)
    } catch {
      writer.discard()
      throw error
    }
  }

  /// The removed files whose bytes must still be there for older versions.
  private func tombstones(_ metadata: TableMetadata) -> [RemoveFile] {
    // Where the retention cannot be read, nothing expires.
    guard let retention = try? metadata.properties(of: table.path).deletedFileRetention() else {
      return state.tombstones
    }
    return state.tombstones.filter { ($0.deletionTimestamp ?? 0) >= now &- retention }
  }

  private func writeHint(_ summary: ParquetSummary, addCount: Int) throws {
    if let known = table.reader.hint(), known >= state.version { return }
    var json = LogJSONWriter()
    json.object { json in
      json.member("version", state.version)
      json.member("size", Int64(summary.rowCount))
      json.member("sizeInBytes", Int64(summary.byteCount))
      json.member("numOfAddFiles", Int64(addCount))
    }
    try table.store.put(table.logDirectory + LogListing.hintName, json.bytes)
  }
}

/// Actions on their way into the columns of a checkpoint.
private struct CheckpointRows {
  private let builders: [ColumnBuilder]
  private var count = 0
  private static let batchRowsMax = 16_384

  private static let texts = DataType.map(key: .varchar, value: .varchar)

  static let schema = Schema([
    Field(
      "protocol",
      .row([
        Field("minReaderVersion", .integer), Field("minWriterVersion", .integer),
        Field("readerFeatures", .array(.varchar)), Field("writerFeatures", .array(.varchar)),
      ])
    ),
    Field(
      "metaData",
      .row([
        Field("id", .varchar), Field("name", .varchar), Field("description", .varchar),
        Field("format", .row([Field("provider", .varchar), Field("options", texts)])),
        Field("schemaString", .varchar), Field("partitionColumns", .array(.varchar)),
        Field("configuration", texts), Field("createdTime", .bigint),
      ])
    ),
    Field(
      "txn",
      .row([
        Field("appId", .varchar), Field("version", .bigint), Field("lastUpdated", .bigint),
      ])
    ),
    Field(
      "remove",
      .row([
        Field("path", .varchar), Field("deletionTimestamp", .bigint),
        Field("dataChange", .boolean), Field("extendedFileMetadata", .boolean),
        Field("partitionValues", texts), Field("size", .bigint),
      ])
    ),
    Field(
      "add",
      .row([
        Field("path", .varchar), Field("partitionValues", texts), Field("size", .bigint),
        Field("modificationTime", .bigint), Field("dataChange", .boolean),
        Field("stats", .varchar), Field("tags", texts),
      ])
    ),
  ])

  init() {
    builders = Self.schema.fields.map { ColumnBuilder(type: $0.type) }
  }

  /// A row that has an action in one column.
  private mutating func row(_ column: Int, _ fill: ([ColumnBuilder]) -> Void) {
    for (index, builder) in builders.enumerated() {
      if index == column {
        fill(builder.children)
        builder.closeRow()
      } else {
        builder.appendNull()
      }
    }
    count += 1
  }

  mutating func append(_ tableProtocol: TableProtocol) {
    row(0) { fields in
      fields[0].append(tableProtocol.minReaderVersion)
      fields[1].append(tableProtocol.minWriterVersion)
      fields[2].appendNull()
      fields[3].appendNull()
    }
  }

  mutating func append(_ metadata: TableMetadata) {
    row(1) { fields in
      fields[0].append(metadata.id)
      fields[1].append(metadata.name)
      fields[2].append(metadata.description)
      fields[3].children[0].append("parquet")
      fields[3].children[1].append(texts: metadata.formatOptions)
      fields[3].closeRow()
      fields[4].append(metadata.schemaString)
      for column in metadata.partitionColumns { fields[5].children[0].append(column) }
      fields[5].closeList()
      fields[6].append(texts: metadata.configuration)
      fields[7].append(metadata.createdTime)
    }
  }

  mutating func append(_ appID: String, _ position: TransactionPosition) {
    row(2) { fields in
      fields[0].append(appID)
      fields[1].append(position.version)
      fields[2].append(position.lastUpdated)
    }
  }

  mutating func append(_ remove: RemoveFile, to parquet: ParquetWriter) throws {
    row(3) { fields in
      fields[0].append(remove.spelling)
      fields[1].append(remove.deletionTimestamp)
      fields[2].append(false)
      fields[3].append(remove.partitionValues != nil && remove.size != nil)
      fields[4].append(texts: remove.partitionValues)
      fields[5].append(remove.size)
    }
    if count >= Self.batchRowsMax { try flush(to: parquet) }
  }

  mutating func append(_ add: AddFile, to parquet: ParquetWriter) throws {
    row(4) { fields in
      fields[0].append(add.spelling)
      fields[1].append(texts: add.partitionValues)
      fields[2].append(add.size)
      fields[3].append(add.modificationTime)
      fields[4].append(false)
      fields[5].append(add.stats)
      fields[6].append(texts: add.tags)
    }
    if count >= Self.batchRowsMax { try flush(to: parquet) }
  }

  mutating func flush(to parquet: ParquetWriter) throws {
    let columns = builders.map { $0.finish() }
    try parquet.write(ColumnarBatch(schema: Self.schema, columns: columns, rowCount: count))
    count = 0
  }
}

extension ColumnBuilder {
  /// A map of texts, its keys in order.
  fileprivate func append(texts: [String: String?]?) {
    guard let texts else { return appendNull() }
    for key in texts.keys.sorted() {
      children[0].append(key)
      children[1].append(texts[key] ?? nil)
    }
    closeList()
  }
}
