internal import HTTPServer
internal import ObjectStorage

// Reading, writing, copying and deleting objects.
extension S3Door {
  /// The largest object that one request may carry, as on S3.
  static let objectBytesMax = 5 << 30

  // MARK: Reading

  /// GetObject and HeadObject.
  func read(_ call: S3Call, _ part: Int?, _ version: String?) throws -> HTTPResponse {
    let bucket = try bucket(call)
    let found = try object(call.key, version, in: bucket, call)
    let record = found.record
    try Preconditions(call.headers)
      .check(entityTag: record.entityTag, modified: record.modifiedMilliseconds)
    var range = 0..<record.size
    var status = 200
    if let part {
      range = try StoredObject.range(ofPart: part, record)
      status = 206
    } else if let asked = try ByteRange.resolve(call.request.header("range"), size: record.size) {
      range = asked
      status = 206
    }
    // The checksum is the whole object's: a client would hold the bytes of a range against it.
    var headers = try StoredObject.headers(
      record, overrides: call.request.parameters.responseOverrides(),
      withChecksum: status == 200 && ChecksumHeaders(call.headers).isAskedFor)
    if part != nil {
      let count = max(1, record.attributes.partSizes.count)
      headers.append(HTTPHeader("x-amz-mp-parts-count", String(count)))
    }
    if status == 206 {
      let last = max(range.lowerBound, range.upperBound - 1)
      headers.append(HTTPHeader("content-range", "bytes \(range.lowerBound)-\(last)/\(record.size)"))
    }
    let isHEAD = call.request.method == "HEAD"
    bucket.ledger.count(isHEAD ? .headObject : .getObject, bytesOut: isHEAD ? 0 : range.count)
    return call.answers.source(status, ObjectSource(reader: found.reader, range: range), headers)
  }

  /// A version of an object, opened.
  func object(
    _ key: String, _ version: String?, in bucket: Bucket, _ call: S3Call
  ) throws -> (record: ObjectRecord, reader: any ObjectReader) {
    do {
      return try bucket.open(key, version: version)
    } catch let error as ObjectStorageError where error.kind == .deleteMarker {
      // The newest version says that there is none; a version that is a marker cannot be read.
      var refusal = version == nil
        ? S3Error.noSuchKey(key)
        : S3Error.methodNotAllowed(
          call.request.method, resourceType: "DeleteMarker", allowed: ["DELETE"])
      refusal.headers.append(HTTPHeader("x-amz-delete-marker", "true"))
      if let id = try bucket.record(key, version: version)?.versionID {
        refusal.headers.append(HTTPHeader("x-amz-version-id", id))
      }
      throw refusal
    }
  }

  // MARK: Writing

  func putObject(_ call: S3Call) throws -> HTTPDecision {
    let bucket = try bucket(call)
    guard !call.key.isEmpty else { throw S3Error(.invalidRequest, "An object has a key.") }
    let asked = try StoredObject.attributes(call.headers)
    let condition = try StoredObject.condition(call.headers, call.key, in: bucket)
    let passage = try BodyPassage(call, bytesMax: Self.objectBytesMax)
    guard call.request.header("content-length") != nil
      || call.request.header("transfer-encoding") != nil
    else { throw S3Error(.missingContentLength) }
    let (key, answers) = (call.key, call.answers)
    return .receive(
      BodyIntake(call, passage: passage, writer: try bucket.makeWriter()) {
        writer, digests, checksum in
        var attributes = asked
        attributes.entityTag = digests.entityTag
        attributes.checksum = checksum
        bucket.ledger.count(.putObject, bytesIn: digests.byteCount)
        let record = try bucket.put(
          StagedObject(key: key, writer: writer), attributes: attributes, condition: condition)
        return answers.plain(200, StoredObject.written(record))
      })
  }

  func deleteObject(_ call: S3Call, _ version: String?) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.deleteObject)
    let removed = try bucket.remove(
      call.key, version: version, ifMatch: call.request.header("if-match").map(EntityTag.unquoted))
    return call.answers.plain(204, StoredObject.headers(removed))
  }

  func bulkDelete(_ call: S3Call, _ body: [UInt8]) throws -> HTTPResponse {
    let bucket = try bucket(call)
    let asked = try BulkDeleteBody(reading: body)
    bucket.ledger.count(.deleteObjects, bytesIn: body.count)
    let outcomes = asked.entries.map { entry -> BulkDeleteResultBody.Outcome in
      do {
        let removed = try bucket.remove(
          entry.key, version: entry.versionID, ifMatch: entry.entityTag)
        return .deleted(
          key: entry.key, versionID: entry.versionID,
          deleteMarkerVersionID: removed.isDeleteMarker && entry.versionID == nil
            ? removed.versionID : nil,
          isDeleteMarker: removed.isDeleteMarker)
      } catch {
        return .failed(
          key: entry.key, versionID: entry.versionID, S3Error(refusing: error))
      }
    }
    return call.answers.document(BulkDeleteResultBody(outcomes, isQuiet: asked.isQuiet).xml())
  }

  func copyObject(
    _ call: S3Call, _ source: CopySource, _ directive: MetadataDirective
  ) throws -> HTTPResponse {
    let target = try bucket(call)
    let origin = try bucket(named: source.bucket)
    target.ledger.count(.copyObject)
    let found = try object(source.key, source.versionID, in: origin, call)
    try Preconditions(call.headers, isCopySource: true)
      .check(entityTag: found.record.entityTag, modified: found.record.modifiedMilliseconds)
    guard found.record.size <= Self.objectBytesMax else {
      throw S3Error(.invalidRequest, "The source is larger than 5 GiB; copy it in parts.")
    }
    var attributes = try StoredObject.attributes(call.headers)
    let isSame = origin.name == target.name && source.key == call.key && source.versionID == nil
    if directive == .copy {
      let before = found.record.attributes
      if isSame, attributes.storageClass == before.storageClass {
        throw S3Error(
          .invalidRequest,
          "This copy request is illegal because it is trying to copy an object to itself without "
            + "changing the object's metadata, storage class, website redirect location or encryption "
            + "attributes.")
      }
      attributes.headers = before.headers
      attributes.userMetadata = before.userMetadata
    }
    let asked = try ChecksumHeaders(call.headers).algorithm.flatMap(ChecksumAlgorithm.init(rawValue:))
    let copied = try ObjectCopy.make(
      found.reader, 0..<found.record.size, into: target.makeWriter(),
      algorithm: asked ?? found.record.attributes.checksum?.algorithm ?? .crc64nvme)
    attributes.entityTag = copied.digests.entityTag
    attributes.checksum = copied.checksum
    let record = try target.put(
      StagedObject(key: call.key, writer: copied.writer), attributes: attributes,
      condition: StoredObject.condition(call.headers, call.key, in: target))
    var headers = StoredObject.version(record)
    if let id = found.record.versionID {
      headers.append(HTTPHeader("x-amz-copy-source-version-id", id))
    }
    return call.answers.document(
      CopyBody(
        entityTag: record.entityTag, modifiedMilliseconds: record.modifiedMilliseconds,
        checksum: attributes.checksum.map(WireChecksum.init),
        checksumType: attributes.checksum?.typeName
      ).xml(), headers)
  }
}
