// A column that is no list, map or struct: a validity bit is a definition level.

import Columnar

/// Cuts vectors of one column into slices for its chunk writer.
struct FlatShredder {
  let field: Field
  private var definitions = [Int32](repeating: 0, count: ColumnChunkWriter.sliceRowCountMax)
  private var indices = [Int32](repeating: 0, count: ColumnChunkWriter.sliceRowCountMax)

  init(field: Field) {
    self.field = field
  }

  /// Adds the rows `range` of `vector` to `chunk`.
  ///
  /// - Throws: `parquet.unsupported` for a NULL in a required column; what `chunk` throws.
  mutating func append(
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
      try indices.withUnsafeBufferPointer { indices in
        try definitions.withUnsafeBufferPointer { definitions in
          try chunk.append(
            vector,
            indices: UnsafeBufferPointer(rebasing: indices[..<count]),
            definitions: definitions.baseAddress,
            repetitions: nil,
            entryCount: end - start,
            rowCount: end - start
          )
        }
      }
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
  private mutating func collect(_ vector: ColumnVector, _ range: Range<Int>) -> Int {
    var count = 0
    let number = range.count
    definitions.withUnsafeMutableBufferPointer { definitions in
      indices.withUnsafeMutableBufferPointer { indices in
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
        case .constant: for offset in 0..<count { indices[offset] = 0 }
        case .dictionary(let codes, _):
          let code = codes.values(as: Int32.self)
          for offset in 0..<count { indices[offset] = code[Int(indices[offset])] }
        }
      }
    }
    return count
  }
}
