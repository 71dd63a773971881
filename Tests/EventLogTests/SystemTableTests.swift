// The log as learners see it in SQL.

import Columnar
import Connector
import EventLog
import Foundation
import KafkaProtocol
import Testing

@Suite struct SystemTableTests {
  private func scan(
    _ log: EventLog,
    _ name: String,
    columns: [Int]? = nil,
    _ predicates: [ColumnPredicate] = [],
    limit: Int? = nil
  ) throws -> [[Scalar]] {
    let provider = try #require(log.systemTables()[name])
    let table = try #require(try provider())
    let request = ScanRequest(
      columns: columns ?? Array(0..<table.schema.count),
      predicates: predicates,
      limit: limit
    )
    var rows: [[Scalar]] = []
    for split in try table.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount { rows.append(batch.row(row)) }
      }
    }
    return rows
  }

  private func makeLog(_ scratch: ScratchDirectory) throws -> EventLog {
    let log = try EventLog.open(
      directory: scratch.path,
      configuration: EventLogConfiguration(segmentBytesMax: 4_000, indexIntervalBytes: 100)
    )
    try log.createTopic("app-events", partitionCount: 2)
    try log.createTopic("dlq", partitionCount: 1)
    for number in 0..<100 {
      _ = try log.append(
        [record(number)],
        to: TopicPartition("app-events", Int32(number % 2)),
        appendTime: Int64(number) * 1_000
      )
    }
    return log
  }

  @Test func `partitions shows offsets, segments and bytes`() throws {
    let scratch = ScratchDirectory()
    let log = try makeLog(scratch)
    let rows = try scan(log, "partitions")
    #expect(rows.count == 3)
    #expect(rows[0].prefix(4) == [.text("app-events"), .integer(0), .integer(0), .integer(50)])
    guard case .integer(let segments) = rows[0][4], case .integer(let bytes) = rows[0][5] else {
      Issue.record("segments and bytes are numbers")
      return
    }
    #expect(segments > 1)
    let files = try scratch.names("app-events-0").filter { $0.hasSuffix(".log") }
    #expect(segments == Int64(files.count))
    #expect(
      try bytes == files.reduce(0) { try $0 + Int64(scratch.bytes("app-events-0/" + $1).count) }
    )
    #expect(
      rows[2] == [.text("dlq"), .integer(0), .integer(0), .integer(0), .integer(1), .integer(0)]
    )
  }

  @Test func `records shows every field of a record`() throws {
    let scratch = ScratchDirectory()
    let log = try makeLog(scratch)
    _ = try log.append(
      [
        Record(
          key: nil,
          value: Array(
            #" {"n":[1,{"event_id":"no"}],"s":"a,\"}", "event_name" : "\uC548\n녕","event_id":"x1"}"#
              .utf8
          ),
          headers: [RecordHeader("reason", "bad \"json\""), RecordHeader(key: "nil", value: nil)]
        ),
        Record(key: [0xFF, 0x41], value: Array("not json".utf8)),
        Record(key: [], value: nil),
      ],
      to: TopicPartition("dlq", 0),
      appendTime: 1_500
    )
    let rows = try scan(log, "records", [ColumnPredicate(column: 0, .equal(.text("dlq")))])
    #expect(rows.count == 3)
    #expect(rows[0][0..<5] == [.text("dlq"), .integer(0), .integer(0), .integer(1_500_000), .null])
    #expect(rows[0][6] == .text("x1"))
    #expect(rows[0][7] == .text("안\n녕"))
    #expect(rows[0][8] == .text(#"{"reason":"bad \"json\"","nil":null}"#))
    #expect(rows[1][4..<9] == [.text("\u{FFFD}A"), .text("not json"), .null, .null, .null])
    #expect(rows[2][4..<9] == [.text(""), .null, .null, .null, .null])
  }

  @Test func `predicates on partition and offset read only what they need`() throws {
    let scratch = ScratchDirectory()
    let log = try makeLog(scratch)
    let table = try #require(try log.systemTables()["records"]?())
    let request = ScanRequest(
      columns: [1, 2, 6],
      predicates: [
        ColumnPredicate(column: 1, .equal(.integer(1))),
        ColumnPredicate(column: 2, .equal(.integer(31))),
      ]
    )
    let splits = try table.splits(for: request)
    #expect(splits.map(\.label) == ["app-events-1 [31, 32)"])
    let batch = try #require(try splits[0].open().next())
    #expect(batch.rowCount == 1)
    #expect(batch.row(0) == [.integer(1), .integer(31), .text("e63")])
  }

  @Test(arguments: [
    (ColumnPredicate(column: 2, .less(.integer(3))), Array(0..<3)),
    (ColumnPredicate(column: 2, .lessOrEqual(.integer(3))), Array(0..<4)),
    (ColumnPredicate(column: 2, .greater(.integer(47))), [48, 49]),
    (ColumnPredicate(column: 2, .greaterOrEqual(.integer(47))), [47, 48, 49]),
    (ColumnPredicate(column: 2, .isIn([.integer(4), .integer(6)])), [4, 5, 6]),
    (ColumnPredicate(column: 2, .equal(.integer(.max))), []),
    (ColumnPredicate(column: 2, .equal(.integer(-1))), []),
    (ColumnPredicate(column: 3, .greaterOrEqual(.integer(96_000_000))), [48, 49]),
    (ColumnPredicate(column: 3, .less(.integer(1))), Array(0..<50)),
    (ColumnPredicate(column: 0, .isIn([.text("dlq")])), []),
    (ColumnPredicate(column: 0, .notEqual(.text("app-events"))), []),
  ])
  func `offset and time predicates bound the scan`(predicate: ColumnPredicate, expected: [Int])
    throws
  {
    let scratch = ScratchDirectory()
    let log = try makeLog(scratch)
    let rows = try scan(
      log,
      "records",
      columns: [2],
      [ColumnPredicate(column: 1, .equal(.integer(0))), predicate]
    )
    #expect(rows == expected.map { [.integer(Int64($0))] })
  }

  @Test func `records counts without columns, stops at a limit, and keeps its snapshot`() throws {
    let scratch = ScratchDirectory()
    let log = try makeLog(scratch)
    let provider = try #require(log.systemTables()["records"])
    let table = try #require(try provider())
    _ = try log.append([record(1)], to: t0, appendTime: 1)
    var count = 0
    for split in try table.splits(for: ScanRequest(columns: [])) {
      let reader = try split.open()
      while let batch = try reader.next() { count += batch.rowCount }
    }
    #expect(count == 100)
    #expect(table.rowCount == 100)
    #expect(try scan(log, "records", limit: 3).count == 6)
  }

  @Test func `consumer_groups shows the lag`() throws {
    let scratch = ScratchDirectory()
    let log = try makeLog(scratch)
    try log.commitOffset(group: "lake", t0, Offset(20))
    #expect(
      try scan(log, "consumer_groups") == [
        [
          .text("lake"), .text("app-events"), .integer(0), .integer(20), .integer(50), .integer(30),
        ]
      ]
    )
  }
}
