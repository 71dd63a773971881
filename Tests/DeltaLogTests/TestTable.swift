import Columnar
import Connector
import DeltaLog
import ObjectStorage
import Synchronization
import TestSupport

/// A store's clock that stands until a test moves it.
final class TestClock: Sendable {
  private let time = Mutex(TestTable.time)

  var now: Int64 { time.withLock { $0 } }

  func move(to time: Int64) { self.time.withLock { $0 = time } }
}

/// A small table partitioned by day, in a directory of its own.
struct TestTable {
  let scratch: ScratchDirectory
  let store: LocalObjectStore
  let table: DeltaTable

  static let schema = Schema([
    Field("id", .bigint, isNullable: false),
    Field("name", .varchar),
    Field("dt", .date),
  ])
  /// 2024-01-15 and the day after, in days since 1970.
  static let day15: Int64 = 19_737
  static let day16: Int64 = 19_738
  static let time: Int64 = 1_705_363_800_000

  /// `now` gives the store's modification times; nil keeps the system's.
  init(
    schema: Schema = TestTable.schema,
    partitionColumns: [String] = ["dt"],
    properties: [String: String] = [:],
    now: (@Sendable () -> Int64)? = nil
  ) throws {
    scratch = try ScratchDirectory("delta", inMemory: true)
    store = try LocalObjectStore(root: scratch.path, now: now)
    table = try DeltaTable.create(
      store: store,
      path: "processed/events",
      schema: schema,
      partitionColumns: partitionColumns,
      timestamp: TestTable.time,
      properties: properties
    )
  }

  /// Another object for the same table, as another process would have.
  func another() -> DeltaTable { DeltaTable(store: store, path: table.path) }

  static func batch(_ rows: [(Int64, String?, Int64?)]) -> ColumnarBatch {
    ColumnarBatch(
      schema: schema,
      rows: rows.map { id, name, day in
        [.integer(id), name.map { .text($0) } ?? .null, day.map { .integer($0) } ?? .null]
      }
    )
  }

  @discardableResult
  func write(
    _ rows: [(Int64, String?, Int64?)],
    mode: WriteMode = .append,
    transactions: [String: Int64] = [:],
    on snapshot: DeltaSnapshot? = nil,
    at timestamp: Int64 = TestTable.time + 1_000
  ) throws -> CommitSummary {
    let sink = try (snapshot ?? table.snapshot()).makeSink(
      mode: mode,
      options: DeltaWriteOptions(transactions: transactions, timestamp: timestamp)
    )
    try sink.write(TestTable.batch(rows))
    return try sink.commit()
  }

  /// All rows, sorted by their printed form.
  func rows(
    _ snapshot: DeltaSnapshot? = nil,
    columns: [Int]? = nil,
    _ predicates: [ColumnPredicate] = []
  ) throws -> [[Scalar]] {
    let snapshot = try snapshot ?? table.snapshot()
    return try Self.rows(
      snapshot,
      columns: columns ?? Array(0..<snapshot.schema.count),
      predicates
    )
  }

  static func rows(
    _ source: any TableSource,
    columns: [Int],
    _ predicates: [ColumnPredicate] = []
  ) throws -> [[Scalar]] {
    var result: [[Scalar]] = []
    for split in try source.splits(for: ScanRequest(columns: columns, predicates: predicates)) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount { result.append(batch.row(row)) }
      }
    }
    return result.sorted { "\($0)" < "\($1)" }
  }

  /// The whole numbers of one column, in the order of a scan; NULLs left out.
  static func integers(
    _ source: any TableSource,
    column: Int = 0,
    _ predicates: [ColumnPredicate] = []
  ) throws -> [Int64] {
    var result: [Int64] = []
    for split in try source.splits(for: ScanRequest(columns: [column], predicates: predicates)) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount {
          if case .integer(let value) = batch.columns[0].scalar(row) { result.append(value) }
        }
      }
    }
    return result
  }

  func error(_ body: () throws -> Void) -> DeltaLogError? {
    do {
      try body()
      return nil
    } catch {
      return error as? DeltaLogError
    }
  }
}
