// The collector's port against clients that are broken, slow, many or hostile: it answers or closes, its
// memory stays bounded, and a good client is served meanwhile.

import Codecs
import Collector
import CollectorEndpoint
import EventLog
import Foundation
import HTTPServer
import Simulation
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite(.serialized)
struct BadInputTests {
  /// One connection that sends bytes and reads until the other side closes or it has waited enough.
  private final class Client {
    let descriptor: Int32

    init(_ port: Int, timeoutMilliseconds: Int = 5_000) throws {
      #if canImport(Glibc)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
      #endif
      var wait = timeval(
        tv_sec: timeoutMilliseconds / 1_000, tv_usec: .init(timeoutMilliseconds % 1_000 * 1_000))
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      try #require(status == 0)
    }

    deinit { close(descriptor) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
      var sent = 0
      while sent < bytes.count {
        #if canImport(Glibc)
        let flags = Int32(MSG_NOSIGNAL)
        #else
        let flags: Int32 = 0
        #endif
        let count = bytes[sent...].withUnsafeBytes {
          #if canImport(Glibc)
          Glibc.send(descriptor, $0.baseAddress, $0.count, flags)
          #else
          Darwin.send(descriptor, $0.baseAddress, $0.count, flags)
          #endif
        }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }

    func answer() -> String {
      var all: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 4_096)
      while all.count < 1 << 20 {
        let count = read(descriptor, &piece, piece.count)
        guard count > 0 else { break }
        all += piece[0..<count]
        let text = String(decoding: all, as: UTF8.self)
        if let end = text.range(of: "\r\n\r\n") {
          let length = text.lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst(16)) } ?? 0
          if text[end.upperBound...].utf8.count >= length { break }
        }
      }
      return String(decoding: all, as: UTF8.self)
    }
  }

  private static let event =
    #"{"event_id":"e-1","event_name":"tap","event_time":"2024-01-16T00:10:00Z","device_id":"d"}"#

  private static func request(_ body: [UInt8], _ headers: String = "") -> [UInt8] {
    Array(
      "POST /v1/events HTTP/1.1\r\nHost: x\r\n\(headers)Content-Length: \(body.count)\r\n\r\n".utf8)
      + body
  }

  private func open(
    _ limits: HTTPServerLimits? = nil,
    _ body: (Int, Collector) throws -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bad-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    configuration.bytesInFlightMax = 32 << 20
    let collector = try Collector(
      log: try EventLog.open(directory: folder.path), clock: StoryClock(.courseStart),
      configuration: configuration)
    let endpoint = try CollectorEndpoint.start(collector: collector, port: 0, limits: limits)
    defer { endpoint.stop() }
    try body(endpoint.port, collector)
    // Whatever came before, the next client is served.
    let last = try Client(endpoint.port)
    last.send(Self.request(Array(Self.event.utf8)))
    #expect(last.answer().hasPrefix("HTTP/1.1 200"))
  }

  @Test func `garbage and oversized headers are answered or closed`() throws {
    try open { port, collector in
      var generator = SystemRandomNumberGenerator()
      for _ in 0..<200 {
        let client = try Client(port)
        let count = Int.random(in: 1...600, using: &generator)
        client.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        shutdown(client.descriptor, Int32(SHUT_WR))
        let answer = client.answer()
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1."), "\(answer)")
        #expect(!answer.hasPrefix("HTTP/1.1 200"))
      }
      let large = try Client(port)
      large.send(Array("GET /health HTTP/1.1\r\nX: \(String(repeating: "a", count: 64 << 10))\r\n\r\n".utf8))
      #expect(large.answer().hasPrefix("HTTP/1.1 431"))
      #expect(collector.counts.accepted == 0)
    }
  }

  @Test(arguments: [
    (#"{"event_id":"e","event_name":"tap","event_time":"2024-01-16T00:10:00Z","device_id":"d","x":NaN}"#, "broken_json"),
    (#"{"event_id":"e","event_id":"f","event_name":"tap","event_time":"2024-01-16T00:10:00Z","device_id":"d"}"#, "duplicate_field"),
    ("{\"event_id\":\"e\",\"x\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}", "broken_json"),
    (String(repeating: "[", count: 10_000), "broken_json"),
  ]) func `what is no event is a refusal with its reason`(body: String, code: String) throws {
    try open { port, collector in
      let client = try Client(port)
      client.send(Self.request(Array(body.utf8)))
      #expect(client.answer().contains("\"\(code)\""))
      #expect(collector.counts.accepted == 0)
    }
  }

  @Test func `bytes that are no UTF-8 are refused, and clocks of 1970 and 2030 are not`() throws {
    try open { port, collector in
      let broken = try Client(port)
      broken.send(
        Self.request(Array(#"{"event_id":""#.utf8) + [0xC3, 0x28, 0xFF] + Array(#""}"#.utf8)))
      #expect(broken.answer().contains("\"not_utf8\""))
      for (number, time) in ["1970-01-01T00:00:00Z", "2030-12-31T23:59:59.999+09:00"].enumerated() {
        let client = try Client(port)
        let event = Self.event.replacing("2024-01-16T00:10:00Z", with: time)
          .replacing("e-1", with: "e-\(number)")
        client.send(Self.request(Array(event.utf8)))
        #expect(client.answer().hasPrefix("HTTP/1.1 200"))
      }
      #expect(collector.counts.accepted == 2)
    }
  }

  @Test func `gzip bombs from many clients at once stay within bounds`() throws {
    let member = try Gzip.compress([UInt8](repeating: 0x20, count: 64 << 20), level: 9)
    let bomb = Self.request(
      (0..<10).flatMap { _ in member }, "Content-Encoding: gzip\r\n")
    try open { port, collector in
      let before = residentBytes()
      let clients = try (0..<40).map { _ in try Client(port, timeoutMilliseconds: 20_000) }
      for client in clients { client.send(bomb) }
      for client in clients {
        let answer = client.answer()
        #expect(
          answer.hasPrefix("HTTP/1.1 413") || answer.hasPrefix("HTTP/1.1 503"), "\(answer.prefix(80))")
      }
      #expect(residentBytes() - before < 192 << 20)
    }
  }

  @Test func `a thousand idle connections do not keep a client out`() throws {
    try open { port, _ in
      var idle: [Client] = []
      for number in 0..<1_000 {
        let client = try Client(port)
        // Half of them have begun a request and go no further: slow-loris.
        if number % 2 == 0 { client.send(Array("POST /v1/events HTTP/1.1\r\nHost: ".utf8)) }
        idle.append(client)
      }
      let client = try Client(port)
      client.send(Self.request(Array(Self.event.utf8)))
      #expect(client.answer().hasPrefix("HTTP/1.1 200"))
      #expect(idle.count == 1_000)
    }
  }

  @Test func `a request that drips is closed in time`() throws {
    var limits = HTTPServerLimits()
    limits.headerTimeoutMilliseconds = 200
    limits.idleTimeoutMilliseconds = 300
    try open(limits) { port, _ in
      let head = try Client(port)
      head.send(Array("POST /v1/events HT".utf8))
      let body = try Client(port)
      body.send(Array("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{".utf8))
      #expect(head.answer().hasPrefix("HTTP/1.1 408"))
      #expect(body.answer().hasPrefix("HTTP/1.1 408"))
    }
  }
}

private func residentBytes() -> Int {
  #if canImport(Glibc)
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return pages * 4_096
  #else
  return 0
  #endif
}
