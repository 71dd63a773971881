// JSON as bytes: the encodings that FORMAT JSON ENCODING names.

public import Columnar

/// How a JSON text is written in bytes; the wider ones have the low byte first.
public enum SQLJSONEncoding: String, Sendable, Hashable, CaseIterable {
  case utf8 = "UTF8"
  case utf16 = "UTF16"
  case utf32 = "UTF32"

  /// The text; what is no text of the encoding becomes U+FFFD.
  func text(_ bytes: [UInt8]) -> String {
    func units(of width: Int) -> [UInt32] {
      stride(from: 0, to: bytes.count, by: width).map { start in
        guard start + width <= bytes.count else { return 0xFFFD }
        return (0..<width).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
      }
    }
    switch self {
    case .utf8: return String(decoding: bytes, as: UTF8.self)
    case .utf16:
      return String(decoding: units(of: 2).map { UInt16(truncatingIfNeeded: $0) }, as: UTF16.self)
    case .utf32:
      var text = String.UnicodeScalarView()
      text.append(contentsOf: units(of: 4).map { Unicode.Scalar($0) ?? "\u{FFFD}" })
      return String(text)
    }
  }

  func bytes(_ text: String) -> [UInt8] {
    switch self {
    case .utf8: Array(text.utf8)
    case .utf16: text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    case .utf32:
      text.unicodeScalars.flatMap { scalar in
        (0..<4).map { UInt8(truncatingIfNeeded: scalar.value >> (8 * UInt32($0))) }
      }
    }
  }

  /// A column of texts as `varbinary`; NULL stays NULL.
  public func bytes(_ texts: ColumnVector) -> ColumnVector {
    let builder = ColumnBuilder(type: .varbinary, capacity: texts.count)
    for row in 0..<texts.count {
      if case .text(let text) = texts.scalar(row) {
        builder.append(.binary(bytes(text)))
      } else {
        builder.appendNull()
      }
    }
    return builder.finish()
  }
}

extension Scalar {
  /// A JSON text, from characters or bytes; nil for other values.
  func jsonText(_ encoding: SQLJSONEncoding) -> String? {
    switch self {
    case .text(let text): text
    case .binary(let bytes): encoding.text(bytes)
    default: nil
    }
  }
}
