// Finds where JSON values end by strings and brackets alone, at one pass and without recursion. What
// stands between the brackets is checked later, event by event.

/// A position in JSON bytes that moves over whole values.
struct StructureWalker {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// The byte at the position; nil at the end.
  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  static func failure(_ reason: String, at offset: Int) -> BodyFailure {
    BodyFailure(
      400,
      "broken_json",
      "the body is not readable JSON: \(reason) at byte \(offset)",
      advice: "Nothing of this request was taken: mend the JSON and send it again.",
      byteOffset: offset,
      keepsBody: true
    )
  }

  /// Goes on behind what somebody else has read.
  mutating func move(to position: Int) { self.position = position }

  mutating func skipSpaces() {
    while position < bytes.count, isSpace(bytes[position]) { position += 1 }
  }

  /// Moves behind the string that begins here; answers the bytes between its quotes.
  mutating func skipString() throws(BodyFailure) -> Range<Int> {
    guard current == 0x22 else { throw Self.failure("expected a string", at: position) }
    let start = position + 1
    var index = start
    while index < bytes.count {
      index = firstIndex(of: 0x22, or: 0x5C, in: bytes, from: index)
      guard index < bytes.count else { break }
      if bytes[index] == 0x22 {
        position = index + 1
        return start..<index
      }
      index += 2
    }
    throw Self.failure("a string is not closed", at: bytes.count)
  }

  /// Moves behind the value that begins here.
  mutating func skipValue() throws(BodyFailure) {
    guard let first = current else { throw Self.failure("expected a value", at: position) }
    switch first {
    case 0x22: _ = try skipString()
    case 0x7B, 0x5B: try skipContainer()
    default:
      let start = position
      while let byte = current, byte != 0x2C, byte != 0x5D, byte != 0x7D, !isSpace(byte) {
        position += 1
      }
      if position == start { throw Self.failure("expected a value", at: position) }
    }
  }

  private mutating func skipContainer() throws(BodyFailure) {
    var depth = 0
    let closing: UInt8 = bytes[position] == 0x7B ? 0x7D : 0x5D
    while position < bytes.count {
      switch bytes[position] {
      case 0x22:
        _ = try skipString()
        continue
      case 0x7B, 0x5B:
        depth += 1
      case 0x7D, 0x5D:
        depth -= 1
        if depth == 0 {
          guard bytes[position] == closing else {
            throw Self.failure("a bracket is closed by one of another kind", at: position)
          }
          position += 1
          return
        }
      default:
        break
      }
      position += 1
    }
    throw Self.failure("a bracket is not closed", at: bytes.count)
  }

  /// The elements of the array that begins here; moves behind it.
  mutating func elements() throws(BodyFailure) -> [Range<Int>] {
    var elements: [Range<Int>] = []
    position += 1
    skipSpaces()
    if current == 0x5D {
      position += 1
      return elements
    }
    while true {
      let start = position
      try skipValue()
      elements.append(start..<position)
      skipSpaces()
      if current == 0x5D { break }
      guard current == 0x2C else {
        throw Self.failure("expected a comma or a closing bracket", at: position)
      }
      position += 1
      skipSpaces()
    }
    position += 1
    return elements
  }

  /// Moves behind the object that begins here, from member to member.
  ///
  /// `visit` gets each key, between its quotes, with the walker at the value; it moves the walker
  /// behind that value.
  mutating func forEachMember(
    _ visit: (Range<Int>, inout StructureWalker) throws(BodyFailure) -> Void
  ) throws(BodyFailure) {
    position += 1
    skipSpaces()
    if current == 0x7D {
      position += 1
      return
    }
    while true {
      let key = try skipString()
      skipSpaces()
      guard current == 0x3A else { throw Self.failure("expected a colon", at: position) }
      position += 1
      skipSpaces()
      try visit(key, &self)
      skipSpaces()
      if current == 0x7D { break }
      guard current == 0x2C else {
        throw Self.failure("expected a comma or a closing brace", at: position)
      }
      position += 1
      skipSpaces()
    }
    position += 1
  }
}
