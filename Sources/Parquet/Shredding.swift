// From vectors to the entries of leaves. A column that is no list, map or row is simple: a validity
// bit is a definition level. `NestedShredding` does the others.

import Columnar

/// Cuts the vectors of one column into slices for its chunk writers.
enum Shredder {
  case flat(FlatShredder, leaf: Int)
  case nested(NestedShredder)

  /// The chunk writers that the column's values go to.
  var leaves: Range<Int> {
    switch self {
    case .flat(_, let leaf): leaf..<leaf + 1
    case .nested(let shredder): shredder.leaves
    }
  }

  /// Adds the rows `range` of `vector`; what the two throw.
  func append(
    _ vector: ColumnVector,
    _ range: Range<Int>,
    to chunks: [ColumnChunkWriter]
  ) throws {
    switch self {
    case .flat(let shredder, let leaf):
      try shredder.append(vector, range, to: chunks[leaf])
    case .nested(let shredder):
      try shredder.append(vector, range, to: chunks)
    }
  }
}

/// Cuts vectors of one scalar column into slices for its chunk writer.
struct FlatShredder {
  let field: Field
  private let definitions: ScratchInts
  private let indices: ScratchInts

  init(field: Field) {
    self.field = field
    definitions = ScratchInts(count: ColumnChunkWriter.sliceRowCountMax)
    indices = ScratchInts(count: ColumnChunkWriter.sliceRowCountMax)
  }

  /// Adds the rows `range` of `vector` to `chunk`.
  ///
  /// - Throws: `parquet.unsupported` for a NULL in a required column; what `chunk` throws.
  func append(
    _ vector: ColumnVector,
    _ range: Range<Int>,
    to chunk: ColumnChunkWriter
  ) throws {
    var start = range.lowerBound
    while start < range.upperBound {
      let limit = min(range.upperBound, start + chunk.rowRoom)
      let end = chunk.isText ? Self.textSliceEnd(vector, start..<limit) : limit
      let count = collect(vector, start..<end)
      guard count == end - start || field.isNullable else {
        throw ParquetError(
          .unsupported,
          fileName: "output",
          column: field.name,
          "the column is required and has a NULL"
        )
      }
      try chunk.append(
        vector,
        indices: UnsafeBufferPointer(start: indices.address, count: count),
        definitions: definitions.address,
        repetitions: nil,
        entryCount: end - start,
        rowCount: end - start
      )
      start = end
    }
  }

  /// The end of the longest slice whose text stays below a page, and at least one row.
  static func textSliceEnd(_ vector: ColumnVector, _ range: Range<Int>) -> Int {
    let views = vector.values.values(as: TextView.self)
    var bytes = 0
    for row in range where !vector.isNull(row) {
      bytes += views[vector.valueIndex(row)].count + 4
      if bytes > ColumnChunkWriter.pageByteCountMax { return max(row, range.lowerBound + 1) }
    }
    return range.upperBound
  }

  /// Fills `definitions` for the rows, and `indices` for those with a value; answers how many.
  private func collect(_ vector: ColumnVector, _ range: Range<Int>) -> Int {
    var count = 0
    let number = range.count
    let definitions = definitions.address
    let indices = indices.address
    if let validity = vector.validity {
      for offset in 0..<number {
        let isValid = validity.isValid(range.lowerBound + offset)
        definitions[offset] = isValid ? 1 : 0
        indices[count] = Int32(truncatingIfNeeded: range.lowerBound + offset)
        count += isValid ? 1 : 0
      }
    } else {
      for offset in 0..<number {
        definitions[offset] = 1
        indices[offset] = Int32(truncatingIfNeeded: range.lowerBound + offset)
      }
      count = number
    }
    switch vector.encoding {
    case .flat: break
    case .constant: indices.update(repeating: 0, count: count)
    case .dictionary(let codes, _):
      let code = codes.values(as: Int32.self)
      for offset in 0..<count { indices[offset] = code[Int(indices[offset])] }
    }
    return count
  }
}

/// Memory for the integers of a slice; belongs to one writer.
final class ScratchInts {
  let address: UnsafeMutablePointer<Int32>

  init(count: Int) {
    // One more: a loop may write the index of a row without a value before it looks.
    address = .allocate(capacity: count + 1)
  }

  deinit { address.deallocate() }
}
