// Reads the small XML bodies of S3 requests by pulling: what may come next is said by who reads.
//
// 1. `read` opens the root element and checks that nothing follows it.
// 2. `child` answers the name of the next element inside the open one, or nil when that one ends.
// 3. `text` reads an element that holds text only.
//
// Safe by what it cannot do: no document type, no entities but the five of XML and numeric references,
// eight levels, a bounded size; no recursion, and memory of the size of the body. Namespaces are not
// looked at: names are local names. Comments and processing instructions are passed over. What is not
// understood is refused by name, with its line.
//
// Beyond XML 1.0 a numeric reference may name a control character, because keys may have them.

/// A pull reader over one document.
struct XMLReader {
  let bytes: [UInt8]
  var index = 0
  /// Where the names of the open elements stand, the outermost first.
  var open: [Range<Int>] = []
  /// The last start tag was `<Name/>`; its end has not been told yet.
  var isSelfClosed = false

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads a whole document whose outermost element is `root`; one of more than `bytesMax` bytes is
  /// refused unread.
  ///
  /// `content` reads what is inside: it is called with the root element open, and returns when that has
  /// ended. Throws `S3Error` of the code `malformedXML`, and whatever `content` throws.
  static func read<Value>(
    _ bytes: [UInt8],
    root: String,
    bytesMax: Int,
    _ content: (inout XMLReader) throws -> Value
  ) throws -> Value {
    guard bytes.count <= bytesMax else {
      throw S3Error(
        .maxMessageLengthExceeded,
        elements: ["MaxMessageLengthBytes": String(bytesMax)]
      )
    }
    var reader = XMLReader(bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.index = 3 }
    try reader.skipMiscellany()
    guard reader.index < bytes.count else { throw reader.malformed("the document is empty") }
    guard reader.next(is: "<") else { throw reader.malformed("an element is expected") }
    let name = try reader.startTag()
    guard name == root else {
      throw reader.malformed("the outermost element is <\(name)>, and should be <\(root)>")
    }
    let value = try content(&reader)
    try reader.skipMiscellany()
    guard reader.open.isEmpty, reader.index == bytes.count else {
      throw reader.malformed("something follows </\(root)>")
    }
    return value
  }

  /// Opens the next element inside the open one and answers its name; nil where the open one ends.
  mutating func child() throws -> String? {
    if endedAtOnce() { return nil }
    while true {
      skipWhitespace()
      guard index < bytes.count else { throw cutOff() }
      if next(is: "</") {
        try endTag()
        return nil
      }
      if try skipComment() { continue }
      guard next(is: "<"), !next(is: "<!") else {
        throw malformed("<\(openName)> holds elements, and no text")
      }
      return try startTag()
    }
  }

  /// The text of the open element, to its end.
  mutating func text() throws -> String {
    if endedAtOnce() { return "" }
    var collected: [UInt8] = []
    while true {
      let start = index
      while index < bytes.count, Self.isPlain(bytes[index]) { index += 1 }
      collected.append(contentsOf: bytes[start..<index])
      guard index < bytes.count else { throw cutOff() }
      switch bytes[index] {
      case UInt8(ascii: "<"):
        if next(is: "</") {
          let name = openName
          try endTag()
          guard let text = String(validating: collected, as: UTF8.self) else {
            throw malformed("the text of <\(name)> is not UTF-8")
          }
          return text
        }
        if try skipComment() { continue }
        guard next(is: "<![CDATA[") else { throw malformed("<\(openName)> holds text only") }
        let content = index + 9
        try skip(to: "]]>")
        collected.append(contentsOf: bytes[content..<(index - 3)])
      case UInt8(ascii: "&"): try appendReference(to: &collected)
      case 0x0D:
        // A line end of any kind is a line feed.
        collected.append(0x0A)
        index += index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
      default:
        let code = String(bytes[index], radix: 16)
        throw malformed("a control character stands in <\(openName)>; write it as &#x\(code);")
      }
    }
  }

  /// The same for an element that may stand once: `previous` is what was read of it before.
  mutating func text(onlyAfter previous: String?) throws -> String {
    guard previous == nil else { throw malformed("<\(openName)> stands twice") }
    return try text()
  }

  /// A whole number of at most `max` that may stand once.
  mutating func integer(onlyAfter previous: Int?, max: Int = Int(Int32.max)) throws -> Int {
    let name = openName
    guard previous == nil else { throw malformed("<\(name)> stands twice") }
    let text = try text().filter { !$0.isWhitespace }
    guard let value = Int(text), value <= max, value >= -max else {
      throw malformed("<\(name)> is \"\(text.prefix(40))\", and should be a whole number")
    }
    return value
  }

  /// `true` or `false`, which may stand once.
  mutating func flag(onlyAfter previous: Bool?) throws -> Bool {
    let name = openName
    guard previous == nil else { throw malformed("<\(name)> stands twice") }
    switch try text().filter({ !$0.isWhitespace }).lowercased() {
    case "true": return true
    case "false": return false
    default: throw malformed("<\(name)> is neither true nor false")
    }
  }

  // MARK: - Refusals

  func malformed(_ reason: String) -> S3Error {
    let line = bytes[..<min(index, bytes.count)].reduce(into: 1) { $0 += $1 == 0x0A ? 1 : 0 }
    return S3Error(
      .malformedXML,
      S3ErrorCode.malformedXML.defaultMessage + " (line \(line): \(reason))"
    )
  }

  /// For an element that is not known in its place: the one that was opened last.
  func unknown() -> S3Error {
    guard let place = open.dropLast().last else { return malformed("<\(openName)> is not known") }
    return malformed("<\(openName)> is not known in <\(name(at: place))>")
  }

  /// For an element of S3's that is not done here: the one that was opened last.
  func unsupported() -> S3Error {
    let place = open.dropLast().last.map { " in <\(name(at: $0))>" } ?? ""
    return S3Error.unsupported("<\(openName)>\(place)")
  }

  func cutOff() -> S3Error {
    malformed("the document ends inside <\(openName)>")
  }

  /// The local name of the element that was opened last and has not ended.
  var openName: String { open.last.map(name(at:)) ?? "the document" }

  func name(at range: Range<Int>) -> String {
    let name = bytes[range]
    let start = name.lastIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? name.startIndex
    return String(decoding: name[start...], as: UTF8.self)
  }
}
