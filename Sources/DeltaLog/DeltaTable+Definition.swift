public import Columnar
internal import ObjectStorage

// What a table is besides its rows: columns that are added, its comment, and its end.

extension DeltaSnapshot {
  /// What people wrote of the table; nil where nobody did.
  public var comment: String? { metadata.description }

  /// The table's properties by name, with what its protocol asks of readers and writers, as other
  /// engines list them.
  public var properties: [String: String] {
    var result = metadata.configuration
    guard let tableProtocol = state.tableProtocol else { return result }
    result["delta.minReaderVersion"] = String(tableProtocol.minReaderVersion)
    result["delta.minWriterVersion"] = String(tableProtocol.minWriterVersion)
    for feature in tableProtocol.readerFeatures + tableProtocol.writerFeatures {
      result["delta.feature.\(feature)"] = "supported"
    }
    return result
  }
}

extension DeltaTable {
  /// Adds a column behind the others, NULL in the rows that are there, by a commit of its own.
  ///
  /// What the log says of the other columns stays as it is. `timestamp` is story time in
  /// milliseconds.
  ///
  /// - Returns: the table's version now.
  /// - Throws: `invalidSchema` where the name is taken or cannot be one, `unsupportedType`,
  ///   `unsupportedWriter`; `conflict` where another writer changed schema or properties meanwhile.
  @discardableResult
  public func addColumn(_ field: Field, timestamp: Int64) throws -> Int64 {
    let field = Field(field.name, field.type)
    return try changeMetadata("ADD COLUMNS", timestamp: timestamp) { snapshot in
      try DeltaSchema.check(Schema(snapshot.schema.fields + [field]), table: path)
      var metadata = snapshot.metadata
      var added = LogJSONWriter()
      try DeltaSchema.encode(field, to: &added, table: path)
      guard case .object(var members)? = try? LogJSONReader.parse(metadata.schemaString),
        let place = members.firstIndex(where: { $0.key == "fields" }),
        let fields = members[place].value.elements
      else {
        throw DeltaLogError(
          .invalidSchema, table: path, "The table's schemaString is not a schema.")
      }
      members[place].value = .array(fields + [try LogJSONReader.parse(added.text)])
      var json = LogJSONWriter()
      json.value(.object(members))
      metadata.schemaString = json.text
      return (metadata, ["columns": added.text])
    }
  }

  /// Sets or takes away what people wrote of the table, by a commit of its own.
  ///
  /// - Returns: the table's version now.
  /// - Throws: `unsupportedWriter`; `conflict` as `addColumn`.
  @discardableResult
  public func setComment(_ comment: String?, timestamp: Int64) throws -> Int64 {
    try changeMetadata("COMMENT", timestamp: timestamp) { snapshot in
      var metadata = snapshot.metadata
      metadata.description = comment
      return (metadata, [:])
    }
  }

  private func changeMetadata(
    _ operation: String,
    timestamp: Int64,
    _ change: (DeltaSnapshot) throws -> (TableMetadata, parameters: [String: String])
  ) throws -> Int64 {
    let snapshot = try snapshot()
    try snapshot.checkWritable()
    let (metadata, parameters) = try change(snapshot)
    guard metadata != snapshot.metadata else { return snapshot.version }
    let plan = CommitPlan(
      operation: operation,
      parameters: parameters,
      timestamp: timestamp,
      metadata: metadata
    )
    return try DeltaCommitter(base: snapshot, plan: plan).commit(adds: [])
  }

  /// Deletes the table: its log from the newest file on, so that a drop that was cut short leaves an
  /// older version and can be repeated, then all that lies below its path.
  ///
  /// A writer that commits meanwhile may leave files behind.
  public func drop() throws {
    for object in try store.list(prefix: logDirectory).reversed() { try store.delete(object.key) }
    for object in try store.list(prefix: path + "/") { try store.delete(object.key) }
  }
}
