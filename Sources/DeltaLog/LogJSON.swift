// JSON as a Delta log has it, read strictly and without Foundation, which is too slow for a log of
// a thousand lines at start. `EventModel` has its own JSON for events; formats do not share it,
// because each reads a different trust: here a fault names a byte of a commit file.

/// One JSON value; numbers keep their text, so that decimals stay exact.
enum LogJSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([LogJSON])
  case object([LogJSONMember])

  subscript(key: String) -> LogJSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  var integer: Int64? {
    if case .number(let text) = self { return Int64(text) }
    return nil
  }

  var boolean: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  var elements: [LogJSON]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  var members: [LogJSONMember]? {
    if case .object(let members) = self { return members }
    return nil
  }
}

struct LogJSONMember: Hashable, Sendable {
  var key: String
  var value: LogJSON
}

struct LogJSONError: Error {
  var byteOffset: Int
  var reason: String
}

/// Reads one value from bytes; nothing but white space may follow it.
struct LogJSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var index: Int
  private let end: Int
  private static let depthMax = 64

  static func parse(_ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>) throws -> LogJSON {
    var reader = LogJSONReader(bytes: bytes, index: range.lowerBound, end: range.upperBound)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.index == reader.end else { throw reader.fault("text follows the JSON value") }
    return value
  }

  static func parse(_ text: String) throws -> LogJSON {
    var copy = text
    return try copy.withUTF8 { try parse($0, in: 0..<$0.count) }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, index: Int, end: Int) {
    self.bytes = bytes
    self.index = index
    self.end = end
  }

  private func fault(_ reason: String) -> LogJSONError {
    LogJSONError(byteOffset: index, reason: index >= end ? "the JSON ends too early" : reason)
  }

  private mutating func skipSpace() {
    while index < end, bytes[index] == 0x20 || (bytes[index] >= 0x09 && bytes[index] <= 0x0D) {
      index += 1
    }
  }

  private mutating func value(depth: Int) throws -> LogJSON {
    guard depth < Self.depthMax else { throw fault("the JSON is nested too deeply") }
    skipSpace()
    guard index < end else { throw fault("") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: LogJSON) throws -> LogJSON {
    for offset in 0..<word.utf8CodeUnitCount {
      guard index < end, bytes[index] == word.utf8Start[offset] else {
        throw fault("a JSON value was expected")
      }
      index += 1
    }
    return value
  }

  private mutating func number() throws -> LogJSON {
    let start = index
    if index < end, bytes[index] == UInt8(ascii: "-") { index += 1 }
    guard digits() else { throw fault("a JSON value was expected") }
    if index < end, bytes[index] == UInt8(ascii: ".") {
      index += 1
      guard digits() else { throw fault("a digit was expected") }
    }
    if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < end, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
        index += 1
      }
      guard digits() else { throw fault("a digit was expected") }
    }
    return .number(String(decoding: bytes[start..<index], as: UTF8.self))
  }

  private mutating func digits() -> Bool {
    let start = index
    while index < end, bytes[index] >= 0x30, bytes[index] <= 0x39 { index += 1 }
    return index > start
  }

  private mutating func object(depth: Int) throws -> LogJSON {
    index += 1
    var members: [LogJSONMember] = []
    skipSpace()
    if take("}") { return .object([]) }
    while true {
      skipSpace()
      guard index < end, bytes[index] == UInt8(ascii: "\"") else {
        throw fault("a member's name was expected")
      }
      let key = try string()
      skipSpace()
      guard take(":") else { throw fault("\":\" was expected") }
      members.append(LogJSONMember(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw fault("\",\" or \"}\" was expected") }
    }
  }

  private mutating func array(depth: Int) throws -> LogJSON {
    index += 1
    var elements: [LogJSON] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw fault("\",\" or \"]\" was expected") }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < end, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func string() throws -> String {
    let start = index + 1
    var position = start
    var hasEscapes = false
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 {
        index = position
        throw fault("a control character stands in a string")
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    index = start
    guard position < end else {
      index = end
      throw fault("")
    }
    let raw = UnsafeBufferPointer(rebasing: bytes[start..<position])
    let text = hasEscapes ? try unescape(raw) : String(validating: raw, as: UTF8.self)
    guard let text else { throw fault("a string is not UTF-8") }
    index = position + 1
    return text
  }

  /// The text that `raw`, which begins at `index`, stands for; nil where it is not UTF-8.
  private func unescape(_ raw: UnsafeBufferPointer<UInt8>) throws -> String? {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: raw.count) { result in
      var count = 0
      var position = 0
      while position < raw.count {
        let byte = raw[position]
        position += 1
        guard byte == UInt8(ascii: "\\") else {
          result[count] = byte
          count += 1
          continue
        }
        let escape = raw[position]
        position += 1
        if escape == UInt8(ascii: "u") {
          guard let scalar = Self.unicodeEscape(raw, &position) else {
            throw LogJSONError(byteOffset: index + position, reason: "a \\u escape is not valid")
          }
          // At most four bytes for six, so the text never outgrows its escapes.
          for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            result[count] = unit
            count += 1
          }
        } else {
          guard let plain = Self.plain(escape) else {
            throw LogJSONError(byteOffset: index + position - 1, reason: "an escape is not valid")
          }
          result[count] = plain
          count += 1
        }
      }
      return String(validating: UnsafeBufferPointer(rebasing: result[..<count]), as: UTF8.self)
    }
  }

  /// The byte that `\` and `escape` stand for.
  private static func plain(_ escape: UInt8) -> UInt8? {
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    default: nil
    }
  }

  /// The scalar of `XXXX` or `XXXX\uXXXX` at `position`, which moves behind it.
  private static func unicodeEscape(
    _ raw: UnsafeBufferPointer<UInt8>,
    _ position: inout Int
  ) -> Unicode.Scalar? {
    guard let first = hex4(raw, &position) else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard position + 1 < raw.count, raw[position] == UInt8(ascii: "\\"),
      raw[position + 1] == UInt8(ascii: "u")
    else { return nil }
    position += 2
    guard let second = hex4(raw, &position), (0xDC00..<0xE000).contains(second) else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private static func hex4(_ raw: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> UInt32? {
    guard position + 4 <= raw.count else { return nil }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(raw[position])).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

/// Writes JSON in the order of its calls, compact, so that the same actions give the same bytes.
struct LogJSONWriter {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func object(_ body: (inout LogJSONWriter) throws -> Void) rethrows {
    separate()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    try body(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  mutating func array(_ body: (inout LogJSONWriter) throws -> Void) rethrows {
    separate()
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    try body(&self)
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  mutating func key(_ key: String) {
    separate()
    quote(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func string(_ value: String) {
    separate()
    quote(value)
    needsComma = true
  }

  /// A number, `true`, `false` or `null`, as it is to be written.
  mutating func literal(_ token: String) {
    separate()
    bytes.append(contentsOf: token.utf8)
    needsComma = true
  }

  mutating func member(_ key: String, _ value: String?) {
    self.key(key)
    if let value { string(value) } else { literal("null") }
  }

  mutating func member(_ key: String, _ value: Int64) {
    self.key(key)
    literal(String(value))
  }

  mutating func member(_ key: String, _ value: Bool) {
    self.key(key)
    literal(value ? "true" : "false")
  }

  /// A name and value pairs of text, sorted by name.
  mutating func member(_ key: String, _ values: [String: String?]) {
    self.key(key)
    object { json in
      for name in values.keys.sorted() { json.member(name, values[name] ?? nil) }
    }
  }

  /// A value as it was read; a reader's bound on nesting bounds this too.
  mutating func value(_ value: LogJSON) {
    switch value {
    case .null: literal("null")
    case .bool(let flag): literal(flag ? "true" : "false")
    case .number(let text): literal(text)
    case .string(let text): string(text)
    case .array(let elements): array { json in for element in elements { json.value(element) } }
    case .object(let members):
      object { json in
        for member in members {
          json.key(member.key)
          json.value(member.value)
        }
      }
    }
  }

  mutating func newline() {
    bytes.append(0x0A)
    needsComma = false
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        bytes.append(contentsOf: ("\\u00" + (hex.count == 1 ? "0" : "") + hex).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
