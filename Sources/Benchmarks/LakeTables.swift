// The tables of `lake`, each below a root of its own as `lake.silver.measures`.

import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage

struct LakeTables {
  /// A directory that is made, and removed at the end.
  var scratch: String
  /// Commits of the tables whose logs are read.
  var commits: Int
  /// Rows of the table that is scanned and changed, and how many of them are in a file.
  var rows: Int
  var rowsPerFile: Int

  static let rowsPerCommit = 100
  static let name = "measures"
  /// A moment for everything that is committed, in milliseconds since the epoch.
  static let moment: Int64 = 1_705_363_800_000
  static let schema = Schema([Field("id", .bigint), Field("v", .bigint), Field("name", .varchar)])
  static let properties = ["delta.checkpointInterval": "100"]

  /// Where the table below a root is.
  static func path(in root: String) -> String { root + "/processed/" + name }

  static func table(in root: String) throws -> DeltaTable {
    DeltaTable(store: try LocalObjectStore(root: root), path: "processed/" + name)
  }

  /// Roots: a log of single commits, the same with a checkpoint, rows, and what a run makes.
  var log: String { scratch + "/log" }
  var checkpointed: String { scratch + "/checkpointed" }
  var data: String { scratch + "/data" }
  var fresh: String { scratch + "/fresh" }

  func clear(_ root: String) throws {
    if FileManager.default.fileExists(atPath: root) {
      try FileManager.default.removeItem(atPath: root)
    }
  }

  static func create(in root: String, properties: [String: String]) throws -> DeltaTable {
    try DeltaTable.create(
      store: LocalObjectStore(root: root), path: "processed/" + name, schema: schema,
      timestamp: moment, properties: properties)
  }

  /// Rows with these ids.
  static func batch(_ ids: Range<Int>) -> ColumnarBatch {
    let columns = schema.fields.map { ColumnBuilder(type: $0.type, capacity: ids.count) }
    for id in ids {
      columns[0].append(Int64(id))
      columns[1].append(Int64(id * 7 % 1_000))
      columns[2].append("name-\(id % 1_000)")
    }
    return ColumnarBatch(
      schema: schema, columns: columns.map { $0.finish() }, rowCount: ids.count)
  }

  /// Logs whose commits are written as plain files, because only reading them is measured.
  func makeLogs() throws {
    _ = try Self.create(in: log, properties: ["delta.checkpointInterval": "1000000"])
    for version in 1...commits {
      let first = version * Self.rowsPerCommit
      let statistics =
        #"{\"numRecords\":\#(Self.rowsPerCommit),\"minValues\":{\"id\":\#(first)},"#
        + #"\"maxValues\":{\"id\":\#(first + Self.rowsPerCommit - 1)},\"nullCount\":{\"id\":0}}"#
      let digits = String(version)
      let number = String(repeating: "0", count: 20 - digits.count) + digits
      let text =
        #"{"commitInfo":{"timestamp":\#(Self.moment),"operation":"WRITE","#
        + #""operationParameters":{"mode":"Append"}}}"# + "\n"
        + #"{"add":{"path":"part-\#(number).zstd.parquet","partitionValues":{},"size":4096,"#
        + #""modificationTime":\#(Self.moment),"dataChange":true,"stats":"\#(statistics)"}}"# + "\n"
      try Data(text.utf8).write(
        to: URL(fileURLWithPath: Self.path(in: log) + "/_delta_log/\(number).json"))
    }
    try FileManager.default.copyItem(atPath: log, toPath: checkpointed)
    try Self.table(in: checkpointed).writeCheckpoint(now: Self.moment)
  }

  /// One commit of many files, ascending by id.
  func makeRows() throws {
    let table = try Self.create(in: data, properties: Self.properties)
    let sink = try table.snapshot().makeSink(
      mode: .append,
      options: DeltaWriteOptions(timestamp: Self.moment, targetRowsPerFile: rowsPerFile))
    for first in stride(from: 0, to: rows, by: rowsPerFile) {
      try sink.write(Self.batch(first..<min(rows, first + rowsPerFile)))
    }
    _ = try sink.commit()
  }
}
