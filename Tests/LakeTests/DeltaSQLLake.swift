import Columnar
import Connector
import DeltaLog
import Lake
import ObjectStorage
import Synchronization
import TestSupport
import Testing
import TrinoSQL

/// A lake in a scratch directory whose clock tests move, and a session of SQL over it.
final class DeltaSQLLake {
  /// 2024-01-16 00:10 in UTC.
  static let start: Int64 = 1_705_363_800_000

  final class Clock: Sendable {
    private let time = Mutex(DeltaSQLLake.start)
    var now: Int64 { time.withLock { $0 } }
    func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
  }

  /// `meddler.default.feed`: rows whose reading runs something first.
  final class Meddler: Sendable {
    private let action = Mutex<(@Sendable () throws -> Void)?>(nil)

    /// What the next reading runs, once.
    func next(_ body: @escaping @Sendable () throws -> Void) { action.withLock { $0 = body } }

    func run() throws {
      let body = action.withLock { held in
        defer { held = nil }
        return held
      }
      try body?()
    }
  }

  let scratch: ScratchDirectory
  let lake: Lake
  let clock: Clock
  let meddler: Meddler
  private let probe: SQLProbe

  init() throws {
    let clock = Clock()
    let meddler = Meddler()
    self.clock = clock
    self.meddler = meddler
    scratch = try ScratchDirectory("delta", inMemory: true)
    lake = try Lake.open(root: scratch.path + "/lake", now: { clock.now })
    let source = Schema([Field("id", .bigint), Field("amount", .bigint)])
    let catalog = ComposedCatalog(
      name: "meddler",
      tables: [
        "default": [
          "feed": {
            ComputedTable(label: "meddler", schema: source) { _ in
              try meddler.run()
              return [ColumnarBatch(schema: source, rows: numbers([1, 1_000]))]
            }
          }
        ]
      ])
    probe = SQLProbe(
      QueryEngine(catalogs: [lake, catalog]),
      Session(catalog: "lake", schema: "silver", now: { clock.now }))
  }

  @discardableResult
  func sql(_ statement: String) throws -> [String] { try probe.sql(statement) }

  func refusal(_ statement: String) -> String { probe.refusal(statement) }

  /// Keys below a prefix.
  func keys(_ prefix: String = "") throws -> [String] {
    try lake.store.list(prefix: prefix).map(\.key)
  }

  /// The keys of a table of silver that are no log.
  func files(_ name: String = "orders") throws -> [String] {
    try keys("processed/\(name)/").filter { !$0.contains("/_delta_log/") }
  }

  /// A table of silver as its log has it.
  func delta(_ name: String = "orders") throws -> DeltaTable {
    try #require(try lake.deltaTable("silver.\(name)"))
  }

  func version(_ name: String = "orders") throws -> Int64 { try delta(name).snapshot().version }

  /// The last commit of a table.
  func lastCommit(_ name: String = "orders") throws -> DeltaCommit {
    try #require(try delta(name).changes(since: -1).last)
  }

  /// The data files that hold rows of a condition, as the log names them.
  func paths(_ condition: String) throws -> Set<String> {
    let prefix = "processed/orders/"
    return Set(
      try sql(#"SELECT DISTINCT "$path" FROM orders WHERE "# + condition)
        .map { String($0.dropFirst(prefix.count)) })
  }

  /// `silver.orders`, by day.
  func makeOrders(partitioned: Bool = true) throws {
    try sql(
      "CREATE TABLE orders (id bigint, amount bigint, dt date) WITH (type = 'DELTA'"
        + (partitioned ? ", partitioned_by = ARRAY['dt'])" : ")"))
  }

  /// A file a call: two orders from `first` on, of one day of January 2024.
  func insertPair(_ first: Int, day: Int = 15) throws {
    let date = "DATE '2024-01-\(day)'"
    try sql(
      "INSERT INTO orders VALUES (\(first), \(first * 10), \(date)), "
        + "(\(first + 1), \((first + 1) * 10), \(date))")
  }

  var orders: [String] {
    get throws { try sql("SELECT id, amount, dt FROM orders ORDER BY id") }
  }
}
