// What CREATE TABLE says of a Delta table, checked. Property names are those of Trino's Delta Lake
// connector; `type` tells Delta from Hive-style tables, as in catalogs that have both.

internal import Columnar
internal import Connector

/// Which kind of table a statement makes.
enum LakeTableType: String, CaseIterable {
  case hive = "HIVE"
  case delta = "DELTA"

  static let property = "type"

  /// Takes the property out of a definition; Hive-style is what a table is without it.
  static func take(from definition: inout TableDefinition) throws -> LakeTableType {
    let type = try definition.properties.removeValue(forKey: property).map(named) ?? .hive
    if let other = definition.properties.keys.sorted().first(where: type.belongsToOther) {
      throw CatalogChangeError.contradictoryProperties(
        "Table property '\(other)' is not one of tables of type \(type.rawValue)")
    }
    return type
  }

  private static func named(_ values: [Scalar]) throws -> LakeTableType {
    if case .text(let text)? = values.first, values.count == 1,
      let type = LakeTableType(rawValue: text.uppercased())
    {
      return type
    }
    let known = allCases.map { "'\($0.rawValue)'" }.joined(separator: " or ")
    throw CatalogChangeError.contradictoryProperties(
      "Table property 'type' must be \(known), the kinds of tables that the lake has")
  }

  private func belongsToOther(_ name: String) -> Bool {
    switch self {
    case .hive: DeltaDefinition.ownNames.contains(name)
    case .delta: HiveDefinition.names.contains(name) && !DeltaDefinition.names.contains(name)
    }
  }
}

/// `WITH (…)` of a Delta table.
struct DeltaDefinition {
  let schema: Schema
  let partitionColumns: [String]
  /// The table's properties as its log names them.
  let properties: [String: String]

  /// Those that Hive-style tables do not have.
  static let ownNames: Set<String> = ["checkpoint_interval"]
  static let names = ownNames.union(["partitioned_by"])

  /// Throws `CatalogChangeError`, saying which property or column does not do.
  init(_ definition: TableDefinition) throws {
    if let unknown = definition.properties.keys.filter({ !Self.names.contains($0) }).min() {
      throw CatalogChangeError.invalidProperty(unknown)
    }
    let schema = Schema(try definition.schema.fields.map(Self.stored))
    self.schema = schema
    partitionColumns = try Self.partitionColumns(definition.properties["partitioned_by"] ?? [])
    let missing = partitionColumns.filter { schema.index(of: $0) == nil }
    guard missing.isEmpty else {
      throw CatalogChangeError.contradictoryProperties(
        "Partition columns [\(missing.joined(separator: ", "))] not present in schema")
    }
    guard partitionColumns.count < schema.count else {
      throw CatalogChangeError.contradictoryProperties(
        "Using all columns for partitioning is not supported")
    }
    properties = try Self.properties(definition.properties["checkpoint_interval"])
  }

  private static func partitionColumns(_ values: [Scalar]) throws -> [String] {
    let names = try values.map { value -> String in
      guard case .text(let name) = value else {
        throw CatalogChangeError.invalidProperty("partitioned_by")
      }
      return name.lowercased()
    }
    guard Set(names).count == names.count else {
      throw CatalogChangeError.contradictoryProperties("A partition column is named twice")
    }
    return names
  }

  private static func properties(_ interval: [Scalar]?) throws -> [String: String] {
    guard let interval else { return [:] }
    guard case .integer(let commits)? = interval.first, interval.count == 1, commits > 0 else {
      throw CatalogChangeError.contradictoryProperties(
        "checkpoint_interval must be a number of commits, at least 1")
    }
    return ["delta.checkpointInterval": String(commits)]
  }

  /// A column as the log can say it: text without a bound, moments to microseconds.
  static func stored(_ field: Field) throws -> Field {
    Field(
      field.name.lowercased(), try stored(field.type, of: field.name), isNullable: field.isNullable)
  }

  private static func stored(_ type: DataType, of column: String) throws -> DataType {
    switch type {
    case .varchar: return .varchar
    case .timestampWithTimeZone(let precision) where precision <= 6: return .timestampWithTimeZone
    case .timestamp:
      throw CatalogChangeError.refused(
        "Delta tables here have no columns of type \(type) (\(column))",
        advice: "Store a moment: CAST(\(column) AS timestamp(6) with time zone).")
    case .array(let element): return .array(try stored(element, of: column))
    case .map(let key, let value):
      return .map(key: try stored(key, of: column), value: try stored(value, of: column))
    case .row(let fields):
      guard fields.allSatisfy({ !$0.name.isEmpty }) else { break }
      return .row(try fields.map { Field($0.name, try stored($0.type, of: column)) })
    case .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal, .varbinary,
      .date:
      return type
    default: break
    }
    throw CatalogChangeError.refused(
      "Delta tables here have no columns of type \(type) (\(column))",
      advice: "Store it as text or as a number: CAST(\(column) AS varchar).")
  }
}
