// Rows of a column that is no part of a list, map or struct: a definition level is a validity bit.

import Codecs
import Columnar

extension ColumnChunkReader {
  /// The next `count` rows.
  ///
  /// - Throws: `parquet.truncated` where there are fewer, `parquet.corrupt` for anything that
  ///   contradicts itself.
  func read(_ count: Int) throws -> ColumnVector {
    precondition(count > 0 && count <= rowCountMax, "1 to rowCountMax rows at a time")
    bitmap.update(repeating: 0, count: (count + 7) / 8)
    return try placing {
      let vector = column.conversion.isText ? try readText(count) : try readFixed(count)
      row += count
      return vector
    }
  }

  // MARK: - Levels and validity

  /// Sets the validity bits of the next `count` rows of the page; answers how many have a value.
  func readLevels(at row: Int, _ count: Int) throws -> Int {
    guard column.maxDefinition > 0 else { return count }
    guard let present = try page?.definitions?.decodeBits(into: bitmap, bitOffset: row, count: count)
    else { return count }
    return present
  }

  func validity(_ count: Int, nullCount: Int) -> ValidityBitmap? {
    guard nullCount > 0 else { return nil }
    let buffer = Buffer(
      copying: UnsafeRawBufferPointer(start: bitmap, count: (count + 7) / 8)
    )
    return ValidityBitmap(buffer: buffer, count: count, nullCount: nullCount)
  }

  /// Moves `present` values at the head of `target` to the rows that have one; others get `zero`.
  @inline(__always)
  func spread<Value: BitwiseCopyable>(
    _ target: UnsafeMutablePointer<Value>,
    present: Int,
    count: Int,
    firstRow: Int,
    zero: Value
  ) {
    var next = present
    var row = count
    while row > 0 {
      row -= 1
      let bit = firstRow + row
      if bitmap[bit >> 3] >> UInt8(bit & 7) & 1 == 1 {
        next -= 1
        target[row] = target[next]
      } else {
        target[row] = zero
      }
    }
  }

  // MARK: - Fixed-width values

  func readFixed(_ count: Int) throws -> ColumnVector {
    let width = column.conversion.targetWidth
    var nulls = 0
    let values = try Buffer(byteCount: count * width) { memory in
      guard let base = memory.baseAddress else { return }
      var done = 0
      while done < count {
        try ensurePage()
        let step = min(count - done, page?.entriesLeft ?? 0)
        let present = try readLevels(at: done, step)
        let target = base + done * width
        try decodeFixed(present, into: target)
        if present < step {
          nulls += step - present
          switch width {
          case 1:
            spread(
              target.assumingMemoryBound(to: UInt8.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          case 2:
            spread(
              target.assumingMemoryBound(to: UInt16.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          case 4:
            spread(
              target.assumingMemoryBound(to: UInt32.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          case 8:
            spread(
              target.assumingMemoryBound(to: UInt64.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          default:
            spread(
              target.assumingMemoryBound(to: UInt128.self),
              present: present,
              count: step,
              firstRow: done,
              zero: 0
            )
          }
        }
        page?.entriesLeft -= step
        done += step
      }
    }
    return ColumnVector(
      type: column.type,
      count: count,
      values: values,
      validity: validity(count, nullCount: nulls)
    )
  }

  // MARK: - Text

  func readText(_ count: Int) throws -> ColumnVector {
    // Views into the dictionary have its buffer as number 0 in every flat vector of this chunk.
    var textData: [Buffer] = []
    var isFlat = false
    var nulls = 0
    var done = 0
    while done < count {
      try ensurePage()
      guard let page else { break }
      let step = min(count - done, page.entriesLeft)
      let present = try readLevels(at: done, step)
      let isCodes = if case .dictionary = page.values { true } else { false }
      if !isCodes, !isFlat {
        isFlat = true
        textData = dictionary?.values.textData ?? []
        if done > 0 { lookUp(from: 0, count: done) }
      }
      if isCodes {
        if case .dictionary(var decoder) = page.values {
          try readCodes(&decoder, into: codes + done, count: present)
          self.page?.values = .dictionary(decoder)
        }
        if present < step {
          spread(codes + done, present: present, count: step, firstRow: done, zero: 0)
        }
        if isFlat { lookUp(from: done, count: step) }
      } else {
        try decodeViews(present, into: views + done, &textData)
        if present < step {
          spread(
            views + done,
            present: present,
            count: step,
            firstRow: done,
            zero: TextView(low: 0, high: 0)
          )
        }
      }
      nulls += step - present
      self.page?.entriesLeft -= step
      done += step
    }
    let validity = validity(count, nullCount: nulls)
    if !isFlat, let dictionary {
      let buffer = Buffer(copying: UnsafeRawBufferPointer(start: codes, count: count * 4))
      return ColumnVector(dictionary: dictionary, codes: buffer, count: count, validity: validity)
    }
    let values = Buffer(copying: UnsafeRawBufferPointer(start: views, count: count * 16))
    return ColumnVector(
      type: column.type,
      count: count,
      values: values,
      textData: textData,
      validity: validity
    )
  }

  /// Views for the codes of some rows.
  ///
  /// An empty dictionary has a zeroed first view in its padding.
  func lookUp(from start: Int, count: Int) {
    guard let dictionaryValues else { return }
    let source = dictionaryValues.address.assumingMemoryBound(to: TextView.self)
    for row in start..<(start + count) { views[row] = source[Int(codes[row])] }
  }

  // MARK: - Skipping

  /// Passes over `count` rows of the page, which has more.
  func skipInPage(_ count: Int) throws {
    var left = count
    while left > 0 {
      let step = min(left, rowCountMax)
      bitmap.update(repeating: 0, count: (step + 7) / 8)
      let present = try readLevels(at: 0, step)
      try skipValues(present)
      page?.entriesLeft -= step
      left -= step
    }
  }

  /// Passes over `count` (at most `rowCountMax`) values of the page.
  func skipValues(_ count: Int) throws {
    guard count > 0, var cursor = page?.values, let buffer = page?.buffer else { return }
    let missing = error(.truncated, "the page has fewer values than its header says")
    switch cursor {
    case .plain(let start):
      if column.conversion == .boolean {
        cursor = .plain(start + count)
      } else if let width = column.physical.plainWidth(typeLength: column.typeLength) {
        guard count <= (buffer.byteCount - start) / max(1, width) else { throw missing }
        cursor = .plain(start + count * width)
      } else {
        var next = start
        guard ByteArrayDecoding.skipPlain(buffer.bytes, &next, count: count) else { throw missing }
        cursor = .plain(next)
      }
    case .dictionary(var decoder):
      try decoder.skip(count)
      cursor = .dictionary(decoder)
    case .booleanRuns(var decoder):
      try decoder.skip(count)
      cursor = .booleanRuns(decoder)
    case .delta(let decoder): try decoder.decode(into: wide, count: count)
    case .byteStreamSplit(let next, let total):
      guard count <= total - next else { throw missing }
      cursor = .byteStreamSplit(next + count, total)
    case .deltaLength, .deltaByteArray:
      var unused: [Buffer] = []
      return try decodeViews(count, into: views, &unused)
    }
    page?.values = cursor
  }
}
