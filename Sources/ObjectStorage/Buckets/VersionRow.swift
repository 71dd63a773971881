internal import GRDB

/// A row of the index: a version of a key, or a delete marker.
struct VersionRow: Equatable {
  var sequence: Int64 = 0
  var key: String
  /// Nil is the null version.
  var versionID: String?
  var isMarker = false
  var size = 0
  var modifiedNanoseconds: Int64
  /// Below `versions/`; nil while it is, or was, the object at its key.
  var file: String?
  /// Milliseconds since the Unix epoch.
  var noncurrentSince: Int64?
  /// The entity tag that was derived from the file when the row was made; nil where a new one is as good.
  var derivedTag: String?
  var attributes = ObjectAttributes()

  /// Whether this is what lies at the key.
  func matches(_ status: FileStatus) -> Bool {
    !isMarker && size == status.size && modifiedNanoseconds == status.modifiedNanoseconds
  }
}

extension VersionRow {
  private static let columns =
    "sequence, key, version, is_marker, size, modified, file, noncurrent_since, derived_tag, attributes"

  /// The rows of a key, oldest first.
  static func all(_ db: Database, key: String) throws -> [VersionRow] {
    let statement = try db.cachedStatement(
      sql: "SELECT \(columns) FROM versions WHERE key = ? ORDER BY sequence")
    return try Row.fetchAll(statement, arguments: [key]).map(VersionRow.init)
  }

  /// The keys that have rows, in order: those from `first`, or behind it, up to `last`.
  static func keys(
    _ db: Database, from first: String, isInclusive: Bool, to last: String, limit: Int
  ) throws -> [String] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT DISTINCT key FROM versions WHERE key \(isInclusive ? ">=" : ">") ? AND key <= ?
        ORDER BY key LIMIT ?
        """)
    return try String.fetchAll(statement, arguments: [first, last, limit])
  }

  /// The keys that have earlier versions or delete markers, in order, behind one.
  static func keysWithEarlier(_ db: Database, behind key: String, limit: Int) throws -> [String] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT DISTINCT key FROM versions WHERE key > ? AND (file IS NOT NULL OR is_marker)
        ORDER BY key LIMIT ?
        """)
    return try String.fetchAll(statement, arguments: [key, limit])
  }

  private init(_ row: Row) {
    sequence = row.number("sequence") ?? 0
    key = row.text("key") ?? ""
    versionID = row.text("version")
    isMarker = row.number("is_marker") == 1
    size = row.number("size").map(Int.init) ?? 0
    modifiedNanoseconds = row.number("modified") ?? 0
    file = row.text("file")
    noncurrentSince = row.number("noncurrent_since")
    derivedTag = row.text("derived_tag")
    let text = row.text("attributes")
    attributes = IndexJSON.value(ObjectAttributes.self, text) ?? ObjectAttributes()
  }

  private func attributesText() throws -> String? {
    attributes == ObjectAttributes() ? nil : try IndexJSON.text(attributes)
  }

  /// Writes a new row; `makeID` makes the version's id of its number, nil for the null version.
  mutating func insert(_ db: Database, makeID: ((Int64) -> String)?) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO versions
          (key, is_marker, size, modified, file, noncurrent_since, derived_tag, attributes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        key, isMarker, size, modifiedNanoseconds, file, noncurrentSince, derivedTag,
        try attributesText(),
      ])
    sequence = db.lastInsertedRowID
    versionID = makeID?(sequence)
    if let versionID {
      try db.cachedStatement(sql: "UPDATE versions SET version = ? WHERE sequence = ?")
        .execute(arguments: [versionID, sequence])
    }
  }

  /// Writes what may change of a row: where its bytes are, and its attributes.
  func update(_ db: Database) throws {
    try db.cachedStatement(
      sql: """
        UPDATE versions SET file = ?, noncurrent_since = ?, derived_tag = ?, attributes = ?
        WHERE sequence = ?
        """
    ).execute(
      arguments: [file, noncurrentSince, derivedTag, try attributesText(), sequence])
  }

  func delete(_ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM versions WHERE sequence = ?")
      .execute(arguments: [sequence])
  }
}

extension Row {
  /// A column as a number; nil where it is none, which a damaged file may bring about.
  func number(_ column: String) -> Int64? {
    let value: DatabaseValue = self[column]
    return Int64.fromDatabaseValue(value)
  }

  /// A column as a text; nil where it is none.
  func text(_ column: String) -> String? {
    let value: DatabaseValue = self[column]
    return String.fromDatabaseValue(value)
  }
}
