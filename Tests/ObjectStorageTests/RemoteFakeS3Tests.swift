// An S3 API of a page, for the tests of the store that talks to one. It holds signatures, hashes and
// checksums against what arrives, so that a wrong request fails here as it would fail at AWS.

import ObjectStorage
import Synchronization
import Testing

/// Buckets in memory behind S3's own requests and answers.
final class FakeS3: RemoteTransport {
  struct Stored {
    var bytes: [UInt8]
    var headers: [String: String] = [:]
    var version = 0
  }

  struct State {
    var objects: [String: Stored] = [:]
    var replaced: [String: [Stored]] = [:]
    var uploads: [String: (key: String, headers: [String: String], parts: [Int: [UInt8]])] = [:]
    var requests: [RemoteRequest] = []
    var running = 0
    var runningMax = 0
    var made = 0
    /// Calls of the clock that the store signs with.
    var skewMilliseconds: Int64 = 0
  }

  /// What goes wrong with a request.
  enum Fault {
    /// It does not arrive.
    case lost
    /// It is carried out, and the answer does not come back.
    case answerLost
    /// Something else answers it.
    case answer(RemoteAnswer)
  }

  static let credentials = S3Credentials(
    accessKeyID: "FAKEKEY", secretAccessKey: "hush-hush", region: "us-east-1")
  static let moment: Int64 = 1_705_363_800_000

  private let state = Mutex(State())
  private let verifier = S3Verifier(credentials: [credentials])
  private let keepsMarks: Bool
  private let keepsVersions: Bool
  private let entityTag: @Sendable (String) -> String?
  /// Asked of each request, with its number among those alike, from 1.
  private let fault: @Sendable (RemoteRequest, Int) -> Fault?
  /// Called before a request is carried out.
  private let before: @Sendable (FakeS3, RemoteRequest) -> Void

  init(
    keepsMarks: Bool = true,
    keepsVersions: Bool = false,
    fault: @escaping @Sendable (RemoteRequest, Int) -> Fault? = { _, _ in nil },
    entityTag: @escaping @Sendable (String) -> String? = { $0 },
    before: @escaping @Sendable (FakeS3, RemoteRequest) -> Void = { _, _ in }
  ) {
    self.keepsMarks = keepsMarks
    self.keepsVersions = keepsVersions
    self.entityTag = entityTag
    self.before = before
    self.fault = fault
  }

  func with<Result>(_ body: (inout State) -> sending Result) -> sending Result {
    state.withLock { body(&$0) }
  }

  /// The requests so far as `PUT key?query`, in their order.
  var log: [String] { state.withLock { $0.requests.map { FakeS3.line($0) } } }

  func object(_ key: String) -> [UInt8]? { state.withLock { $0.objects[key]?.bytes } }

  static func line(_ request: RemoteRequest) -> String {
    let (path, query) = parts(request)
    return request.method + " " + path + (query.isEmpty ? "" : "?" + query)
  }

  /// The key, and the query as it was sent.
  private static func parts(_ request: RemoteRequest) -> (key: String, query: String) {
    let target = request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)[3]
    let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = PercentEncoding.decode(halves[0])
    let key = path.utf8.count > 4 ? String(Substring(path.utf8.dropFirst(4))) : ""
    return (key, halves.count > 1 ? String(halves[1]) : "")
  }

  /// A store on it whose waits take no time; they are kept in `waits`.
  func store(
    waits: Waits = Waits(), _ change: (inout RemoteStoreConfiguration) -> Void = { _ in }
  ) throws -> RemoteObjectStore {
    var configuration = RemoteStoreConfiguration(
      endpoint: "http://127.0.0.1:9000", bucket: "bkt", credentials: Self.credentials)
    configuration.retry = RemoteRetryPolicy(random: { waits.draw() }, sleep: { waits.add($0) })
    configuration.partSize = 5 << 20
    change(&configuration)
    return try RemoteObjectStore(configuration, transport: self, now: { Self.moment })
  }

  /// The waits of a store, and what it draws for them.
  final class Waits: Sendable {
    private let state: Mutex<(drawn: [UInt64], made: [Int])>

    init(_ draws: [UInt64] = []) {
      state = Mutex((draws.reversed(), []))
    }

    var made: [Int] { state.withLock { $0.made } }
    func draw() -> UInt64 { state.withLock { $0.drawn.popLast() ?? 1 } }
    func add(_ milliseconds: Int) { state.withLock { $0.made.append(milliseconds) } }
  }

  // MARK: Answering

  func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer {
    let number = state.withLock { state in
      state.requests.append(request)
      state.running += 1
      state.runningMax = max(state.runningMax, state.running)
      return state.requests.count { Self.line($0) == Self.line(request) }
    }
    defer { state.withLock { $0.running -= 1 } }
    before(self, request)
    switch fault(request, number) {
    case .lost: throw .lost("it was cut")
    case .answer(let answer): return answer
    case .answerLost:
      _ = answer(request)
      throw .lost("its answer was cut")
    case nil: return answer(request)
    }
  }

  private func answer(_ request: RemoteRequest) -> RemoteAnswer {
    if let refusal = refusal(request) { return refusal }
    let (key, query) = Self.parts(request)
    let items = Dictionary(
      PercentEncoding.queryItems(query).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    return state.withLock { state in
      switch request.method {
      case "GET" where key.isEmpty: list(&state, items)
      case "GET", "HEAD": read(&state, key, request, items)
      case "PUT" where items["uploadId"] != nil: putPart(&state, request, items)
      case "PUT": put(&state, key, request)
      case "POST" where items["uploads"] != nil: create(&state, key, request)
      case "POST": complete(&state, key, request, items)
      case "DELETE": delete(&state, key, items)
      default: Self.error(405, "MethodNotAllowed")
      }
    }
  }

  static func error(
    _ status: Int, _ code: String, _ more: String = "", headers: [String: String] = [:]
  ) -> RemoteAnswer {
    let text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>Why \(code)"
      + "</Message>\(more)<RequestId>R42</RequestId></Error>"
    return RemoteAnswer(status: status, headers: headers, body: Array(text.utf8))
  }

  private func refusal(_ request: RemoteRequest) -> RemoteAnswer? {
    let parts = request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    let target = ("/" + parts[3]).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let skew = state.withLock { $0.skewMilliseconds }
    let headers = [("host", String(parts[2]))] + request.headers
    var hasher = ObjectHasher(
      checksums: Set(request.headers.compactMap { ChecksumAlgorithm(headerName: $0.name) }),
      payloadHash: true)
    request.body.withBytes { hasher.update($0) }
    let digests = hasher.finalize()
    do throws(S3SignatureError) {
      let verified = try verifier.verify(
        method: request.method,
        rawPath: String(target[0]),
        rawQuery: target.count > 1 ? String(target[1]) : "",
        headers: headers,
        now: Self.moment + skew
      )
      try verified.payload.check(bodyHash: digests.sha256 ?? "")
    } catch {
      let date = skew == 0 ? "Tue, 16 Jan 2024 00:10:00 GMT" : "Tue, 16 Jan 2024 01:10:00 GMT"
      var answer = Self.error(403, error.s3Code.rawValue, headers: ["date": date])
      if request.method == "HEAD" { answer.body = [] }
      return answer
    }
    // Of a whole upload, the checksum is of its parts' bytes and not of this body.
    if request.method == "POST" { return nil }
    let isRight = digests.checksums.allSatisfy { request.header($0.algorithm.headerName) == $0.value }
    return isRight ? nil : Self.error(400, "BadDigest")
  }

  // MARK: Objects

  private func put(_ state: inout State, _ key: String, _ request: RemoteRequest) -> RemoteAnswer {
    if request.header("if-none-match") == "*", state.objects[key] != nil {
      return Self.error(412, "PreconditionFailed")
    }
    let bytes = request.body.withBytes { Array($0) }
    var hasher = ObjectHasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    return store(&state, key, bytes, request.headers, tag: hasher.finalize().entityTag)
  }

  private func store(
    _ state: inout State,
    _ key: String,
    _ bytes: [UInt8],
    _ headers: [(name: String, value: String)],
    tag: String
  ) -> RemoteAnswer {
    var kept: [String: String] = [:]
    for header in headers {
      let isMark = header.name.hasPrefix("x-amz-meta-")
      let isSum = ChecksumAlgorithm(headerName: header.name) != nil
      if keepsMarks ? isMark || isSum : false { kept[header.name] = header.value }
    }
    kept["etag"] = entityTag(tag).map { "\"\($0)\"" }
    kept["last-modified"] = "Tue, 16 Jan 2024 00:10:00 GMT"
    state.made += 1
    if keepsVersions {
      kept["x-amz-version-id"] = "v\(state.made)"
      if let former = state.objects[key] { state.replaced[key, default: []].append(former) }
    }
    state.objects[key] = Stored(bytes: bytes, headers: kept, version: state.made)
    return RemoteAnswer(status: 200, headers: kept.filter { $0.key == "etag" })
  }

  private func read(
    _ state: inout State, _ key: String, _ request: RemoteRequest, _ items: [String: String]
  ) -> RemoteAnswer {
    var stored = state.objects[key]
    if let version = items["versionId"] {
      stored = ((state.replaced[key] ?? []) + (stored.map { [$0] } ?? []))
        .first { $0.headers["x-amz-version-id"] == version }
    }
    let isHead = request.method == "HEAD"
    guard let stored else {
      return isHead ? RemoteAnswer(status: 404) : Self.error(404, "NoSuchKey")
    }
    if let tag = request.header("if-match"), tag != stored.headers["etag"] {
      return Self.error(412, "PreconditionFailed")
    }
    var headers = stored.headers
    if request.header("x-amz-checksum-mode") != "ENABLED" {
      headers = headers.filter { ChecksumAlgorithm(headerName: $0.key) == nil }
    }
    guard let range = request.header("range") else {
      headers["content-length"] = String(stored.bytes.count)
      return RemoteAnswer(status: 200, headers: headers, body: isHead ? [] : stored.bytes)
    }
    let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
    guard ends.count == 2, ends[0] < stored.bytes.count else {
      return Self.error(
        416, "InvalidRange", "<ActualObjectSize>\(stored.bytes.count)</ActualObjectSize>")
    }
    let last = min(ends[1], stored.bytes.count - 1)
    headers["content-range"] = "bytes \(ends[0])-\(last)/\(stored.bytes.count)"
    headers["content-length"] = String(last + 1 - ends[0])
    return RemoteAnswer(status: 206, headers: headers, body: Array(stored.bytes[ends[0]...last]))
  }

  private func delete(
    _ state: inout State, _ key: String, _ items: [String: String]
  ) -> RemoteAnswer {
    if let upload = items["uploadId"] {
      let isKnown = state.uploads.removeValue(forKey: upload) != nil
      return isKnown ? RemoteAnswer(status: 204) : Self.error(404, "NoSuchUpload")
    }
    if let stored = state.objects.removeValue(forKey: key), keepsVersions {
      state.replaced[key, default: []].append(stored)
    }
    return RemoteAnswer(status: 204)
  }

  private func list(_ state: inout State, _ items: [String: String]) -> RemoteAnswer {
    let prefix = items["prefix"] ?? ""
    let start = items["continuation-token"].map { String($0.dropFirst(6)) } ?? items["start-after"]
    let limit = min(items["max-keys"].flatMap { Int($0) } ?? 1_000, 1_000)
    var text = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    text += "<EncodingType>url</EncodingType>"
    var count = 0
    var last: String?
    var isTruncated = false
    for key in state.objects.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      guard key.utf8.starts(with: prefix.utf8) else { continue }
      var name = key
      var isCommon = false
      let rest = key.utf8.dropFirst(prefix.utf8.count)
      if items["delimiter"] == "/", let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
        name = String(Substring(key.utf8[...slash]))
        isCommon = true
      }
      if name == last { continue }
      if let start, !start.utf8.lexicographicallyPrecedes(name.utf8) { continue }
      if count == limit {
        isTruncated = true
        break
      }
      count += 1
      last = name
      let encoded = PercentEncoding.encode(name, keepingSlashes: true)
        .split(separator: "%20", omittingEmptySubsequences: false).joined(separator: "+")
      if !isCommon {
        text += "<Contents><Key>\(encoded)</Key><LastModified>2024-01-16T00:10:00.250Z</LastModified>"
        text += "<Size>\(state.objects[key]?.bytes.count ?? 0)</Size></Contents>"
      } else {
        text += "<CommonPrefixes><Prefix>\(encoded)</Prefix></CommonPrefixes>"
      }
    }
    text += "<IsTruncated>\(isTruncated)</IsTruncated>"
    if isTruncated, let last {
      let token = "after-" + last
      text += "<NextContinuationToken><![CDATA[\(token)]]></NextContinuationToken>"
    }
    return RemoteAnswer(status: 200, body: Array((text + "</ListBucketResult>").utf8))
  }

  // MARK: Parts

  private func create(
    _ state: inout State, _ key: String, _ request: RemoteRequest
  ) -> RemoteAnswer {
    state.made += 1
    let identifier = "upload/\(state.made)+="
    let kept = request.headers.filter { $0.name.hasPrefix("x-amz-meta-") }
    state.uploads[identifier] = (
      key, Dictionary(kept.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), [:]
    )
    let text =
      "<InitiateMultipartUploadResult><Bucket>bkt</Bucket><UploadId>\(identifier)</UploadId>"
      + "</InitiateMultipartUploadResult>"
    return RemoteAnswer(
      status: 200, headers: ["x-amz-checksum-type": "FULL_OBJECT"], body: Array(text.utf8))
  }

  private func putPart(
    _ state: inout State, _ request: RemoteRequest, _ items: [String: String]
  ) -> RemoteAnswer {
    guard let upload = items["uploadId"], let number = items["partNumber"].flatMap({ Int($0) }),
      state.uploads[upload] != nil
    else { return Self.error(404, "NoSuchUpload") }
    let bytes = request.body.withBytes { Array($0) }
    state.uploads[upload]?.parts[number] = bytes
    return RemoteAnswer(status: 200, headers: ["etag": "\"\(Self.md5(bytes))\""])
  }

  static func md5(_ bytes: [UInt8]) -> String {
    var hasher = ObjectHasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    return hasher.finalize().entityTag
  }

  private func complete(
    _ state: inout State, _ key: String, _ request: RemoteRequest, _ items: [String: String]
  ) -> RemoteAnswer {
    guard let identifier = items["uploadId"], let upload = state.uploads[identifier] else {
      return Self.error(404, "NoSuchUpload")
    }
    if request.header("if-none-match") == "*", state.objects[key] != nil {
      return Self.error(412, "PreconditionFailed")
    }
    let text = String(decoding: request.body.withBytes { Array($0) }, as: UTF8.self)
    var bytes: [UInt8] = []
    var tags: [String] = []
    for (index, part) in text.matches(of: /<PartNumber>(\d+)<\/PartNumber><ETag>"([0-9a-f]+)"/)
      .enumerated()
    {
      guard Int(part.1) == index + 1, let stored = upload.parts[index + 1],
        Self.md5(stored) == part.2
      else { return Self.error(400, "InvalidPart") }
      if index + 1 < upload.parts.count, stored.count < 5 << 20 {
        return Self.error(400, "EntityTooSmall")
      }
      bytes += stored
      tags.append(String(part.2))
    }
    guard tags.count == upload.parts.count else { return Self.error(400, "InvalidPart") }
    var sum = RunningChecksum(.crc32)
    bytes.withUnsafeBytes { sum.update($0) }
    guard request.header("x-amz-checksum-crc32") == sum.finalize().value else {
      return Self.error(400, "BadDigest")
    }
    state.uploads[identifier] = nil
    var headers = upload.headers.map { (name: $0.key, value: $0.value) }
    headers.append(("x-amz-checksum-crc32", sum.finalize().value))
    var answer = store(
      &state, key, bytes, headers, tag: MultipartDigests.entityTag(partTags: tags) ?? "")
    answer.body = Array("<CompleteMultipartUploadResult/>".utf8)
    return answer
  }
}

@Suite struct RemoteFakeS3Tests {
  @Test func `the fake lets a request with another key's signature not through`() throws {
    let fake = FakeS3()
    try fake.store().put("a", [1])
    let stranger = try fake.store { $0.credentials.secretAccessKey = "guess" }
    #expect(kind { try stranger.put("b", [1]) } == .noPermission)
    #expect(fake.object("a") == [1])
    #expect(fake.object("b") == nil)
  }
}
