internal import Columnar

/// A table's schema as Delta writes it: Spark's JSON of a struct type.
enum DeltaSchema {
  /// Throws `invalidSchema` or `unsupportedType` where a column cannot be written.
  static func encode(_ schema: Schema, table: String) throws -> String {
    try check(schema, table: table)
    var json = LogJSONWriter()
    try json.object { json in
      json.member("type", "struct")
      json.key("fields")
      try json.array { json in
        for field in schema.fields { try encode(field, to: &json, table: table) }
      }
    }
    return json.text
  }

  static func encode(
    _ field: Field,
    to json: inout LogJSONWriter,
    table: String
  ) throws {
    try json.object { json in
      json.member("name", field.name)
      json.key("type")
      try encode(field.type, of: field, to: &json, table: table)
      json.member("nullable", field.isNullable)
      json.member("metadata", [:])
    }
  }

  /// A type as its name, or as an object where it is nested.
  private static func encode(
    _ type: DataType,
    of field: Field,
    to json: inout LogJSONWriter,
    table: String
  ) throws {
    switch type {
    case .row(let fields):
      try json.object { json in
        json.member("type", "struct")
        json.key("fields")
        try json.array { json in
          for field in fields { try encode(field, to: &json, table: table) }
        }
      }
    case .array(let element):
      try json.object { json in
        json.member("type", "array")
        json.key("elementType")
        try encode(element, of: field, to: &json, table: table)
        json.member("containsNull", true)
      }
    case .map(let key, let value):
      try json.object { json in
        json.member("type", "map")
        json.key("keyType")
        try encode(key, of: field, to: &json, table: table)
        json.key("valueType")
        try encode(value, of: field, to: &json, table: table)
        json.member("valueContainsNull", true)
      }
    default: json.string(try typeName(Field(field.name, type), table: table))
    }
  }

  /// Throws `invalidSchema` where the columns cannot stand together.
  static func check(_ schema: Schema, table: String) throws {
    guard !schema.fields.isEmpty else {
      throw DeltaLogError(
        .invalidSchema,
        table: table,
        "A table needs at least one column."
      )
    }
    var names: Set<String> = []
    for field in schema.fields {
      guard names.insert(field.name.lowercased()).inserted else {
        throw DeltaLogError(
          .invalidSchema,
          table: table,
          "The column name \"\(field.name)\" appears twice.",
          advice: "Names are compared without case; rename one of the columns."
        )
      }
      if field.name.isEmpty || field.name.contains(where: { " ,;{}()\n\t=".contains($0) }) {
        throw DeltaLogError(
          .invalidSchema,
          table: table,
          "\"\(field.name)\" cannot name a column of a Delta table.",
          advice: "Use a name without spaces, commas, semicolons, brackets, tabs and \"=\"."
        )
      }
    }
  }

  private static func typeName(_ field: Field, table: String) throws -> String {
    switch field.type {
    case .boolean: return "boolean"
    case .tinyint: return "byte"
    case .smallint: return "short"
    case .real: return "float"
    case .integer: return "integer"
    case .bigint: return "long"
    case .double: return "double"
    case .decimal(let precision, let scale): return "decimal(\(precision),\(scale))"
    case .varchar: return "string"
    case .varbinary: return "binary"
    case .date: return "date"
    case .timestampWithTimeZone: return "timestamp"
    case .timestamp:
      throw DeltaLogError(
        .unsupportedType,
        table: table,
        "Column \"\(field.name)\" is a timestamp without time zone, which only newer readers of "
          + "Delta tables know.",
        advice: "Store a moment: CAST(\(field.name) AS timestamp with time zone)."
      )
    case .unknown:
      throw DeltaLogError(
        .unsupportedType,
        table: table,
        "Column \"\(field.name)\" has no type.",
        advice: "Give the NULL a type: CAST(NULL AS varchar)."
      )
    default:
      throw DeltaLogError(
        .unsupportedType,
        table: table,
        "Column \"\(field.name)\" is of type \(field.type), which this writer does not store.",
        advice: "Store it as text or as a number: CAST(\(field.name) AS varchar)."
      )
    }
  }
}
