// The top level of one JSON object, by its bytes: names, and values as text.

/// Walks over one line of NDJSON.
struct ObjectScanner {
  private let bytes: [UInt8]
  private var place = 0
  private static let depthMax = 512

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The fields in their order, a later one of a name included; nil where the bytes are no object.
  mutating func fields() -> [(name: String, value: TextValue?)]? {
    var result: [(name: String, value: TextValue?)] = []
    skipSpace()
    guard take(UInt8(ascii: "{")) else { return nil }
    skipSpace()
    if !take(UInt8(ascii: "}")) {
      repeat {
        skipSpace()
        guard let name = string() else { return nil }
        skipSpace()
        guard take(UInt8(ascii: ":")) else { return nil }
        skipSpace()
        guard let value = value() else { return nil }
        result.append((name, value))
        skipSpace()
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { return nil }
    }
    skipSpace()
    return place == bytes.count ? result : nil
  }

  private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A {
      place += 1
    }
  }

  /// Outer nil: no value; inner nil: `null`.
  private mutating func value() -> TextValue?? {
    let start = place
    switch current {
    case UInt8(ascii: "\""): return string().map { TextValue(text: $0, isQuoted: true) }
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard skipNested() else { return nil }
      return TextValue(text: text(start), isQuoted: true)
    default:
      while let byte = current, byte != 0x2C, byte != 0x7D, byte != 0x5D, byte > 0x20 {
        place += 1
      }
      let word = text(start)
      switch word {
      case "null": return .some(nil)
      case "true", "false": return TextValue(text: word, isQuoted: false)
      default: return isNumber(start) ? TextValue(text: word, isQuoted: false) : nil
      }
    }
  }

  private func text(_ start: Int) -> String { String(decoding: bytes[start..<place], as: UTF8.self) }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private func isNumber(_ start: Int) -> Bool {
    var index = start
    func digits() -> Int {
      let first = index
      while index < place, (0x30...0x39).contains(bytes[index]) { index += 1 }
      return index - first
    }
    if index < place, bytes[index] == UInt8(ascii: "-") { index += 1 }
    let first = index
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[first] != UInt8(ascii: "0") else { return false }
    if index < place, bytes[index] == UInt8(ascii: ".") {
      index += 1
      guard digits() > 0 else { return false }
    }
    if index < place, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < place, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
        index += 1
      }
      guard digits() > 0 else { return false }
    }
    return index == place
  }

  /// Passes over an array or object whose brackets match.
  private mutating func skipNested() -> Bool {
    var open: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        guard string() != nil else { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open.append(byte)
        if open.count > Self.depthMax { return false }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // The closing bracket of each kind is two after its opening one.
        guard let last = open.popLast(), last + 2 == byte else { return false }
        if open.isEmpty {
          place += 1
          return true
        }
      default: break
      }
      place += 1
    }
    return false
  }

  /// A string in quotes, unescaped; nil where it is none.
  private mutating func string() -> String? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = place
    while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      place += 1
    }
    if current == UInt8(ascii: "\"") {
      defer { place += 1 }
      return text(start)
    }
    var units = Array(bytes[start..<place])
    while let byte = current {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = escape() else { return nil }
        units.append(contentsOf: escaped)
      case 0..<0x20: return nil
      default: units.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> [UInt8]? {
    guard let kind = current else { return nil }
    place += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [kind]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      guard var scalar = hexadecimal() else { return nil }
      if (0xD800..<0xDC00).contains(scalar), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")),
        let low = hexadecimal(), (0xDC00..<0xE000).contains(low)
      {
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
      }
      // Half of a surrogate pair stands for nothing.
      return Array(String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
    default: return nil
    }
  }

  private mutating func hexadecimal() -> UInt32? {
    guard place + 4 <= bytes.count else { return nil }
    defer { place += 4 }
    return UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
  }
}
