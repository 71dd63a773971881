import ObjectStorage
import Synchronization
import Testing

/// What is tried again, how long is waited, and what is believed when an answer is lost.
@Suite struct RemoteRetryTests {
  static func answers(_ statuses: [Int]) -> FakeS3 {
    FakeS3 { _, number in
      number <= statuses.count ? .answer(RemoteAnswer(status: statuses[number - 1])) : nil
    }
  }

  // MARK: Waiting

  @Test func `waits are drawn between nothing and a bound that doubles up to its end`() throws {
    let waits = FakeS3.Waits([100, 200, 400, 500, 501, 502])
    let fake = Self.answers([503, 500, 502, 504, 408, 429])
    let store = try fake.store(waits: waits) {
      $0.retry.attemptsMax = 7
      $0.retry.delayMillisecondsMax = 500
    }
    try store.put("k", [1])
    // The bounds are 100, 200, 400, 500, 500 and 500; 501 and 502 begin again from the bottom.
    #expect(waits.made == [100, 200, 400, 500, 1])
    #expect(fake.log.count == 7)
  }

  @Test func `an endpoint that asks for time gets it, up to a limit`() throws {
    let waits = FakeS3.Waits()
    let fake = FakeS3 { _, number in
      number <= 3
        ? .answer(
          RemoteAnswer(status: 503, headers: ["retry-after": ["2", "3600", "soon"][number - 1]])
        )
        : nil
    }
    try fake.store(waits: waits) { $0.retry.delayMillisecondsMax = 5_000 }.put("k", [1])
    #expect(waits.made == [2_000, 5_000, 1])
  }

  @Test func `after the last attempt the error says how many there were`() throws {
    let fake = FakeS3 { _, _ in .answer(FakeS3.error(503, "SlowDown")) }
    let store = try fake.store()
    let told = message { _ = try store.get("k") }
    #expect(
      told
        == "\"k\" could not be read: http://127.0.0.1:9000 says SlowDown, Why SlowDown after 5 attempts "
        + "(request R42)."
    )
    #expect(fake.log.count == 5)
  }

  @Test(arguments: [
    (400, "InvalidRequest"), (403, "AccessDenied"), (404, "NoSuchBucket"),
    (405, "MethodNotAllowed"),
    (409, "BucketNotEmpty"), (411, "MissingContentLength"), (501, "NotImplemented"),
  ])
  func `a request that is wrong is not made again`(status: Int, code: String) throws {
    let fake = FakeS3 { _, _ in .answer(FakeS3.error(status, code)) }
    let store = try fake.store()
    #expect(throws: ObjectStorageError.self) { try store.put("k", [1]) }
    #expect(throws: ObjectStorageError.self) { _ = try store.get("k") }
    #expect(throws: ObjectStorageError.self) { _ = try store.list(prefix: "") }
    #expect(fake.log.count == 3)
  }

  @Test func `a 400 that says RequestTimeout is made again`() throws {
    let fake = FakeS3 { _, number in
      number == 1 ? .answer(FakeS3.error(400, "RequestTimeout")) : nil
    }
    try fake.store().put("k", [1])
    #expect(fake.log == ["PUT k", "PUT k"])
  }

  @Test func `lost connections are made again for every kind of request`() throws {
    let fake = FakeS3 { _, number in number == 1 ? .lost : nil }
    let store = try fake.store()
    try store.put("k", [1, 2])
    #expect(try store.get("k") == [1, 2])
    #expect(try store.get("k", range: 0..<1) == [1])
    #expect(try store.head("k")?.size == 2)
    #expect(try store.keys() == bytes(["k"]))
    try store.delete("k")
    #expect(fake.log.count == 11)
  }

  @Test(arguments: [RemoteTransportError.notTrusted("expired certificate"), .tooLarge])
  func `what will not change is not tried twice`(failure: RemoteTransportError) throws {
    final class Failing: RemoteTransport {
      let failure: RemoteTransportError
      let count = Atomic<Int>(0)

      init(_ failure: RemoteTransportError) { self.failure = failure }

      func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer {
        count.add(1, ordering: .relaxed)
        throw failure
      }
    }
    let failing = Failing(failure)
    let configuration = RemoteStoreConfiguration(
      endpoint: "https://s3.example.com",
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    let store = try RemoteObjectStore(configuration, transport: failing)
    #expect(kind { _ = try store.get("k") } == .failed)
    #expect(failing.count.load(ordering: .relaxed) == 1)
  }

  // MARK: Lost answers of conditional writes

  @Test func `a commit whose answer was lost is ours, and is not reported as another's`() throws {
    let fake = FakeS3 { request, number in
      request.method == "PUT" && number == 1 ? .answerLost : nil
    }
    #expect(try fake.store().putIfAbsent("_delta_log/1.json", [1, 2]))
    #expect(
      fake.log == ["PUT _delta_log/1.json", "PUT _delta_log/1.json", "HEAD _delta_log/1.json"]
    )
    #expect(fake.object("_delta_log/1.json") == [1, 2])
  }

  @Test func `a commit that another made while ours was lost is theirs, even with the same bytes`()
    throws
  {
    for theirs: [UInt8] in [[1, 2], [3]] {
      let other = Mutex<RemoteObjectStore?>(nil)
      let fake = FakeS3 { request, number in
        guard request.method == "PUT", number == 1 else { return nil }
        _ = try? other.withLock { $0 }?.putIfAbsent("c", theirs)
        return .lost
      }
      let rival = try fake.store()
      other.withLock { $0 = rival }
      #expect(try !fake.store().putIfAbsent("c", [1, 2]))
      #expect(fake.object("c") == theirs)
    }
  }

  @Test func `a key that was taken before is told by one request`() throws {
    let fake = FakeS3()
    let store = try fake.store()
    try store.put("c", [1])
    #expect(try !store.putIfAbsent("c", [1]))
    #expect(fake.log == ["PUT c", "PUT c"])
  }

  @Test func `where all answers are lost, the object itself tells`() throws {
    let fake = FakeS3 { request, _ in request.method == "PUT" ? .answerLost : nil }
    #expect(try fake.store().putIfAbsent("c", [1]))
    let deaf = FakeS3 { request, _ in request.method == "PUT" ? .lost : nil }
    let told = message { _ = try deaf.store().putIfAbsent("c", [1]) }
    #expect(told?.hasSuffix("It may have been written all the same.") == true)
    #expect(told?.contains("was lost, 5 times: it was cut.") == true)
  }

  @Test func `an endpoint that keeps no marks is asked for the bytes' own digest`() throws {
    let lossy: @Sendable (RemoteRequest, Int) -> FakeS3.Fault? = { request, number in
      request.method == "PUT" && request.header("if-none-match") != nil && number == 1
        ? .answerLost : nil
    }
    #expect(try FakeS3(keepsMarks: false, fault: lossy).store().putIfAbsent("c", [1, 2]))
    let taken = FakeS3(keepsMarks: false, fault: lossy)
    taken.with {
      $0.objects["c"] = .init(bytes: [3, 4], headers: ["etag": "\"\(FakeS3.md5([3, 4]))\""])
    }
    #expect(try !taken.store().putIfAbsent("c", [1, 2]))
    let silent = FakeS3(keepsMarks: false, fault: lossy, entityTag: { _ in "opaque" })
    #expect(
      message { _ = try silent.store().putIfAbsent("c", [1, 2]) }?
        .contains("by somebody else cannot be told") == true
    )
  }

  @Test func `two writers that meet are made to try again`() throws {
    let fake = FakeS3 { _, number in
      number <= 2 ? .answer(FakeS3.error(409, "ConditionalRequestConflict")) : nil
    }
    #expect(try fake.store().putIfAbsent("c", [1]))
    #expect(fake.log == ["PUT c", "PUT c", "PUT c"])
    let busy = FakeS3 { request, _ in
      request.method == "PUT" ? .answer(FakeS3.error(409, "ConditionalRequestConflict")) : nil
    }
    #expect(
      message { _ = try busy.store().putIfAbsent("c", [1]) }?
        .contains("ConditionalRequestConflict") == true
    )
    busy.with { $0.objects["c"] = .init(bytes: [9, 9]) }
    #expect(try !busy.store().putIfAbsent("c", [1]))
  }

  // MARK: Clocks

  @Test func `an endpoint's clock is taken once, and kept for the next requests`() throws {
    let fake = FakeS3()
    fake.with { $0.skewMilliseconds = 3_600_000 }
    let store = try fake.store()
    try store.put("k", [1])
    #expect(fake.log == ["PUT k", "PUT k"])
    #expect(try store.get("k") == [1])
    #expect(fake.log == ["PUT k", "PUT k", "GET k"])
    let dates = fake.with { $0.requests.map { $0.header("x-amz-date") } }
    #expect(dates == ["20240116T001000Z", "20240116T011000Z", "20240116T011000Z"])
  }

  @Test func `a HEAD that is refused without words is held against the endpoint's clock`() throws {
    let fake = FakeS3()
    fake.with {
      $0.skewMilliseconds = 3_600_000
      $0.objects["k"] = .init(bytes: [1])
    }
    #expect(try fake.store().head("k")?.size == 1)
    let near = FakeS3 { _, _ in
      .answer(RemoteAnswer(status: 403, headers: ["date": "Tue, 16 Jan 2024 00:14:00 GMT"]))
    }
    #expect(kind { _ = try near.store().head("k") } == .noPermission)
    #expect(near.log == ["HEAD k", "GET k"])
  }

  @Test func `clocks that differ again after that are an error, in minutes`() throws {
    let fake = FakeS3 { _, _ in
      .answer(
        FakeS3.error(
          403,
          "RequestTimeTooSkewed",
          headers: ["date": "Tue, 16 Jan 2024 02:10:00 GMT"]
        )
      )
    }
    #expect(
      message { _ = try fake.store().get("k") }?.contains("differ by 120 minutes") == true
    )
    #expect(fake.log == ["GET k", "GET k"])
  }
}
