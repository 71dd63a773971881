import Columnar
import Connector
import Dispatch
import Lake
import ObjectStorage
import Synchronization
import Testing

/// Small files become large ones without a reader noticing.
struct HiveCompactionTests {
  private let lake: HiveLake
  private let purchases = HiveTableName("silver", "purchases")

  init() throws {
    lake = try HiveLake()
    try lake.makePurchases()
  }

  /// A day of many files, a row each, and a day beside it.
  private func makeSmallFiles(_ count: Int) throws {
    for number in 0..<count {
      try lake.put(
        "processed/purchases/dt=2024-01-15/minute-\(number)", HiveLake.data,
        numbers([Int64(number), 5]))
    }
    try lake.put("processed/purchases/dt=2024-01-16/f", HiveLake.data, numbers([-1, 7]))
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', 'ADD')")
  }

  @Test func `a partition is pointed at the copy in one step, and the old files stay`() throws {
    try makeSmallFiles(40)
    let before = try lake.hive.content(purchases, values: ["2024-01-15"])
    let report = try lake.hive.compactPartition(purchases, values: ["2024-01-15"])
    #expect(report.filesBefore == 40 && report.filesAfter == 1)
    #expect(report.content == before && before.rowCount == 40)
    #expect(report.oldLocation == "s3://lake/processed/purchases/dt=2024-01-15")
    #expect(report.newLocation.hasPrefix("s3://lake/processed/purchases/dt=2024-01-15/v2-"))
    #expect(report.bytesAfter < report.bytesBefore)
    #expect(try lake.hive.content(purchases, values: ["2024-01-15"]) == before)
    #expect(
      try lake.sql("SELECT dt, count(*), sum(id), count(DISTINCT \"$path\") FROM purchases GROUP BY dt ORDER BY dt")
        == ["2024-01-15|40|780|1", "2024-01-16|1|-1|1"])
    #expect(try lake.files("processed/purchases/dt=2024-01-15/minute").count == 40)
    // Files younger than the retention stay.
    #expect(try lake.hive.removeUnreferenced(purchases, changedBefore: HiveLake.now) == 0)
    #expect(try lake.hive.removeUnreferenced(purchases, changedBefore: HiveLake.now + 1) == 40)
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["41"])
    #expect(try lake.hive.history(purchases).last?.operation == "compact")
  }

  @Test func `readers that poll meanwhile never miss a row nor see one twice`() throws {
    try makeSmallFiles(30)
    let table = purchases
    let hive = lake.hive
    let isDone = Mutex(false)
    let wrong = Mutex<[Int]>([])
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      while !isDone.withLock({ $0 }) {
        guard let source = try? hive.table(table), let rows = try? allRows(source, [0]) else {
          wrong.withLock { $0.append(-1) }
          return
        }
        if Set(rows).count != 31 || rows.count != 31 { wrong.withLock { $0.append(rows.count) } }
      }
    }
    for rows in [10, 3, 1_000] {
      _ = try hive.compactPartition(table, values: ["2024-01-15"], targetRowsPerFile: rows)
    }
    isDone.withLock { $0 = true }
    group.wait()
    #expect(wrong.withLock { $0 }.isEmpty)
  }

  @Test func `a partition that is written while it is compacted is left alone`() throws {
    try makeSmallFiles(3)
    // The store puts a file into the partition when the copy is published.
    let meddling = MeddlingStore(lake.store) { store in
      try store.put(
        "processed/purchases/dt=2024-01-15/late",
        HiveLake.parquet(HiveLake.data, numbers([99, 1])))
    }
    let catalog = HiveCatalog(
      store: meddling, documents: lake.documents, layers: ["silver": "processed"])
    #expect(throws: CatalogChangeError.self) {
      try catalog.compactPartition(purchases, values: ["2024-01-15"])
    }
    #expect(try lake.sql("SELECT count(*) FROM purchases") == ["5"])
    #expect(try lake.keys("processed/purchases/dt=2024-01-15/v").isEmpty)
  }

  @Test func `a copy that is no copy is thrown away`() throws {
    try makeSmallFiles(3)
    // The store exchanges the copy for another file of as many rows.
    let meddling = MeddlingStore(lake.store) { store in
      for object in try store.list(prefix: "processed/purchases/dt=2024-01-15/v")
      where object.key.hasSuffix(".parquet") {
        try store.put(object.key, HiveLake.parquet(HiveLake.data, numbers([0, 5], [1, 5], [2, 6])))
      }
    }
    let catalog = HiveCatalog(
      store: meddling, documents: lake.documents, layers: ["silver": "processed"])
    let error = #expect(throws: HiveError.self) {
      try catalog.compactPartition(purchases, values: ["2024-01-15"])
    }
    #expect(error?.kind == .verificationFailed)
    #expect(try lake.sql("SELECT count(*), sum(amount) FROM purchases") == ["4|22"])
    #expect(try lake.keys("processed/purchases/dt=2024-01-15/v").isEmpty)
  }

  @Test func `a partition is pointed elsewhere by hand, if it is where one thinks`() throws {
    try makeSmallFiles(2)
    try lake.put("rebuilt/day/all", HiveLake.data, numbers([0, 5], [1, 5], [2, 9]))
    #expect(throws: CatalogChangeError.self) {
      try lake.hive.repointPartition(
        purchases, values: ["2024-01-15"], uri: "s3://lake/rebuilt/day", expected: "s3://lake/old")
    }
    #expect(throws: CatalogChangeError.self) {
      try lake.hive.repointPartition(
        purchases, values: ["2024-01-15"], uri: "s3://lake/rebuilt/nothing")
    }
    #expect(throws: CatalogChangeError.notFound("Partition 'dt=2024-01-20' does not exist")) {
      try lake.hive.repointPartition(
        purchases, values: ["2024-01-20"], uri: "s3://lake/rebuilt/day")
    }
    #expect(try lake.sql("SELECT sum(amount) FROM purchases") == ["17"])
    try lake.hive.repointPartition(
      purchases, values: ["2024-01-15"], uri: "s3://lake/rebuilt/day",
      expected: "s3://lake/processed/purchases/dt=2024-01-15/")
    #expect(try lake.sql("SELECT sum(amount) FROM purchases") == ["26"])
  }

  @Test func `contents are equal whatever the order and the files, and differ by one value`() throws {
    try lake.put("processed/purchases/dt=2024-01-01/a", HiveLake.data, numbers([1, 2], [3, 4]))
    try lake.put("processed/purchases/dt=2024-01-02/a", HiveLake.data, numbers([3, 4]))
    try lake.put("processed/purchases/dt=2024-01-02/b", HiveLake.data, numbers([1, 2]))
    try lake.put("processed/purchases/dt=2024-01-03/a", HiveLake.data, numbers([1, 4], [3, 2]))
    try lake.put(
      "processed/purchases/dt=2024-01-04/a", HiveLake.data, numbers([1, 2], [3, 4], [3, 4]))
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', 'ADD')")
    let contents = try ["01", "02", "03", "04"].map {
      try lake.hive.content(purchases, values: ["2024-01-\($0)"])
    }
    #expect(contents[0] == contents[1])
    #expect(contents[0] != contents[2] && contents[0].rowCount == contents[2].rowCount)
    #expect(contents[3].rowCount == 3)
    #expect(throws: CatalogChangeError.self) {
      try lake.hive.content(purchases, values: ["2024-01-09"])
    }
  }

  @Test func `what cannot be compacted is said`() throws {
    try lake.hive.createEmptyPartition(purchases, columns: ["dt"], values: ["2024-01-15"])
    #expect(throws: CatalogChangeError.self) {
      try lake.hive.compactPartition(purchases, values: ["2024-01-15"])
    }
    #expect(throws: CatalogChangeError.notFound("Partition 'dt=2024-01-16' does not exist")) {
      try lake.hive.compactPartition(purchases, values: ["2024-01-16"])
    }
    try lake.sql("CREATE TABLE text (a varchar) WITH (format = 'JSON')")
    #expect(throws: CatalogChangeError.self) {
      try lake.hive.compactPartition(HiveTableName("silver", "text"), values: [])
    }
  }
}

/// A store in which something else happens right after the first files were published.
private final class MeddlingStore: ForwardingStore, @unchecked Sendable {
  private let meddle: @Sendable (any ObjectStore) throws -> Void
  private let isDone = Mutex(false)

  init(_ inner: any ObjectStore, _ meddle: @escaping @Sendable (any ObjectStore) throws -> Void) {
    self.meddle = meddle
    super.init(inner)
  }

  override func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    let published = try inner.publish(objects, ifAbsent: ifAbsent)
    let isData = objects.contains { $0.key.hasSuffix(".parquet") }
    if isData, isDone.withLock({ done in defer { done = true }; return !done }) { try meddle(inner) }
    return published
  }
}
