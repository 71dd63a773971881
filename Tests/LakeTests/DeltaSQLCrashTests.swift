import Columnar
import Connector
import DeltaLog
import Lake
import ObjectStorage
import TestSupport
import Testing

/// Statements whose process dies at any of the changes that it makes in the store.
struct DeltaSQLCrashTests {
  private static let schema = Schema([Field("id", .bigint), Field("dt", .date)])
  private static let options = DeltaWriteOptions(timestamp: DeltaSQLLake.start)

  private func write(_ ids: [Int64], _ sink: any BatchSink) throws {
    let rows = ids.map { [Scalar.integer($0), .integer(19_737 + $0)] }
    try sink.write(ColumnarBatch(schema: Self.schema, rows: rows))
    _ = try sink.commit()
  }

  private func create(_ store: any ObjectStore, _ ids: [Int64]) throws {
    let directory = DeltaDirectory(store: store, path: "processed")
    let base = try directory.table("orders")?.snapshot()
    try write(
      ids,
      directory.beginCreate(
        "orders", replacing: base, schema: Self.schema, partitionColumns: ["dt"],
        options: Self.options))
  }

  /// The ids of the table as who opens it next sees them; nil where there is none.
  private func ids(_ store: any ObjectStore) throws -> [Int64]? {
    try DeltaDirectory(store: store, path: "processed").table("orders").map { table in
      try allRows(table.snapshot(), [0]).compactMap { row in
        if case .integer(let id) = row[0] { id } else { nil }
      }.sorted()
    }
  }

  /// What is seen after deaths at the first, the second and later changes, until there is none.
  private func deaths(
    _ prepare: (any ObjectStore) throws -> Void, _ body: (any ObjectStore) throws -> Void,
    _ check: (any ObjectStore, [Int64]?) throws -> Void
  ) throws {
    for calls in 0..<100 {
      let scratch = try ScratchDirectory("delta-crash", inMemory: true)
      let store = try LocalObjectStore(root: scratch.path)
      try prepare(store)
      var isDead = false
      do {
        try body(DyingStore(store, DyingStore.Life(calls)))
      } catch is DyingStore.Dead {
        isDead = true
      }
      try check(store, ids(store))
      if !isDead {
        #expect(calls > 1)
        return
      }
    }
    Issue.record("it never came to its end")
  }

  @Test func `a CREATE TABLE AS is there with all its rows or not at all`() throws {
    var seen: Set<[Int64]?> = []
    try deaths({ _ in }, { try create($0, [1, 2]) }) { store, ids in
      seen.insert(ids)
      // Run again, it makes the table, whatever was left behind.
      if ids == nil {
        try create(store, [1, 2])
        #expect(try self.ids(store) == [1, 2])
      }
    }
    #expect(seen == [nil, [1, 2]])
  }

  @Test func `a replaced table is the old one or the new one`() throws {
    var seen: Set<[Int64]?> = []
    try deaths({ try create($0, [1, 2]) }, { try create($0, [3]) }) { seen.insert($1) }
    #expect(seen == [[1, 2], [3]])
  }

  @Test func `a changed table is the old one or the new one`() throws {
    var seen: Set<[Int64]?> = []
    try deaths({ try create($0, [1, 2, 3]) }) { store in
      let table = try #require(try DeltaDirectory(store: store, path: "processed").table("orders"))
      _ = try table.rewrite(where: [], options: Self.options) { batch in
        let rows = (0..<batch.rowCount).filter { batch.columns[0].scalar($0) != .integer(2) }
        return DeltaRowRewrite(
          deleted: rows.map { Int32($0) },
          inserted: [ColumnarBatch(schema: Self.schema, rows: numbers([9, 19_800]))])
      }
    } _: { seen.insert($1) }
    #expect(seen == [[1, 2, 3], [2, 9, 9, 9]])
  }

  @Test func `a drop that was cut short can be read and repeated`() throws {
    try deaths({
      try create($0, [1])
      try create($0, [2])
    }) { store in
      _ = try DeltaDirectory(store: store, path: "processed").drop("orders")
    } _: { store, ids in
      #expect([nil, [1], [2]].contains(ids))
      if ids != nil {
        let isDropped = try DeltaDirectory(store: store, path: "processed").drop("orders")
        let left = try store.list(prefix: "").map(\.key)
        #expect(isDropped && left.isEmpty, "\(left)")
      }
    }
  }
}
