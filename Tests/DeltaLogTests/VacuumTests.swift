import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct VacuumTests {
  private let day: Int64 = 86_400_000
  private let start = TestTable.time
  private let clock = TestClock()

  private func make(_ properties: [String: String] = [:]) throws -> TestTable {
    let clock = clock
    return try TestTable(properties: properties, now: { clock.now })
  }

  /// Writes at a moment, which the store's clock shows too.
  @discardableResult
  private func write(
    _ test: TestTable,
    _ id: Int64,
    day number: Int64?,
    mode: WriteMode = .append,
    after days: Int64
  ) throws -> String {
    clock.move(to: start + days * day)
    try test.write([(id, "n\(id)", number)], mode: mode, at: clock.now)
    return try #require(try test.table.snapshot().files.last).path
  }

  private func put(_ test: TestTable, _ name: String, after days: Int64) throws {
    clock.move(to: start + days * day)
    try test.store.put(test.table.path + "/" + name, [1])
  }

  private func vacuum(
    _ test: TestTable,
    after days: Int64,
    keeping: Int64? = nil,
    isDryRun: Bool = false
  ) throws -> [String] {
    let report = try test.table.vacuum(
      DeltaVacuumOptions(
        now: start + days * day,
        retentionMilliseconds: keeping.map { $0 * day },
        allowsShortRetention: true,
        isDryRun: isDryRun
      ))
    return report.files.map { String($0.key.dropFirst(test.table.path.count + 1)) }
  }

  @Test func `deletes what no version within the retention has, and nothing else`() throws {
    let test = try make()
    let first = try write(test, 1, day: TestTable.day15, after: 1)
    let other = try write(test, 2, day: TestTable.day16, after: 1)
    let second = try write(
      test, 3, day: TestTable.day15, mode: .overwritePartitions([["dt": "2024-01-15"]]), after: 3)
    let third = try write(
      test, 4, day: TestTable.day15, mode: .overwritePartitions([["dt": "2024-01-15"]]), after: 5)
    // Seven days are the usual retention: the first file was in the table until the third day.
    #expect(try vacuum(test, after: 10) == [])
    #expect(try vacuum(test, after: 11) == [first])
    #expect(try vacuum(test, after: 11) == [])
    #expect(try test.rows(columns: [0]) == [[.integer(2)], [.integer(4)]])
    #expect(try test.rows(test.table.snapshot(version: 3), columns: [0]).count == 2)
    #expect(
      test.error { _ = try test.rows(test.table.snapshot(version: 1)) }?.kind == .missingDataFile)
    #expect(test.error { _ = try test.table.restore(to: 2, timestamp: 0) }?.kind == .filesVacuumed)
    #expect(try vacuum(test, after: 13) == [second])
    #expect(try vacuum(test, after: 99) == [])
    #expect(Set(try test.table.snapshot().files.map(\.path)) == [other, third])
  }

  @Test func `a dry run tells the same and deletes nothing`() throws {
    let test = try make()
    let old = try write(test, 1, day: nil, after: 1)
    try write(test, 2, day: nil, mode: .overwrite, after: 2)
    let report = try test.table.vacuum(DeltaVacuumOptions(now: start + 20 * day, isDryRun: true))
    #expect(report.isDryRun)
    #expect(report.files.map(\.key) == [test.table.path + "/" + old])
    #expect(report.size == report.files[0].size && report.size > 0)
    #expect(report.retentionMilliseconds == 7 * day)
    #expect(try test.store.head(test.table.path + "/" + old) != nil)
    let again = try test.table.vacuum(DeltaVacuumOptions(now: start + 20 * day))
    #expect(again.files == report.files)
    #expect(!again.isDryRun)
    #expect(try test.store.head(test.table.path + "/" + old) == nil)
  }

  @Test func `a retention shorter than the table's is refused unless it is allowed`() throws {
    let test = try make(["delta.deletedFileRetentionDuration": "interval 2 days"])
    let old = try write(test, 1, day: nil, after: 1)
    try write(test, 2, day: nil, mode: .overwrite, after: 2)
    let error = test.error {
      _ = try test.table.vacuum(
        DeltaVacuumOptions(now: start + 9 * day, retentionMilliseconds: day))
    }
    #expect(error?.kind == .retentionTooShort)
    #expect(error?.message.contains("24 hours") == true)
    #expect(error?.message.contains("48 hours") == true)
    #expect(try test.store.head(test.table.path + "/" + old) != nil)
    #expect(try vacuum(test, after: 3, keeping: 2) == [])
    #expect(try vacuum(test, after: 3, keeping: 0) == [old])
    #expect(
      test.error {
        _ = try test.table.vacuum(
          DeltaVacuumOptions(now: 0, retentionMilliseconds: -1, allowsShortRetention: true))
      }?.kind == .retentionTooShort)
    let odd = try make(["delta.deletedFileRetentionDuration": "soon"])
    #expect(
      odd.error { _ = try odd.table.vacuum(DeltaVacuumOptions(now: 0)) }?.kind == .invalidProperty)
  }

  @Test func `files of a writer that has not committed stay as long as the retention`() throws {
    let test = try make()
    try put(test, "dt=2024-01-15/part-00009-orphan.parquet", after: 1)
    #expect(try vacuum(test, after: 8) == [])
    #expect(try vacuum(test, after: 9) == ["dt=2024-01-15/part-00009-orphan.parquet"])
  }

  @Test func `hidden names stay, change data and partitions do not count as hidden`() throws {
    let test = try TestTable(
      schema: Schema([Field("id", .bigint), Field("_p", .varchar)]), partitionColumns: ["_p"],
      now: { [clock] in clock.now })
    let kept = [
      "_SUCCESS", ".hidden", "_other/a.parquet", ".tmp/a.parquet", "x/_y/a.parquet",
      "x/.part-0.crc", "_delta_index/a", "nested/table/_delta_log/00000000000000000000.json",
      "nested/table/part-0.parquet", "nested/table/deeper/part-0.parquet",
    ]
    let gone = [
      "_change_data/_p=a/cdc-1.parquet", "_change_data/cdc-0.parquet", "_p=a/part-0.parquet",
      "deletion_vector_1.bin", "nested/part-0.parquet", "x/part-0.parquet",
    ]
    for name in kept + gone { try put(test, name, after: 0) }
    #expect(try vacuum(test, after: 20) == gone)
    let names = try test.store.list(prefix: test.table.path + "/").map {
      String($0.key.dropFirst(test.table.path.count + 1))
    }
    #expect(Set(names) == Set(kept + ["_delta_log/00000000000000000000.json"]))
  }

  @Test func `paths are compared as the log means them, not as it spells them`() throws {
    let schema = Schema([Field("id", .bigint), Field("city", .varchar)])
    let test = try TestTable(schema: schema, partitionColumns: ["city"], now: { [clock] in clock.now })
    clock.move(to: start)
    let sink = try test.table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: start))
    try sink.write(
      ColumnarBatch(
        schema: schema,
        rows: [[.integer(1), .text("서울 50%")], [.integer(2), .text("a/b=c d+e")], [.integer(3), .null]]))
    _ = try sink.commit()
    #expect(try vacuum(test, after: 20) == [])
    #expect(try test.rows(columns: [0]).count == 3)
  }

  @Test func `what a checkpoint has forgotten is kept while a commit tells of it`() throws {
    let test = try make()
    let first = try write(test, 1, day: nil, after: 1)
    try write(test, 2, day: nil, mode: .overwrite, after: 5)
    // Another writer's checkpoint, without a tombstone.
    let fixture = CheckpointFixture(test: test)
    let actions = try fixture.actions(upTo: 2).filter { $0.kind != "remove" }
    try fixture.writeParquet(CheckpointFixture.padded(2) + ".checkpoint.parquet", actions)
    for version in 0...1 { try test.store.delete(fixture.commitKey(version)) }
    let table = test.another()
    let options = DeltaVacuumOptions(now: start + 9 * day)
    #expect(try table.vacuum(options).files == [])
    // Nor is it a fault where the commit is gone too.
    try test.store.delete(fixture.commitKey(2))
    #expect(
      try test.another().vacuum(options).files.map(\.key) == [test.table.path + "/" + first])
    #expect(try test.rows(test.another().snapshot(), columns: [0]) == [[.integer(2)]])
  }

  @Test func `a restored file is a file of the table again`() throws {
    let test = try make()
    let old = try write(test, 1, day: nil, after: 1)
    let new = try write(test, 2, day: nil, mode: .overwrite, after: 2)
    _ = try test.table.restore(to: 1, timestamp: start + 3 * day)
    #expect(try vacuum(test, after: 30) == [new])
    #expect(try test.table.snapshot().files.map(\.path) == [old])
    #expect(try test.rows(columns: [0]) == [[.integer(1)]])
  }

  @Test func `a table of newer rules is left alone`() throws {
    let test = try make()
    try put(test, "part-0.parquet", after: 0)
    try test.store.put(
      CheckpointFixture(test: test).commitKey(1),
      Array(#"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["x"]}}"#.utf8)
    )
    #expect(
      test.error { _ = try test.table.vacuum(DeltaVacuumOptions(now: start + 99 * day)) }?.kind
        == .unsupportedWriter)
    #expect(try test.store.head(test.table.path + "/part-0.parquet") != nil)
  }
}
