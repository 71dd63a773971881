// From the fields of an action to the action, whether it stands in a JSON line or in a Parquet row.

/// The fields of one action; nil stands for a field that is missing or NULL.
protocol ActionSource {
  func text(_ key: String) -> String?
  func integer(_ key: String) -> Int64?
  func boolean(_ key: String) -> Bool?
  /// A list of texts.
  func texts(_ key: String) -> [String]?
  /// A map of text to text or NULL.
  func values(_ key: String) throws -> [String: String?]?
  func nested(_ key: String) -> Self?
  /// The error for a field that is not as it should be: a sentence's end, such as `has no path`.
  func fault(_ reason: String) -> any Error
}

extension ActionSource {
  fileprivate func required(text key: String) throws -> String {
    guard let text = text(key) else { throw fault("has no text \"\(key)\"") }
    return text
  }

  fileprivate func required(integer key: String) throws -> Int64 {
    guard let value = integer(key) else { throw fault("has no integer \"\(key)\"") }
    return value
  }

  /// A file's key below the table; absolute ones belong to shallow clones, which are refused.
  fileprivate func path() throws -> (path: String, spelling: String) {
    let spelling = try required(text: "path")
    let path = TablePath.decode(spelling)
    if TablePath.isAbsolute(path) {
      throw fault("names \"\(path)\", a file outside the table, as shallow clones do")
    }
    return (path, spelling)
  }

  /// The protocol writes a partition's NULL as null or as an empty text.
  fileprivate func partitionValues() throws -> [String: String?]? {
    try values("partitionValues")?.mapValues { $0 == "" ? nil : $0 }
  }

  fileprivate func deletionVector() throws -> DeletionVectorDescriptor? {
    guard let vector = nested("deletionVector") else { return nil }
    return DeletionVectorDescriptor(
      storageType: try vector.required(text: "storageType"),
      pathOrInline: try vector.required(text: "pathOrInlineDv"),
      offset: vector.integer("offset"),
      sizeInBytes: try vector.required(integer: "sizeInBytes"),
      cardinality: try vector.required(integer: "cardinality")
    )
  }

  fileprivate func add() throws -> AddFile {
    let (path, spelling) = try path()
    return AddFile(
      path: path,
      spelling: spelling,
      partitionValues: try partitionValues() ?? [:],
      size: try required(integer: "size"),
      modificationTime: integer("modificationTime") ?? 0,
      dataChange: boolean("dataChange") ?? true,
      stats: text("stats"),
      tags: try values("tags"),
      deletionVector: try deletionVector()
    )
  }

  fileprivate func remove() throws -> RemoveFile {
    let (path, spelling) = try path()
    return RemoveFile(
      path: path,
      spelling: spelling,
      deletionTimestamp: integer("deletionTimestamp"),
      dataChange: boolean("dataChange") ?? true,
      partitionValues: try partitionValues(),
      size: integer("size"),
      deletionVector: try deletionVector()
    )
  }

  fileprivate func tableProtocol() throws -> TableProtocol {
    TableProtocol(
      minReaderVersion: try required(integer: "minReaderVersion"),
      minWriterVersion: try required(integer: "minWriterVersion"),
      readerFeatures: texts("readerFeatures") ?? [],
      writerFeatures: texts("writerFeatures") ?? []
    )
  }

  fileprivate func metadata() throws -> TableMetadata {
    let format = nested("format")
    if let provider = format?.text("provider"), provider != "parquet" {
      throw fault("has data files of the format \"\(provider)\"; only parquet is defined")
    }
    return TableMetadata(
      id: try required(text: "id"),
      name: text("name"),
      description: text("description"),
      formatOptions: (try format?.values("options") ?? [:]).compactMapValues { $0 },
      schemaString: try required(text: "schemaString"),
      partitionColumns: texts("partitionColumns") ?? [],
      configuration: (try values("configuration") ?? [:]).compactMapValues { $0 },
      createdTime: integer("createdTime")
    )
  }
}

extension CommitActions {
  /// Takes in an action by its name; one of an unknown kind is passed over, as the protocol asks.
  mutating func append(_ name: String, _ source: some ActionSource) throws {
    switch name {
    case "protocol": tableProtocol = try source.tableProtocol()
    case "metaData": metadata = try source.metadata()
    case "txn":
      transactions[try source.required(text: "appId")] = TransactionPosition(
        version: try source.required(integer: "version"),
        lastUpdated: source.integer("lastUpdated")
      )
    case "remove": removes.append(try source.remove())
    case "add": adds.append(try source.add())
    case "sidecar": sidecars.append(try source.required(text: "path"))
    case "checkpointMetadata": checkpointVersion = source.integer("version")
    default: return
    }
  }

  /// The kinds of actions that a checkpoint may hold.
  static let checkpointKinds = [
    "protocol", "metaData", "txn", "remove", "add", "sidecar", "checkpointMetadata",
  ]

  /// Reads the lines of a commit file, or of a checkpoint in JSON.
  ///
  /// - Throws: `LogJSONError` with the byte of the first fault.
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
      if member.key == "commitInfo" {
        info = CommitInfo(member.value)
      } else {
        let action = JSONAction(name: member.key, json: member.value, byteOffset: byteOffset)
        try append(member.key, action)
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

extension CommitInfo {
  /// Free-form by the protocol, so nothing in it is an error.
  fileprivate init(_ json: LogJSON) {
    /// Beyond 2^50 ms it is no time, and sums with it could overflow.
    func time(_ key: String) -> Int64? {
      json[key]?.integer.flatMap { $0.magnitude < 1 << 50 ? $0 : nil }
    }
    func texts(_ key: String) -> [String: String] {
      var result: [String: String] = [:]
      for member in json[key]?.members ?? [] {
        switch member.value {
        case .string(let text), .number(let text): result[member.key] = text
        default: continue
        }
      }
      return result
    }
    timestamp = time("timestamp")
    inCommitTimestamp = time("inCommitTimestamp")
    operation = json["operation"]?.text ?? "UNKNOWN"
    operationParameters = texts("operationParameters")
    operationMetrics = texts("operationMetrics")
    isBlindAppend = json["isBlindAppend"]?.boolean ?? false
    engineInfo = json["engineInfo"]?.text
  }
}

/// The members of an action in a JSON line.
private struct JSONAction: ActionSource {
  let name: String
  let json: LogJSON
  let byteOffset: Int

  func fault(_ reason: String) -> any Error {
    LogJSONError(byteOffset: byteOffset, reason: "the \(name) action \(reason)")
  }

  func text(_ key: String) -> String? { json[key]?.text }
  func integer(_ key: String) -> Int64? { json[key]?.integer }
  func boolean(_ key: String) -> Bool? { json[key]?.boolean }
  func texts(_ key: String) -> [String]? { json[key]?.elements?.compactMap(\.text) }

  func nested(_ key: String) -> JSONAction? {
    guard let value = json[key], value != .null else { return nil }
    return JSONAction(name: name, json: value, byteOffset: byteOffset)
  }

  func values(_ key: String) throws -> [String: String?]? {
    guard let value = json[key], value != .null else { return nil }
    guard let members = value.members else { throw fault("has a \"\(key)\" that is no object") }
    var result: [String: String?] = [:]
    for member in members {
      switch member.value {
      case .null: result[member.key] = .some(nil)
      case .string(let text): result[member.key] = text
      default: throw fault("has a value in \"\(key)\" that is no text")
      }
    }
    return result
  }
}
