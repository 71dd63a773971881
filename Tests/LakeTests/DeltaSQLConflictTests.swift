import Columnar
import Connector
import DeltaLog
import Lake
import Testing

/// Statements that run at the same time: who comes second goes on top, or is told and leaves nothing.
struct DeltaSQLConflictTests {
  private let lake: DeltaSQLLake
  private static let dt = 2

  init() throws {
    lake = try DeltaSQLLake()
    try lake.makeOrders()
    for index in 0..<3 { try lake.insertPair(index * 2 + 1, day: 15 + index) }
  }

  /// A DELETE of one order that has read the rows of some days, and is not committed yet.
  private func begin(
    _ id: Int64, day: Int64? = nil
  ) throws -> any RowChangeSink {
    let source = try #require(try lake.lake.table(schema: "silver", name: "orders"))
    let sink = try lake.lake.beginChange(schema: "silver", name: "orders", of: source)
    let predicates = day.map { [ColumnPredicate(column: Self.dt, .equal(.integer($0)))] } ?? []
    let request = ScanRequest(columns: [0, source.schema.count], predicates: predicates)
    for split in try source.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() {
        let rows = (0..<batch.rowCount).filter { batch.columns[0].scalar($0) == .integer(id) }
          .map { Int32($0) }
        try sink.delete(rows.withUnsafeBufferPointer { batch.columns[1].gather($0) })
      }
    }
    return sink
  }

  /// 2024-01-15 in days since 1970.
  private static let day15: Int64 = 19_737

  private func conflict(_ body: () throws -> CommitSummary) -> String? {
    do {
      _ = try body()
    } catch CatalogChangeError.conflict(let text) {
      return text
    } catch {
      return "another error: \(error)"
    }
    return nil
  }

  @Test func `of two that change one file, the second is told and leaves nothing`() throws {
    let (first, second) = (try begin(1), try begin(2))
    #expect(try first.commit().version == 4)
    let files = try lake.files()
    let text = try #require(conflict(second.commit))
    #expect(text.hasPrefix("Another writer's commit 4 (DELETE) to processed/orders removed dt=2024-01-15/"))
    #expect(try lake.files() == files)
    #expect(try lake.version() == 4)
    #expect(try lake.sql("SELECT id FROM orders ORDER BY id") == ["2", "3", "4", "5", "6"])
    #expect(try lake.sql("SELECT count(*) FROM orders FOR VERSION AS OF 3") == ["6"])
  }

  @Test func `two that read different partitions go on top of each other`() throws {
    let first = try begin(1, day: Self.day15)
    let second = try begin(3, day: Self.day15 + 1)
    _ = try first.commit()
    #expect(try second.commit().version == 5)
    #expect(try lake.sql("SELECT id FROM orders ORDER BY id") == ["2", "4", "5", "6"])
    #expect(try lake.sql("SELECT id FROM orders FOR VERSION AS OF 4 ORDER BY id") == ["2", "3", "4", "5", "6"])
  }

  @Test func `rows that come meanwhile conflict where the change would have read them`() throws {
    let (first, second) = (try begin(1, day: Self.day15), try begin(3, day: Self.day15 + 1))
    try lake.insertPair(11, day: 15)
    let text = try #require(conflict(first.commit))
    #expect(text.contains("commit 4 (WRITE)"))
    #expect(text.contains("which may hold rows that this change would have read"))
    #expect(try second.commit().version == 5)
    #expect(try lake.sql("SELECT id FROM orders ORDER BY id") == ["1", "2", "4", "5", "6", "11", "12"])
  }

  @Test func `a MERGE whose target changes while it reads its source fails as a whole`() throws {
    let lake = lake.lake
    self.lake.meddler.next {
      let sink = try lake.beginInsert(schema: "silver", name: "orders", .append)
      let schema = Schema([
        Field("id", .bigint), Field("amount", .bigint), Field("dt", .date),
      ])
      try sink.write(ColumnarBatch(schema: schema, rows: numbers([1, 11, 19_737])))
      _ = try sink.commit()
    }
    let merge =
      """
      MERGE INTO orders t USING meddler.default.feed s ON t.id = s.id
      WHEN MATCHED THEN UPDATE SET amount = s.amount
      WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.amount, NULL)
      """
    let refusal = self.lake.refusal(merge)
    #expect(refusal.hasPrefix("TRANSACTION_CONFLICT: Another writer's commit 4 (WRITE)"), "\(refusal)")
    #expect(
      try self.lake.sql("SELECT amount FROM orders WHERE id = 1 ORDER BY amount") == ["10", "11"])
    // Run again, it sees both rows.
    #expect(try self.lake.sql(merge) == ["2"])
    #expect(
      try self.lake.sql("SELECT amount FROM orders WHERE id = 1") == ["1000", "1000"])
    #expect(try self.lake.version() == 5)
  }

  @Test func `what a subquery reads of the same table counts as read by the change`() throws {
    let lake = lake.lake
    self.lake.meddler.next {
      let sink = try lake.beginInsert(schema: "silver", name: "orders", .append)
      let schema = Schema([
        Field("id", .bigint), Field("amount", .bigint), Field("dt", .date),
      ])
      try sink.write(ColumnarBatch(schema: schema, rows: numbers([99, 1_000, 19_738])))
      _ = try sink.commit()
    }
    // Only the first day is changed; the average is over all of them.
    let refusal = self.lake.refusal(
      """
      DELETE FROM orders WHERE dt = DATE '2024-01-15' AND id IN (SELECT id FROM meddler.default.feed)
      AND amount < (SELECT avg(amount) FROM orders)
      """)
    #expect(refusal.hasPrefix("TRANSACTION_CONFLICT: Another writer's commit 4"), "\(refusal)")
    #expect(try self.lake.sql("SELECT count(*) FROM orders") == ["7"])
  }

  @Test func `two INSERTs are both kept, and one over a changed table is told`() throws {
    let schema = Schema([Field("id", .bigint), Field("amount", .bigint), Field("dt", .date)])
    func begin(_ id: Int64) throws -> any BatchSink {
      let sink = try lake.lake.beginInsert(schema: "silver", name: "orders", .append)
      try sink.write(ColumnarBatch(schema: schema, rows: numbers([id, 0, 19_737])))
      return sink
    }
    let (first, second, third) = (try begin(7), try begin(8), try begin(9))
    _ = try first.commit()
    _ = try second.commit()
    try lake.sql("ALTER TABLE orders ADD COLUMN note varchar")
    let text = try #require(conflict(third.commit))
    #expect(text.contains("changed the table's schema or properties"))
    #expect(
      try lake.sql("SELECT id FROM orders WHERE amount = 0 ORDER BY id") == ["7", "8"])
  }

  @Test func `a table that is dropped under a statement takes its rows with it`() throws {
    let sink = try lake.lake.beginInsert(schema: "silver", name: "orders", .append)
    let schema = Schema([Field("id", .bigint), Field("amount", .bigint), Field("dt", .date)])
    try sink.write(ColumnarBatch(schema: schema, rows: numbers([7, 0, 19_737])))
    try lake.sql("DROP TABLE orders")
    #expect(throws: CatalogChangeError.tableMissing(schema: "silver", name: "orders")) {
      try sink.commit()
    }
    #expect(try lake.keys().isEmpty)
  }

  @Test func `a change that is given up leaves nothing`() throws {
    let files = try lake.keys()
    let change = try begin(1)
    change.abort()
    #expect(try lake.keys() == files)
    #expect(try lake.sql("SELECT count(*) FROM orders") == ["6"])
  }
}
