import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import Parquet
import TestSupport
import Testing

@Suite struct CheckpointWriteTests {
  private let day: Int64 = 86_400_000

  private func logNames(_ test: TestTable) -> [String] {
    test.scratch.names("processed/events/_delta_log")
  }

  private func text(_ test: TestTable, _ name: String) throws -> String {
    String(decoding: try test.store.get("processed/events/_delta_log/" + name), as: UTF8.self)
  }

  private func deleteCommits(_ test: TestTable, _ versions: ClosedRange<Int>) throws {
    let fixture = CheckpointFixture(test: test)
    for version in versions { try test.store.delete(fixture.commitKey(version)) }
  }

  /// The rows of a checkpoint that hold an action of a kind.
  private func rows(_ test: TestTable, _ version: Int, _ kind: String) throws -> [Scalar] {
    let key = "processed/events/_delta_log/" + CheckpointFixture.padded(version)
      + ".checkpoint.parquet"
    let file = try ParquetFile(Bytes(try test.store.get(key)), name: key)
    let reader = try file.reader(columns: [try #require(file.schema.index(of: kind))])
    var result: [Scalar] = []
    while let batch = try reader.next() {
      result += (0..<batch.rowCount).map { batch.columns[0].scalar($0) }.filter { !$0.isNull }
    }
    return result
  }

  private struct Bytes: RandomAccessBytes {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    var byteCount: Int { bytes.count }
    func read(_ range: Range<Int>) throws -> [UInt8] { Array(bytes[range]) }
  }

  @Test func `every tenth commit writes a checkpoint that stands for all before it`() throws {
    let test = try TestTable()
    for id in 1...12 {
      try test.write(
        [(Int64(id), id % 3 == 0 ? nil : "n\(id)", id % 2 == 0 ? TestTable.day15 : nil)],
        mode: id == 6 ? .overwritePartitions([["dt": "2024-01-15"]]) : .append,
        transactions: ["in": Int64(id)])
    }
    let before = try test.table.snapshot()
    #expect(
      logNames(test).filter { $0.contains("checkpoint") } == [
        "00000000000000000010.checkpoint.parquet", "_last_checkpoint",
      ])
    let size = try test.store.head(
      "processed/events/_delta_log/00000000000000000010.checkpoint.parquet")?.size
    // Protocol, schema, one position, two removes, eight files.
    #expect(
      try text(test, "_last_checkpoint")
        == #"{"version":10,"size":13,"sizeInBytes":\#(size ?? 0),"numOfAddFiles":8}"#)
    try deleteCommits(test, 0...9)
    let after = try test.another().snapshot()
    #expect(after.version == 12)
    #expect(after.schema == before.schema)
    #expect(after.files.map(\.path) == before.files.map(\.path))
    #expect(after.files.map(\.stats) == before.files.map(\.stats))
    #expect(after.files.map(\.partitionValues) == before.files.map(\.partitionValues))
    #expect(after.transactions == ["in": 12])
    #expect(try test.rows(after) == test.rows(before))
  }

  @Test func `the interval is the table's`() throws {
    let test = try TestTable(properties: ["delta.checkpointInterval": "3"])
    for id in 1...7 { try test.write([(Int64(id), nil, nil)]) }
    #expect(
      logNames(test).filter { $0.hasSuffix(".checkpoint.parquet") } == [
        "00000000000000000003.checkpoint.parquet", "00000000000000000006.checkpoint.parquet",
      ])
    #expect(try text(test, "_last_checkpoint").hasPrefix(#"{"version":6,"#))
    // One that is no interval is the usual one.
    let other = try TestTable(properties: ["delta.checkpointInterval": "0"])
    for id in 1...3 { try other.write([(Int64(id), nil, nil)]) }
    #expect(!logNames(other).contains("_last_checkpoint"))
  }

  @Test func `every field of a checkpoint may be NULL`() throws {
    let test = try TestTable()
    try test.table.writeCheckpoint(now: TestTable.time)
    let key = "processed/events/_delta_log/00000000000000000000.checkpoint.parquet"
    let file = try ParquetFile(Bytes(try test.store.get(key)), name: key)
    func check(_ field: Field) {
      #expect(field.isNullable, "\(field.name)")
      if case .row(let fields) = field.type { fields.forEach(check) }
    }
    file.schema.fields.forEach(check)
    #expect(file.schema.fields.map(\.name) == ["protocol", "metaData", "txn", "remove", "add"])
  }

  @Test func `tombstones stay until their retention ends`() throws {
    let test = try TestTable(
      properties: ["delta.deletedFileRetentionDuration": "interval 2 days"])
    let start = TestTable.time
    try test.write([(1, nil, nil)], at: start)
    try test.write([(2, nil, nil)], mode: .overwrite, at: start + day)
    try test.write([(3, nil, nil)], mode: .overwrite, at: start + 2 * day)
    try test.table.writeCheckpoint(now: start + 3 * day)
    #expect(try rows(test, 3, "remove").count == 2)
    try test.write([(4, nil, nil)], mode: .overwrite, at: start + 3 * day)
    try test.table.writeCheckpoint(now: start + 3 * day + 1)
    #expect(try rows(test, 4, "remove").count == 2)
    #expect(try rows(test, 4, "add").count == 1)
    // A checkpoint on top of the checkpoint still knows them.
    try deleteCommits(test, 0...4)
    let table = test.another()
    #expect(try table.snapshot().version == 4)
    try test.write([(5, nil, nil)], at: start + 3 * day + 1)
    try table.writeCheckpoint(now: start + 4 * day + 1)
    #expect(try rows(test, 5, "remove").count == 1)
    #expect(try rows(test, 5, "add").count == 2)
  }

  @Test func `an interval reads as others write it, and nothing else does`() throws {
    for (text, days) in [
      ("interval 1 week", 7), ("interval 7 days", 7), ("168 hours", 7), ("INTERVAL 7 DAY", 7),
      ("interval 6 days 24 hours", 7), ("interval 1440 minutes", 1), ("interval 0 seconds", 0),
    ] {
      #expect(try tombstones(retention: text, after: Int64(days) * day) == 1, "\(text)")
      #expect(try tombstones(retention: text, after: Int64(days) * day + 1) == 0, "\(text)")
    }
    // What is no interval keeps everything, because bytes cannot be brought back.
    for text in ["", "interval", "7", "interval 1 month", "interval -1 days", "1 day 2", "x days"] {
      #expect(try tombstones(retention: text, after: 1_000 * day) == 1, "\(text)")
    }
  }

  /// How many of one tombstone a checkpoint has that is written some time after it.
  private func tombstones(retention: String, after: Int64) throws -> Int {
    let test = try TestTable(properties: ["delta.deletedFileRetentionDuration": retention])
    try test.write([(1, nil, nil)], at: TestTable.time)
    try test.write([(2, nil, nil)], mode: .overwrite, at: TestTable.time)
    try test.table.writeCheckpoint(now: TestTable.time + after)
    return try rows(test, 2, "remove").count
  }

  @Test func `a checkpoint that cannot be written fails no commit`() throws {
    let test = try TestTable(properties: ["delta.checkpointInterval": "2"])
    // A directory stands where the hint goes.
    try test.scratch.write("processed/events/_delta_log/_last_checkpoint/in-the-way", "x")
    for id in 1...4 { #expect(try test.write([(Int64(id), nil, nil)]).version == Int64(id)) }
    #expect(try test.another().snapshot().rowCount == 4)
  }

  @Test func `of two writers of a checkpoint the first one's stays, and the hint never goes back`()
    throws
  {
    let test = try TestTable(properties: ["delta.checkpointInterval": "2"])
    let log = "processed/events/_delta_log/"
    try test.store.put(log + "00000000000000000002.checkpoint.parquet", [1, 2, 3])
    try test.store.put(log + "_last_checkpoint", Array(#"{"version":3,"size":1}"#.utf8))
    for id in 1...2 { try test.write([(Int64(id), nil, nil)]) }
    #expect(try test.store.get(log + "00000000000000000002.checkpoint.parquet") == [1, 2, 3])
    #expect(try text(test, "_last_checkpoint") == #"{"version":3,"size":1}"#)
    #expect(try test.another().snapshot().rowCount == 2)
    for id in 3...4 { try test.write([(Int64(id), nil, nil)]) }
    #expect(try text(test, "_last_checkpoint").hasPrefix(#"{"version":4,"#))
  }

  @Test func `a table of newer rules gets no checkpoint from us`() throws {
    let test = try TestTable()
    try test.store.put(
      "processed/events/_delta_log/00000000000000000001.json",
      Array(#"{"protocol":{"minReaderVersion":1,"minWriterVersion":4}}"#.utf8))
    #expect(test.error { try test.table.writeCheckpoint(now: 0) }?.kind == .unsupportedWriter)
    #expect(test.error { try test.table.cleanUpLog(now: 0) }?.kind == .unsupportedWriter)
  }

  // MARK: Log clean-up

  private func agingTable(_ properties: [String: String]) throws -> TestTable {
    let test = try TestTable(
      properties: properties.merging(["delta.checkpointInterval": "4"]) { $1 })
    for id in 1...9 {
      try test.write([(Int64(id), nil, nil)], at: TestTable.time + Int64(id) * day)
    }
    return test
  }

  @Test func `old versions leave the log, behind a checkpoint and never beyond the retention`()
    throws
  {
    let test = try agingTable([
      "delta.enableExpiredLogCleanup": "true", "delta.logRetentionDuration": "interval 30 days",
    ])
    let start = TestTable.time
    #expect(try test.table.cleanUpLog(now: start + 9 * day) == [])
    // The sixth day is the last that is old enough; the checkpoint before it is of version 4.
    let removed = try test.table.cleanUpLog(now: start + 37 * day)
    let fixture = CheckpointFixture(test: test)
    #expect(removed == (0...3).map { fixture.commitKey($0) })
    #expect(try test.another().snapshot().rowCount == 9)
    #expect(try test.another().snapshot(version: 4).rowCount == 4)
    #expect(test.error { _ = try test.another().snapshot(version: 3) }?.kind == .noVersion)
    #expect(try test.table.cleanUpLog(now: start + 37 * day) == [])
    let more = try test.table.cleanUpLog(now: start + 400 * day)
    #expect(more.count == 5)
    #expect(logNames(test).first == CheckpointFixture.padded(8) + ".checkpoint.parquet")
    #expect(try test.another().snapshot().rowCount == 9)
    #expect(try test.table.snapshot().rowCount == 9)
  }

  @Test func `a commit with a checkpoint cleans up by itself`() throws {
    let test = try agingTable([
      "delta.enableExpiredLogCleanup": "true", "delta.logRetentionDuration": "interval 2 days",
    ])
    // Version 8 came on day 8: what is older than day 6 lies behind the checkpoint of version 4.
    #expect(
      logNames(test).first { $0.hasSuffix(".json") } == CheckpointFixture.padded(4) + ".json")
    #expect(try test.another().snapshot().rowCount == 9)
  }

  @Test func `nothing leaves a log that does not allow it, or has no checkpoint to stand on`() throws {
    let closed = try agingTable(["delta.logRetentionDuration": "interval 1 day"])
    #expect(try closed.table.cleanUpLog(now: TestTable.time + 400 * day) == [])
    #expect(logNames(closed).contains(CheckpointFixture.padded(0) + ".json"))

    let bare = try TestTable(
      properties: [
        "delta.enableExpiredLogCleanup": "true", "delta.logRetentionDuration": "interval 1 day",
      ])
    for id in 1...3 { try bare.write([(Int64(id), nil, nil)]) }
    #expect(try bare.table.cleanUpLog(now: TestTable.time + 400 * day) == [])

    // One that cannot be read is nothing to stand on.
    let log = "processed/events/_delta_log/"
    try bare.store.put(log + CheckpointFixture.padded(2) + ".checkpoint.parquet", [1, 2, 3])
    #expect(
      bare.error { _ = try bare.table.cleanUpLog(now: TestTable.time + 400 * day) }?.kind
        == .corruptCheckpoint)
    #expect(logNames(bare).contains(CheckpointFixture.padded(0) + ".json"))
    let odd = try TestTable(
      properties: [
        "delta.enableExpiredLogCleanup": "true", "delta.logRetentionDuration": "for ever",
      ])
    #expect(odd.error { _ = try odd.table.cleanUpLog(now: 0) }?.kind == .invalidProperty)
  }
}
