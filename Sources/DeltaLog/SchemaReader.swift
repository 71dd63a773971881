internal import Columnar

/// How data files and the log call a column: the same as the table does, unless the table maps them.
struct PhysicalColumn: Hashable, Sendable {
  var name: String
  /// The number in the file's schema, in tables that go by numbers.
  var fieldID: Int?
  /// Of a row its fields, of an array its element, of a map its keys and values.
  var parts: [PhysicalColumn] = []
}

/// How a table's columns are found in its files.
enum ColumnMapping: String {
  case none, name, id

  /// By the table's property, where its protocol lets it count.
  ///
  /// Nil for a mapping of an unknown kind.
  init?(_ tableProtocol: TableProtocol, _ metadata: TableMetadata) {
    let counts =
      tableProtocol.minReaderVersion == 2
      || tableProtocol.readerFeatures.contains("columnMapping")
    guard counts, let mode = metadata.configuration["delta.columnMapping.mode"] else {
      self = .none
      return
    }
    self.init(rawValue: mode)
  }
}

/// A table's schema as Spark's JSON says it, in our types.
struct SchemaReader {
  let table: String
  let mapping: ColumnMapping
  private(set) var schema = Schema([])
  /// By position in `schema`.
  private(set) var physical: [PhysicalColumn] = []
  /// True where a column has rules that a writer would have to check.
  private(set) var hasInvariants = false

  /// - Throws: `unsupportedType` naming the column, `invalidSchema` where the text is no schema.
  init(_ text: String, mapping: ColumnMapping = .none, table: String) throws {
    self.table = table
    self.mapping = mapping
    guard let json = try? LogJSONReader.parse(text), json["type"]?.text == "struct",
      let fields = json["fields"]?.elements
    else {
      throw invalid(
        "The table's schemaString is not a schema.",
        advice: "Restore the commit that holds the metaData action from a copy."
      )
    }
    for field in fields {
      let (read, column) = try self.field(field, column: nil)
      schema.fields.append(read)
      physical.append(column)
    }
  }

  private func invalid(_ message: String, advice: String? = nil) -> DeltaLogError {
    DeltaLogError(.invalidSchema, table: table, message, advice: advice)
  }

  /// A column, or a field of the row `column`.
  private mutating func field(
    _ json: LogJSON,
    column: String?
  ) throws -> (Field, PhysicalColumn) {
    guard let name = json["name"]?.text, let type = json["type"] else {
      throw invalid("A field of the schemaString has no name or no type.")
    }
    let metadata = json["metadata"]
    if metadata?["delta.invariants"] != nil { hasInvariants = true }
    let (read, parts) = try dataType(type, column: column ?? name)
    var physical = PhysicalColumn(name: name, parts: parts)
    if mapping != .none {
      guard let own = metadata?["delta.columnMapping.physicalName"]?.text else {
        throw invalid("The table maps columns to files, but \"\(name)\" has no physical name.")
      }
      physical.name = own
      physical.fieldID = metadata?["delta.columnMapping.id"]?.integer.map { Int($0) }
      if mapping == .id, physical.fieldID == nil {
        throw invalid("The table maps columns by number, but \"\(name)\" has none.")
      }
    }
    return (Field(name, read, isNullable: json["nullable"]?.boolean ?? true), physical)
  }

  private mutating func dataType(
    _ json: LogJSON,
    column: String
  ) throws -> (DataType, [PhysicalColumn]) {
    switch json["type"]?.text {
    case "array":
      let (element, parts) = try dataType(json["elementType"] ?? .null, column: column)
      return (.array(element), [PhysicalColumn(name: "element", parts: parts)])
    case "map":
      let (key, keyParts) = try dataType(json["keyType"] ?? .null, column: column)
      let (value, valueParts) = try dataType(json["valueType"] ?? .null, column: column)
      return (
        .map(key: key, value: value),
        [
          PhysicalColumn(name: "key", parts: keyParts),
          PhysicalColumn(name: "value", parts: valueParts),
        ]
      )
    case "struct":
      var fields: [Field] = []
      var parts: [PhysicalColumn] = []
      for field in json["fields"]?.elements ?? [] {
        let (read, part) = try self.field(field, column: column)
        fields.append(read)
        parts.append(part)
      }
      return (.row(fields), parts)
    default: return (try scalarType(json, column: column), [])
    }
  }

  private func scalarType(_ json: LogJSON, column: String) throws -> DataType {
    switch json.text {
    case "boolean": return .boolean
    case "byte": return .tinyint
    case "short": return .smallint
    case "integer": return .integer
    case "long": return .bigint
    case "float": return .real
    case "double": return .double
    case "string": return .varchar
    case "binary": return .varbinary
    case "date": return .date
    case "timestamp": return .timestampWithTimeZone
    case "timestamp_ntz": return .timestamp
    case let name?:
      if let type = Self.decimal(name) { return type }
    case nil: break
    }
    let name = json.text ?? json["type"]?.text ?? "unknown"
    throw DeltaLogError(
      .unsupportedType,
      table: table,
      "Column \"\(column)\" has the type \(name).",
      advice: "This version reads no such type; leave the column out of the table."
    )
  }

  private static func decimal(_ name: String) -> DataType? {
    guard name.hasPrefix("decimal("), name.hasSuffix(")") else { return nil }
    let parts = name.dropFirst(8).dropLast().split(separator: ",").map { part in
      Int(String(part.filter { $0 != " " }))
    }
    guard parts.count == 2, let precision = parts[0], let scale = parts[1],
      (1...DataType.decimalPrecisionMax).contains(precision), (0...precision).contains(scale)
    else { return nil }
    return .decimal(precision: precision, scale: scale)
  }
}
