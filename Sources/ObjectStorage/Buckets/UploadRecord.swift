internal import GRDB

/// A multipart upload that was begun.
public struct UploadRecord: Sendable, Hashable {
  public var id: String
  public var key: String
  /// Milliseconds since the Unix epoch.
  public var createdMilliseconds: Int64
  /// What the object will have besides its entity tag, checksum and part sizes.
  public var attributes: ObjectAttributes
  /// The checksum that was asked for; nil for none.
  public var checksumAlgorithm: ChecksumAlgorithm?
  /// Whether the object's checksum is to be one of the parts' checksums.
  public var isComposite: Bool
}

/// A part of an upload, as it was put last.
public struct PartRecord: Sendable, Hashable {
  /// From 1.
  public var number: Int
  /// Bytes.
  public var size: Int
  /// Milliseconds since the Unix epoch.
  public var modifiedMilliseconds: Int64
  /// The MD5 of its bytes, in hexadecimal digits.
  public var entityTag: String
  public var checksum: ObjectChecksum?
}

/// A part as a client names it when it completes an upload.
public struct CompletedPart: Sendable, Hashable {
  public var number: Int
  public var entityTag: String
  /// Nil where the client says nothing of it.
  public var checksum: ObjectChecksum?

  public init(number: Int, entityTag: String, checksum: ObjectChecksum? = nil) {
    self.number = number
    self.entityTag = entityTag
    self.checksum = checksum
  }
}

/// One page of the parts of an upload.
public struct PartPage: Sendable {
  /// By number.
  public var parts: [PartRecord] = []
  public var isTruncated = false
  /// The last number of this page; nil for the last page.
  public var nextAfter: Int?
}

/// One page of a bucket's open uploads.
public struct UploadPage: Sendable {
  /// Sorted by key, and the earliest first for each.
  public var uploads: [UploadRecord] = []
  public var commonPrefixes: [String] = []
  public var isTruncated = false
  /// Where the next page goes on; nil for the last page.
  public var nextKeyMarker: String?
  /// The last upload of this page; nil behind a common prefix.
  public var nextUploadMarker: String?
}

/// A row of the index.
struct UploadRow {
  var sequence: Int64
  var record: UploadRecord
  /// What the file of the object will be, once somebody completes the upload.
  var target: (size: Int, modifiedNanoseconds: Int64)?
  /// What it has become.
  var result: ObjectRecord?

  private static let columns =
    "sequence, id, key, created, attributes, checksum, is_composite, target_size, target_modified, result"

  static func find(_ db: Database, id: String) throws -> UploadRow? {
    let statement = try db.cachedStatement(
      sql: "SELECT \(columns) FROM uploads WHERE id = ?")
    return try Row.fetchOne(statement, arguments: [id]).map(UploadRow.init)
  }

  /// Open uploads in the order of a listing: those of `key` behind the number `sequence`, and those of
  /// later keys up to `last`.
  static func open(
    _ db: Database, from key: String, behind sequence: Int64, to last: String, limit: Int
  ) throws -> [UploadRow] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(columns) FROM uploads
        WHERE result IS NULL AND key >= ? AND key <= ? AND (key > ? OR sequence > ?)
        ORDER BY key, sequence LIMIT ?
        """)
    return try Row.fetchAll(statement, arguments: [key, last, key, sequence, limit])
      .map(UploadRow.init)
  }

  private init(_ row: Row) {
    sequence = row.number("sequence") ?? 0
    let attributes = IndexJSON.value(ObjectAttributes.self, row.text("attributes"))
    record = UploadRecord(
      id: row.text("id") ?? "", key: row.text("key") ?? "",
      createdMilliseconds: row.number("created") ?? 0,
      attributes: attributes ?? ObjectAttributes(),
      checksumAlgorithm: row.text("checksum").flatMap(ChecksumAlgorithm.init(rawValue:)),
      isComposite: row.number("is_composite") == 1)
    if let size = row.number("target_size"), let modified = row.number("target_modified") {
      target = (Int(size), modified)
    }
    result = IndexJSON.value(ObjectRecord.self, row.text("result"))
  }
}

/// A row of the index: a part and the file that holds it.
struct PartRow {
  var record: PartRecord
  var file: String

  /// The parts of an upload with numbers behind `after`.
  static func all(
    _ db: Database, upload: Int64, after: Int = 0, limit: Int = -1
  ) throws -> [PartRow] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT number, size, modified, entity_tag, checksum, file FROM parts
        WHERE upload = ? AND number > ? ORDER BY number LIMIT ?
        """)
    return try Row.fetchAll(statement, arguments: [upload, after, limit]).map(PartRow.init)
  }

  init(record: PartRecord, file: String) {
    self.record = record
    self.file = file
  }

  private init(_ row: Row) {
    record = PartRecord(
      number: row.number("number").map(Int.init) ?? 0,
      size: row.number("size").map(Int.init) ?? 0,
      modifiedMilliseconds: row.number("modified") ?? 0,
      entityTag: row.text("entity_tag") ?? "",
      checksum: IndexJSON.value(ObjectChecksum.self, row.text("checksum")))
    file = row.text("file") ?? ""
  }

  func save(_ db: Database, upload: Int64) throws {
    let checksum = try record.checksum.map { try IndexJSON.text($0) }
    try db.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO parts (upload, number, size, modified, entity_tag, checksum, file)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(
      arguments: [
        upload, record.number, record.size, record.modifiedMilliseconds, record.entityTag, checksum,
        file,
      ])
  }
}
