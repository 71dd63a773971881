// Where a client may put its key, and what it hears without a good one.

import Collector
import CollectorEndpoint
import EventLog
import Foundation
import HTTPServer
import Simulation
import Testing

struct WriteKeyTests {
  private static let event = #"{"event_id":"e-1","event_name":"tap","event_time":"2024-01-16T00:10:00Z","device_id":"d"}"#

  private func routes(
    _ body: (CollectorRoutes, Collector) throws -> Void,
    _ adjust: (inout CollectorConfiguration) -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    configuration.writeKeys = [WriteKey(key: "shop", app: "moashop")]
    adjust(&configuration)
    let collector = try Collector(
      log: try EventLog.open(directory: folder.path), clock: StoryClock(.courseStart),
      configuration: configuration)
    try body(CollectorRoutes(collector: collector), collector)
  }

  private func post(_ routes: CollectorRoutes, _ headers: [HTTPHeader]) -> HTTPResponse {
    routes.answer(
      HTTPRequest(
        method: "POST", path: "/v1/events", headers: headers, body: Array(Self.event.utf8)))
  }

  @Test func `the key comes in a header or as the user of HTTP Basic`() throws {
    try routes { routes, collector in
      for header in [
        HTTPHeader("X-Write-Key", "shop"),
        // curl -u shop: and curl -u shop:anything
        HTTPHeader("Authorization", "Basic c2hvcDo="),
        HTTPHeader("authorization", "basic c2hvcDphbnl0aGluZw=="),
      ] {
        #expect(post(routes, [header]).status == 200, "\(header)")
      }
      for header in [
        HTTPHeader("X-Write-Key", "shop "), HTTPHeader("X-Write-Key", "game"),
        HTTPHeader("Authorization", "Basic ???"), HTTPHeader("Authorization", "Bearer shop"),
        HTTPHeader("Authorization", "Basic"),
      ] {
        let answer = post(routes, [header])
        #expect(answer.status == 401, "\(header)")
        #expect(answer.headers.contains { $0.name == "www-authenticate" })
        #expect(String(decoding: answer.body, as: UTF8.self).contains("\"advice\""))
      }
      #expect(post(routes, []).status == 401)
      #expect(collector.counts.accepted == 3)
      #expect(collector.counts.failedRequests["unknown_write_key"] == 5)
    } _: {
      $0.requiresWriteKey = true
    }
  }

  @Test func `a client that is turned away is told when to come back`() throws {
    try routes { routes, _ in
      #expect(post(routes, []).status == 200)
      let answer = post(routes, [])
      #expect(answer.status == 429)
      #expect(answer.headers.contains { $0.name == "retry-after" && $0.value == "1" })
    } _: {
      $0.eventsPerSecondMax = 1
    }
  }
}
