// The bytes of a commit file.

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
      guard let position = transactions[appID] else { continue }
      Self.line(&json, "txn") {
        $0.member("appId", appID)
        $0.member("version", position.version)
        if let time = position.lastUpdated { $0.member("lastUpdated", time) }
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
    json.member("timestamp", timestamp ?? 0)
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
    if let description { json.member("description", description) }
    json.key("format")
    json.object {
      $0.member("provider", "parquet")
      $0.member("options", formatOptions)
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
    json.member("path", spelling)
    if let deletionTimestamp { json.member("deletionTimestamp", deletionTimestamp) }
    json.member("dataChange", dataChange)
    json.member("extendedFileMetadata", partitionValues != nil && size != nil)
    if let partitionValues { json.member("partitionValues", partitionValues) }
    if let size { json.member("size", size) }
    deletionVector?.write(to: &json)
  }
}

extension AddFile {
  fileprivate func write(to json: inout LogJSONWriter) {
    json.member("path", spelling)
    json.member("partitionValues", partitionValues)
    json.member("size", size)
    json.member("modificationTime", modificationTime)
    json.member("dataChange", dataChange)
    if let stats { json.member("stats", stats) }
    if let tags { json.member("tags", tags) }
    deletionVector?.write(to: &json)
  }
}

extension DeletionVectorDescriptor {
  fileprivate func write(to json: inout LogJSONWriter) {
    json.key("deletionVector")
    json.object { json in
      json.member("storageType", storageType)
      json.member("pathOrInlineDv", pathOrInline)
      if let offset { json.member("offset", offset) }
      json.member("sizeInBytes", sizeInBytes)
      json.member("cardinality", cardinality)
    }
  }
}
