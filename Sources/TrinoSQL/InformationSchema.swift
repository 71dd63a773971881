// `information_schema`: what a catalog holds, as tables. Every catalog has one; tools that connect by
// JDBC, and dbt, look around in it.

import Columnar
import Connector

/// The `information_schema` of one catalog.
struct InformationSchema {
  static let name = "information_schema"
  static let tableNames = ["columns", "schemata", "tables", "views"]

  let provider: any CatalogProvider

  /// One of `tableNames`; nil for other names. Only what the predicates leave is looked up.
  func table(_ name: String) -> (any TableSource)? {
    switch name {
    case "schemata":
      return computed(name, ["catalog_name", "schema_name"]) { _ in
        try provider.schemaNamesInSQL().map { [.text(provider.name), .text($0)] }
      }
    case "tables":
      return computed(name, ["table_catalog", "table_schema", "table_name", "table_type"]) { scope in
        try relations(scope).map { schema, table, isView in
          texts(schema, table) + [.text(isView ? "VIEW" : "BASE TABLE")]
        }
      }
    case "views":
      return computed(
        name, ["table_catalog", "table_schema", "table_name", "view_definition"]
      ) { scope in
        try relations(scope).filter(\.isView).compactMap { schema, table, _ in
          try provider.view(schema: schema, name: table).map {
            texts(schema, table) + [.text($0.sql)]
          }
        }
      }
    case "columns":
      return computed(
        name,
        [
          "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position",
          "column_default", "is_nullable", "data_type",
        ],
        columns
      )
    default: return nil
    }
  }

  /// What the predicates say of the schema's and the table's name.
  private struct Scope {
    var schema: Set<String>?
    var table: Set<String>?
  }

  private func columns(_ scope: Scope) throws -> [[Scalar]] {
    try relations(scope).flatMap { schema, table, isView in
      let fields: [Field]
      var types: [String]
      if isView {
        guard let view = try provider.view(schema: schema, name: table) else { return [[Scalar]]() }
        fields = view.schema.fields
        types = view.typeNames
      } else {
        guard let source = try provider.tableInSQL(schema: schema, name: table) else { return [] }
        fields = source.schema.fields
        types = []
      }
      if types.count != fields.count { types = fields.map { TrinoType($0.type).description } }
      return zip(fields, types).enumerated().map { index, column in
        texts(schema, table) + [
          .text(column.0.name), .integer(Int64(index) + 1), .null,
          .text(column.0.isNullable ? "YES" : "NO"), .text(column.1),
        ]
      }
    }
  }

  private func relations(
    _ scope: Scope
  ) throws -> [(schema: String, table: String, isView: Bool)] {
    try provider.schemaNamesInSQL().filter { scope.schema?.contains($0) ?? true }.flatMap { schema in
      let views = Set(try provider.viewNames(schema: schema))
      return Set(try provider.tableNamesInSQL(schema: schema)).union(views).sorted()
        .filter { scope.table?.contains($0) ?? true }
        .map { (schema, $0, views.contains($0)) }
    }
  }

  private func texts(_ schema: String, _ table: String) -> [Scalar] {
    [.text(provider.name), .text(schema), .text(table)]
  }

  private func computed(
    _ name: String,
    _ columns: [String],
    _ rows: @escaping @Sendable (Scope) throws -> [[Scalar]]
  ) -> ComputedTable {
    let schema = Schema(
      columns.map { Field($0, $0 == "ordinal_position" ? .bigint : .varchar) })
    return ComputedTable(label: "\(Self.name).\(name)", schema: schema) { request in
      var scope = Scope()
      for predicate in request.predicates {
        let wanted: Set<String>
        switch predicate.comparison {
        case .equal(.text(let text)): wanted = [text]
        case .isIn(let scalars):
          wanted = Set(scalars.compactMap { if case .text(let text) = $0 { text } else { nil } })
        default: continue
        }
        switch schema[predicate.column].name {
        case "table_schema": scope.schema = scope.schema?.intersection(wanted) ?? wanted
        case "table_name": scope.table = scope.table?.intersection(wanted) ?? wanted
        default: continue
        }
      }
      return [ColumnarBatch(schema: schema, rows: try rows(scope))]
    }
  }
}

extension CatalogProvider {
  /// The schemas as SQL sees them, sorted: `information_schema` is among them.
  func schemaNamesInSQL() throws -> [String] {
    Set(try schemaNames()).union([InformationSchema.name]).sorted()
  }

  /// The tables as SQL sees them, sorted.
  func tableNamesInSQL(schema: String) throws -> [String] {
    schema == InformationSchema.name
      ? InformationSchema.tableNames : try tableNames(schema: schema)
  }

  /// The table as SQL sees it; nil where there is none.
  func tableInSQL(schema: String, name: String) throws -> (any TableSource)? {
    schema == InformationSchema.name
      ? InformationSchema(provider: self).table(name) : try table(schema: schema, name: name)
  }
}
