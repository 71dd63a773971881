import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct DeltaReadTests {
  let test: TestTable

  init() throws {
    test = try TestTable()
  }

  private func commitPath(_ version: Int) -> String {
    let digits = String(version)
    return "processed/events/_delta_log/"
      + String(repeating: "0", count: 20 - digits.count) + digits + ".json"
  }

  private func replace(_ version: Int, _ bytes: [UInt8]) throws {
    // In place and unsynced, as a careless copy would do it.
    try Data(bytes).write(to: URL(fileURLWithPath: test.scratch.path + "/" + commitPath(version)))
  }

  private func labels(_ predicates: [ColumnPredicate]) throws -> Int {
    try test.table.snapshot().splits(for: ScanRequest(columns: [0], predicates: predicates)).count
  }

  @Test func `skips files by partition and by statistics`() throws {
    let day = TestTable.day15
    try test.write([(1, "a", day), (5, "b", day), (7, "b", day + 1)])
    try test.write([(10, "m", day), (20, "z", day), (30, nil, day + 1)])
    #expect(try labels([]) == 4)
    #expect(try labels([ColumnPredicate(column: 2, .equal(.integer(day)))]) == 2)
    #expect(try labels([ColumnPredicate(column: 2, .less(.integer(day)))]) == 0)
    #expect(try labels([ColumnPredicate(column: 2, .isNull)]) == 0)
    #expect(try labels([ColumnPredicate(column: 0, .equal(.integer(5)))]) == 1)
    #expect(try labels([ColumnPredicate(column: 0, .equal(.integer(6)))]) == 0)
    #expect(try labels([ColumnPredicate(column: 0, .greaterOrEqual(.integer(20)))]) == 2)
    #expect(try labels([ColumnPredicate(column: 0, .greater(.integer(20)))]) == 1)
    #expect(try labels([ColumnPredicate(column: 0, .lessOrEqual(.integer(1)))]) == 1)
    #expect(try labels([ColumnPredicate(column: 0, .less(.integer(1)))]) == 0)
    #expect(try labels([ColumnPredicate(column: 0, .isIn([.integer(7), .integer(15)]))]) == 2)
    #expect(try labels([ColumnPredicate(column: 0, .notEqual(.integer(7)))]) == 3)
    #expect(try labels([ColumnPredicate(column: 1, .isNull)]) == 1)
    #expect(try labels([ColumnPredicate(column: 1, .isNotNull)]) == 3)
    #expect(try labels([ColumnPredicate(column: 1, .equal(.text("b")))]) == 2)
    #expect(
      try labels([
        ColumnPredicate(column: 2, .equal(.integer(day))),
        ColumnPredicate(column: 0, .greater(.integer(9))),
      ]) == 1
    )
  }

  @Test func `says of each row which file it is in, and reads that file alone when asked`() throws {
    let day = TestTable.day15
    try test.write([(1, "a", day), (2, "b", day + 1)])
    let snapshot = try test.table.snapshot()
    #expect(snapshot.hiddenFields.map(\.name) == ["$path", "$file_modified_time", "$file_size"])
    let path = snapshot.schema.count + 1
    let rows = try test.rows(columns: [path, 0, path + 2])
    #expect(rows.count == 2)
    for (row, file) in zip(rows, snapshot.files) {
      let key = test.table.path + "/" + file.path
      #expect(row == [.text(key), row[1], .integer(file.size)])
      #expect(try test.store.head(key)?.size == Int(file.size))
      #expect(try labels([ColumnPredicate(column: path, .equal(.text(key)))]) == 1)
    }
    #expect(rows.map { $0[1] } == [.integer(1), .integer(2)])
    #expect(try labels([ColumnPredicate(column: path, .equal(.text("elsewhere")))]) == 0)
  }

  @Test func `never skips a text whose statistic was cut`() throws {
    let long = String(repeating: "가", count: 40)
    try test.write([(1, long, nil)])
    let stats = try #require(try test.table.snapshot().files[0].stats)
    #expect(stats.contains("\"" + String(repeating: "가", count: 32) + "\""))
    #expect(stats.contains("\"" + String(repeating: "가", count: 31) + "각\""))
    #expect(try labels([ColumnPredicate(column: 1, .equal(.text(long)))]) == 1)
    #expect(try labels([ColumnPredicate(column: 1, .notEqual(.text(long)))]) == 1)
    #expect(try labels([ColumnPredicate(column: 1, .equal(.text("나")))]) == 0)
  }

  @Test func `answers columns in the order asked for, twice or not at all`() throws {
    try test.write([(1, "a", TestTable.day15), (2, "b", TestTable.day15)])
    #expect(
      try test.rows(columns: [2, 0, 0]) == [
        [.integer(TestTable.day15), .integer(1), .integer(1)],
        [.integer(TestTable.day15), .integer(2), .integer(2)],
      ]
    )
    #expect(
      try test.rows(columns: [2]) == [[.integer(TestTable.day15)], [.integer(TestTable.day15)]]
    )
    #expect(try test.rows(columns: []).count == 2)
  }

  @Test func `a later snapshot reads new commits only, and sees them`() throws {
    let other = test.another()
    #expect(try other.snapshot().version == 0)
    try test.write([(1, "a", nil)])
    #expect(try other.snapshot().version == 1)
    #expect(try test.table.snapshot().version == 1)
    // Commit 0 was replayed before; losing it now shows to newcomers only.
    try test.store.delete(commitPath(0))
    try test.write([(2, "b", nil)])
    #expect(try other.snapshot().version == 2)
    #expect(test.error { _ = try test.another().snapshot() }?.kind == .missingCommit)
  }

  @Test func `a table made anew under the same path is read anew`() throws {
    try test.write([(1, "a", nil)])
    #expect(try test.table.snapshot().version == 1)
    for object in try test.store.list(prefix: "processed/") { try test.store.delete(object.key) }
    #expect(test.error { _ = try test.table.snapshot() }?.kind == .noTable)
    let again = try DeltaTable.create(
      store: test.store,
      path: "processed/events",
      schema: TestTable.schema,
      timestamp: 1
    )
    #expect(try test.table.snapshot().version == 0)
    #expect(try again.snapshot().partitionColumns == [])
    #expect(
      test.error {
        _ = try DeltaTable.create(
          store: test.store,
          path: "processed/events",
          schema: TestTable.schema,
          timestamp: 1
        )
      }?.kind == .tableExists
    )
  }

  @Test func `every cut of the last commit is noticed`() throws {
    try test.write([(1, "a", TestTable.day15), (2, "b", TestTable.day16)])
    let whole = try test.store.get(commitPath(1))
    for count in 0..<whole.count - 1 {
      try replace(1, Array(whole[..<count]))
      let error = test.error { _ = try test.another().snapshot() }
      #expect(error?.kind == .corruptCommit, "cut at \(count)")
      #expect(error?.version == 1)
      #expect(error?.file == commitPath(1))
      #expect(error?.byteOffset != nil)
      #expect(error?.advice?.contains("version 0") == true)
    }
    // The newline at the very end may be missing.
    try replace(1, Array(whole.dropLast()))
    #expect(try test.another().snapshot().files.count == 2)
  }

  @Test func `bad bytes name the version, the file and the byte`() throws {
    try replace(1, Array("{\"commitInfo\":{}}\n{\"add\":{\"path\":\"a\",!}}\n".utf8))
    let error = test.error { _ = try test.table.snapshot() }
    #expect(error?.kind == .corruptCommit)
    #expect(error?.byteOffset == 37)
    #expect(error?.place == commitPath(1) + ", byte 37")
    for bad in [
      "[]", "{\"add\":{\"path\":\"a\"}}", "{\"add\":3}", "{\"txn\":{\"appId\":\"a\"}}",
      "{\"add\":{\"path\":\"s3://x/a\",\"size\":1}}", "nul", "{\"a\":\"\u{1}\"}",
      "{\"remove\":{\"path\":\"/abs\"}}", "{\"protocol\":{}}", String(repeating: "[", count: 100),
    ] {
      try replace(1, Array(bad.utf8))
      #expect(test.error { _ = try test.another().snapshot() }?.kind == .corruptCommit, "\(bad)")
    }
    try replace(1, [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D])
    #expect(test.error { _ = try test.another().snapshot() }?.byteOffset == 2)
  }

  @Test func `no changed byte of a commit brings the reader down`() throws {
    try test.write([(1, "a", TestTable.day15)])
    let whole = try test.store.get(commitPath(1))
    let faults = [0, UInt8(ascii: "\""), UInt8(ascii: "9"), UInt8(ascii: "\\"), 0xFF]
    var readable = 0
    for index in whole.indices {
      for byte in [faults[index % 5]] {
        var bytes = whole
        bytes[index] = byte
        try replace(1, bytes)
        do {
          let snapshot = try test.another().snapshot()
          _ = snapshot.rowCount
          _ = try snapshot.table.history()
          let predicate = ColumnPredicate(column: 0, .equal(.integer(1)))
          _ = try snapshot.splits(for: ScanRequest(columns: [0], predicates: [predicate]))
          readable += 1
        } catch {
          #expect(error is DeltaLogError)
        }
      }
    }
    #expect(readable > 0)
  }

  @Test func `absurd numbers of another writer overflow nothing`() throws {
    let add =
      #"{"add":{"path":"a","partitionValues":{"dt":null},"size":1,"dataChange":true,"#
      + #""stats":"{\"numRecords\":9223372036854775807,\"minValues\":{\"id\":-9223372036854775808}}"}}"#
    try replace(1, Array((#"{"commitInfo":{"timestamp":9223372036854775807}}"# + "\n" + add).utf8))
    let snapshot = try test.table.snapshot()
    #expect(snapshot.rowCount == nil)
    #expect(try test.table.history().map(\.timestamp) == [TestTable.time, 0])
    #expect(try labels([ColumnPredicate(column: 0, .less(.integer(0)))]) == 1)
  }

  @Test func `a gap in the log is named`() throws {
    try test.write([(1, "a", nil)])
    try test.write([(2, "b", nil)])
    try test.store.delete(commitPath(1))
    let error = test.error { _ = try test.another().snapshot() }
    #expect(error?.kind == .missingCommit)
    #expect(error?.version == 1)
    #expect(error?.file == commitPath(1))
  }

  @Test func `a missing or damaged data file is named`() throws {
    try test.write([(1, "a", TestTable.day15)])
    let label = "processed/events/" + (try test.table.snapshot().files[0].path)
    let split = try #require(
      try test.table.snapshot().splits(for: ScanRequest(columns: [0])).first
    )
    #expect(split.label == label)
    try test.store.delete(label)
    let error = test.error { _ = try split.open() }
    #expect(error?.kind == .missingDataFile)
    #expect(error?.file == label)
    #expect(error?.advice?.isEmpty == false)
    try test.store.put(label, Array("PAR1 but not Parquet".utf8))
    #expect(throws: (any Error).self) { try split.open() }
  }

  @Test func `unknown reader features are refused by name, and unknown writer rules too`() throws {
    func protocolCommit(_ text: String) throws {
      try replace(1, Array(("{\"protocol\":" + text + "}\n").utf8))
    }
    try protocolCommit(
      #"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timestampNtz","typeWidening"],"writerFeatures":[]}"#
    )
    let error = test.error { _ = try test.another().snapshot() }
    #expect(error?.kind == .unsupportedFeature)
    #expect(error?.message.contains("typeWidening") == true)
    #expect(error?.message.contains("timestampNtz") == false)
    try protocolCommit(#"{"minReaderVersion":4,"minWriterVersion":9}"#)
    #expect(test.error { _ = try test.another().snapshot() }?.kind == .unsupportedFeature)
    try protocolCommit(#"{"minReaderVersion":1,"minWriterVersion":4}"#)
    let snapshot = try test.another().snapshot()
    #expect(
      test.error { try test.write([(1, "a", nil)], on: snapshot) }?.kind == .unsupportedWriter
    )
  }

  @Test func `append-only tables refuse overwrites`() throws {
    let first = String(decoding: try test.store.get(commitPath(0)), as: UTF8.self)
      .replacingOccurrences(
        of: #""delta.enableExpiredLogCleanup":"false""#,
        with: #""delta.appendOnly":"true""#
      )
    try replace(0, Array(first.utf8))
    let snapshot = try test.another().snapshot()
    #expect(
      test.error { try test.write([(1, "a", nil)], mode: .overwrite, on: snapshot) }?.kind
        == .appendOnly
    )
    try test.write([(1, "a", nil)], on: snapshot)
  }

  @Test func `refuses to make tables that readers could not read`() throws {
    func kind(_ fields: [Field], _ partitions: [String] = []) -> DeltaLogError.Kind? {
      test.error {
        _ = try DeltaTable.create(
          store: test.store,
          path: "x",
          schema: Schema(fields),
          partitionColumns: partitions,
          timestamp: 0
        )
      }?.kind
    }
    #expect(kind([]) == .invalidSchema)
    #expect(kind([Field("a", .bigint), Field("A", .bigint)]) == .invalidSchema)
    #expect(kind([Field("a b", .bigint)]) == .invalidSchema)
    #expect(kind([Field("a", .timestamp)]) == .unsupportedType)
    #expect(kind([Field("a", .unknown)]) == .unsupportedType)
    #expect(kind([Field("a", .bigint)], ["b"]) == .unknownPartitionColumn)
    #expect(kind([Field("a", .bigint)], ["a"]) == .invalidSchema)
    #expect(kind([Field("a", .double), Field("b", .bigint)], ["a"]) == .unsupportedType)
    #expect(try !DeltaTable.exists(store: test.store, path: "x"))
  }

  @Test func `keeps every type through a file and its statistics`() throws {
    let schema = Schema([
      Field("b", .boolean), Field("i", .integer), Field("l", .bigint), Field("d", .double),
      Field("m", .decimal(precision: 10, scale: 2)), Field("s", .varchar),
      Field("x", .varbinary), Field("t", .date), Field("z", .timestampWithTimeZone),
    ])
    let test = try TestTable(schema: schema, partitionColumns: [])
    let row: [Scalar] = [
      .boolean(true), .integer(-7), .integer(1 << 40), .double(0.5), .integer(-1_230),
      .text("한글 \"quoted\" and long enough to leave the view"), .binary([0, 255]),
      .integer(TestTable.day15), .integer(1_705_363_800_123_456),
    ]
    let nulls = [Scalar](repeating: .null, count: schema.count)
    let sink = try test.table.snapshot().makeSink(
      mode: .append,
      options: DeltaWriteOptions(timestamp: 0)
    )
    try sink.write(ColumnarBatch(schema: schema, rows: [row, nulls]))
    _ = try sink.commit()
    let snapshot = try test.another().snapshot()
    #expect(snapshot.schema == schema)
    #expect(Set(try test.rows(snapshot)) == [row, nulls])
    #expect(
      snapshot.files[0].stats
        == #"{"numRecords":2,"minValues":{"i":-7,"l":1099511627776,"d":0.5,"m":-12.30,"s":"한글 \"quoted\" and long enough to l","t":"2024-01-15","z":"2024-01-16T00:10:00.123Z"},"maxValues":{"i":-7,"l":1099511627776,"d":0.5,"m":-12.30,"s":"한글 \"quoted\" and long enough to m","t":"2024-01-15","z":"2024-01-16T00:10:00.124Z"},"nullCount":{"b":1,"i":1,"l":1,"d":1,"m":1,"s":1,"x":1,"t":1,"z":1}}"#
    )
    for (column, value) in row.enumerated() {
      let request = ScanRequest(
        columns: [0],
        predicates: [ColumnPredicate(column: column, .equal(value))]
      )
      #expect(try snapshot.splits(for: request).count == 1, "\(schema[column].name)")
    }
  }
}
