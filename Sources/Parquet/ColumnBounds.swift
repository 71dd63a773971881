// The least and greatest value of a column while it is written, and how a footer states them.

import Columnar

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Bounds of text or bytes, in the order of unsigned bytes.
struct TextBounds {
  private(set) var min: [UInt8]?
  private(set) var max: [UInt8]?
  /// The first eight bytes of both, as numbers in the order of texts.
  private var minHead = UInt64.max
  private var maxHead = UInt64.min

  @inline(__always)
  mutating func add(_ value: UnsafeRawBufferPointer) {
    let head = Self.head(value)
    // Most values are between the two by their first bytes.
    if head > minHead, head < maxHead { return }
    widen(value, head)
  }

  @inline(never)
  private mutating func widen(_ value: UnsafeRawBufferPointer, _ head: UInt64) {
    if min == nil || min?.withUnsafeBytes({ Self.compare(value, $0) < 0 }) == true {
      min = Array(value)
      minHead = head
    }
    if max == nil || max?.withUnsafeBytes({ Self.compare(value, $0) > 0 }) == true {
      max = Array(value)
      maxHead = head
    }
  }

  /// A shorter text is filled up with zeros: less than any text that goes on.
  @inline(__always)
  private static func head(_ value: UnsafeRawBufferPointer) -> UInt64 {
    if value.count >= 8 {
      return UInt64(bigEndian: value.loadUnaligned(as: UInt64.self))
    }
    var head: UInt64 = 0
    for index in 0..<value.count { head |= UInt64(value[index]) << UInt64(56 - 8 * index) }
    return head
  }

  mutating func merge(_ other: TextBounds) {
    other.min?.withUnsafeBytes { add($0) }
    other.max?.withUnsafeBytes { add($0) }
  }

  static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let common = Swift.min(left.count, right.count)
    if common > 0, let first = left.baseAddress, let second = right.baseAddress {
      let order = memcmp(first, second, common)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }
}

/// Bounds of one column, of a chunk or of a file.
struct ColumnBounds {
  private(set) var integers: (min: Int64, max: Int64)?
  private(set) var doubles: (min: Double, max: Double)?
  var text = TextBounds()
  var nullCount = 0

  /// Of wide decimals; of uuids with their highest bit flipped, which makes their order a signed one.
  private(set) var wides: (min: Int128, max: Int128)?

  /// Bit patterns of floating-point numbers.
  @inline(__always)
  mutating func add(
    _ words: UnsafePointer<UInt64>,
    count: Int,
    _ number: (UInt64) -> Double
  ) {
    var low = doubles?.min ?? .infinity
    var high = doubles?.max ?? -.infinity
    var isAny = doubles != nil
    for index in 0..<count {
      let value = number(words[index])
      // A comparison with NaN is false.
      if value <= low { low = value }
      if value >= high { high = value }
      isAny = isAny || value == value
    }
    doubles = isAny ? (low, high) : nil
  }

  /// A wide decimal, or the bits of a uuid.
  mutating func addWide(_ value: Int128, isUnsigned: Bool) {
    let value = isUnsigned ? value ^ Int128.min : value
    wides = wides.map { (Swift.min($0.min, value), Swift.max($0.max, value)) } ?? (value, value)
  }

  /// Widened integers.
  mutating func add(_ words: UnsafePointer<UInt64>, count: Int) {
    guard count > 0 else { return }
    var low = Int64(bitPattern: words[0])
    var high = low
    for index in 1..<count {
      let value = Int64(bitPattern: words[index])
      low = Swift.min(low, value)
      high = Swift.max(high, value)
    }
    if let old = integers {
      integers = (Swift.min(old.min, low), Swift.max(old.max, high))
    } else {
      integers = (low, high)
    }
  }

  mutating func merge(_ other: ColumnBounds) {
    if let (low, high) = other.integers {
      integers = integers.map { (Swift.min($0.min, low), Swift.max($0.max, high)) } ?? (low, high)
    }
    if let (low, high) = other.doubles {
      doubles = doubles.map { (Swift.min($0.min, low), Swift.max($0.max, high)) } ?? (low, high)
    }
    if let (low, high) = other.wides {
      wides = wides.map { (Swift.min($0.min, low), Swift.max($0.max, high)) } ?? (low, high)
    }
    text.merge(other.text)
    nullCount += other.nullCount
  }

  /// In the column's own scalars; a uuid's are no order, so it has none.
  func statistics(leaf: LeafFormat) -> ColumnStatistics {
    let bounds: (Scalar, Scalar)? =
      switch leaf.type {
      case .boolean: integers.map { (.boolean($0.min != 0), .boolean($0.max != 0)) }
      case .uuid: nil
      case .double, .real: doubles.map { (.double($0.min), .double($0.max)) }
      case .varchar, .char, .json:
        if let low = text.min.flatMap({ String(validating: $0, as: UTF8.self) }),
          let high = text.max.flatMap({ String(validating: $0, as: UTF8.self) })
        {
          (.text(low), .text(high))
        } else {
          nil
        }
      case .varbinary:
        if let low = text.min, let high = text.max { (.binary(low), .binary(high)) } else { nil }
      default:
        if let wides {
          (.exact(wides.min), .exact(wides.max))
        } else if case .divided(let divisor) = leaf.form {
          integers.map {
            (.exact(Int128($0.min) * Int128(divisor)), .exact(Int128($0.max) * Int128(divisor)))
          }
        } else {
          integers.map { (.integer($0.min), .integer($0.max)) }
        }
      }
    return ColumnStatistics(
      min: bounds?.0 ?? .null,
      max: bounds?.1 ?? .null,
      nullCount: nullCount
    )
  }

  /// The footer's form: PLAIN without a size; long text cut, the maximum raised so that it bounds.
  func raw(leaf: LeafFormat) -> RawStatistics {
    let type = leaf.type
    let width = leaf.plainWidth
    var raw = RawStatistics()
    raw.nullCount = nullCount
    func word(_ value: UInt64, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    switch type {
    case .real:
      raw.min = doubles.map { word(UInt64(Float($0.min == 0 ? -0.0 : $0.min).bitPattern), 4) }
      raw.max = doubles.map { word(UInt64(Float($0.max == 0 ? 0.0 : $0.max).bitPattern), 4) }
      raw.isMinExact = raw.min.map { _ in true }
      raw.isMaxExact = raw.max.map { _ in true }
    case .double:
      // A zero bound gets the sign that makes it wider.
      raw.min = doubles.map { word(($0.min == 0 ? -0.0 : $0.min).bitPattern, 8) }
      raw.max = doubles.map { word(($0.max == 0 ? 0.0 : $0.max).bitPattern, 8) }
      raw.isMinExact = raw.min.map { _ in true }
      raw.isMaxExact = raw.max.map { _ in true }
    case .varchar, .char, .json, .varbinary:
      let isText = type != .varbinary
      if let min = text.min, let bound = Self.lowerBound(min, isText: isText) {
        raw.min = bound
        raw.isMinExact = bound.count == min.count
      }
      if let max = text.max, let bound = Self.upperBound(max, isText: isText) {
        raw.max = bound
        raw.isMaxExact = bound == max
      }
    default:
      if let wides {
        let flip = type == .uuid ? Int128.min : 0
        raw.min = Self.bigEndian(wides.min ^ flip, leaf.typeLength)
        raw.max = Self.bigEndian(wides.max ^ flip, leaf.typeLength)
        raw.isMinExact = true
        raw.isMaxExact = true
        return raw
      }
      raw.min = integers.map { word(UInt64(bitPattern: $0.min), width) }
      raw.max = integers.map { word(UInt64(bitPattern: $0.max), width) }
      raw.isMinExact = raw.min.map { _ in true }
      raw.isMaxExact = raw.max.map { _ in true }
    }
    return raw
  }

  private static func bigEndian(_ value: Int128, _ width: Int) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0.suffix(width)) }
  }

  static let boundByteCountMax = 64

  /// `value`, or its beginning; nil for text that is not UTF-8.
  private static func lowerBound(_ value: [UInt8], isText: Bool) -> [UInt8]? {
    if isText, String(validating: value, as: UTF8.self) == nil { return nil }
    guard value.count > boundByteCountMax else { return value }
    var end = boundByteCountMax
    if isText {
      while end > 0, value[end] & 0xC0 == 0x80 { end -= 1 }
    }
    return Array(value[..<end])
  }

  /// `value`, or a short value above it; nil where there is none.
  private static func upperBound(_ value: [UInt8], isText: Bool) -> [UInt8]? {
    guard var bound = lowerBound(value, isText: isText), value.count > boundByteCountMax else {
      return lowerBound(value, isText: isText)
    }
    guard isText else {
      while bound.last == 0xFF { bound.removeLast() }
      guard let last = bound.popLast() else { return nil }
      return bound + [last + 1]
    }
    var scalars = Array(String(decoding: bound, as: UTF8.self).unicodeScalars)
    while let last = scalars.popLast() {
      // After U+D7FF come the surrogates, which are no characters.
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      if let raised = Unicode.Scalar(next) {
        scalars.append(raised)
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return Array(String(text).utf8)
      }
    }
    return nil
  }
}
