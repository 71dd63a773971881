// The lines of a commit file. Each is a JSON object with one member, the action:
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

/// A data file of a table, as its log describes it.
public struct AddFile: Sendable {
  /// The file's key below the table's path, decoded.
  public let path: String
  /// Text by partition column; nil for NULL.
  public let partitionValues: [String: String?]
  /// Bytes.
  public let size: Int64
  /// Milliseconds since the Unix epoch.
  public let modificationTime: Int64
  /// False where the rows were only rearranged.
  public let dataChange: Bool
  /// The statistics as the JSON text in the log; nil where the writer gave none.
  public var stats: String? { statistics.text }
  /// Rows, where the statistics say it.
  public var numRecords: Int? { statistics.numRecords }

  let statistics: FileStatistics

  init(
    path: String,
    partitionValues: [String: String?],
    size: Int64,
    modificationTime: Int64,
    dataChange: Bool = true,
    stats: String?
  ) {
    self.path = path
    self.partitionValues = partitionValues
    self.size = size
    self.modificationTime = modificationTime
    self.dataChange = dataChange
    self.statistics = FileStatistics(text: stats)
  }
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

  init(
    path: String,
    deletionTimestamp: Int64?,
    dataChange: Bool,
    partitionValues: [String: String?]?,
    size: Int64?
  ) {
    self.path = path
    self.deletionTimestamp = deletionTimestamp
    self.dataChange = dataChange
    self.partitionValues = partitionValues
    self.size = size
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
  var schemaString: String
  var partitionColumns: [String]
  var configuration: [String: String]
  var createdTime: Int64?
}

struct CommitInfo: Sendable {
  var timestamp: Int64
  var operation: String
  var operationParameters: [String: String] = [:]
  var operationMetrics: [String: String] = [:]
  var isBlindAppend = false
  /// Who wrote it; ours counts its files, so that a commit cut between two lines is noticed.
  var engineInfo: String? = CommitInfo.ourEngine

  static let ourEngine = "Tapline"
}

/// Everything one commit file says.
struct CommitActions: Sendable {
  var info: CommitInfo?
  var tableProtocol: TableProtocol?
  var metadata: TableMetadata?
  var transactions: [String: Int64] = [:]
  var removes: [RemoveFile] = []
  var adds: [AddFile] = []
}

// MARK: Writing

extension CommitActions {
  /// The bytes of the commit file; the same actions always give the same bytes.
  func encoded() -> [UInt8] {
    var json = LogJSONWriter()
    if let info { Self.line(&json, "commitInfo") { info.write(to: &$0) } }
    if let tableProtocol {
      Self.line(&json, "protocol") {
        $0.member("minReaderVersion", tableProtocol.minReaderVersion)
        $0.member("minWriterVersion", tableProtocol.minWriterVersion)
      }
    }
    if let metadata { Self.line(&json, "metaData") { metadata.write(to: &$0) } }
    for appID in transactions.keys.sorted() {
      guard let version = transactions[appID] else { continue }
      Self.line(&json, "txn") {
        $0.member("appId", appID)
        $0.member("version", version)
        if let info { $0.member("lastUpdated", info.timestamp) }
      }
    }
    for remove in removes { Self.line(&json, "remove") { remove.write(to: &$0) } }
    for add in adds { Self.line(&json, "add") { add.write(to: &$0) } }
    return json.bytes
  }

  private static func line(
    _ json: inout LogJSONWriter,
    _ name: String,
    _ body: (inout LogJSONWriter) -> Void
  ) {
    json.object { json in
      json.key(name)
      json.object(body)
    }
    json.newline()
  }
}

extension CommitInfo {
  fileprivate func write(to json: inout LogJSONWriter) {
    json.member("timestamp", timestamp)
    json.member("operation", operation)
    json.member("operationParameters", operationParameters)
    json.member("isBlindAppend", isBlindAppend)
    json.member("engineInfo", engineInfo)
    json.member("operationMetrics", operationMetrics)
  }
}

extension TableMetadata {
  fileprivate func write(to json: inout LogJSONWriter) {
    json.member("id", id)
    if let name { json.member("name", name) }
    json.key("format")
    json.object {
      $0.member("provider", "parquet")
      $0.member("options", [:])
    }
    json.member("schemaString", schemaString)
    json.key("partitionColumns")
    json.array { json in for column in partitionColumns { json.string(column) } }
    json.member("configuration", configuration)
    if let createdTime { json.member("createdTime", createdTime) }
  }
}

extension RemoveFile {
  fileprivate func write(to json: inout LogJSONWriter) {
    json.member("path", TablePath.encode(path))
    if let deletionTimestamp { json.member("deletionTimestamp", deletionTimestamp) }
    json.member("dataChange", dataChange)
    json.member("extendedFileMetadata", partitionValues != nil && size != nil)
    if let partitionValues { json.member("partitionValues", partitionValues) }
    if let size { json.member("size", size) }
  }
}

extension AddFile {
  fileprivate func write(to json: inout LogJSONWriter) {
    json.member("path", TablePath.encode(path))
    json.member("partitionValues", partitionValues)
    json.member("size", size)
    json.member("modificationTime", modificationTime)
    json.member("dataChange", dataChange)
    if let stats { json.member("stats", stats) }
  }
}

// MARK: Reading

extension CommitActions {
  /// Reads a commit file.
  ///
  /// - Throws: `LogJSONError` with the byte of the first fault; an action of an unknown kind is
  ///   passed over, as the protocol asks.
  init(parsing bytes: UnsafeBufferPointer<UInt8>) throws {
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      let isBlank = bytes[start..<end].allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
      if !isBlank { try readLine(LogJSONReader.parse(bytes, in: start..<end), at: start) }
      start = end + 1
    }
    try checkCounts(byteCount: bytes.count)
  }

  private mutating func readLine(_ line: LogJSON, at byteOffset: Int) throws {
    guard let members = line.members else {
      throw LogJSONError(byteOffset: byteOffset, reason: "a line is not a JSON object")
    }
    for member in members {
      let fields = ActionFields(name: member.key, json: member.value, byteOffset: byteOffset)
      switch member.key {
      case "commitInfo": info = CommitInfo(fields)
      case "protocol": tableProtocol = try TableProtocol(fields)
      case "metaData": metadata = try TableMetadata(fields)
      case "txn": transactions[try fields.text("appId")] = try fields.integer("version")
      case "remove": removes.append(try RemoveFile(fields))
      case "add": adds.append(try AddFile(fields))
      default: continue
      }
    }
  }

  /// Our own commits say how many files they add and remove.
  private func checkCounts(byteCount: Int) throws {
    guard let info, info.engineInfo == CommitInfo.ourEngine else { return }
    let counted = ["numFiles": adds.count, "numRemovedFiles": removes.count]
    for (name, count) in counted {
      guard let text = info.operationMetrics[name], let expected = Int(text) else { continue }
      guard expected == count else {
        throw LogJSONError(
          byteOffset: byteCount,
          reason: "\(name) is \(expected), but \(count) are listed"
        )
      }
    }
  }
}

/// The members of one action, with the fault to throw where one is missing.
private struct ActionFields {
  let name: String
  let json: LogJSON
  let byteOffset: Int

  func fault(_ reason: String) -> LogJSONError {
    LogJSONError(byteOffset: byteOffset, reason: "the \(name) action \(reason)")
  }

  func text(_ key: String) throws -> String {
    guard let text = json[key]?.text else { throw fault("has no text \"\(key)\"") }
    return text
  }

  func integer(_ key: String) throws -> Int64 {
    guard let value = json[key]?.integer else { throw fault("has no integer \"\(key)\"") }
    return value
  }

  /// A file's key below the table; absolute ones belong to shallow clones, which are refused.
  func path() throws -> String {
    let path = TablePath.decode(try text("path"))
    if Self.isAbsolute(path) {
      throw fault("names \"\(path)\", a file outside the table, as shallow clones do")
    }
    return path
  }

  /// True for `/…` and for a URI with a scheme, such as `s3://…`.
  private static func isAbsolute(_ path: String) -> Bool {
    for byte in path.utf8 {
      if byte == UInt8(ascii: ":") { return true }
      if byte == UInt8(ascii: "/") { break }
    }
    return path.utf8.first == UInt8(ascii: "/")
  }

  func texts(_ key: String) -> [String] {
    (json[key]?.elements ?? []).compactMap(\.text)
  }

  /// A map of text to text or null; nil where it is missing.
  func values(_ key: String) throws -> [String: String?]? {
    guard let value = json[key], value != .null else { return nil }
    guard let members = value.members else { throw fault("has a \"\(key)\" that is no object") }
    var result: [String: String?] = [:]
    for member in members {
      switch member.value {
      // The protocol writes NULL as null or as an empty text.
      case .null, .string(""): result[member.key] = .some(nil)
      case .string(let text): result[member.key] = text
      default: throw fault("has a value in \"\(key)\" that is no text")
      }
    }
    return result
  }
}

extension CommitInfo {
  /// Free-form by the protocol, so nothing in it is an error.
  fileprivate init(_ fields: ActionFields) {
    // Beyond 2^50 ms it is no time, and sums with it could overflow.
    timestamp = fields.json["timestamp"]?.integer.flatMap { $0.magnitude < 1 << 50 ? $0 : nil } ?? 0
    operation = fields.json["operation"]?.text ?? "UNKNOWN"
    engineInfo = fields.json["engineInfo"]?.text
    isBlindAppend = fields.json["isBlindAppend"]?.boolean ?? false
    operationParameters = Self.texts(fields.json["operationParameters"])
    operationMetrics = Self.texts(fields.json["operationMetrics"])
  }

  private static func texts(_ json: LogJSON?) -> [String: String] {
    var result: [String: String] = [:]
    for member in json?.members ?? [] {
      switch member.value {
      case .string(let text), .number(let text): result[member.key] = text
      default: continue
      }
    }
    return result
  }
}

extension TableProtocol {
  fileprivate init(_ fields: ActionFields) throws {
    minReaderVersion = try fields.integer("minReaderVersion")
    minWriterVersion = try fields.integer("minWriterVersion")
    readerFeatures = fields.texts("readerFeatures")
    writerFeatures = fields.texts("writerFeatures")
  }
}

extension TableMetadata {
  fileprivate init(_ fields: ActionFields) throws {
    id = try fields.text("id")
    name = fields.json["name"]?.text
    schemaString = try fields.text("schemaString")
    partitionColumns = fields.texts("partitionColumns")
    createdTime = fields.json["createdTime"]?.integer
    configuration = [:]
    for (key, value) in try fields.values("configuration") ?? [:] { configuration[key] = value }
    if let provider = fields.json["format"]?["provider"]?.text, provider != "parquet" {
      throw fields.fault("has data files of the format \"\(provider)\"; only parquet is defined")
    }
  }
}

extension RemoveFile {
  fileprivate init(_ fields: ActionFields) throws {
    self.init(
      path: try fields.path(),
      deletionTimestamp: fields.json["deletionTimestamp"]?.integer,
      dataChange: fields.json["dataChange"]?.boolean ?? true,
      partitionValues: try fields.values("partitionValues"),
      size: fields.json["size"]?.integer
    )
  }
}

extension AddFile {
  fileprivate init(_ fields: ActionFields) throws {
    if let vector = fields.json["deletionVector"], vector != .null {
      throw fields.fault("has a deletion vector, which this reader does not know")
    }
    self.init(
      path: try fields.path(),
      partitionValues: try fields.values("partitionValues") ?? [:],
      size: try fields.integer("size"),
      modificationTime: fields.json["modificationTime"]?.integer ?? 0,
      dataChange: fields.json["dataChange"]?.boolean ?? true,
      stats: fields.json["stats"]?.text
    )
  }
}
