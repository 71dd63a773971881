// One version of a table in the catalog, as a file that a person can read:
//
// ```
// silver/purchases/00000000000000000002.json
// {
//   "at" : "2024-01-16T00:10:00.000Z",
//   "operation" : "register_partition",
//   "table" : {
//     "columns" : [ { "name" : "amount", "type" : "bigint" } ],
//     "format" : "PARQUET",
//     "kind" : "MANAGED",
//     "location" : "s3://lake/processed/purchases",
//     "partitionColumns" : [ { "name" : "dt", "type" : "date" } ],
//     "partitions" : [ { "location" : "s3://lake/processed/purchases/dt=2024-01-15", … } ]
//   },
//   "version" : 2
// }
// ```
// A file without a table says that it was dropped. An old version is shortened to a stub, and keeps
// its name, so that no late writer can take it.

internal import Columnar
internal import Foundation
internal import Simulation

/// What a version of a table says, and how it came about.
struct HiveDocument {
  var version: Int64
  /// The change's name, such as `register_partition`.
  var operation: String
  /// Milliseconds since the Unix epoch, story time.
  var milliseconds: Int64
  /// nil: the table was dropped.
  var table: HiveTableEntry?
  /// True where the file was shortened, because newer versions are there.
  var isSuperseded = false

  /// What an old version leaves behind.
  static let stub = Array("{ \"superseded\" : true }\n".utf8)

  func encoded(_ places: HiveLocations) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let stored = Stored(
      version: version, operation: operation,
      at: StoryTime(milliseconds: milliseconds).iso8601,
      table: table.map { StoredTable($0, places) })
    return Array(try encoder.encode(stored)) + [0x0A]
  }

  /// Throws `corruptEntry`, naming what is wrong with the file under `key`.
  init(_ bytes: [UInt8], key: String, table name: String, _ places: HiveLocations) throws {
    func corrupt(_ text: String) -> HiveError {
      HiveError(
        .corruptEntry, table: name, "The catalog file \(key) cannot be read: \(text).", file: key,
        advice: "Put it right, or restore it from a copy; the version before it is beside it.")
    }
    let stored: Stored
    do {
      stored = try JSONDecoder().decode(Stored.self, from: Data(bytes))
    } catch {
      throw corrupt("it is no JSON of a table")
    }
    isSuperseded = stored.superseded ?? false
    version = stored.version ?? 0
    operation = stored.operation ?? ""
    milliseconds = try stored.at.map { try Self.moment($0, corrupt) } ?? 0
    table = try stored.table.map { try $0.entry(places, corrupt) }
    table?.version = version
  }

  init(version: Int64, operation: String, milliseconds: Int64, table: HiveTableEntry?) {
    self.version = version
    self.operation = operation
    self.milliseconds = milliseconds
    self.table = table
  }

  fileprivate static func moment(
    _ text: String, _ corrupt: (String) -> HiveError
  ) throws -> Int64 {
    guard let micros = StoryTime.microseconds(iso8601: text) else {
      throw corrupt("\"\(text)\" is no moment")
    }
    return micros / 1_000
  }
}

// MARK: - The form of the file

private struct Stored: Codable {
  var version: Int64?
  var operation: String?
  var at: String?
  var superseded: Bool?
  var table: StoredTable?
}

private struct StoredColumn: Codable {
  var name: String
  var type: String
  /// false for NOT NULL.
  var nullable: Bool?

  init(_ field: Field) {
    name = field.name
    type = HiveTypeText.text(field.type)
    nullable = field.isNullable ? nil : false
  }

  func field(_ corrupt: (String) -> HiveError) throws -> Field {
    guard let known = HiveTypeText.type(type) else { throw corrupt("\"\(type)\" is no type") }
    return Field(name, known, isNullable: nullable ?? true)
  }
}

private struct StoredTable: Codable {
  var columns: [StoredColumn]
  var partitionColumns: [StoredColumn]
  var format: String
  var location: String
  /// `MANAGED` or `EXTERNAL`.
  var kind: String
  var comment: String?
  var properties: [String: String]
  var createdAt: String
  var partitions: [StoredPartition]

  init(_ entry: HiveTableEntry, _ places: HiveLocations) {
    columns = entry.columns.map(StoredColumn.init)
    partitionColumns = entry.partitionColumns.map(StoredColumn.init)
    format = entry.format.rawValue
    location = places.uri(entry.location)
    kind = entry.isExternal ? "EXTERNAL" : "MANAGED"
    comment = entry.comment
    properties = entry.properties
    createdAt = StoryTime(milliseconds: entry.createdMilliseconds).iso8601
    partitions = entry.partitions.map { StoredPartition($0, places) }
  }

  func entry(
    _ places: HiveLocations, _ corrupt: (String) -> HiveError
  ) throws -> HiveTableEntry {
    guard let known = HiveFormat(rawValue: format) else {
      throw corrupt("\"\(format)\" is no format")
    }
    guard ["MANAGED", "EXTERNAL"].contains(kind) else { throw corrupt("\"\(kind)\" is no kind") }
    var entry = HiveTableEntry(
      columns: try columns.map { try $0.field(corrupt) },
      partitionColumns: try partitionColumns.map { try $0.field(corrupt) },
      format: known,
      location: try key(location, places, corrupt),
      isExternal: kind == "EXTERNAL",
      comment: comment,
      properties: properties,
      createdMilliseconds: try HiveDocument.moment(createdAt, corrupt)
    )
    entry.partitions = try partitions.map { stored in
      guard stored.values.count == entry.partitionColumns.count else {
        throw corrupt("a partition has \(stored.values.count) values")
      }
      return HivePartition(
        values: stored.values,
        location: try key(stored.location, places, corrupt),
        createdMilliseconds: try HiveDocument.moment(stored.createdAt, corrupt),
        parameters: stored.parameters
      )
    }
    guard Set(entry.partitions.map(\.values)).count == entry.partitions.count else {
      throw corrupt("a partition is there twice")
    }
    guard Set(entry.schema.fields.map { $0.name.lowercased() }).count == entry.schema.count else {
      throw corrupt("a column is there twice")
    }
    return entry
  }

  private func key(
    _ uri: String, _ places: HiveLocations, _ corrupt: (String) -> HiveError
  ) throws -> String {
    guard let key = places.key(uri) else { throw corrupt("\"\(uri)\" is no place in the lake") }
    return key
  }
}

private struct StoredPartition: Codable {
  var values: [String?]
  var location: String
  var createdAt: String
  var parameters: [String: String]

  init(_ partition: HivePartition, _ places: HiveLocations) {
    values = partition.values
    location = places.uri(partition.location)
    createdAt = StoryTime(milliseconds: partition.createdMilliseconds).iso8601
    parameters = partition.parameters
  }
}
