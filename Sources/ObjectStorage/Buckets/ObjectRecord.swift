internal import Crypto

/// One version of an object, or a delete marker.
public struct ObjectRecord: Sendable, Hashable, Codable {
  public var key: String
  /// Bytes; 0 for a delete marker.
  public var size: Int
  /// Milliseconds since the Unix epoch.
  public var modifiedMilliseconds: Int64
  /// Nil is S3's "null" version: one that was written while versioning was not on.
  public var versionID: String?
  public var isLatest: Bool
  /// True for the version that says that the object was deleted.
  public var isDeleteMarker: Bool
  /// Without quotes; the MD5 of the bytes only where it has no hyphen. Empty for a delete marker.
  public var entityTag: String
  public var attributes: ObjectAttributes

  public init(
    key: String, size: Int, modifiedMilliseconds: Int64, versionID: String? = nil,
    isLatest: Bool = true, isDeleteMarker: Bool = false, entityTag: String,
    attributes: ObjectAttributes = ObjectAttributes()
  ) {
    self.key = key
    self.size = size
    self.modifiedMilliseconds = modifiedMilliseconds
    self.versionID = versionID
    self.isLatest = isLatest
    self.isDeleteMarker = isDeleteMarker
    self.entityTag = entityTag
    self.attributes = attributes
  }
}

/// Tags that say whether an object is still the same.
enum EntityTag {
  /// A tag for a file of which nobody knows the MD5. Its form is that of a multipart upload, so that no
  /// client takes it for one.
  static func derived(_ status: FileStatus) -> String {
    var bytes: [UInt8] = []
    for number in [
      status.inode, UInt64(status.size), UInt64(bitPattern: status.modifiedNanoseconds),
    ] {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return Hexadecimal.text(Insecure.MD5.hash(data: bytes)) + "-1"
  }

  /// Whether a tag is the MD5 of the bytes.
  static func isMD5(_ tag: String) -> Bool {
    tag.utf8.count == 32 && Hexadecimal.bytes(tag.utf8) != nil
  }

  /// Whether two tags are the same, quoted or not.
  static func matches(_ tag: String, _ other: String) -> Bool {
    plain(tag) == plain(other)
  }

  static func plain(_ tag: String) -> String {
    let isQuoted = tag.utf8.count >= 2 && tag.utf8.first == 0x22 && tag.utf8.last == 0x22
    return isQuoted ? String(tag.dropFirst().dropLast()) : tag
  }
}
