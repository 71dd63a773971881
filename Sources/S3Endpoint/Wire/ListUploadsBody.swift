/// One upload that is under way.
package struct ListedUpload: Sendable, Hashable {
  package var key: String
  package var uploadID: String
  package var owner: WireOwner
  package var storageClass: String
  /// Milliseconds since the Unix epoch.
  package var initiatedMilliseconds: Int64
  /// The algorithm that was asked for when it began; nil for none.
  package var checksumAlgorithm: String?
  /// `FULL_OBJECT` or `COMPOSITE`; nil for no checksum.
  package var checksumType: String?

  package init(
    key: String,
    uploadID: String,
    owner: WireOwner,
    storageClass: String = "STANDARD",
    initiatedMilliseconds: Int64,
    checksumAlgorithm: String? = nil,
    checksumType: String? = nil
  ) {
    self.key = key
    self.uploadID = uploadID
    self.owner = owner
    self.storageClass = storageClass
    self.initiatedMilliseconds = initiatedMilliseconds
    self.checksumAlgorithm = checksumAlgorithm
    self.checksumType = checksumType
  }
}

/// One page of ListMultipartUploads.
package struct ListUploadsBody: Sendable {
  package var bucket: String
  package var query: ListUploadsQuery
  /// By key, and of one key in the order they were begun.
  package var uploads: [ListedUpload]
  /// Each with its delimiter.
  package var commonPrefixes: [String]
  package var isTruncated: Bool
  /// The last key of the page; nil for an empty one.
  ///
  /// S3 writes it on the last page as well.
  package var nextKeyMarker: String?
  package var nextUploadIDMarker: String?

  package init(
    bucket: String,
    query: ListUploadsQuery,
    uploads: [ListedUpload],
    commonPrefixes: [String] = [],
    isTruncated: Bool = false,
    nextKeyMarker: String? = nil,
    nextUploadIDMarker: String? = nil
  ) {
    self.bucket = bucket
    self.query = query
    self.uploads = uploads
    self.commonPrefixes = commonPrefixes
    self.isTruncated = isTruncated
    self.nextKeyMarker = nextKeyMarker
    self.nextUploadIDMarker = nextUploadIDMarker
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 1_024 + uploads.count * 512 + commonPrefixes.count * 128)
    writer.openRoot("ListMultipartUploadsResult")
    writer.element("Bucket", bucket)
    writer.element("KeyMarker", query.keyMarker, query.encoding)
    writer.element("UploadIdMarker", query.uploadIDMarker ?? "")
    if let nextKeyMarker { writer.element("NextKeyMarker", nextKeyMarker, query.encoding) }
    writer.element("NextUploadIdMarker", ifPresent: nextUploadIDMarker)
    if !query.prefix.isEmpty { writer.element("Prefix", query.prefix, query.encoding) }
    writer.elements(delimiter: query.delimiter, query.encoding)
    writer.element("MaxUploads", query.maxUploads)
    writer.element("IsTruncated", isTruncated)
    for upload in uploads {
      writer.open("Upload")
      writer.element("Key", upload.key, query.encoding)
      writer.element("UploadId", upload.uploadID)
      writer.element("Initiator", owner: upload.owner)
      writer.element("Owner", owner: upload.owner)
      writer.element("StorageClass", upload.storageClass)
      writer.element("Initiated", moment: upload.initiatedMilliseconds)
      writer.element("ChecksumAlgorithm", ifPresent: upload.checksumAlgorithm)
      writer.element("ChecksumType", ifPresent: upload.checksumType)
      writer.close("Upload")
    }
    writer.commonPrefixes(commonPrefixes, query.encoding)
    writer.close("ListMultipartUploadsResult")
    return writer.bytes
  }
}
