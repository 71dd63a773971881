// The format of the catalogue's files and of the placeholders in a text.

/// Cuts a file of texts into keys and texts, on bytes.
enum CatalogueParser {
  struct Result {
    var entries: [String: String] = [:]
    var findings: [CatalogueFinding] = []
  }

  private struct Entry {
    var key: String
    var text: [UInt8]
    var line: Int
    /// Empty lines seen since the text; they belong to it only if it continues below them.
    var emptyLines = 0
    /// Whether the text begins on the next line.
    var isUnbegun: Bool
  }

  /// Never fails: what is no entry becomes a finding, and of two equal keys the first counts.
  static func parse(_ bytes: [UInt8], file: String) -> Result {
    var result = Result()
    var entry: Entry?
    var number = 0
    var start = 0
    while start < bytes.count {
      number += 1
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      var line = bytes[start..<end]
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      start = end + 1
      take(line, number, file, &entry, &result)
    }
    finish(&entry, file, &result)
    return result
  }

  private static func take(
    _ line: ArraySlice<UInt8>,
    _ number: Int,
    _ file: String,
    _ entry: inout Entry?,
    _ result: inout Result
  ) {
    let space = UInt8(ascii: " ")
    if line.allSatisfy({ $0 == space }) {
      entry?.emptyLines += 1
    } else if line.count > 2, line.prefix(2).allSatisfy({ $0 == space }), entry != nil {
      continueEntry(with: line.dropFirst(2), &entry)
    } else if line.first == UInt8(ascii: "#") {
      finish(&entry, file, &result)
    } else {
      finish(&entry, file, &result)
      entry = begin(line, number)
      if entry == nil {
        let text = String(decoding: line, as: UTF8.self)
        result.findings.append(
          CatalogueFinding(.notAnEntry, key: text, place: "\(file):\(number)")
        )
      }
    }
  }

  private static func begin(_ line: ArraySlice<UInt8>, _ number: Int) -> Entry? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
      return nil
    }
    let key = line[..<colon]
    let isKey = key.allSatisfy {
      ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A)
        || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
    }
    var text = line[(colon + 1)...]
    guard isKey, text.isEmpty || text.first == UInt8(ascii: " ") else { return nil }
    text = text.dropFirst()
    return Entry(
      key: String(decoding: key, as: UTF8.self),
      text: Array(text),
      line: number,
      isUnbegun: text.isEmpty
    )
  }

  private static func continueEntry(with text: ArraySlice<UInt8>, _ entry: inout Entry?) {
    guard var open = entry else { return }
    entry = nil
    if !open.isUnbegun {
      open.text += [UInt8](repeating: UInt8(ascii: "\n"), count: open.emptyLines + 1)
    }
    open.text += text
    open.isUnbegun = false
    open.emptyLines = 0
    entry = open
  }

  private static func finish(_ entry: inout Entry?, _ file: String, _ result: inout Result) {
    guard let open = entry else { return }
    entry = nil
    let place = "\(file):\(open.line)"
    if result.entries[open.key] != nil {
      result.findings.append(CatalogueFinding(.duplicateKey, key: open.key, place: place))
      return
    }
    if let text = String(validating: open.text, as: UTF8.self) {
      result.entries[open.key] = text
    } else {
      result.findings.append(CatalogueFinding(.notUTF8, key: open.key, place: place))
      result.entries[open.key] = String(decoding: open.text, as: UTF8.self)
    }
  }
}

/// A text cut at its placeholders.
enum CatalogueTemplate {
  enum Piece: Equatable {
    case literal(String)
    /// A name, and the forms after `|` if there are any.
    case placeholder(name: Substring, forms: Substring?)
    /// Braces that are no placeholder, as they stand.
    case malformed(String)
  }

  /// The pieces in order; `{{` and `}}` are literal braces.
  static func pieces(of text: String) -> [Piece] {
    var pieces: [Piece] = []
    var literal = ""
    var rest = text[...]
    func flush() {
      if !literal.isEmpty { pieces.append(.literal(literal)) }
      literal = ""
    }
    while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      literal += rest[..<brace]
      let character = rest[brace]
      rest = rest[brace...].dropFirst()
      if rest.first == character {
        literal.append(character)
        rest = rest.dropFirst()
        continue
      }
      flush()
      guard character == "{", let close = rest.firstIndex(of: "}") else {
        pieces.append(.malformed(String(character)))
        continue
      }
      pieces.append(placeholder(rest[..<close]))
      rest = rest[close...].dropFirst()
    }
    literal += rest
    flush()
    return pieces
  }

  private static func placeholder(_ body: Substring) -> Piece {
    let bar = body.firstIndex(of: "|")
    let name = body[..<(bar ?? body.endIndex)]
    let isName =
      !name.isEmpty
      && name.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A)
          || $0 == UInt8(ascii: "_")
      }
    guard isName else { return .malformed("{\(body)}") }
    guard let bar else { return .placeholder(name: name, forms: nil) }
    let forms = body[bar...].dropFirst()
    guard forms.contains("/") else { return .malformed("{\(body)}") }
    return .placeholder(name: name, forms: forms)
  }

  /// The names of the placeholders in a text.
  static func names(in text: String) -> Set<String> {
    var names: Set<String> = []
    for case .placeholder(let name, _) in pieces(of: text) { names.insert(String(name)) }
    return names
  }

  static func findings(
    key: String,
    _ text: String,
    language: Language,
    file: String
  ) -> [CatalogueFinding] {
    pieces(of: text).compactMap { piece in
      switch piece {
      case .literal, .placeholder(_, nil): return nil
      case .malformed(let source):
        return CatalogueFinding(.malformedPlaceholder(source), key: key, place: file)
      case .placeholder(_, let forms?):
        let isKorean = KoreanParticle.pairs.contains(String(forms))
        let hasHangul = forms.unicodeScalars.contains { $0.value >= 0x1100 }
        let isKnown = language == .ko ? isKorean : !hasHangul
        return isKnown
          ? nil : CatalogueFinding(.unknownParticle(String(forms)), key: key, place: file)
      }
    }
  }
}
