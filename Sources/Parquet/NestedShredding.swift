// A list, map or row on its way to its leaves: the reverse of `NestedAssembly`.
//
// At each node there is a list of entries: which row of the node's vector an entry stands for (or
// none, where an ancestor is NULL or empty), and its two levels so far. A list turns an entry into
// one for each element; a row hands its entries to each field. At a leaf the entries are what the
// chunk writer wants.

import Columnar

/// Cuts vectors of one nested column into slices for its chunk writers.
struct NestedShredder {
  let field: Field
  /// The first of the column's chunk writers.
  private let firstLeaf: Int

  init(field: Field, firstLeaf: Int) {
    self.field = field
    self.firstLeaf = firstLeaf
  }

  private struct Entries {
    /// A row of the node's vector; -1: there is none.
    var rows: [Int32] = []
    var definitions: [Int32] = []
    var repetitions: [Int32] = []
  }

  /// Adds the rows `range` of `vector` to the chunks of the column's leaves.
  ///
  /// - Throws: `parquet.unsupported` for a NULL where the schema allows none.
  func append(
    _ vector: ColumnVector,
    _ range: Range<Int>,
    to chunks: [ColumnChunkWriter]
  ) throws {
    let leaves = chunks[leaves]
    var start = range.lowerBound
    while start < range.upperBound {
      // A small slice, since a row may hold many elements.
      let room = min(256, leaves.map(\.rowRoom).min() ?? 1)
      let end = min(range.upperBound, start + room)
      var entries = Entries()
      entries.rows = (start..<end).map { Int32(truncatingIfNeeded: $0) }
      entries.definitions = [Int32](repeating: 0, count: end - start)
      entries.repetitions = entries.definitions
      var next = firstLeaf
      try shred(
        vector, field.type, isNullable: field.isNullable, entries, depth: (0, 0),
        rowCount: end - start, chunks, &next)
      start = end
    }
  }

  /// The chunk writers of the column's leaves.
  var leaves: Range<Int> { firstLeaf..<firstLeaf + Self.leafCount(field.type) }

  /// How many leaves a type has.
  static func leafCount(_ type: DataType) -> Int {
    type.isNested ? type.childTypes.reduce(0) { $0 + leafCount($1) } : 1
  }

  /// `depth` is the definition and the repetition level of the node's ancestors.
  private func shred(
    _ vector: ColumnVector,
    _ type: DataType,
    isNullable: Bool,
    _ source: Entries,
    depth: (definition: Int32, repetition: Int32),
    rowCount: Int,
    _ chunks: [ColumnChunkWriter],
    _ next: inout Int
  ) throws {
    var entries = source
    var depth = depth
    if isNullable { depth.definition += 1 }
    for index in entries.rows.indices where entries.rows[index] >= 0 {
      let row = Int(entries.rows[index])
      if vector.isNull(row) {
        guard isNullable else {
          throw ParquetError(
            .unsupported,
            fileName: "output",
            column: field.name,
            "a part of the column is required and has a NULL"
          )
        }
        entries.rows[index] = -1
      } else {
        entries.definitions[index] = depth.definition
        entries.rows[index] = Int32(truncatingIfNeeded: vector.valueIndex(row))
      }
    }
    switch type {
    case .row(let fields):
      for (child, field) in zip(vector.children, fields) {
        try shred(
          child, field.type, isNullable: field.isNullable, entries, depth: depth,
          rowCount: rowCount, chunks, &next)
      }
    case .array(let element):
      let inner = expand(vector, entries, depth)
      try shred(
        vector.children[0], element, isNullable: true, inner,
        depth: (depth.definition + 1, depth.repetition + 1), rowCount: rowCount, chunks, &next)
    case .map(let key, let value):
      let inner = expand(vector, entries, depth)
      let below = (depth.definition + 1, depth.repetition + 1)
      try shred(
        vector.children[0], key, isNullable: false, inner, depth: below, rowCount: rowCount,
        chunks, &next)
      try shred(
        vector.children[1], value, isNullable: true, inner, depth: below, rowCount: rowCount,
        chunks, &next)
    default:
      let indices = entries.rows.filter { $0 >= 0 }
      let chunk = chunks[next]
      next += 1
      try indices.withUnsafeBufferPointer { indices in
        try entries.definitions.withUnsafeBufferPointer { definitions in
          try entries.repetitions.withUnsafeBufferPointer { repetitions in
            try chunk.append(
              vector,
              indices: indices,
              definitions: definitions.baseAddress,
              repetitions: repetitions.baseAddress,
              entryCount: entries.rows.count,
              rowCount: rowCount
            )
          }
        }
      }
    }
  }

  /// An entry for each element; the first one keeps the entry's own repetition level.
  private func expand(
    _ vector: ColumnVector,
    _ entries: Entries,
    _ depth: (definition: Int32, repetition: Int32)
  ) -> Entries {
    var inner = Entries()
    for index in entries.rows.indices {
      let row = entries.rows[index]
      let elements = row < 0 ? 0..<0 : vector.elementRange(at: Int(row))
      if elements.isEmpty {
        inner.rows.append(-1)
        inner.definitions.append(entries.definitions[index])
        inner.repetitions.append(entries.repetitions[index])
        continue
      }
      for element in elements {
        inner.rows.append(Int32(truncatingIfNeeded: element))
        inner.definitions.append(depth.definition + 1)
        inner.repetitions.append(
          element == elements.lowerBound ? entries.repetitions[index] : depth.repetition + 1)
      }
    }
    return inner
  }
}
