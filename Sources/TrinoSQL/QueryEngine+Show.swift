// SHOW and DESCRIBE: what there is, as Trino lists it.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension QueryEngine {
  func show(_ syntax: StatementSyntax, _ analyzer: Analyzer) throws -> QueryResult {
    switch syntax {
    case .showCatalogs(let like, let escape):
      return QueryResult(
        texts: ["Catalog"],
        rows: try Self.matching(catalogNames, like, escape).map { [$0] }
      )
    case .showSchemas(let catalog, let like, let escape, let start):
      guard let name = catalog?.key ?? analyzer.session.catalog else {
        throw analyzer.error(
          .missingCatalogName,
          "Catalog must be specified when session catalog is not set",
          start
        )
      }
      let names = try analyzer.catalog(name, catalog?.offset ?? start).schemaNamesInSQL()
      return QueryResult(
        texts: ["Schema"], rows: try Self.matching(names, like, escape).map { [$0] })
    case .showTables(let parts, let like, let escape, let start):
      return try tables(parts ?? [], like, escape, start, analyzer)
    case .showColumns(let parts, let like, let escape):
      let (_, table) = try analyzer.table(parts)
      let wanted = Set(try Self.matching(table.schema.fields.map(\.name), like, escape))
      return QueryResult(
        texts: ["Column", "Type", "Extra", "Comment"],
        rows: table.schema.fields.filter { wanted.contains($0.name) }.map {
          [$0.name, TrinoType($0.type).description, "", ""]
        }
      )
    case .showFunctions(let like, let escape):
      let names = try Self.matching(FunctionCatalog.names, like, escape)
      return QueryResult(
        texts: ["Function", "Return Type", "Argument Types", "Function Type"],
        rows: names.flatMap { FunctionCatalog.signatures($0) }
      )
    case .showSession(let like, let escape):
      let known = sessionProperties
      let names = try Self.matching(known.map(\.name), like, escape)
      return QueryResult(
        texts: ["Name", "Value", "Default", "Type", "Description"],
        rows: known.filter { names.contains($0.name) }.map { property in
          let value = analyzer.session.properties[property.name] ?? property.standard
          return [
            property.name, value, property.standard, property.typeText, property.description,
          ]
        }
      )
    case .showStats(let parts): return try stats(parts, analyzer)
    case .showStatsFor(let query): return try stats(query, analyzer)
    default: throw Self.unsupported(syntax, analyzer)
    }
  }

  private func tables(
    _ parts: [Identifier],
    _ like: String?,
    _ escape: String?,
    _ start: Int,
    _ analyzer: Analyzer
  ) throws -> QueryResult {
    let probe = parts + [Identifier(text: "t", offset: parts.first?.offset ?? start)]
    let name = try analyzer.qualify(probe)
    let offset = parts.first?.offset ?? start
    let provider = try analyzer.catalog(name.catalog, offset)
    let schemas = try provider.schemaNamesInSQL()
    guard schemas.contains(name.schema) else {
      throw analyzer.error(
        .schemaNotFound,
        "Schema '\(name.schema)' does not exist",
        offset,
        suggestions: nearestNames(to: name.schema, among: schemas)
      )
    }
    let names = try provider.tableNamesInSQL(schema: name.schema)
    return QueryResult(texts: ["Table"], rows: try Self.matching(names, like, escape).map { [$0] })
  }

  static func matching(_ names: [String], _ pattern: String?, _ escape: String?) throws -> [String] {
    let sorted = names.sorted()
    guard let pattern, !sorted.isEmpty else { return sorted }
    let builder = ColumnBuilder(type: .varchar)
    for name in sorted { builder.append(name) }
    let hits = try Kernels.like(
      builder.finish(),
      ColumnVector(constant: .text(pattern), type: .varchar, count: sorted.count),
      escape: escape.map {
        ColumnVector(constant: .text($0), type: .varchar, count: sorted.count)
      }
    )
    return sorted.indices.filter { hits.scalar($0) == .boolean(true) }.map { sorted[$0] }
  }
}

extension SessionProperty {
  var typeText: String {
    switch kind {
    case .boolean: "boolean"
    case .whole: "bigint"
    case .choice, .size: "varchar"
    }
  }
}

extension FunctionCatalog {
  /// Rows of SHOW FUNCTIONS: name, return type, argument types, kind.
  static func signatures(_ name: String) -> [[String]] {
    let kind =
      aggregates.contains(name)
      ? "aggregate" : Analyzer.windowFunctions.contains(name) ? "window" : "scalar"
    let overloads = registry[name]
    var rows: [[String]] = []
    if let function = generic[name] {
      rows += function.arguments.map { [name, function.result, $0, kind] }
    }
    if let function = Analyzer.zoneFunctions[name] ?? Analyzer.randomFunctions[name] {
      rows += function.arguments.map { [name, function.result, $0, kind] }
    }
    if overloads.isEmpty { return rows.isEmpty ? [[name, "T", "", kind]] : rows }
    return rows + overloads.map { overload in
      [
        name, overload.resultText,
        overload.parameters.map(\.name).joined(separator: ", ")
          + (overload.isVariadic ? "..." : ""),
        kind,
      ]
    }
  }
}
