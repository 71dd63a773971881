import Columnar
import EventModel
import Foundation
import Simulation
import Testing
import World

/// The year before a world: small, the same every time, and of the shop that the world is.
struct HistoryArchiveTests {
  private static func archive(
    seed: UInt64 = 42,
    size: WorldSize = .xs
  ) throws -> HistoryArchive {
    try #require(try Harness.world(seed: seed, size: size, startDay: 15).historyArchive)
  }

  private static func events(_ day: HistoryArchive.Day) throws -> [JSONValue] {
    try day.lines.split(separator: 0x0A).map { line in
      try Array(line).withUnsafeBytes { try JSONValue(parsing: $0) }
    }
  }

  /// An archive, as `Datasets/shop/golden-archive.json` has it.
  private struct Golden: Codable, Equatable {
    var seed: UInt64
    var size: String
    var days: Int
    var events: Int
    var bytes: Int
    /// FNV-1a over all lines, and over the monthly rows.
    var lines: String
    var months: String
  }

  private static func golden(seed: UInt64, size: WorldSize) throws -> Golden {
    let archive = try archive(seed: seed, size: size)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var golden = Golden(
      seed: seed,
      size: size.rawValue,
      days: archive.days.count,
      events: 0,
      bytes: 0,
      lines: "",
      months: ""
    )
    for date in archive.days {
      let day = try #require(archive.day(date))
      golden.events += day.eventCount
      golden.bytes += day.lines.count
      for byte in day.lines { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    golden.lines = String(hash, radix: 16)
    hash = 0xCBF2_9CE4_8422_2325
    for byte in "\(archive.monthlyRows())".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    golden.months = String(hash, radix: 16)
    return golden
  }

  @Test func `has the golden lines, and is as small for a large shop as for a small one`() throws {
    let path = URL(fileURLWithPath: Harness.repository + "/Datasets/shop/golden-archive.json")
    let made = [
      try Self.golden(seed: 42, size: .xs), try Self.golden(seed: 42, size: .s),
      try Self.golden(seed: 7, size: .xs),
    ]
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try (encoder.encode(made) + Data("\n".utf8)).write(to: path)
    }
    #expect(try JSONDecoder().decode([Golden].self, from: Data(contentsOf: path)) == made)
    for golden in made {
      #expect(golden.days == 24)
      #expect((10_000...60_000).contains(golden.events), "\(golden)")
      #expect(golden.bytes < 40 << 20, "\(golden)")
    }
  }

  @Test func `is what the collector of that time received`() throws {
    let archive = try Self.archive()
    var lastSeq: [String: Int64] = [:]
    var ids: Set<String> = []
    var versions: [String: Set<String>] = [:]
    for date in archive.days {
      let day = try #require(archive.day(date))
      let events = try Self.events(day)
      #expect(events.count == day.eventCount && day.eventCount > 0, "\(date)")
      var arrival: Int64 = 0
      var bySession: [String: [(seq: Int64, install: String)]] = [:]
      for event in events {
        let received = try #require(
          event["received_at"]?.string.flatMap { EventTimestamp.parse($0) }
        )
        let sent = try #require(event["sent_at"]?.string.flatMap { EventTimestamp.parse($0) })
        let time = try #require(event["event_time"]?.string.flatMap { EventTimestamp.parse($0) })
        #expect(received >= arrival)
        arrival = received
        // The two clocks of a phone give the true time, whatever they say.
        let happened = received - (sent - time)
        #expect(happened <= received)
        #expect(
          StoryTime(milliseconds: happened).date(offsetSeconds: TimeZones.seoul) >= date
        )
        #expect(event["app_id"]?.string == "moashop")
        let id = try #require(event["event_id"]?.string)
        #expect(ids.insert(id).inserted)
        let install = try #require(event["install_id"]?.string)
        bySession[install, default: []].append((try #require(event["seq"]?.integer), install))
        versions["\(date)".prefix(7).description, default: []].insert(
          event["app_version"]?.string ?? ""
        )
      }
      for (install, seqs) in bySession {
        let sorted = seqs.map(\.seq).sorted()
        #expect(Set(sorted).count == sorted.count)
        #expect(sorted[0] > lastSeq[install] ?? 0)
        lastSeq[install] = sorted.last
      }
    }
    // The releases of the year, none of which had come before its day.
    #expect(versions["2023-01"] == ["2.9.4"])
    #expect(versions["2023-10"]?.contains("3.0.8") == true)
    #expect(versions["2023-06"]?.contains("3.0.8") == false)
    // The world's own phones are other installs: they begin to count anew.
    let server = RecordingServer()
    try Harness.world(startDay: 15).advance(to: Harness.moment(day: 15, hour: 9)) {
      server.take($0)
    }
    let now = Set(try server.events().compactMap { $0.json["install_id"]?.string })
    #expect(now.isDisjoint(with: lastSeq.keys) && !now.isEmpty)
  }

  @Test func `its months agree with its days, and the shop grows`() throws {
    for size in [WorldSize.xs, .s] {
      let archive = try Self.archive(size: size)
      let rows = archive.monthlyRows()
      #expect(rows.count == 36)
      func number(_ row: [Scalar], _ column: Int) -> Double {
        guard case .integer(let value) = row[column] else { return .nan }
        return Double(value)
      }
      var counted: [Int: Int] = [:]
      for date in archive.days {
        counted[date.parts.month, default: 0] += archive.day(date)?.eventCount ?? 0
      }
      var ratios: [Double] = []
      for (index, month) in stride(from: 0, to: 36, by: 3).map({ Array(rows[$0..<$0 + 3]) })
        .enumerated()
      {
        let events = month.reduce(0) { $0 + number($1, 5) }
        let users = Double(size == .xs ? 800 : 8_000)
        let days = Double([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][index])
        ratios.append(Double(counted[index + 1] ?? 0) * users / 200 * days / 2 / events)
      }
      // 200 phones on two days of a month: more or less what the months say, and on average just that.
      #expect(ratios.allSatisfy { (0.6...1.5).contains($0) }, "\(size) \(ratios)")
      let mean = ratios.reduce(0, +) / Double(ratios.count)
      #expect((0.85...1.15).contains(mean), "\(size) \(mean)")
      let purchases = stride(from: 0, to: 36, by: 3).map { index in
        rows[index..<index + 3].reduce(0) { $0 + number($1, 6) }
      }
      #expect(purchases[11] > 2 * purchases[0])
      for row in rows where number(row, 6) > 50 {
        #expect((15_000...60_000).contains(number(row, 7) / number(row, 6)), "\(row)")
      }
    }
  }

  @Test func `who is there stays, and nobody is there before`() throws {
    let archive = try Self.archive()
    var days: [String: [Int]] = [:]
    for (index, date) in archive.days.enumerated() {
      let events = try Self.events(try #require(archive.day(date)))
      for device in Set(events.compactMap { $0["device_id"]?.string }) {
        days[device, default: []].append(index)
      }
    }
    // Those who come on most days at the end of the year: some came often at its beginning, others
    // not once, and who had come first goes on coming.
    let regulars = days.values.filter { seen in seen.filter { $0 >= 16 }.count >= 4 }
    let newcomers = regulars.filter { $0[0] >= 8 }
    let veterans = regulars.filter { seen in seen.filter { $0 < 8 }.count >= 3 }
    #expect(regulars.count >= 8)
    #expect(newcomers.count * 6 >= regulars.count, "\(newcomers.count) of \(regulars.count)")
    #expect(veterans.count * 6 >= regulars.count, "\(veterans.count) of \(regulars.count)")
    for seen in regulars {
      #expect(Double(seen.count) > 0.2 * Double(archive.days.count - seen[0]), "\(seen)")
    }
  }

  @Test func `only kept days are there, and the game has no year before`() throws {
    let archive = try Self.archive()
    #expect(archive.day(CivilDate(year: 2023, month: 5, day: 10)) == nil)
    #expect(archive.day(CivilDate(year: 2024, month: 1, day: 9)) == nil)
    #expect(try Harness.world(app: "game").historyArchive == nil)
  }
}
