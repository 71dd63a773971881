internal import HTTPServer
internal import ObjectStorage

// Objects that arrive in parts.
extension S3Door {
  func createUpload(_ call: S3Call) throws -> HTTPResponse {
    let bucket = try bucket(call)
    let sums = try ChecksumHeaders(call.headers)
    let algorithm = sums.algorithm.flatMap(ChecksumAlgorithm.init(rawValue:)) ?? .crc64nvme
    let type = try Self.checksumType(asked: sums.type, algorithm)
    bucket.ledger.count(.createMultipartUpload)
    let id = try bucket.createUpload(
      call.key, attributes: StoredObject.attributes(call.headers), checksumAlgorithm: algorithm,
      isComposite: type == "COMPOSITE"
    ).id
    return call.answers.document(
      CreateUploadBody.xml(bucket: bucket.name, key: call.key, uploadID: id),
      [
        HTTPHeader("x-amz-checksum-algorithm", algorithm.rawValue),
        HTTPHeader("x-amz-checksum-type", type),
      ])
  }

  /// `FULL_OBJECT` or `COMPOSITE`: what was asked for, or what S3 takes for the algorithm.
  private static func checksumType(asked: String?, _ algorithm: ChecksumAlgorithm) throws -> String {
    let type = asked ?? (algorithm.canBeComposite ? "COMPOSITE" : "FULL_OBJECT")
    guard type == "COMPOSITE" ? algorithm.canBeComposite : algorithm.canCoverMultipartObject else {
      throw S3Error(
        .invalidRequest,
        "The \(type) checksum type cannot be used with the \(algorithm.rawValue) checksum algorithm.")
    }
    return type
  }

  /// The open upload that a request names; another key's is none.
  private func upload(_ id: String, _ call: S3Call, in bucket: Bucket) throws -> UploadRecord {
    guard let upload = try? bucket.upload(id), upload.key == call.key else {
      throw S3Error.noSuchUpload(id)
    }
    return upload
  }

  func uploadPart(_ call: S3Call, _ id: String, _ number: Int) throws -> HTTPDecision {
    let bucket = try bucket(call)
    let upload = try upload(id, call, in: bucket)
    let passage = try BodyPassage(
      call, algorithm: upload.checksumAlgorithm, bytesMax: Self.objectBytesMax)
    let answers = call.answers
    return .receive(
      BodyIntake(call, passage: passage, writer: try bucket.makeWriter()) {
        writer, digests, checksum in
        bucket.ledger.count(.uploadPart, bytesIn: digests.byteCount)
        _ = try bucket.putPart(
          id, number: number, writer: writer, entityTag: digests.entityTag, checksum: checksum)
        var headers = [HTTPHeader("etag", "\"\(digests.entityTag)\"")]
        if let checksum {
          headers.append(HTTPHeader(checksum.algorithm.headerName, checksum.value))
        }
        return answers.plain(200, headers)
      })
  }

  func copyPart(
    _ call: S3Call, _ source: CopySource, _ id: String, _ number: Int, _ range: CopyRange?
  ) throws -> HTTPResponse {
    let bucket = try bucket(call)
    let upload = try upload(id, call, in: bucket)
    let origin = try self.bucket(named: source.bucket)
    bucket.ledger.count(.uploadPartCopy)
    let found = try object(source.key, source.versionID, in: origin, call)
    try Preconditions(call.headers, isCopySource: true)
      .check(entityTag: found.record.entityTag, modified: found.record.modifiedMilliseconds)
    let copied = try ObjectCopy.make(
      found.reader, range?.resolve(size: found.record.size) ?? 0..<found.record.size,
      into: bucket.makeWriter(),
      algorithm: upload.checksumAlgorithm ?? .crc64nvme)
    let part = try bucket.putPart(
      id, number: number, writer: copied.writer, entityTag: copied.digests.entityTag,
      checksum: copied.checksum)
    return call.answers.document(
      CopyBody(
        entityTag: part.entityTag, modifiedMilliseconds: part.modifiedMilliseconds,
        checksum: part.checksum.map(WireChecksum.init)
      ).xml(isPart: true))
  }

  func completeUpload(_ call: S3Call, _ id: String, _ body: [UInt8]) throws -> HTTPResponse {
    let bucket = try bucket(call)
    let named = try CompleteUploadBody.read(body)
    bucket.ledger.count(.completeMultipartUpload, bytesIn: body.count)
    let parts = try named.map { part in
      ObjectStorage.CompletedPart(
        number: part.number, entityTag: part.entityTag,
        checksum: try part.checksum.map { try ObjectChecksum($0) })
    }
    let checksumOfAll = try checksum(ofUpload: id, named, call, in: bucket)
    let promised = try ChecksumHeaders(call.headers).checksum
    if let promised, let checksumOfAll, promised != WireChecksum(checksumOfAll) {
      throw S3Error(.badDigest)
    }
    let record = try bucket.completeUpload(
      id, parts: parts, checksum: checksumOfAll,
      condition: StoredObject.condition(call.headers, call.key, in: bucket))
    let checksum = record.attributes.checksum
    return call.answers.document(
      CompletedUploadBody(
        location: "http://\(call.request.header("host") ?? "localhost")/\(bucket.name)/\(call.key)",
        bucket: bucket.name, key: call.key, entityTag: record.entityTag,
        checksum: checksum.map(WireChecksum.init), checksumType: checksum?.typeName
      ).xml(), StoredObject.version(record))
  }

  /// The checksum of an object from those of its parts; nil where one of them is not there, which the
  /// bucket refuses, and for an upload that is complete, whose answer is kept.
  private func checksum(
    ofUpload id: String, _ named: [CompletedPart], _ call: S3Call, in bucket: Bucket
  ) throws -> ObjectChecksum? {
    guard let upload = try? bucket.upload(id) else { return nil }
    guard upload.key == call.key else { throw S3Error.noSuchUpload(id) }
    guard let algorithm = upload.checksumAlgorithm else { return nil }
    let numbers = Set(named.map(\.number))
    let parts = try bucket.parts(id, limit: Bucket.partsMax).parts
      .filter { numbers.contains($0.number) }
    let sums = parts.compactMap { part in part.checksum.map { (checksum: $0, byteCount: part.size) } }
    guard sums.count == named.count else { return nil }
    return upload.isComposite
      ? MultipartDigests.compositeChecksum(algorithm, of: sums.map(\.checksum))
      : MultipartDigests.fullObjectChecksum(algorithm, of: sums)
  }

  func abortUpload(_ call: S3Call, _ id: String) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.abortMultipartUpload)
    _ = try upload(id, call, in: bucket)
    try bucket.abortUpload(id)
    return call.answers.plain(204)
  }

  func listParts(_ call: S3Call, _ query: ListPartsQuery) throws -> HTTPResponse {
    let bucket = try bucket(call)
    let upload = try upload(query.uploadID, call, in: bucket)
    bucket.ledger.count(.listParts)
    let page = try bucket.parts(
      query.uploadID, after: query.partNumberMarker, limit: query.maxParts)
    return call.answers.document(
      ListPartsBody(
        bucket: bucket.name, key: call.key, query: query, owner: Self.owner,
        storageClass: upload.attributes.storageClass.rawValue,
        parts: page.parts.map { part in
          ListedPart(
            number: part.number, modifiedMilliseconds: part.modifiedMilliseconds,
            entityTag: part.entityTag, size: part.size,
            checksum: part.checksum.map(WireChecksum.init))
        },
        isTruncated: page.isTruncated,
        checksumAlgorithm: upload.checksumAlgorithm?.rawValue,
        checksumType: upload.checksumTypeName
      ).xml())
  }

  func listUploads(_ call: S3Call, _ query: ListUploadsQuery) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.listMultipartUploads)
    let page = try bucket.uploads(
      prefix: query.prefix, delimiter: query.delimiter.orNil, keyMarker: query.keyMarker.orNil,
      uploadMarker: query.uploadIDMarker, limit: query.maxUploads)
    return call.answers.document(
      ListUploadsBody(
        bucket: bucket.name, query: query,
        uploads: page.uploads.map { upload in
          ListedUpload(
            key: upload.key, uploadID: upload.id, owner: Self.owner,
            storageClass: upload.attributes.storageClass.rawValue,
            initiatedMilliseconds: upload.createdMilliseconds,
            checksumAlgorithm: upload.checksumAlgorithm?.rawValue,
            checksumType: upload.checksumTypeName)
        },
        commonPrefixes: page.commonPrefixes, isTruncated: page.isTruncated,
        nextKeyMarker: page.nextKeyMarker, nextUploadIDMarker: page.nextUploadMarker
      ).xml())
  }
}

extension UploadRecord {
  /// What `x-amz-checksum-type` says of it; nil where no checksum was asked for.
  fileprivate var checksumTypeName: String? {
    checksumAlgorithm.map { _ in isComposite ? "COMPOSITE" : "FULL_OBJECT" }
  }
}
