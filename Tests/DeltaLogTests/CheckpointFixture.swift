import Columnar
import DeltaLog
import Foundation
import ObjectStorage
import Parquet

/// Checkpoints in the forms that other writers use, put together from a table's commit files by a
/// replay that shares nothing with ours.
struct CheckpointFixture {
  /// One action: its kind, and its fields as JSON has them.
  struct Action {
    var kind: String
    var fields: [String: Any]
  }

  enum Form: CaseIterable {
    case classic, threeParts, json, jsonWithSidecars, parquetWithSidecars
  }

  let test: TestTable
  var log: String { test.table.path + "/_delta_log/" }

  static func padded(_ number: Int, digits: Int = 20) -> String {
    String(repeating: "0", count: digits - String(number).count) + String(number)
  }

  func commitKey(_ version: Int) -> String { log + Self.padded(version) + ".json" }

  // MARK: Actions

  /// What the commits up to `version` come to: protocol, schema, positions, removes, adds.
  func actions(upTo version: Int) throws -> [Action] {
    var single: [String: Action] = [:]
    var files: [(path: String, action: Action)] = []
    for number in 0...version {
      let text = String(decoding: try test.store.get(commitKey(number)), as: UTF8.self)
      for line in text.split(separator: "\n") {
        let json = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        for (kind, value) in json ?? [:] {
          guard let fields = value as? [String: Any], kind != "commitInfo" else { continue }
          let action = Action(kind: kind, fields: fields)
          if let path = fields["path"] as? String {
            files.removeAll { $0.path == path }
            files.append((path, action))
          } else {
            single[kind + (fields["appId"] as? String ?? "")] = action
          }
        }
      }
    }
    let others = single.sorted { $0.key < $1.key }.map(\.value)
    return others + files.map(\.action)
  }

  // MARK: Files

  /// Writes the checkpoint of a version and answers the names of its files.
  @discardableResult
  func write(_ form: Form, version: Int) throws -> [String] {
    let actions = try actions(upTo: version)
    let isFile = { (action: Action) in ["add", "remove"].contains(action.kind) }
    let name = Self.padded(version) + ".checkpoint."
    let unique = "80a083e8-7026-4e79-81be-64bd76c43a11."
    var names: [String] = []
    switch form {
    case .classic:
      names = [name + "parquet"]
      try writeParquet(names[0], actions)
    case .threeParts:
      for part in 0..<3 {
        names.append(name + "000000000\(part + 1).0000000003.parquet")
        let some = actions.enumerated().filter { $0.offset % 3 == part }.map(\.element)
        try writeParquet(names[part], some)
      }
    case .json:
      names = [name + unique + "json"]
      try writeJSON(names[0], [checkpointMetadata(version)] + actions)
    case .jsonWithSidecars, .parquetWithSidecars:
      let isJSON = form == .jsonWithSidecars
      names = [name + unique + (isJSON ? "json" : "parquet")]
      var all = [checkpointMetadata(version)] + actions.filter { !isFile($0) }
      let files = actions.filter(isFile)
      for half in 0..<2 {
        let sidecar = "016ae953-37a9-438e-8683-9a9a4a79a39\(half).parquet"
        try writeParquet(
          "_sidecars/" + sidecar,
          files.enumerated().filter { $0.offset % 2 == half }.map(\.element))
        names.append("_sidecars/" + sidecar)
        all.append(
          Action(
            kind: "sidecar",
            fields: ["path": sidecar, "sizeInBytes": 1, "modificationTime": 0]))
      }
      if isJSON { try writeJSON(names[0], all) } else { try writeParquet(names[0], all) }
    }
    return names
  }

  private func checkpointMetadata(_ version: Int) -> Action {
    Action(kind: "checkpointMetadata", fields: ["version": version])
  }

  func writeJSON(_ name: String, _ actions: [Action]) throws {
    var bytes: [UInt8] = []
    for action in actions {
      bytes += try JSONSerialization.data(withJSONObject: [action.kind: action.fields])
      bytes.append(0x0A)
    }
    try test.store.put(log + name, bytes)
  }

  func writeParquet(_ name: String, _ actions: [Action]) throws {
    let kinds = Set(actions.map(\.kind)).sorted()
    let schema = Schema(kinds.compactMap { kind in Self.types[kind].map { Field(kind, $0) } })
    let rows = actions.map { action in
      schema.fields.map { field in
        field.name == action.kind ? Self.scalar(action.fields, field.type) : Scalar.null
      }
    }
    var bytes: [UInt8] = []
    let writer = try ParquetWriter(schema: schema) { bytes += Array($0) }
    try writer.write(ColumnarBatch(schema: schema, rows: rows))
    _ = try writer.finish()
    try test.store.put(log + name, bytes)
  }

  private static let texts = DataType.map(key: .varchar, value: .varchar)

  private static let types: [String: DataType] = [
    "protocol": .row([
      Field("minReaderVersion", .integer), Field("minWriterVersion", .integer),
      Field("readerFeatures", .array(.varchar)), Field("writerFeatures", .array(.varchar)),
    ]),
    "metaData": .row([
      Field("id", .varchar), Field("name", .varchar),
      Field("format", .row([Field("provider", .varchar), Field("options", texts)])),
      Field("schemaString", .varchar), Field("partitionColumns", .array(.varchar)),
      Field("configuration", texts), Field("createdTime", .bigint),
    ]),
    "txn": .row([
      Field("appId", .varchar), Field("version", .bigint), Field("lastUpdated", .bigint),
    ]),
    "add": .row([
      Field("path", .varchar), Field("partitionValues", texts), Field("size", .bigint),
      Field("modificationTime", .bigint), Field("dataChange", .boolean), Field("stats", .varchar),
      Field("tags", texts),
      Field("stats_parsed", .row([Field("numRecords", .bigint)])),
    ]),
    "remove": .row([
      Field("path", .varchar), Field("deletionTimestamp", .bigint), Field("dataChange", .boolean),
      Field("extendedFileMetadata", .boolean), Field("partitionValues", texts),
      Field("size", .bigint),
    ]),
    "sidecar": .row([
      Field("path", .varchar), Field("sizeInBytes", .bigint), Field("modificationTime", .bigint),
      Field("tags", texts),
    ]),
    "checkpointMetadata": .row([Field("version", .bigint), Field("tags", texts)]),
  ]

  private static func scalar(_ json: Any?, _ type: DataType) -> Scalar {
    switch (type, json) {
    case (.row(let fields), let values as [String: Any]):
      return .row(fields.map { scalar(values[$0.name], $0.type) })
    case (.array(let element), let values as [Any]):
      return .list(values.map { scalar($0, element) })
    case (.map(_, let value), let values as [String: Any]):
      let keys = values.keys.sorted()
      return .map(keys: keys.map { .text($0) }, values: keys.map { scalar(values[$0], value) })
    case (.boolean, let value as Bool): return .boolean(value)
    case (.varchar, let value as String): return .text(value)
    case (.integer, let value as NSNumber), (.bigint, let value as NSNumber):
      return .integer(value.int64Value)
    default: return .null
    }
  }
}
