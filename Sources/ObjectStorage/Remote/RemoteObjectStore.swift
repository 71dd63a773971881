// A store elsewhere, step by step:
//
// 1. `RemoteObjectStore` turns what an `ObjectStore` promises into calls of the S3 API.
// 2. `RemoteClient` signs a call, sends it through a `RemoteTransport`, and tries again where it helps.
// 3. Writers keep their bytes on this machine (`StagedBytes`); `publish` sends them in one request, or
//    in parts that nobody sees before the last request makes them an object (`MultipartUpload`).
// 4. "If absent" is decided by the endpoint, in the header `if-none-match`. Where its answer was lost,
//    a mark in the object tells whose it is (`WriteMark`).
// 5. Readers ask for ranges of the object that they were opened on; another one is refused.

/// Objects in a bucket of an S3 API: AWS, MinIO, or an endpoint on this machine.
///
/// Safe to share. Every call waits for the network: any thread may call, except those of Swift's
/// cooperative pool. Modification times are the endpoint's, and its clock's.
///
/// A key with a segment `.` or `..` cannot be sent by HTTP clients as it stands, and is refused;
/// listings show such keys.
public final class RemoteObjectStore: ObjectStore {
  public let configuration: RemoteStoreConfiguration
  let client: RemoteClient

  /// A store in the bucket of a configuration; asks nothing of the endpoint yet.
  ///
  /// - Parameters:
  ///   - configuration: Where, as whom, and how patiently.
  ///   - transport: What sends requests; nil for Foundation's HTTP client.
  ///   - now: The wall clock, in milliseconds since the Unix epoch; nil for the system's.
  /// - Throws: `objectStorage.failed` for an address or sizes that cannot work.
  public init(
    _ configuration: RemoteStoreConfiguration,
    transport: (any RemoteTransport)? = nil,
    now: (@Sendable () -> Int64)? = nil
  ) throws {
    self.configuration = configuration
    client = try RemoteClient(
      configuration,
      transport: transport,
      now: now ?? { FileStatus.milliseconds(FileTime.systemNow()) }
    )
  }

  /// Throws what a first use would fail with: no endpoint, no bucket, no right to list it.
  public func checkReachable() throws {
    _ = try list(prefix: "", startAfter: nil, limit: 1)
  }

  /// Throws unless the endpoint lets exactly one of two writers create an object.
  ///
  /// Some S3 APIs take the header for it and overlook it, which would let one Delta commit replace
  /// another. It writes an object below `.tapline-probe-` and removes it.
  public func checkConditionalWrites() throws {
    let key = ".tapline-probe-" + WriteMark().text
    defer { try? delete(key) }
    let answers = [try putIfAbsent(key, [1]), try putIfAbsent(key, [2])]
    guard answers == [true, false], try get(key) == [1] else {
      throw ObjectStorageError(
        .failed,
        key: "",
        "\(client.endpoint.text) lets a second writer replace an object that must be new.",
        advice: "Use an S3 API with conditional writes (If-None-Match), such as AWS or a new MinIO."
      )
    }
  }

  /// The key in the bucket; throws `objectStorage.invalidKey` for one that cannot be sent.
  func bucketKey(_ key: String) throws -> String {
    try ObjectKey.check(key)
    let whole = configuration.keyPrefix + key
    let segments = whole.utf8.split(separator: UInt8(ascii: "/"))
    let dot = UInt8(ascii: ".")
    guard whole.utf8.count <= ObjectKey.bytesMax,
      !segments.contains(where: { $0.count <= 2 && $0.allSatisfy { $0 == dot } })
    else {
      throw ObjectStorageError(
        .invalidKey,
        key: key,
        "The key \"\(whole)\" cannot be sent to \(client.endpoint.text).",
        advice:
          "Use keys of up to \(ObjectKey.bytesMax) bytes, prefix included, without . and .. in them."
      )
    }
    return whole
  }

  // MARK: Reading

  public func get(_ key: String) throws -> [UInt8] {
    let call = RemoteCall.read(try bucketKey(key), bytesMax: .max)
    var attempt = 1
    while true {
      let outcome = client.perform(call)
      guard let answer = outcome.answer, answer.isSuccess else {
        throw client.error(outcome, "read", key: key)
      }
      if isWhole(answer) { return answer.body }
      guard attempt < configuration.retry.attemptsMax else {
        throw ObjectStorageError(
          .failed,
          key: key,
          "\"\(key)\" arrived with other bytes than its checksum is of, \(attempt) times.",
          advice: "Something between changes answers, or the endpoint's copy is damaged."
        )
      }
      configuration.retry.pause(behindAttempt: attempt, askedMilliseconds: nil)
      attempt += 1
    }
  }

  /// False where an answer with all bytes of an object has a length or a checksum of others.
  private func isWhole(_ answer: RemoteAnswer) -> Bool {
    if let length = answer.headers["content-length"].flatMap({ Int($0) }),
      length != answer.body.count
    {
      return false
    }
    for algorithm in ChecksumAlgorithm.allCases {
      guard let value = answer.headers[algorithm.headerName],
        let stated = ObjectChecksum(algorithm, value: value), !stated.isComposite
      else { continue }
      var sum = RunningChecksum(algorithm)
      answer.body.withUnsafeBytes { sum.update($0) }
      return sum.finalize() == stated
    }
    return true
  }

  public func get(_ key: String, range: Range<Int>) throws -> [UInt8] {
    let reading = RangeReading(store: self, key: key, bucketKey: try bucketKey(key))
    guard range.lowerBound >= 0, !range.isEmpty else {
      let size = try existingHead(key).size
      guard range.lowerBound >= 0, range.upperBound <= size else {
        throw ObjectStorageError.rangeOutside(key, range, byteCount: size)
      }
      return []
    }
    return try reading.bytes(range)
  }

  public func open(_ key: String) throws -> any ObjectReader {
    RemoteObjectReader(
      store: self,
      key: key,
      bucketKey: try bucketKey(key),
      head: try existingHead(key)
    )
  }

  public func head(_ key: String) throws -> ObjectMetadata? {
    try remoteHead(key).map {
      ObjectMetadata(key: key, size: $0.size, modifiedMilliseconds: $0.modifiedMilliseconds)
    }
  }

  private func existingHead(_ key: String) throws -> RemoteHead {
    guard let head = try remoteHead(key) else { throw ObjectStorageError.notFound(key) }
    return head
  }

  /// What the endpoint says of an object; nil where there is none.
  func remoteHead(_ key: String, attemptsMax: Int? = nil) throws -> RemoteHead? {
    let bucketKey = try bucketKey(key)
    var call = RemoteCall(method: "HEAD", key: bucketKey)
    call.attemptsMax = attemptsMax
    call.headers = [("x-amz-checksum-mode", "ENABLED")]
    let outcome = client.perform(call)
    guard let answer = outcome.answer, answer.isSuccess else {
      if outcome.answer?.status == 404 { return nil }
      throw explanation(of: outcome, key: key, bucketKey: bucketKey)
    }
    guard let head = RemoteHead(answer) else {
      throw client.unreadable("it has no size", key: key)
    }
    return head
  }

  /// The error for a `HEAD` that failed.
  ///
  /// It came without words, so the first byte is asked for.
  private func explanation(
    of outcome: RemoteOutcome,
    key: String,
    bucketKey: String
  ) -> ObjectStorageError {
    guard let answer = outcome.answer, (300..<500).contains(answer.status) else {
      return client.error(outcome, "read", key: key)
    }
    var call = RemoteCall.read(bucketKey, range: 0..<1, bytesMax: 1)
    call.attemptsMax = 1
    let second = client.perform(call)
    let hasWords = second.answer.flatMap { S3ErrorDocument($0) } != nil
    return client.error(hasWords ? second : outcome, "read", key: key)
  }

  public func delete(_ key: String) throws {
    let outcome = client.perform(RemoteCall(method: "DELETE", key: try bucketKey(key)))
    guard let answer = outcome.answer, answer.isSuccess else {
      let error = client.error(outcome, "deleted", key: key)
      if error.kind == .notFound { return }
      throw error
    }
  }
}
