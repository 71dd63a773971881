internal import ObjectStorage

/// One line of a list of parts that shall become an object.
package struct CompletedPart: Sendable, Hashable {
  /// 1 to 10,000.
  package var number: Int
  /// Without its quotes.
  package var entityTag: String
  package var checksum: WireChecksum?

  package init(number: Int, entityTag: String, checksum: WireChecksum? = nil) {
    self.number = number
    self.entityTag = entityTag
    self.checksum = checksum
  }
}

/// The body of CompleteMultipartUpload.
package enum CompleteUploadBody {
  package static let partsMax = 10_000
  private static let bytesMax = 8 << 20

  /// The parts, in ascending order.
  ///
  /// Throws `S3Error`: `malformedXML` also for no part or more than 10,000, `invalidPartOrder`,
  /// `invalidArgument` for a number below 1, `invalidPart` for one above 10,000.
  package static func read(_ body: [UInt8]) throws -> [CompletedPart] {
    try XMLReader.read(body, root: "CompleteMultipartUpload", bytesMax: bytesMax) { xml in
      var parts: [CompletedPart] = []
      while let name = try xml.child() {
        guard name == "Part" else { throw xml.unknown() }
        guard parts.count < partsMax else { throw xml.malformed("more than 10,000 parts") }
        let part = try readPart(&xml)
        if let last = parts.last, last.number >= part.number { throw S3Error(.invalidPartOrder) }
        parts.append(part)
      }
      guard !parts.isEmpty else { throw xml.malformed("an upload has at least one part") }
      return parts
    }
  }

  private static func readPart(_ xml: inout XMLReader) throws -> CompletedPart {
    var number: Int?
    var entityTag: String?
    var checksum: WireChecksum?
    while let name = try xml.child() {
      switch name {
      case "PartNumber": number = try xml.integer(onlyAfter: number)
      case "ETag": entityTag = try xml.text(onlyAfter: entityTag)
      case let name where name.hasPrefix("Checksum"):
        let algorithm = String(name.dropFirst("Checksum".count))
        guard ChecksumAlgorithm(rawValue: algorithm) != nil else {
          throw xml.unsupported()
        }
        let value = try xml.text()
        guard checksum == nil else {
          throw S3Error.invalidArgument(
            "Checksum",
            value,
            "Invalid Base64 or multiple checksums present in request"
          )
        }
        checksum = try WireChecksum(checking: value, algorithm: algorithm)
      default: throw xml.unknown()
      }
    }
    guard let number, let entityTag else {
      throw xml.malformed("a part has a PartNumber and an ETag")
    }
    guard number >= 1 else {
      throw S3Error.invalidArgument("PartNumber", String(number), "PartNumber must be >= 1")
    }
    guard number <= partsMax else {
      throw S3Error(
        .invalidPart,
        elements: ["PartNumber": String(number), "ETag": entityTag]
      )
    }
    return CompletedPart(
      number: number,
      entityTag: EntityTag.unquoted(entityTag),
      checksum: checksum
    )
  }
}
