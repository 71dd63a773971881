internal import Columnar
internal import Diagnostics
internal import ObjectStorage
internal import Parquet

/// Reads a checkpoint: the actions that a table's whole log comes to, up to one version.
///
/// 1. The file, or each part, is read: JSON lines, or Parquet with one column a kind of action of
///    which each row has one.
/// 2. Where it names sidecars, their adds and removes belong to it too.
struct CheckpointReader {
  let table: DeltaTable
  let checkpoint: LogCheckpoint

  /// Columns that say once more what others say, and that could have types not read here.
  private static let leftOut: Set<String> = [
    "add.stats_parsed", "add.partitionValues_parsed", "remove.stats_parsed",
  ]

  /// - Throws: `corruptCheckpoint` where a file is missing or says what it cannot.
  func read() throws -> CommitActions {
    var actions = CommitActions()
    for file in checkpoint.files { try read(file.key, isJSON: checkpoint.isJSON, into: &actions) }
    let sidecars = actions.sidecars
    for sidecar in sidecars {
      // Only their own directory may hold them, so a longer path says nothing more.
      let name = TablePath.decode(sidecar).split(separator: "/").last ?? ""
      try read(table.logDirectory + "_sidecars/" + name, isJSON: false, into: &actions)
    }
    guard actions.tableProtocol != nil, actions.metadata != nil else {
      throw corrupt(checkpoint.files[0].key, "it does not say the table's protocol and schema")
    }
    if let version = actions.checkpointVersion, version != checkpoint.version {
      throw corrupt(checkpoint.files[0].key, "it says that it is of version \(version)")
    }
    return actions
  }

  private func read(_ key: String, isJSON: Bool, into actions: inout CommitActions) throws {
    do {
      if isJSON {
        let bytes = try table.store.get(key)
        actions = try bytes.withUnsafeBufferPointer { try CommitActions(parsing: $0) }
      } else {
        try readParquet(key, into: &actions)
      }
    } catch let error as LogJSONError {
      throw corrupt(key, error.reason, byteOffset: error.byteOffset)
    } catch let error as ParquetError {
      throw corrupt(key, error.message, byteOffset: error.byteOffset)
    } catch let error as RowFault {
      throw corrupt(key, error.reason)
    } catch let error as ObjectStorageError where error.kind == .notFound {
      throw corrupt(key, "the file is missing")
    } catch let error as ObjectStorageError where error.kind == .invalidKey {
      throw corrupt(key, "it names a file that cannot be")
    }
  }

  private func corrupt(
    _ key: String,
    _ reason: String,
    byteOffset: Int? = nil
  ) -> DeltaLogError {
    DeltaLogError(
      .corruptCheckpoint,
      table: table.path,
      "The checkpoint \(checkpoint.version) of \(table.path) cannot be read: \(reason).",
      version: checkpoint.version,
      file: key,
      byteOffset: byteOffset,
      advice: "Restore the file from a copy, or the commits before it."
    )
  }

  // MARK: Parquet

  private func readParquet(_ key: String, into actions: inout CommitActions) throws {
    let bytes = StoredBytes(reader: try table.store.open(key))
    let file = try ParquetFile(bytes, name: key, leavingOut: Self.leftOut)
    if let omitted = file.omittedColumns.first(where: { Self.isKnown($0.name) }) {
      throw RowFault(reason: "its column \(omitted.name) is \(omitted.reason)")
    }
    let columns = file.schema.fields.indices.filter { Self.isKnown(file.schema[$0].name) }
    guard !columns.isEmpty else { throw RowFault(reason: "it has no column of actions") }
    let reader = try file.reader(columns: columns)
    var firstRow = 0
    while let batch = try reader.next() {
      for (field, vector) in zip(batch.schema.fields, batch.columns) {
        let source = NestedColumns(vector)
        for row in 0..<batch.rowCount where !vector.isNull(row) {
          let action = ParquetAction(
            name: field.name,
            columns: source,
            row: vector.valueIndex(row),
            number: firstRow + row
          )
          try actions.append(field.name, action)
        }
      }
      firstRow += batch.rowCount
    }
  }

  private static func isKnown(_ name: String) -> Bool {
    CommitActions.checkpointKinds.contains(name)
  }
}

/// What is wrong with a checkpoint's rows.
private struct RowFault: Error {
  var reason: String
}

/// A row column's fields by name, their own fields too.
private final class NestedColumns {
  let fields: [String: ColumnVector]
  private var nested: [String: NestedColumns] = [:]

  init(_ vector: ColumnVector) {
    guard case .row(let names) = vector.type else {
      fields = [:]
      return
    }
    fields = Dictionary(
      zip(names.map(\.name), vector.children),
      uniquingKeysWith: { first, _ in first }
    )
    for (name, child) in fields {
      if case .row = child.type { nested[name] = NestedColumns(child) }
    }
  }

  func nested(_ name: String) -> NestedColumns? { nested[name] }
}

/// One row of one column of actions.
private struct ParquetAction: ActionSource {
  let name: String
  let columns: NestedColumns
  let row: Int
  /// The row in its file, for people.
  let number: Int

  func fault(_ reason: String) -> any Error {
    RowFault(reason: "in row \(number) the \(name) action \(reason)")
  }

  /// The field's vector and the index of the value, unless it is NULL.
  private func value(_ key: String) -> (vector: ColumnVector, index: Int)? {
    guard let vector = columns.fields[key], !vector.isNull(row) else { return nil }
    return (vector, vector.valueIndex(row))
  }

  private static func text(_ vector: ColumnVector, _ row: Int) -> String? {
    guard vector.type.layout == .text, !vector.isNull(row) else { return nil }
    return vector.withTextValue(at: vector.valueIndex(row)) {
      String(validating: $0, as: UTF8.self)
    }
  }

  func text(_ key: String) -> String? {
    columns.fields[key].flatMap { Self.text($0, row) }
  }

  func integer(_ key: String) -> Int64? {
    guard let (vector, index) = value(key) else { return nil }
    switch vector.type {
    case .integer: return Int64(vector.values.values(as: Int32.self)[index])
    case .bigint: return vector.values.values(as: Int64.self)[index]
    default: return nil
    }
  }

  func boolean(_ key: String) -> Bool? {
    guard let (vector, index) = value(key), vector.type == .boolean else { return nil }
    return vector.values.values(as: UInt8.self)[index] != 0
  }

  func texts(_ key: String) -> [String]? {
    guard let (vector, index) = value(key), case .array = vector.type else { return nil }
    return vector.elementRange(at: index).compactMap { Self.text(vector.children[0], $0) }
  }

  func values(_ key: String) throws -> [String: String?]? {
    guard let (vector, index) = value(key), case .map = vector.type else { return nil }
    var result: [String: String?] = [:]
    for entry in vector.elementRange(at: index) {
      guard let name = Self.text(vector.children[0], entry) else {
        throw fault("has a \"\(key)\" whose keys are no text")
      }
      result.updateValue(Self.text(vector.children[1], entry), forKey: name)
    }
    return result
  }

  func nested(_ key: String) -> ParquetAction? {
    guard let (_, index) = value(key), let inner = columns.nested(key) else { return nil }
    return ParquetAction(name: name, columns: inner, row: index, number: number)
  }
}
