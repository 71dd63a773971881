internal import Columnar
internal import Foundation
internal import Simulation

/// The envelope fields of some lines, found by a scan of each line's first level.
///
/// It does not validate: a line that is no JSON object simply has NULLs, because Bronze keeps what
/// came, and `json` shows it.
struct BronzeEnvelope {
  let eventID: ColumnVector
  let eventName: ColumnVector
  let receivedAt: ColumnVector

  init(_ text: Buffer, _ lines: ArraySlice<Range<Int>>) {
    let names = [Array("event_id".utf8), Array("event_name".utf8), Array("received_at".utf8)]
    let identifiers = ColumnBuilder(type: .varchar, capacity: lines.count)
    let eventNames = ColumnBuilder(type: .varchar, capacity: lines.count)
    let times = ColumnBuilder(type: .timestampWithTimeZone, capacity: lines.count)
    var found: [Range<Int>?] = [nil, nil, nil]
    for line in lines {
      LineScanner.strings(text.bytes, line, names: names, into: &found)
      Self.append(found[0], of: text.bytes, to: identifiers)
      Self.append(found[1], of: text.bytes, to: eventNames)
      times.append(
        found[2].flatMap {
          StoryTime.microseconds(iso8601: UnsafeRawBufferPointer(rebasing: text.bytes[$0]))
        }
      )
    }
    eventID = identifiers.finish()
    eventName = eventNames.finish()
    receivedAt = times.finish()
  }

  private static func append(
    _ range: Range<Int>?,
    of bytes: UnsafeRawBufferPointer,
    to builder: ColumnBuilder
  ) {
    guard let range else { return builder.appendNull() }
    let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard raw.contains(UInt8(ascii: "\\")) else { return builder.append(bytes: raw) }
    builder.append(unescaped(raw))
  }

  /// Escapes are rare in names and ids, so the slow way is good enough.
  private static func unescaped(_ raw: UnsafeRawBufferPointer) -> String? {
    let quoted = Data([0x5B, 0x22] + Array(raw) + [0x22, 0x5D])
    return (try? JSONSerialization.jsonObject(with: quoted) as? [String])?.first
  }
}

/// Finds text members at the first level of a JSON object.
enum LineScanner {
  /// Sets `found[i]` to what lies between the quotes of the first text member `names[i]`.
  static func strings(
    _ bytes: UnsafeRawBufferPointer,
    _ line: Range<Int>,
    names: [[UInt8]],
    into found: inout [Range<Int>?]
  ) {
    for index in found.indices { found[index] = nil }
    var index = line.lowerBound
    var depth = 0
    var missing = names.count
    while index < line.upperBound, missing > 0 {
      switch bytes[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        let string = self.string(bytes, from: index, to: line.upperBound)
        index = string.upperBound
        if depth == 1, let value = text(bytes, after: index + 1, to: line.upperBound),
          let name = names.firstIndex(where: { matches(bytes, string, $0) }), found[name] == nil
        {
          found[name] = value
          missing -= 1
          index = value.upperBound
        }
      default: break
      }
      index += 1
    }
  }

  /// What lies between the quote at `from` and its closing one, or the end.
  private static func string(
    _ bytes: UnsafeRawBufferPointer,
    from: Int,
    to end: Int
  ) -> Range<Int> {
    var index = from + 1
    while index < end, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return from + 1..<max(from + 1, min(index, end))
  }

  /// The text that follows `:`; nil where something else does.
  private static func text(
    _ bytes: UnsafeRawBufferPointer,
    after start: Int,
    to end: Int
  ) -> Range<Int>? {
    var index = start
    func skipSpace() {
      while index < end, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    }
    skipSpace()
    guard index < end, bytes[index] == UInt8(ascii: ":") else { return nil }
    index += 1
    skipSpace()
    guard index < end, bytes[index] == UInt8(ascii: "\"") else { return nil }
    let value = string(bytes, from: index, to: end)
    return value.upperBound < end ? value : nil
  }

  private static func matches(
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    _ name: [UInt8]
  ) -> Bool {
    guard range.count == name.count else { return false }
    for offset in 0..<name.count where bytes[range.lowerBound + offset] != name[offset] {
      return false
    }
    return true
  }
}

/// Text columns over ranges of a buffer, without copying the text.
enum TextRanges {
  static func vector(_ ranges: [Range<Int>], of text: Buffer) -> ColumnVector {
    let views = Buffer(byteCount: ranges.count * MemoryLayout<TextView>.stride) { memory in
      let target = memory.bindMemory(to: TextView.self)
      for (row, range) in ranges.enumerated() {
        target[row] = TextView(
          UnsafeRawBufferPointer(rebasing: text.bytes[range]),
          bufferIndex: 0,
          byteOffset: range.lowerBound
        )
      }
    }
    return ColumnVector(type: .varchar, count: ranges.count, values: views, textData: [text])
  }
}
