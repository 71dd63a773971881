// The values of a slice: into codes of the chunk's dictionary, or into PLAIN bytes.

import Columnar

extension ColumnChunkWriter {
  /// Adds the values of `vector` at `indices`, at most 1,024; none of them is NULL.
  ///
  /// Fills `codes` where the chunk has a dictionary.
  func appendValues(
    _ vector: ColumnVector,
    _ indices: UnsafeBufferPointer<Int32>,
    codes: UnsafeMutablePointer<Int32>?
  ) throws {
    if isText {
      try appendText(vector, indices, codes)
    } else {
      appendFixed(vector, indices, codes)
    }
  }

  private func appendFixed(
    _ vector: ColumnVector,
    _ indices: UnsafeBufferPointer<Int32>,
    _ codes: UnsafeMutablePointer<Int32>?
  ) {
    let count = indices.count
    switch vector.type.layout {
    case .fixed(width: 8):
      let source = vector.values.values(as: UInt64.self)
      for offset in 0..<count { dense[offset] = source[Int(indices[offset])] }
    case .fixed(width: 4):
      let source = vector.values.values(as: Int32.self)
      for offset in 0..<count {
        dense[offset] = UInt64(bitPattern: Int64(source[Int(indices[offset])]))
      }
    default:
      let source = vector.values.values(as: UInt8.self)
      for offset in 0..<count { dense[offset] = source[Int(indices[offset])] == 0 ? 0 : 1 }
    }
    bounds.add(dense, count: count, isDouble: leaf.type == .double)
    if let codes {
      words.encode(dense, count: count, into: codes)
    } else {
      appendPlain(dense, count)
    }
  }

  /// Appends widened values at their own width.
  func appendPlain(_ source: UnsafePointer<UInt64>, _ count: Int) {
    let width = leaf.plainWidth
    let target = plain.grow(by: count * width)
    switch width {
    case 8: target.copyMemory(from: source, byteCount: count * 8)
    case 4:
      for offset in 0..<count {
        target.storeBytes(
          of: UInt32(truncatingIfNeeded: source[offset]),
          toByteOffset: offset * 4,
          as: UInt32.self
        )
      }
    default:
      for offset in 0..<count {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: source[offset]),
          toByteOffset: offset,
          as: UInt8.self
        )
      }
    }
  }

  private func appendText(
    _ vector: ColumnVector,
    _ indices: UnsafeBufferPointer<Int32>,
    _ codes: UnsafeMutablePointer<Int32>?
  ) throws {
    try checkSize(vector, indices)
    guard let codes else {
      for index in indices {
        vector.withTextValue(at: Int(index)) {
          bounds.text.add($0)
          plain.appendSized($0)
        }
      }
      return
    }
    guard case .dictionary(_, let dictionary) = vector.encoding else {
      for offset in 0..<indices.count { codes[offset] = code(vector, Int(indices[offset])) }
      return
    }
    // Codes of the same dictionary are looked up once each.
    if knownDictionary !== dictionary {
      knownDictionary = dictionary
      knownCodes = [Int32](repeating: -1, count: dictionary.values.count)
    }
    for offset in 0..<indices.count {
      let index = Int(indices[offset])
      if knownCodes[index] < 0 { knownCodes[index] = code(vector, index) }
      codes[offset] = knownCodes[index]
    }
  }

  private func checkSize(_ vector: ColumnVector, _ indices: UnsafeBufferPointer<Int32>) throws {
    // Slices are cut at a page, so a larger value stands alone in its slice.
    guard let first = indices.first else { return }
    let size = vector.values.values(as: TextView.self)[Int(first)].count
    guard size <= Self.valueByteCountMax else {
      throw ParquetError(
        .unsupported,
        fileName: "output",
        column: leaf.name,
        "a value of \(size) bytes is too long"
      )
    }
  }

  private func code(_ vector: ColumnVector, _ index: Int) -> Int32 {
    vector.withTextValue(at: index) { texts.code(of: $0).code }
  }
}
