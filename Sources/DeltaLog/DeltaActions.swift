// The lines of a commit file, and the rows of a checkpoint. Each is one action:
//
// ```
//  _delta_log/00000000000000000007.json
//  {"commitInfo":{…}}      who, when, what; for people
//  {"protocol":{…}}        which readers and writers may touch the table
//  {"metaData":{…}}        id, schema, partition columns
//  {"txn":{…}}             the last position an application has written
//  {"remove":{…}}          a file that no longer belongs to the table
//  {"add":{…}}             a file that does
// ```
// A checkpoint of the newer form has two kinds more: what it is, and which files hold its adds and
// removes.

/// A data file of a table, as its log describes it.
public struct AddFile: Sendable {
  /// The file's key below the table's path, decoded.
  public let path: String
  /// Text by partition column; nil for NULL.
  ///
  /// In a table that maps its columns to files, a snapshot's files have the table's names here, and
  /// those of a `DeltaCommit` the physical ones.
  public let partitionValues: [String: String?]
  /// Bytes.
  public let size: Int64
  /// Milliseconds since the Unix epoch.
  public let modificationTime: Int64
  /// False where the rows were only rearranged.
  public internal(set) var dataChange: Bool
  /// The statistics as the JSON text in the log; nil where the writer gave none.
  public var stats: String? { statistics.text }
  /// Rows, without those that a deletion vector takes out; nil where the statistics do not say it.
  public var numRecords: Int? { statistics.numRecords }

  let statistics: FileStatistics
  /// The path as the log spells it: other readers compare spellings, so it is passed on as it came.
  let spelling: String
  /// What the writer wanted to say besides.
  let tags: [String: String?]?
  /// The rows of the file that count no longer.
  let deletionVector: DeletionVectorDescriptor?

  init(
    path: String,
    spelling: String? = nil,
    partitionValues: [String: String?],
    size: Int64,
    modificationTime: Int64,
    dataChange: Bool = true,
    stats: String?,
    tags: [String: String?]? = nil,
    deletionVector: DeletionVectorDescriptor? = nil
  ) {
    self.path = path
    self.spelling = spelling ?? TablePath.encode(path)
    self.partitionValues = partitionValues
    self.size = size
    self.modificationTime = modificationTime
    self.dataChange = dataChange
    self.statistics = FileStatistics(text: stats, deletedCount: deletionVector?.cardinality ?? 0)
    self.tags = tags
    self.deletionVector = deletionVector
  }

  /// The same file with its partition under other names.
  init(_ file: AddFile, partitionValues: [String: String?]) {
    path = file.path
    spelling = file.spelling
    self.partitionValues = partitionValues
    size = file.size
    modificationTime = file.modificationTime
    dataChange = file.dataChange
    statistics = file.statistics
    tags = file.tags
    deletionVector = file.deletionVector
  }

  /// What identifies the file in its table; see `LogicalFile`.
  var key: String { LogicalFile.key(path, deletionVector) }
}

/// A data file that a commit took out of the table; its bytes stay for older versions.
public struct RemoveFile: Sendable {
  public let path: String
  /// Milliseconds since the Unix epoch; nil where the writer gave none.
  public let deletionTimestamp: Int64?
  public let dataChange: Bool
  /// As the file was added; nil where neither this commit nor an earlier one says it.
  public internal(set) var partitionValues: [String: String?]?
  public internal(set) var size: Int64?

  let spelling: String
  let deletionVector: DeletionVectorDescriptor?

  init(
    path: String,
    spelling: String? = nil,
    deletionTimestamp: Int64?,
    dataChange: Bool,
    partitionValues: [String: String?]?,
    size: Int64?,
    deletionVector: DeletionVectorDescriptor? = nil
  ) {
    self.path = path
    self.spelling = spelling ?? TablePath.encode(path)
    self.deletionTimestamp = deletionTimestamp
    self.dataChange = dataChange
    self.partitionValues = partitionValues
    self.size = size
    self.deletionVector = deletionVector
  }

  /// The tombstone of a file of the table.
  init(of file: AddFile, deletionTimestamp: Int64, dataChange: Bool) {
    self.init(
      path: file.path,
      spelling: file.spelling,
      deletionTimestamp: deletionTimestamp,
      dataChange: dataChange,
      partitionValues: file.partitionValues,
      size: file.size,
      deletionVector: file.deletionVector
    )
  }

  var key: String { LogicalFile.key(path, deletionVector) }
}

/// A data file together with its deletion vector: the same bytes under another vector are another
/// file of the table.
enum LogicalFile {
  /// The path, and behind a zero byte, which no path has, the vector's own key.
  static func key(_ path: String, _ vector: DeletionVectorDescriptor?) -> String {
    guard let vector else { return path }
    return path + "\0" + vector.uniqueID
  }
}

/// Where the log says that a file's deletion vector is.
struct DeletionVectorDescriptor: Hashable, Sendable {
  /// `u` for a file of the table, `p` for a file anywhere, `i` for the log itself.
  var storageType: String
  var pathOrInline: String
  /// Bytes from the beginning of its file.
  var offset: Int64?
  var sizeInBytes: Int64
  /// Rows that count no longer.
  var cardinality: Int64

  var uniqueID: String {
    storageType + pathOrInline + (offset.map { "@\($0)" } ?? "")
  }
}

struct TableProtocol: Hashable, Sendable {
  var minReaderVersion: Int64 = 1
  var minWriterVersion: Int64 = 2
  var readerFeatures: [String] = []
  var writerFeatures: [String] = []
}

struct TableMetadata: Hashable, Sendable {
  var id: String
  var name: String?
  var description: String?
  var formatOptions: [String: String] = [:]
  var schemaString: String
  var partitionColumns: [String]
  var configuration: [String: String]
  var createdTime: Int64?
}

/// The last position that an application has written.
struct TransactionPosition: Hashable, Sendable {
  var version: Int64
  /// Milliseconds since the Unix epoch.
  var lastUpdated: Int64?
}

struct CommitInfo: Sendable {
  /// Milliseconds since the Unix epoch.
  var timestamp: Int64?
  /// The time that the table's own property makes binding, where a commit has one.
  var inCommitTimestamp: Int64?
  var operation: String
  var operationParameters: [String: String] = [:]
  var operationMetrics: [String: String] = [:]
  var isBlindAppend = false
  /// Who wrote it; ours counts its files, so that a commit cut between two lines is noticed.
  var engineInfo: String? = CommitInfo.ourEngine

  static let ourEngine = "Tapline"
}

/// Everything one commit file or one checkpoint says.
struct CommitActions: Sendable {
  var info: CommitInfo?
  var tableProtocol: TableProtocol?
  var metadata: TableMetadata?
  var transactions: [String: TransactionPosition] = [:]
  var removes: [RemoveFile] = []
  var adds: [AddFile] = []
  /// Of a checkpoint: the names of the files that hold its adds and removes.
  var sidecars: [String] = []
  /// Of a checkpoint: the version it says it is of.
  var checkpointVersion: Int64?
}
