// Text functions on UTF-8 bytes. Positions and lengths count code points, as SQL does.
//
// A NULL in any argument gives NULL. Case mapping is Unicode's simple and full mapping of Swift.

public import Columnar

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Where code point number `codePoint` (0-based) starts; the byte count where there are fewer.
@inline(__always)
func byteIndex(_ bytes: UnsafeRawBufferPointer, codePoint: Int) -> Int {
  var index = 0
  var left = codePoint
  while index < bytes.count, left > 0 {
    index += 1
    while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
    left -= 1
  }
  return index
}

@inline(__always)
func codePointCount(_ bytes: UnsafeRawBufferPointer) -> Int {
  var count = 0
  for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
  return count
}

/// Runs `body` for each row that is valid in all arguments, and gives the text it wrote.
@inline(__always)
private func mapRows(
  _ count: Int,
  _ validity: ValidityBitmap?,
  _ body: (Int, inout TextOutput) throws -> Void
) rethrows -> ColumnVector {
  var output = TextOutput(capacity: count)
  for row in 0..<count {
    if let validity, !validity.isValid(row) {
      output.appendEmpty()
    } else {
      try body(row, &output)
    }
  }
  return output.column(validity: validity)
}

/// The functions of one text that `transform` computes.
///
/// Trimming removes ASCII white space. Case maps code point by code point, so that their count
/// stays the same; one whose mapping is longer stays as it is.
public enum TextTransform: String, Sendable, Hashable {
  case lower, upper, trim, trimLeft, trimRight, reverse
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

/// Text to text, one argument.
public func transform(_ kind: TextTransform, _ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return mapRows(source.count, source.validity) { row, output in
    let bytes = lane[row]
    switch kind {
    case .lower, .upper: changeCase(bytes, toUpper: kind == .upper, &output)
    case .trim, .trimLeft, .trimRight:
      var lower = 0
      var upper = bytes.count
      if kind != .trimRight { while lower < upper, isSpace(bytes[lower]) { lower += 1 } }
      if kind != .trimLeft { while upper > lower, isSpace(bytes[upper - 1]) { upper -= 1 } }
      output.append(UnsafeRawBufferPointer(rebasing: bytes[lower..<upper]))
    case .reverse:
      var end = bytes.count
      while end > 0 {
        var start = end - 1
        while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        output.row.append(contentsOf: bytes[start..<end])
        end = start
      }
      output.finishRow()
    }
  }
}

private func changeCase(
  _ bytes: UnsafeRawBufferPointer,
  toUpper: Bool,
  _ output: inout TextOutput
) {
  let first: UInt8 = toUpper ? 0x61 : 0x41
  for byte in bytes {
    guard byte < 0x80 else {
      // Case by code point, so that the count of code points stays as it is.
      output.row.removeAll(keepingCapacity: true)
      var text = ""
      for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
        let mapped =
          toUpper ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
        if mapped.unicodeScalars.count == 1 {
          text += mapped
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
      output.row.append(contentsOf: text.utf8)
      break
    }
    output.row.append(byte &- first < 26 ? byte ^ 0x20 : byte)
  }
  output.finishRow()
}

/// Code points, as `bigint`.
public func length(_ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return makeFixed(.bigint, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      out[row] = Int64(codePointCount(lane[row]))
    }
  }
}

/// `substr(text, start[, length])`: 1-based, in code points.
///
/// A negative start counts from the end; a start outside gives empty text.
public func substring(
  _ text: ColumnVector,
  start: ColumnVector,
  length: ColumnVector?
) -> ColumnVector {
  let source = text.plain
  let starts = start.plain
  let lengths = length?.plain
  let lane = TextLane(source)
  let from = Lane<Int64>(starts)
  let size = lengths.map { Lane<Int64>($0) }
  let validity = mergedValidity([source, starts] + (lengths.map { [$0] } ?? []), count: text.count)
  return mapRows(text.count, validity) { row, output in
    let bytes = lane[row]
    var first = from[row]
    let wanted = size?[row] ?? Int64.max
    guard first != 0, wanted > 0, !bytes.isEmpty else { return output.appendEmpty() }
    if first < 0 {
      let total = Int64(codePointCount(bytes))
      guard first >= -total else { return output.appendEmpty() }
      first = total + first + 1
    }
    guard first <= Int64(bytes.count) else { return output.appendEmpty() }
    let lower = byteIndex(bytes, codePoint: Int(first - 1))
    let rest = UnsafeRawBufferPointer(rebasing: bytes[lower...])
    let upper = wanted >= Int64(rest.count) ? rest.count : byteIndex(rest, codePoint: Int(wanted))
    output.append(UnsafeRawBufferPointer(rebasing: rest[0..<upper]))
  }
}

/// The first place of `needle` at or after `from`; nil where there is none.
func find(
  _ needle: UnsafeRawBufferPointer,
  in text: UnsafeRawBufferPointer,
  from: Int = 0
) -> Int? {
  guard !needle.isEmpty else { return from }
  guard let base = text.baseAddress, let wanted = needle.baseAddress else { return nil }
  let first = Int32(needle[0])
  var index = from
  while text.count - index >= needle.count {
    guard let hit = memchr(base + index, first, text.count - needle.count - index + 1) else {
      return nil
    }
    let place = UnsafeRawPointer(hit) - base
    if memcmp(hit, wanted, needle.count) == 0 { return place }
    index = place + 1
  }
  return nil
}

/// The 1-based code point position of `needle`, 0 where it does not occur; `bigint`.
public func position(of needle: ColumnVector, in text: ColumnVector) -> ColumnVector {
  let source = text.plain
  let wanted = needle.plain
  let a = TextLane(source)
  let b = TextLane(wanted)
  let validity = mergedValidity([source, wanted], count: text.count)
  return makeFixed(.bigint, text.count, validity, as: Int64.self) { out in
    for row in 0..<text.count {
      if let validity, !validity.isValid(row) { continue }
      let bytes = a[row]
      if let place = find(b[row], in: bytes) {
        out[row] = Int64(codePointCount(UnsafeRawBufferPointer(rebasing: bytes[0..<place]))) + 1
      }
    }
  }
}

/// What `test` asks of two texts, byte by byte.
public enum TextTest: Sendable, Hashable { case startsWith, endsWith }

/// Whether a text begins or ends with another.
public func test(_ kind: TextTest, _ text: ColumnVector, _ part: ColumnVector) -> ColumnVector {
  let source = text.plain
  let wanted = part.plain
  let a = TextLane(source)
  let b = TextLane(wanted)
  let validity = mergedValidity([source, wanted], count: text.count)
  return makeFixed(.boolean, text.count, validity, as: UInt8.self) { out in
    for row in 0..<text.count {
      let x = a[row]
      let y = b[row]
      guard x.count >= y.count else { continue }
      let range = kind == .startsWith ? 0..<y.count : (x.count - y.count)..<x.count
      out[row] = compareBytes(UnsafeRawBufferPointer(rebasing: x[range]), y) == 0 ? 1 : 0
    }
  }
}

/// `replace(text, search, replacement)`, every occurrence from the left.
///
/// An empty search puts the replacement around every code point.
public func replace(
  _ text: ColumnVector,
  _ search: ColumnVector,
  with replacement: ColumnVector
) -> ColumnVector {
  let source = text.plain
  let searches = search.plain
  let replacements = replacement.plain
  let a = TextLane(source)
  let b = TextLane(searches)
  let c = TextLane(replacements)
  let validity = mergedValidity([source, searches, replacements], count: text.count)
  return mapRows(text.count, validity) { row, output in
    let bytes = a[row]
    let needle = b[row]
    let fresh = c[row]
    if needle.isEmpty {
      for (index, byte) in bytes.enumerated() {
        if byte & 0xC0 != 0x80 || index == 0 { output.row.append(contentsOf: fresh) }
        output.row.append(byte)
      }
      output.row.append(contentsOf: fresh)
      return output.finishRow()
    }
    var from = 0
    while let place = find(needle, in: bytes, from: from) {
      output.row.append(contentsOf: bytes[from..<place])
      output.row.append(contentsOf: fresh)
      from = place + needle.count
    }
    output.row.append(contentsOf: bytes[from...])
    output.finishRow()
  }
}

/// All texts of a row joined; NULL where any is NULL.
public func joinText(_ parts: [ColumnVector], count: Int) -> ColumnVector {
  let sources = parts.map(\.plain)
  let lanes = sources.map { TextLane($0) }
  let validity = mergedValidity(sources, count: count)
  return mapRows(count, validity) { row, output in
    for lane in lanes { output.row.append(contentsOf: lane[row]) }
    output.finishRow()
  }
}

/// `concat_ws`: the parts that are not NULL with the separator between; NULL where it is NULL.
public func joinText(
  _ parts: [ColumnVector],
  separator: ColumnVector,
  count: Int
) -> ColumnVector {
  let sources = parts.map(\.plain)
  let lanes = sources.map { TextLane($0) }
  let between = separator.plain
  let separatorLane = TextLane(between)
  return mapRows(count, between.validity) { row, output in
    var isFirst = true
    for (index, lane) in lanes.enumerated() where !sources[index].isNull(row) {
      if !isFirst { output.row.append(contentsOf: separatorLane[row]) }
      output.row.append(contentsOf: lane[row])
      isFirst = false
    }
    output.finishRow()
  }
}

/// Part number `index` (1-based) between delimiters; NULL where there are fewer parts.
public func splitPart(
  _ text: ColumnVector,
  _ delimiter: ColumnVector,
  _ index: ColumnVector
) throws -> ColumnVector {
  let source = text.plain
  let delimiters = delimiter.plain
  let indices = index.plain
  let a = TextLane(source)
  let b = TextLane(delimiters)
  let n = Lane<Int64>(indices)
  let count = text.count
  let validity = mergedValidity([source, delimiters, indices], count: count)
  var known = [UInt8](repeating: 1, count: count)
  let result = try mapRows(count, validity) { row, output in
    guard n[row] > 0 else { throw KernelError.invalidArgument("Index must be greater than zero") }
    let bytes = a[row]
    let mark = b[row]
    var wanted = n[row]
    var from = 0
    // An empty delimiter splits between code points.
    while true {
      let place =
        mark.isEmpty
        ? (from < bytes.count
          ? from + byteIndex(UnsafeRawBufferPointer(rebasing: bytes[from...]), codePoint: 1) : nil)
        : find(mark, in: bytes, from: from)
      wanted -= 1
      if wanted == 0 {
        if mark.isEmpty, place == nil { break }
        return output.append(UnsafeRawBufferPointer(rebasing: bytes[from..<(place ?? bytes.count)]))
      }
      guard let place else { break }
      from = place + mark.count
    }
    known[row] = 0
    output.appendEmpty()
  }
  let found = ValidityBitmap.make(count: count) { known[$0] != 0 }
  return ColumnVector(
    type: .varchar,
    count: count,
    values: result.values,
    textData: result.textData,
    validity: mergedValidity(validity, found, count: count)
  )
}

/// `lpad` and `rpad`: to exactly `size` code points; longer text is cut.
public func pad(
  _ text: ColumnVector,
  to size: ColumnVector,
  with padding: ColumnVector,
  atLeft: Bool
) throws -> ColumnVector {
  let source = text.plain
  let sizes = size.plain
  let paddings = padding.plain
  let a = TextLane(source)
  let n = Lane<Int64>(sizes)
  let b = TextLane(paddings)
  let validity = mergedValidity([source, sizes, paddings], count: text.count)
  return try mapRows(text.count, validity) { row, output in
    let bytes = a[row]
    let fill = b[row]
    guard n[row] >= 0, n[row] <= 1_000_000 else {
      throw KernelError.invalidArgument("Target length must be in the range [0..1000000]")
    }
    guard !fill.isEmpty else {
      throw KernelError.invalidArgument("Padding string must not be empty")
    }
    let wanted = Int(n[row])
    let have = codePointCount(bytes)
    if have >= wanted {
      return output.append(
        UnsafeRawBufferPointer(rebasing: bytes[0..<byteIndex(bytes, codePoint: wanted)])
      )
    }
    if !atLeft { output.row.append(contentsOf: bytes) }
    let fillCount = codePointCount(fill)
    var missing = wanted - have
    while missing > 0 {
      let take = min(missing, max(1, fillCount))
      output.row.append(contentsOf: fill[0..<byteIndex(fill, codePoint: take)])
      missing -= take
    }
    if atLeft { output.row.append(contentsOf: bytes) }
    output.finishRow()
  }
}
