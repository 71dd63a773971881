// Parts of URLs, and the encoding of texts inside them, on bytes.

public import Columnar

/// A part of a URL by RFC 3986.
public enum URLPart: Sendable, Hashable { case scheme, host, path, query, fragment }

/// Where the parts of a URL lie in its bytes; nil parts are not there.
private struct URLRanges {
  var scheme: Range<Int>?
  var host: Range<Int>?
  var port: Range<Int>?
  var path = 0..<0
  var query: Range<Int>?
  var fragment: Range<Int>?

  /// nil for what is no URL.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var end = bytes.count
    for byte in bytes where byte == 0x20 || byte == 0x3C || byte == 0x3E { return nil }
    if let mark = bytes.firstIndex(of: 0x23) {
      fragment = mark + 1..<end
      end = mark
    }
    if let mark = bytes[..<end].firstIndex(of: 0x3F) {
      query = mark + 1..<end
      end = mark
    }
    var start = 0
    if let colon = bytes[..<end].firstIndex(of: 0x3A), colon > 0, Self.isLetter(bytes[0]),
      bytes[..<colon].allSatisfy({
        Self.isLetter($0) || $0 &- 0x30 <= 9 || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E
      })
    {
      scheme = 0..<colon
      start = colon + 1
    }
    if start + 1 < end, bytes[start] == 0x2F, bytes[start + 1] == 0x2F {
      start += 2
      let slash = bytes[start..<end].firstIndex(of: 0x2F) ?? end
      var first = start
      var last = slash
      if let at = bytes[first..<last].lastIndex(of: 0x40) { first = at + 1 }
      if last > first, bytes[last - 1] != 0x5D,
        let colon = bytes[first..<last].lastIndex(of: 0x3A)
      {
        port = colon + 1..<last
        last = colon
      }
      host = first..<last
      start = slash
    }
    path = start..<end
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  func range(_ part: URLPart) -> Range<Int>? {
    switch part {
    case .scheme: scheme
    case .host: host
    case .path: path
    case .query: query
    case .fragment: fragment
    }
  }
}

/// One part of each URL, with `%XX` decoded in path, query and fragment; empty where it is not there,
/// NULL for what is no URL.
public func extractURL(_ part: URLPart, _ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  var output = TextOutput(capacity: source.count)
  var found = [Bool](repeating: false, count: source.count)
  for row in 0..<source.count {
    guard !source.isNull(row), let ranges = URLRanges(lane[row]) else {
      output.appendEmpty()
      continue
    }
    let bytes = UnsafeRawBufferPointer(rebasing: lane[row][ranges.range(part) ?? 0..<0])
    if part == .scheme || part == .host || !bytes.contains(0x25) {
      found[row] = true
      output.append(bytes)
    } else {
      found[row] = decodeURL(bytes, &output.row, plusIsSpace: false)
      if !found[row] { output.row.removeAll(keepingCapacity: true) }
      output.finishRow()
    }
  }
  return output.column(validity: ValidityBitmap.make(count: source.count) { found[$0] })
}

/// The port of each URL, as `bigint`; NULL where there is none.
public func extractURLPort(_ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  let builder = ColumnBuilder(type: .bigint, capacity: source.count)
  for row in 0..<source.count {
    guard !source.isNull(row), let range = URLRanges(lane[row])?.port, !range.isEmpty,
      range.count <= 9, lane[row][range].allSatisfy({ $0 &- 0x30 <= 9 })
    else {
      builder.appendNull()
      continue
    }
    builder.append(lane[row][range].reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) })
  }
  return builder.finish()
}

/// The value of each row's parameter in the query of its URL, decoded; NULL where there is none.
public func extractURLParameter(_ vector: ColumnVector, _ names: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let other = names.plain
  let lane = TextLane(source)
  let wanted = TextLane(other)
  var output = TextOutput(capacity: source.count)
  var found = [Bool](repeating: false, count: source.count)
  for row in 0..<source.count {
    guard !source.isNull(row), !other.isNull(row), let query = URLRanges(lane[row])?.query else {
      output.appendEmpty()
      continue
    }
    let bytes = lane[row]
    var start = query.lowerBound
    while start <= query.upperBound {
      let end = bytes[start..<query.upperBound].firstIndex(of: 0x26) ?? query.upperBound
      let equals = bytes[start..<end].firstIndex(of: 0x3D) ?? end
      if bytes[start..<equals].elementsEqual(wanted[row]) {
        let value = UnsafeRawBufferPointer(rebasing: bytes[min(equals + 1, end)..<end])
        found[row] = decodeURL(value, &output.row)
        if !found[row] { output.row.removeAll(keepingCapacity: true) }
        break
      }
      start = end + 1
    }
    output.finishRow()
  }
  return output.column(validity: ValidityBitmap.make(count: source.count) { found[$0] })
}

/// Form encoding: a space is `+`, everything but letters, digits and `.-*_` is `%XX`.
public func encodedURLs(_ vector: ColumnVector) -> ColumnVector {
  let digits = Array("0123456789ABCDEF".utf8)
  return mapEachBytes(vector, to: .varchar) { bytes, out in
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x2D, 0x2A, 0x5F: out.append(byte)
      case 0x20: out.append(0x2B)
      default:
        out.append(0x25)
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
      }
    }
  }
}

/// The texts of form encoding. Throws `invalidArgument` where a `%` has no two digits.
public func decodedURLs(_ vector: ColumnVector) throws -> ColumnVector {
  try mapEachBytes(vector, to: .varchar) { bytes, out in
    guard decodeURL(bytes, &out) else {
      throw KernelError.invalidArgument("URLDecoder: Illegal hex characters in escape (%) pattern")
    }
  }
}

private func decodeURL(
  _ bytes: UnsafeRawBufferPointer, _ out: inout [UInt8], plusIsSpace: Bool = true
) -> Bool {
  func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }
  var index = 0
  while index < bytes.count {
    if bytes[index] == 0x25 {
      guard index + 2 < bytes.count, let high = digit(bytes[index + 1]),
        let low = digit(bytes[index + 2])
      else { return false }
      out.append(high << 4 | low)
      index += 3
    } else {
      out.append(bytes[index] == 0x2B && plusIsSpace ? 0x20 : bytes[index])
      index += 1
    }
  }
  return true
}
