/// One XML document, written from front to back into one buffer.
///
/// Text is escaped as S3 does it. What XML 1.0 cannot carry at all, such as most control characters,
/// becomes a numeric reference that strict parsers refuse: S3 does the same, and clients that may meet
/// such keys ask for `encoding-type=url`. A carriage return is a reference too, or it would be read
/// back as a line feed.
struct XMLWriter {
  private(set) var bytes: [UInt8] = []

  /// - Parameter capacity: bytes that the document is expected to have.
  init(capacity: Int) {
    bytes.reserveCapacity(capacity)
    append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
  }

  mutating func open(_ name: StaticString) {
    append("<")
    append(name)
    append(">")
  }

  /// Opens the outermost element, in S3's namespace.
  mutating func openRoot(_ name: StaticString) {
    append("<")
    append(name)
    append(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">")
  }

  mutating func close(_ name: StaticString) {
    append("</")
    append(name)
    append(">")
  }

  mutating func element(_ name: StaticString, _ text: String) {
    open(name)
    self.text(text)
    close(name)
  }

  mutating func element(_ name: StaticString, ifPresent text: String?) {
    if let text { element(name, text) }
  }

  mutating func element(_ name: StaticString, _ number: Int) {
    element(name, String(number))
  }

  mutating func element(_ name: StaticString, _ flag: Bool) {
    open(name)
    append(flag ? "true" : "false")
    close(name)
  }

  /// A moment, in milliseconds since the Unix epoch.
  mutating func element(_ name: StaticString, moment: Int64) {
    open(name)
    WireDate.append(iso8601: moment, to: &bytes)
    close(name)
  }

  /// A key or a part of one, in the encoding that the client asked for.
  mutating func element(_ name: StaticString, _ key: String, _ encoding: KeyEncoding) {
    open(name)
    switch encoding {
    case .plain: text(key)
    case .url: PercentEncoding.append(listed: key, to: &bytes)
    }
    close(name)
  }

  /// An entity tag, which stands in quotes.
  mutating func element(_ name: StaticString, entityTag: String) {
    open(name)
    append("&quot;")
    text(entityTag)
    append("&quot;")
    close(name)
  }

  /// An element whose name is known at run time only; it must be a name.
  mutating func element(named name: String, _ text: String) {
    bytes.append(UInt8(ascii: "<"))
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: ">"))
    self.text(text)
    append("</")
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: ">"))
  }

  /// Bytes that need no escape.
  mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  mutating func text(_ text: String) {
    var copy = text
    copy.withUTF8 { appendEscaped($0) }
  }

  private mutating func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
    var written = 0
    var index = 0
    while index < utf8.count {
      let byte = utf8[index]
      // Nearly every byte: above `>`, and no beginning of U+FFFE or U+FFFF.
      if byte > 0x3E, byte != 0xEF {
        index += 1
        continue
      }
      var length = 1
      var reference: UInt32 = 0
      switch byte {
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""): break
      case 0x09, 0x0A: length = 0
      case 0..<0x20: reference = UInt32(byte)
      case 0xEF where index + 2 < utf8.count && utf8[index + 1] == 0xBF && utf8[index + 2] >= 0xBE:
        length = 3
        reference = 0xFFC0 + UInt32(utf8[index + 2] & 0x3F)
      default: length = 0
      }
      guard length > 0 else {
        index += 1
        continue
      }
      bytes.append(contentsOf: utf8[written..<index])
      switch byte {
      case UInt8(ascii: "<"): append("&lt;")
      case UInt8(ascii: ">"): append("&gt;")
      case UInt8(ascii: "&"): append("&amp;")
      case UInt8(ascii: "\""): append("&quot;")
      default:
        append("&#x")
        bytes.append(contentsOf: String(reference, radix: 16).utf8)
        append(";")
      }
      index += length
      written = index
    }
    bytes.append(contentsOf: utf8[written...])
  }
}
