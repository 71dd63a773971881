import Columnar
import Connector
import Lake
import ObjectStorage
import Testing

/// What a reader sees who polls a partition while its files are changed.
struct HiveReaderTests {
  private let lake: HiveLake
  private let purchases = HiveTableName("silver", "purchases")
  private static let place = "processed/purchases/dt=2024-01-15/"

  init() throws {
    lake = try HiveLake()
    try lake.makePurchases()
    for number in 0..<20 {
      try lake.put(Self.place + "minute-\(number)", HiveLake.data, numbers([Int64(number), 5]))
    }
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', 'ADD')")
  }

  /// The numbers of rows that were seen, each once where it was seen several times in a row.
  private func counts(_ reader: HiveReader) -> [Int?] {
    reader.readings.map { reading in
      if case .rows(let content) = reading.finding { content.rowCount } else { nil }
    }
  }

  @Test func `a compaction by the catalog is not seen`() throws {
    let reader = try lake.lake.startReader(purchases, values: ["2024-01-15"])
    _ = try lake.hive.compactPartition(purchases, values: ["2024-01-15"])
    reader.readNow()
    reader.stop()
    #expect(Set(counts(reader)) == [20])
    // The switch is seen as another place, and as nothing else.
    #expect(Set(reader.readings.map(\.location)).count == 2)
    #expect(Set(reader.readings.map(\.finding)).count == 1)
    #expect(
      try lake.lake.systemTables()["readings"] != nil && !reader.isReading)
  }

  @Test func `new files beside the old ones are seen twice, and deleting first is seen as a gap`() throws {
    let reader = try lake.lake.startReader(purchases, values: ["2024-01-15"])
    try lake.put(Self.place + "all", HiveLake.data, (0..<20).map { [.integer($0), .integer(5)] })
    reader.readNow()
    for number in 0..<20 { try lake.store.delete(Self.place + "minute-\(number)") }
    reader.readNow()
    try lake.store.delete(Self.place + "all")
    reader.readNow()
    try lake.sql("CALL system.sync_partition_metadata('silver', 'purchases', 'DROP')")
    reader.readNow()
    reader.stop()
    let seen = counts(reader)
    // Between them the thread may have seen more: files vanish one by one, and under its eyes.
    #expect(seen.first == 20 && seen.contains(40) && seen.contains(0))
    #expect(reader.readings.last?.finding == .missing)
    reader.readNow()
    #expect(counts(reader) == seen)
  }

  @Test func `a partition is cut into files of so many rows`() throws {
    let report = try lake.hive.compactPartition(
      purchases, values: ["2024-01-15"], targetRowsPerFile: 1_000)
    #expect(report.filesAfter == 1)
    let small = try lake.hive.compactPartition(
      purchases, values: ["2024-01-15"], targetRowsPerFile: 3)
    #expect(small.filesBefore == 1 && small.filesAfter == 7)
    #expect(small.content == report.content)
  }
}
