// The loops that turn PLAIN values into column values: one per conversion, none per value.

import Columnar

extension ValueConversion {
  /// Bytes of a column value.
  var targetWidth: Int {
    switch self {
    case .boolean, .int32ToInt8: 1
    case .int32ToInt16: 2
    case .copy4: 4
    case .bytes, .fixedBytes, .uuid, .uint64ToInt128, .nanosToWidePicos, .fixedWideDecimal,
      .byteArrayWideDecimal:
      16
    default: 8
    }
  }

  /// Converts `count` values of a fixed physical width that lie at `source`.
  ///
  /// Answers false where a value does not fit. Booleans and byte arrays are not fixed.
  func convert(
    _ source: UnsafeRawPointer,
    count: Int,
    into target: UnsafeMutableRawPointer
  ) -> Bool {
    var fits = true
    switch self {
    case .copy4: target.copyMemory(from: source, byteCount: count * 4)
    case .copy8: target.copyMemory(from: source, byteCount: count * 8)
    case .int32ToInt64:
      let output = target.assumingMemoryBound(to: Int64.self)
      for index in 0..<count {
        output[index] = Int64(source.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
      }
    case .uint32ToInt64:
      let output = target.assumingMemoryBound(to: Int64.self)
      for index in 0..<count {
        output[index] = Int64(source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
      }
    case .int32ToInt8:
      let output = target.assumingMemoryBound(to: Int8.self)
      for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)
        output[index] = Int8(truncatingIfNeeded: value)
        fits = fits && Int32(output[index]) == value
      }
    case .int32ToInt16:
      let output = target.assumingMemoryBound(to: Int16.self)
      for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)
        output[index] = Int16(truncatingIfNeeded: value)
        fits = fits && Int32(output[index]) == value
      }
    case .uint64ToInt128:
      let output = target.assumingMemoryBound(to: Int128.self)
      for index in 0..<count {
        output[index] = Int128(source.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      }
    case .millis32ToPicos:
      let output = target.assumingMemoryBound(to: Int64.self)
      for index in 0..<count {
        let value = Int64(source.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        fits = fits && value >= 0 && value < 86_400_000
        output[index] = value &* 1_000_000_000
      }
    case .microsToPicos:
      fits = scaleTimes(source, count, 1_000_000, into: target)
    case .nanosToPicos:
      fits = scaleTimes(source, count, 1_000, into: target)
    case .millisToMicros:
      let output = target.assumingMemoryBound(to: Int64.self)
      for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)
        let (micros, overflow) = value.multipliedReportingOverflow(by: 1_000)
        fits = fits && !overflow
        output[index] = micros
      }
    case .nanosToWidePicos:
      let output = target.assumingMemoryBound(to: Int128.self)
      for index in 0..<count {
        let value = source.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)
        output[index] = Int128(value) * 1_000
      }
    case .int96ToMicros:
      let output = target.assumingMemoryBound(to: Int64.self)
      for index in 0..<count {
        // Nanoseconds of the day, then the Julian day; 2,440,588 is 1970-01-01.
        let nanos = source.loadUnaligned(fromByteOffset: index * 12, as: Int64.self)
        let day = source.loadUnaligned(fromByteOffset: index * 12 + 8, as: Int32.self)
        let (days, overflow) = (Int64(day) - 2_440_588)
          .multipliedReportingOverflow(by: 86_400_000_000)
        let (micros, carry) = days.addingReportingOverflow(floorDivide(nanos, 1_000))
        fits = fits && !overflow && !carry
        output[index] = micros
      }
    case .fixedDecimal(let width):
      let output = target.assumingMemoryBound(to: Int64.self)
      for index in 0..<count {
        let value = bigEndianInteger(
          UnsafeRawBufferPointer(start: source + index * width, count: width)
        )
        fits = fits && value != nil
        output[index] = value ?? 0
      }
    case .fixedWideDecimal(let width):
      let output = target.assumingMemoryBound(to: Int128.self)
      for index in 0..<count {
        let value = wideBigEndianInteger(
          UnsafeRawBufferPointer(start: source + index * width, count: width)
        )
        fits = fits && value != nil
        output[index] = value ?? 0
      }
    case .uuid:
      let output = target.assumingMemoryBound(to: UInt64.self)
      for index in 0..<count {
        let high = source.loadUnaligned(fromByteOffset: index * 16, as: UInt64.self)
        let low = source.loadUnaligned(fromByteOffset: index * 16 + 8, as: UInt64.self)
        output[index * 2] = UInt64(bigEndian: low)
        output[index * 2 + 1] = UInt64(bigEndian: high)
      }
    case .boolean, .byteArrayDecimal, .byteArrayWideDecimal, .bytes, .fixedBytes:
      preconditionFailure("values of no fixed width")
    }
    return fits
  }

  /// Times of day of 64 bits in picoseconds; answers false for one past the day's end.
  private func scaleTimes(
    _ source: UnsafeRawPointer,
    _ count: Int,
    _ factor: Int64,
    into target: UnsafeMutableRawPointer
  ) -> Bool {
    let output = target.assumingMemoryBound(to: Int64.self)
    let most = 86_400_000_000_000_000 / factor
    var fits = true
    for index in 0..<count {
      let value = source.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)
      fits = fits && value >= 0 && value < most
      output[index] = value &* factor
    }
    return fits
  }
}

/// Reading of length-prefixed byte arrays.
enum ByteArrayDecoding {
  /// The view of `count` bytes at `position` of a page; both have been checked.
  @inline(__always)
  static func view(
    _ page: UnsafeRawPointer,
    _ pageCount: Int,
    position: Int,
    count: Int,
    bufferIndex: Int
  ) -> TextView {
    if count > 12 {
      let prefix = UInt64(page.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      return TextView(
        low: UInt64(count) | prefix << 32,
        high: UInt64(bufferIndex) | UInt64(position) << 32
      )
    }
    if position + 12 <= pageCount {
      var first = UInt64(page.loadUnaligned(fromByteOffset: position, as: UInt32.self))
      var rest = page.loadUnaligned(fromByteOffset: position + 4, as: UInt64.self)
      if count < 4 {
        first &= (1 << UInt64(8 * count)) - 1
        rest = 0
      } else if count < 12 {
        rest &= (1 << UInt64(8 * (count - 4))) - 1
      }
      return TextView(low: UInt64(count) | first << 32, high: rest)
    }
    return TextView(
      UnsafeRawBufferPointer(start: page + position, count: count),
      bufferIndex: 0,
      byteOffset: 0
    )
  }

  /// Reads `count` PLAIN byte arrays as views into the page; moves `position` past them.
  ///
  /// Answers false where the page ends early.
  static func plainViews(
    _ page: UnsafeRawBufferPointer,
    _ position: inout Int,
    count: Int,
    bufferIndex: Int,
    into target: UnsafeMutablePointer<TextView>
  ) -> Bool {
    guard let base = page.baseAddress else { return count == 0 }
    let end = page.count
    var place = position
    for index in 0..<count {
      guard end - place >= 4 else { return false }
      let length = Int(
        UInt32(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      )
      place += 4
      guard length <= end - place else { return false }
      target[index] = view(base, end, position: place, count: length, bufferIndex: bufferIndex)
      place += length
    }
    position = place
    return true
  }

  /// Views of `count` values of `width` bytes each; the caller has checked that they are there.
  static func fixedViews(
    _ bytes: UnsafeRawBufferPointer,
    at start: Int,
    width: Int,
    count: Int,
    bufferIndex: Int,
    into target: UnsafeMutablePointer<TextView>
  ) {
    guard let base = bytes.baseAddress else { return }
    for index in 0..<count {
      target[index] = view(
        base,
        bytes.count,
        position: start + index * width,
        count: width,
        bufferIndex: bufferIndex
      )
    }
  }

  /// Moves `position` past `count` PLAIN byte arrays; answers false where the page ends early.
  static func skipPlain(
    _ page: UnsafeRawBufferPointer,
    _ position: inout Int,
    count: Int
  ) -> Bool {
    var place = position
    for _ in 0..<count {
      guard page.count - place >= 4 else { return false }
      let length = Int(
        UInt32(littleEndian: page.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      )
      place += 4
      guard length <= page.count - place else { return false }
      place += length
    }
    position = place
    return true
  }

  /// Reads `count` PLAIN byte arrays that hold big-endian decimals, of 64 or 128 bits.
  ///
  /// Answers false where the page ends early or a number does not fit.
  static func plainDecimals(
    _ page: UnsafeRawBufferPointer,
    _ position: inout Int,
    count: Int,
    isWide: Bool,
    into target: UnsafeMutableRawPointer
  ) -> Bool {
    var place = position
    for index in 0..<count {
      guard page.count - place >= 4 else { return false }
      let length = Int(
        UInt32(littleEndian: page.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      )
      place += 4
      guard length <= page.count - place, length <= 64 else { return false }
      let bytes = UnsafeRawBufferPointer(rebasing: page[place..<(place + length)])
      if isWide {
        guard let value = wideBigEndianInteger(bytes) else { return false }
        target.storeBytes(of: value, toByteOffset: index * 16, as: Int128.self)
      } else {
        guard let value = bigEndianInteger(bytes) else { return false }
        target.storeBytes(of: value, toByteOffset: index * 8, as: Int64.self)
      }
      place += length
    }
    position = place
    return true
  }
}
