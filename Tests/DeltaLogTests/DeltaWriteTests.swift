import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite struct DeltaWriteTests {
  let test: TestTable

  init() throws {
    test = try TestTable()
  }

  private let day15 = TestTable.day15
  private let day16 = TestTable.day16

  @Test func `the first commit has these bytes`() throws {
    let text = String(
      decoding: try test.store.get("processed/events/_delta_log/00000000000000000000.json"),
      as: UTF8.self
    )
    #expect(
      text == #"""
        {"commitInfo":{"timestamp":1705363800000,"operation":"CREATE TABLE","operationParameters":{"partitionBy":"[\"dt\"]"},"isBlindAppend":false,"engineInfo":"Tapline","operationMetrics":{"numFiles":"0","numRemovedFiles":"0"}}}
        {"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
        {"metaData":{"id":"c5c2a673-b374-8af7-9bf5-0b048685d4ed","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"dt\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["dt"],"configuration":{"delta.enableExpiredLogCleanup":"false"},"createdTime":1705363800000}}

        """#
    )
  }

  @Test func `statistics put the files together, and their days`() throws {
    try test.write([(5, "a", day15), (2, nil, day16), (9, "c", day15), (4, "d", nil)])
    let statistics = try test.table.snapshot().statistics()
    #expect(statistics.rowCount == 4)
    #expect(
      statistics.columns[0]
        == ColumnStatistics(minimum: .integer(2), maximum: .integer(9), nullCount: 0))
    // The file in which each name is NULL has no bounds, and needs none.
    #expect(
      statistics.columns[1]
        == ColumnStatistics(minimum: .text("a"), maximum: .text("d"), nullCount: 1))
    #expect(
      statistics.columns[2]
        == ColumnStatistics(
          minimum: .integer(day15), maximum: .integer(day16), nullCount: 1, distinctCount: 2))
  }

  @Test func `counts that no file can have say nothing`() {
    let piece = ColumnPiece(
      rowCount: 2, minimum: .integer(1), maximum: .integer(2), nullCount: .max)
    let known = ColumnStatistics(pieces: [piece, piece])
    #expect(known.nullCount == nil && known.minimum == .integer(1))
    #expect(ColumnStatistics(pieces: []).nullCount == 0)
  }

  @Test func `an append shows its rows, one file a partition, and what it was`() throws {
    let summary = try test.write(
      [(1, "a", day15), (2, nil, day16), (3, "c", day15), (4, "d", nil)],
      transactions: ["ingest": 41]
    )
    #expect(summary == CommitSummary(version: 1, rowsAdded: 4, filesAdded: 3, filesRemoved: 0))
    let snapshot = try test.table.snapshot()
    #expect(snapshot.version == 1)
    #expect(snapshot.rowCount == 4)
    #expect(snapshot.transactions == ["ingest": 41])
    #expect(
      snapshot.files.map { $0.partitionValues["dt"]! } == ["2024-01-15", "2024-01-16", nil]
    )
    #expect(
      snapshot.files.map { $0.path.split(separator: "/")[0] }
        == ["dt=2024-01-15", "dt=2024-01-16", "dt=__HIVE_DEFAULT_PARTITION__"]
    )
    #expect(
      snapshot.files[0].stats
        == #"{"numRecords":2,"minValues":{"id":1,"name":"a"},"maxValues":{"id":3,"name":"c"},"nullCount":{"id":0,"name":0}}"#
    )
    #expect(
      try test.rows() == [
        [.integer(1), .text("a"), .integer(day15)], [.integer(2), .null, .integer(day16)],
        [.integer(3), .text("c"), .integer(day15)], [.integer(4), .text("d"), .null],
      ]
    )
    let changes = try test.table.changes(since: 0)
    #expect(changes.map(\.version) == [1])
    #expect(changes[0].operation == "WRITE")
    #expect(changes[0].timestamp == TestTable.time + 1_000)
    #expect(changes[0].adds.count == 3)
  }

  @Test func `the same writes give the same names, and a taken name gives another`() throws {
    let other = try TestTable()
    let rows: [(Int64, String?, Int64?)] = [(1, "a", day15), (2, "b", day16)]
    try test.write(rows)
    try other.write(rows)
    let names = try test.table.snapshot().files.map(\.path)
    #expect(try other.table.snapshot().files.map(\.path) == names)

    // A process that was killed before its commit has left a file of the same name.
    let third = try TestTable()
    try third.store.put("processed/events/" + names[0], [0])
    try third.write(rows)
    let again = try third.table.snapshot().files.map(\.path)
    #expect(again[0] != names[0])
    #expect(again[1] == names[1])
    #expect(try third.rows().count == 2)
    #expect(try third.store.get("processed/events/" + names[0]) == [0])
  }

  @Test func `overwriting partitions replaces these alone and leaves old versions readable`() throws
  {
    try test.write([(1, "a", day15), (2, "b", day16)])
    let before = try test.table.snapshot()
    let summary = try test.write(
      [(9, "new", day15)],
      mode: .overwritePartitions([["dt": "2024-01-15"]])
    )
    #expect(summary == CommitSummary(version: 2, rowsAdded: 1, filesAdded: 1, filesRemoved: 1))
    #expect(try test.rows(columns: [0]) == [[.integer(2)], [.integer(9)]])
    #expect(try test.rows(before, columns: [0]) == [[.integer(1)], [.integer(2)]])
    #expect(
      try test.rows(test.table.snapshot(version: 1), columns: [0]) == [
        [.integer(1)], [.integer(2)],
      ]
    )
    let commit = try #require(try test.table.changes(since: 1).first)
    #expect(commit.removes.map { $0.partitionValues!["dt"]! } == ["2024-01-15"])
    // A listed partition without rows becomes empty.
    let sink = try test.table.snapshot().makeSink(
      mode: .overwritePartitions([["dt": "2024-01-16"]]),
      options: DeltaWriteOptions(timestamp: TestTable.time)
    )
    #expect(try sink.commit().filesRemoved == 1)
    #expect(try test.rows(columns: [0]) == [[.integer(9)]])
  }

  @Test func `overwriting replaces everything`() throws {
    try test.write([(1, "a", day15), (2, "b", day16)])
    try test.write([(3, "c", nil)], mode: .overwrite)
    #expect(try test.rows(columns: [0, 2]) == [[.integer(3), .null]])
    #expect(try test.table.history().map(\.fileCount) == [0, 2, 1])
    #expect(try test.table.history().map(\.rowCount) == [0, 2, 1])
  }

  @Test func `refuses rows that do not fit, and keeps nothing of them`() throws {
    let snapshot = try test.table.snapshot()
    func sink(_ mode: WriteMode = .append) -> any BatchSink {
      snapshot.makeSink(mode: mode, options: DeltaWriteOptions(timestamp: 0))
    }
    func kind(
      _ batch: ColumnarBatch,
      mode: WriteMode = .append
    ) -> DeltaLogError.Kind? {
      let sink = sink(mode)
      defer { sink.abort() }
      return test.error { try sink.write(batch) }?.kind
    }
    let batch = TestTable.batch([(1, "a", day15)])
    #expect(kind(batch.selecting([0, 1])) == .schemaMismatch)
    #expect(kind(batch.selecting([1, 0, 2])) == .schemaMismatch)
    let null = ColumnarBatch(
      schema: TestTable.schema,
      rows: [[.null, .null, .null]]
    )
    #expect(kind(null) == .nullInRequiredColumn)
    #expect(
      kind(batch, mode: .overwritePartitions([["dt": "2024-01-16"]])) == .rowOutsidePartitions
    )
    #expect(
      kind(batch, mode: .overwritePartitions([["day": "2024-01-16"]])) == .unknownPartitionColumn
    )
    #expect(kind(batch, mode: .overwritePartitions([[:]])) == .unknownPartitionColumn)
    #expect(kind(TestTable.batch([(1, "a", 5_000_000)])) == .invalidPartitionValue)
    #expect(try test.store.list(prefix: "processed/").count == 1)
    #expect(test.scratch.names(".tapline-staging") == [])
  }

  @Test func `an append stands on top of commits that came between`() throws {
    let old = try test.table.snapshot()
    try test.write([(1, "a", day15)])
    let summary = try test.write([(2, "b", day15)], on: old)
    #expect(summary.version == 2)
    #expect(try test.rows(columns: [0]) == [[.integer(1)], [.integer(2)]])
  }

  @Test func `an overwrite conflicts where its partitions changed, and not elsewhere`() throws {
    try test.write([(1, "a", day15), (2, "b", day16)])
    let old = try test.table.snapshot()
    try test.write([(3, "c", day16)])
    let elsewhere = try test.write(
      [(4, "d", day15)],
      mode: .overwritePartitions([["dt": "2024-01-15"]]),
      on: old
    )
    #expect(elsewhere.version == 3)
    let objects = try test.store.list(prefix: "").count
    let added = test.error {
      try test.write(
        [(5, "e", day16)],
        mode: .overwritePartitions([["dt": "2024-01-16"]]),
        on: old
      )
    }
    #expect(added?.kind == .conflict)
    #expect(added?.version == 2)
    let whole = test.error { try test.write([(5, "e", day16)], mode: .overwrite, on: old) }
    #expect(whole?.kind == .conflict)
    let removed = test.error {
      try test.write(
        [(5, "e", day15)],
        mode: .overwritePartitions([["dt": "2024-01-15"]]),
        on: old
      )
    }
    #expect(removed?.kind == .conflict)
    #expect(removed?.version == 3)
    #expect(try test.store.list(prefix: "").count == objects)
    #expect(try test.rows(columns: [0]) == [[.integer(2)], [.integer(3)], [.integer(4)]])
  }

  @Test func `a position that is recorded is never written twice`() throws {
    let old = try test.table.snapshot()
    try test.write([(1, "a", day15)], transactions: ["ingest": 7])
    #expect(
      test.error { try test.write([(1, "a", day15)], transactions: ["ingest": 7]) }?.kind
        == .alreadyCommitted
    )
    // Prepared before the other's commit, so it notices only while committing.
    #expect(
      test.error { try test.write([(1, "a", day15)], transactions: ["ingest": 7], on: old) }?.kind
        == .alreadyCommitted
    )
    try test.write([(2, "b", day15)], transactions: ["ingest": 8])
    #expect(try test.table.snapshot().transactions == ["ingest": 8])
    #expect(try test.rows(columns: [0]) == [[.integer(1)], [.integer(2)]])
  }

  @Test func `two writers of twenty appends each lose nothing`() throws {
    let (store, path) = (test.store, test.table.path)
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { writer in
      let mine = DeltaTable(store: store, path: path)
      for number in 0..<20 {
        do {
          let sink = try mine.snapshot().makeSink(
            mode: .append,
            options: DeltaWriteOptions(timestamp: TestTable.time)
          )
          try sink.write(
            TestTable.batch([(Int64(writer * 100 + number), "w", TestTable.day15)])
          )
          _ = try sink.commit()
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
    }
    #expect(failures.withLock { $0 } == [])
    let snapshot = try test.another().snapshot()
    #expect(snapshot.version == 40)
    let ids = try test.rows(snapshot, columns: [0]).map { row -> Int64 in
      if case .integer(let value) = row[0] { value } else { -1 }
    }
    #expect(ids.sorted() == Array(0..<20) + Array(100..<120))
  }

  @Test func `what a killed writer left is invisible and does not stop the next`() throws {
    let sink = try test.table.snapshot().makeSink(
      mode: .append,
      options: DeltaWriteOptions(timestamp: 0)
    )
    try sink.write(TestTable.batch([(1, "a", day15)]))
    // The process dies here: neither commit nor abort. Later ones see staging files only.
    #expect(test.scratch.names(".tapline-staging").count == 1)
    #expect(try test.another().snapshot().files.isEmpty)
    #expect(try test.store.list(prefix: "processed/events/dt").isEmpty)
    try test.write([(2, "b", day15)])
    #expect(try test.rows(test.another().snapshot(), columns: [0]) == [[.integer(2)]])
    withExtendedLifetime(sink) {}
  }

  @Test func `rows of a partition go on in another file when one is full`() throws {
    let sink = try test.table.snapshot().makeSink(
      mode: .append,
      options: DeltaWriteOptions(timestamp: 0, targetRowsPerFile: 2)
    )
    for id in 0..<5 { try sink.write(TestTable.batch([(Int64(id), "x", day15)])) }
    #expect(try sink.commit().filesAdded == 3)
    #expect(try test.table.snapshot().files.map(\.numRecords) == [2, 2, 1])
    #expect(try test.rows(columns: [0]).count == 5)
  }

  @Test func `routes by two columns in every encoding and keeps the order of rows`() throws {
    let schema = Schema([
      Field("city", .varchar), Field("id", .integer), Field("hour", .integer),
    ])
    let test = try TestTable(schema: schema, partitionColumns: ["city", "hour"])
    let cities = VectorDictionary(
      ColumnarBatch(
        schema: Schema([Field("v", .varchar)]),
        rows: [[.text("서울 강남구 테헤란로")], [.text("b/c=d%e:")]]
      ).columns[0]
    )
    let codes = [Int32](arrayLiteral: 0, 1, 0, 1, 0).withUnsafeBytes { Buffer(copying: $0) }
    let dictionary = ColumnVector(
      dictionary: cities,
      codes: codes,
      count: 5,
      validity: ValidityBitmap.make(count: 5) { $0 != 4 }
    )
    let ids = ColumnBuilder(type: .integer)
    for id in 0..<5 { ids.append(Int64(id)) }
    let batch = ColumnarBatch(
      schema: schema,
      columns: [
        dictionary, ids.finish(), ColumnVector(constant: .integer(9), type: .integer, count: 5),
      ]
    )
    let sink = try test.table.snapshot().makeSink(
      mode: .append,
      options: DeltaWriteOptions(timestamp: 0)
    )
    try sink.write(batch)
    let flat = ColumnarBatch(schema: schema, columns: batch.columns.map { $0.flattened() })
    try sink.write(flat)
    #expect(try sink.commit().filesAdded == 3)
    let snapshot = try test.table.snapshot()
    #expect(
      snapshot.files.map { $0.partitionValues["city"]! }
        == ["서울 강남구 테헤란로", "b/c=d%e:", nil]
    )
    #expect(
      snapshot.files.map { $0.path.split(separator: "/").prefix(2).joined(separator: "/") }
        == [
          "city=서울 강남구 테헤란로/hour=9", "city=b%2Fc%3Dd%25e%3A/hour=9",
          "city=__HIVE_DEFAULT_PARTITION__/hour=9",
        ]
    )
    let seoul = ColumnPredicate(column: 0, .equal(.text("서울 강남구 테헤란로")))
    var read: [Scalar] = []
    let splits = try snapshot.splits(for: ScanRequest(columns: [1], predicates: [seoul]))
    #expect(splits.count == 1)
    let reader = try splits[0].open()
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount { read.append(batch.columns[0].scalar(row)) }
    }
    #expect(read == [.integer(0), .integer(2), .integer(0), .integer(2)])
    let empty = ColumnarBatch(schema: schema, rows: [[.text(""), .integer(1), .integer(1)]])
    let refused = snapshot.makeSink(mode: .append, options: DeltaWriteOptions(timestamp: 0))
    #expect(test.error { try refused.write(empty) }?.kind == .invalidPartitionValue)
    refused.abort()
  }
}
