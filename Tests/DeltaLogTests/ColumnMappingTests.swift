import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import Parquet
import TestSupport
import Testing

/// Tables that call their columns otherwise than their files do.
@Suite struct ColumnMappingTests {
  let scratch: ScratchDirectory
  let store: LocalObjectStore

  init() throws {
    scratch = try ScratchDirectory()
    store = try LocalObjectStore(root: scratch.path)
  }

  private var table: DeltaTable { DeltaTable(store: store, path: "t") }

  private func json(_ value: [String: Any]) throws -> String {
    String(
      decoding: try JSONSerialization.data(withJSONObject: value, options: .sortedKeys),
      as: UTF8.self)
  }

  private func column(
    _ name: String,
    _ type: Any,
    _ physical: String?,
    id: Int?
  ) -> [String: Any] {
    var metadata: [String: Any] = [:]
    metadata["delta.columnMapping.physicalName"] = physical
    metadata["delta.columnMapping.id"] = id
    return ["name": name, "type": type, "nullable": true, "metadata": metadata]
  }

  /// `user id`, `place` (a row of `city` and `zip`), `tags` (a list of rows of `tag`), `dt`.
  private func columns() -> [[String: Any]] {
    let place: [String: Any] = [
      "type": "struct",
      "fields": [column("zip", "long", "c-3", id: 3), column("city", "string", "c-4", id: 4)],
    ]
    let tags: [String: Any] = [
      "type": "array", "containsNull": true,
      "elementType": ["type": "struct", "fields": [column("tag", "string", "c-6", id: 6)]],
    ]
    return [
      column("user id", "long", "c-1", id: 1), column("place", place, "c-2", id: 2),
      column("tags", tags, "c-5", id: 5), column("dt", "date", "c-7", id: 7),
    ]
  }

  private func write(
    mode: String,
    protocol rules: String = #"{"minReaderVersion":2,"minWriterVersion":5}"#,
    columns: [[String: Any]]
  ) throws {
    let metadata: [String: Any] = [
      "id": "a", "format": ["provider": "parquet", "options": [:]],
      "schemaString": try json(["type": "struct", "fields": columns]),
      "partitionColumns": ["dt"], "configuration": ["delta.columnMapping.mode": mode],
    ]
    let bytes = try parquet()
    try store.put("t/f.parquet", bytes)
    let stats = #"{"numRecords":2,"minValues":{"c-1":1},"maxValues":{"c-1":2},"nullCount":{"c-1":0}}"#
    let add: [String: Any] = [
      "path": "f.parquet", "partitionValues": ["c-7": "2024-01-15"], "size": bytes.count,
      "modificationTime": 0, "dataChange": true, "stats": stats,
    ]
    let lines = [
      #"{"protocol":\#(rules)}"#, try json(["metaData": metadata]), try json(["add": add]),
    ]
    try store.put(
      "t/_delta_log/00000000000000000000.json", Array(lines.joined(separator: "\n").utf8))
  }

  /// A file with the physical names; its rows are of an older schema, without `zip`.
  private func parquet() throws -> [UInt8] {
    let schema = Schema([
      Field("c-5", .array(.row([Field("c-6", .varchar)]))),
      Field("c-2", .row([Field("c-4", .varchar)])), Field("c-1", .integer),
    ])
    var bytes: [UInt8] = []
    let writer = try ParquetWriter(schema: schema) { bytes += Array($0) }
    try writer.write(
      ColumnarBatch(
        schema: schema,
        rows: [
          [.list([.row([.text("x")]), .row([.null]), .null]), .row([.text("서울")]), .integer(1)],
          [.null, .null, .integer(2)],
        ]))
    _ = try writer.finish()
    return bytes
  }

  @Test(arguments: [
    #"{"minReaderVersion":2,"minWriterVersion":5}"#,
    #"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping"],"writerFeatures":["columnMapping"]}"#,
  ])
  func `columns are found by their physical names, the parts of rows too`(rules: String) throws {
    try write(mode: "name", protocol: rules, columns: columns())
    let snapshot = try table.snapshot()
    #expect(snapshot.schema.fields.map(\.name) == ["user id", "place", "tags", "dt"])
    #expect(snapshot.partitionColumns == ["dt"])
    #expect(snapshot.files[0].partitionValues == ["dt": "2024-01-15"])
    #expect(
      try TestTable.rows(snapshot, columns: [0, 1, 2, 3]) == [
        [
          .integer(1), .row([.null, .text("서울")]),
          .list([.row([.text("x")]), .row([.null]), .null]), .integer(19_737),
        ],
        [.integer(2), .null, .null, .integer(19_737)],
      ])
    let batch = try #require(
      try snapshot.splits(for: ScanRequest(columns: [1, 2]))[0].open().next())
    #expect(batch.columns.map(\.type) == [snapshot.schema[1].type, snapshot.schema[2].type])
    #expect(batch.columns[1].children[0].type == .row([Field("tag", .varchar)]))
  }

  @Test func `partitions and statistics are skipped by under the physical names`() throws {
    try write(mode: "name", columns: columns())
    let snapshot = try table.snapshot()
    let splits = { (column: Int, comparison: ColumnPredicate.Comparison) in
      try snapshot.splits(
        for: ScanRequest(
          columns: [0], predicates: [ColumnPredicate(column: column, comparison)])
      ).count
    }
    #expect(try splits(0, .equal(.integer(2))) == 1)
    #expect(try splits(0, .equal(.integer(3))) == 0)
    #expect(try splits(3, .equal(.integer(19_737))) == 1)
    #expect(try splits(3, .equal(.integer(19_738))) == 0)
    let statistics = try snapshot.statistics()
    #expect(statistics.columns[0]?.minimum == .integer(1))
    #expect(statistics.columns[3]?.distinctCount == 1)
  }

  @Test func `a mapping counts only where the protocol has it, and is refused where it is unknown`()
    throws
  {
    // Names and files agree here, and the property is nobody's business.
    let plain = [
      column("c-1", "integer", nil, id: nil), column("c-7", "date", nil, id: nil),
      column("dt", "date", nil, id: nil),
    ]
    try write(
      mode: "name", protocol: #"{"minReaderVersion":1,"minWriterVersion":2}"#, columns: plain)
    #expect(try TestTable.integers(table.snapshot()) == [1, 2])
    try write(mode: "colour", columns: columns())
    let error = #expect(throws: DeltaLogError.self) { try table.snapshot() }
    #expect(error?.kind == .unsupportedFeature)
    #expect(error?.message.contains("colour") == true)
  }

  @Test func `a mapping without names or numbers is refused`() throws {
    for (mode, physical, id) in [
      ("name", nil, 1), ("id", "c-1", nil),
    ] as [(String, String?, Int?)] {
      var columns = columns()
      columns[0] = column("user id", "long", physical, id: id)
      try write(mode: mode, columns: columns)
      let error = #expect(throws: DeltaLogError.self) { try table.snapshot() }
      #expect(error?.kind == .invalidSchema)
      #expect(error?.message.contains("user id") == true)
    }
    // A file whose columns have no numbers cannot be read by number.
    try write(mode: "id", columns: columns())
    let snapshot = try table.snapshot()
    let error = #expect(throws: DeltaLogError.self) { try TestTable.integers(snapshot) }
    #expect(error?.kind == .corruptDataFile)
    #expect(error?.file == "t/f.parquet")
  }

  @Test func `a table with a mapping is not written`() throws {
    try write(mode: "name", columns: columns())
    let sink = try table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: 0))
    let error = #expect(throws: DeltaLogError.self) { try sink.commit() }
    #expect(error?.kind == .unsupportedWriter)
  }

  @Test func `rows of a table without a mapping may lack fields or have them in another order`()
    throws
  {
    let place: [String: Any] = [
      "type": "struct",
      "fields": [
        column("new", "double", nil, id: nil), column("c-4", "string", nil, id: nil),
      ],
    ]
    try write(
      mode: "none",
      columns: [
        column("c-2", place, nil, id: nil), column("c-1", "long", nil, id: nil),
        column("dt", "date", nil, id: nil),
      ])
    #expect(
      try TestTable.rows(table.snapshot(), columns: [1, 0]) == [
        [.integer(1), .row([.null, .text("서울")])], [.integer(2), .null],
      ])
  }
}
