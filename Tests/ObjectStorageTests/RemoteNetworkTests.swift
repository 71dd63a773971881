import Foundation
import ObjectStorage
import Synchronization
import Testing

/// The store over a real socket: Foundation's HTTP client, and what real and broken servers answer.
@Suite(.serialized) struct RemoteNetworkTests {
  private static func store(
    _ server: RawServer,
    _ change: (inout RemoteStoreConfiguration) -> Void = { _ in }
  ) throws -> RemoteObjectStore {
    var configuration = RemoteStoreConfiguration(
      endpoint: "http://127.0.0.1:\(server.port)",
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    configuration.retry = RemoteRetryPolicy(random: { 0 })
    configuration.retry.attemptsMax = 2
    change(&configuration)
    return try RemoteObjectStore(configuration)
  }

  private static func verified(_ request: RawServer.Request) throws -> Bool {
    let target = request.line.split(separator: " ")[1].split(separator: "?", maxSplits: 1)
    let verified = try S3Verifier(credentials: [FakeS3.credentials]).verify(
      method: String(request.line.prefix { $0 != " " }),
      rawPath: String(target[0]),
      rawQuery: target.count > 1 ? String(target[1]) : "",
      headers: request.headers,
      now: Int64(Date().timeIntervalSince1970 * 1_000)
    )
    var hasher = ObjectHasher(payloadHash: true)
    request.body.withUnsafeBytes { hasher.update($0) }
    try verified.payload.check(bodyHash: hasher.finalize().sha256 ?? "")
    return true
  }

  @Test func `what goes over the wire is what was signed, on one connection`() throws {
    let server = try RawServer { request in
      request.line.hasPrefix("GET /bkt?") ? .ok("<ListBucketResult/>") : .ok("", "ETag: \"x\"\r\n")
    }
    let store = try Self.store(server)
    let keys = [
      "한글/파일 이름.parquet", "a+b", "100%", "%41", "~*'();:@&=$,?#[]", "double//slash/", "/x",
    ]
    for key in keys {
      try store.put(key, Array(key.utf8))
      _ = try store.head(key)
      _ = try store.list(prefix: key, startAfter: key)
      try store.delete(key)
    }
    try store.put("empty", [])
    try store.put("large", Array(repeating: 7, count: 3 << 20))
    #expect(server.requests.count == 30)
    for request in server.requests { #expect(try Self.verified(request), "\(request.line)") }
    #expect(Set(server.requests.map(\.connection)) == [1])
    let bodies = server.requests.filter { $0.line.hasPrefix("PUT") }
    #expect(
      bodies.allSatisfy { $0.header("expect") == nil && $0.header("transfer-encoding") == nil }
    )
    #expect(bodies.suffix(2).map { $0.header("content-length") } == ["0", "3145728"])
    #expect(server.requests.allSatisfy { $0.header("accept-encoding") == "identity" })
  }

  @Test func `cookies are not kept, and answers are not cached`() throws {
    let server = try RawServer { _ in
      .ok("body", "Set-Cookie: a=b\r\nCache-Control: max-age=1000\r\nETag: \"x\"\r\n")
    }
    let store = try Self.store(server)
    for _ in 0..<3 { #expect(try store.get("k") == Array("body".utf8)) }
    #expect(server.requests.count == 3)
    #expect(server.requests.allSatisfy { $0.header("cookie") == nil })
  }

  @Test func `a connection that ends too early is made again`() throws {
    let count = Atomic<Int>(0)
    let server = try RawServer { _ in
      switch count.wrappingAdd(1, ordering: .relaxed).newValue {
      case 1: RawServer.Reply(text: "", closes: true)
      case 2: .ok("whole")
      case 3: RawServer.Reply(text: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal", closes: true)
      default: .ok("not half")
      }
    }
    let store = try Self.store(server)
    #expect(try store.get("k") == Array("whole".utf8))
    #expect(try store.get("k") == Array("not half".utf8))
  }

  @Test func `an endpoint that says nothing is given up, soon at first and later with patience`()
    throws
  {
    let server = try RawServer { request in
      if request.line.contains("slow") {
        var reply = RawServer.Reply.ok("late")
        reply.delaySeconds = 2
        return reply
      }
      return request.line.contains("dead")
        ? RawServer.Reply(text: "", delaySeconds: 5) : .ok("body")
    }
    let change = { (configuration: inout RemoteStoreConfiguration) in
      configuration.connectTimeoutSeconds = 1
      configuration.readTimeoutSeconds = 30
      configuration.retry.attemptsMax = 1
    }
    let store = try Self.store(server, change)
    #expect(message { _ = try store.get("slow") }?.contains("within 1 seconds") == true)
    #expect(try store.get("k") == Array("body".utf8))
    #expect(try store.get("slow") == Array("late".utf8))
    let impatient = try Self.store(server) {
      change(&$0)
      $0.readTimeoutSeconds = 0.5
    }
    _ = try impatient.get("k")
    #expect(message { _ = try impatient.get("dead") }?.contains("within 0.5 seconds") == true)
  }

  @Test func `redirects and requests for passwords are answers, with or without a place to go`()
    throws
  {
    let error = "<Error><Code>TemporaryRedirect</Code><Message>m</Message></Error>"
    let server = try RawServer { request in
      switch request.line {
      case _ where request.line.contains("placed"):
        RawServer.Reply(
          text: "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n"
            + "Content-Length: \(request.line.hasPrefix("HEAD") ? 0 : error.utf8.count)\r\n\r\n"
            + (request.line.hasPrefix("HEAD") ? "" : error)
        )
      case _ where request.line.contains("bare"):
        RawServer.Reply(
          text: "HTTP/1.1 301 Moved Permanently\r\nx-amz-bucket-region: eu-west-1\r\n"
            + "Content-Length: 0\r\n\r\n"
        )
      default:
        RawServer.Reply(
          text: "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
            + "Content-Length: 0\r\n\r\n"
        )
      }
    }
    let store = try Self.store(server)
    #expect(message { _ = try store.get("placed") }?.contains("TemporaryRedirect, m") == true)
    for attempt in [{ _ = try store.get("bare") }, { _ = try store.head("bare") }] {
      #expect(message(attempt)?.contains("is in the region eu-west-1") == true)
    }
    #expect(message { _ = try store.get("locked") }?.contains("HTTP status 401") == true)
    #expect(server.requests.allSatisfy { $0.header("host") == "127.0.0.1:\(server.port)" })
  }

  @Test func `what the HTTP library would unpack is asked for as it is`() throws {
    let server = try RawServer { request in
      request.line.contains("response-content-encoding=identity")
        ? .ok("packed bytes") : .ok("no gzip at all", "Content-Encoding: gzip\r\n")
    }
    #expect(try Self.store(server).get("k.gz") == Array("packed bytes".utf8))
    #expect(server.requests.count == 2)
  }

  @Test func `an answer that is longer than what was asked for is not read on`() throws {
    let server = try RawServer { request in
      let body = String(repeating: "x", count: 200_000)
      return request.line.contains("stated")
        ? .ok(body)
        : RawServer.Reply(
          text: "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\n\r\n\(body)",
          closes: true
        )
    }
    let store = try Self.store(server)
    for key in ["stated", "unstated"] {
      #expect(
        message { _ = try store.get(key, range: 0..<10) }?.contains("sent more than was asked for")
          == true
      )
    }
    #expect(try store.get("stated").count == 200_000)
  }

  @Test func `an endpoint where nobody listens is told as such`() throws {
    var server: RawServer? = try RawServer { _ in .ok("") }
    let port = try #require(server?.port)
    server = nil
    Thread.sleep(forTimeInterval: 0.05)
    var configuration = RemoteStoreConfiguration(
      endpoint: "http://127.0.0.1:\(port)",
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    configuration.retry.attemptsMax = 1
    let store = try RemoteObjectStore(configuration)
    #expect(message { try store.checkReachable() }?.hasPrefix("Nothing listens at") == true)
    configuration.endpoint = "http://no-such-host.invalid"
    configuration.allowsPlainHTTP = true
    configuration.connectTimeoutSeconds = 5
    let nowhere = try RemoteObjectStore(configuration)
    #expect(kind { try nowhere.checkReachable() } == .failed)
  }

  #if canImport(FoundationNetworking)
  @Test func `an address that the HTTP client does not take is refused before it is asked`() {
    let configuration = RemoteStoreConfiguration(
      endpoint: "http://[::1]:9000",
      bucket: "bkt",
      credentials: FakeS3.credentials
    )
    let told = message { _ = try RemoteObjectStore(configuration) }
    #expect(told?.contains("does not take the address http://[::1]:9000") == true)
  }
  #endif

  @Test func `many threads share the connections of a store`() throws {
    let server = try RawServer { request in .ok(String(request.line.split(separator: " ")[1])) }
    let store = try Self.store(server)
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for index in 0..<20 {
        let key = "\(thread)/\(index)"
        #expect((try? store.get(key)) == Array("/bkt/\(key)".utf8))
      }
    }
    #expect(server.requests.count == 160)
    #expect(Set(server.requests.map(\.connection)).count <= 16)
  }
}
