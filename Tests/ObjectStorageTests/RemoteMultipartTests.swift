import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// Objects in parts: what is sent, in which order, and what is left where something fails.
@Suite struct RemoteMultipartTests {
  static let whole = RemoteObjectStoreTests.pattern((11 << 20) + 7)

  static func isPart(_ request: RemoteRequest, _ number: Int) -> Bool {
    request.url.contains("partNumber=\(number)&")
  }

  static func isCompletion(_ request: RemoteRequest) -> Bool {
    request.method == "POST" && request.url.contains("?uploadId=")
  }

  /// Without the numbers of uploads.
  static func steps(_ fake: FakeS3) -> [String] {
    fake.log.map { line in
      line.replacing(/[?&]uploadId=.*/) { _ in "" }.replacing("?partNumber=", with: " #")
    }
  }

  @Test func `a large object is sent in parts, two at a time, and appears whole`() throws {
    let fake = FakeS3()
    let scratch = try ScratchDirectory(inMemory: true)
    let store = try fake.store { $0.stagingDirectory = scratch.path }
    let writer = try store.makeWriter()
    try Self.whole.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: 300_001) {
        let piece = bytes[start..<min(start + 300_001, bytes.count)]
        try writer.write(UnsafeRawBufferPointer(rebasing: piece))
      }
    }
    #expect(writer.byteCount == Self.whole.count)
    #expect(scratch.names("").isEmpty)
    #expect(
      try store.publish([StagedObject(key: "big", writer: writer)], ifAbsent: false) == [true]
    )
    #expect(try store.get("big") == Self.whole)
    let steps = Self.steps(fake)
    #expect(steps.first == "POST big?uploads=")
    #expect(Set(steps[1...3]) == ["PUT big #1", "PUT big #2", "PUT big #3"])
    #expect(steps[4...] == ["POST big", "GET big"])
    #expect(fake.with { $0.runningMax } <= 2)
    #expect(fake.with { $0.uploads.isEmpty })
    let parts = fake.with { $0.requests.filter { $0.url.contains("partNumber=") } }
    #expect(parts.map(\.body.byteCount).sorted() == [(1 << 20) + 7, 5 << 20, 5 << 20])
    #expect(parts.allSatisfy { $0.header("x-amz-checksum-crc32") != nil })
  }

  @Test func `an object up to the threshold is sent whole`() throws {
    let fake = FakeS3()
    let store = try fake.store { $0.multipartThreshold = 6 << 20 }
    try store.put("small", Array(repeating: 5, count: 6 << 20))
    try store.put("large", Array(repeating: 5, count: 6 << 20 + 1))
    #expect(Self.steps(fake).first == "PUT small")
    #expect(Self.steps(fake).dropFirst().first == "POST large?uploads=")
  }

  @Test func `a part that fails for good leaves nothing, and no object of its group appears`()
    throws
  {
    let fake = FakeS3 { request, _ in
      Self.isPart(request, 2) ? .answer(FakeS3.error(403, "AccessDenied")) : nil
    }
    let store = try fake.store()
    let small = try store.makeWriter()
    try [UInt8]([1]).withUnsafeBytes { try small.write($0) }
    let large = try store.makeWriter()
    try Self.whole.withUnsafeBytes { try large.write($0) }
    let group = [
      StagedObject(key: "small", writer: small), StagedObject(key: "big", writer: large),
    ]
    #expect(kind { _ = try store.publish(group, ifAbsent: false) } == .noPermission)
    #expect(fake.with { $0.objects.isEmpty && $0.uploads.isEmpty })
    #expect(Self.steps(fake).last == "DELETE big")
    #expect(try store.publish([group[0]], ifAbsent: true) == [true])
  }

  @Test func `a part whose answer is lost is sent again`() throws {
    let fake = FakeS3 { request, number in
      request.method == "PUT" && number == 1
        ? (Self.isPart(request, 1) ? .answerLost : .lost) : nil
    }
    let store = try fake.store()
    try store.put("big", Self.whole)
    #expect(try store.get("big") == Self.whole)
  }

  @Test func `a large object whose key is taken is not sent at all`() throws {
    let fake = FakeS3()
    let store = try fake.store()
    try store.put("big", [1])
    #expect(try !store.putIfAbsent("big", Self.whole))
    #expect(Self.steps(fake) == ["PUT big", "HEAD big"])
    #expect(fake.object("big") == [1])
  }

  @Test func `a key that is taken meanwhile wins, and the parts are removed`() throws {
    let fake = FakeS3(before: { fake, request in
      if Self.isCompletion(request), request.url.contains("/big?") {
        fake.with { $0.objects["big"] = .init(bytes: [1]) }
      }
    })
    let store = try fake.store()
    let writer = try store.makeWriter()
    try Self.whole.withUnsafeBytes { try writer.write($0) }
    #expect(
      try store.publish([StagedObject(key: "big", writer: writer)], ifAbsent: true) == [false]
    )
    #expect(fake.object("big") == [1])
    #expect(fake.with { $0.uploads.isEmpty })
    #expect(
      try store.publish([StagedObject(key: "other", writer: writer)], ifAbsent: true) == [true]
    )
    #expect(fake.object("other") == Self.whole)
  }

  @Test(arguments: [true, false])
  func `an upload whose last answer is lost is found done`(ifAbsent: Bool) throws {
    let fake = FakeS3 { request, number in
      Self.isCompletion(request) && number == 1 ? .answerLost : nil
    }
    let store = try fake.store()
    let writer = try store.makeWriter()
    try Self.whole.withUnsafeBytes { try writer.write($0) }
    let group = [StagedObject(key: "big", writer: writer)]
    #expect(try store.publish(group, ifAbsent: ifAbsent) == [true])
    #expect(Self.steps(fake).suffix(3) == ["POST big", "POST big", "HEAD big"])
    #expect(fake.object("big") == Self.whole)
  }

  @Test func `an error that comes in the body of a success is one`() throws {
    let late = { (code: String) in
      var answer = FakeS3.error(200, code)
      answer.body = Array("\n\n ".utf8) + answer.body
      return answer
    }
    let once = late("InternalError")
    let fake = FakeS3 { request, number in
      Self.isCompletion(request) && number == 1 ? .answer(once) : nil
    }
    try fake.store().put("big", Self.whole)
    #expect(fake.object("big") == Self.whole)
    let never = late("AccessDenied")
    let refusing = FakeS3 { request, _ in Self.isCompletion(request) ? .answer(never) : nil }
    #expect(kind { try refusing.store().put("big", Self.whole) } == .noPermission)
    #expect(refusing.with { $0.uploads.isEmpty && $0.objects.isEmpty })
  }

  @Test func `a conflict at the end sends all parts again, and not for ever`() throws {
    let conflicts = Mutex(1)
    let fake = FakeS3 { request, _ in
      guard Self.isCompletion(request) else { return nil }
      let isConflict = conflicts.withLock { left in
        left -= 1
        return left >= 0
      }
      return isConflict ? .answer(FakeS3.error(409, "ConditionalRequestConflict")) : nil
    }
    #expect(try fake.store().putIfAbsent("big", Self.whole))
    #expect(fake.object("big") == Self.whole)
    #expect(Self.steps(fake).count { $0 == "POST big?uploads=" } == 2)
    #expect(fake.with { $0.uploads.isEmpty })

    conflicts.withLock { $0 = 100 }
    fake.with { $0.objects = [:] }
    #expect(
      message { _ = try fake.store().putIfAbsent("big", Self.whole) }?
        .contains("ConditionalRequestConflict") == true
    )
    #expect(Self.steps(fake).count { $0 == "POST big?uploads=" } == 5)
    #expect(fake.with { $0.uploads.isEmpty && $0.objects.isEmpty })
  }

  @Test func `an endpoint that checks parts only is not told a checksum of the whole`() throws {
    let seen = Mutex<[String?]>([])
    let fake = FakeS3 { request, _ in
      if request.url.hasSuffix("?uploads=") {
        let text =
          "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        return .answer(RemoteAnswer(status: 200, body: Array(text.utf8)))
      }
      if request.url.contains("partNumber=") {
        return .answer(RemoteAnswer(status: 200, headers: ["etag": "\"a&b\""]))
      }
      seen.withLock { $0.append(request.header("x-amz-checksum-crc32")) }
      let text = String(decoding: request.body.withBytes { Array($0) }, as: UTF8.self)
      let status = text.contains("<ETag>\"a&amp;b\"</ETag>") ? 200 : 400
      let done = "<CompleteMultipartUploadResult/>"
      return .answer(RemoteAnswer(status: status, body: Array(done.utf8)))
    }
    try fake.store().put("big", Self.whole)
    #expect(seen.withLock { $0 } == [nil])
  }
}
