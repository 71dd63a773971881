import Columnar
import Connector
import Lake
import ObjectStorage
import Testing

/// A writer that dies at any of its steps leaves a table that reads as it was, or as it was to become.
struct HiveCrashTests {
  private let purchases = HiveTableName("silver", "purchases")
  private let day: Int64 = 19_737

  private func rows(_ ids: [Int64], _ day: Int64) -> [[Scalar]] {
    ids.map { [.integer($0), .integer($0 * 10), .integer(day)] }
  }

  /// Runs `body` on a store that dies after 0, 1, 2 … changes, each time over a new lake, until it gets
  /// through; `check` sees every lake, reopened.
  private func dying(
    _ body: (HiveCatalog) throws -> Void, check: (HiveLake, _ survived: Bool) throws -> Void
  ) throws {
    for calls in 0... {
      let lake = try HiveLake()
      try lake.makePurchases()
      try lake.sql(
        "INSERT INTO purchases VALUES (1, 10, DATE '2024-01-14'), (2, 20, DATE '2024-01-15'), "
          + "(3, 30, DATE '2024-01-16')")
      let life = DyingStore.Life(calls)
      let catalog = HiveCatalog(
        store: DyingStore(lake.store, life), documents: DyingStore(lake.documents, life), layers: ["silver": "processed"],
        now: { HiveLake.now })
      var survived = true
      do { try body(catalog) } catch is DyingStore.Dead { survived = false }
      try check(lake, survived)
      if survived, calls > 30 { break }
      #expect(calls < 100, "it never gets through")
      if calls >= 100 { break }
    }
  }

  @Test func `an overwrite that dies leaves the old rows or the new ones, never both and never none`() throws {
    var seenOld = false
    var seenNew = false
    try dying { catalog in
      let sink = try catalog.makeSink(
        purchases, mode: .overwrite(.dynamic), options: HiveWriteOptions(targetRowsPerFile: 1))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([8, 9], day)))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([7], day + 1)))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([6], day + 2)))
      _ = try sink.commit()
    } check: { lake, survived in
      let ids = try lake.sql("SELECT id FROM purchases ORDER BY dt, id")
      let isOld = ids == ["1", "2", "3"]
      let isNew = ids == ["1", "8", "9", "7", "6"]
      #expect(isOld || isNew, "\(ids)")
      #expect(isNew || !survived)
      // Dead before the change of the catalog it leaves new files, and after it old ones.
      let leftovers = try lake.hive.unreferenced(purchases, changedBefore: HiveLake.now + 1)
        .filter { $0.key.hasSuffix(".parquet") }
      seenOld = seenOld || isOld && !leftovers.isEmpty
      seenNew = seenNew || isNew && !leftovers.isEmpty
      // Whatever it left, the next overwrite is right, and what is left over can be swept up.
      try lake.sql("SET SESSION lake.insert_existing_partitions_behavior = 'OVERWRITE'")
      try lake.sql("INSERT INTO purchases VALUES (5, 50, DATE '2024-01-15')")
      #expect(
        try lake.sql("SELECT id FROM purchases WHERE dt = DATE '2024-01-15'") == ["5"])
      try lake.hive.removeUnreferenced(purchases, changedBefore: HiveLake.now + 1)
      let partitions = try lake.sql(#"SELECT "$file_count" FROM "purchases$partitions""#)
      #expect(
        try lake.files("processed/").count == partitions.compactMap { Int($0) }.reduce(0, +))
    }
    #expect(seenOld && seenNew)
  }

  @Test func `a static overwrite that dies does not lose the other days`() throws {
    try dying { catalog in
      let sink = try catalog.makeSink(purchases, mode: .overwrite(.static(["dt": "2024-01-15"])))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([8], day)))
      _ = try sink.commit()
    } check: { lake, _ in
      let ids = try lake.sql("SELECT id FROM purchases ORDER BY dt")
      #expect(ids == ["1", "2", "3"] || ids == ["1", "8", "3"], "\(ids)")
    }
  }

  /// What Hive-style tables do not promise: rows for a registered partition show file by file.
  @Test func `an append that dies may leave a part of its rows`() throws {
    var seenPart = false
    try dying { catalog in
      let sink = try catalog.makeSink(purchases, mode: .append)
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([8], day)))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([9], day + 1)))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([7], day + 5)))
      _ = try sink.commit()
    } check: { lake, survived in
      let ids = Set(try lake.sql("SELECT id FROM purchases"))
      #expect(ids.isSuperset(of: ["1", "2", "3"]))
      seenPart = seenPart || ids.contains("8") && !ids.contains("9")
      // A partition that was not registered shows only when the catalog says so.
      if !survived, ids.contains("7") { Issue.record("a new partition shows without its commit") }
    }
    #expect(seenPart)
  }

  /// The catalog's file got its name, and then the disk failed: nobody can tell that from a failure.
  @Test func `rows stay where a change was made although the store reported a failure`() throws {
    let lake = try HiveLake()
    try lake.makePurchases()
    try lake.sql("INSERT INTO purchases VALUES (1, 10, DATE '2024-01-15')")
    let catalog = HiveCatalog(
      store: lake.store, documents: LyingStore(lake.documents), layers: ["silver": "processed"],
      now: { HiveLake.now })
    let sink = try catalog.makeSink(purchases, mode: .overwrite(.dynamic))
    try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([8], day)))
    #expect(throws: LyingStore.Lie.self) { try sink.commit() }
    #expect(try lake.sql("SELECT id FROM purchases") == ["8"])
    let fresh = HiveCatalog(
      store: lake.store, documents: LyingStore(lake.documents), layers: ["silver": "processed"],
      now: { HiveLake.now })
    #expect(throws: LyingStore.Lie.self) {
      try fresh.compactPartition(purchases, values: ["2024-01-15"])
    }
    #expect(try lake.sql("SELECT id FROM purchases") == ["8"])
  }

  @Test func `a table that is made shows whole or not at all`() throws {
    try dying { catalog in
      let sink = try catalog.makeTable(
        HiveTableName("silver", "copies"),
        TableDefinition(
          schema: HiveLake.purchases, properties: ["partitioned_by": [.text("dt")]]))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([8], day)))
      try sink.write(ColumnarBatch(schema: HiveLake.purchases, rows: rows([9], day + 1)))
      _ = try sink.commit()
    } check: { lake, survived in
      let exists = try lake.sql("SHOW TABLES").contains("copies")
      #expect(exists || !survived)
      if exists { #expect(try lake.sql("SELECT id FROM copies ORDER BY id") == ["8", "9"]) }
    }
  }

  @Test func `a delete that dies leaves the partition or takes it away`() throws {
    try dying { catalog in
      let source = try #require(try catalog.table(purchases))
      let ids = try allRows(source, [3], [ColumnPredicate(column: 2, .equal(.integer(day)))])
      let deletion = catalog.makeDeletion(source)
      try deletion.delete(
        ColumnarBatch(schema: Schema([Field("id", .bigint)]), rows: ids).columns[0])
      _ = try deletion.commit()
    } check: { lake, _ in
      let ids = try lake.sql("SELECT id FROM purchases ORDER BY dt")
      #expect(ids == ["1", "2", "3"] || ids == ["1", "3"], "\(ids)")
    }
  }
}

/// A store that makes a change of the catalog and says that it failed.
private final class LyingStore: ForwardingStore, @unchecked Sendable {
  struct Lie: Error {}

  override func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    _ = try inner.publish(objects, ifAbsent: ifAbsent)
    throw Lie()
  }
}
