internal import Synchronization

extension RemoteObjectStore {
  /// The checksum that goes with every body: the one that all S3 APIs know which know any.
  static let checksumAlgorithm = ChecksumAlgorithm.crc32
  static let contentType = (name: "content-type", value: "application/octet-stream")

  /// Small objects that are sent side by side.
  private static let putsAtOnce = 4

  public func makeWriter() throws -> any ObjectWriter {
    RemoteObjectWriter(
      directory: configuration.stagingDirectory ?? RemoteThreads.temporaryDirectory
    )
  }

  /// Sends what writers hold: first the parts of large objects, which nobody sees, then the requests
  /// that make objects of them, and small objects whole.
  ///
  /// Where it throws, no object is there in part. Some of the group may be there whole, as when a local
  /// store is stopped; the others' writers may be published again.
  public func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    let keys = try objects.map { try bucketKey($0.key) }
    let items = try zip(objects, keys).map { object, bucketKey in
      PublishItem(
        store: self,
        key: object.key,
        bucketKey: bucketKey,
        bytes: try writer(of: object).seal(key: object.key),
        ifAbsent: ifAbsent
      )
    }
    var uploads: [MultipartUpload?] = []
    let published = PublishResults(count: items.count)
    defer {
      for (object, isPublished) in zip(objects, published.answers) where isPublished == true {
        object.writer.discard()
      }
    }
    do {
      for (index, item) in items.enumerated() {
        uploads.append(nil)
        guard item.isLarge else { continue }
        if ifAbsent, try remoteHead(item.key) != nil {
          published.set(index, false)
        } else {
          let upload = try MultipartUpload(item)
          uploads[index] = upload
          try upload.sendParts()
        }
      }
      let begun = uploads
      let areDistinct = Set(keys.map { ExactKey($0) }).count == keys.count
      try RemoteThreads.run(items.count, threads: areDistinct ? Self.putsAtOnce : 1) { index in
        if published.answers[index] != nil { return }
        let answer = try begun[index]?.finish() ?? items[index].put()
        published.set(index, answer)
      }
    } catch {
      for (index, upload) in uploads.enumerated() where published.answers[index] == nil {
        // One that does not answer now will not answer for the others.
        if upload?.abort() == false { break }
      }
      throw error
    }
    return published.answers.map { $0 == true }
  }

  private func writer(of object: StagedObject) -> RemoteObjectWriter {
    guard let writer = object.writer as? RemoteObjectWriter else {
      preconditionFailure("a writer belongs to the store that made it")
    }
    return writer
  }
}

/// The answers of a group, set by several threads.
private final class PublishResults: Sendable {
  private let state: Mutex<[Bool?]>

  init(count: Int) {
    state = Mutex(Array(repeating: nil, count: count))
  }

  var answers: [Bool?] { state.withLock { $0 } }

  func set(_ index: Int, _ answer: Bool) {
    state.withLock { $0[index] = answer }
  }
}

/// One object on its way to its key.
struct PublishItem: Sendable {
  let store: RemoteObjectStore
  let key: String
  let bucketKey: String
  let bytes: StagedBytes
  let ifAbsent: Bool
  let mark = WriteMark()

  var isLarge: Bool { bytes.byteCount > store.configuration.multipartThreshold }

  /// Sends the object in one request; false where `ifAbsent` and the key is taken.
  func put() throws -> Bool {
    let body = try bytes.body(0..<bytes.byteCount, key: key)
    let digests = RemoteObjectStore.digests(of: body)
    var call = RemoteCall(method: "PUT", key: bucketKey)
    call.body = body
    call.payload = RemoteObjectStore.payload(digests)
    call.headers = [RemoteObjectStore.contentType] + RemoteObjectStore.checksumHeaders(digests)
    if ifAbsent { call.headers += [("if-none-match", "*"), (WriteMark.headerName, mark.text)] }
    let outcome = store.client.perform(call)
    if let answer = outcome.answer, answer.isSuccess {
      // Not everything that answers 200 to a PUT has kept it.
      if answer.headers["etag"] != nil { return true }
      throw store.client.unreadable("an object that was written has no entity tag", key: key)
    }
    guard ifAbsent else { throw store.writeError(outcome, key: key) }
    if outcome.answer?.status == 412, !outcome.isUncertain { return false }
    return try settle(
      outcome,
      checksum: digests.checksum(RemoteObjectStore.checksumAlgorithm),
      entityTag: digests.entityTag
    )
  }

  /// Decides by the object itself whether a write was done whose answer was lost or unclear.
  ///
  /// True where the object is ours, false where it is another's; throws what the attempt failed with
  /// where there is none or nothing tells.
  func settle(
    _ outcome: RemoteOutcome,
    checksum: ObjectChecksum?,
    entityTag: String?
  ) throws -> Bool {
    let isUnclear = [409, 412].contains(outcome.answer?.status)
    // An endpoint that is away was waited for long enough.
    guard outcome.isUncertain || isUnclear,
      let head = try? store.remoteHead(key, attemptsMax: outcome.hasNotBegun ? 1 : nil)
    else { throw store.writeError(outcome, key: key) }
    let owner = mark.owner(
      of: head,
      byteCount: bytes.byteCount,
      checksum: checksum,
      entityTag: entityTag
    )
    switch owner {
    case .us: return true
    case .others:
      if ifAbsent { return false }
      throw store.writeError(outcome, key: key)
    case .unknown:
      throw ObjectStorageError(
        .failed,
        key: key,
        "\"\(key)\" exists at \(store.client.endpoint.text), and whether it was written just now or "
          + "by somebody else cannot be told: an answer was lost.",
        advice:
          "Read it, and decide whether to write again. An endpoint that keeps x-amz-meta- headers "
          + "would have told."
      )
    }
  }
}

extension RemoteObjectStore {
  static func digests(of body: RemoteBody) -> ObjectDigests {
    var hasher = ObjectHasher(checksums: [checksumAlgorithm], payloadHash: true)
    body.withBytes { hasher.update($0) }
    return hasher.finalize()
  }

  static func payload(_ digests: ObjectDigests) -> S3Signer.Payload {
    digests.sha256.map { .sha256($0) } ?? .unsigned
  }

  static func checksumHeaders(_ digests: ObjectDigests) -> [(name: String, value: String)] {
    digests.checksums.map { ($0.algorithm.headerName, $0.value) }
  }

  /// The error of a write; says where it may have been done all the same.
  func writeError(_ outcome: RemoteOutcome, key: String) -> ObjectStorageError {
    var error = client.error(outcome, "written", key: key)
    if outcome.isUncertain, !outcome.hasNotBegun {
      error.message += " It may have been written all the same."
    }
    return error
  }
}
