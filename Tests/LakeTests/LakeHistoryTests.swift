import Codecs
import Columnar
import Connector
import Dispatch
import Foundation
import Lake
import Synchronization
import TestSupport
import Testing

/// `lake.archive` is made by its first reader, however many read, and whatever became of the one before.
struct LakeHistoryTests {
  private struct Torn: Error {}

  private static let schema = Schema([Field("month", .bigint), Field("events", .bigint)])
  private let scratch: ScratchDirectory

  init() throws {
    scratch = try ScratchDirectory()
  }

  /// Two days of three lines and a monthly row; `attempts` counts how often it was begun, and the
  /// first ones are torn in the middle.
  private func lake(_ attempts: Counter, torn: Int = 0) throws -> Lake {
    try Lake.open(
      root: scratch.path + "/lake",
      now: { 1_705_363_800_000 },
      history: LakeHistory(monthlySchema: Self.schema) { lake in
        let attempt = attempts.next()
        for day in ["09", "24"] {
          let lines = (0..<3).map { "{\"day\":\"\(day)\",\"n\":\($0)}\n" }.joined()
          try lake.putHistory([
            (
              "year=2023/month=01/day=\(day)/part-00000.json.gz",
              try Gzip.compress(Array(lines.utf8))
            )
          ])
          if attempt <= torn { throw Torn() }
        }
        try lake.commitHistory(
          [[.integer(1), .integer(6)]],
          schema: Self.schema,
          timestamp: 1_705_363_800_000
        )
      }
    )
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func next() -> Int {
      value.withLock {
        $0 += 1
        return $0
      }
    }
  }

  private static func rows(_ lake: Lake, _ name: String, _ columns: [Int]? = nil) throws -> [[Scalar]] {
    let source = try #require(try lake.table(schema: "archive", name: name))
    let columns = columns ?? Array(0..<source.schema.count)
    var rows: [[Scalar]] = []
    for split in try source.splits(for: ScanRequest(columns: columns)) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount { rows.append(batch.row(row)) }
      }
    }
    return rows
  }

  @Test func `shows its tables and their columns without being made`() throws {
    let attempts = Counter()
    let lake = try lake(attempts)
    #expect(try lake.schemaNames() == ["archive", "bronze", "gold", "silver"])
    #expect(try lake.tableNames(schema: "Archive") == ["events", "monthly_metrics"])
    let events = try #require(try lake.table(schema: "archive", name: "events"))
    #expect(events.schema.fields.map(\.name).contains("json"))
    #expect(try events.statistics().rowCount == nil)
    #expect(try lake.table(schema: "archive", name: "weekly").map { _ in 1 } == nil)
    #expect(attempts.count == 0)
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/lake/archive"))
  }

  @Test func `is made once for readers that come together, and is there after a restart`() throws {
    let attempts = Counter()
    let lake = try lake(attempts)
    let counts = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      let rows = try? Self.rows(lake, index.isMultiple(of: 2) ? "events" : "monthly_metrics")
      counts.withLock { $0.append(rows?.count ?? -1) }
    }
    #expect(counts.withLock { $0.sorted() } == [1, 1, 1, 1, 6, 6, 6, 6])
    #expect(attempts.count == 1)
    let again = try self.lake(attempts)
    #expect(
      try Self.rows(again, "events", [0, 1]).first == [
        .text("archive/events/year=2023/month=01/day=09/part-00000.json.gz"), .integer(1),
      ]
    )
    #expect(attempts.count == 1)
    // It is nothing that arrived: neither Bronze nor the tables of models know of it.
    #expect(try again.bronzeObjects().isEmpty && again.archive().isEmpty)
    #expect(try again.tableNames(schema: "silver").isEmpty)
  }

  @Test func `a making that was torn is begun again, and what it left is not doubled`() throws {
    let attempts = Counter()
    let lake = try lake(attempts, torn: 2)
    #expect(throws: Torn.self) { try Self.rows(lake, "events") }
    #expect(throws: Torn.self) { try Self.rows(lake, "monthly_metrics") }
    #expect(try Self.rows(lake, "events").count == 6)
    #expect(try Self.rows(lake, "monthly_metrics") == [[.integer(1), .integer(6)]])
    #expect(attempts.count == 3)
  }

  @Test func `a lake without one has no such schema`() throws {
    let lake = try Lake.open(root: scratch.path + "/plain", now: { 0 })
    #expect(try lake.schemaNames() == ["bronze", "gold", "silver"])
    #expect(try lake.tableNames(schema: "archive").isEmpty)
    #expect(try lake.table(schema: "archive", name: "events").map { _ in 1 } == nil)
  }
}
