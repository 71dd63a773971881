// What a row group says about its columns before anything is read, and what follows for predicates.
//
// Statistics are believed only where the format defines them: `min_value`/`max_value` in the type's
// order, the older `min`/`max` for signed numbers. NaN, INT96, odd sizes and a minimum above the
// maximum mean that there are none.

public import Columnar
import Connector

/// What is known of one column of one row group; nil where the file does not say.
public struct ColumnChunkStatistics: Hashable, Sendable {
  /// No value is less; a long text may be cut short.
  public var min: Scalar?
  /// No value is greater; a long text may be cut short and raised.
  public var max: Scalar?
  public var nullCount: Int?
}

/// What a writer saw in one column of a whole file.
public struct ColumnStatistics: Hashable, Sendable {
  /// The least value, whole; `.null` where there is none (NULLs and NaN only).
  public var min: Scalar
  /// The greatest value, whole; `.null` where there is none (NULLs and NaN only).
  public var max: Scalar
  public var nullCount: Int
}

extension ColumnChunkStatistics {
  init(
    _ raw: RawStatistics?,
    column: ReadableColumn,
    rowCount: Int,
    hasTypeOrder: Bool
  ) {
    guard let raw else { return }
    if let nulls = raw.nullCount, nulls >= 0, nulls <= rowCount { nullCount = nulls }
    guard hasTypeOrder else { return }
    let useLegacy = raw.min == nil && raw.max == nil && Self.legacyOrderIsKnown(column)
    let low = (useLegacy ? raw.legacyMin : raw.min).flatMap { Self.scalar($0, column, isMin: true) }
    let high = (useLegacy ? raw.legacyMax : raw.max)
      .flatMap { Self.scalar($0, column, isMin: false) }
    if let low, let high, ScalarOrder.compare(low, high).map({ $0 > 0 }) ?? true { return }
    min = low
    max = high
  }

  private static func legacyOrderIsKnown(_ column: ReadableColumn) -> Bool {
    switch column.conversion {
    case .boolean, .copy4, .copy8, .int32ToInt8, .int32ToInt16, .int32ToInt64, .millisToMicros,
      .nanosToWidePicos, .millis32ToPicos, .microsToPicos, .nanosToPicos:
      true
    default: false
    }
  }

  private static func scalar(
    _ bytes: [UInt8],
    _ column: ReadableColumn,
    isMin: Bool
  ) -> Scalar? {
    func word(_ count: Int) -> UInt64? {
      guard bytes.count == count else { return nil }
      return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func bound(_ value: Double) -> Scalar? {
      if value.isNaN { return nil }
      // Writers disagree on the sign of a zero bound.
      if value == 0 { return .double(isMin ? -0.0 : 0.0) }
      return .double(value)
    }
    switch column.conversion {
    case .boolean: return word(1).map { .boolean($0 != 0) }
    case .copy4, .int32ToInt8, .int32ToInt16, .int32ToInt64:
      guard let word = word(4) else { return nil }
      if column.type == .real { return bound(Double(Float(bitPattern: UInt32(word)))) }
      return .integer(Int64(Int32(truncatingIfNeeded: word)))
    case .copy8:
      guard let word = word(8) else { return nil }
      if column.type == .double { return bound(Double(bitPattern: word)) }
      return .integer(Int64(bitPattern: word))
    case .uint32ToInt64: return word(4).map { .integer(Int64($0)) }
    case .uint64ToInt128: return word(8).map { .exact(Int128($0)) }
    case .millis32ToPicos: return word(4).map { .exact(Int128(Int32(truncatingIfNeeded: $0)) * 1_000_000_000) }
    case .microsToPicos:
      return word(8).map { .exact(Int128(Int64(bitPattern: $0)) * 1_000_000) }
    case .nanosToPicos, .nanosToWidePicos:
      return word(8).map { .exact(Int128(Int64(bitPattern: $0)) * 1_000) }
    case .millisToMicros:
      guard let word = word(8) else { return nil }
      let (micros, overflow) = Int64(bitPattern: word).multipliedReportingOverflow(by: 1_000)
      return overflow ? nil : .integer(micros)
    // The scalar of a uuid is a signed number, which is not its order.
    case .int96ToMicros, .uuid: return nil
    case .fixedDecimal, .byteArrayDecimal, .fixedWideDecimal, .byteArrayWideDecimal:
      return bytes.withUnsafeBytes { wideBigEndianInteger($0) }.map { .exact($0) }
    case .bytes:
      if column.type == .varbinary { return .binary(bytes) }
      return String(validating: bytes, as: UTF8.self).map { .text($0) }
    case .fixedBytes: return .binary(bytes)
    }
  }

  /// True where no row of the group can satisfy `comparison`.
  func excludes(_ comparison: ColumnPredicate.Comparison, rowCount: Int) -> Bool {
    let allNull = nullCount == rowCount
    switch comparison {
    case .isNull: return nullCount == 0
    case .isNotNull: return allNull
    case .equal(let value): return allNull || lies(value, below: true) || lies(value, below: false)
    case .notEqual(let value):
      if allNull { return true }
      // Only whole values prove that every row has this one; cut text and doubles with NaN do not.
      guard value.wholeNumber != nil else { return false }
      return min == value && max == value
    case .less(let value): return allNull || compareMin(value).map { $0 >= 0 } ?? false
    case .lessOrEqual(let value): return allNull || compareMin(value).map { $0 > 0 } ?? false
    case .greater(let value): return allNull || compareMax(value).map { $0 <= 0 } ?? false
    case .greaterOrEqual(let value): return allNull || compareMax(value).map { $0 < 0 } ?? false
    case .isIn(let values):
      return allNull
        || values.allSatisfy { lies($0, below: true) || lies($0, below: false) }
    }
  }

  private func lies(_ value: Scalar, below: Bool) -> Bool {
    below ? compareMin(value).map { $0 > 0 } ?? false : compareMax(value).map { $0 < 0 } ?? false
  }

  /// The sign of `min - value`; nil where it cannot be told.
  private func compareMin(_ value: Scalar) -> Int? {
    min.flatMap { ScalarOrder.compare($0, value) }
  }

  private func compareMax(_ value: Scalar) -> Int? {
    max.flatMap { ScalarOrder.compare($0, value) }
  }
}

/// The order of scalars of one kind: numbers by value, text and bytes by unsigned byte.
enum ScalarOrder {
  /// Negative, zero or positive; nil for different kinds, NULL and NaN.
  static func compare(_ left: Scalar, _ right: Scalar) -> Int? {
    switch (left, right) {
    case (.boolean(let left), .boolean(let right)): (left ? 1 : 0) - (right ? 1 : 0)
    case (.integer(let left), .integer(let right)): left < right ? -1 : left > right ? 1 : 0
    case (.wide, .wide), (.wide, .integer), (.integer, .wide): order(left, right)
    case (.double(let left), .double(let right)):
      left < right ? -1 : left > right ? 1 : left == right ? 0 : nil
    case (.text(let left), .text(let right)): bytes(left.utf8, right.utf8)
    case (.binary(let left), .binary(let right)): bytes(left, right)
    default: nil
    }
  }

  private static func order(_ left: Scalar, _ right: Scalar) -> Int? {
    guard let left = left.wholeNumber, let right = right.wholeNumber else { return nil }
    return left < right ? -1 : left > right ? 1 : 0
  }

  private static func bytes(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Int {
    if left.lexicographicallyPrecedes(right) { return -1 }
    return right.lexicographicallyPrecedes(left) ? 1 : 0
  }
}

/// `value / divisor`, rounded down.
@inline(__always)
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

/// A big-endian two's complement integer; nil where it has no byte or does not fit 64 bits.
@inline(__always)
func bigEndianInteger(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  guard let first = bytes.first else { return nil }
  let sign: UInt8 = first & 0x80 != 0 ? 0xFF : 0
  var value: UInt64 = sign == 0 ? 0 : UInt64.max
  for index in 0..<bytes.count {
    let left = bytes.count - index
    if left > 8 {
      guard bytes[index] == sign else { return nil }
    } else {
      value = value << 8 | UInt64(bytes[index])
    }
  }
  guard (value >> 63 == 1) == (sign != 0) else { return nil }
  return Int64(bitPattern: value)
}

/// The same for 128 bits.
func wideBigEndianInteger(_ bytes: UnsafeRawBufferPointer) -> Int128? {
  guard let first = bytes.first else { return nil }
  let sign: UInt8 = first & 0x80 != 0 ? 0xFF : 0
  var value: UInt128 = sign == 0 ? 0 : UInt128.max
  for index in 0..<bytes.count {
    if bytes.count - index > 16 {
      guard bytes[index] == sign else { return nil }
    } else {
      value = value << 8 | UInt128(bytes[index])
    }
  }
  guard (value >> 127 == 1) == (sign != 0) else { return nil }
  return Int128(bitPattern: value)
}
