// The grammar below `XMLReader`: tags, names, references, and what is passed over.

extension XMLReader {
  private static let depthMax = 8
  private static let nameBytesMax = 128

  mutating func endedAtOnce() -> Bool {
    guard isSelfClosed else { return false }
    isSelfClosed = false
    _ = open.popLast()
    return true
  }

  mutating func startTag() throws -> String {
    index += 1
    let range = try readName()
    guard open.count < Self.depthMax else { throw malformed("elements are nested too deeply") }
    open.append(range)
    while true {
      let isSeparated = skipWhitespace()
      guard index < bytes.count else { throw cutOff() }
      if next(is: "/>") {
        index += 2
        isSelfClosed = true
        return openName
      }
      if next(is: ">") {
        index += 1
        return openName
      }
      guard isSeparated else { throw malformed("the tag <\(openName)> cannot be read") }
      try skipAttribute()
    }
  }

  mutating func endTag() throws {
    index += 2
    let range = try readName()
    skipWhitespace()
    guard next(is: ">"), let last = open.last, bytes[last] == bytes[range] else {
      throw malformed("</\(name(at: range))> does not end <\(openName)>")
    }
    index += 1
    open.removeLast()
  }

  /// Passes over a namespace; another attribute could mean something, and is refused.
  private mutating func skipAttribute() throws {
    let range = try readName()
    let name = String(decoding: bytes[range], as: UTF8.self)
    let prefixes = ["xmlns:", "xsi:", "xml:"]
    guard name == "xmlns" || prefixes.contains(where: { name.hasPrefix($0) }) else {
      throw malformed("the attribute \(name) is not known in <\(openName)>")
    }
    skipWhitespace()
    guard next(is: "=") else { throw malformed("the attribute \(name) has no value") }
    index += 1
    skipWhitespace()
    guard next(is: "\"") || next(is: "'") else {
      throw malformed("the value of \(name) is not quoted")
    }
    let quote = bytes[index]
    index += 1
    while index < bytes.count, bytes[index] != quote, bytes[index] != UInt8(ascii: "<") {
      index += 1
    }
    guard index < bytes.count, bytes[index] == quote else {
      throw malformed("the value of \(name) does not end")
    }
    index += 1
  }

  private mutating func readName() throws -> Range<Int> {
    let start = index
    while index < bytes.count, Self.isName(bytes[index]) { index += 1 }
    guard index > start, index - start <= Self.nameBytesMax, !Self.isNameInside(bytes[start]) else {
      index = start
      throw malformed("a name is expected")
    }
    return start..<index
  }

  // MARK: - Text and what is passed over

  mutating func appendReference(to collected: inout [UInt8]) throws {
    let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
    guard let end else { throw malformed("an & begins no reference; write it as &amp;") }
    let name = bytes[(index + 1)..<end]
    let text = String(decoding: name, as: UTF8.self)
    switch text {
    case "lt": collected.append(UInt8(ascii: "<"))
    case "gt": collected.append(UInt8(ascii: ">"))
    case "amp": collected.append(UInt8(ascii: "&"))
    case "quot": collected.append(UInt8(ascii: "\""))
    case "apos": collected.append(UInt8(ascii: "'"))
    default:
      guard let value = Self.number(text), value > 0, let scalar = Unicode.Scalar(value) else {
        throw malformed("the reference &\(text); is not known")
      }
      collected.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
    index = end + 1
  }

  /// The number of `#233` or `#xE9`; nil for anything else.
  private static func number(_ reference: String) -> UInt32? {
    if reference.hasPrefix("#x") { return digits(reference.dropFirst(2), radix: 16) }
    if reference.hasPrefix("#") { return digits(reference.dropFirst(), radix: 10) }
    return nil
  }

  /// Unlike `UInt32`'s own initialiser this takes no sign.
  private static func digits(_ text: Substring, radix: Int) -> UInt32? {
    text.allSatisfy { $0.isHexDigit } ? UInt32(text, radix: radix) : nil
  }

  @discardableResult
  mutating func skipWhitespace() -> Bool {
    let start = index
    while index < bytes.count, Self.isWhitespace(bytes[index]) { index += 1 }
    return index > start
  }

  /// Passes over what may stand around the root element.
  mutating func skipMiscellany() throws {
    while true {
      skipWhitespace()
      if next(is: "<!DOCTYPE") { throw malformed("a document type is not accepted") }
      guard try skipComment() else { return }
    }
  }

  /// Passes over a comment or a processing instruction, the XML declaration among them; false where
  /// there is none.
  mutating func skipComment() throws -> Bool {
    if next(is: "<!--") {
      index += 4
      try skip(to: "-->")
      return true
    }
    guard next(is: "<?") else { return false }
    let start = index
    try skip(to: "?>")
    let declaration = String(decoding: bytes[start..<index].prefix(200), as: UTF8.self).lowercased()
    if declaration.hasPrefix("<?xml "), declaration.contains("encoding"),
      !declaration.contains("utf-8"), !declaration.contains("us-ascii")
    {
      throw malformed("the document is not in UTF-8")
    }
    return true
  }

  mutating func skip(to end: StaticString) throws {
    let start = index
    while index < bytes.count {
      if next(is: end) {
        index += end.utf8CodeUnitCount
        return
      }
      index += 1
    }
    index = start
    throw malformed("\(end) is missing")
  }

  func next(is text: StaticString) -> Bool {
    text.withUTF8Buffer { expected in
      guard bytes.count - index >= expected.count else { return false }
      for offset in 0..<expected.count where bytes[index + offset] != expected[offset] {
        return false
      }
      return true
    }
  }

  static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != UInt8(ascii: "<") && byte != UInt8(ascii: "&") || byte == 0x0A
      || byte == 0x09
  }

  private static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), UInt8(ascii: ":"), 0x80...:
      true
    default: isNameInside(byte)
    }
  }

  /// True for what may stand in a name, but not at its beginning.
  private static func isNameInside(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }
}
