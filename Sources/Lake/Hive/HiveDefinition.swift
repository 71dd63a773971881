// What CREATE TABLE says, checked, as an entry of the catalog. Property names and most of the rules are
// those of Trino's Hive connector, so that a statement that passes here passes there.

internal import Columnar
internal import Connector

/// `WITH (…)` of a Hive-style table.
struct HiveDefinition {
  let entry: HiveTableEntry

  static let names: Set<String> = [
    "format", "partitioned_by", "external_location", "csv_separator", "csv_quote", "csv_escape",
    "skip_header_line_count", "textfile_field_separator", "null_format",
  ]
  private static let formatsElsewhere: Set<String> = [
    "ORC", "AVRO", "RCBINARY", "RCTEXT", "SEQUENCEFILE", "REGEX",
  ]

  /// Throws `CatalogChangeError`, saying which property or column does not do.
  init(_ definition: TableDefinition, _ name: HiveTableName, _ catalog: HiveCatalog) throws {
    if let unknown = definition.properties.keys.filter({ !Self.names.contains($0) }).min() {
      throw CatalogChangeError.invalidProperty(unknown)
    }
    let format = try Self.format(definition.properties["format"])
    let (columns, partitionColumns) = try Self.split(
      definition.schema, by: definition.properties["partitioned_by"] ?? [])
    for field in columns { try Self.check(field, format) }
    for field in partitionColumns where !HivePartitionValue.isPossible(field.type) {
      throw CatalogChangeError.notSupported(
        "partition columns of type \(field.type) (\(field.name)); use varchar, date, boolean or a "
          + "whole number")
    }
    let location = try definition.properties["external_location"].map { values in
      guard case .text(let uri)? = values.first, values.count == 1,
        let key = catalog.places.key(uri)
      else {
        throw CatalogChangeError.contradictoryProperties(
          "External location is not a valid file system URI of the lake: "
            + "\(Self.text(values) ?? ""); write s3://\(catalog.places.bucket)/ and a directory")
      }
      return key
    }
    entry = HiveTableEntry(
      columns: columns, partitionColumns: partitionColumns, format: format,
      location: location ?? catalog.directory(of: name.schema) + "/" + name.table,
      isExternal: location != nil, comment: definition.comment,
      properties: try Self.textProperties(definition.properties, format),
      createdMilliseconds: catalog.now())
  }

  private static func text(_ values: [Scalar]) -> String? {
    if case .text(let text)? = values.first, values.count == 1 { return text }
    return nil
  }

  private static func format(_ values: [Scalar]?) throws -> HiveFormat {
    guard let values else { return .parquet }
    guard let name = text(values)?.uppercased() else {
      throw CatalogChangeError.invalidProperty("format")
    }
    if let known = HiveFormat(rawValue: name) { return known }
    let all = HiveFormat.allCases.map(\.rawValue).joined(separator: ", ")
    throw CatalogChangeError.contradictoryProperties(
      formatsElsewhere.contains(name)
        ? "Format \(name) is not read here; write one of \(all)"
        : "Unknown format '\(name)'; write one of \(all)")
  }

  /// The columns of files, and those of directories, which must be the last.
  private static func split(
    _ schema: Schema, by values: [Scalar]
  ) throws -> (columns: [Field], partitionColumns: [Field]) {
    let names = try values.map { value -> String in
      guard case .text(let name) = value else {
        throw CatalogChangeError.invalidProperty("partitioned_by")
      }
      return name.lowercased()
    }
    let fields = schema.fields.map { field in
      Field(field.name.lowercased(), field.type, isNullable: field.isNullable)
    }
    let missing = names.filter { name in !fields.contains { $0.name == name } }
    guard missing.isEmpty else {
      throw CatalogChangeError.contradictoryProperties(
        "Partition columns [\(missing.joined(separator: ", "))] not present in schema")
    }
    guard names.count < fields.count else {
      throw CatalogChangeError.contradictoryProperties("Table contains only partition columns")
    }
    guard fields.suffix(names.count).map(\.name) == names else {
      throw CatalogChangeError.contradictoryProperties(
        "Partition keys must be the last columns in the table and in the same order as the table "
          + "properties: [\(names.joined(separator: ", "))]")
    }
    return (Array(fields.dropLast(names.count)), Array(fields.suffix(names.count)))
  }

  /// Throws where files of the format cannot have such a column.
  static func check(_ field: Field, _ format: HiveFormat) throws {
    guard field.isNullable else {
      throw CatalogChangeError.notSupported("NOT NULL columns (\(field.name))")
    }
    guard HiveTypeText.isPossible(field.type) else {
      let isMoment: Bool
      if case .timestampWithTimeZone = field.type { isMoment = true } else { isMoment = false }
      throw CatalogChangeError.notSupported(
        "columns of type \(field.type) (\(field.name))"
          + (isMoment
            ? "; say in which zone the column is: CAST(\(field.name) AT TIME ZONE 'UTC' AS timestamp)"
            : ""))
    }
    switch format {
    case .parquet: return
    case .csv:
      guard field.type == .varchar else {
        throw CatalogChangeError.notSupported(
          "columns of CSV files that are not varchar (\(field.name) \(field.type)); convert them in "
            + "the query or a view, with TRY_CAST where values may be bad")
      }
    case .json, .openXJSON, .textFile:
      guard field.type != .varbinary, format != .textFile || !field.type.isNested else {
        throw CatalogChangeError.notSupported(
          "columns of type \(field.type) in \(format.rawValue) files (\(field.name))")
      }
    }
  }

  private static func textProperties(
    _ properties: [String: [Scalar]], _ format: HiveFormat
  ) throws -> [String: String] {
    var found: [String: String] = [:]
    for (name, formats) in [
      ("csv_separator", [HiveFormat.csv]), ("csv_quote", [.csv]), ("csv_escape", [.csv]),
      ("textfile_field_separator", [.textFile]), ("null_format", [.textFile]),
      ("skip_header_line_count", [.csv, .textFile]),
    ] {
      guard let values = properties[name] else { continue }
      guard formats.contains(format) else {
        throw CatalogChangeError.contradictoryProperties(
          "Cannot specify \(name) table property for storage format: \(format.rawValue)")
      }
      found[name] = try value(values, of: name)
    }
    return found
  }

  private static func value(_ values: [Scalar], of name: String) throws -> String {
    switch (name, values.first) {
    case ("skip_header_line_count", .integer(let count)?)
    where values.count == 1 && (0..<1 << 31).contains(count):
      return String(count)
    case ("skip_header_line_count", _):
      throw CatalogChangeError.contradictoryProperties(
        "Invalid value for \(name) property: it is a count of lines")
    case ("null_format", .text(let text)?) where values.count == 1: return text
    case (_, .text(let text)?) where values.count == 1 && text.utf8.count == 1: return text
    default:
      throw CatalogChangeError.contradictoryProperties(
        "\(name) must be a single character string")
    }
  }
}
