// The load client of `collect`: a process of its own, one thread, many connections, one request at a
// time on each.
//
//     Benchmarks collect-load PORT http|redis|nats CONNECTIONS SECONDS
//
// It prints one line: requests, events, refused requests, seconds, and the latencies' percentiles.

import Codecs
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What a load client reports.
struct LoadReport: Codable {
  var requests = 0
  var events = 0
  /// Requests that were answered, but not with 200.
  var refused = 0
  var seconds = 0.0
  var medianMilliseconds = 0.0
  var p99Milliseconds = 0.0
}

/// Whom the client speaks to.
enum LoadKind: String {
  case http, redis, nats
}

enum CollectLoad {
  static let argument = "collect-load"
  static let eventsPerRequest = 20

  /// Runs the client; ends the process with a line of JSON.
  static func run(_ arguments: [String]) -> Never {
    guard arguments.count == 4, let port = UInt16(arguments[0]),
      let kind = LoadKind(rawValue: arguments[1]), let count = Int(arguments[2]),
      let seconds = Double(arguments[3]), count > 0
    else {
      FileHandle.standardError.write(Data("collect-load PORT http|redis|nats CONNECTIONS SECONDS\n".utf8))
      exit(2)
    }
    var connections: [LoadConnection] = []
    for number in 0..<count {
      guard let connection = LoadConnection(port: port),
        kind != .nats || connection.greetNATS()
      else { continue }
      connection.requests = (0..<16).map { turn in
        switch kind {
        case .http: httpRequest(number, turn, port: port)
        case .redis: redisRequest(number, turn)
        case .nats: natsRequest(number, turn)
        }
      }
      connections.append(connection)
    }
    var (report, latencies) = drive(connections, kind, seconds: seconds)
    latencies.sort()
    if !latencies.isEmpty {
      report.medianMilliseconds = Double(latencies[latencies.count / 2]) / 1e3
      report.p99Milliseconds = Double(latencies[latencies.count * 99 / 100]) / 1e3
    }
    if let line = try? JSONEncoder().encode(report) { FileHandle.standardOutput.write(line) }
    exit(0)
  }

  /// Keeps one request under way on each connection, by one thread that waits for all of them: what
  /// the client spends is missing to the server beside it.
  private static func drive(
    _ connections: [LoadConnection], _ kind: LoadKind, seconds: Double
  ) -> (LoadReport, latencies: [UInt32]) {
    var report = LoadReport()
    var latencies: [UInt32] = []
    let began = DispatchTime.now().uptimeNanoseconds
    let end = began + UInt64(seconds * 1e9)
    var waiting = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    var sent = [UInt64](repeating: began, count: connections.count)
    var openCount = 0
    for (place, connection) in connections.enumerated() {
      if connection.sendNext() { openCount += 1 } else { waiting[place].fd = -1 }
    }
    while openCount > 0 {
      guard poll(&waiting, nfds_t(waiting.count), 5_000) > 0 else { break }
      for place in waiting.indices where waiting[place].fd >= 0 && waiting[place].revents != 0 {
        let connection = connections[place]
        let isAccepted: Bool?
        switch connection.receiveAnswer(kind, eventsPerRequest) {
        case .unfinished: continue
        case .whole(let accepted): isAccepted = accepted
        case .ended: isAccepted = nil
        }
        let now = DispatchTime.now().uptimeNanoseconds
        if let isAccepted {
          latencies.append(UInt32(min(4e9, Double(now - sent[place]) / 1e3)))
          report.requests += 1
          if isAccepted { report.events += eventsPerRequest } else { report.refused += 1 }
        }
        sent[place] = now
        guard isAccepted != nil, now < end, connection.sendNext() else {
          waiting[place].fd = -1
          openCount -= 1
          continue
        }
      }
    }
    report.seconds = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    return (report, latencies)
  }

  /// One event as the shop's app sends it, about 600 bytes.
  static func event(_ connection: Int, _ request: Int, _ index: Int) -> String {
    let number = (connection * 16 + request) * eventsPerRequest + index
    let id = String(number + 0x1000_0000, radix: 16)
    return """
      {"event_id":"\(id)-5a3c-4f7e-9d8a-3f1c6f0f7a11","event_name":"product_viewed",\
      "schema_version":1,"event_time":"2024-01-16T00:09:\(10 + index).125Z",\
      "user_id":"u_\(number % 9_999)","device_id":"d_\(number % 997)","install_id":"i_\(number % 997)",\
      "session_id":"s_\(number % 4_001)","seq":\(index),"platform":"android","os_version":"14",\
      "device_model":"SM-S911N","app_version":"3.1.3","locale":"ko-KR","timezone":"Asia/Seoul",\
      "network":"wifi","properties":{"product_id":"SKU\(10_000 + number % 5_000)","price":29900,\
      "currency":"KRW","position":\(1 + number % 40),"source":"search"}}
      """
  }

  private static func httpRequest(_ connection: Int, _ request: Int, port: UInt16) -> [UInt8] {
    let events = (0..<eventsPerRequest).map { event(connection, request, $0) }
    let plain = "{\"sent_at\":\"2024-01-16T00:10:00.000Z\",\"events\":["
      + events.joined(separator: ",") + "]}"
    let body = (try? Gzip.compress(Array(plain.utf8), level: 6)) ?? []
    let head = "POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
      + "X-Write-Key: shop\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    return Array(head.utf8) + body
  }

  /// Twenty publishes in one write, each to be answered by the stream.
  private static func natsRequest(_ connection: Int, _ request: Int) -> [UInt8] {
    (0..<eventsPerRequest).reduce(into: []) { bytes, index in
      let value = event(connection, request, index)
      bytes += "PUB events _INBOX.load \(value.utf8.count)\r\n\(value)\r\n".utf8
    }
  }

  /// Twenty XADDs in one write: what an app's server would send for one batch.
  private static func redisRequest(_ connection: Int, _ request: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<eventsPerRequest {
      let value = event(connection, request, index)
      bytes += "*5\r\n$4\r\nXADD\r\n$6\r\nevents\r\n$1\r\n*\r\n$1\r\ne\r\n$\(value.utf8.count)\r\n\(value)\r\n".utf8
    }
    return bytes
  }
}

/// One blocking connection.
final class LoadConnection {
  let descriptor: Int32
  /// What is sent, in turn.
  var requests: [[UInt8]] = []
  private var turn = 0
  private var buffer: [UInt8] = []
  private var piece = [UInt8](repeating: 0, count: 16 << 10)

  private static func makeSocket() -> Int32 {
    #if canImport(Glibc)
    socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    socket(AF_INET, SOCK_STREAM, 0)
    #endif
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  /// A port that nobody listens on now.
  static func freePort() throws -> UInt16 {
    let descriptor = makeSocket()
    defer { close(descriptor) }
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isBound else { throw BenchmarkFailure("no port is free") }
    return UInt16(bigEndian: address.sin_port)
  }

  init?(port: UInt16) {
    descriptor = Self.makeSocket()
    var address = Self.loopback(port)
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { return nil }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private func receive() -> Bool {
    let capacity = piece.count
    let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, capacity) }
    guard count > 0 else { return false }
    buffer.append(contentsOf: piece[..<count])
    return true
  }

  /// Sends the next request; false where the connection ended.
  func sendNext() -> Bool {
    buffer.removeAll(keepingCapacity: true)
    defer { turn += 1 }
    return send(requests[turn % requests.count])
  }

  /// How far an answer has come.
  enum Answer {
    case unfinished
    case whole(isAccepted: Bool)
    case ended
  }

  /// Reads once what is there of the answer to a request of so many events.
  func receiveAnswer(_ kind: LoadKind, _ eventCount: Int) -> Answer {
    let before = buffer.count
    guard receive() else { return .ended }
    switch kind {
    case .http:
      guard let head = buffer.withUnsafeBytes(LoadConnection.head),
        buffer.count >= head.size + head.length
      else { return .unfinished }
      return .whole(isAccepted: head.status == 200)
    case .redis: return lines(eventCount * 2, from: before, failure: "-")
    case .nats: return lines(eventCount * 2, from: before, failure: "\"error\"")
    }
  }

  /// A response's status, the bytes of its head and those of its body; nil where the head is not whole.
  ///
  /// By bytes: what the client spends is missing to the server beside it, and its peers' answers cost
  /// no more than counting lines.
  private static func head(
    _ bytes: UnsafeRawBufferPointer
  ) -> (status: Int, size: Int, length: Int)? {
    guard let end = endOfHead(bytes), bytes.count > 12 else { return nil }
    func number(from start: Int) -> Int {
      var value = 0
      var index = start
      while index < end, bytes[index] &- 0x30 < 10 {
        value = value * 10 + Int(bytes[index] - 0x30)
        index += 1
      }
      return value
    }
    var length = 0
    var line = 0
    while line < end {
      if bytes[line] | 0x20 == UInt8(ascii: "c"), line + lengthName.utf8CodeUnitCount < end {
        let isLength = (0..<lengthName.utf8CodeUnitCount).allSatisfy {
          bytes[line + $0] | 0x20 == lengthName.utf8Start[$0] | 0x20
        }
        if isLength { length = number(from: line + lengthName.utf8CodeUnitCount) }
      }
      while line < end, bytes[line] != 10 { line += 1 }
      line += 1
    }
    return (number(from: 9), end, length)
  }

  private static let lengthName: StaticString = "content-length: "

  private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 3..<bytes.count
    where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 {
      return index + 1
    }
    return nil
  }

  /// Answers of two lines each: bulk strings of Redis, messages of NATS.
  private func lines(_ count: Int, from before: Int, failure: String) -> Answer {
    lineCount = (before == 0 ? 0 : lineCount) + buffer[before...].count { $0 == 10 }
    if failure.utf8.count == 1, buffer[before] == failure.utf8.first {
      return .whole(isAccepted: false)
    }
    guard lineCount >= count else { return .unfinished }
    return .whole(
      isAccepted: failure.utf8.count == 1
        || !String(decoding: buffer, as: UTF8.self).contains(failure))
  }

  private var lineCount = 0

  /// Connects as a client of NATS does, and makes the stream where it is missing.
  func greetNATS() -> Bool {
    let stream = #"{"name":"EVENTS","subjects":["events"],"storage":"file","num_replicas":1}"#
    guard receive(), String(decoding: buffer, as: UTF8.self).hasPrefix("INFO"),
      send(
        Array(
          ("CONNECT {\"verbose\":false}\r\nSUB _INBOX.load 1\r\n"
            + "PUB $JS.API.STREAM.CREATE.EVENTS _INBOX.load \(stream.utf8.count)\r\n\(stream)\r\n").utf8)
      )
    else { return false }
    buffer.removeAll(keepingCapacity: true)
    while true {
      let before = buffer.count
      guard receive() else { return false }
      switch lines(2, from: before, failure: "\"error\"") {
      case .unfinished: continue
      case .whole(let isAccepted): return isAccepted
      case .ended: return false
      }
    }
  }
}
