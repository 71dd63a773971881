// One request over a real socket: the door is open, and closes.

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

/// Sends bytes to a port of this machine and answers all that comes back.
private func exchange(_ text: String, port: Int) -> String {
  #if canImport(Glibc)
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  #else
  let descriptor = socket(AF_INET, SOCK_STREAM, 0)
  #endif
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(UInt16(port)).bigEndian
  address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
  let status = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  guard status == 0 else { return "refused" }
  let bytes = Array(text.utf8)
  _ = send(descriptor, bytes, bytes.count, 0)
  var answer: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4_096)
  while true {
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else { break }
    answer += chunk[0..<count]
  }
  return String(decoding: answer, as: UTF8.self)
}

struct CollectorEndpointTests {
  @Test func `a request over a socket is answered, and none after the stop`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "endpoint-\(UUID().uuidString)"
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    let collector = try Collector(
      log: EventLog.open(directory: folder.path),
      clock: StoryClock(.courseStart),
      configuration: CollectorConfiguration(secret: Array("a secret of this home".utf8))
    )
    let endpoint = try CollectorEndpoint.start(collector: collector, port: 0)
    #expect(throws: HTTPServerError.portInUse(endpoint.port)) {
      try CollectorEndpoint.start(collector: collector, port: endpoint.port)
    }
    let event = CollectResponse.minimalEvent
    let answer = exchange(
      "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        + "Content-Length: \(event.utf8.count)\r\n\r\n\(event)",
      port: endpoint.port
    )
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n" + #"{"accepted":1,"refused":[]}"#))
    let health = exchange(
      "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      port: endpoint.port
    )
    #expect(health.hasSuffix(#"{"status":"ok","requests":1,"accepted":1,"refused":0}"#))
    endpoint.stop()
    #expect(exchange("GET /health HTTP/1.1\r\n\r\n", port: endpoint.port) == "refused")
  }
}
