/// Who owns a bucket or an object: one name here, because a home has one owner.
package struct WireOwner: Sendable, Hashable {
  package var id: String
  /// Nil leaves it out, as S3 does in its newer regions.
  package var displayName: String?

  package init(id: String, displayName: String? = nil) {
    self.id = id
    self.displayName = displayName
  }
}

/// One object in a list.
package struct ListedObject: Sendable, Hashable {
  package var key: String
  /// Milliseconds since the Unix epoch; written to the second.
  package var modifiedMilliseconds: Int64
  /// Without quotes.
  package var entityTag: String
  /// Bytes.
  package var size: Int
  package var storageClass: String
  /// Nil leaves it out, as ListObjectsV2 does without `fetch-owner`.
  package var owner: WireOwner?
  /// The name of the algorithm whose checksum the object has; nil for none.
  package var checksumAlgorithm: String?
  /// `FULL_OBJECT` or `COMPOSITE`; nil for no checksum.
  package var checksumType: String?

  package init(
    key: String,
    modifiedMilliseconds: Int64,
    entityTag: String,
    size: Int,
    storageClass: String = "STANDARD",
    owner: WireOwner? = nil,
    checksumAlgorithm: String? = nil,
    checksumType: String? = nil
  ) {
    self.key = key
    self.modifiedMilliseconds = modifiedMilliseconds
    self.entityTag = entityTag
    self.size = size
    self.storageClass = storageClass
    self.owner = owner
    self.checksumAlgorithm = checksumAlgorithm
    self.checksumType = checksumType
  }
}

/// One version of an object in a list, or a delete marker.
package struct ListedVersion: Sendable, Hashable {
  /// Of a delete marker only key, time and owner are written.
  package var object: ListedObject
  /// `null` for an object of a time without versions.
  package var versionID: String
  package var isLatest: Bool
  package var isDeleteMarker: Bool

  package init(
    _ object: ListedObject,
    versionID: String,
    isLatest: Bool,
    isDeleteMarker: Bool = false
  ) {
    self.object = object
    self.versionID = versionID
    self.isLatest = isLatest
    self.isDeleteMarker = isDeleteMarker
  }
}

extension XMLWriter {
  mutating func element(_ name: StaticString, owner: WireOwner?) {
    guard let owner else { return }
    open(name)
    element("ID", owner.id)
    element("DisplayName", ifPresent: owner.displayName)
    close(name)
  }

  /// What stands in an object of a list and in a version alike, from the time on.
  mutating func elements(of object: ListedObject) {
    element("LastModified", moment: object.modifiedMilliseconds)
    element("ETag", entityTag: object.entityTag)
    element("ChecksumAlgorithm", ifPresent: object.checksumAlgorithm)
    element("ChecksumType", ifPresent: object.checksumType)
    element("Size", object.size)
    element("Owner", owner: object.owner)
    element("StorageClass", object.storageClass)
  }

  mutating func commonPrefixes(_ prefixes: [String], _ encoding: KeyEncoding) {
    for prefix in prefixes {
      open("CommonPrefixes")
      element("Prefix", prefix, encoding)
      close("CommonPrefixes")
    }
  }

  /// What ends the head of every list of keys.
  mutating func elements(delimiter: String, _ encoding: KeyEncoding) {
    if !delimiter.isEmpty { element("Delimiter", delimiter, encoding) }
    if encoding == .url { element("EncodingType", "url") }
  }
}
