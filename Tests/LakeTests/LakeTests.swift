import Codecs
import Columnar
import Connector
import DeltaLog
import Foundation
import Lake
import ObjectStorage
import Simulation
import TestSupport
import Testing
import Warehouse

@Suite struct LakeTests {
  let scratch: ScratchDirectory
  let lake: Lake

  private let hour = StoryTime(CivilDate(year: 2024, month: 1, day: 15), hour: 3, minute: 59)

  init() throws {
    scratch = try ScratchDirectory()
    lake = try Lake.open(root: scratch.path + "/lake", now: { 1_705_363_800_000 })
  }

  private func rows(
    _ source: (any TableSource)?,
    _ columns: [Int]? = nil,
    _ predicates: [ColumnPredicate] = []
  ) throws -> [[Scalar]] {
    let source = try #require(source)
    var result: [[Scalar]] = []
    let request = ScanRequest(
      columns: columns ?? Array(0..<source.schema.count),
      predicates: predicates
    )
    for split in try source.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount { result.append(batch.row(row)) }
      }
    }
    return result
  }

  private func put(_ lines: [String], partition: Int32, from: Int64, to: Int64) throws -> String {
    let key = Lake.bronzeKey(
      topic: "app-events",
      partition: partition,
      startOffset: from,
      endOffset: to,
      hourUTC: hour
    )
    let text = lines.map { $0 + "\n" }.joined()
    #expect(try lake.putBronze(key, Gzip.compress(Array(text.utf8))))
    return key
  }

  @Test func `a Bronze key says the hour and the offsets, and is read back`() throws {
    let key = Lake.bronzeKey(
      topic: "app-events",
      partition: 2,
      startOffset: 400,
      endOffset: 799,
      hourUTC: hour
    )
    #expect(
      key == "raw/events/year=2024/month=01/day=15/hour=03/"
        + "app-events-2-00000000000000000400-00000000000000000799.json.gz"
    )
    let parsed = try #require(BronzeKey(key))
    #expect(parsed.topic == "app-events")
    #expect(parsed.partition == 2)
    #expect(parsed.startOffset == 400)
    #expect(parsed.endOffset == 799)
    #expect(parsed.hourUTC.iso8601 == "2024-01-15T03:00:00.000Z")
    #expect(parsed.text == key)
    for bad in [
      "", "raw/events/x.json.gz", key + "x", String(key.dropFirst()),
      key.replacingOccurrences(of: "day=15", with: "day=32"),
      key.replacingOccurrences(of: "hour=03", with: "hour=24"),
      key.replacingOccurrences(of: "-2-", with: "--2-0"),
      key.replacingOccurrences(of: "0000799", with: "0000099"),
    ] {
      #expect(BronzeKey(bad) == nil, "\(bad)")
    }
  }

  @Test func `a Bronze object is put once`() throws {
    #expect(try lake.putBronze("raw/events/a.json.gz", [1]))
    #expect(try !lake.putBronze("raw/events/a.json.gz", [2]))
    #expect(try lake.bronzeObjects().map(\.key) == ["raw/events/a.json.gz"])
    #expect(throws: LakeError.self) { try lake.putBronze("processed/a", [1]) }
    #expect(throws: ObjectStorageError.self) { try lake.putBronze("raw/../a", [1]) }
  }

  @Test func `Bronze lines are rows with the fields that find an event`() throws {
    let lines = [
      #"{"properties":{"event_id":"inner"},"event_id":"e-1","event_name":"app_open","received_at":"2024-01-15T03:10:00.250Z"}"#,
      #"{ "event_name" : "say \"hi\" \uD55C" , "received_at":"2024-01-15T12:10:00+09:00","event_id":7}"#,
      #"not json "event_id":"x""#,
    ]
    let key = try put(lines, partition: 1, from: 10, to: 12)
    let time = { (text: String) in Scalar.integer(StoryTime.microseconds(iso8601: text)!) }
    #expect(
      try rows(lake.table(schema: "bronze", name: "events")) == [
        [
          .text(key), .integer(1), .text(lines[0]), .text("e-1"), .text("app_open"),
          time("2024-01-15T03:10:00.250Z"), .integer(1), .integer(10),
        ],
        [
          .text(key), .integer(2), .text(lines[1]), .null, .text("say \"hi\" 한"),
          time("2024-01-15T03:10:00Z"), .integer(1), .integer(11),
        ],
        [
          .text(key), .integer(3), .text(lines[2]), .null, .null, .null, .integer(1), .integer(12),
        ],
      ]
    )
  }

  @Test func `Bronze objects are read one by one, and left out by their keys`() throws {
    _ = try put(["{}", "{}"], partition: 0, from: 0, to: 1)
    let second = try put(["{}", "{}"], partition: 0, from: 2, to: 3)
    _ = try put(["{}"], partition: 1, from: 0, to: 5)
    let table = try #require(try lake.table(schema: "bronze", name: "EVENTS"))
    func count(_ column: Int, _ comparison: ColumnPredicate.Comparison) throws -> Int {
      try table.splits(
        for: ScanRequest(columns: [], predicates: [ColumnPredicate(column: column, comparison)])
      ).count
    }
    #expect(try table.splits(for: ScanRequest(columns: [])).count == 3)
    #expect(try count(0, .equal(.text(second))) == 1)
    #expect(try count(6, .equal(.integer(0))) == 2)
    #expect(try count(7, .equal(.integer(3))) == 2)
    #expect(try count(7, .greater(.integer(3))) == 1)
    #expect(try rows(table, []).count == 5)
    // One line for six offsets: which one it is cannot be told.
    #expect(try rows(table, [7], [ColumnPredicate(column: 6, .equal(.integer(1)))]) == [[.null]])
    // The table is pinned: an object that comes later does not show.
    _ = try put(["{}"], partition: 2, from: 0, to: 0)
    #expect(try table.splits(for: ScanRequest(columns: [])).count == 3)
  }

  @Test func `a damaged Bronze object is named`() throws {
    #expect(try lake.putBronze("raw/events/bad.json.gz", [0x1F, 0x8B, 1, 2, 3]))
    let error = #expect(throws: LakeError.self) {
      try rows(lake.table(schema: "bronze", name: "events"))
    }
    #expect(error?.code == "lake.corruptObject")
    #expect(error?.place == "raw/events/bad.json.gz")
  }

  private func fill(_ table: DeltaTable, _ values: [Int64], operation: String = "WRITE") throws {
    let sink = try table.snapshot().makeSink(
      mode: .append,
      options: DeltaWriteOptions(operation: operation, timestamp: 1_705_363_900_000)
    )
    try sink.write(
      ColumnarBatch(schema: try table.snapshot().schema, rows: values.map { [.integer($0)] })
    )
    _ = try sink.commit()
  }

  @Test func `Delta tables of both layers appear in the catalog`() throws {
    let schema = Schema([Field("n", .bigint)])
    let events = try lake.createTable("silver.events", schema: schema, timestamp: 0)
    let daily = try lake.createTable("gold.daily_metrics", schema: schema, timestamp: 0)
    #expect(events.path == "processed/events")
    #expect(daily.path == "aggregated/daily_metrics")
    try lake.store.put("processed/no_table/file", [1])
    #expect(try lake.schemaNames() == ["bronze", "gold", "silver"])
    #expect(try lake.tableNames(schema: "silver") == ["events"])
    #expect(try lake.tableNames(schema: "gold") == ["daily_metrics"])
    #expect(try lake.tableNames(schema: "bronze") == [])
    #expect(try lake.tableNames(schema: "iron") == [])
    try fill(events, [1, 2])
    let pinned = try lake.table(schema: "silver", name: "Events")
    try fill(events, [3])
    #expect(try rows(pinned) == [[.integer(1)], [.integer(2)]])
    #expect(try rows(lake.table(schema: "silver", name: "events")).count == 3)
    #expect(try lake.table(schema: "silver", name: "no_table").map { _ in 1 } == nil)
    #expect(try lake.table(schema: "silver", name: "../processed").map { _ in 1 } == nil)
    #expect(try lake.deltaTable("silver.events")?.snapshot().version == 2)
    #expect(throws: LakeError.self) { try lake.deltaTable("bronze.events") }
    #expect(throws: DeltaLogError.self) {
      try lake.createTable("silver.a/b", schema: schema, timestamp: 0)
    }
  }

  @Test func `system tables show objects and snapshots`() throws {
    let table = try lake.createTable(
      "silver.events",
      schema: Schema([Field("n", .bigint)]),
      timestamp: 1_705_363_800_000
    )
    try fill(table, [1, 2])
    #expect(try lake.putBronze("raw/events/a.json", [1, 2, 3]))
    let objects = try rows(lake.systemTables()["objects"]?())
    #expect(
      objects.map { $0[3] } == [.text("silver"), .text("silver"), .text("silver"), .text("bronze")]
    )
    #expect(
      objects.last == [
        .text("raw/events/a.json"), .integer(3), .integer(1_705_363_800_000_000), .text("bronze"),
      ]
    )
    #expect(
      try rows(lake.systemTables()["snapshots"]?()) == [
        [
          .text("silver.events"), .integer(0), .integer(1_705_363_800_000_000),
          .text("CREATE TABLE"), .integer(0), .integer(0),
        ],
        [
          .text("silver.events"), .integer(1), .integer(1_705_363_900_000_000), .text("WRITE"),
          .integer(1), .integer(2),
        ],
      ]
    )
  }

  @Test func `the warehouse shows its tables and loads`() throws {
    let warehouse = Warehouse(
      bucket: Bucket(
        name: "warehouse", store: try LocalObjectStore(root: scratch.path + "/warehouse"),
        side: scratch.path + "/s3"))
    let table = try warehouse.mart.create(
      "daily",
      schema: Schema([Field("n", .bigint)]),
      timestamp: 0
    )
    #expect(table.path == "mart/daily")
    try fill(table, [1, 2], operation: "LOAD")
    try fill(table, [3], operation: "LOAD")
    #expect(try warehouse.schemaNames() == ["mart"])
    #expect(try warehouse.tableNames(schema: "mart") == ["daily"])
    #expect(try rows(warehouse.table(schema: "mart", name: "daily")).count == 3)
    #expect(try warehouse.table(schema: "mart", name: "x").map { _ in 1 } == nil)
    let time = Scalar.integer(1_705_363_900_000_000)
    #expect(
      try rows(warehouse.systemTables()["loads"]?()) == [
        [.text("mart.daily"), .integer(1), time, .integer(2), .text("LOAD")],
        [.text("mart.daily"), .integer(2), time, .integer(1), .text("LOAD")],
      ]
    )
  }
}
