// Bodies as wholes: their forms, their limits, and what happens where the log fails.

import Codecs
import Collector
import Columnar
import Connector
import Foundation
import KafkaProtocol
import Simulation
import Testing

struct RequestTests {
  @Test func `one object, an array, a batch and lines give the same records`() throws {
    let events = [event(["device_id": "\"a\""]), event(["device_id": "\"b\""])]
    let bodies: [(String, CollectRequest.Format)] = [
      ("[" + events.joined(separator: " , ") + "]", .json),
      (#"{"events":["# + events.joined(separator: ",") + "]}", .json),
      (events.joined(separator: "\n"), .ndjson),
      ("\u{FEFF}" + events.joined(separator: "\r\n\r\n") + "\r\n", .ndjson),
      (events.joined(separator: "\n") + "\n", .json),
    ]
    let expected = try Bench()
    for event in events { #expect(expected.send(event).accepted.count == 1) }
    for (body, format) in bodies {
      let bench = try Bench()
      let response = bench.send(body, format: format)
      #expect(response.status == 200)
      #expect(response.accepted.map { $0.index } == [0, 1])
      #expect(bench.log.events == expected.log.events)
    }
    let bench = try Bench()
    let zipped = try Gzip.compress(Array(bodies[0].0.utf8))
    #expect(bench.send(bytes: zipped, isGzip: true).accepted.count == 2)
    #expect(bench.log.events == expected.log.events)
  }

  @Test func `a batch may be empty, and a fault refuses only its own event`() throws {
    let bench = try Bench()
    #expect(
      String(decoding: bench.send("[]").body, as: UTF8.self) == #"{"accepted":0,"refused":[]}"#
    )
    #expect(bench.send(#"{"events":[]}"#).status == 200)
    let response = bench.send(
      "[" + [event(), event(["x": "tru"]), "7", event()].joined(separator: ",") + "]"
    )
    #expect(response.accepted.map { $0.index } == [0, 3])
    #expect(response.refused.map { $0.index } == [1, 2])
    #expect(response.refused.map { $0.code } == [.brokenJSON, .notAnObject])
    let lines = bench.send("\n" + event() + "\n\n{\n" + event(), format: .ndjson)
    #expect(lines.refused.map { $0.line } == [4])
    #expect(lines.accepted.count == 2)
    #expect(bench.log.deadLetters.last?.header("line") == "4")
    #expect(bench.log.deadLetters.last?.text == "{")
  }

  @Test(arguments: [
    (#"[{"a":1},{"b":2}"#, "a comma or a closing bracket", 16),
    (#"{"a":1"#, "a comma or a closing brace", 6),
    (#"{"a":"b}"#, "not closed", 8), ("{\"events\":[}", "expected a value", 11),
    ("hello", "expected an event object", 0),
    ("[1] 2", "something follows", 4), ("{\"a\" 1}", "a colon", 5), ("[1,]", "expected a value", 3),
  ]) func `a body that is no JSON says where it breaks`(body: String, reason: String, byte: Int)
    throws
  {
    let bench = try Bench()
    let response = bench.send(body)
    #expect(response.status == 400)
    #expect(response.problem?.code == "broken_json")
    #expect(response.problem?.byteOffset == byte)
    #expect(response.problem?.message.contains(reason) == true)
    #expect(bench.log.events.isEmpty)
    #expect(bench.log.deadLetters.map { $0.text } == [body])
    #expect(bench.log.deadLetters[0].header("reason") == "broken_json")
  }

  @Test func `limits answer 413 and leave nothing behind`() throws {
    let bench = try Bench()
    let large = [UInt8](repeating: UInt8(ascii: " "), count: 10 << 20)
    #expect(bench.send(bytes: large).status == 413)
    #expect(bench.send(bytes: large).problem?.code == "body_too_large")
    let many = "[" + Array(repeating: event(), count: 501).joined(separator: ",") + "]"
    let response = bench.send(many)
    #expect(response.status == 413)
    #expect(response.problem?.code == "too_many_events")
    #expect(bench.log.events.isEmpty && bench.log.deadLetters.isEmpty)
    #expect(
      bench.send("[" + Array(repeating: event(), count: 500).joined(separator: ",") + "]").accepted
        .count == 500
    )
  }

  @Test func `a gzip bomb of 10 GB is never unpacked`() throws {
    // A member of 1 GB of zeros has about 1 MB; its deflate blocks repeat, so cut pieces stay valid.
    let bench = try Bench { $0.bodyBytesMax = 16 << 20 }
    let member = try Gzip.compress([UInt8](repeating: 0x20, count: 64 << 20), level: 9)
    var bomb: [UInt8] = []
    for _ in 0..<160 { bomb.append(contentsOf: member) }
    let before = residentBytes()
    let response = bench.send(bytes: bomb, isGzip: true)
    #expect(response.status == 413)
    #expect(response.problem?.code == "body_too_large")
    #expect(residentBytes() - before < 64 << 20)
  }

  @Test func `broken gzip is refused as a whole`() throws {
    let bench = try Bench()
    let zipped = try Gzip.compress(Array(event().utf8))
    for body in [Array(zipped.dropLast(9)), Array("plain".utf8), [], zipped + [1, 2, 3]] {
      let response = bench.send(bytes: body, isGzip: true)
      #expect(response.status == 400)
      #expect(response.problem?.code == "broken_gzip")
    }
    #expect(bench.log.events.isEmpty && bench.log.deadLetters.isEmpty)
    #expect(bench.send(" \n ").problem?.code == "empty_body")
    #expect(bench.send("x", source: "nobody").problem?.code == "unknown_source")
  }

  @Test func `nothing is acknowledged where the log fails`() throws {
    let bench = try Bench()
    bench.log.fail(append: true)
    let response = bench.send(event())
    #expect(response.status == 503)
    #expect(response.retryAfterSeconds == 5)
    #expect(response.accepted.isEmpty)
    #expect(bench.collector.counts.accepted == 0)
    bench.log.fail(sync: true)
    #expect(bench.send(event(), durability: .synced).status == 503)
    #expect(bench.send(event(), durability: .written).status == 200)
    bench.log.fail()
    #expect(bench.log.syncs == 0)
    #expect(bench.send(event(), durability: .synced).status == 200)
    #expect(bench.log.syncs == 1)
    // Dead letters are waited for as well.
    #expect(bench.send("{}", durability: .synced).status == 200)
    #expect(bench.log.syncs == 2)
  }

  @Test func `a request makes one record batch for each partition`() throws {
    let bench = try Bench()
    let events = (0..<100).map { event(["device_id": "\"d_\($0)\"", "event_id": "\"e\($0)\""]) }
    let response = bench.send("[" + (events + ["1"]).joined(separator: ",") + "]")
    #expect(bench.log.batches.count == 7)
    #expect(response.accepted.map { $0.eventID } == (0..<100).map { "e\($0)" })
    for accepted in response.accepted {
      let record = bench.log.records(accepted.partition)[Int(accepted.offset.rawValue)]
      #expect(record.text.contains("\"event_id\":\"\(accepted.eventID)\""))
    }
  }

  @Test func `threads share a collector`() async throws {
    let bench = try Bench()
    await withTaskGroup(of: Int.self) { group in
      for thread in 0..<8 {
        group.addTask {
          (0..<50).reduce(0) { sum, number in
            let id = "\"t\(thread)_\(number)\""
            return sum + bench.send("[" + event(["event_id": id]) + ",{}]").accepted.count
          }
        }
      }
      for await count in group { #expect(count == 50) }
    }
    #expect(bench.collector.counts.requests == 400)
    #expect(bench.collector.counts.accepted == 400)
    #expect(bench.collector.counts.refused == [.missingEventID: 400])
    #expect(Set(bench.log.events.map { $0.text }).count == 400)
    #expect(bench.collector.recentRequests.count == 200)
  }

  @Test func `system tables show requests and dead letters`() throws {
    let bench = try Bench()
    _ = bench.send("[" + event() + ",{},7]")
    bench.clock.set(StoryClock(.courseStart).now.adding(seconds: 2))
    _ = bench.send("nonsense")
    func rows(_ name: String) throws -> [[Scalar]] {
      let table = try #require(try bench.collector.systemTables()[name]?())
      let request = ScanRequest(columns: Array(0..<table.schema.count))
      return try table.splits(for: request).flatMap { split in
        let reader = try split.open()
        var rows: [[Scalar]] = []
        while let batch = try reader.next() { rows += (0..<batch.rowCount).map { batch.row($0) } }
        return rows
      }
    }
    #expect(
      try rows("requests") == [
        [
          .integer(1_705_363_800_000_000), .integer(200), .null, .integer(1), .integer(2),
          .integer(Int64(event().utf8.count + 7)), .null, .text("moashop"), .integer(0),
        ],
        [
          .integer(1_705_363_802_000_000), .integer(400), .null, .integer(0), .integer(0),
          .integer(8), .text("broken_json"), .text("moashop"), .integer(0),
        ],
      ]
    )
    let letters = try rows("dead_letters")
    #expect(letters.map { $0[0] } == [.integer(0), .integer(1), .integer(2)])
    #expect(
      letters.map { $0[2] } == [
        .text("missing_event_id"), .text("not_an_object"), .text("broken_json"),
      ]
    )
    #expect(letters.map { $0[7] } == [.integer(1), .integer(2), .null])
    #expect(letters.map { $0[8] } == [.text("{}"), .text("7"), .text("nonsense")])
  }
}

/// Bytes that this process holds in memory now.
func residentBytes() -> Int {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
    return 0
  }
  return (Int(text.split(separator: " ")[1]) ?? 0) * 4_096
}
