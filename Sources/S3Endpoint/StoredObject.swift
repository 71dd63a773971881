internal import HTTPServer
internal import ObjectStorage

/// Between what rests in a bucket and the headers that tell of it.
enum StoredObject {
  // MARK: Out

  /// The headers of a GET or HEAD.
  static func headers(
    _ record: ObjectRecord, overrides: [HTTPHeader], withChecksum: Bool
  ) throws -> [HTTPHeader] {
    var stored = ObjectHeaders()
    let kept = record.attributes.headers
    stored.contentType = kept["content-type"]
    stored.contentEncoding = kept["content-encoding"]
    stored.contentLanguage = kept["content-language"]
    stored.contentDisposition = kept["content-disposition"]
    stored.cacheControl = kept["cache-control"]
    stored.expires = kept["expires"]
    stored.metadata = record.attributes.userMetadata
    var headers = stored.answer(overrides: overrides)
    headers.append(HTTPHeader("etag", "\"\(record.entityTag)\""))
    headers.append(HTTPHeader("last-modified", WireDate.http(record.modifiedMilliseconds)))
    headers.append(HTTPHeader("accept-ranges", "bytes"))
    if record.attributes.storageClass != .standard {
      headers.append(HTTPHeader("x-amz-storage-class", record.attributes.storageClass.rawValue))
    }
    if withChecksum, let checksum = record.attributes.checksum {
      headers.append(HTTPHeader(checksum.algorithm.headerName, checksum.value))
      headers.append(HTTPHeader("x-amz-checksum-type", checksum.typeName))
    }
    return headers + version(record)
  }

  static func version(_ record: ObjectRecord) -> [HTTPHeader] {
    record.versionID.map { [HTTPHeader("x-amz-version-id", $0)] } ?? []
  }

  /// The headers of an answer to a write.
  static func written(_ record: ObjectRecord) -> [HTTPHeader] {
    var headers = [HTTPHeader("etag", "\"\(record.entityTag)\"")]
    if let checksum = record.attributes.checksum {
      headers.append(HTTPHeader(checksum.algorithm.headerName, checksum.value))
      headers.append(HTTPHeader("x-amz-checksum-type", checksum.typeName))
    }
    return headers + version(record)
  }

  static func headers(_ removed: RemovedObject) -> [HTTPHeader] {
    var headers: [HTTPHeader] = []
    if removed.isDeleteMarker { headers.append(HTTPHeader("x-amz-delete-marker", "true")) }
    if let id = removed.versionID { headers.append(HTTPHeader("x-amz-version-id", id)) }
    return headers
  }

  /// The bytes of one part; an object that was sent whole has one.
  static func range(ofPart number: Int, _ record: ObjectRecord) throws -> Range<Int> {
    let sizes = record.attributes.partSizes.isEmpty ? [record.size] : record.attributes.partSizes
    guard number <= sizes.count else {
      throw S3Error(
        .invalidPartNumber, elements: ["ActualPartCount": String(sizes.count)])
    }
    let start = sizes[..<(number - 1)].reduce(0, +)
    return start..<min(record.size, start + sizes[number - 1])
  }

  // MARK: In

  static func attributes(_ headers: [HTTPHeader]) throws -> ObjectAttributes {
    let asked = try ObjectHeaders(headers)
    var attributes = ObjectAttributes()
    let kept: [(String, String?)] = [
      ("content-type", asked.contentType), ("content-encoding", asked.contentEncoding),
      ("content-language", asked.contentLanguage),
      ("content-disposition", asked.contentDisposition), ("cache-control", asked.cacheControl),
      ("expires", asked.expires),
    ]
    for (name, value) in kept { attributes.headers[name] = value }
    attributes.userMetadata = asked.metadata
    attributes.storageClass =
      StorageClass(rawValue: try StorageClassName.asked(by: headers)) ?? .standard
    return attributes
  }

  /// What a write asks for. `If-Match` with several tags, or with `*`, is about the object that is there
  /// now, and then about no other.
  static func condition(
    _ headers: [HTTPHeader], _ key: String, in bucket: Bucket
  ) throws -> PutCondition {
    switch try WriteCondition(headers) {
    case .none: return .none
    case .ifAbsent: return .ifAbsent
    case .ifMatches(let tags):
      guard let record = try bucket.record(key), !record.isDeleteMarker else {
        throw S3Error.noSuchKey(key)
      }
      guard tags.matchesStrongly(record.entityTag) else {
        throw S3Error.preconditionFailed("If-Match")
      }
      return .ifMatch(record.entityTag)
    }
  }
}

/// A range of an object as the body of an answer.
struct ObjectSource: HTTPBodySource {
  let reader: any ObjectReader
  let range: Range<Int>

  var byteCount: Int { range.count }

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    let start = range.lowerBound + offset
    try reader.read(start..<start + buffer.count, into: buffer)
  }
}

/// Bytes of one object on their way into another, with the digests that the new one needs.
enum ObjectCopy {
  private static let pieceBytes = 1 << 20

  struct Copied {
    var writer: any ObjectWriter
    var digests: ObjectDigests
    var checksum: ObjectChecksum?
  }

  static func make(
    _ reader: any ObjectReader, _ range: Range<Int>, into writer: any ObjectWriter,
    algorithm: ChecksumAlgorithm
  ) throws -> Copied {
    var hasher = ObjectHasher(checksums: [algorithm])
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 16)
    defer { piece.deallocate() }
    var start = range.lowerBound
    do {
      while start < range.upperBound {
        let end = min(range.upperBound, start + pieceBytes)
        let part = UnsafeMutableRawBufferPointer(rebasing: piece[..<(end - start)])
        try reader.read(start..<end, into: part)
        hasher.update(UnsafeRawBufferPointer(part))
        try writer.write(UnsafeRawBufferPointer(part))
        start = end
      }
    } catch {
      writer.discard()
      throw error
    }
    let digests = hasher.finalize()
    return Copied(writer: writer, digests: digests, checksum: digests.checksum(algorithm))
  }
}
