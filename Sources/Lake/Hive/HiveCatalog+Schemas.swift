internal import Connector
internal import ObjectStorage

// A schema that CREATE SCHEMA has made is one small object; those of the lake's layers need none.

extension HiveCatalog {
  private static let schemas = "_schemas/"

  /// The schemas that tables can be made in, sorted.
  package func schemaNames() throws -> [String] {
    let made = try documents.list(prefix: Self.schemas).compactMap { object -> String? in
      let name = object.key.dropFirst(Self.schemas.count)
      guard name.hasSuffix(".json") else { return nil }
      return HiveTableName.isPossible(String(name.dropLast(5))) ? String(name.dropLast(5)) : nil
    }
    return Set(made).union(layers.keys).sorted()
  }

  package func createSchema(_ name: String) throws {
    guard HiveTableName.isPossible(name) else {
      throw CatalogChangeError.notSupported(
        "the schema name '\(name)': it takes letters, digits and underscores")
    }
    let text = "{ \"location\" : \"\(places.uri(directory(of: name)))\" }\n"
    guard layers[name] == nil,
      try documents.putIfAbsent(Self.schemas + name + ".json", Array(text.utf8))
    else { throw CatalogChangeError.schemaExists(name) }
  }

  /// Drops a schema that CREATE SCHEMA has made; with `isCascading` its tables too.
  package func dropSchema(_ name: String, isCascading: Bool) throws {
    guard try schemaNames().contains(name) else { throw CatalogChangeError.schemaMissing(name) }
    guard layers[name] == nil else {
      throw CatalogChangeError.notSupported("dropping the schema of a layer")
    }
    let tables = try tableNames(schema: name)
    guard tables.isEmpty || isCascading else { throw CatalogChangeError.schemaNotEmpty(name) }
    for table in tables { try dropTable(HiveTableName(name, table)) }
    try documents.delete(Self.schemas + name + ".json")
  }

  /// Where managed tables of a schema go.
  func directory(of schema: String) -> String { layers[schema] ?? "hive/\(schema)" }
}
