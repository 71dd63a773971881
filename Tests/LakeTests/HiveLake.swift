import Codecs
import Columnar
import Connector
import Lake
import ObjectStorage
import Parquet
import QueryExecution
import Synchronization
import TestSupport
import Testing
import TrinoSQL

/// A lake in a scratch directory, and a session of SQL over it.
final class HiveLake {
  /// 2024-01-16 09:10 in Seoul.
  static let now: Int64 = 1_705_363_800_000

  let scratch: ScratchDirectory
  let lake: Lake
  private let probe: SQLProbe

  init(writesExternalTables: Bool = false) throws {
    scratch = try ScratchDirectory("hive", inMemory: true)
    lake = try Lake.open(
      root: scratch.path + "/lake", now: { Self.now }, writesExternalTables: writesExternalTables)
    probe = SQLProbe(
      QueryEngine(catalogs: [lake]),
      Session(catalog: "lake", schema: "silver", now: { HiveLake.now }))
  }

  var store: Bucket { lake.store }
  /// What the catalog has written.
  var documents: any ObjectStore { lake.hive.documents }
  var hive: HiveCatalog { lake.hive }

  @discardableResult
  func sql(
    _ statement: String, options: ExecutionOptions = ExecutionOptions()
  ) throws -> [String] { try probe.sql(statement, options: options) }

  func refusal(_ statement: String) -> String { probe.refusal(statement) }

  /// Puts a Parquet file, as any client of the lake may.
  func put(_ key: String, _ schema: Schema, _ rows: [[Scalar]]) throws {
    try store.put(key, Self.parquet(schema, rows))
  }

  func put(_ key: String, text: String) throws { try store.put(key, Array(text.utf8)) }

  func put(_ key: String, gzip text: String) throws {
    try store.put(key, Gzip.compress(Array(text.utf8)))
  }

  static func parquet(
    _ schema: Schema, _ rows: [[Scalar]], rowsPerGroup: Int = 128 * 1_024
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var options = ParquetWriterOptions()
    options.rowGroupRowCountMax = rowsPerGroup
    let writer = try ParquetWriter(schema: schema, options: options) { bytes += Array($0) }
    try writer.write(ColumnarBatch(schema: schema, rows: rows))
    _ = try writer.finish()
    return bytes
  }

  /// Keys below a prefix, without those of the catalog.
  func keys(_ prefix: String = "") throws -> [String] {
    try store.list(prefix: prefix).map(\.key)
  }

  /// The data files below a prefix.
  func files(_ prefix: String) throws -> [String] {
    try keys(prefix).filter { !$0.hasSuffix("/_started") }
  }

  /// Two columns and the day; what most of these tests write.
  static let purchases = Schema([
    Field("id", .bigint), Field("amount", .bigint), Field("dt", .date),
  ])

  /// What files of that table hold.
  static let data = Schema([Field("id", .bigint), Field("amount", .bigint)])

  /// `silver.purchases`, managed and partitioned by day.
  func makePurchases() throws {
    try sql(
      "CREATE TABLE purchases (id bigint, amount bigint, dt date) "
        + "WITH (format = 'PARQUET', partitioned_by = ARRAY['dt'])")
  }
}

/// Rows of scalars from numbers.
func numbers(_ rows: [Int64]...) -> [[Scalar]] { rows.map { $0.map { .integer($0) } } }

/// All rows of a table, by columns.
func allRows(
  _ source: (any TableSource)?, _ columns: [Int]? = nil, _ predicates: [ColumnPredicate] = []
) throws -> [[Scalar]] {
  let source = try #require(source)
  let request = ScanRequest(
    columns: columns ?? Array(0..<source.schema.count), predicates: predicates)
  var result: [[Scalar]] = []
  for split in try source.splits(for: request) {
    let reader = try split.open()
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount { result.append(batch.row(row)) }
    }
  }
  return result
}

/// A store whose process dies at the `n`th call that changes something: that call and all later ones
/// fail, and nothing of them happens.
final class DyingStore: ForwardingStore, @unchecked Sendable {
  struct Dead: Error {}

  /// How many changes are left to a process, in whatever store it makes them.
  final class Life: Sendable {
    private let left: Mutex<Int>

    init(_ calls: Int) { left = Mutex(calls) }

    func change() throws {
      try left.withLock { left in
        guard left > 0 else { throw Dead() }
        left -= 1
      }
    }
  }

  private let life: Life

  init(_ inner: any ObjectStore, _ life: Life) {
    self.life = life
    super.init(inner)
  }

  override func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    try life.change()
    return try inner.publish(objects, ifAbsent: ifAbsent)
  }

  override func delete(_ key: String) throws {
    try life.change()
    try inner.delete(key)
  }
}
