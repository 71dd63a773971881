/// What a `HEAD` says of an object.
struct RemoteHead: Sendable {
  var size: Int
  var modifiedMilliseconds: Int64
  /// As the endpoint writes it, with quotes; nil where it gives none.
  var entityTag: String?
  /// The object's version in a bucket that keeps versions; nil in others.
  var version: String?
  var answer: RemoteAnswer

  /// Nil where the answer has no size.
  init?(_ answer: RemoteAnswer) {
    guard let size = answer.headers["content-length"].flatMap({ Int($0) }), size >= 0 else {
      return nil
    }
    self.size = size
    self.answer = answer
    modifiedMilliseconds =
      answer.headers["last-modified"].flatMap(SigningTime.httpMilliseconds) ?? 0
    entityTag = answer.headers["etag"]
    version = answer.headers["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 }
  }
}

/// One range of an object, asked for and checked.
struct RangeReading: Sendable {
  let store: RemoteObjectStore
  let key: String
  let bucketKey: String
  /// The entity tag that the object must still have; nil for whichever is there.
  var entityTag: String?
  /// The version to fall back on where the key has another object by now.
  var version: String?
  /// Bytes of the object; nil where that is not known yet.
  var byteCount: Int?

  /// The bytes at a range that is not empty; throws `rangeOutside` where they are not all there.
  func bytes(_ range: Range<Int>) throws -> [UInt8] {
    var call = RemoteCall.read(bucketKey, range: range, bytesMax: range.count)
    if let entityTag { call.headers.append(("if-match", entityTag)) }
    var outcome = store.client.perform(call)
    if entityTag != nil, [404, 412].contains(outcome.answer?.status) {
      guard let version else { throw changed() }
      call.query.append(.init("versionId", version))
      outcome = store.client.perform(call)
      if [403, 404, 412].contains(outcome.answer?.status) { throw changed() }
    }
    guard let answer = outcome.answer, answer.isSuccess else {
      if let answer = outcome.answer, answer.status == 416 { throw outside(range, answer) }
      throw store.client.error(outcome, "read", key: key)
    }
    return try checked(answer, range)
  }

  private func checked(_ answer: RemoteAnswer, _ range: Range<Int>) throws -> [UInt8] {
    guard answer.status == 206,
      let content = answer.headers["content-range"].flatMap(ContentRange.init)
    else {
      throw store.client.unreadable(
        "bytes \(range.lowerBound) to \(range.upperBound) were asked for, and the status is "
          + "\(answer.status)",
        key: key
      )
    }
    if let known = byteCount, let size = content.objectSize, known != size { throw changed() }
    if content.range.lowerBound == range.lowerBound, content.range.upperBound < range.upperBound,
      let size = content.objectSize, size == content.range.upperBound
    {
      throw ObjectStorageError.rangeOutside(key, range, byteCount: size)
    }
    guard content.range == range, answer.body.count == range.count else {
      throw store.client.unreadable(
        "bytes \(range.lowerBound) to \(range.upperBound) were asked for, and "
          + "\(content.range.lowerBound) to \(content.range.upperBound) came, "
          + "\(answer.body.count) bytes",
        key: key
      )
    }
    return answer.body
  }

  private func outside(_ range: Range<Int>, _ answer: RemoteAnswer) -> ObjectStorageError {
    let stated = answer.headers["content-range"].flatMap { text -> Int? in
      text.hasPrefix("bytes */") ? Int(text.dropFirst(8)) : nil
    }
    let size = stated ?? S3ErrorDocument(answer)?.objectSize ?? byteCount ?? 0
    return ObjectStorageError.rangeOutside(key, range, byteCount: size)
  }

  private func changed() -> ObjectStorageError {
    ObjectStorageError(
      .failed,
      key: key,
      "\"\(key)\" was replaced or deleted while it was being read.",
      advice: "Read it again from its beginning; nothing should replace an object that others read."
    )
  }
}

/// `bytes 0-9/100`, taken apart.
struct ContentRange {
  var range: Range<Int>
  /// Nil where the endpoint does not know it.
  var objectSize: Int?

  init?(_ text: String) {
    guard text.lowercased().hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0,
      last >= first, last < .max
    else { return nil }
    range = first..<(last + 1)
    objectSize = parts[1] == "*" ? nil : Int(parts[1])
    if parts[1] != "*", objectSize == nil { return nil }
  }
}

/// An object elsewhere that was there when it was opened.
///
/// Each read is a request; one of more than a part is several, two at a time. Where the key has another
/// object by now, reads go to the version that was opened if the bucket keeps versions, and else throw
/// `objectStorage.failed`.
final class RemoteObjectReader: ObjectReader {
  let byteCount: Int
  private let reading: RangeReading
  private let pieceSize: Int

  init(store: RemoteObjectStore, key: String, bucketKey: String, head: RemoteHead) {
    byteCount = head.size
    pieceSize = store.configuration.partSize
    reading = RangeReading(
      store: store,
      key: key,
      bucketKey: bucketKey,
      entityTag: head.entityTag,
      version: head.version,
      byteCount: head.size
    )
  }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else {
      throw ObjectStorageError.rangeOutside(reading.key, range, byteCount: byteCount)
    }
    if range.isEmpty { return [] }
    guard range.count > pieceSize else { return try reading.bytes(range) }
    let pieces = stride(from: range.lowerBound, to: range.upperBound, by: pieceSize).map {
      $0..<min($0 + pieceSize, range.upperBound)
    }
    let reading = reading
    return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      // Each piece has its own bytes of the buffer, and all threads have ended when `run` returns.
      nonisolated(unsafe) let target = UnsafeMutableRawBufferPointer(buffer)
      try RemoteThreads.run(pieces.count, threads: 2) { index in
        let piece = pieces[index]
        let bytes = try reading.bytes(piece)
        let start = piece.lowerBound - range.lowerBound
        UnsafeMutableRawBufferPointer(rebasing: target[start..<start + piece.count])
          .copyBytes(from: bytes)
      }
      count = range.count
    }
  }
}
