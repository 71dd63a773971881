import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A server on loopback that has one thread a connection; gone with this object.
final class RawServer: Sendable {
  struct Request: Sendable {
    var connection: Int
    var line: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  }

  /// What is sent back, byte by byte; then the connection may be closed.
  struct Reply: Sendable {
    var text: String
    var closes = false
    var delaySeconds = 0.0

    static func ok(_ body: String, _ headers: String = "") -> Reply {
      Reply(text: "HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
  }

  let port: Int
  private let listener: Int32
  private let seen = Mutex<[Request]>([])
  private let connections = Atomic<Int>(0)
  private let reply: @Sendable (Request) -> Reply

  init(_ reply: @escaping @Sendable (Request) -> Reply) throws {
    self.reply = reply
    #if canImport(Glibc)
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, size) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, pointer, &size) == 0
      }
    }
    try #require(isBound)
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0, let self else { break }
        let number = self.connections.wrappingAdd(1, ordering: .relaxed).newValue
        Thread { [weak self] in
          self?.serve(connection, number)
          close(connection)
        }.start()
      }
    }.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var requests: [Request] { seen.withLock { $0 } }

  private func serve(_ connection: Int32, _ number: Int) {
    #if canImport(Darwin)
    var isOn: Int32 = 1
    setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &isOn, socklen_t(MemoryLayout<Int32>.size))
    #endif
    var buffer: [UInt8] = []
    while let request = Self.read(connection, number, &buffer) {
      seen.withLock { $0.append(request) }
      let reply = reply(request)
      if reply.delaySeconds > 0 { Thread.sleep(forTimeInterval: reply.delaySeconds) }
      var bytes = Array(reply.text.utf8)
      while !bytes.isEmpty {
        let sent = send(connection, bytes, bytes.count, Self.noSignal)
        if sent <= 0 { return }
        bytes.removeFirst(sent)
      }
      if reply.closes { return }
    }
  }

  private static var noSignal: Int32 {
    #if canImport(Glibc)
    Int32(MSG_NOSIGNAL)
    #else
    0
    #endif
  }

  private static func read(
    _ connection: Int32,
    _ number: Int,
    _ buffer: inout [UInt8]
  ) -> Request? {
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    func more() -> Bool {
      let count = recv(connection, &piece, piece.count, 0)
      if count > 0 { buffer += piece[..<count] }
      return count > 0
    }
    let end = Array("\r\n\r\n".utf8)
    var head: Range<Int>?
    while head == nil {
      head = buffer.firstRange(of: end)
      if head == nil, !more() { return nil }
    }
    guard let head else { return nil }
    let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self)
      .split(separator: "\r\n").map(String.init)
    let headers = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (name: parts[0].lowercased(), value: parts[1].trimmingCharacters(in: .whitespaces))
    }
    let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    while buffer.count < head.upperBound + length { if !more() { return nil } }
    let body = Array(buffer[head.upperBound..<head.upperBound + length])
    buffer.removeFirst(head.upperBound + length)
    return Request(connection: number, line: lines[0], headers: headers, body: body)
  }
}
