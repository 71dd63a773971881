// DDL and writes: how a catalog makes, changes, drops and fills schemas, tables and views.

public import Columnar

/// A catalog that takes DDL and rows. Names are in lower case, as SQL gives them.
///
/// Each call is durable when it returns. A call that finds the world otherwise than it needs (the
/// table exists, the schema is not empty) throws `CatalogChangeError`; the door has already turned
/// `IF EXISTS` and `IF NOT EXISTS` into a question. What a store cannot do has a default that refuses
/// with `CatalogChangeError.notSupported`.
public protocol WritableCatalog: CatalogProvider {
  func createSchema(_ name: String) throws
  /// Drops a schema, with all that is in it where `isCascading`.
  func dropSchema(_ name: String, isCascading: Bool) throws
  /// Makes an empty table.
  func createTable(schema: String, name: String, _ definition: TableDefinition) throws
  func dropTable(schema: String, name: String) throws
  func renameTable(schema: String, name: String, toSchema: String, toName: String) throws
  func changeTable(schema: String, name: String, _ change: TableChange) throws
  /// CREATE TABLE AS: the table, with its rows, is there once the sink commits; one of that name is
  /// replaced where `isReplacing`.
  func beginCreate(
    schema: String,
    name: String,
    _ definition: TableDefinition,
    isReplacing: Bool
  ) throws -> any BatchSink
  /// INSERT: batches have the table's columns, in its order.
  func beginInsert(schema: String, name: String, _ mode: WriteMode) throws -> any BatchSink
  /// UPDATE, DELETE, MERGE over the version that `source` scans; its `rowIDField` is not nil.
  func beginChange(
    schema: String,
    name: String,
    of source: any TableSource
  ) throws -> any RowChangeSink
  /// Makes a view, in place of an older one where `isReplacing`.
  func createView(schema: String, name: String, _ view: ViewDefinition, isReplacing: Bool) throws
  func dropView(schema: String, name: String) throws
}

extension WritableCatalog {
  private func refusal(_ what: String) -> CatalogChangeError { .notSupported(what) }

  public func createSchema(_ name: String) throws { throw refusal("creating schemas") }
  public func dropSchema(_ name: String, isCascading: Bool) throws {
    throw refusal("dropping schemas")
  }
  public func createTable(schema: String, name: String, _ definition: TableDefinition) throws {
    throw refusal("creating tables")
  }
  public func dropTable(schema: String, name: String) throws { throw refusal("dropping tables") }
  public func renameTable(
    schema: String,
    name: String,
    toSchema: String,
    toName: String
  ) throws { throw refusal("renaming tables") }
  public func changeTable(schema: String, name: String, _ change: TableChange) throws {
    throw refusal("changing tables")
  }
  public func beginCreate(
    schema: String,
    name: String,
    _ definition: TableDefinition,
    isReplacing: Bool
  ) throws -> any BatchSink { throw refusal("creating tables with data") }
  public func beginInsert(
    schema: String,
    name: String,
    _ mode: WriteMode
  ) throws -> any BatchSink { throw refusal("inserts") }
  public func beginChange(
    schema: String,
    name: String,
    of source: any TableSource
  ) throws -> any RowChangeSink { throw refusal("modifying table rows") }
  public func createView(
    schema: String,
    name: String,
    _ view: ViewDefinition,
    isReplacing: Bool
  ) throws { throw refusal("creating views") }
  public func dropView(schema: String, name: String) throws { throw refusal("dropping views") }
}

/// What CREATE TABLE says of a table.
public struct TableDefinition: Sendable, Hashable {
  public var schema: Schema
  public var comment: String?
  /// `WITH (…)`: names in lower case to constants, arrays as their elements. The store refuses names
  /// it does not know with `CatalogChangeError.invalidProperty`.
  public var properties: [String: [Scalar]]

  public init(schema: Schema, comment: String? = nil, properties: [String: [Scalar]] = [:]) {
    self.schema = schema
    self.comment = comment
    self.properties = properties
  }
}

/// One change of a table.
public enum TableChange: Sendable, Hashable {
  /// Rows already there get NULL.
  case addColumn(Field)
  case dropColumn(String)
  case renameColumn(String, to: String)
  case setComment(String?)
}

/// A stored query; the store keeps its text, and the door that wrote it reads it.
public struct ViewDefinition: Sendable, Hashable {
  /// The query's text in the dialect of the door.
  public var sql: String
  /// What the query gave when the view was made.
  public var schema: Schema
  /// The types as the door names them, which may say more than `schema`; one a column.
  public var typeNames: [String]
  /// The session's catalog and schema then; names in the text mean those.
  public var sessionCatalog: String?
  public var sessionSchema: String?
  public var comment: String?

  public init(
    sql: String,
    schema: Schema,
    typeNames: [String] = [],
    sessionCatalog: String? = nil,
    sessionSchema: String? = nil,
    comment: String? = nil
  ) {
    self.sql = sql
    self.schema = schema
    self.typeNames = typeNames
    self.sessionCatalog = sessionCatalog
    self.sessionSchema = sessionSchema
    self.comment = comment
  }
}
