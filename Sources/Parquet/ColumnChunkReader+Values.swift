// The values of pages, decoded densely: NULLs are not among them.

import Codecs
import Columnar

extension ColumnChunkReader {
  /// Decodes codes and checks them against the dictionary.
  func readCodes(
    _ decoder: inout RunLengthBitPacked.Decoder,
    into target: UnsafeMutablePointer<Int32>,
    count: Int
  ) throws {
    try decoder.decode(into: target, count: count)
    var largest: UInt32 = 0
    for index in 0..<count { largest = max(largest, UInt32(bitPattern: target[index])) }
    guard count == 0 || largest < UInt32(dictionaryCount) else {
      throw error(.corrupt, "code \(largest) in a dictionary of \(dictionaryCount)")
    }
  }

  func decodeFixed(_ count: Int, into target: UnsafeMutableRawPointer) throws {
    guard count > 0, var cursor = page?.values, let buffer = page?.buffer, let at = page?.place
    else { return }
    let bytes = buffer.bytes
    let missing = at.error(.truncated, at: 0, "the page has fewer values than its header says")
    let unfit = at.error(.corrupt, at: 0, "a value does not fit \(column.type)")
    switch cursor {
    case .plain(let start):
      switch column.conversion {
      case .boolean:
        guard start + count <= bytes.count * 8 else { throw missing }
        let output = target.assumingMemoryBound(to: UInt8.self)
        for index in 0..<count {
          let bit = start + index
          output[index] = bytes[bit >> 3] >> UInt8(bit & 7) & 1
        }
        cursor = .plain(start + count)
      case .byteArrayDecimal, .byteArrayWideDecimal:
        var next = start
        guard
          ByteArrayDecoding.plainDecimals(
            bytes,
            &next,
            count: count,
            isWide: column.conversion == .byteArrayWideDecimal,
            into: target
          )
        else { throw unfit }
        cursor = .plain(next)
      default:
        let width = column.physical.plainWidth(typeLength: column.typeLength) ?? 1
        guard count <= (bytes.count - start) / width else { throw missing }
        guard column.conversion.convert(buffer.address + start, count: count, into: target) else {
          throw unfit
        }
        cursor = .plain(start + count * width)
      }
    case .dictionary(var decoder):
      guard let dictionaryValues else { throw missing }
      try readCodes(&decoder, into: codes, count: count)
      cursor = .dictionary(decoder)
      switch column.conversion.targetWidth {
      case 1: lookUp(dictionaryValues, count, into: target, as: UInt8.self)
      case 2: lookUp(dictionaryValues, count, into: target, as: UInt16.self)
      case 4: lookUp(dictionaryValues, count, into: target, as: UInt32.self)
      case 8: lookUp(dictionaryValues, count, into: target, as: UInt64.self)
      default: lookUp(dictionaryValues, count, into: target, as: UInt128.self)
      }
    case .booleanRuns(var decoder):
      try decoder.decode(into: codes, count: count)
      cursor = .booleanRuns(decoder)
      let output = target.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { output[index] = codes[index] == 0 ? 0 : 1 }
    case .delta(let decoder):
      try decoder.decode(into: wide, count: count)
      if column.physical == .int32 {
        for index in 0..<count { codes[index] = Int32(truncatingIfNeeded: wide[index]) }
      }
      let source =
        column.physical == .int32 ? UnsafeRawPointer(codes) : UnsafeRawPointer(wide)
      guard column.conversion.convert(source, count: count, into: target) else { throw unfit }
    case .byteStreamSplit(let next, let total):
      let width = column.physical.plainWidth(typeLength: column.typeLength) ?? 1
      guard count <= total - next else { throw missing }
      let raw = UnsafeMutableRawPointer.allocate(byteCount: count * width, alignment: 16)
      defer { raw.deallocate() }
      Self.joinStreams(bytes, next, total, width, count: count, into: raw)
      guard column.conversion.convert(raw, count: count, into: target) else { throw unfit }
      cursor = .byteStreamSplit(next + count, total)
    case .deltaLength, .deltaByteArray: throw missing
    }
    page?.values = cursor
  }

  /// Puts `count` values of `width` bytes together, whose bytes lie in streams of `total` each at the
  /// end of the page.
  private static func joinStreams(
    _ bytes: UnsafeRawBufferPointer,
    _ next: Int,
    _ total: Int,
    _ width: Int,
    count: Int,
    into target: UnsafeMutableRawPointer
  ) {
    guard let source = bytes.baseAddress else { return }
    for byte in 0..<width {
      let stream = source + (bytes.count - (width - byte) * total + next)
      for index in 0..<count {
        target.storeBytes(
          of: stream.load(fromByteOffset: index, as: UInt8.self),
          toByteOffset: index * width + byte,
          as: UInt8.self
        )
      }
    }
  }

  @inline(__always)
  private func lookUp<Value: BitwiseCopyable>(
    _ dictionary: Buffer,
    _ count: Int,
    into target: UnsafeMutableRawPointer,
    as type: Value.Type
  ) {
    let source = dictionary.address.assumingMemoryBound(to: type)
    let output = target.assumingMemoryBound(to: type)
    for index in 0..<count { output[index] = source[Int(codes[index])] }
  }

  // MARK: - Text

  func decodeViews(
    _ count: Int,
    into target: UnsafeMutablePointer<TextView>,
    _ textData: inout [Buffer]
  ) throws {
    guard count > 0, let page else { return }
    let bytes = page.buffer.bytes
    let missing = page.place.error(
      .truncated,
      at: 0,
      "the page has fewer values than its header says"
    )
    let index = textData.count
    switch page.values {
    case .plain(let start):
      var next = start
      if case .fixedBytes(let width) = column.conversion {
        guard count <= (bytes.count - start) / width else { throw missing }
        ByteArrayDecoding.fixedViews(
          bytes,
          at: start,
          width: width,
          count: count,
          bufferIndex: index,
          into: target
        )
        next = start + count * width
      } else {
        guard
          ByteArrayDecoding.plainViews(
            bytes,
            &next,
            count: count,
            bufferIndex: index,
            into: target
          )
        else { throw missing }
      }
      self.page?.values = .plain(next)
      textData.append(page.buffer)
    case .deltaLength(let lengths, let start):
      try lengths.decode(into: wide, count: count)
      var next = start
      guard let base = bytes.baseAddress else { throw missing }
      for row in 0..<count {
        guard wide[row] >= 0, wide[row] <= Int64(bytes.count - next) else { throw missing }
        let length = Int(wide[row])
        target[row] = ByteArrayDecoding.view(
          base,
          bytes.count,
          position: next,
          count: length,
          bufferIndex: index
        )
        next += length
      }
      self.page?.values = .deltaLength(lengths, next)
      textData.append(page.buffer)
    case .deltaByteArray(let prefixes, let suffixes, let start, let previous):
      var values = PrefixedValues(previous: previous, position: start)
      try prefixes.decode(into: wide, count: count)
      let prefix = UnsafeMutablePointer<Int64>.allocate(capacity: count)
      defer { prefix.deallocate() }
      prefix.update(from: wide, count: count)
      try suffixes.decode(into: wide, count: count)
      guard values.join(bytes, prefix, wide, count, bufferIndex: index, into: target) else {
        throw page.place.error(.corrupt, at: 0, "prefixes or suffixes leave their values")
      }
      self.page?.values = .deltaByteArray(prefixes, suffixes, values.position, values.previous)
      textData.append(values.text.withUnsafeBytes { Buffer(copying: $0) })
    case .byteStreamSplit(let next, let total):
      let width = column.typeLength
      guard count <= total - next else { throw missing }
      let joined = Buffer(byteCount: count * width) { memory in
        if let target = memory.baseAddress {
          Self.joinStreams(bytes, next, total, width, count: count, into: target)
        }
      }
      ByteArrayDecoding.fixedViews(
        joined.bytes,
        at: 0,
        width: width,
        count: count,
        bufferIndex: index,
        into: target
      )
      self.page?.values = .byteStreamSplit(next + count, total)
      textData.append(joined)
    case .dictionary, .booleanRuns, .delta: throw missing
    }
  }
}

/// Puts the values of DELTA_BYTE_ARRAY together: a prefix of the value before, and a suffix.
private struct PrefixedValues {
  var previous: [UInt8]
  var position: Int
  var text: [UInt8] = []

  /// More than any sensible batch: prefixes let a small page stand for endless text.
  static let textMax = 1 << 28

  mutating func join(
    _ bytes: UnsafeRawBufferPointer,
    _ prefixes: UnsafeMutablePointer<Int64>,
    _ suffixes: UnsafeMutablePointer<Int64>,
    _ count: Int,
    bufferIndex: Int,
    into target: UnsafeMutablePointer<TextView>
  ) -> Bool {
    for row in 0..<count {
      guard prefixes[row] >= 0, prefixes[row] <= Int64(previous.count), suffixes[row] >= 0,
        suffixes[row] <= Int64(bytes.count - position), text.count <= Self.textMax
      else { return false }
      let suffix = bytes[position..<(position + Int(suffixes[row]))]
      previous.removeSubrange(Int(prefixes[row])...)
      previous.append(contentsOf: suffix)
      position += suffix.count
      target[row] = previous.withUnsafeBytes {
        TextView($0, bufferIndex: bufferIndex, byteOffset: text.count)
      }
      if previous.count > TextView.inlineMax { text.append(contentsOf: previous) }
    }
    return true
  }
}
