import Course
import Foundation
import Grading
import Testing

/// The ingest worksheet: how its cells are judged, and what each misconception is told.
@Suite struct WorksheetTests {
  private static let content = CourseContent(root: contentRoot)

  /// 1,000,000 users × 50 events, a push that triples, consumers of 500 events per second.
  private static let base: [String: Double] = {
    var values: [String: Double] = [:]
    for one in (try? content.assumptions()) ?? [] { values[one.id] = one.choices[0] }
    values.merge(["dau": 1_000_000, "events_per_user": 50, "push_factor": 3, "consumer_rate": 500]) {
      $1
    }
    return values
  }()

  private static let answers: [(cell: String, text: String)] = [
    ("events_per_day", "5천만 건"), ("average_per_s", "579/s"), ("peak_per_s", "1,014"),
    ("burst_per_s", "초당 3042건"), ("bytes_per_event", "544 B"), ("mb_per_s", "1.65 MB/s"),
    ("partitions", "７"), ("chosen_partitions", "12"), ("shards_by_records", "4"),
    ("shards_by_bytes", "2 shards"), ("shards", "4"), ("retention_raw_gb", "571 GB"),
    ("retention_zstd_gb", "81"),
  ]

  private func sheet() throws -> Worksheet {
    try #require(try Self.content.worksheets().first { $0.id == "ingest" })
  }

  /// The rows after the right answers, some of them replaced; nil empties a cell.
  private func rows(
    _ changes: [String: String?] = [:], assumptions: [String: Double] = base,
    measured: Double? = nil
  ) throws -> [String: WorksheetRow] {
    let sheet = try sheet()
    var entries: [String: WorksheetEntry] = [:]
    for (id, text) in Self.answers {
      guard let text = changes[id, default: text] else { continue }
      let cell = try #require(sheet.cell(id: id))
      let reading = WrittenNumber.read(text, in: cell.unit, nouns: cell.nouns)
      guard case .number(let written) = reading else {
        Issue.record("\(text): \(reading)")
        continue
      }
      entries[id] = WorksheetEntry(
        value: written.value, text: text, measured: id == "bytes_per_event" ? measured : nil)
    }
    let rows = sheet.rows(entries, assumptions: assumptions)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.cell.id, $0) })
  }

  @Test func `the worked base case is right in every cell`() throws {
    let rows = try rows()
    #expect(rows.count == 13 && Self.answers.count == 13)
    for (id, _) in Self.answers { #expect(rows[id]?.state == .right, "\(id)") }
  }

  @Test func `the curriculum's numbers are the formulas' own`() throws {
    let rows = try rows()
    let expected = [
      "events_per_day": 50_000_000, "average_per_s": 578.7, "peak_per_s": 1_014, "burst_per_s": 3_042,
      "mb_per_s": 1.655, "partitions": 7, "shards_by_records": 4, "shards_by_bytes": 2, "shards": 4,
      "retention_raw_gb": 571.2, "retention_zstd_gb": 80.85,
    ]
    for (id, value) in expected {
      let right = try #require(rows[id]?.expected)
      #expect(abs(right / value - 1) < 0.001, "\(id): \(right)")
    }
  }

  // The wrong answers that the exercise must reject, each by its name.
  @Test(arguments: [
    ("events_per_day", "1,000,000", "users-only"),
    ("average_per_s", "1157", "half-day"), ("average_per_s", "34722", "per-minute"),
    ("peak_per_s", "579/s", "stops-at-average"),
    ("burst_per_s", "1014/s", "stops-at-peak"), ("burst_per_s", "1736", "burst-of-average"),
    ("bytes_per_event", "51", "parquet-bytes"), ("bytes_per_event", "77 B", "compressed-bytes"),
    ("mb_per_s", "13.2", "bits"), ("mb_per_s", "0.315", "average-bytes"),
    ("mb_per_s", "0.55", "peak-bytes"),
    ("partitions", "2", "average-partitions"), ("partitions", "3", "peak-partitions"),
    ("partitions", "6", "rounded-down"), ("partitions", "6.08", "rounded-down"),
    ("partitions", "6.5", "not-whole"), ("partitions", "7.2", "not-whole"),
    ("chosen_partitions", "7", "no-headroom"),
    ("shards_by_records", "1", "average-shards"),
    ("shards", "2", "bytes-only"), ("shards", "6", "both-added"),
    ("retention_raw_gb", "190", "no-replicas"), ("retention_raw_gb", "81.6", "one-day"),
    ("retention_raw_gb", "27.2", "one-day-one-copy"),
    ("retention_raw_gb", "53.55", "parquet-retention"),
    ("retention_zstd_gb", "26.95", "no-replicas"), ("retention_zstd_gb", "53.55", "parquet-retention"),
    ("retention_zstd_gb", "571", "not-compressed"),
  ])
  func `a known misconception is named`(cell: String, text: String, mistake: String) throws {
    let row = try #require(try rows([cell: text])[cell])
    #expect(row.state == .firstWrong)
    #expect(row.mistake == mistake)
  }

  @Test(arguments: [
    ("mb_per_s", "1.65 Mb/s", UnitSlip.Kind.bytesPrefix, true),
    ("mb_per_s", "1.65 KB/s", .bytesPrefix, false), ("mb_per_s", "1655", .bytesPrefix, false),
    ("retention_raw_gb", "571 MB", .bytesPrefix, false),
    ("average_per_s", "579/min", .perTime, false),
    ("retention_raw_gb", "531.97", .binaryBytes, false),
    ("bytes_per_event", "68", .bytesPrefix, true),
  ])
  func `a slip of unit is named`(cell: String, text: String, kind: UnitSlip.Kind, isBits: Bool) throws {
    let row = try #require(try rows([cell: text])[cell])
    #expect(row.state == .firstWrong && row.mistake == nil)
    #expect(row.slip?.kind == kind)
    #expect(row.slip?.isBits == isBits)
  }

  @Test(arguments: [
    ("mb_per_s", "13.24 Mb/s"), ("mb_per_s", "1655 KB/s"), ("mb_per_s", "1.65MBps"),
    ("mb_per_s", "13.24 Mbps"), ("mb_per_s", "1.65 mb/s"), ("mb_per_s", "초당 1.65 MB"),
    ("average_per_s", "초당 약 579건"), ("average_per_s", "34,722 events/min"),
    ("events_per_day", "50M"), ("events_per_day", "5,000만"), ("events_per_day", "５０，０００，０００"),
    ("retention_raw_gb", "0.571 TB"), ("retention_raw_gb", "571,200 MB"),
    ("partitions", "파티션 7개"), ("partitions", "7 partitions"), ("peak_per_s", "1.014k"),
    ("peak_per_s", "1014 tps"), ("burst_per_s", "3.042E3"), ("events_per_day", "5.0E7"),
    ("average_per_s", "578.7037037037037"), ("mb_per_s", "1.6546666666666666"),
  ])
  func `another spelling is as right`(cell: String, text: String) throws {
    #expect(try rows([cell: text])[cell]?.state == .right)
  }

  @Test(arguments: ["", "many", "1014 2000", "1014/s/s", "3 4", "12:30"])
  func `what is no number has no reading`(text: String) throws {
    let cell = try #require(try sheet().cell(id: "average_per_s"))
    #expect(WrittenNumber.read(text, in: cell.unit, nouns: cell.nouns) == .unreadable)
  }

  @Test(arguments: [
    ("average_per_s", "579 MB/s"), ("average_per_s", "579 seconds"), ("mb_per_s", "579 events/s"),
    ("retention_raw_gb", "571 GB/day"), ("partitions", "7/s"),
  ])
  func `another kind of unit is told apart`(cell: String, text: String) throws {
    let cell = try #require(try sheet().cell(id: cell))
    guard case .otherKind = WrittenNumber.read(text, in: cell.unit, nouns: cell.nouns) else {
      Issue.record("\(WrittenNumber.read(text, in: cell.unit, nouns: cell.nouns))")
      return
    }
  }

  @Test func `later cells are judged over the learner's own earlier ones`() throws {
    // Stops at the average: everything after it follows from 579.
    let rows = try rows([
      "peak_per_s": "579", "burst_per_s": "1736", "mb_per_s": "0.944", "partitions": "4",
      "chosen_partitions": "9", "shards_by_records": "2", "shards_by_bytes": "1", "shards": "2",
    ])
    #expect(rows["peak_per_s"]?.state == .firstWrong)
    for id in ["burst_per_s", "mb_per_s", "partitions", "chosen_partitions", "shards"] {
      #expect(rows[id]?.state == .depends && rows[id]?.isRight == true, "\(id)")
    }
    #expect(rows["retention_raw_gb"]?.state == .right)
    let second = try self.rows(["peak_per_s": "579", "burst_per_s": "3042"])
    #expect(second["burst_per_s"]?.state == .wrong)
    #expect(second["mb_per_s"]?.state == .depends)
  }

  @Test func `a cell waits for those it is worked out from`() throws {
    let rows = try rows(["peak_per_s": nil])
    #expect(rows["peak_per_s"]?.state == .empty)
    #expect(rows["burst_per_s"]?.state == .waiting && rows["burst_per_s"]?.isRight == nil)
    #expect(rows["partitions"]?.state == .right)
  }

  @Test func `five percent is the limit`() throws {
    #expect(try rows(["average_per_s": "607.6"])["average_per_s"]?.isRight == true)
    #expect(try rows(["average_per_s": "608"])["average_per_s"]?.isRight == false)
    #expect(try rows(["average_per_s": "549"])["average_per_s"]?.isRight == false)
    #expect(try rows(["average_per_s": "549.9"])["average_per_s"]?.isRight == true)
  }

  @Test func `a measured size is right by this world or as it was sent`() throws {
    #expect(try rows(["bytes_per_event": "640"], measured: 642)["bytes_per_event"]?.isRight == true)
    #expect(try rows(["bytes_per_event": "544"], measured: 642)["bytes_per_event"]?.isRight == true)
    #expect(try rows(["bytes_per_event": "590"], measured: 642)["bytes_per_event"]?.isRight == false)
    #expect(try rows(["bytes_per_event": "640"])["bytes_per_event"]?.isRight == false)
  }

  @Test func `the learner chooses the partitions within bounds`() throws {
    for (text, isRight) in [
      ("12", true), ("15", true), ("21", true), ("9", false), ("14", false), ("24", false),
    ] {
      #expect(try rows(["chosen_partitions": text])["chosen_partitions"]?.isRight == isRight, "\(text)")
    }
  }

  /// The assumptions of every learner that can be drawn.
  private static func draws() throws -> [[String: Double]] {
    let used = Set(["dau", "events_per_user", "push_factor", "consumer_rate"])
    let drawn = try content.assumptions().filter { $0.isDrawn && used.contains($0.id) }
    #expect(drawn.count == used.count)
    return drawn.reduce([base]) { draws, one in
      draws.flatMap { draw in one.choices.map { choice in draw.merging([one.id: choice]) { $1 } } }
    }
  }

  @Test func `every draw can be filled with whole and rounded numbers`() throws {
    let sheet = try sheet()
    let draws = try Self.draws()
    #expect(draws.count == 135)
    for draw in draws {
      var entries: [String: WorksheetEntry] = ["bytes_per_event": .init(value: 544, text: "544")]
      for index in sheet.cells.indices {
        let row = sheet.rows(entries, assumptions: draw)[index]
        let exact = try #require(row.expected)
        // As people round: to four figures.
        let figure = pow(10, (log10(exact).rounded(.down) - 3))
        let value = row.cell.isWhole ? exact : (exact / figure).rounded() * figure
        entries[row.cell.id] = WorksheetEntry(value: value, text: "\(value)")
      }
      let states = Set(sheet.rows(entries, assumptions: draw).map(\.state))
      #expect(states == [.right], "\(draw)")
    }
  }

  // Whoever draws such assumptions is told "right" for what the exercise must reject. Records bind in
  // every draw, so that `records-only` is no wrong number.
  @Test(arguments: [500.0, 544, 600, 650, 700, 740])
  func `no draw makes a misconception right`(bytesPerEvent: Double) throws {
    let sheet = try sheet()
    for draw in try Self.draws() {
      var values = draw
      for cell in sheet.cells {
        let right =
          cell.id == "bytes_per_event"
          ? bytesPerEvent : try #require(cell.source.formulas.first?.value(values))
        values[cell.id] = right
        for mistake in cell.mistakes where mistake.id != "records-only" {
          let wrong = mistake.formula.value(values.merging([Worksheet.rightName: right]) { $1 })
          let distance = abs(try #require(wrong) - right)
          let isTold = cell.isWhole ? distance >= 1 : distance > right * Worksheet.tolerance
          #expect(isTold, "\(cell.id) \(mistake.id): \(draw)")
        }
      }
    }
  }

  // MARK: Assumptions

  @Test func `a learner draws the same everywhere, and learners draw differently`() throws {
    let assumptions = try Self.content.assumptions()
    let dau = try #require(assumptions.first { $0.id == "dau" })
    #expect(dau.value(seed: 7) == dau.value(seed: 7))
    #expect(Set((1...40).map { dau.value(seed: $0) }) == Set(dau.choices))
    let fixed = try #require(assumptions.first { $0.id == "peak_factor" })
    #expect((1...9).allSatisfy { fixed.value(seed: $0) == 1.752 })
  }

  @Test func `cells are found by number, id, title and an unambiguous beginning`() throws {
    let sheet = try sheet()
    func id(_ text: String) -> String? {
      guard case .found(let index) = sheet.lookup(text) else { return nil }
      return sheet.cells[index].id
    }
    #expect(id("3") == "peak_per_s" && id("３") == "peak_per_s")
    #expect(id("PEAK_PER_S") == "peak_per_s" && id("peak-per-s") == "peak_per_s")
    #expect(id("피크 시간") == "peak_per_s" && id("피크") == "peak_per_s" && id("peak") == "peak_per_s")
    #expect(id("shards") == "shards" && id("partitions") == "partitions")
    #expect(id("0") == nil && id("14") == nil && id("x") == nil && id("") == nil)
    guard case .several(let found) = sheet.lookup("shards_by") else {
      Issue.record("not several")
      return
    }
    #expect(found.count == 2)
  }
}
