// The collector's HTTP answers, on the real log and without a socket.

import Codecs
import Collector
import CollectorEndpoint
import EventLog
import Foundation
import HTTPServer
import KafkaProtocol
import Simulation
import Testing

private let dataset = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "Datasets/wikipedia-edits"
  )

/// A collector on a log of its own, removed with it.
private final class Site {
  let folder = FileManager.default.temporaryDirectory.appending(path: "routes-\(UUID().uuidString)")
  let log: EventLog
  let collector: Collector
  let routes: CollectorRoutes

  init() throws {
    log = try EventLog.open(directory: folder.path)
    let mapping = try SourceMapping(path: dataset.appending(path: "mapping.yaml").path)
    collector = try Collector(
      log: log,
      clock: StoryClock(.courseStart),
      configuration: CollectorConfiguration(
        secret: Array("a secret of this home".utf8),
        mappings: [mapping]
      )
    )
    routes = CollectorRoutes(collector: collector)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func post(
    _ body: [UInt8],
    query: String? = nil,
    type: String? = "application/json",
    encoding: String? = nil
  ) -> HTTPResponse {
    var headers: [HTTPHeader] = []
    if let type { headers.append(HTTPHeader("Content-Type", type)) }
    if let encoding { headers.append(HTTPHeader("Content-Encoding", encoding)) }
    return routes.answer(
      HTTPRequest(method: "POST", path: "/v1/events", query: query, headers: headers, body: body)
    )
  }

  func records() throws -> [Record] {
    try (0..<6).flatMap { number in
      let partition = TopicPartition("app-events", Int32(number))
      var records: [Record] = []
      while true {
        let next = try log.read(partition, from: Offset(Int64(records.count)), bytesMax: 1 << 20)
        if next.isEmpty { return records }
        records += next
      }
    }
  }
}

private let event = Array(CollectResponse.minimalEvent.utf8)

struct CollectorRoutesTests {
  @Test func `an accepted event is synced before the answer`() throws {
    let site = try Site()
    let before = site.log.fsyncCount
    let response = site.post(event)
    #expect(response.status == 200)
    #expect(String(decoding: response.body, as: UTF8.self) == #"{"accepted":1,"refused":[]}"#)
    #expect(
      response.headers == [
        HTTPHeader("content-type", "application/json; charset=utf-8"),
        HTTPHeader("cache-control", "no-store"),
      ]
    )
    #expect(site.log.fsyncCount > before)
    #expect(try site.records().count == 1)
  }

  @Test(
    arguments: [
      (nil, 200), ("", 200), ("application/json", 200),
      ("Application/JSON; charset=\"UTF-8\"", 200),
      ("application/x-ndjson", 200), ("application/jsonl", 200), ("text/plain", 415),
      ("application/x-www-form-urlencoded", 200), ("application/json; charset=euc-kr", 415),
      ("text/xml", 415),
    ] as [(String?, Int)]
  ) func `content types`(type: String?, status: Int) throws {
    let response = try Site().post(event, type: type)
    #expect(response.status == status)
    if status == 415 {
      let body = String(decoding: response.body, as: UTF8.self)
      #expect(body.contains(#""code":"unsupported_media_type""#))
      #expect(body.contains(#""advice":"Set Content-Type to application/json"#))
    }
  }

  @Test func `content encodings`() throws {
    let site = try Site()
    #expect(site.post(try Gzip.compress(event), encoding: "gzip").status == 200)
    #expect(site.post(event, encoding: "identity").status == 200)
    #expect(site.post(event, encoding: "gzip").status == 400)
    #expect(site.post(event, encoding: "br").status == 415)
    #expect(try site.records().count == 2)
  }

  @Test func `other paths and methods get advice`() throws {
    let site = try Site()
    func ask(_ method: String, _ path: String) -> HTTPResponse {
      site.routes.answer(HTTPRequest(method: method, path: path, body: event))
    }
    #expect(ask("GET", "/v1/events").status == 405)
    #expect(ask("GET", "/v1/events").headers.contains(HTTPHeader("allow", "POST")))
    #expect(ask("POST", "/health").status == 405)
    #expect(ask("POST", "/v1/event").status == 404)
    #expect(ask("GET", "/").status == 404)
    #expect(
      String(decoding: ask("POST", "/events").body, as: UTF8.self).contains("POST /v1/events")
    )
    #expect(ask("GET", "/health").status == 200)
    #expect(
      String(decoding: ask("GET", "/health").body, as: UTF8.self)
        == #"{"status":"ok","requests":0,"accepted":0,"refused":0}"#
    )
    #expect(try site.records().isEmpty)
  }

  @Test func `a log that is closed answers 503 and when to come back`() throws {
    let site = try Site()
    try site.log.close()
    let response = site.post(event)
    #expect(response.status == 503)
    #expect(response.headers.contains(HTTPHeader("retry-after", "5")))
  }

  @Test func `Wikipedia's lines by HTTP give the records that the file gives`() throws {
    let inProcess = try Site()
    let path = dataset.appending(path: "wikipedia-edits-2015-09-12.json.gz").path
    _ = try CollectFile.run(path: path, collector: inProcess.collector, source: "wikipedia-edits")
    let byHTTP = try Site()
    let bytes = try Gzip.decompress(
      Array(try Data(contentsOf: URL(filePath: path))),
      bytesMax: 1 << 26
    )
    let lines = bytes.split(separator: 0x0A)
    for start in stride(from: 0, to: lines.count, by: 450) {
      let body = Array(lines[start..<min(start + 450, lines.count)].joined(separator: [0x0A]))
      let response = byHTTP.post(
        try Gzip.compress(body),
        query: "source=wikipedia%2Dedits&first_line=\(start + 1)",
        type: "application/x-ndjson",
        encoding: "gzip"
      )
      #expect(response.status == 200)
    }
    let records = try byHTTP.records()
    #expect(records.count == 39_244)
    #expect(records == (try inProcess.records()))
  }

  @Test func `a dead letter names the line of the file`() throws {
    let site = try Site()
    let response = site.post(
      Array("{}\nx".utf8),
      query: "source=wikipedia-edits&first_line=100",
      type: "application/x-ndjson"
    )
    #expect(response.status == 200)
    #expect(
      String(decoding: response.body, as: UTF8.self).contains(
        #"{"index":1,"line":101,"code":"not_an_object""#
      )
    )
    #expect(site.post([0x7B], query: "first_line=x").status == 400)
    #expect(site.post(event, query: "source=nobody").status == 400)
  }
}
