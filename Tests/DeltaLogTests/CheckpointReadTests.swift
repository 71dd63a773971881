import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct CheckpointReadTests {
  let test: TestTable
  let fixture: CheckpointFixture

  init() throws {
    test = try TestTable()
    fixture = CheckpointFixture(test: test)
    try test.write([(1, "a", TestTable.day15), (2, "b", TestTable.day16)], transactions: ["in": 7])
    try test.write([(3, "서울", nil)])
    try test.write(
      [(4, "d", TestTable.day15)], mode: .overwritePartitions([["dt": "2024-01-15"]]))
  }

  private func hint(_ text: String) throws {
    try test.store.put(fixture.log + "_last_checkpoint", Array(text.utf8))
  }

  private func deleteCommits(_ versions: ClosedRange<Int>) throws {
    for version in versions { try test.store.delete(fixture.commitKey(version)) }
  }

  @Test(arguments: CheckpointFixture.Form.allCases)
  func `a checkpoint of any form stands for the commits up to its version`(
    form: CheckpointFixture.Form
  ) throws {
    let before = try test.table.snapshot()
    try fixture.write(form, version: 3)
    try deleteCommits(0...3)
    let snapshot = try test.another().snapshot()
    #expect(snapshot.version == 3)
    #expect(snapshot.schema == before.schema)
    #expect(snapshot.partitionColumns == ["dt"])
    #expect(snapshot.transactions == ["in": 7])
    #expect(Set(snapshot.files.map(\.path)) == Set(before.files.map(\.path)))
    #expect(snapshot.rowCount == 3)
    #expect(try test.rows(snapshot) == test.rows(before))
    // Partition values and statistics are those of the log.
    let files = { (predicate: ColumnPredicate) in
      try snapshot.splits(for: ScanRequest(columns: [0], predicates: [predicate])).count
    }
    #expect(try files(ColumnPredicate(column: 2, .equal(.integer(TestTable.day16)))) == 1)
    #expect(try files(ColumnPredicate(column: 2, .isNull)) == 1)
    #expect(try files(ColumnPredicate(column: 0, .greater(.integer(3)))) == 1)
  }

  @Test(arguments: CheckpointFixture.Form.allCases)
  func `commits after a checkpoint go on top of it`(form: CheckpointFixture.Form) throws {
    try fixture.write(form, version: 2)
    try deleteCommits(0...1)
    let table = test.another()
    #expect(try table.snapshot().version == 3)
    #expect(try test.rows(table.snapshot()) == test.rows())
    try test.write([(5, "e", nil)], transactions: ["in": 8])
    #expect(try table.snapshot().version == 4)
    #expect(try table.snapshot().transactions == ["in": 8])
    #expect(try test.rows(table.snapshot(), columns: [0]).count == 4)
    #expect(try test.rows(test.another().snapshot(), columns: [0]).count == 4)
  }

  @Test func `the hint may be missing, old, damaged, or lead to nothing`() throws {
    try fixture.write(.classic, version: 1)
    try fixture.write(.classic, version: 3)
    try deleteCommits(0...2)
    let hints = [
      nil, #"{"version":3,"size":7}"#, #"{"version":1,"size":7}"#, #"{"version":2,"size":7}"#,
      #"{"version":99,"size":7}"#, #"{"version":-1}"#, #"{"version":3,"#, "", "[]",
      #"{"version":1e3}"#, #"{"version":9223372036854775807}"#,
    ]
    for text in hints {
      if let text { try hint(text) }
      let snapshot = try test.another().snapshot()
      #expect(snapshot.version == 3, "\(text ?? "none")")
      #expect(snapshot.files.count == 3)
    }
  }

  @Test func `a checkpoint that lacks a part is passed over, and named where nothing else is left`()
    throws
  {
    let older = try fixture.actions(upTo: 2)
    let names = try fixture.write(.threeParts, version: 3)
    try test.store.delete(fixture.log + names[1])
    #expect(try test.another().snapshot().files.count == 3)
    try deleteCommits(0...1)
    for _ in 0..<2 {
      let error = test.error { _ = try test.another().snapshot() }
      #expect(error?.kind == .missingCheckpoint)
      #expect(error?.version == 3)
      #expect(error?.file == fixture.log + names[1])
      try hint(#"{"version":3,"size":7,"parts":3}"#)
    }
    try fixture.writeParquet(CheckpointFixture.padded(2) + ".checkpoint.parquet", older)
    #expect(try test.another().snapshot().files.count == 3)
  }

  @Test func `a hint without its checkpoint is no log`() throws {
    try hint(#"{"version":3,"size":7}"#)
    #expect(try test.another().snapshot().version == 3)
    try deleteCommits(0...0)
    let error = test.error { _ = try test.another().snapshot() }
    #expect(error?.kind == .missingCheckpoint)
    #expect(error?.file == fixture.log + "_last_checkpoint")
    try deleteCommits(1...3)
    #expect(test.error { _ = try test.another().snapshot() }?.kind == .missingCheckpoint)
  }

  @Test func `a missing sidecar is named`() throws {
    let names = try fixture.write(.jsonWithSidecars, version: 3)
    try deleteCommits(0...2)
    #expect(try test.another().snapshot().files.count == 3)
    try test.store.delete(fixture.log + names[2])
    let error = test.error { _ = try test.another().snapshot() }
    #expect(error?.kind == .corruptCheckpoint)
    #expect(error?.file == fixture.log + names[2])
    #expect(error?.version == 3)
  }

  @Test func `a damaged checkpoint is passed over while the commits are there, and named after`()
    throws
  {
    for form in [CheckpointFixture.Form.classic, .json] {
      let name = try fixture.write(form, version: 3)[0]
      let whole = try test.store.get(fixture.log + name)
      try test.store.put(fixture.log + name, Array(whole.dropLast(20)))
      #expect(try test.another().snapshot().files.count == 3)
      let commit = try test.store.get(fixture.commitKey(0))
      try deleteCommits(0...0)
      let error = test.error { _ = try test.another().snapshot() }
      #expect(error?.kind == .corruptCheckpoint)
      #expect(error?.file == fixture.log + name)
      try test.store.put(fixture.commitKey(0), commit)
      try test.store.delete(fixture.log + name)
    }
  }

  @Test(arguments: [CheckpointFixture.Form.classic, .json])
  func `no changed byte of a checkpoint brings the reader down`(
    form: CheckpointFixture.Form
  ) throws {
    let name = try fixture.write(form, version: 3)[0]
    try deleteCommits(0...2)
    let whole = try test.store.get(fixture.log + name)
    let file = URL(fileURLWithPath: test.scratch.path + "/" + fixture.log + name)
    var outcomes: Set<Bool> = []
    for index in stride(from: 0, to: whole.count, by: 5) {
      var bytes = whole
      bytes[index] ^= [0xFF, 0x01, 0x40][index / 5 % 3]
      // In place and unsynced: these are many.
      try Data(bytes).write(to: file)
      do {
        let snapshot = try test.another().snapshot()
        _ = try snapshot.splits(for: ScanRequest(columns: [0]))
        outcomes.insert(true)
      } catch {
        #expect(error is DeltaLogError, "byte \(index): \(error)")
        outcomes.insert(false)
      }
    }
    #expect(outcomes.contains(false))
  }

  @Test func `a checkpoint without protocol or schema, or of another version, is refused`() throws {
    try deleteCommitsAfterWriting { actions in actions.removeAll { $0.kind == "protocol" } }
    try deleteCommitsAfterWriting { actions in actions.removeAll { $0.kind == "metaData" } }
    try deleteCommitsAfterWriting { actions in
      actions.append(.init(kind: "checkpointMetadata", fields: ["version": 2]))
    }
    try deleteCommitsAfterWriting { actions in
      actions.append(.init(kind: "add", fields: ["path": "a"]))
    }
    try deleteCommitsAfterWriting { actions in
      actions.append(.init(kind: "add", fields: ["path": "s3://elsewhere/a", "size": 1]))
    }
  }

  private func deleteCommitsAfterWriting(
    _ change: (inout [CheckpointFixture.Action]) -> Void
  ) throws {
    let commits = try (0...2).map { try test.store.get(fixture.commitKey($0)) }
    var actions = try fixture.actions(upTo: 3)
    change(&actions)
    let name = CheckpointFixture.padded(3) + ".checkpoint.parquet"
    try fixture.writeParquet(name, actions)
    try deleteCommits(0...2)
    #expect(test.error { _ = try test.another().snapshot() }?.kind == .corruptCheckpoint)
    for (version, bytes) in commits.enumerated() {
      try test.store.put(fixture.commitKey(version), bytes)
    }
    #expect(try test.another().snapshot().version == 3)
  }

  @Test func `a gap after the checkpoint is named`() throws {
    try fixture.write(.classic, version: 1)
    try deleteCommits(2...2)
    let error = test.error { _ = try test.another().snapshot() }
    #expect(error?.kind == .missingCommit)
    #expect(error?.version == 2)
    // A checkpoint behind the gap bridges it.
    try test.store.put(fixture.commitKey(2), Array("{}".utf8))
    try fixture.write(.classic, version: 3)
    try deleteCommits(2...2)
    #expect(try test.another().snapshot().version == 3)
  }

  @Test func `features that a checkpoint asks for are refused by name`() throws {
    var actions = try fixture.actions(upTo: 3)
    actions.removeAll { $0.kind == "protocol" }
    actions.append(
      .init(
        kind: "protocol",
        fields: [
          "minReaderVersion": 3, "minWriterVersion": 7,
          "readerFeatures": ["v2Checkpoint", "typeWidening"], "writerFeatures": ["v2Checkpoint"],
        ]))
    try fixture.writeParquet(CheckpointFixture.padded(3) + ".checkpoint.parquet", actions)
    try deleteCommits(0...2)
    let error = test.error { _ = try test.another().snapshot() }
    #expect(error?.kind == .unsupportedFeature)
    #expect(error?.message.contains("typeWidening") == true)
    #expect(error?.message.contains("v2Checkpoint") == false)
  }

  @Test func `versions, history and changes reach back to the oldest that is left`() throws {
    let complete = try test.another().history()
    #expect(complete.map(\.version) == [0, 1, 2, 3])
    try fixture.write(.classic, version: 1)
    try deleteCommits(0...0)
    let table = test.another()
    #expect(try table.history() == Array(complete.dropFirst()))
    #expect(try table.snapshot().timestamp == TestTable.time + 1_000)
    #expect(try table.snapshot(version: 1).files.count == 2)
    #expect(try table.snapshot(version: 2).rowCount == 3)
    #expect(try table.changes(since: 1).map(\.version) == [2, 3])
    #expect(try table.changes(since: 0).map(\.version) == [1, 2, 3])
    let expired = test.error { _ = try table.changes(since: -1) }
    #expect(expired?.kind == .historyExpired)
    #expect(expired?.version == 0)
    let gone = test.error { _ = try table.snapshot(version: 0) }
    #expect(gone?.kind == .noVersion)
    #expect(gone?.advice == "It has versions 1 to 3.")
    #expect(test.error { _ = try table.snapshot(version: 4) }?.kind == .noVersion)
  }

  @Test func `a table whose log begins with a checkpoint is written like any other`() throws {
    try fixture.write(.classic, version: 3)
    let old = try test.table.snapshot(version: 2)
    try deleteCommits(0...2)
    let table = test.another()
    let sink = try table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: TestTable.time))
    try sink.write(TestTable.batch([(6, "f", nil)]))
    #expect(try sink.commit().version == 4)
    #expect(try test.rows(test.another().snapshot(), columns: [0]).count == 4)
    // Written on an older version, over commits whose files are gone.
    #expect(
      test.error { try test.write([(7, "g", nil)], mode: .overwrite, on: old) }?.kind == .conflict)
  }
}
