// The real dataset through its mapping: every line arrives, and no address does.

import Codecs
import Collector
import Foundation
import KafkaProtocol
import Simulation
import Testing

private let dataset = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "Datasets/wikipedia-edits"
  )
private let archive = dataset.appending(path: "wikipedia-edits-2015-09-12.json.gz").path

private func bench() throws -> Bench {
  let mapping = try SourceMapping(path: dataset.appending(path: "mapping.yaml").path)
  return try Bench { $0.mappings = [mapping.source: mapping] }
}

private func lines() throws -> [[UInt8]] {
  let bytes = try Gzip.decompress(
    Array(try Data(contentsOf: URL(filePath: archive))),
    bytesMax: 1 << 26
  )
  return bytes.split(separator: 0x0A).map { Array($0) }
}

/// The users that are addresses, as the file writes them.
private func addresses(_ lines: [[UInt8]]) throws -> Set<String> {
  var found: Set<String> = []
  for line in lines {
    let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
    guard let user = object?["user"] as? String else { continue }
    let isIPv6 =
      user.utf8.contains(0x3A)
      && user.wholeMatch(of: /([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}/) != nil
    if object?["isAnonymous"] as? Bool == true || isIPv6 { found.insert(user) }
  }
  return found
}

/// What looks like an address in a text, by a search that knows nothing of the mask's.
private func addressLike(_ bytes: [UInt8]) -> [String] {
  let marks = bytes.reduce((dots: 0, colons: 0)) {
    ($0.dots + ($1 == 0x2E ? 1 : 0), $0.colons + ($1 == 0x3A ? 1 : 0))
  }
  guard marks.dots >= 3 || marks.colons >= 2 else { return [] }
  // The colons of JSON itself have a quote before them.
  let text = String(decoding: bytes, as: UTF8.self)
  var found = text.matches(of: /[0-9]{1,3}(\.[0-9]{1,3}){3}/).map { String($0.0) }
  found += text.matches(of: /([0-9A-Fa-f]{1,4}:){4,}[0-9A-Fa-f]{0,4}/).map { String($0.0) }
  guard text.contains("::") else { return found }
  return found
    + text.matches(of: /[0-9A-Fa-f]*::[0-9A-Fa-f:]*[0-9][0-9A-Fa-f:]*/).map { String($0.0) }
}

private func expectNoAddress(_ records: [Record], _ addresses: Set<String>) {
  let known = Set(addresses.map { Array($0.lowercased().utf8) })
  for record in records {
    var bytes: [UInt8] = (record.key ?? []) + [0x0A]
    bytes += (record.value ?? []) + [0x0A]
    for header in record.headers {
      bytes += Array(header.key.utf8) + [0x0A] + (header.value ?? []) + [0x0A]
    }
    let found = addressLike(bytes)
    if !found.isEmpty { Issue.record("\(found) look like addresses") }
    let lowered: [UInt8] = bytes.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    let tokens = lowered.split { (byte: UInt8) -> Bool in
      if byte == 0x2E || byte == 0x3A { return false }
      return byte &- 0x30 >= 10 && byte &- 0x61 >= 6
    }
    for token in tokens where token.count >= 7 {
      let trimmed = token.drop { $0 == 0x2E || $0 == 0x3A }
      if known.contains(Array(token)) || known.contains(Array(trimmed)) {
        Issue.record("an address of the file stands in a record")
      }
    }
  }
}

/// Worked out by another program: SHA-256 of the source's name, a zero byte and the line.
private let firstEventID = "24dc8443-42d0-8cfd-a6bc-bb90acda70fc"

struct WikipediaEditsTests {
  @Test func `the whole day arrives without one address`() throws {
    let bench = try bench()
    var steps = 0
    let summary = try CollectFile.run(
      path: archive,
      collector: bench.collector,
      source: "wikipedia-edits",
      progress: { progress in
        steps += 1
        #expect(progress.bytesTotal == 2_366_222)
      }
    )
    #expect(
      summary
        == {
          var s = CollectSummary(); s.lines = 39_244; s.accepted = 39_244; return s
        }()
    )
    #expect(steps == 79)
    #expect(bench.log.syncs == 1)
    #expect(bench.log.deadLetters.isEmpty)
    let records = bench.log.events
    #expect(records.count == 39_244)
    let addresses = try addresses(try lines())
    #expect(addresses.count == 2_904 + 232)
    expectNoAddress(records, addresses)
    var ids: Set<String> = []
    var anonymous: Set<String> = []
    var added = 0
    for record in records {
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(record.value ?? [])) as? [String: Any]
      )
      let properties = try #require(object["properties"] as? [String: Any])
      ids.insert(try #require(object["event_id"] as? String))
      let user = try #require(object["user_id"] as? String)
      #expect(record.key == Array(user.utf8))
      if properties["is_anonymous"] as? Bool == true {
        #expect(user.wholeMatch(of: /anon_[0-9a-f]{16}/) != nil)
        anonymous.insert(user)
      }
      added += try #require(properties["added"] as? Int)
      #expect(properties.count == 18)
    }
    #expect(ids.count == 39_244)
    #expect(anonymous.count == 2_904)
    #expect(added == 9385573)
  }

  @Test func `the first line becomes this record`() throws {
    let bench = try bench()
    let first = try lines()[0]
    _ = bench.send(bytes: first, source: "wikipedia-edits")
    #expect(
      bench.log.events[0].text
        == #"""
        {"event_id":"ID","event_name":"page_edited","schema_version":1,"event_time":"2015-09-12T00:46:58.771Z","user_id":"GELongstreet","properties":{"channel":"#en.wikipedia","city_name":null,"comment":"added project","country_iso_code":null,"country_name":null,"is_anonymous":false,"is_minor":false,"is_new":false,"is_robot":false,"is_unpatrolled":false,"metro_code":null,"namespace":"Talk","page":"Talk:Oswald Tilghman","region_iso_code":null,"region_name":null,"delta":36,"added":36,"deleted":0},"app_id":"wikipedia","received_at":"2024-01-16T00:10:00.000Z"}
        """#.replacing("ID", with: firstEventID)
    )
  }

  @Test func `broken lines become dead letters, each with its reason, and still no address`() throws
  {
    let bench = try bench()
    var lines = try lines()
    let anonymous = lines.indices.filter {
      String(decoding: lines[$0], as: UTF8.self).contains("\"isAnonymous\":true")
    }
    let expected = try addresses(lines)
    var reasons: [Int: String] = [:]
    for (number, index) in anonymous.enumerated() where number % 4 == 0 {
      var text = String(decoding: lines[index], as: UTF8.self)
      let reason: String
      switch number / 4 % 7 {
      case 0: (text, reason) = (String(text.dropLast(1 + number % 60)), "broken_json")
      case 1:
        (text, reason) = (
          text.replacing(/"time":"[^"]*"/, with: "\"time\":\"today\""), "bad_event_time"
        )
      case 2: (text, reason) = (text.replacing(/"time":"[^"]*",/, with: ""), "missing_event_time")
      case 3: (text, reason) = (text.replacing("\"user\":", with: "\"user\" \""), "broken_json")
      case 4: (text, reason) = ("{\"user\":\"5.6.7.8\"," + text.dropFirst(), "duplicate_field")
      case 5: (text, reason) = ("<" + text, "not_an_object")
      default: (text, reason) = (text.replacing(/"time":"[^"]*"/, with: "\"time\":7"), "wrong_type")
      }
      lines[index] = Array(text.utf8)
      reasons[index + 1] = reason
      if number % 8 == 0 { lines[index].append(0x0D) }
    }
    lines[5] = [0xFF, 0xFE] + lines[5]
    reasons[6] = "not_utf8"
    let path = FileManager.default.temporaryDirectory.appending(
      path: "broken-\(UUID().uuidString).json.gz"
    )
    try Data(try Gzip.compress(Array(lines.joined(separator: [0x0A])))).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    let summary = try CollectFile.run(
      path: path.path,
      collector: bench.collector,
      source: "wikipedia-edits"
    )
    #expect(summary.lines == 39_244)
    #expect(summary.accepted == 39_244 - reasons.count)
    #expect(summary.refusedTotal == reasons.count)
    #expect(summary.firstRefusals.count == 5)
    let letters = bench.log.deadLetters
    #expect(letters.count == reasons.count)
    #expect(
      Dictionary(
        uniqueKeysWithValues: letters.map {
          (Int($0.header("line") ?? "") ?? 0, $0.header("reason") ?? "")
        }
      )
        == reasons
    )
    expectNoAddress(letters + bench.log.events, expected)
  }

  @Test func `the same lines sent in other pieces and by gzip give the same records`() throws {
    let bench = try bench()
    _ = try CollectFile.run(path: archive, collector: bench.collector, source: "wikipedia-edits")
    let other = try Self.sent(try lines())
    #expect(other.log.events == bench.log.events)
  }

  private static func sent(_ lines: [[UInt8]]) throws -> Bench {
    let bench = try bench()
    for start in stride(from: 0, to: lines.count, by: 333) {
      let body = Array(
        lines[start..<min(start + 333, lines.count)].joined(separator: [0x0D, 0x0A])
      )
      let response = bench.send(
        bytes: try Gzip.compress(body),
        isGzip: true,
        source: "wikipedia-edits"
      )
      #expect(response.status == 200)
      #expect(response.refused.isEmpty)
    }
    return bench
  }
}
