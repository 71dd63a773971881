// Three-valued logic, NULL tests, and the step from a Boolean column to a list of rows.

public import Columnar

/// `left AND right`: false wins over NULL.
public func logicalAnd(_ left: ColumnVector, _ right: ColumnVector) -> ColumnVector {
  combine(left, right, dominant: 0)
}

/// `left OR right`: true wins over NULL.
public func logicalOr(_ left: ColumnVector, _ right: ColumnVector) -> ColumnVector {
  combine(left, right, dominant: 1)
}

private func combine(
  _ left: ColumnVector,
  _ right: ColumnVector,
  dominant: UInt8
) -> ColumnVector {
  let count = left.count
  let leftPlain = left.plain
  let rightPlain = right.plain
  let a = Lane<UInt8>(leftPlain)
  let b = Lane<UInt8>(rightPlain)
  if left.validity == nil, right.validity == nil {
    return makeFixed(.boolean, count, nil, as: UInt8.self) { out in
      if dominant == 0 {
        for row in 0..<count { out[row] = a[row] & b[row] }
      } else {
        for row in 0..<count { out[row] = a[row] | b[row] }
      }
    }
  }
  var known = [UInt8](repeating: 1, count: count)
  let result = makeFixed(.boolean, count, nil, as: UInt8.self) { out in
    for row in 0..<count {
      let leftNull = leftPlain.isNull(row)
      let rightNull = rightPlain.isNull(row)
      if !leftNull, a[row] == dominant {
        out[row] = dominant
      } else if !rightNull, b[row] == dominant {
        out[row] = dominant
      } else if leftNull || rightNull {
        known[row] = 0
      } else {
        out[row] = 1 - dominant
      }
    }
  }
  let validity = known.withUnsafeBufferPointer { bytes in
    bytes.baseAddress.flatMap { bitmap(fromBytes: $0, count: count) }
  }
  return ColumnVector(type: .boolean, count: count, values: result.values, validity: validity)
}

/// `NOT`: NULL stays NULL.
public func logicalNot(_ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let a = Lane<UInt8>(source)
  return makeFixed(.boolean, vector.count, vector.validity, as: UInt8.self) { out in
    for row in 0..<vector.count { out[row] = a[row] ^ 1 }
  }
}

/// True where the row is NULL (or, negated, where it is not); never NULL itself.
public func isNull(_ vector: ColumnVector, negated: Bool = false) -> ColumnVector {
  makeFixed(.boolean, vector.count, nil, as: UInt8.self) { out in
    guard vector.validity != nil else {
      if negated { for row in 0..<vector.count { out[row] = 1 } }
      return
    }
    for row in 0..<vector.count { out[row] = vector.isNull(row) != negated ? 1 : 0 }
  }
}

/// The rows where a Boolean column is true, among others.
public typealias RowSelection = SelectionVector

extension SelectionVector {
  /// Where `vector` is `wanted` and not NULL; with `orNull`, also where it is NULL.
  ///
  /// Ascending.
  public init(_ vector: ColumnVector, where wanted: Bool = true, orNull: Bool = false) {
    let source = vector.plain
    let flags = Lane<UInt8>(source)
    let value: UInt8 = wanted ? 1 : 0
    let total = source.count
    var selected = 0
    let buffer = Buffer(uninitializedByteCount: total * 4) { memory in
      guard let start = memory.baseAddress else { return }
      let out = start.assumingMemoryBound(to: Int32.self)
      if let validity = source.validity {
        for row in 0..<total {
          out[selected] = Int32(truncatingIfNeeded: row)
          let hit = validity.isValid(row) ? flags[row] == value : orNull
          selected += hit ? 1 : 0
        }
      } else {
        for row in 0..<total {
          out[selected] = Int32(truncatingIfNeeded: row)
          selected += flags[row] == value ? 1 : 0
        }
      }
    }
    self.init(buffer: buffer, count: selected)
  }
}
