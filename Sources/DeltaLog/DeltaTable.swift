// A Delta table: Parquet files, and a log of numbered JSON commits that says which of them count.
//
// ```
//  processed/events/
//    _delta_log/00000000000000000000.json     created by put-if-absent, never changed
//    _delta_log/00000000000000000001.json
//    dt=2024-01-15/part-00000-….zstd.parquet
// ```
// 1. `snapshot()` lets `LogReader` replay the log, from its newest checkpoint on, into a `LogState`,
//    and pins it as a `DeltaSnapshot`.
// 2. `DeltaSnapshot.splits(for:)` skips files by partition and statistics, and each `DeltaSplit`
//    reads one file through `Parquet`.
// 3. `DeltaSnapshot.makeSink` routes batches to partitions, writes the files, and commits by putting
//    the next number if it is absent: `DeltaCommitter` retries where others were faster.
// 4. `DeltaSnapshot.changeable` is a table whose rows can be changed, by a `DeltaRowChange`.
//
// Beside these: checkpoints and log clean-up (`DeltaTable+Maintenance`), older versions and restore,
// `optimize` and `vacuum`.
//
// It writes protocol (1, 2), which every reader takes; it reads newer tables too, with their
// checkpoints of all forms, deletion vectors and mapped columns, and refuses what it does not know.

public import Columnar
public import ObjectStorage
internal import Synchronization

/// One table of a store, by its path; safe to share, and cheap to ask again for its snapshot.
public final class DeltaTable: Sendable {
  public let store: any ObjectStore
  /// The table's path below the store's root, without a slash at its end: `processed/events`.
  public let path: String

  let replayed = Mutex<LogReplay?>(nil)

  public init(store: any ObjectStore, path: String) {
    self.store = store
    self.path = path
  }

  var logDirectory: String { path + "/_delta_log/" }

  func commitKey(_ version: Int64) -> String {
    logDirectory + LogListing.padded(version) + ".json"
  }

  // MARK: Making

  /// True where a log is at `path`.
  public static func exists(store: any ObjectStore, path: String) throws -> Bool {
    let table = DeltaTable(store: store, path: path)
    if try store.head(table.commitKey(0)) != nil { return true }
    return try !store.list(prefix: table.logDirectory).isEmpty
  }

  /// Makes an empty table by its commit 0.
  ///
  /// The table's id follows from its path, name, schema and time. Log clean-up by other writers is
  /// switched off, because they would go by wall time; `properties` may switch it on again, and set
  /// others, such as `delta.checkpointInterval`. `comment` is what the log calls its description.
  ///
  /// - Throws: `tableExists`, `invalidSchema`, `unsupportedType`, `unknownPartitionColumn`.
  public static func create(
    store: any ObjectStore,
    path: String,
    schema: Schema,
    partitionColumns: [String] = [],
    timestamp: Int64,
    name: String? = nil,
    comment: String? = nil,
    properties: [String: String] = [:]
  ) throws -> DeltaTable {
    let table = DeltaTable(store: store, path: path)
    let metadata = try table.newMetadata(
      schema: schema,
      partitionColumns: partitionColumns,
      timestamp: timestamp,
      name: name,
      comment: comment,
      properties: properties
    )
    let actions = CommitActions(
      info: CommitInfo(
        timestamp: timestamp,
        operation: "CREATE TABLE",
        operationParameters: ["partitionBy": DeltaSink.jsonList(metadata.partitionColumns)],
        operationMetrics: ["numFiles": "0", "numRemovedFiles": "0"]
      ),
      tableProtocol: TableProtocol(),
      metadata: metadata
    )
    guard try !exists(store: store, path: path),
      try store.putIfAbsent(table.commitKey(0), actions.encoded())
    else {
      throw table.alreadyExists()
    }
    return table
  }

  func alreadyExists() -> DeltaLogError {
    DeltaLogError(
      .tableExists,
      table: path,
      "There is already a table at \(path).",
      advice: "Append to it, overwrite it, or use another name."
    )
  }

  /// What commit 0 of a table says of it; see `create`.
  func newMetadata(
    schema: Schema,
    partitionColumns: [String],
    timestamp: Int64,
    name: String?,
    comment: String?,
    properties: [String: String]
  ) throws -> TableMetadata {
    let schemaString = try DeltaSchema.encode(schema, table: path)
    return TableMetadata(
      id: SeededName.uuid(of: [path, name ?? "", schemaString, String(timestamp)]),
      name: name,
      description: comment,
      schemaString: schemaString,
      partitionColumns: try checkedPartitionColumns(partitionColumns, in: schema),
      configuration: ["delta.enableExpiredLogCleanup": "false"].merging(properties) { $1 },
      createdTime: timestamp
    )
  }

  private func checkedPartitionColumns(_ names: [String], in schema: Schema) throws -> [String] {
    let columns = try names.map { name in
      guard let index = schema.index(of: name) else {
        throw DeltaLogError(
          .unknownPartitionColumn,
          table: path,
          "The partition column \"\(name)\" is not a column of the table.",
          advice: "Its columns are \(schema.fields.map(\.name).joined(separator: ", "))."
        )
      }
      guard PartitionValue.isWritable(schema[index].type) else {
        throw DeltaLogError(
          .unsupportedType,
          table: path,
          "The table cannot be partitioned by \"\(name)\" of type \(schema[index].type).",
          advice: "Partition by a varchar, date, integer or bigint column."
        )
      }
      return schema[index].name
    }
    guard Set(columns).count == columns.count, columns.count < schema.count else {
      throw DeltaLogError(
        .invalidSchema,
        table: path,
        "A partition column is named twice, or no column is left for the data files."
      )
    }
    return columns
  }
}
