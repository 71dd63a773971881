import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct OptimizeTests {
  let test: TestTable
  private let time = TestTable.time

  init() throws {
    test = try TestTable()
  }

  private func options(
    target: Int64? = nil,
    partitions: [[String: String?]]? = nil
  ) -> DeltaOptimizeOptions {
    DeltaOptimizeOptions(timestamp: time, targetFileSize: target, partitions: partitions)
  }

  /// Ids in the order in which a scan gives them.
  private func ids(_ snapshot: DeltaSnapshot) throws -> [Int64] {
    var result: [Int64] = []
    for split in try snapshot.splits(for: ScanRequest(columns: [0])) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount {
          if case .integer(let id) = batch.columns[0].scalar(row) { result.append(id) }
        }
      }
    }
    return result
  }

  @Test func `small files of a partition become one, its rows in their order`() throws {
    for id in 0..<5 {
      try test.write([
        (Int64(10 - id), "a", TestTable.day15), (Int64(100 - id), nil, TestTable.day15),
        (Int64(id), "b", nil),
      ])
    }
    try test.write([(7, "single", TestTable.day16)])
    let before = try test.table.snapshot()
    let report = try test.table.optimize(options())
    #expect(report.version == 7)
    #expect(report.filesConsidered == 11)
    #expect(report.filesRemoved == 10)
    #expect(report.filesAdded == 2)
    #expect(report.partitionCount == 2)
    let after = try test.another().snapshot()
    let small = before.files.filter { $0.partitionValues["dt"] != "2024-01-16" }
    #expect(report.removedSize == small.reduce(0) { $0 + $1.size })
    let new = after.files.filter { file in !before.files.contains { $0.path == file.path } }
    #expect(report.addedSize == new.reduce(0) { $0 + $1.size })
    #expect(new.map { $0.partitionValues["dt"] } == ["2024-01-15", .some(nil)])
    #expect(new.allSatisfy { !$0.dataChange })
    #expect(
      new[0].stats
        == #"{"numRecords":10,"minValues":{"id":6,"name":"a"},"maxValues":{"id":100,"name":"a"},"nullCount":{"id":0,"name":5}}"#
    )
    #expect(
      try ids(after) == [7, 10, 100, 9, 99, 8, 98, 7, 97, 6, 96, 0, 1, 2, 3, 4])
    #expect(try test.rows(after) == test.rows(before))
    #expect(try test.rows(test.table.snapshot(version: 6)) == test.rows(before))
    let commit = try #require(try test.table.changes(since: 6).first)
    #expect(commit.operation == "OPTIMIZE")
    #expect(commit.removes.allSatisfy { !$0.dataChange })
    #expect(try test.table.history().last?.rowCount == 16)
    // A second time there is nothing to do.
    let again = try test.table.optimize(options())
    #expect(again.version == 7 && again.filesRemoved == 0 && again.filesConsidered == 3)
  }

  @Test func `bins end at the target, and what is as large stays`() throws {
    for id in 0..<6 { try test.write([(Int64(id), String(repeating: "x", count: 8), nil)]) }
    let size = try test.table.snapshot().files[0].size
    let report = try test.table.optimize(options(target: size * 2 + size / 2))
    #expect(report.filesRemoved == 6)
    #expect(report.filesAdded == 3)
    #expect(try ids(test.table.snapshot()) == [0, 1, 2, 3, 4, 5])
    let none = try test.table.optimize(options(target: 10))
    #expect(none.filesConsidered == 3 && none.filesRemoved == 0)
    #expect(try test.table.snapshot().version == 7)
  }

  @Test func `the target may be the table's`() throws {
    for (text, count) in [("1b", 4), ("100mb", 1), ("1000000", 1)] {
      let test = try TestTable(properties: ["delta.targetFileSize": text])
      for id in 0..<4 { try test.write([(Int64(id), nil, nil)]) }
      _ = try test.table.optimize(DeltaOptimizeOptions(timestamp: 0))
      #expect(try test.table.snapshot().files.count == count, "\(text)")
    }
    for text in ["", "0", "large", "-1", "99999999999g"] {
      let test = try TestTable(properties: ["delta.targetFileSize": text])
      #expect(
        test.error { _ = try test.table.optimize(DeltaOptimizeOptions(timestamp: 0)) }?.kind
          == .invalidProperty, "\(text)")
    }
  }

  @Test func `only the partitions that were asked for are touched`() throws {
    for id in 0..<3 { try test.write([(Int64(id), nil, TestTable.day15), (9, nil, nil)]) }
    let report = try test.table.optimize(options(partitions: [["dt": nil]]))
    #expect(report.filesConsidered == 3)
    #expect(report.filesRemoved == 3)
    #expect(
      try test.table.snapshot().files.map { $0.partitionValues["dt"] }
        == ["2024-01-15", "2024-01-15", "2024-01-15", .some(nil)])
    #expect(
      test.error { _ = try test.table.optimize(options(partitions: [["day": "1"]])) }?.kind
        == .unknownPartitionColumn)
    #expect(
      test.error { _ = try test.table.optimize(options(partitions: [[:]])) }?.kind
        == .unknownPartitionColumn)
  }

  @Test func `goes on top of appends and loses against whoever removed a file of it`() throws {
    for id in 0..<3 { try test.write([(Int64(id), nil, TestTable.day15)]) }
    let slow = SlowStore(store: test.store)
    let table = DeltaTable(store: slow, path: test.table.path)
    slow.beforeCommit { try test.write([(7, nil, TestTable.day15)]) }
    #expect(try table.optimize(options()).version == 5)
    #expect(try ids(test.table.snapshot()).sorted() == [0, 1, 2, 7])
    #expect(try test.table.snapshot().files.count == 2)

    let objects = try test.store.list(prefix: "").count
    slow.beforeCommit {
      try test.write(
        [(8, nil, TestTable.day15)], mode: .overwritePartitions([["dt": "2024-01-15"]]))
    }
    let error = test.error { _ = try table.optimize(options()) }
    #expect(error?.kind == .conflict)
    #expect(error?.version == 6)
    #expect(try ids(test.table.snapshot()) == [8])
    // The other's commit and file have come; nothing of the compaction is left.
    #expect(try test.store.list(prefix: "").count == objects + 2)
  }

  @Test func `what a killed compaction left is invisible, and a vacuum takes it away`() throws {
    struct Killed: Error {}
    for id in 0..<3 { try test.write([(Int64(id), nil, nil)]) }
    let before = try test.store.list(prefix: test.table.path + "/dt").count
    let slow = SlowStore(store: test.store)
    slow.beforeCommit { throw Killed() }
    #expect(throws: Killed.self) {
      try DeltaTable(store: slow, path: test.table.path).optimize(options())
    }
    #expect(try test.store.list(prefix: test.table.path + "/dt").count == before + 1)
    let snapshot = try test.another().snapshot()
    #expect(snapshot.version == 3 && snapshot.files.count == 3)
    let report = try test.table.vacuum(DeltaVacuumOptions(now: 1 << 50))
    #expect(report.files.count == 1)
    #expect(try ids(test.another().snapshot()) == [0, 1, 2])
    #expect(try test.table.optimize(options()).version == 4)
  }

  @Test func `an append-only table may be compacted, one of newer rules not`() throws {
    let only = try TestTable(properties: ["delta.appendOnly": "true"])
    for id in 0..<2 { try only.write([(Int64(id), nil, nil)]) }
    #expect(try only.table.optimize(DeltaOptimizeOptions(timestamp: 0)).filesRemoved == 2)
    try only.store.put(
      CheckpointFixture(test: only).commitKey(4),
      Array(#"{"protocol":{"minReaderVersion":1,"minWriterVersion":3}}"#.utf8))
    #expect(
      only.error { _ = try only.table.optimize(DeltaOptimizeOptions(timestamp: 0)) }?.kind
        == .unsupportedWriter)
  }

  @Test func `files of an older schema are put together with those of the newer`() throws {
    // As another writer adds a column: the files before it do not have it.
    try test.write([(1, nil, nil)])
    let fixture = CheckpointFixture(test: test)
    let metadata = try #require(
      String(decoding: try test.store.get(fixture.commitKey(0)), as: UTF8.self)
        .split(separator: "\n").first { $0.hasPrefix(#"{"metaData""#) })
    let changed = metadata.replacingOccurrences(
      of: #"{\"name\":\"dt\""#,
      with: #"{\"name\":\"n\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},{\"name\":\"dt\""#)
    try test.store.put(fixture.commitKey(2), Array(changed.utf8))
    let sink = try test.table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: time))
    let schema = try test.table.snapshot().schema
    try sink.write(
      ColumnarBatch(schema: schema, rows: [[.integer(2), .null, .integer(5), .null]]))
    _ = try sink.commit()
    #expect(try test.table.optimize(options()).filesAdded == 1)
    #expect(
      try test.rows() == [
        [.integer(1), .null, .null, .null], [.integer(2), .null, .integer(5), .null],
      ])
  }

  @Test func `many partitions are put together at once`() throws {
    let schema = Schema([Field("id", .bigint), Field("p", .integer)])
    let test = try TestTable(schema: schema, partitionColumns: ["p"])
    for round in 0..<2 {
      let sink = try test.table.snapshot().makeSink(
        mode: .append, options: DeltaWriteOptions(timestamp: 0))
      try sink.write(
        ColumnarBatch(
          schema: schema,
          rows: (0..<70).map { [.integer(Int64(round * 100 + $0)), .integer(Int64($0))] }))
      _ = try sink.commit()
    }
    let report = try test.table.optimize(DeltaOptimizeOptions(timestamp: 0))
    #expect(report.filesRemoved == 140 && report.filesAdded == 70 && report.partitionCount == 70)
    let ids = try TestTable.integers(test.another().snapshot())
    #expect(ids.sorted() == Array(0..<70) + Array(100..<170))
  }

  @Test func `a damaged input leaves nothing of a compaction`() throws {
    for id in 0..<2 { try test.write([(Int64(id), nil, TestTable.day15), (Int64(id), nil, nil)]) }
    let damaged = try #require(try test.table.snapshot().files.last).path
    try test.store.put(test.table.path + "/" + damaged, Array("no Parquet at all".utf8))
    let objects = try test.store.list(prefix: "").count
    #expect(throws: (any Error).self) { try test.table.optimize(options()) }
    #expect(try test.store.list(prefix: "").count == objects)
    #expect(test.scratch.names(".tapline-staging") == [])
    #expect(try test.table.snapshot().version == 2)
  }
}
