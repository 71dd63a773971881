// The answers of operations on one object.

extension XMLWriter {
  /// A checksum's value in the element of its algorithm.
  mutating func element(checksum: WireChecksum?) {
    guard let checksum else { return }
    element(named: "Checksum\(checksum.algorithm)", checksum.value)
  }
}

/// The answer of CopyObject and of UploadPartCopy.
package struct CopyBody: Sendable {
  /// Without quotes.
  package var entityTag: String
  /// Milliseconds since the Unix epoch.
  package var modifiedMilliseconds: Int64
  package var checksum: WireChecksum?
  /// `FULL_OBJECT` or `COMPOSITE`; nil for no checksum, and for a part.
  package var checksumType: String?

  package init(
    entityTag: String,
    modifiedMilliseconds: Int64,
    checksum: WireChecksum? = nil,
    checksumType: String? = nil
  ) {
    self.entityTag = entityTag
    self.modifiedMilliseconds = modifiedMilliseconds
    self.checksum = checksum
    self.checksumType = checksumType
  }

  /// The answer of CopyObject, or with `isPart` of UploadPartCopy.
  package func xml(isPart: Bool = false) -> [UInt8] {
    let root: StaticString = isPart ? "CopyPartResult" : "CopyObjectResult"
    var writer = XMLWriter(capacity: 512)
    writer.openRoot(root)
    writer.element("LastModified", moment: modifiedMilliseconds)
    writer.element("ETag", entityTag: entityTag)
    writer.element("ChecksumType", ifPresent: checksumType)
    writer.element(checksum: checksum)
    writer.close(root)
    return writer.bytes
  }
}

/// The answer of CreateMultipartUpload.
package enum CreateUploadBody {
  package static func xml(bucket: String, key: String, uploadID: String) -> [UInt8] {
    var writer = XMLWriter(capacity: 512)
    writer.openRoot("InitiateMultipartUploadResult")
    writer.element("Bucket", bucket)
    writer.element("Key", key)
    writer.element("UploadId", uploadID)
    writer.close("InitiateMultipartUploadResult")
    return writer.bytes
  }
}

/// The answer of CompleteMultipartUpload.
package struct CompletedUploadBody: Sendable {
  /// The URL of the object.
  package var location: String
  package var bucket: String
  package var key: String
  /// Without quotes.
  package var entityTag: String
  package var checksum: WireChecksum?
  /// `FULL_OBJECT` or `COMPOSITE`; nil for no checksum.
  package var checksumType: String?

  package init(
    location: String,
    bucket: String,
    key: String,
    entityTag: String,
    checksum: WireChecksum? = nil,
    checksumType: String? = nil
  ) {
    self.location = location
    self.bucket = bucket
    self.key = key
    self.entityTag = entityTag
    self.checksum = checksum
    self.checksumType = checksumType
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 512)
    writer.openRoot("CompleteMultipartUploadResult")
    writer.element("Location", location)
    writer.element("Bucket", bucket)
    writer.element("Key", key)
    writer.element("ETag", entityTag: entityTag)
    writer.element(checksum: checksum)
    writer.element("ChecksumType", ifPresent: checksumType)
    writer.close("CompleteMultipartUploadResult")
    return writer.bytes
  }
}

/// The answer of DeleteObjects.
package struct BulkDeleteResultBody: Sendable {
  /// What became of one entry of the request.
  package enum Outcome: Sendable {
    /// Deleted, or not there before. In a bucket with versions a delete without a version makes a
    /// marker, whose version is told; a delete of a marker by its version tells that it was one.
    case deleted(
      key: String,
      versionID: String?,
      deleteMarkerVersionID: String? = nil,
      isDeleteMarker: Bool = false
    )
    case failed(key: String, versionID: String?, S3Error)
  }

  /// In the order of the request.
  package var outcomes: [Outcome]
  /// Only failures are written.
  package var isQuiet: Bool

  package init(_ outcomes: [Outcome], isQuiet: Bool = false) {
    self.outcomes = outcomes
    self.isQuiet = isQuiet
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 256 + outcomes.count * 128)
    writer.openRoot("DeleteResult")
    for outcome in outcomes {
      switch outcome {
      case .deleted(let key, let versionID, let markerID, let isDeleteMarker):
        guard !isQuiet else { continue }
        writer.open("Deleted")
        writer.element("Key", key)
        writer.element("VersionId", ifPresent: versionID)
        if isDeleteMarker || markerID != nil { writer.element("DeleteMarker", true) }
        writer.element(
          "DeleteMarkerVersionId",
          ifPresent: markerID ?? (isDeleteMarker ? versionID : nil)
        )
        writer.close("Deleted")
      case .failed(let key, let versionID, let error):
        writer.open("Error")
        writer.element("Key", key)
        writer.element("VersionId", ifPresent: versionID)
        writer.element("Code", error.code.rawValue)
        writer.element("Message", error.message)
        writer.close("Error")
      }
    }
    writer.close("DeleteResult")
    return writer.bytes
  }
}
