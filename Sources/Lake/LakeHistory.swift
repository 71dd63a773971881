// The lake's oldest layer, which learners know as `lake.archive`: events of a time before the
// pipeline, as they were received then.
//
// ```
// archive/events/year=2023/month=01/day=09/part-00000.json.gz    lake.archive.events
// archive/monthly_metrics/{_delta_log,…}                         lake.archive.monthly_metrics
// ```
// Nothing of it is there until somebody reads one of its tables: then all of it is made, once. The
// monthly table's rows are committed last, so that they tell whether the rest is there.

package import Columnar
package import Connector
internal import DeltaLog
internal import ObjectStorage
internal import Synchronization

/// What a lake knows of its archive before it is made.
package struct LakeHistory: Sendable {
  /// The columns of `lake.archive.monthly_metrics`.
  package var monthlySchema: Schema
  /// Makes the archive by `putHistory` and `commitHistory`; called again where it was cut short,
  /// and never by two threads at once.
  package var make: @Sendable (Lake) throws -> Void

  package init(monthlySchema: Schema, make: @escaping @Sendable (Lake) throws -> Void) {
    self.monthlySchema = monthlySchema
    self.make = make
  }
}

extension Lake {
  static let historyTables = ["events", "monthly_metrics"]
  private static let historyPrefix = "archive/"

  /// Keeps objects of the archive, waiting for the disk once; a key that is there stays as it is.
  package func putHistory(_ objects: [(key: String, bytes: [UInt8])]) throws {
    let staged = try objects.map { object in
      let writer = try store.makeWriter()
      try object.bytes.withUnsafeBytes { try writer.write($0) }
      return StagedObject(key: Self.historyPrefix + "events/" + object.key, writer: writer)
    }
    _ = try store.publish(staged, ifAbsent: true)
  }

  /// Ends the making of the archive with the rows of its monthly table.
  package func commitHistory(_ rows: [[Scalar]], schema: Schema, timestamp: Int64) throws {
    let table =
      try historyDirectory.table("monthly_metrics")
      ?? historyDirectory.create("monthly_metrics", schema: schema, timestamp: timestamp)
    let sink = try table.snapshot().makeSink(
      mode: .overwrite,
      options: DeltaWriteOptions(transactions: [:], operation: "WRITE", timestamp: timestamp)
    )
    do {
      try sink.write(ColumnarBatch(schema: schema, rows: rows))
      _ = try sink.commit()
    } catch {
      sink.abort()
      throw error
    }
  }

  /// True once all of the archive is there.
  package func hasHistory() throws -> Bool {
    guard let table = try historyDirectory.table("monthly_metrics") else { return false }
    return try table.snapshot().version > 0
  }

  /// A table of the archive; asking for it makes nothing, reading it does.
  func historyTable(_ name: String) -> (any TableSource)? {
    guard let history else { return nil }
    switch name.lowercased() {
    case "events":
      return MadeOnReading(lake: self, schema: BronzeTable.schema) { lake in
        BronzeTable(
          store: lake.store,
          objects: try lake.store.list(prefix: Self.historyPrefix + "events/")
        )
      }
    case "monthly_metrics":
      return MadeOnReading(lake: self, schema: history.monthlySchema) { lake in
        try lake.historyDirectory.table("monthly_metrics")?.snapshot()
      }
    default: return nil
    }
  }

  /// Sees to it that the archive is there.
  private func makeHistory() throws {
    try historyLock.withLock { _ in
      guard let history, try !hasHistory() else { return }
      try history.make(self)
    }
  }

  /// A table that is made when its rows are asked for.
  private struct MadeOnReading: TableSource {
    let lake: Lake
    let schema: Schema
    let open: @Sendable (Lake) throws -> (any TableSource)?

    func splits(for request: ScanRequest) throws -> [any Split] {
      try lake.makeHistory()
      return try open(lake)?.splits(for: request) ?? []
    }

    func statistics() throws -> TableStatistics {
      try lake.hasHistory() ? try open(lake)?.statistics() ?? TableStatistics() : TableStatistics()
    }
  }
}
