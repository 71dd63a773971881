// Cuts a statement into tokens, on bytes; knows strings, quoted identifiers, numbers and comments.

struct Token {
  enum Kind: Equatable {
    /// The text as written; keywords are identifiers here.
    case word(String)
    case quotedWord(String)
    case string(String)
    /// `X'65'`
    case binary([UInt8])
    case integer(String)
    case decimal(String)
    case double(String)
    case symbol(String)
    case end
  }

  var kind: Kind
  /// Byte offsets into the statement.
  var start: Int
  var end: Int

  /// The keyword a word may be, in upper case; empty for others.
  var keyword: String {
    if case .word(let text) = kind { return text.uppercased() }
    return ""
  }

  func isSymbol(_ text: String) -> Bool { kind == .symbol(text) }
}

struct SourceText {
  let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  /// 1-based line, and column in code points.
  func place(_ offset: Int) -> (line: Int, column: Int) {
    var line = 1
    var column = 1
    for byte in bytes.prefix(max(0, offset)) {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return (line, column)
  }

  func error(
    _ name: TrinoErrorName,
    _ text: String,
    at offset: Int,
    suggestions: [String] = [],
    advice: String? = nil
  ) -> TrinoSQLError {
    let place = place(offset)
    return TrinoSQLError(
      name,
      text,
      line: place.line,
      column: place.column,
      suggestions: suggestions,
      advice: advice
    )
  }

  func slice(_ start: Int, _ end: Int) -> String {
    String(decoding: bytes[max(0, start)..<min(max(start, end), bytes.count)], as: UTF8.self)
  }
}

struct Lexer {
  /// Longer statements are refused, like Trino's `query.max-length`.
  static let bytesMax = 1_000_000

  let source: SourceText
  private var index = 0

  init(_ source: SourceText) { self.source = source }

  static func tokens(_ source: SourceText) throws -> [Token] {
    guard source.bytes.count <= bytesMax else {
      throw TrinoSQLError(
        .syntaxError,
        "Query text length (\(source.bytes.count)) exceeds the maximum length (\(bytesMax))"
      )
    }
    var lexer = Lexer(source)
    var tokens: [Token] = []
    while true {
      let token = try lexer.next()
      tokens.append(token)
      if token.kind == .end { return tokens }
    }
  }

  private func byte(_ at: Int) -> UInt8 { at < source.bytes.count ? source.bytes[at] : 0 }

  private mutating func skipSpace() throws {
    while index < source.bytes.count {
      let current = byte(index)
      if current == 0x20 || (current >= 0x09 && current <= 0x0D) {
        index += 1
      } else if current == 0x2D, byte(index + 1) == 0x2D {
        while index < source.bytes.count, byte(index) != 0x0A { index += 1 }
      } else if current == 0x2F, byte(index + 1) == 0x2A {
        let start = index
        index += 2
        while index < source.bytes.count, !(byte(index) == 0x2A && byte(index + 1) == 0x2F) {
          index += 1
        }
        guard index < source.bytes.count else {
          throw source.error(
            .syntaxError,
            "unterminated comment",
            at: start,
            advice: "Close the comment with */."
          )
        }
        index += 2
      } else {
        return
      }
    }
  }

  private mutating func next() throws -> Token {
    try skipSpace()
    let start = index
    guard index < source.bytes.count else {
      return Token(kind: .end, start: start, end: start)
    }
    let current = byte(index)
    if current | 0x20 == 0x78, byte(index + 1) == 0x27 { return try binary(start) }
    if current | 0x20 == 0x75, byte(index + 1) == 0x26, byte(index + 2) == 0x27 {
      return try unicode(start)
    }
    if Self.isLetter(current) {
      while Self.isLetter(byte(index)) || Self.isDigit(byte(index)) { index += 1 }
      return Token(kind: .word(source.slice(start, index)), start: start, end: index)
    }
    if Self.isDigit(current) || (current == 0x2E && Self.isDigit(byte(index + 1))) {
      return try number(start)
    }
    if current == 0x27 {
      return Token(kind: .string(try quoted(0x27, "string literal")), start: start, end: index)
    }
    if current == 0x22 {
      let name = try quoted(0x22, "quoted identifier")
      guard !name.isEmpty else {
        throw source.error(.syntaxError, "Zero-length delimited identifier not allowed", at: start)
      }
      return Token(kind: .quotedWord(name), start: start, end: index)
    }
    return try symbol(start)
  }

  private mutating func symbol(_ start: Int) throws -> Token {
    let two = source.slice(start, start + 2)
    if ["<>", "<=", ">=", "!=", "||", "->", "=>"].contains(two) {
      index += 2
      return Token(kind: .symbol(two), start: start, end: index)
    }
    let one = byte(start)
    if "+-*/%=<>(),.;[]?:{}".utf8.contains(one) {
      index += 1
      return Token(kind: .symbol(source.slice(start, index)), start: start, end: index)
    }
    var end = start + 1
    while end < source.bytes.count, byte(end) & 0xC0 == 0x80 { end += 1 }
    var advice: String?
    if one == 0x60 {
      advice = "Quote identifiers with double quotes."
    } else if one >= 0x80 {
      advice = "Write a name with letters outside ASCII in double quotes."
    }
    throw source.error(
      .syntaxError,
      "mismatched input '\(source.slice(start, end))'",
      at: start,
      advice: advice
    )
  }

  /// `X'65 66'`: pairs of hexadecimal digits; spaces do not count.
  private mutating func binary(_ start: Int) throws -> Token {
    index += 1
    let digits = try quoted(0x27, "binary literal").utf8.filter { $0 != 0x20 }
    let values = digits.compactMap { Self.hexadecimal($0) }
    guard values.count == digits.count, values.count % 2 == 0 else {
      throw source.error(
        .invalidLiteral, "Binary literal can only contain pairs of hexadecimal digits", at: start)
    }
    let bytes = stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    return Token(kind: .binary(bytes), start: start, end: index)
  }

  /// `U&'\AC00'`: four hexadecimal digits after a backslash, or `+` and six.
  private mutating func unicode(_ start: Int) throws -> Token {
    index += 2
    let text = Array(try quoted(0x27, "string literal").unicodeScalars)
    let invalid = source.error(.syntaxError, "Invalid Unicode escape sequence", at: start)
    var result = ""
    var at = 0
    while at < text.count {
      guard text[at] == "\\" else {
        result.unicodeScalars.append(text[at])
        at += 1
        continue
      }
      if at + 1 < text.count, text[at + 1] == "\\" {
        result.unicodeScalars.append("\\")
        at += 2
        continue
      }
      let isLong = at + 1 < text.count && text[at + 1] == "+"
      let first = at + (isLong ? 2 : 1)
      let count = isLong ? 6 : 4
      guard first + count <= text.count else { throw invalid }
      var digits = ""
      for scalar in text[first..<first + count] { digits.unicodeScalars.append(scalar) }
      guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
        throw invalid
      }
      result.unicodeScalars.append(scalar)
      at = first + count
    }
    return Token(kind: .string(result), start: start, end: index)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - 0x30 }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter + 10 : nil
  }

  private mutating func number(_ start: Int) throws -> Token {
    if byte(index) == 0x30, let radix = [0x78: 16, 0x6F: 8, 0x62: 2][Int(byte(index + 1) | 0x20)] {
      return try radixNumber(start, radix)
    }
    var isDecimal = false
    while Self.isDigit(byte(index)) || (byte(index) == 0x5F && Self.isDigit(byte(index + 1))) {
      index += 1
    }
    if byte(index) == 0x2E {
      isDecimal = true
      index += 1
      while Self.isDigit(byte(index)) { index += 1 }
    }
    var isDouble = false
    if byte(index) | 0x20 == 0x65 {
      var after = index + 1
      if byte(after) == 0x2B || byte(after) == 0x2D { after += 1 }
      if Self.isDigit(byte(after)) {
        isDouble = true
        index = after
        while Self.isDigit(byte(index)) { index += 1 }
      }
    }
    if Self.isLetter(byte(index)) {
      throw source.error(
        .syntaxError,
        "identifiers must not start with a digit; surround the identifier with double quotes",
        at: start
      )
    }
    let text = source.slice(start, index).filter { $0 != "_" }
    let kind: Token.Kind = isDouble ? .double(text) : isDecimal ? .decimal(text) : .integer(text)
    return Token(kind: kind, start: start, end: index)
  }

  /// `0xFF`, `0o17`, `0b101`.
  private mutating func radixNumber(_ start: Int, _ radix: Int) throws -> Token {
    index += 2
    let first = index
    while Self.isLetter(byte(index)) || Self.isDigit(byte(index)) { index += 1 }
    let digits = source.slice(first, index).filter { $0 != "_" }
    guard let value = Int64(digits, radix: radix) else {
      throw source.error(
        .syntaxError, "Invalid numeric literal: \(source.slice(start, index))", at: start)
    }
    return Token(kind: .integer(String(value)), start: start, end: index)
  }

  /// The text between quotes; a doubled quote stands for one.
  private mutating func quoted(_ quote: UInt8, _ what: String) throws -> String {
    let start = index
    index += 1
    var content: [UInt8] = []
    while index < source.bytes.count {
      if byte(index) == quote {
        if byte(index + 1) == quote {
          content.append(quote)
          index += 2
          continue
        }
        index += 1
        return String(decoding: content, as: UTF8.self)
      }
      content.append(byte(index))
      index += 1
    }
    throw source.error(
      .syntaxError,
      "unterminated \(what)",
      at: start,
      advice: "Close it with \(quote == 0x27 ? "'" : "\"")."
    )
  }

  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == 0x5F }
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}
