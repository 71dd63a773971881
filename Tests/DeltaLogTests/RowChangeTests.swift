import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct RowChangeTests {
  let test: TestTable
  private let options = DeltaWriteOptions(operation: "DELETE", timestamp: TestTable.time)

  init() throws {
    test = try TestTable()
    try test.write([(1, "a", TestTable.day15), (2, "b", TestTable.day15), (3, "c", TestTable.day16)])
    try test.write([(4, "d", TestTable.day15), (5, nil, nil)])
  }

  private func ids(_ snapshot: DeltaSnapshot? = nil) throws -> [Int64] {
    try test.rows(snapshot, columns: [0]).compactMap { Self.integer($0[0]) }.sorted()
  }

  private static func integer(_ scalar: Scalar) -> Int64? {
    if case .integer(let value) = scalar { value } else { nil }
  }

  /// The identities of the rows with these ids, found by a scan.
  private func identities(
    _ table: DeltaChangeableTable,
    of ids: Set<Int64>,
    _ predicates: [ColumnPredicate] = []
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .bigint)
    let request = ScanRequest(columns: [table.schema.count, 0], predicates: predicates)
    for split in try table.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount {
          guard let id = Self.integer(batch.columns[1].scalar(row)), ids.contains(id) else { continue }
          builder.append(batch.columns[0].scalar(row))
        }
      }
    }
    return builder.finish()
  }

  private func day(_ day: Int64) -> ColumnPredicate {
    ColumnPredicate(column: 2, .equal(.integer(day)))
  }

  @Test func `deleted rows leave their files, and the other files stay as they are`() throws {
    let table = try test.table.snapshot().changeable()
    #expect(table.rowIDField == Field("$row_id", .bigint, isNullable: false))
    #expect(try test.table.snapshot().rowIDField == nil)
    let before = table.snapshot.files.map(\.path)
    let change = table.makeChange(options: options)
    try change.delete(identities(table, of: [2, 3]))
    let summary = try change.finish()
    // The file of id 3 had that row alone, so nothing is written in its place.
    #expect(summary == CommitSummary(version: 3, rowsAdded: 0, filesAdded: 1, filesRemoved: 2))
    let after = try test.another().snapshot()
    #expect(try ids(after) == [1, 4, 5])
    #expect(after.files.map(\.path).filter(before.contains) == [before[2], before[3]])
    #expect(after.files.last?.partitionValues == ["dt": "2024-01-15"])
    #expect(after.files.last?.numRecords == 1)
    #expect(try ids(test.table.snapshot(version: 2)) == [1, 2, 3, 4, 5])
    let commit = try #require(try test.table.changes(since: 2).first)
    #expect(commit.operation == "DELETE")
    #expect(commit.removes.allSatisfy { $0.dataChange })
    #expect(try test.table.history().last?.rowCount == 3)
  }

  @Test func `an update is both, and may move a row to another partition`() throws {
    let table = try test.table.snapshot().changeable()
    let change = table.makeChange(options: DeltaWriteOptions(operation: "UPDATE", timestamp: 0))
    try change.delete(identities(table, of: [1, 5]))
    try change.insert(TestTable.batch([(1, "moved", nil), (5, "e", nil)]))
    try change.insert(TestTable.batch([(6, "new", TestTable.day16)]))
    let summary = try change.finish()
    #expect(summary.rowsAdded == 3)
    #expect(
      try test.rows() == [
        [.integer(1), .text("moved"), .null],
        [.integer(2), .text("b"), .integer(TestTable.day15)],
        [.integer(3), .text("c"), .integer(TestTable.day16)],
        [.integer(4), .text("d"), .integer(TestTable.day15)],
        [.integer(5), .text("e"), .null],
        [.integer(6), .text("new"), .integer(TestTable.day16)],
      ])
    #expect(try test.table.history().last?.operation == "UPDATE")
  }

  @Test func `identities hold where row groups and pages are passed over`() throws {
    let test = try TestTable(partitionColumns: [])
    let sink = try test.table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: 0))
    let count: Int64 = 200_000
    for start in stride(from: 0, to: count, by: 20_000) {
      try sink.write(TestTable.batch((start..<start + 20_000).map { ($0, "n\($0 % 7)", nil) }))
    }
    _ = try sink.commit()
    for id in [0, 65_535, 131_071, 131_072, 150_001, count - 1] {
      let table = try test.table.snapshot().changeable()
      let change = table.makeChange(options: options)
      let wanted = ColumnPredicate(column: 0, .equal(.integer(id)))
      let found = try identities(table, of: [id], [wanted])
      #expect(found.count == 1)
      try change.delete(found)
      _ = try change.finish()
      #expect(try !TestTable.integers(test.table.snapshot(), column: 0, [wanted]).contains(id))
    }
    #expect(try test.table.snapshot().rowCount == Int(count) - 6)
    let left = try TestTable.integers(test.table.snapshot())
    #expect(left.count == Int(count) - 6 && Set(left).count == left.count)
  }

  @Test func `a scan may ask for identities alone`() throws {
    let table = try test.table.snapshot().changeable()
    let rows = try TestTable.rows(table, columns: [table.schema.count])
    #expect(Set(rows).count == 5)
    let change = table.makeChange(options: options)
    for row in rows { try change.delete(ColumnVector(constant: row[0], type: .bigint, count: 2)) }
    let summary = try change.finish()
    #expect(summary.filesRemoved == 4 && summary.filesAdded == 0)
    #expect(try ids() == [])
  }

  @Test func `no change makes no commit, and an aborted one leaves nothing`() throws {
    let objects = try test.store.list(prefix: "").count
    let table = try test.table.snapshot().changeable()
    _ = try identities(table, of: [1])
    #expect(try table.makeChange(options: options).finish().version == 2)
    let change = table.makeChange(options: options)
    try change.delete(identities(table, of: [1]))
    try change.insert(TestTable.batch([(9, nil, nil)]))
    change.abort()
    #expect(try test.store.list(prefix: "").count == objects)
    #expect(test.scratch.names(".tapline-staging") == [])
    #expect(try ids() == [1, 2, 3, 4, 5])
  }

  // MARK: Others

  /// Deletes ids 1 and 2, found by a scan of the 15th, while another writer commits first.
  private func deleteWhile(
    _ predicates: [ColumnPredicate],
    _ other: @escaping () throws -> Void
  ) throws -> DeltaLogError? {
    let slow = SlowStore(store: test.store)
    let table = try DeltaTable(store: slow, path: test.table.path).snapshot().changeable()
    let change = table.makeChange(options: options)
    try change.delete(identities(table, of: [1, 2], predicates))
    slow.beforeCommit(other)
    return test.error { _ = try change.finish() }
  }

  @Test func `an append that cannot match what was read does not conflict`() throws {
    #expect(
      try deleteWhile([day(TestTable.day15)]) {
        try test.write([(7, "other day", TestTable.day16), (8, "no day", nil)])
      } == nil)
    #expect(try ids() == [3, 4, 5, 7, 8])
    // By statistics too, not only by partition.
    try test.write([(1, "again", TestTable.day15), (2, "again", TestTable.day15)])
    let small = ColumnPredicate(column: 0, .less(.integer(3)))
    #expect(
      try deleteWhile([small]) { try test.write([(50, "large", TestTable.day15)]) } == nil)
    #expect(try ids() == [3, 4, 5, 7, 8, 50])
  }

  @Test func `an append that may match what was read conflicts, and nothing is kept`() throws {
    for predicates in [[day(TestTable.day15)], []] {
      let before = try ids()
      let objects = try test.store.list(prefix: "").count
      let error = try deleteWhile(predicates) { try test.write([(7, "same day", TestTable.day15)]) }
      #expect(error?.kind == .concurrentModification)
      #expect(error?.message.contains("may hold rows") == true)
      #expect(try ids() == (before + [7]).sorted())
      #expect(try test.store.list(prefix: "").count == objects + 2)
    }
  }

  @Test func `a file that was read and is gone conflicts, even if it was not changed`() throws {
    // Id 4 lies in another file of that day, which the scan has read as well.
    let error = try deleteWhile([day(TestTable.day15)]) {
      let table = try test.table.snapshot().changeable()
      let change = table.makeChange(options: options)
      try change.delete(identities(table, of: [4], [day(TestTable.day15)]))
      _ = try change.finish()
    }
    #expect(error?.kind == .concurrentModification)
    #expect(error?.version == 3)
    #expect(try ids() == [1, 2, 3, 5])
    // A file that was not read may go.
    #expect(
      try deleteWhile([day(TestTable.day15)]) {
        try test.write([], mode: .overwritePartitions([["dt": "2024-01-16"]]))
      } == nil)
    #expect(try ids() == [5])
  }

  @Test func `a compaction of what was read conflicts, one of the rest does not`() throws {
    try test.write([(6, nil, nil)])
    let compact = { (day: String?) in
      try test.table.optimize(DeltaOptimizeOptions(timestamp: 0, partitions: [["dt": day]]))
    }
    #expect(try deleteWhile([day(TestTable.day15)]) { _ = try compact(nil) } == nil)
    #expect(try ids() == [3, 4, 5, 6])
    try test.write([(1, nil, TestTable.day15)])
    let error = try deleteWhile([day(TestTable.day15)]) { _ = try compact("2024-01-15") }
    #expect(error?.kind == .concurrentModification)
    #expect(try ids() == [1, 3, 4, 5, 6])
  }

  @Test func `the engine's contract gets the conflict in its own words`() throws {
    let slow = SlowStore(store: test.store)
    let table = try DeltaTable(store: slow, path: test.table.path).snapshot().changeable()
    let change: any RowChangeSink = table.makeChange(options: options)
    try change.delete(identities(table, of: [1]))
    slow.beforeCommit { try test.write([(7, nil, TestTable.day15)]) }
    let error = #expect(throws: CatalogChangeError.self) { try change.commit() }
    guard case .conflict(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains("commit 3 (WRITE)"))
  }

  @Test func `a change without a scan counts as one that has read everything`() throws {
    let slow = SlowStore(store: test.store)
    let table = try DeltaTable(store: slow, path: test.table.path).snapshot().changeable()
    let change = table.makeChange(options: options)
    try change.insert(TestTable.batch([(9, nil, nil)]))
    slow.beforeCommit { try test.write([(7, nil, TestTable.day16)]) }
    #expect(test.error { _ = try change.finish() }?.kind == .concurrentModification)
  }

  @Test func `a killed change leaves the old version`() throws {
    struct Killed: Error {}
    let slow = SlowStore(store: test.store)
    let table = try DeltaTable(store: slow, path: test.table.path).snapshot().changeable()
    let change = table.makeChange(options: options)
    try change.delete(identities(table, of: [1]))
    slow.beforeCommit { throw Killed() }
    #expect(throws: Killed.self) { try change.finish() }
    #expect(try ids(test.another().snapshot()) == [1, 2, 3, 4, 5])
    #expect(try test.another().snapshot().version == 2)
  }

  // MARK: Refusals

  @Test func `an append-only table takes insertions alone`() throws {
    let only = try TestTable(properties: ["delta.appendOnly": "true"])
    try only.write([(1, nil, nil)])
    let table = try only.table.snapshot().changeable()
    let change = table.makeChange(options: options)
    let rows = try TestTable.rows(table, columns: [table.schema.count])
    let identity = ColumnVector(constant: rows[0][0], type: .bigint, count: 1)
    #expect(only.error { try change.delete(identity) }?.kind == .appendOnly)
    try change.insert(TestTable.batch([(2, nil, nil)]))
    #expect(try change.finish().rowsAdded == 1)
    #expect(try only.table.snapshot().rowCount == 2)
  }

  @Test func `a table with invariants or newer rules is not changed`() throws {
    let fixture = CheckpointFixture(test: test)
    let first = try test.store.get(fixture.commitKey(0))
    let text = String(decoding: first, as: UTF8.self).replacingOccurrences(
      of: #"\"nullable\":false,\"metadata\":{}"#,
      with: #"\"nullable\":false,\"metadata\":{\"delta.invariants\":\"x\"}"#)
    try test.store.put(fixture.commitKey(0), Array(text.utf8))
    let table = try test.another().snapshot().changeable()
    let change = table.makeChange(options: options)
    let error = test.error { try change.insert(TestTable.batch([(9, nil, nil)])) }
    #expect(error?.kind == .unsupportedWriter)
    #expect(error?.message.contains("invariants") == true)
    change.abort()
    try test.store.put(fixture.commitKey(0), first)
    try test.store.put(
      fixture.commitKey(3), Array(#"{"protocol":{"minReaderVersion":1,"minWriterVersion":4}}"#.utf8))
    let newer = try test.another().snapshot().changeable().makeChange(options: options)
    #expect(
      test.error { try newer.delete(ColumnVector(constant: .integer(0), type: .bigint, count: 1)) }?
        .kind == .unsupportedWriter)
    newer.abort()
  }

  @Test func `what is no row of the version is refused`() throws {
    for identity: Scalar in [.integer(-1), .integer(99 << 40), .integer(1 << 20), .null] {
      let table = try test.table.snapshot().changeable()
      let change = table.makeChange(options: options)
      let error = test.error {
        try change.delete(ColumnVector(constant: identity, type: .bigint, count: 1))
        _ = try change.finish()
      }
      #expect(error?.kind == .unknownRow, "\(identity)")
      change.abort()
    }
    let change = try test.table.snapshot().changeable().makeChange(options: options)
    #expect(
      test.error { try change.insert(TestTable.batch([(1, nil, nil)]).selecting([0])) }?.kind
        == .schemaMismatch)
    change.abort()
    #expect(try ids() == [1, 2, 3, 4, 5])
  }

  @Test func `a position is recorded with a change, once`() throws {
    let recorded = DeltaWriteOptions(transactions: ["merge": 4], timestamp: 0)
    let old = try test.table.snapshot()
    let change = old.changeable().makeChange(options: recorded)
    try change.insert(TestTable.batch([(6, nil, nil)]))
    #expect(try change.finish().version == 3)
    #expect(try test.table.snapshot().transactions == ["merge": 4])
    let again = try test.table.snapshot().changeable().makeChange(options: recorded)
    try again.insert(TestTable.batch([(6, nil, nil)]))
    #expect(test.error { _ = try again.finish() }?.kind == .alreadyCommitted)
    #expect(try ids() == [1, 2, 3, 4, 5, 6])
  }

  // MARK: Rewriting

  @Test func `rewrite goes through what may match and changes what is named`() throws {
    var seen = 0
    let summary = try test.table.rewrite(
      where: [day(TestTable.day15)],
      options: DeltaWriteOptions(operation: "ERASE", timestamp: 0)
    ) { batch in
      seen += batch.rowCount
      var rewrite = DeltaRowRewrite()
      for row in 0..<batch.rowCount {
        let id = Self.integer(batch.columns[0].scalar(row))
        if id == 1 { rewrite.deleted.append(Int32(row)) }
        if id == 4 {
          rewrite.deleted.append(Int32(row))
          rewrite.inserted.append(TestTable.batch([(40, "changed", TestTable.day15)]))
        }
      }
      return rewrite
    }
    #expect(seen == 3)
    #expect(summary.rowsAdded == 1 && summary.filesRemoved == 2)
    #expect(try ids() == [2, 3, 5, 40])
    #expect(try test.table.history().last?.operation == "ERASE")
    let none = try test.table.rewrite(where: [], options: options) { _ in DeltaRowRewrite() }
    #expect(none.version == 3)
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try test.table.rewrite(where: [], options: options) { _ in throw Stop() }
    }
    #expect(try test.table.snapshot().version == 3)
  }
}
