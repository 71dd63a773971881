// The order and equality of two values outside columns: for nested values, VALUES and statistics.
//
// The slow and plain form of what the column kernels do; nested columns compare through it.

public import Columnar

extension Scalar {
  /// SQL's `=`: nil where NULL decides. An element, field or entry that differs decides before a
  /// NULL does.
  public func sqlEquals(_ other: Scalar, _ type: DataType) -> Bool? {
    switch (self, other, type) {
    case (.null, _, _), (_, .null, _): return nil
    case (.list(let a), .list(let b), .array(let element)):
      if a.count != b.count { return false }
      return Self.allEqual(zip(a, b).lazy.map { ($0, $1, element) })
    case (.row(let a), .row(let b), .row(let fields)):
      return Self.allEqual(
        zip(zip(a, b), fields).lazy.map { ($0.0, $0.1, $1.type) })
    case (.map(let keys, let values), .map(let otherKeys, let otherValues), .map(_, let value)):
      if keys.count != otherKeys.count { return false }
      var isUnknown = false
      for (key, mine) in zip(keys, values) {
        guard let place = otherKeys.firstIndex(where: { $0.isIdentical(key) }) else { return false }
        guard let same = mine.sqlEquals(otherValues[place], value) else {
          isUnknown = true
          continue
        }
        if !same { return false }
      }
      return isUnknown ? nil : true
    case (.double(let a), .double(let b), _): return a == b
    default: return self == other
    }
  }

  private static func allEqual(_ parts: some Sequence<(Scalar, Scalar, DataType)>) -> Bool? {
    var isUnknown = false
    for (a, b, type) in parts {
      guard let same = a.sqlEquals(b, type) else {
        isUnknown = true
        continue
      }
      if !same { return false }
    }
    return isUnknown ? nil : true
  }

  /// Negative, 0 or positive: SQL's order of two values of one type; nil where a NULL is met before
  /// a part that differs, or NaN compares with anything.
  public func sqlOrder(_ other: Scalar, _ type: DataType) -> Int? {
    switch (self, other, type) {
    case (.null, _, _), (_, .null, _): return nil
    case (.list(let a), .list(let b), .array(let element)):
      for (x, y) in zip(a, b) {
        guard let order = x.sqlOrder(y, element) else { return nil }
        if order != 0 { return order }
      }
      return a.count - b.count
    case (.row(let a), .row(let b), .row(let fields)):
      for (index, field) in fields.enumerated() {
        guard let order = a[index].sqlOrder(b[index], field.type) else { return nil }
        if order != 0 { return order }
      }
      return 0
    case (.double(let a), .double(let b), _):
      return a.isNaN || b.isNaN ? nil : a < b ? -1 : a > b ? 1 : 0
    default: return totalOrder(other, type)
    }
  }

  /// The total order of sorting: NaN is larger than every number, NULL larger than every value.
  public func totalOrder(_ other: Scalar, _ type: DataType) -> Int {
    switch (self, other, type) {
    case (.null, .null, _): return 0
    case (.null, _, _): return 1
    case (_, .null, _): return -1
    case (.list(let a), .list(let b), .array(let element)):
      for (x, y) in zip(a, b) {
        let order = x.totalOrder(y, element)
        if order != 0 { return order }
      }
      return a.count - b.count
    case (.row(let a), .row(let b), .row(let fields)):
      for (index, field) in fields.enumerated() {
        let order = a[index].totalOrder(b[index], field.type)
        if order != 0 { return order }
      }
      return 0
    case (.double(let a), .double(let b), _):
      if a.isNaN || b.isNaN { return (a.isNaN ? 1 : 0) - (b.isNaN ? 1 : 0) }
      return a < b ? -1 : a > b ? 1 : 0
    case (.boolean(let a), .boolean(let b), _): return (a ? 1 : 0) - (b ? 1 : 0)
    case (.text(let a), .text(let b), _):
      var x = a
      var y = b
      return x.withUTF8 { left in
        y.withUTF8 { right in
          if case .char = type {
            return comparePadded(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
          }
          return compareBytes(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        }
      }
    case (.binary(let a), .binary(let b), _):
      return a.withUnsafeBytes { left in b.withUnsafeBytes { compareBytes(left, $0) } }
    default:
      guard let a = wholeNumber, let b = other.wholeNumber else { return 0 }
      if type == .uuid {
        let x = UInt128(bitPattern: a)
        let y = UInt128(bitPattern: b)
        return x < y ? -1 : x > y ? 1 : 0
      }
      return a < b ? -1 : a > b ? 1 : 0
    }
  }

  /// Equal as a key: NULL to NULL, NaN to NaN, 0.0 to -0.0; the order of a map's entries is nothing.
  public func isIdentical(_ other: Scalar) -> Bool {
    switch (self, other) {
    case (.double(let a), .double(let b)): return a == b || (a.isNaN && b.isNaN)
    case (.list(let a), .list(let b)), (.row(let a), .row(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.isIdentical($1) }
    case (.map(let keys, let values), .map(let otherKeys, let otherValues)):
      return keys.count == otherKeys.count
        && zip(keys, values).allSatisfy { key, value in
          otherKeys.firstIndex { $0.isIdentical(key) }.map {
            otherValues[$0].isIdentical(value)
          } ?? false
        }
    default: return self == other
    }
  }
}
