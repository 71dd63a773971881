// The server against raw sockets, which may send anything, and URLSession, which real clients use.

import Foundation
import HTTPServer
import Synchronization
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A blocking client that sends bytes as they are.
final class RawClient {
  private let descriptor: Int32

  init(port: Int) throws {
    #if canImport(Glibc)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0)
    var wait = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Bytes that went out; fewer where the server closed.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Int {
    var sent = 0
    #if canImport(Glibc)
    let flags = Int32(MSG_NOSIGNAL)
    #else
    let flags: Int32 = 0
    #endif
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        #if canImport(Glibc)
        Glibc.send(descriptor, $0.baseAddress, $0.count, flags)
        #else
        Darwin.send(descriptor, $0.baseAddress, $0.count, flags)
        #endif
      }
      if count <= 0 { return sent }
      sent += count
    }
    return sent
  }

  @discardableResult
  func send(_ text: String) -> Int { send(Array(text.utf8)) }

  func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// How many bytes come until the server closes.
  func countToEnd() -> Int {
    var total = 0
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count <= 0 { return total }
      total += count
    }
  }

  /// Reads until `enough` says so or the server closes.
  func receive(until enough: (String) -> Bool = { _ in false }) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while !enough(String(decoding: bytes, as: UTF8.self)) {
      let count = read(descriptor, &chunk, chunk.count)
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

@Suite struct HTTPServerTests {
  /// Answers with the method, path, query, body size and a checksum of the body.
  private func echo(
    _ limits: HTTPServerLimits = HTTPServerLimits()
  ) throws -> HTTPServer {
    try HTTPServer.start(port: 0, limits: limits) { request in
      let sum = request.body.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) }
      return .text(
        200,
        "\(request.method) \(request.path) \(request.query ?? "-") \(request.body.count) \(sum)"
      )
    }
  }

  private func checksum(_ body: [UInt8]) -> UInt64 { body.reduce(0) { $0 &* 31 &+ UInt64($1) } }

  private func request(_ request: URLRequest) throws -> (Int, String) {
    let result = Mutex<(Int, String)>((0, ""))
    let done = DispatchSemaphore(value: 0)
    let configuration = URLSessionConfiguration.ephemeral
    let session = URLSession(configuration: configuration)
    session.dataTask(with: request) { data, response, error in
      let status = (response as? HTTPURLResponse)?.statusCode ?? -1
      let text = data.map { String(decoding: $0, as: UTF8.self) } ?? "\(String(describing: error))"
      result.withLock { $0 = (status, text) }
      done.signal()
    }.resume()
    done.wait()
    session.finishTasksAndInvalidate()
    return result.withLock { $0 }
  }

  @Test func `answers URLSession, with a query and a big body`() throws {
    let server = try echo()
    defer { server.stop() }
    let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/a%20b?x=1&y=%20"))
    #expect(try request(URLRequest(url: url)).1 == "GET /a%20b x=1&y=%20 0 0")
    var post = URLRequest(url: url)
    post.httpMethod = "POST"
    let body = (0..<12_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    post.httpBody = Data(body)
    let (status, text) = try request(post)
    #expect(status == 200)
    #expect(text == "POST /a%20b x=1&y=%20 12000000 \(checksum(body))")
  }

  @Test func `answers two pipelined requests in order on one connection`() throws {
    let server = try HTTPServer.start(port: 0) { request in
      if request.path == "/slow" { usleep(100_000) }
      return .text(200, "[\(request.path)]")
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
    let text = client.receive { $0.contains("[/fast]") }
    let slow = try #require(text.range(of: "[/slow]"))
    let fast = try #require(text.range(of: "[/fast]"))
    #expect(slow.lowerBound < fast.lowerBound)
    client.send("GET /third HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(client.receive { $0.contains("[/third]") }.hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  @Test func `reads a chunked body in any pieces`() throws {
    let server = try echo()
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    let text =
      "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      + "3\r\nabc\r\nA;note=1\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
    for byte in Array(text.utf8) { client.send([byte]) }
    #expect(client.receive().hasSuffix("POST /c - 13 \(checksum(Array("abc0123456789".utf8)))"))
  }

  @Test func `answers 413 to a large body, declared or chunked, and closes`() throws {
    let server = try echo(HTTPServerLimits(bodyBytesMax: 1_000))
    defer { server.stop() }
    let big = [UInt8](repeating: 65, count: 3_000_000)
    let declared = try RawClient(port: server.port)
    declared.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
    declared.send(big)
    let answer = declared.receive()
    #expect(answer.hasPrefix("HTTP/1.1 413 "))
    #expect(answer.lowercased().contains("connection: close"))
    #expect(answer.contains("at most 1000 bytes"))
    let chunked = try RawClient(port: server.port)
    chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunked.send("2DC6C0\r\n")
    chunked.send(big)
    chunked.send("\r\n0\r\n\r\n")
    #expect(chunked.receive().hasPrefix("HTTP/1.1 413 "))
    let exact = try RawClient(port: server.port)
    exact.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n")
    exact.send(Array(big[..<1_000]))
    #expect(exact.receive().hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `says continue before a body that fits, and refuses at once one that does not`() throws
  {
    let server = try echo(HTTPServerLimits(bodyBytesMax: 1_000))
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send(
      "PUT /e HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
        + "Connection: close\r\n\r\n"
    )
    #expect(client.receive { $0.contains("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("hello")
    #expect(client.receive().hasSuffix("PUT /e - 5 \(checksum(Array("hello".utf8)))"))
    let refused = try RawClient(port: server.port)
    refused.send(
      "PUT /e HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"
    )
    #expect(refused.receive().hasPrefix("HTTP/1.1 413 "))
  }

  @Test func `answers HEAD with the length and no body`() throws {
    let server = try echo()
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let text = client.receive()
    #expect(text.hasSuffix("\r\n\r\n"))
    #expect(text.contains("content-length: 13\r\n"))
  }

  @Test func `closes a connection whose headers drip`() throws {
    let server = try echo(HTTPServerLimits(headerTimeoutMilliseconds: 200))
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    let began = ContinuousClock.now
    client.send("GET / HTTP/1.1\r\n")
    for number in 0..<8 {
      client.send("X-\(number): 1\r\n")
      usleep(50_000)
    }
    #expect(client.receive().hasPrefix("HTTP/1.1 408 "))
    #expect(ContinuousClock.now - began < .seconds(5))
  }

  @Test func `closes a body that stops, and a connection that says nothing`() throws {
    let server = try echo(HTTPServerLimits(idleTimeoutMilliseconds: 200))
    defer { server.stop() }
    let body = try RawClient(port: server.port)
    body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    #expect(body.receive().hasPrefix("HTTP/1.1 408 "))
    let silent = try RawClient(port: server.port)
    #expect(silent.receive() == "")
  }

  @Test func `a slow handler is not taken for an idle client`() throws {
    let server = try HTTPServer.start(
      port: 0,
      limits: HTTPServerLimits(headerTimeoutMilliseconds: 50, idleTimeoutMilliseconds: 50)
    ) { _ in
      usleep(400_000)
      return .text(200, "late")
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(client.receive { $0.hasSuffix("late") }.hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `refuses headers that are too large, and what is not HTTP`() throws {
    let server = try echo(HTTPServerLimits(headerBytesMax: 2_000))
    defer { server.stop() }
    let large = try RawClient(port: server.port)
    large.send("GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 10_000))\r\n\r\n")
    #expect(large.receive().hasPrefix("HTTP/1.1 431 "))
    let noise = try RawClient(port: server.port)
    noise.send("\u{16}\u{3}\u{1} hello\r\n\r\n")
    #expect(noise.receive().hasPrefix("HTTP/1.1 400 "))
    let both = try RawClient(port: server.port)
    both.send("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    #expect(both.receive().hasPrefix("HTTP/1.1 400 "))
  }

  @Test func `answers a client that closes its side after the request`() throws {
    let server = try echo()
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
    client.closeOutput()
    #expect(client.receive().hasSuffix("GET /half - 0 0"))
  }

  @Test func `answers 100 concurrent requests`() throws {
    let server = try HTTPServer.start(port: 0) { request in
      usleep(2_000)
      return .text(200, "(\(request.path))")
    }
    defer { server.stop() }
    let port = server.port
    let good = Mutex(0)
    let group = DispatchGroup()
    for number in 0..<100 {
      group.enter()
      Thread {
        if let client = try? RawClient(port: port) {
          client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          if client.receive().hasSuffix("(/\(number))") { good.withLock { $0 += 1 } }
        }
        group.leave()
      }.start()
    }
    group.wait()
    #expect(good.withLock { $0 } == 100)
  }

  @Test func `closes connections above the bound at once`() throws {
    let server = try echo(HTTPServerLimits(connectionsMax: 2))
    defer { server.stop() }
    let first = try RawClient(port: server.port)
    let second = try RawClient(port: server.port)
    for client in [first, second] {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(client.receive { $0.hasSuffix("0 0") } != "")
    }
    let third = try RawClient(port: server.port)
    #expect(third.receive() == "")
  }

  @Test func `reports a taken port and a host that is not this machine`() throws {
    let server = try echo()
    defer { server.stop() }
    #expect(throws: HTTPServerError.portInUse(server.port)) {
      try HTTPServer.start(port: server.port) { _ in .text(200, "") }
    }
    #expect(throws: HTTPServerError.notLoopback("0.0.0.0")) {
      try HTTPServer.start(host: "0.0.0.0", port: 0) { _ in .text(200, "") }
    }
  }

  @Test func `stop lets a running request end and frees the port`() throws {
    let server = try HTTPServer.start(port: 0) { _ in
      usleep(300_000)
      return .text(200, "done")
    }
    let idle = try RawClient(port: server.port)
    let busy = try RawClient(port: server.port)
    busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    usleep(100_000)
    server.stop()
    let text = busy.receive()
    #expect(text.hasSuffix("done"))
    #expect(text.lowercased().contains("connection: close"))
    #expect(idle.receive() == "")
    server.stop()
    let next = try HTTPServer.start(port: server.port) { _ in .text(200, "") }
    next.stop()
  }

  @Test func `a handler cannot smuggle a header line`() throws {
    let server = try HTTPServer.start(port: 0) { _ in
      HTTPResponse(
        status: 200,
        headers: [
          HTTPHeader("x-a", "1\r\nx-b: 2"), HTTPHeader("content-length", "999"),
          HTTPHeader("x-c", "3"),
        ],
        body: [65]
      )
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("GET / HTTP/1.0\r\n\r\n")
    let text = client.receive()
    #expect(!text.contains("x-b"))
    #expect(text.contains("x-c: 3\r\n"))
    #expect(text.contains("content-length: 1\r\n"))
  }
}
