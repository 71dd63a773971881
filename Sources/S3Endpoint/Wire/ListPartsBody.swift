/// One part of an upload that is under way.
package struct ListedPart: Sendable, Hashable {
  package var number: Int
  /// Milliseconds since the Unix epoch.
  package var modifiedMilliseconds: Int64
  /// Without quotes.
  package var entityTag: String
  /// Bytes.
  package var size: Int
  package var checksum: WireChecksum?

  package init(
    number: Int,
    modifiedMilliseconds: Int64,
    entityTag: String,
    size: Int,
    checksum: WireChecksum? = nil
  ) {
    self.number = number
    self.modifiedMilliseconds = modifiedMilliseconds
    self.entityTag = entityTag
    self.size = size
    self.checksum = checksum
  }
}

/// One page of ListParts.
package struct ListPartsBody: Sendable {
  package var bucket: String
  package var key: String
  package var query: ListPartsQuery
  package var owner: WireOwner
  package var storageClass: String
  package var parts: [ListedPart]
  package var isTruncated: Bool
  /// The algorithm that was asked for when the upload began; nil for none.
  package var checksumAlgorithm: String?
  /// `FULL_OBJECT` or `COMPOSITE`; nil for no checksum.
  package var checksumType: String?

  package init(
    bucket: String,
    key: String,
    query: ListPartsQuery,
    owner: WireOwner,
    storageClass: String = "STANDARD",
    parts: [ListedPart],
    isTruncated: Bool = false,
    checksumAlgorithm: String? = nil,
    checksumType: String? = nil
  ) {
    self.bucket = bucket
    self.key = key
    self.query = query
    self.owner = owner
    self.storageClass = storageClass
    self.parts = parts
    self.isTruncated = isTruncated
    self.checksumAlgorithm = checksumAlgorithm
    self.checksumType = checksumType
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 1_024 + parts.count * 256)
    writer.openRoot("ListPartsResult")
    writer.element("Bucket", bucket)
    writer.element("Key", key)
    writer.element("UploadId", query.uploadID)
    writer.element("ChecksumAlgorithm", ifPresent: checksumAlgorithm)
    writer.element("ChecksumType", ifPresent: checksumType)
    writer.element("Initiator", owner: owner)
    writer.element("Owner", owner: owner)
    writer.element("StorageClass", storageClass)
    writer.element("PartNumberMarker", query.partNumberMarker)
    writer.element("NextPartNumberMarker", parts.last?.number ?? 0)
    writer.element("MaxParts", query.maxParts)
    writer.element("IsTruncated", isTruncated)
    for part in parts {
      writer.open("Part")
      writer.element("PartNumber", part.number)
      writer.element("LastModified", moment: part.modifiedMilliseconds)
      writer.element("ETag", entityTag: part.entityTag)
      writer.element("Size", part.size)
      writer.element(checksum: part.checksum)
      writer.close("Part")
    }
    writer.close("ListPartsResult")
    return writer.bytes
  }
}
