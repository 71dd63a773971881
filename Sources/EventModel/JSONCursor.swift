/// The JSON grammar over bytes: the one place that decides what is valid.
///
/// `JSONObjectScanner`, `JSONArrayScanner` and `JSONValue` all read through this cursor, so that
/// the phone, the collector and the lake agree on every byte. It is strict RFC 8259: no trailing
/// commas, no NaN, no control characters in strings, no lone surrogates, valid UTF-8, and at most
/// `depthMax` open containers. It never recurses and never allocates.
struct JSONCursor {
  /// The open containers that a text may have: one bit each in a `UInt64`.
  static let depthMax = 64

  private let base: UnsafeRawPointer
  private let end: Int
  var position: Int

  /// A cursor at the start of `range`; throws where there is nothing to read.
  init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) throws(JSONSyntaxError) {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count, !range.isEmpty,
      let base = bytes.baseAddress
    else {
      throw JSONSyntaxError(byteOffset: max(0, range.lowerBound), reason: "there is no JSON here")
    }
    self.base = base
    self.end = range.upperBound
    self.position = range.lowerBound
  }

  /// The byte at the position, or 0, which JSON allows nowhere, at the end.
  var current: UInt8 {
    @inline(__always) get {
      position < end ? base.load(fromByteOffset: position, as: UInt8.self) : 0
    }
  }

  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    base.load(fromByteOffset: offset, as: UInt8.self)
  }

  @inline(never)
  func failure(_ reason: String, at offset: Int? = nil) -> JSONSyntaxError {
    let place = offset ?? position
    return JSONSyntaxError(
      byteOffset: place,
      reason: place >= end ? "the text ends too early: " + reason : reason
    )
  }

  @inline(__always)
  mutating func skipWhitespace() {
    while position < end {
      let byte = byte(at: position)
      if byte > 0x20 { return }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  /// Skips white space and demands that nothing follows.
  mutating func finish() throws(JSONSyntaxError) {
    skipWhitespace()
    guard position == end else { throw failure("there is more after the end of the value") }
  }

  // MARK: - Values

  /// Skips one value, whatever it is; `depth` containers are open around it.
  mutating func skipValue(
    depth: Int
  ) throws(JSONSyntaxError) -> (kind: JSONObjectScanner.Kind, hasEscapes: Bool) {
    switch current {
    case 0x22:
      position += 1
      return (.string, try skipStringBody())
    case 0x2D, 0x30...0x39:
      return (try skipNumber() ? .integer : .number, false)
    case 0x7B:
      try skipContainer(depth: depth)
      return (.object, false)
    case 0x5B:
      try skipContainer(depth: depth)
      return (.array, false)
    case 0x74, 0x66:
      try skipLiteral()
      return (.bool, false)
    case 0x6E:
      try skipLiteral()
      return (.null, false)
    default:
      throw failure("expected a value")
    }
  }

  /// Skips an object or an array with everything inside it, by a stack of bits.
  private mutating func skipContainer(depth depthBefore: Int) throws(JSONSyntaxError) {
    var objects: UInt64 = 0
    var depth = 0
    values: while true {
      let opening = current
      if opening == 0x7B || opening == 0x5B {
        depth += 1
        guard depthBefore + depth <= Self.depthMax else {
          throw failure("more than \(Self.depthMax) containers are nested")
        }
        let isObject = opening == 0x7B
        objects = objects << 1 | (isObject ? 1 : 0)
        position += 1
        skipWhitespace()
        if current != opening + 2 {
          if isObject { try skipKey() }
          continue values
        }
        position += 1
        depth -= 1
        objects >>= 1
      } else {
        try skipScalar()
      }
      while depth > 0 {
        skipWhitespace()
        let isObject = objects & 1 == 1
        let byte = current
        if byte == 0x2C {
          position += 1
          skipWhitespace()
          if isObject { try skipKey() }
          continue values
        }
        guard byte == (isObject ? 0x7D : 0x5D) else {
          throw failure(
            isObject
              ? "expected a comma or a closing brace" : "expected a comma or a closing bracket"
          )
        }
        position += 1
        depth -= 1
        objects >>= 1
      }
      return
    }
  }

  @inline(__always)
  private mutating func skipScalar() throws(JSONSyntaxError) {
    switch current {
    case 0x22:
      position += 1
      _ = try skipStringBody()
    case 0x2D, 0x30...0x39:
      _ = try skipNumber()
    default:
      try skipLiteral()
    }
  }

  /// Skips a key and its colon, up to the value.
  @inline(__always)
  private mutating func skipKey() throws(JSONSyntaxError) {
    _ = try readKey()
  }

  /// Skips a key and its colon, up to the value; answers the bytes between the quotes.
  @inline(__always)
  mutating func readKey() throws(JSONSyntaxError) -> (range: Range<Int>, hasEscapes: Bool) {
    guard current == 0x22 else { throw failure("expected a key in quotes") }
    position += 1
    let start = position
    let hasEscapes = try skipStringBody()
    let range = start..<(position - 1)
    skipWhitespace()
    guard current == 0x3A else { throw failure("expected a colon after the key") }
    position += 1
    skipWhitespace()
    return (range, hasEscapes)
  }

  // MARK: - Scalars

  private mutating func skipLiteral() throws(JSONSyntaxError) {
    let start = position
    switch current {
    case 0x74:
      if matches(0x72, 0x75, 0x65) { return }
    case 0x66:
      if position + 4 < end, byte(at: position + 1) == 0x61 {
        position += 1
        if matches(0x6C, 0x73, 0x65) { return }
      }
    case 0x6E:
      if matches(0x75, 0x6C, 0x6C) { return }
    default:
      break
    }
    throw failure("expected a value", at: start)
  }

  private mutating func matches(_ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> Bool {
    guard position + 3 < end, byte(at: position + 1) == second, byte(at: position + 2) == third,
      byte(at: position + 3) == fourth
    else { return false }
    position += 4
    return true
  }

  /// Skips a number; true where it has neither fraction nor exponent.
  private mutating func skipNumber() throws(JSONSyntaxError) -> Bool {
    if current == 0x2D { position += 1 }
    if current == 0x30 {
      position += 1
      if isDigit(current) { throw failure("a number may not begin with 0") }
    } else {
      try skipDigits("expected a digit")
    }
    var isInteger = true
    if current == 0x2E {
      isInteger = false
      position += 1
      try skipDigits("expected a digit after the decimal point")
    }
    if current | 0x20 == 0x65 {
      isInteger = false
      position += 1
      if current == 0x2B || current == 0x2D { position += 1 }
      try skipDigits("expected a digit in the exponent")
    }
    return isInteger
  }

  @inline(__always)
  private mutating func skipDigits(_ reason: String) throws(JSONSyntaxError) {
    guard isDigit(current) else { throw failure(reason) }
    position += 1
    while isDigit(current) { position += 1 }
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  // MARK: - Strings

  /// Skips what follows an opening quote, closing quote included; true where it has escapes.
  @inline(__always)
  mutating func skipStringBody() throws(JSONSyntaxError) -> Bool {
    let stop = plainEnd(from: position)
    if stop < end, byte(at: stop) == 0x22 {
      position = stop + 1
      return false
    }
    position = stop
    return try skipStringRest()
  }

  /// The first byte at or after `start` that is not plain ASCII text: a quote, a backslash, a
  /// control character or a part of a longer UTF-8 sequence; eight bytes at a time.
  @inline(__always)
  private func plainEnd(from start: Int) -> Int {
    var position = start
    while position + 8 <= end {
      let word = UInt64(
        littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      )
      let special = specialBytes(word)
      if special != 0 { return position + special.trailingZeroBitCount >> 3 }
      position += 8
    }
    while position < end {
      let byte = byte(at: position)
      if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x80 { break }
      position += 1
    }
    return position
  }

  @inline(never)
  private mutating func skipStringRest() throws(JSONSyntaxError) -> Bool {
    var hasEscapes = false
    while position < end {
      let byte = byte(at: position)
      if byte == 0x22 {
        position += 1
        return hasEscapes
      }
      if byte == 0x5C {
        hasEscapes = true
        try skipEscape()
      } else if byte >= 0x80 {
        try skipSequence(first: byte)
      } else if byte < 0x20 {
        throw failure("a control character stands in a string without an escape")
      } else {
        position = plainEnd(from: position)
      }
    }
    throw failure("the string has no closing quote")
  }

  private mutating func skipEscape() throws(JSONSyntaxError) {
    let start = position
    position += 1
    switch current {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
      position += 1
    case 0x75:
      position += 1
      let unit = try readHex()
      if unit & 0xF800 != 0xD800 { return }
      guard unit < 0xDC00, current == 0x5C else {
        throw failure("a surrogate stands alone", at: start)
      }
      position += 1
      guard current == 0x75 else { throw failure("a surrogate stands alone", at: start) }
      position += 1
      guard try readHex() & 0xFC00 == 0xDC00 else {
        throw failure("a surrogate stands alone", at: start)
      }
    default:
      throw failure("this escape does not exist")
    }
  }

  /// Reads four hexadecimal digits.
  mutating func readHex() throws(JSONSyntaxError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      let byte = current
      let digit: UInt8
      if isDigit(byte) {
        digit = byte - 0x30
      } else if (byte | 0x20) &- 0x61 < 6 {
        digit = (byte | 0x20) - 0x57
      } else {
        throw failure("expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  /// Skips one UTF-8 sequence of two to four bytes: no overlong form, no surrogate, at most U+10FFFF.
  private mutating func skipSequence(first: UInt8) throws(JSONSyntaxError) {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw failure("these bytes are not UTF-8")
    }
    guard position + length <= end else {
      throw failure("a UTF-8 sequence is cut off", at: end)
    }
    guard second.contains(byte(at: position + 1)) else {
      throw failure("these bytes are not UTF-8")
    }
    for offset in 2..<max(length, 2) where byte(at: position + offset) & 0xC0 != 0x80 {
      throw failure("these bytes are not UTF-8")
    }
    position += length
  }
}

/// The top bit of each byte that is a quote, a backslash, below 0x20 or above 0x7F. Only the lowest
/// bit set is exact, since a borrow may run upwards.
@inline(__always)
func specialBytes(_ word: UInt64) -> UInt64 {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let tops: UInt64 = 0x8080_8080_8080_8080
  let quotes = word ^ (ones &* 0x22)
  let backslashes = word ^ (ones &* 0x5C)
  let found =
    ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
    | ((word &- ones &* 0x20) & ~word) | word
  return found & tops
}
