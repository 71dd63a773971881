import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct TimeTravelTests {
  let test: TestTable
  private let hour: Int64 = 3_600_000
  private let start = TestTable.time

  init() throws {
    test = try TestTable()
    try test.write([(1, "a", TestTable.day15)], at: start + hour)
    try test.write([(2, "b", TestTable.day16)], at: start + 2 * hour)
    try test.write(
      [(3, "c", TestTable.day15)], mode: .overwritePartitions([["dt": "2024-01-15"]]),
      transactions: ["in": 5], at: start + 3 * hour)
  }

  private func ids(_ snapshot: DeltaSnapshot? = nil) throws -> [Int64] {
    try test.rows(snapshot, columns: [0]).compactMap { row in
      if case .integer(let id) = row[0] { id } else { nil }
    }.sorted()
  }

  private func setCommitInfo(_ version: Int, _ info: String) throws {
    let key = CheckpointFixture(test: test).commitKey(version)
    let lines = String(decoding: try test.store.get(key), as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix(#"{"commitInfo""#) }
    let text = ([info] + lines.map(String.init)).filter { !$0.isEmpty }.joined(separator: "\n")
    try test.store.put(key, Array(text.utf8))
  }

  @Test func `a moment gives the last version not committed after it`() throws {
    let moments: [(Int64, Int64)] = [
      (start, 0), (start + hour - 1, 0), (start + hour, 1), (start + hour + 1, 1),
      (start + 2 * hour, 2), (start + 3 * hour, 3), (.max, 3),
    ]
    for (moment, version) in moments {
      #expect(try test.table.version(at: moment) == version, "\(moment - start)")
    }
    #expect(try ids(test.table.snapshot(at: start + 2 * hour)) == [1, 2])
    #expect(try ids(test.table.snapshot(at: start + 9 * hour)) == [2, 3])
    let error = test.error { _ = try test.table.snapshot(at: start - 1) }
    #expect(error?.kind == .noVersion)
    #expect(error?.message.contains("2024-01-16T00:09:59.999Z") == true)
    #expect(
      error?.advice
        == "It has versions 0 (2024-01-16T00:10:00.000Z) to 3 (2024-01-16T03:10:00.000Z).")
    #expect(test.error { _ = try test.table.version(at: .min) }?.kind == .noVersion)
  }

  @Test func `a clock that went back makes no version older than the one before it`() throws {
    try test.write([(4, nil, nil)], at: start)
    try test.write([(5, nil, nil)], at: start + hour)
    let table = test.another()
    #expect(try table.version(at: start) == 0)
    #expect(try table.version(at: start + 3 * hour) == 3)
    #expect(try table.version(at: start + 3 * hour + 1) == 4)
    #expect(try table.version(at: start + 3 * hour + 2) == 5)
  }

  @Test func `an in-commit timestamp counts before the writer's own`() throws {
    try setCommitInfo(
      2, #"{"commitInfo":{"timestamp":1,"inCommitTimestamp":\#(start + 90 * 60_000)}}"#)
    let table = test.another()
    #expect(try table.version(at: start + 90 * 60_000) == 2)
    #expect(try table.version(at: start + 90 * 60_000 - 1) == 1)
  }

  @Test func `a file's time counts only where the commit states none`() throws {
    try setCommitInfo(3, #"{"commitInfo":{"operation":"WRITE"}}"#)
    let file = test.scratch.path + "/" + CheckpointFixture(test: test).commitKey(3)
    let moment = Date(timeIntervalSince1970: Double(start + 5 * hour) / 1_000)
    try FileManager.default.setAttributes([.modificationDate: moment], ofItemAtPath: file)
    let table = test.another()
    #expect(try table.version(at: start + 5 * hour) == 3)
    #expect(try table.version(at: start + 5 * hour - 1) == 2)
    try setCommitInfo(3, "")
    #expect(try test.another().version(at: start + 5 * hour) == 2)
  }

  @Test func `what a checkpoint has replaced is told with what is left`() throws {
    let fixture = CheckpointFixture(test: test)
    try fixture.write(.classic, version: 2)
    for version in 0...1 { try test.store.delete(fixture.commitKey(version)) }
    let table = test.another()
    #expect(try table.availableVersions() == 2...3)
    #expect(try table.version(at: start + 2 * hour) == 2)
    #expect(try ids(table.snapshot(at: start + 2 * hour)) == [1, 2])
    let error = test.error { _ = try table.version(at: start + hour) }
    #expect(error?.advice?.hasPrefix("It has versions 2 (2024-01-16T02:10:00.000Z)") == true)
    #expect(
      test.error { _ = try table.snapshot(version: 1) }?.advice == "It has versions 2 to 3.")
  }

  // MARK: Restore

  @Test func `a restore brings an older version back on top of the latest`() throws {
    let report = try test.table.restore(to: 2, timestamp: start + 4 * hour)
    #expect(report.version == 4)
    #expect(report.filesRestored == 1)
    #expect(report.filesRemoved == 1)
    #expect(report.restoredSize > 0 && report.removedSize > 0)
    #expect(try ids() == [1, 2])
    #expect(try ids(test.another().snapshot()) == [1, 2])
    #expect(try ids(test.table.snapshot(version: 3)) == [2, 3])
    // A position stays recorded: nothing is written again because of a restore.
    #expect(try test.table.snapshot().transactions == ["in": 5])
    let commit = try #require(try test.table.changes(since: 3).first)
    #expect(commit.operation == "RESTORE")
    #expect(commit.adds.map(\.dataChange) == [true])
    #expect(try test.table.history().last?.rowCount == 2)
    // And back again.
    #expect(try test.table.restore(to: 3, timestamp: start + 5 * hour).version == 5)
    #expect(try ids() == [2, 3])
  }

  @Test func `a restore to what is there makes no commit`() throws {
    let report = try test.table.restore(to: 3, timestamp: start)
    #expect(report.version == 3)
    #expect(report.filesRestored == 0)
    #expect(report.filesRemoved == 0)
    #expect(try test.another().snapshot().version == 3)
  }

  @Test func `a restore brings back the schema and the properties of the version`() throws {
    let key = CheckpointFixture(test: test).commitKey(0)
    let metadata = try #require(
      String(decoding: try test.store.get(key), as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix(#"{"metaData""#) })
    let changed = metadata.replacingOccurrences(
      of: #""delta.enableExpiredLogCleanup":"false""#, with: #""comment":"new""#)
    try test.store.put(CheckpointFixture(test: test).commitKey(4), Array(changed.utf8))
    let table = test.another()
    #expect(try table.restore(to: 3, timestamp: start).version == 5)
    let text = String(
      decoding: try test.store.get(CheckpointFixture(test: test).commitKey(5)), as: UTF8.self)
    #expect(text.contains(String(metadata)))
    #expect(try ids(test.another().snapshot()) == [2, 3])
  }

  @Test func `a restore to a version whose files are gone is refused by name`() throws {
    let old = try test.table.snapshot(version: 2).files
    let gone = try #require(old.first { $0.partitionValues["dt"] == "2024-01-15" })
    try test.store.delete(test.table.path + "/" + gone.path)
    let error = test.error { _ = try test.table.restore(to: 2, timestamp: start) }
    #expect(error?.kind == .filesVacuumed)
    #expect(error?.version == 2)
    #expect(error?.file == test.table.path + "/" + gone.path)
    #expect(error?.message.contains("1 of its data files") == true)
    #expect(try ids() == [2, 3])
    #expect(test.error { _ = try test.table.restore(to: 9, timestamp: 0) }?.kind == .noVersion)
  }

  @Test func `a restore refuses what would remove rows of an append-only table`() throws {
    let only = try TestTable(properties: ["delta.appendOnly": "true"])
    try only.write([(1, nil, nil)])
    #expect(only.error { _ = try only.table.restore(to: 0, timestamp: 0) }?.kind == .appendOnly)
    #expect(try only.table.restore(to: 1, timestamp: 0).version == 1)
  }

  @Test func `a restore loses against a commit that came between, and deletes no data file`() throws {
    let slow = SlowStore(store: test.store)
    let table = DeltaTable(store: slow, path: test.table.path)
    _ = try table.snapshot()
    slow.beforeCommit { try test.write([(7, nil, nil)]) }
    let error = test.error { _ = try table.restore(to: 2, timestamp: start) }
    #expect(error?.kind == .conflict)
    #expect(error?.version == 4)
    #expect(try ids() == [2, 3, 7])
    #expect(try ids(test.table.snapshot(version: 2)) == [1, 2])
  }
}
