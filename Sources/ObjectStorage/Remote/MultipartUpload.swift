// An object in parts:
//
// 1. `CreateMultipartUpload` gives a number. It carries what the object will: type, checksum, mark.
// 2. Parts are sent, two at a time, each with its hash and checksum.
// 3. `CompleteMultipartUpload` names the parts in order, and makes them the object; or, with
//    `if-none-match`, finds that there is one.
// 4. Whatever goes wrong before: `AbortMultipartUpload`, for the endpoint keeps and charges parts.

internal import Synchronization

/// One object that is being sent in parts, invisible until `finish`.
final class MultipartUpload: Sendable {
  private struct Part {
    var entityTag: String
    var checksum: ObjectChecksum
    var byteCount: Int
  }

  private struct State {
    /// The endpoint's number of the upload; nil where there is none to abort.
    var identifier: String?
    /// Whether the endpoint takes a checksum of the whole object, and not of parts' checksums.
    var coversWhole = false
    var parts: [Part?]
  }

  private let item: PublishItem
  private let ranges: [Range<Int>]
  private let state: Mutex<State>

  private static let partsAtOnce = 2
  /// How often all parts are sent again because another writer was at the same key.
  private static let roundsMax = 3

  private var client: RemoteClient { item.store.client }

  /// Begins the upload.
  init(_ item: PublishItem) throws {
    self.item = item
    let size = Self.partSize(
      byteCount: item.bytes.byteCount,
      wanted: item.store.configuration.partSize
    )
    ranges = stride(from: 0, to: item.bytes.byteCount, by: size).map {
      $0..<min($0 + size, item.bytes.byteCount)
    }
    state = Mutex(State(parts: Array(repeating: nil, count: ranges.count)))
    try begin()
  }

  /// The size of parts, in whole MiB where more than 10,000 of the wanted ones would be needed.
  static func partSize(byteCount: Int, wanted: Int) -> Int {
    let least = byteCount / ObjectChecksum.partsMax + 1
    if wanted >= least { return wanted }
    return (least >> 20 + 1) << 20
  }

  private func begin() throws {
    let algorithm = RemoteObjectStore.checksumAlgorithm
    var call = RemoteCall(method: "POST", key: item.bucketKey, query: [.init("uploads", "")])
    call.headers = [
      RemoteObjectStore.contentType, (WriteMark.headerName, item.mark.text),
      ("x-amz-checksum-algorithm", algorithm.rawValue), ("x-amz-checksum-type", "FULL_OBJECT"),
    ]
    let outcome = client.perform(call)
    guard let answer = outcome.answer, answer.isSuccess else {
      throw client.error(outcome, "written", key: item.key)
    }
    guard let identifier = (try? RemoteXML.parse(answer.body))?.value("UploadId"),
      !identifier.isEmpty
    else { throw client.unreadable("it names no upload", key: item.key) }
    state.withLock {
      $0.identifier = identifier
      $0.coversWhole = answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"
      $0.parts = Array(repeating: nil, count: ranges.count)
    }
  }

  private var identifier: String { state.withLock { $0.identifier ?? "" } }

  /// Sends all parts.
  func sendParts() throws {
    try RemoteThreads.run(ranges.count, threads: Self.partsAtOnce) { [self] index in
      let part = try send(index)
      state.withLock { $0.parts[index] = part }
    }
  }

  private func send(_ index: Int) throws -> Part {
    let body = try item.bytes.body(ranges[index], key: item.key)
    let digests = RemoteObjectStore.digests(of: body)
    var call = RemoteCall(method: "PUT", key: item.bucketKey)
    call.query = [.init("partNumber", String(index + 1)), .init("uploadId", identifier)]
    call.body = body
    call.payload = RemoteObjectStore.payload(digests)
    call.headers = RemoteObjectStore.checksumHeaders(digests)
    let outcome = client.perform(call)
    guard let answer = outcome.answer, answer.isSuccess else {
      throw client.error(outcome, "written", key: item.key)
    }
    guard let tag = answer.headers["etag"],
      let checksum = digests.checksum(RemoteObjectStore.checksumAlgorithm)
    else { throw client.unreadable("a part has no entity tag", key: item.key) }
    return Part(entityTag: tag, checksum: checksum, byteCount: digests.byteCount)
  }

  /// Makes the parts an object; false where it must be new and is not.
  func finish() throws -> Bool {
    var round = 1
    while true {
      let parts = state.withLock { $0.parts.compactMap { $0 } }
      let outcome = client.perform(completion(parts))
      if let answer = outcome.answer, answer.isSuccess {
        guard (try? RemoteXML.parse(answer.body))?.name == "CompleteMultipartUploadResult" else {
          throw client.unreadable("it says of no object that it is complete", key: item.key)
        }
        state.withLock { $0.identifier = nil }
        return true
      }
      if item.ifAbsent, outcome.answer?.status == 412, !outcome.isUncertain {
        abort()
        return false
      }
      // Another writer was at the key in the same moment; S3 wants all parts again then.
      let isConflict = outcome.answer?.status == 409 && !outcome.isUncertain
      if isConflict, round < Self.roundsMax, try item.store.remoteHead(item.key) == nil {
        abort()
        try begin()
        try sendParts()
        round += 1
        continue
      }
      let tag = MultipartDigests.entityTag(partTags: parts.map(\.entityTag))
      let isOurs = try item.settle(outcome, checksum: wholeChecksum(parts), entityTag: tag)
      if isOurs { state.withLock { $0.identifier = nil } } else { abort() }
      return isOurs
    }
  }

  private func completion(_ parts: [Part]) -> RemoteCall {
    let algorithm = RemoteObjectStore.checksumAlgorithm
    var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for (index, part) in parts.enumerated() {
      text += "<Part><PartNumber>\(index + 1)</PartNumber>"
      text += "<ETag>\(RemoteXML.escaped(part.entityTag))</ETag>"
      text += "<\(algorithm.elementName)>\(part.checksum.value)</\(algorithm.elementName)></Part>"
    }
    let body = RemoteBody.bytes(Array((text + "</CompleteMultipartUpload>").utf8))
    var call = RemoteCall(method: "POST", key: item.bucketKey)
    call.query = [.init("uploadId", identifier)]
    call.headers = [("content-type", "application/xml")]
    if item.ifAbsent { call.headers.append(("if-none-match", "*")) }
    if state.withLock({ $0.coversWhole }), let sum = wholeChecksum(parts) {
      call.headers += [(algorithm.headerName, sum.value), ("x-amz-checksum-type", sum.typeName)]
    }
    call.body = body
    call.payload = RemoteObjectStore.payload(RemoteObjectStore.digests(of: body))
    call.repeatsConflicts = false
    call.mayFailLate = true
    return call
  }

  private func wholeChecksum(_ parts: [Part]) -> ObjectChecksum? {
    MultipartDigests.fullObjectChecksum(
      RemoteObjectStore.checksumAlgorithm,
      of: parts.map { ($0.checksum, $0.byteCount) }
    )
  }

  /// Removes the parts from the endpoint, as far as that goes; false where it does not answer.
  @discardableResult
  func abort() -> Bool {
    guard let identifier = state.withLock({ $0.identifier.take() }) else { return true }
    var call = RemoteCall(method: "DELETE", key: item.bucketKey)
    call.query = [.init("uploadId", identifier)]
    call.attemptsMax = 1
    return client.perform(call).answer != nil
  }
}
