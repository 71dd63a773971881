// An S3 API of a page, for the tests of the store that talks to one. It holds signatures, hashes and
// checksums against what arrives, so that a wrong request fails here as it would fail at AWS.

import ObjectStorage
import Synchronization

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
    /// How far the clock here is ahead of the store's.
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
    accessKeyID: "FAKEKEY",
    secretAccessKey: "hush-hush",
    region: "us-east-1"
  )
  static let moment: Int64 = 1_705_363_800_000

  private let state = Mutex(State())
  private let verifier = S3Verifier(credentials: [credentials])
  let keepsMarks: Bool
  let keepsVersions: Bool
  let entityTag: @Sendable (String) -> String?
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
    let target = request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)[
      3
    ]
    let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = PercentEncoding.decode(halves[0])
    let key = path.utf8.count > 4 ? String(Substring(path.utf8.dropFirst(4))) : ""
    return (key, halves.count > 1 ? String(halves[1]) : "")
  }

  /// A store on it whose waits take no time; they are kept in `waits`.
  func store(
    waits: Waits = Waits(),
    _ change: (inout RemoteStoreConfiguration) -> Void = { _ in }
  ) throws -> RemoteObjectStore {
    var configuration = RemoteStoreConfiguration(
      endpoint: "http://127.0.0.1:9000",
      bucket: "bkt",
      credentials: Self.credentials
    )
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
      PercentEncoding.queryItems(query).map { ($0.name, $0.value) },
      uniquingKeysWith: { $1 }
    )
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
    _ status: Int,
    _ code: String,
    _ more: String = "",
    headers: [String: String] = [:]
  ) -> RemoteAnswer {
    let text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>Why \(code)"
      + "</Message>\(more)<RequestId>R42</RequestId></Error>"
    return RemoteAnswer(status: status, headers: headers, body: Array(text.utf8))
  }

  private func refusal(_ request: RemoteRequest) -> RemoteAnswer? {
    let parts = request.url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    let target = ("/" + parts[3]).split(
      separator: "?",
      maxSplits: 1,
      omittingEmptySubsequences: false
    )
    let skew = state.withLock { $0.skewMilliseconds }
    let headers = [("host", String(parts[2]))] + request.headers
    var hasher = ObjectHasher(
      checksums: Set(request.headers.compactMap { ChecksumAlgorithm(headerName: $0.name) }),
      payloadHash: true
    )
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
    let isRight = digests.checksums.allSatisfy {
      request.header($0.algorithm.headerName) == $0.value
    }
    return isRight ? nil : Self.error(400, "BadDigest")
  }
}
