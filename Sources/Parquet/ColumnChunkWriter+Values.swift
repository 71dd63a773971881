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
      try appendFixed(vector, indices, codes)
    }
  }

  private func appendFixed(
    _ vector: ColumnVector,
    _ indices: UnsafeBufferPointer<Int32>,
    _ codes: UnsafeMutablePointer<Int32>?
  ) throws {
    let count = indices.count
    switch leaf.form {
    case .bigEndian: return appendBigEndian(vector, indices)
    case .divided(let divisor): try collectDivided(vector, indices, divisor)
    case .same:
      switch vector.type.layout {
      case .fixed(width: 8):
        let source = vector.values.values(as: UInt64.self)
        for offset in 0..<count { dense[offset] = source[Int(indices[offset])] }
      case .fixed(width: 4): collect(vector, indices, as: Int32.self)
      case .fixed(width: 2): collect(vector, indices, as: Int16.self)
      default: collect(vector, indices, as: Int8.self)
      }
    }
    switch leaf.type {
    case .double: bounds.add(dense, count: count) { Double(bitPattern: $0) }
    case .real:
      bounds.add(dense, count: count) {
        Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0)))
      }
    default: bounds.add(dense, count: count)
    }
    if let codes {
      words.encode(dense, count: count, into: codes)
    } else {
      appendPlain(dense, count)
    }
  }

  /// Widens the values to 64 bits.
  @inline(__always)
  private func collect<Value: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
    _ vector: ColumnVector,
    _ indices: UnsafeBufferPointer<Int32>,
    as type: Value.Type
  ) {
    let source = vector.values.values(as: type)
    for offset in 0..<indices.count {
      dense[offset] = UInt64(bitPattern: Int64(source[Int(indices[offset])]))
    }
  }

  /// Times in picoseconds and timestamps in picoseconds of 128 bits, in the file's unit.
  private func collectDivided(
    _ vector: ColumnVector,
    _ indices: UnsafeBufferPointer<Int32>,
    _ divisor: Int64
  ) throws {
    if vector.type.layout == .fixed(width: 8) {
      let source = vector.values.values(as: Int64.self)
      for offset in 0..<indices.count {
        dense[offset] = UInt64(bitPattern: floorDivide(source[Int(indices[offset])], divisor))
      }
      return
    }
    let source = vector.values.values(as: Int128.self)
    for offset in 0..<indices.count {
      let value = source[Int(indices[offset])]
      let quotient = value / Int128(divisor) - (value % Int128(divisor) < 0 ? 1 : 0)
      guard let word = Int64(exactly: quotient) else {
        throw ParquetError(
          .unsupported,
          fileName: "output",
          column: leaf.name,
          "a moment lies outside of the years that nanoseconds of 64 bits reach, 1677 to 2262"
        )
      }
      dense[offset] = UInt64(bitPattern: word)
    }
  }

  /// Wide decimals and uuids: 16 bytes, or the lowest of them that the type needs.
  private func appendBigEndian(_ vector: ColumnVector, _ indices: UnsafeBufferPointer<Int32>) {
    let source = vector.values.values(as: Int128.self)
    let width = leaf.typeLength
    let target = plain.grow(by: indices.count * width)
    for offset in 0..<indices.count {
      let value = source[Int(indices[offset])]
      bounds.addWide(value, isUnsigned: leaf.type == .uuid)
      withUnsafeBytes(of: value.bigEndian) { bytes in
        if let start = bytes.baseAddress {
          (target + offset * width).copyMemory(from: start + (16 - width), byteCount: width)
        }
      }
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
