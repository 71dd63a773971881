// Bodies that go piece by piece, in both directions, against raw sockets.

import Foundation
import HTTPServer
import Synchronization
import Testing

/// Counts a body and answers with what it saw.
private final class Counting: HTTPBodyReceiver {
  struct Seen {
    var bytes = 0
    var sum: UInt64 = 0
    var pieces = 0
    var largest = 0
    var isFinished = false
    var isAbandoned = false
  }

  let seen = Mutex(Seen())
  private let pauseMicroseconds: UInt32
  private let refusesAfter: Int

  init(pauseMicroseconds: UInt32 = 0, refusesAfter: Int = .max) {
    self.pauseMicroseconds = pauseMicroseconds
    self.refusesAfter = refusesAfter
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPResponse? {
    if pauseMicroseconds > 0 { usleep(pauseMicroseconds) }
    return seen.withLock { seen in
      seen.bytes += bytes.count
      seen.pieces += 1
      seen.largest = max(seen.largest, bytes.count)
      for byte in bytes { seen.sum = seen.sum &* 31 &+ UInt64(byte) }
      return seen.bytes > refusesAfter ? .text(409, "enough") : nil
    }
  }

  func finish() -> HTTPResponse {
    seen.withLock { seen in
      seen.isFinished = true
      return .text(200, "\(seen.bytes) \(seen.sum)")
    }
  }

  func abandon() { seen.withLock { $0.isAbandoned = true } }

  /// Waits until the server has told it so.
  func isAbandoned(within seconds: Double) -> Bool {
    let limit = Date.now + seconds
    while !seen.withLock({ $0.isAbandoned }), Date.now < limit { usleep(5_000) }
    return seen.withLock { $0.isAbandoned }
  }
}

/// Bytes that follow from their place; fails from `failsAt` on.
private struct Pattern: HTTPBodySource {
  struct Broken: Error {}
  var byteCount: Int
  var failsAt = Int.max

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    if offset + buffer.count > failsAt { throw Broken() }
    for index in buffer.indices { buffer[index] = Self.byte(offset + index) }
  }

  static func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: place &* 7 &+ place >> 9) }
}

@Suite struct StreamingServerTests {
  private static func body(_ count: Int) -> [UInt8] { (0..<count).map(Pattern.byte) }
  private static func sum(_ body: [UInt8]) -> UInt64 {
    body.reduce(0) { $0 &* 31 &+ UInt64($1) }
  }

  /// One receiver for all requests that are let in.
  private func server(
    _ receiver: Counting, _ limits: HTTPServerLimits = HTTPServerLimits()
  ) throws -> HTTPServer {
    try HTTPServer.start(port: 0, limits: limits, streaming: { request in
      request.path.hasPrefix("/no") ? .answer(.text(403, "no")) : .receive(receiver)
    })
  }

  @Test func `a body larger than every bound of a whole one arrives in small pieces`() throws {
    let receiver = Counting()
    let server = try server(receiver, HTTPServerLimits(bodyBytesMax: 1_000, bodyBytesTotalMax: 1_000))
    defer { server.stop() }
    let body = Self.body(20_000_000)
    let client = try RawClient(port: server.port)
    client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n")
    #expect(client.send(body) == body.count)
    #expect(client.receive().hasSuffix("\(body.count) \(Self.sum(body))"))
    #expect(receiver.seen.withLock { $0.largest } <= 1 << 20)
  }

  @Test func `a slow receiver holds the client up, and loses nothing`() throws {
    let receiver = Counting(pauseMicroseconds: 2_000)
    let server = try server(receiver)
    defer { server.stop() }
    let body = Self.body(30_000_000)
    let client = try RawClient(port: server.port)
    client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n")
    #expect(client.send(body) == body.count)
    // The last byte is out when at most the connection's buffers and one round of pieces wait.
    let waiting = body.count - receiver.seen.withLock { $0.bytes }
    #expect(waiting < 16 << 20, "\(waiting)")
    #expect(client.receive().hasSuffix("\(body.count) \(Self.sum(body))"))
  }

  @Test func `the door decides before the client is told to go on`() throws {
    let server = try server(Counting())
    defer { server.stop() }
    let head = "HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    let refused = try RawClient(port: server.port)
    refused.send("PUT /no \(head)")
    let answer = refused.receive()
    #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.hasSuffix("no"))
    let taken = try RawClient(port: server.port)
    taken.send("PUT /a \(head)")
    #expect(taken.receive { $0.contains("\r\n\r\n") } == "HTTP/1.1 100 Continue\r\n\r\n")
    taken.send("hello")
    #expect(taken.receive { $0.contains("\(Self.sum(Array("hello".utf8)))") }.contains("\r\n\r\n5 "))
    // The connection goes on.
    taken.send("GET /no HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(taken.receive { $0.hasSuffix("no") }.hasPrefix("HTTP/1.1 403 "))
  }

  @Test func `an answer in the middle of a body ends it, and the client sees the answer`() throws {
    let receiver = Counting(refusesAfter: 1_000_000)
    let server = try server(receiver)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n")
    client.send(Self.body(8_000_000))
    let answer = client.receive()
    #expect(answer.hasPrefix("HTTP/1.1 409 ") && answer.hasSuffix("enough"))
    #expect(answer.lowercased().contains("connection: close"))
    #expect(receiver.isAbandoned(within: 10))
    #expect(receiver.seen.withLock { !$0.isFinished && $0.bytes < 3_000_000 })
  }

  @Test func `a client that goes away in the middle is told to the receiver`() throws {
    let receiver = Counting()
    let server = try server(receiver)
    defer { server.stop() }
    // At once, while the door decides, and later.
    for wait in [0, 100_000] as [UInt32] {
      receiver.seen.withLock { $0.isAbandoned = false }
      do {
        let client = try RawClient(port: server.port)
        client.send("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n")
        client.send(Self.body(100_000))
        usleep(wait)
      }
      #expect(receiver.isAbandoned(within: 10))
    }
    #expect(receiver.seen.withLock { !$0.isFinished })
  }

  @Test func `a chunked body and an empty one are finished once each`() throws {
    let receiver = Counting()
    let server = try server(receiver)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    client.send("2\r\nde\r\n0\r\n\r\n")
    let sum = Self.sum(Array("abcde".utf8))
    #expect(client.receive { $0.hasSuffix(" \(sum)") }.contains("\r\n\r\n5 \(sum)"))
    let empty = try RawClient(port: server.port)
    empty.send("GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(empty.receive().hasSuffix("5 \(sum)"))
  }

  private func giving(_ source: Pattern) throws -> HTTPServer {
    try HTTPServer.start(port: 0, streaming: { _ in
      .answer(HTTPResponse(status: 200, source: source))
    })
  }

  @Test func `a source is sent whole, and its length told to HEAD`() throws {
    let server = try giving(Pattern(byteCount: 5_000_001))
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    let head = client.receive { $0.contains("\r\n\r\n") }
    #expect(head.contains("content-length: 5000001") && head.hasSuffix("\r\n\r\n"))
    let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/"))
    for _ in 0..<2 {
      let bytes = try Data(contentsOf: url)
      #expect(bytes.elementsEqual(Self.body(5_000_001)))
    }
  }

  @Test func `a source that breaks closes the connection before the promised length`() throws {
    let server = try giving(Pattern(byteCount: 3_000_000, failsAt: 2_000_000))
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    let head = client.receive { $0.contains("\r\n\r\n") }
    #expect(head.contains("content-length: 3000000"))
    let began = Date.now
    #expect(client.countToEnd() < 2_000_000)
    #expect(Date.now.timeIntervalSince(began) < 5)
  }

  @Test func `a client that stops taking bytes is closed`() throws {
    let server = try HTTPServer.start(
      port: 0, limits: HTTPServerLimits(idleTimeoutMilliseconds: 300),
      streaming: { _ in .answer(HTTPResponse(status: 200, source: Pattern(byteCount: 200 << 20))) })
    let client = try RawClient(port: server.port)
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    usleep(1_500_000)
    // Nothing is in flight any more, so that stopping need not wait for its deadline.
    let began = Date.now
    server.stop(deadlineMilliseconds: 8_000)
    #expect(Date.now.timeIntervalSince(began) < 4)
    _ = client
  }
}
