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

// MARK: Reading

extension VersionRow {
  private static let columns = """
    sequence, key, version, is_marker, size, modified, file, noncurrent_since, derived_tag,
    entity_tag, storage_class, checksum_algorithm, checksum, headers, metadata, part_sizes
    """

  /// How many of a key's rows tell all that there is to know of its newest versions.
  private static let recentMax = 16

  /// The rows of a key, oldest first.
  static func all(_ db: Database, key: String) throws -> [VersionRow] {
    let statement = try db.cachedStatement(
      sql: "SELECT \(columns) FROM versions WHERE key = ? ORDER BY sequence")
    return try Row.fetchAll(statement, arguments: [key]).map(VersionRow.init)
  }

  /// The newest rows of a key and its null version, oldest first, so that a key with thousands of
  /// versions is as fast as one with two.
  static func recent(_ db: Database, key: String) throws -> [VersionRow] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(columns) FROM versions WHERE key = ? ORDER BY sequence DESC LIMIT \(recentMax)
        """)
    let newest = try Row.fetchAll(statement, arguments: [key]).map(VersionRow.init)
    guard newest.count == recentMax, let last = newest.last else { return newest.reversed() }
    let null = try db.cachedStatement(
      sql: """
        SELECT \(columns) FROM versions
        WHERE key = ? AND version IS NULL AND (file IS NOT NULL OR is_marker) AND sequence < ?
        ORDER BY sequence
        """)
    return try Row.fetchAll(null, arguments: [key, last.sequence]).map(VersionRow.init)
      + newest.reversed()
  }

  /// The row of a version's id; nil where there is none.
  static func find(_ db: Database, key: String, version: String) throws -> VersionRow? {
    guard let number = VersionID.number(of: version) else { return nil }
    let statement = try db.cachedStatement(
      sql: "SELECT \(columns) FROM versions WHERE sequence = ? AND key = ? AND version = ?")
    return try Row.fetchOne(statement, arguments: [number, key, version]).map(VersionRow.init)
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
    attributes = ObjectAttributes(
      headers: FieldText.fields(row.text("headers")),
      userMetadata: FieldText.fields(row.text("metadata")),
      storageClass: row.text("storage_class").flatMap(StorageClass.init) ?? .standard,
      entityTag: row.text("entity_tag"),
      checksum: row.text("checksum_algorithm").flatMap(ChecksumAlgorithm.init(rawValue:)).flatMap {
        ObjectChecksum($0, value: row.text("checksum") ?? "")
      },
      partSizes: row.text("part_sizes")?.utf8.split(separator: UInt8(ascii: ",")).compactMap {
        Int(Substring($0))
      } ?? [])
  }
}

// MARK: Writing

extension VersionRow {
  /// What may change of a row: where its bytes are, and its attributes.
  private var changing: StatementArguments {
    let sizes = attributes.partSizes.map(String.init).joined(separator: ",")
    return [
      file, noncurrentSince, derivedTag, attributes.entityTag, attributes.storageClass.rawValue,
      attributes.checksum?.algorithm.rawValue, attributes.checksum?.value,
      FieldText.text(attributes.headers), FieldText.text(attributes.userMetadata),
      sizes.isEmpty ? nil : sizes,
    ]
  }

  /// Writes a new row; `makeID` makes the version's id of its number, nil for the null version.
  mutating func insert(_ db: Database, makeID: ((Int64) -> String)?) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO versions (
          file, noncurrent_since, derived_tag, entity_tag, storage_class, checksum_algorithm, checksum,
          headers, metadata, part_sizes, key, is_marker, size, modified)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: changing + [key, isMarker, size, modifiedNanoseconds])
    sequence = db.lastInsertedRowID
    versionID = makeID?(sequence)
    if let versionID {
      try db.cachedStatement(sql: "UPDATE versions SET version = ? WHERE sequence = ?")
        .execute(arguments: [versionID, sequence])
    }
  }

  func update(_ db: Database) throws {
    try db.cachedStatement(
      sql: """
        UPDATE versions SET
          file = ?, noncurrent_since = ?, derived_tag = ?, entity_tag = ?, storage_class = ?,
          checksum_algorithm = ?, checksum = ?, headers = ?, metadata = ?, part_sizes = ?
        WHERE sequence = ?
        """
    ).execute(arguments: changing + [sequence])
  }

  /// Writes a row that is there, or a new one of the null version.
  mutating func save(_ db: Database) throws {
    if sequence == 0 { try insert(db, makeID: nil) } else { try update(db) }
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

/// Names and values as one text, which a reader of the index can read as well: a line for each, sorted.
enum FieldText {
  /// Nil where there are none.
  static func text(_ fields: [String: String]) -> String? {
    if fields.isEmpty { return nil }
    return fields.map { escaped($0.key, isName: true) + "=" + escaped($0.value, isName: false) }
      .sorted { $0.precedesInUTF8($1) }.joined(separator: "\n")
  }

  static func fields(_ text: String?) -> [String: String] {
    var fields: [String: String] = [:]
    for line in text?.utf8.split(separator: newline) ?? [] {
      guard let end = line.firstIndex(of: equals) else { continue }
      fields[unescaped(line[..<end])] = unescaped(line[line.index(after: end)...])
    }
    return fields
  }

  private static let newline = UInt8(ascii: "\n")
  private static let equals = UInt8(ascii: "=")
  private static let percent = UInt8(ascii: "%")

  private static func escaped(_ text: String, isName: Bool) -> String {
    let special = [newline, percent] + (isName ? [equals] : [])
    guard text.utf8.contains(where: special.contains) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if special.contains(byte) {
        bytes.append(percent)
        bytes.append(contentsOf: Hexadecimal.text([byte]).utf8)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unescaped(_ text: Substring.UTF8View) -> String {
    guard text.contains(percent) else { return String(Substring(text)) }
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      let digits = String(Substring(rest.prefix(2)))
      if byte == percent, let value = UInt8(digits, radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
