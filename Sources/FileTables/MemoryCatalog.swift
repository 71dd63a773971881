// The catalog `memory`: tables that live as long as the process, for trying things out.
//
// Every change makes a new version of a table; a scan keeps the version it began with. Row changes are
// committed against the version they were read from, and refused where it is no longer the newest.

import Columnar
package import Connector
import Synchronization

/// A writable catalog whose rows are kept in memory. Its schema `default` is always there.
package final class MemoryCatalog: WritableCatalog {
  package let name: String
  private struct State {
    var tables: [String: [String: MemoryTable]] = ["default": [:]]
    var views: [String: [String: ViewDefinition]] = [:]
    var versions: Int64 = 0
  }
  private let state = Mutex(State())

  package init(name: String = "memory") { self.name = name }

  // MARK: CatalogProvider

  package func schemaNames() throws -> [String] { state.withLock { $0.tables.keys.sorted() } }

  package func tableNames(schema: String) throws -> [String] {
    state.withLock { ($0.tables[schema] ?? [:]).keys.sorted() }
  }

  package func table(schema: String, name: String) throws -> (any TableSource)? {
    state.withLock { $0.tables[schema]?[name] }
  }

  package func viewNames(schema: String) throws -> [String] {
    state.withLock { ($0.views[schema] ?? [:]).keys.sorted() }
  }

  package func view(schema: String, name: String) throws -> ViewDefinition? {
    state.withLock { $0.views[schema]?[name] }
  }

  // MARK: DDL

  package func createSchema(_ name: String) throws {
    try state.withLock { state in
      guard state.tables[name] == nil else { throw CatalogChangeError.schemaExists(name) }
      state.tables[name] = [:]
    }
  }

  package func dropSchema(_ name: String, isCascading: Bool) throws {
    try state.withLock { state in
      guard let tables = state.tables[name] else { throw CatalogChangeError.schemaMissing(name) }
      let isEmpty = tables.isEmpty && (state.views[name] ?? [:]).isEmpty
      guard isEmpty || isCascading else { throw CatalogChangeError.schemaNotEmpty(name) }
      state.tables[name] = nil
      state.views[name] = nil
    }
  }

  package func createTable(schema: String, name: String, _ definition: TableDefinition) throws {
    try store(schema, name, definition, [], isReplacing: false)
  }

  package func dropTable(schema: String, name: String) throws {
    try state.withLock { state in
      guard state.tables[schema]?.removeValue(forKey: name) != nil else {
        throw CatalogChangeError.tableMissing(schema: schema, name: name)
      }
    }
  }

  package func renameTable(
    schema: String, name: String, toSchema: String, toName: String
  ) throws {
    try state.withLock { state in
      guard let table = state.tables[schema]?[name] else {
        throw CatalogChangeError.tableMissing(schema: schema, name: name)
      }
      guard state.tables[toSchema] != nil else {
        throw CatalogChangeError.schemaMissing(toSchema)
      }
      guard state.tables[toSchema]?[toName] == nil else {
        throw CatalogChangeError.tableExists(schema: toSchema, name: toName)
      }
      state.tables[schema]?[name] = nil
      state.tables[toSchema]?[toName] = table
    }
  }

  package func changeTable(schema: String, name: String, _ change: TableChange) throws {
    try update(schema, name) { table in
      switch change {
      case .addColumn(let field): try table.add(field)
      case .dropColumn(let column): try table.drop(column)
      case .renameColumn(let column, let newName): try table.rename(column, to: newName)
      case .setComment(let comment): table.comment = comment
      }
    }
  }

  package func createView(
    schema: String, name: String, _ view: ViewDefinition, isReplacing: Bool
  ) throws {
    try state.withLock { state in
      guard state.tables[schema] != nil else { throw CatalogChangeError.schemaMissing(schema) }
      let isTaken = state.views[schema]?[name] != nil && !isReplacing
      guard !isTaken, state.tables[schema]?[name] == nil else {
        throw CatalogChangeError.tableExists(schema: schema, name: name)
      }
      state.views[schema, default: [:]][name] = view
    }
  }

  package func dropView(schema: String, name: String) throws {
    try state.withLock { state in
      guard state.views[schema]?.removeValue(forKey: name) != nil else {
        throw CatalogChangeError.tableMissing(schema: schema, name: name)
      }
    }
  }

  // MARK: Rows

  package func beginCreate(
    schema: String, name: String, _ definition: TableDefinition, isReplacing: Bool
  ) throws -> any BatchSink {
    try state.withLock { state in
      guard let tables = state.tables[schema] else {
        throw CatalogChangeError.schemaMissing(schema)
      }
      guard tables[name] == nil || isReplacing else {
        throw CatalogChangeError.tableExists(schema: schema, name: name)
      }
    }
    return MemorySink { batches in
      try self.store(schema, name, definition, batches, isReplacing: isReplacing)
    }
  }

  package func beginInsert(
    schema: String, name: String, _ mode: WriteMode
  ) throws -> any BatchSink {
    guard try table(schema: schema, name: name) != nil else {
      throw CatalogChangeError.tableMissing(schema: schema, name: name)
    }
    switch mode {
    case .append, .overwrite: break
    case .overwritePartitions: throw CatalogChangeError.notSupported("partitions")
    }
    return MemorySink { batches in
      try self.update(schema, name) { table in
        if mode == .overwrite { table.batches = [] }
        table.batches += batches
      }
    }
  }

  package func beginChange(
    schema: String, name: String, of source: any TableSource
  ) throws -> any RowChangeSink {
    guard let base = source as? MemoryTable else {
      throw CatalogChangeError.tableMissing(schema: schema, name: name)
    }
    return MemoryRowChange(base) { changed in
      try self.update(schema, name) { table in
        guard table.version == base.version else {
          throw CatalogChangeError.conflict(
            "Table '\(schema).\(name)' was changed by another statement")
        }
        table.batches = changed
      }
    }
  }

  @discardableResult
  private func store(
    _ schema: String, _ name: String, _ definition: TableDefinition, _ batches: [ColumnarBatch],
    isReplacing: Bool
  ) throws -> Int64 {
    if let unknown = definition.properties.keys.min() {
      throw CatalogChangeError.invalidProperty(unknown)
    }
    return try state.withLock { state in
      guard let tables = state.tables[schema] else {
        throw CatalogChangeError.schemaMissing(schema)
      }
      guard tables[name] == nil || isReplacing, state.views[schema]?[name] == nil else {
        throw CatalogChangeError.tableExists(schema: schema, name: name)
      }
      state.versions += 1
      state.tables[schema]?[name] = MemoryTable(
        schema: definition.schema, batches: batches, version: state.versions,
        comment: definition.comment)
      return state.versions
    }
  }

  @discardableResult
  private func update(
    _ schema: String, _ name: String, _ change: (inout MemoryTable) throws -> Void
  ) throws -> Int64 {
    try state.withLock { state in
      guard var table = state.tables[schema]?[name] else {
        throw CatalogChangeError.tableMissing(schema: schema, name: name)
      }
      try change(&table)
      state.versions += 1
      table.version = state.versions
      state.tables[schema]?[name] = table
      return state.versions
    }
  }
}

/// One version of a table in memory.
struct MemoryTable: TableSource {
  var schema: Schema
  /// All with the columns of `schema`.
  var batches: [ColumnarBatch]
  var version: Int64
  var comment: String?

  var rowCount: Int? { batches.reduce(0) { $0 + $1.rowCount } }

  /// The row's number, counted through all batches.
  var rowIDField: Field? { Field("$row_id", .bigint, isNullable: false) }

  func splits(for request: ScanRequest) throws -> [any Split] {
    var first = 0
    return batches.enumerated().map { number, batch in
      defer { first += batch.rowCount }
      return MemorySplit(
        label: "batch \(number + 1)", batch: batch, columns: request.columns,
        schema: schema(of: request.columns), firstRow: first)
    }
  }

  mutating func add(_ field: Field) throws {
    guard schema.index(of: field.name) == nil else {
      throw CatalogChangeError.columnExists(field.name)
    }
    schema.fields.append(field)
    let schema = schema
    batches = batches.map { batch in
      ColumnarBatch(
        schema: schema,
        columns: batch.columns + [
          ColumnVector(constant: .null, type: field.type, count: batch.rowCount)
        ], rowCount: batch.rowCount)
    }
  }

  mutating func drop(_ name: String) throws {
    guard let index = schema.index(of: name) else { throw CatalogChangeError.columnMissing(name) }
    guard schema.count > 1 else {
      throw CatalogChangeError.notSupported("dropping the only column of a table")
    }
    let kept = schema.fields.indices.filter { $0 != index }
    schema = schema.selecting(kept)
    batches = batches.map { $0.selecting(kept) }
  }

  mutating func rename(_ name: String, to newName: String) throws {
    guard let index = schema.index(of: name) else { throw CatalogChangeError.columnMissing(name) }
    if let other = schema.index(of: newName), other != index {
      throw CatalogChangeError.columnExists(newName)
    }
    schema.fields[index].name = newName
    let schema = schema
    batches = batches.map {
      ColumnarBatch(schema: schema, columns: $0.columns, rowCount: $0.rowCount)
    }
  }
}

/// One batch of a table.
private struct MemorySplit: Split {
  let label: String
  let batch: ColumnarBatch
  let columns: [Int]
  let schema: Schema
  let firstRow: Int

  var rowCount: Int? { batch.rowCount }

  func open() throws -> any BatchReader {
    guard batch.rowCount > 0 else { return ArrayBatchReader([]) }
    let picked = columns.map { index in
      index < batch.columns.count ? batch.columns[index] : identities()
    }
    return ArrayBatchReader([
      ColumnarBatch(schema: schema, columns: picked, rowCount: batch.rowCount)
    ])
  }

  private func identities() -> ColumnVector {
    let builder = ColumnBuilder(type: .bigint, capacity: batch.rowCount)
    for row in 0..<batch.rowCount { builder.append(Int64(firstRow + row)) }
    return builder.finish()
  }
}

/// Keeps batches until they are committed.
private final class MemorySink: BatchSink {
  private var batches: [ColumnarBatch] = []
  private let publish: ([ColumnarBatch]) throws -> Int64

  init(_ publish: @escaping ([ColumnarBatch]) throws -> Int64) { self.publish = publish }

  func write(_ batch: ColumnarBatch) throws {
    if batch.rowCount > 0 { batches.append(batch) }
  }

  func commit() throws -> CommitSummary {
    let rows = batches.reduce(0) { $0 + $1.rowCount }
    return CommitSummary(
      version: try publish(batches), rowsAdded: rows, filesAdded: 0, filesRemoved: 0)
  }

  func abort() { batches = [] }
}

/// Deletions and insertions over one version of a table.
private final class MemoryRowChange: RowChangeSink {
  private let base: MemoryTable
  private var deleted: Set<Int> = []
  private var added: [ColumnarBatch] = []
  private let publish: ([ColumnarBatch]) throws -> Int64

  init(_ base: MemoryTable, _ publish: @escaping ([ColumnarBatch]) throws -> Int64) {
    self.base = base
    self.publish = publish
  }

  func delete(_ identities: ColumnVector) throws {
    for row in 0..<identities.count {
      if case .integer(let number) = identities.scalar(row) { deleted.insert(Int(number)) }
    }
  }

  func insert(_ batch: ColumnarBatch) throws {
    if batch.rowCount > 0 { added.append(batch) }
  }

  func commit() throws -> CommitSummary {
    var kept: [ColumnarBatch] = []
    var first = 0
    for batch in base.batches {
      let rows = (0..<batch.rowCount).filter { !deleted.contains(first + $0) }
      first += batch.rowCount
      if rows.count == batch.rowCount {
        kept.append(batch)
      } else if !rows.isEmpty {
        let picked = rows.map { Int32(truncatingIfNeeded: $0) }
        kept.append(picked.withUnsafeBufferPointer { batch.gather($0) })
      }
    }
    return CommitSummary(
      version: try publish(kept + added), rowsAdded: added.reduce(0) { $0 + $1.rowCount },
      filesAdded: 0, filesRemoved: 0)
  }

  func abort() {
    deleted = []
    added = []
  }
}
