// An HTTP client that blocks its own thread: tests that kill servers must not wait for the threads
// that run the tests, and the system's client takes a cancelled request for a fault of the program.

import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One connection to a port of this machine, kept alive from request to request. For one thread.
public final class LoopbackClient {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// An answer of the server.
  public struct Answer {
    public var status: Int
    /// Names in lower case.
    public var headers: [String: String]
    public var body: [UInt8]
  }

  /// Connects; nil where nobody listens.
  public init?(port: Int, timeoutSeconds: Int = 20) {
    #if canImport(Glibc)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return nil }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(
        descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { return nil }
  }

  deinit { _ = close(descriptor) }

  /// Posts a body and waits for the answer; nil where the other side ends, or is silent for too long.
  public func post(_ path: String, _ body: [UInt8], headers: [String: String] = [:]) -> Answer? {
    var head = "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(body.count)\r\n"
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
    guard send(Array((head + "\r\n").utf8) + body) else { return nil }
    return receive()
  }

  private func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        #if canImport(Glibc)
        Glibc.send(
          descriptor, all.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
        #else
        Darwin.send(descriptor, all.baseAddress.map { $0 + sent }, bytes.count - sent, 0)
        #endif
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private func more() -> Bool {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return false }
    buffer += piece.prefix(count)
    return true
  }

  private func receive() -> Answer? {
    let mark = Array("\r\n\r\n".utf8)
    var end: Range<Int>?
    repeat {
      end = buffer.firstRange(of: mark)
      if end == nil, !more() { return nil }
    } while end == nil
    guard let end else { return nil }
    let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
        .trimmingCharacters(in: .whitespaces)
    }
    let size = headers["content-length"].flatMap { Int($0) } ?? 0
    while buffer.count < end.upperBound + size { guard more() else { return nil } }
    let body = Array(buffer[end.upperBound..<end.upperBound + size])
    buffer.removeFirst(end.upperBound + size)
    return Answer(status: status, headers: headers, body: body)
  }
}

/// Runs blocking work on threads of its own, and waits for all of it.
public func runOnThreads<Result>(
  _ count: Int, _ body: @escaping @Sendable (Int) -> Result
) -> [Result] where Result: Sendable {
  let results = LockedResults<Result>(count)
  let group = DispatchGroup()
  for number in 0..<count {
    group.enter()
    Thread.detachNewThread {
      results.set(number, body(number))
      group.leave()
    }
  }
  group.wait()
  return results.all
}

/// `@unchecked Sendable`: `values` is read and written under `lock` only.
private final class LockedResults<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Value?]

  init(_ count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ index: Int, _ value: Value) { lock.withLock { values[index] = value } }

  var all: [Value] { lock.withLock { values.compactMap { $0 } } }
}
