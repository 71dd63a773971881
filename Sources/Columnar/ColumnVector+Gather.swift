// Picking rows of a vector: by number, by range, and all of them flat.

extension ColumnVector {
  /// The rows at `rows`, in that order. A dictionary keeps its encoding, a constant stays one.
  ///
  /// `rows.count` rows out; text is shared, not copied.
  public func gather(_ rows: UnsafeBufferPointer<Int32>) -> ColumnVector {
    let gathered = validity.flatMap { $0.gather(rows) }
    switch encoding {
    case .constant:
      return ColumnVector(
        type: type, count: rows.count, encoding: .constant, values: values, textData: textData,
        children: children, validity: gathered)
    case .dictionary(let codes, let dictionary):
      return ColumnVector(
        dictionary: dictionary, codes: pick(codes, rows, as: Int32.self), count: rows.count,
        validity: gathered)
    case .flat: return gatherValues(rows, validity: gathered)
    }
  }

  /// The rows of a selection, in its order.
  public func gather(_ selection: SelectionVector) -> ColumnVector {
    withExtendedLifetime(selection.buffer) { gather(selection.rows) }
  }

  /// The same rows, flat: copies unless it is flat already.
  public func flattened() -> ColumnVector {
    switch encoding {
    case .flat: return self
    case .dictionary(let codes, _):
      let rows = UnsafeBufferPointer(rebasing: codes.values(as: Int32.self)[0..<count])
      return withExtendedLifetime(codes) { gatherValues(rows, validity: validity) }
    case .constant:
      let rows = Buffer(byteCount: count * 4) { _ in }
      return withExtendedLifetime(rows) {
        gatherValues(
          UnsafeBufferPointer(rebasing: rows.values(as: Int32.self)[0..<count]),
          validity: validity)
      }
    }
  }

  /// The rows `range`, sharing text, children, dictionary and a constant's value.
  public func slice(_ range: Range<Int>) -> ColumnVector {
    if range.lowerBound == 0, range.upperBound == count { return self }
    let sliced = validity.flatMap { $0.slice(range) }
    func bytes(_ buffer: Buffer, _ width: Int, extra: Int = 0) -> Buffer {
      Buffer(
        copying: UnsafeRawBufferPointer(
          start: buffer.address + range.lowerBound * width, count: (range.count + extra) * width))
    }
    switch encoding {
    case .constant:
      return ColumnVector(
        type: type, count: range.count, encoding: .constant, values: values, textData: textData,
        children: children, validity: sliced)
    case .dictionary(let codes, let dictionary):
      return ColumnVector(
        dictionary: dictionary, codes: bytes(codes, 4), count: range.count, validity: sliced)
    case .flat:
      let part: Buffer
      var parts = children
      switch type.layout {
      case .fixed(let width): part = bytes(values, width)
      case .text: part = bytes(values, 16)
      case .list, .map: part = bytes(values, 4, extra: 1)
      case .row:
        part = .empty
        parts = children.map { $0.slice(range) }
      }
      return ColumnVector(
        type: type, count: range.count, values: part, textData: textData, children: parts,
        validity: sliced)
    }
  }

  /// The values at the indices `rows`, flat; the vector's own encoding is not looked at.
  func gatherValues(
    _ rows: UnsafeBufferPointer<Int32>, validity: ValidityBitmap?
  ) -> ColumnVector {
    var parts = children
    let picked: Buffer
    switch type.layout {
    case .text: picked = pick(values, rows, as: TextView.self)
    case .fixed(width: 16): picked = pick(values, rows, as: UInt128.self)
    case .fixed(width: 8): picked = pick(values, rows, as: UInt64.self)
    case .fixed(width: 4): picked = pick(values, rows, as: UInt32.self)
    case .fixed(width: 2): picked = pick(values, rows, as: UInt16.self)
    case .fixed: picked = pick(values, rows, as: UInt8.self)
    case .row:
      picked = .empty
      parts = children.map { $0.gather(rows) }
    case .list, .map:
      let (offsets, elements) = gatherElements(rows, validity: validity)
      picked = offsets
      parts = children.map { $0.gather(elements) }
    }
    return ColumnVector(
      type: type, count: rows.count, values: picked, textData: textData, children: parts,
      validity: validity)
  }

  /// The offsets of the lists at `rows` put one after another, and the elements they hold.
  private func gatherElements(
    _ rows: UnsafeBufferPointer<Int32>, validity: ValidityBitmap?
  ) -> (offsets: Buffer, elements: SelectionVector) {
    let source = values.values(as: Int32.self)
    var total = 0
    let offsets = Buffer(uninitializedByteCount: (rows.count + 1) * 4) { memory in
      let target = memory.bindMemory(to: Int32.self)
      target[0] = 0
      for index in 0..<rows.count {
        let row = Int(rows[index])
        if validity?.isValid(index) ?? true { total += Int(source[row + 1] - source[row]) }
        target[index + 1] = Int32(total)
      }
    }
    let elements = Buffer(uninitializedByteCount: total * 4) { memory in
      let target = memory.bindMemory(to: Int32.self)
      var next = 0
      for index in 0..<rows.count where validity?.isValid(index) ?? true {
        let row = Int(rows[index])
        for element in source[row]..<source[row + 1] {
          target[next] = element
          next += 1
        }
      }
    }
    return (offsets, SelectionVector(buffer: elements, count: total))
  }
}

private func pick<Value: BitwiseCopyable>(
  _ values: Buffer, _ rows: UnsafeBufferPointer<Int32>, as type: Value.Type
) -> Buffer {
  let source = values.address.assumingMemoryBound(to: Value.self)
  return Buffer(uninitializedByteCount: rows.count * MemoryLayout<Value>.stride) { memory in
    let target = memory.bindMemory(to: Value.self)
    for index in 0..<rows.count { target[index] = source[Int(rows[index])] }
  }
}
