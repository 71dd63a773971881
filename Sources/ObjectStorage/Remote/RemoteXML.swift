// Reads the small documents that S3 answers with. No document type, no entities but the five of XML
// and numbers, no recursion; what is deeper, larger or broken is refused.

/// One element of a document: its text, or the elements in it.
struct RemoteXML {
  /// Without a prefix.
  var name: String
  var text: String
  var children: [RemoteXML] = []

  static let depthMax = 12
  static let elementsMax = 50_000

  /// The element a document consists of; throws `Malformed` where there is none.
  static func parse(_ bytes: [UInt8]) throws(Malformed) -> RemoteXML {
    var scanner = RemoteXMLScanner(bytes)
    var open: [RemoteXML] = []
    var count = 0
    while let token = try scanner.next() {
      switch token {
      case .start(let name):
        count += 1
        guard open.count < depthMax, count <= elementsMax else {
          throw Malformed(reason: "it has too many elements", byteOffset: scanner.index)
        }
        open.append(RemoteXML(name: name, text: ""))
      case .text(let text):
        guard !open.isEmpty else {
          if text.utf8.allSatisfy(RemoteXMLScanner.isBlank) { continue }
          throw Malformed(reason: "text stands outside of all elements", byteOffset: scanner.index)
        }
        open[open.count - 1].text += text
      case .end(let name):
        guard let element = open.popLast(), element.name == name else {
          throw Malformed(reason: "</\(name)> closes nothing", byteOffset: scanner.index)
        }
        guard !open.isEmpty else { return element }
        open[open.count - 1].children.append(element)
      }
    }
    throw Malformed(reason: "it ends before its elements do", byteOffset: scanner.index)
  }

  /// The first element of this name in it.
  subscript(name: String) -> RemoteXML? { children.first { $0.name == name } }

  /// The text of the first element of this name in it; nil where there is none.
  func value(_ name: String) -> String? { self[name]?.text }

  /// What is wrong with a document, and at which of its bytes.
  struct Malformed: Error {
    var reason: String
    var byteOffset: Int
  }

  /// A text as it stands between tags.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}

/// The tags and texts of a document, one after the other.
struct RemoteXMLScanner {
  enum Token {
    case start(String)
    case text(String)
    case end(String)
  }

  private let bytes: [UInt8]
  private(set) var index = 0
  /// The name of an element that was closed where it was opened: `<Contents/>`.
  private var pendingEnd: String?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // A byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
  }

  /// The next token; nil behind the last.
  mutating func next() throws(RemoteXML.Malformed) -> Token? {
    if let name = pendingEnd {
      pendingEnd = nil
      return .end(name)
    }
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "<") else { return .text(try text()) }
      if skips("<?") {
        try pass(to: "?>")
      } else if skips("<!--") {
        try pass(to: "-->")
      } else if skips("<![CDATA[") {
        let start = index
        try pass(to: "]]>")
        return .text(try decoded(bytes[start..<index - 3]))
      } else if skips("</") {
        let name = try self.name()
        passBlanks()
        guard skips(">") else { throw malformed("a closing tag does not end") }
        return .end(name)
      } else {
        return try startTag()
      }
    }
    return nil
  }

  private mutating func startTag() throws(RemoteXML.Malformed) -> Token {
    index += 1
    let name = try self.name()
    while index < bytes.count {
      passBlanks()
      if skips("/>") {
        pendingEnd = name
        return .start(name)
      }
      if skips(">") { return .start(name) }
      _ = try self.name()
      passBlanks()
      guard skips("=") else { throw malformed("an attribute has no value") }
      passBlanks()
      guard index < bytes.count,
        bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'")
      else { throw malformed("an attribute has no quotes") }
      let quote = bytes[index]
      guard let end = bytes[(index + 1)...].firstIndex(of: quote) else {
        throw malformed("an attribute does not end")
      }
      index = end + 1
    }
    throw malformed("a tag does not end")
  }

  /// A name of an element or attribute, without its prefix.
  private mutating func name() throws(RemoteXML.Malformed) -> String {
    let start = index
    while index < bytes.count, Self.isOfName(bytes[index]) { index += 1 }
    guard index > start else { throw malformed("a name is missing") }
    let name = try decoded(bytes[start..<index])
    return name.split(separator: ":").last.map(String.init) ?? name
  }

  private mutating func text() throws(RemoteXML.Malformed) -> String {
    var result: [UInt8] = []
    while index < bytes.count, bytes[index] != UInt8(ascii: "<") {
      let run = index
      while index < bytes.count, bytes[index] != UInt8(ascii: "<"),
        bytes[index] != UInt8(ascii: "&")
      {
        index += 1
      }
      result += bytes[run..<index]
      if index < bytes.count, bytes[index] == UInt8(ascii: "&") { result += try reference() }
    }
    return try decoded(result[...])
  }

  private mutating func reference() throws(RemoteXML.Malformed) -> [UInt8] {
    let limit = min(bytes.count, index + 12)
    guard let end = bytes[index..<limit].firstIndex(of: UInt8(ascii: ";")) else {
      throw malformed("a & stands for nothing")
    }
    let name = try decoded(bytes[(index + 1)..<end])
    index = end + 1
    switch name {
    case "amp": return [UInt8(ascii: "&")]
    case "lt": return [UInt8(ascii: "<")]
    case "gt": return [UInt8(ascii: ">")]
    case "quot": return [UInt8(ascii: "\"")]
    case "apos": return [UInt8(ascii: "'")]
    default:
      let isHex = name.hasPrefix("#x")
      let number = isHex ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst(1))
      guard name.hasPrefix("#"), let number, let scalar = Unicode.Scalar(number) else {
        throw malformed("&\(name); is not known")
      }
      return Array(String(Character(scalar)).utf8)
    }
  }

  private func decoded(_ slice: ArraySlice<UInt8>) throws(RemoteXML.Malformed) -> String {
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw malformed("it is not UTF-8")
    }
    return text
  }

  private mutating func skips(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - index >= count else { return false }
    for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return false }
    index += count
    return true
  }

  private mutating func pass(to text: StaticString) throws(RemoteXML.Malformed) {
    while index < bytes.count {
      if skips(text) { return }
      index += 1
    }
    throw malformed("something that was begun does not end")
  }

  private mutating func passBlanks() {
    while index < bytes.count, Self.isBlank(bytes[index]) { index += 1 }
  }

  private func malformed(_ reason: String) -> RemoteXML.Malformed {
    RemoteXML.Malformed(reason: reason, byteOffset: index)
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
    default: "-._:".utf8.contains(byte)
    }
  }
}
