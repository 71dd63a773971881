import Diagnostics
import ObjectStorage
import Synchronization
import Testing

/// What a learner is told when an endpoint refuses, is another one, or is not there.
@Suite struct RemoteErrorTests {
  static func error(
    _ answer: RemoteAnswer,
    _ change: (inout RemoteStoreConfiguration) -> Void = { _ in }
  ) throws -> ObjectStorageError? {
    let store = try FakeS3 { _, _ in .answer(answer) }.store { configuration in
      configuration.retry.attemptsMax = 2
      change(&configuration)
    }
    do {
      _ = try store.get("dir/k")
      return nil
    } catch {
      return error as? ObjectStorageError
    }
  }

  @Test(
    arguments: [
      ("NoSuchKey", 404, .notFound, "There is no object \"dir/k\"."),
      (
        "NoSuchBucket", 404, .failed,
        "There is no bucket \"bkt\" at http://127.0.0.1:9000 (request R42)."
      ),
      ("InvalidAccessKeyId", 403, .noPermission, "does not know the access key \"FAKEKEY\""),
      ("SignatureDoesNotMatch", 403, .noPermission, "finds the signature wrong"),
      ("ExpiredToken", 400, .noPermission, "ExpiredToken, Why ExpiredToken"),
      ("AccessDenied", 403, .noPermission, "AccessDenied, Why AccessDenied (request R42)"),
      ("KeyTooLongError", 400, .invalidKey, "KeyTooLongError"),
      ("XMinioStorageFull", 507, .diskFull, "XMinioStorageFull"),
      ("NotImplemented", 501, .failed, "NotImplemented"),
      ("InvalidBucketName", 400, .failed, "InvalidBucketName"),
      ("InternalError", 500, .failed, "after 2 attempts"),
    ] as [(String, Int, ObjectStorageError.Kind, String)]
  )
  func `S3's own errors say what happened and what to do`(
    code: String,
    status: Int,
    kind: ObjectStorageError.Kind,
    words: String
  ) throws {
    let error = try #require(try Self.error(FakeS3.error(status, code)))
    #expect(error.kind == kind)
    #expect(error.message.contains(words), "\(error.message)")
    #expect(error.key == "dir/k")
    #expect(error.advice?.isEmpty == false)
    #expect(!error.description.contains(FakeS3.credentials.secretAccessKey))
  }

  @Test func `the right endpoint of a bucket elsewhere is named by its region`() throws {
    let answers = [
      RemoteAnswer(status: 301, headers: ["x-amz-bucket-region": "eu-west-1"]),
      FakeS3.error(301, "PermanentRedirect", headers: ["x-amz-bucket-region": "eu-west-1"]),
      FakeS3.error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
      RemoteAnswer(status: 400, headers: ["x-amz-bucket-region": "eu-west-1"]),
    ]
    for answer in answers {
      let error = try Self.error(answer)
      #expect(error?.message == "The bucket \"bkt\" is in the region eu-west-1, not in us-east-1.")
      #expect(error?.advice?.contains("eu-west-1") == true)
    }
    let unsaid = try Self.error(FakeS3.error(307, "TemporaryRedirect"))
    #expect(unsaid?.message.contains("elsewhere: TemporaryRedirect") == true)
    let same = try Self.error(
      FakeS3.error(403, "AccessDenied", headers: ["x-amz-bucket-region": "eu-west-1"])
    )
    #expect(same?.kind == .noPermission)
    let malformed = try Self.error(FakeS3.error(400, "AuthorizationHeaderMalformed"))
    #expect(malformed?.message.contains("AuthorizationHeaderMalformed, Why") == true)
  }

  @Test func `a HEAD, which has no words, is explained by asking for the first byte`() throws {
    let fake = FakeS3 { request, _ in
      request.method == "HEAD"
        ? .answer(RemoteAnswer(status: 403)) : .answer(FakeS3.error(403, "InvalidAccessKeyId"))
    }
    #expect(
      message { _ = try fake.store().head("k") }?.contains("does not know the access key") == true
    )
    #expect(fake.with { $0.requests.last?.header("range") } == "bytes=0-0")
    let wordless = FakeS3 { _, _ in .answer(RemoteAnswer(status: 403)) }
    #expect(message { _ = try wordless.store().open("k") }?.contains("Forbidden") == true)
    #expect(kind { _ = try wordless.store().open("k") } == .noPermission)
  }

  @Test func `a web server that is no S3 API is told from one`() throws {
    let page = RemoteAnswer(status: 404, body: Array("<html><body>Not here</body></html>".utf8))
    #expect(
      try Self.error(page)?.message.contains(
        "what answers at http://127.0.0.1:9000 is no S3 API; it says HTTP status 404"
      ) == true
    )
    let gateway = RemoteAnswer(status: 502, body: Array("Bad gateway".utf8))
    #expect(
      try Self.error(gateway)?.message
        == "\"dir/k\" could not be read: http://127.0.0.1:9000 says HTTP status 502 after 2 attempts."
    )
    let wordless = RemoteAnswer(status: 404, headers: ["x-amz-request-id": "R7"])
    #expect(try Self.error(wordless)?.message.contains("HTTP status 404 (request R7)") == true)
  }

  @Test func `an endpoint's words cannot take over a terminal, nor fill it`() throws {
    let words = "\u{1B}[2Jgone\u{7}" + String(repeating: "x", count: 10_000)
    let text =
      "<Error><Code>AccessDenied</Code><Message><![CDATA[\(words)]]></Message></Error>"
    let error = try Self.error(RemoteAnswer(status: 403, body: Array(text.utf8)))
    #expect(error?.message.contains("gone") == true)
    #expect(error?.message.unicodeScalars.contains { $0.value < 0x20 } == false)
    #expect((error?.message.utf8.count ?? 0) < 700)
  }

  // MARK: Nobody there

  struct Failing: RemoteTransport {
    var failure: RemoteTransportError

    func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer {
      throw failure
    }
  }

  static func failure(
    _ failure: RemoteTransportError,
    endpoint: String = "http://127.0.0.1:9000",
    startCommand: String? = nil
  ) throws -> ObjectStorageError? {
    var configuration = RemoteStoreConfiguration(
      endpoint: endpoint,
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    configuration.retry = RemoteRetryPolicy(sleep: { _ in })
    configuration.retry.attemptsMax = 3
    configuration.startCommand = startCommand
    let store = try RemoteObjectStore(configuration, transport: Failing(failure: failure))
    do {
      _ = try store.putIfAbsent("k", [1])
      return nil
    } catch {
      return error as? ObjectStorageError
    }
  }

  @Test func `an endpoint that is not there is told with the command that starts it`() throws {
    let started = try Self.failure(.refused, startCommand: "serve s3")
    #expect(
      started?.message
        == "Nothing listens at http://127.0.0.1:9000: the connection was refused, 3 times."
    )
    #expect(
      started?.advice?.hasPrefix("Start it with `serve s3`, then repeat the command.") == true
    )
    let unknown = try Self.failure(.refused)
    #expect(unknown?.advice?.hasPrefix("Start the S3 server of this machine") == true)
    let far = try Self.failure(.refused, endpoint: "https://s3.example.com")
    #expect(far?.advice == "Check the endpoint's address and port, and that its server runs.")
  }

  @Test(
    arguments: [
      (.hostNotFound, "There is no host \"s3.example.com\", 3 times."),
      (
        .timedOut(seconds: 10),
        "did not answer within 10 seconds, 3 times. It may have been written"
      ),
      (.lost("cut"), "was lost, 3 times: cut. It may have been written all the same."),
      (.notTrusted("it is expired"), "https://s3.example.com cannot be trusted: it is expired."),
      (.tooLarge, "sent more than was asked for"),
    ] as [(RemoteTransportError, String)]
  )
  func `a network that fails says how`(failure: RemoteTransportError, words: String) throws {
    let error = try #require(try Self.failure(failure, endpoint: "https://s3.example.com"))
    #expect(error.kind == .failed)
    #expect(error.message.contains(words), "\(error.message)")
    #expect(error.advice?.isEmpty == false)
  }

  // MARK: Configurations

  static func configured(
    _ endpoint: String,
    _ change: (inout RemoteStoreConfiguration) -> Void = { _ in }
  ) throws -> (url: String, host: String?)? {
    final class Recording: RemoteTransport {
      let requests = Mutex<[RemoteRequest]>([])

      func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer {
        requests.withLock { $0.append(request) }
        return RemoteAnswer(status: 200)
      }
    }
    let recording = Recording()
    var configuration = RemoteStoreConfiguration(
      endpoint: endpoint,
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    change(&configuration)
    _ = try RemoteObjectStore(configuration, transport: recording).get("a b/한")
    return recording.requests.withLock { $0.first.map { ($0.url, $0.header("host")) } }
  }

  @Test(arguments: [
    ("http://127.0.0.1:9000", "http://127.0.0.1:9000/bkt/a%20b/%ED%95%9C"),
    ("HTTP://LocalHost/", "http://localhost/bkt/a%20b/%ED%95%9C"),
    ("http://[::1]:9000", "http://[::1]:9000/bkt/a%20b/%ED%95%9C"),
    ("https://s3.example.com:443", "https://s3.example.com/bkt/a%20b/%ED%95%9C"),
  ])
  func `an endpoint is read as people write it`(endpoint: String, url: String) throws {
    let sent = try Self.configured(endpoint)
    #expect(sent?.url == url)
    // The HTTP client makes it of the URL.
    #expect(sent?.host == nil)
  }

  @Test func `AWS is addressed by the bucket's host, or by path where its name has dots`() throws {
    let credentials = S3Credentials(
      accessKeyID: "a",
      secretAccessKey: "b",
      region: "eu-central-1"
    )
    let usual = RemoteStoreConfiguration.aws(bucket: "bkt", credentials: credentials)
    #expect(usual.endpoint == "https://s3.eu-central-1.amazonaws.com")
    let sent = try Self.configured(usual.endpoint) { $0.addressing = usual.addressing }
    #expect(sent?.url == "https://bkt.s3.eu-central-1.amazonaws.com/a%20b/%ED%95%9C")
    #expect(
      RemoteStoreConfiguration.aws(bucket: "a.b", credentials: credentials).addressing == .path
    )
  }

  @Test(arguments: [
    "", "127.0.0.1:9000", "ftp://localhost", "http://", "http://localhost:0",
    "http://localhost:99999",
    "http://localhost:9000/path", "http://user@localhost", "http://localhost?x", "http://a..b",
    "http://[::1", "http://[x]", "http://lo cal", "http://-a", "http://한.kr", "http://localhost:+1",
  ])
  func `an endpoint that is none is refused before anything is sent`(endpoint: String) {
    #expect(
      message { _ = try Self.configured(endpoint) { $0.allowsPlainHTTP = true } }
        == "\"\(endpoint)\" is no endpoint."
    )
  }

  @Test func `secrets and data go unencrypted to this machine only, unless told otherwise`() throws
  {
    #expect(
      message { _ = try Self.configured("http://10.0.0.7:9000") }?
        .contains("unencrypted to another machine") == true
    )
    #expect(kind { _ = try Self.configured("http://127.evil.example") } == .failed)
    let allowed = try Self.configured("http://10.0.0.7:9000") { $0.allowsPlainHTTP = true }
    #expect(allowed?.url.hasPrefix("http://10.0.0.7:9000/bkt/") == true)
  }

  @Test func `settings that cannot work are refused`() {
    let changes: [(inout RemoteStoreConfiguration) -> Void] = [
      { $0.bucket = "" }, { $0.bucket = "a/b" }, { $0.bucket = ".." }, { $0.partSize = 1 << 20 },
      { $0.partSize = 1 << 30 }, { $0.multipartThreshold = -1 }, { $0.retry.attemptsMax = 0 },
      { $0.readTimeoutSeconds = 0 }, { $0.credentials.accessKeyID = "" },
      { $0.credentials.secretAccessKey = "" }, { $0.credentials.region = "" },
      { $0.keyPrefix = String(repeating: "x", count: 1_024) }, { $0.addressing = .virtualHost },
    ]
    for change in changes {
      #expect(kind { _ = try Self.configured("http://127.0.0.1:9000", change) } == .failed)
    }
  }

  @Test func `a wrong secret writes nothing`() throws {
    let fake = FakeS3()
    try fake.store().put("a", [1])
    let stranger = try fake.store { $0.credentials.secretAccessKey = "guess" }
    #expect(kind { try stranger.put("b", [1]) } == .noPermission)
    #expect(fake.object("a") == [1])
    #expect(fake.object("b") == nil)
  }

  @Test func `credentials for a while go along with their third part, signed`() throws {
    let fake = FakeS3()
    try fake.store { $0.sessionToken = "TOKEN==" }.put("k", [1])
    let request = fake.with { $0.requests[0] }
    #expect(request.header("x-amz-security-token") == "TOKEN==")
    #expect(request.header("authorization")?.contains("x-amz-security-token") == true)
  }
}
