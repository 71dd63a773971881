// Cuts a terminal's input into characters, control characters and escape sequences, a byte at a
// time, as the state machine of a VT500 does.

/// The reader of escape sequences of `TerminalScreen`.
struct EscapeParser: Sendable {
  /// `ESC [ parameters final`.
  struct Sequence: Sendable, Hashable {
    /// Whether a `?`, `>`, `=` or `<` came first.
    var isPrivate: Bool
    /// nil where a parameter was left out.
    var parameters: [Int?]
    var final: Unicode.Scalar
    /// The sequence without its `ESC [`.
    var text: String
  }

  enum Action: Sendable, Hashable {
    case print(Unicode.Scalar)
    case control(UInt8)
    case escape(UInt8, intermediates: [UInt8])
    case sequence(Sequence)
  }

  private enum State {
    case ground
    case escape([UInt8])
    case sequence([UInt8])
    /// Titles and the like, to BEL or `ESC \`.
    case string(sawEscape: Bool)
  }

  private var state = State.ground
  private var pending: [UInt8] = []

  /// What one more byte completes.
  mutating func take(_ byte: UInt8) -> [Action] {
    switch state {
    case .ground: return takeText(byte)
    case .escape(let intermediates): return takeEscape(byte, intermediates)
    case .sequence(let body): return takeSequence(byte, body)
    case .string(let sawEscape):
      if byte == 0x07 || (sawEscape && byte == UInt8(ascii: "\\")) {
        state = .ground
      } else {
        state = .string(sawEscape: byte == 0x1B)
      }
      return []
    }
  }

  private mutating func takeText(_ byte: UInt8) -> [Action] {
    if pending.isEmpty {
      if byte == 0x1B {
        state = .escape([])
        return []
      }
      if byte < 0x20 || byte == 0x7F { return [.control(byte)] }
      if byte < 0x80 { return [.print(Unicode.Scalar(byte))] }
    } else if byte & 0xC0 != 0x80 {
      pending = []
      return [.print("\u{FFFD}")] + takeText(byte)
    }
    pending.append(byte)
    let length = pending[0] >= 0xF0 ? 4 : pending[0] >= 0xE0 ? 3 : pending[0] >= 0xC2 ? 2 : 1
    guard pending.count >= length else { return [] }
    let text = String(decoding: pending, as: UTF8.self)
    pending = []
    return text.unicodeScalars.map { .print($0) }
  }

  private mutating func takeEscape(_ byte: UInt8, _ intermediates: [UInt8]) -> [Action] {
    switch byte {
    case UInt8(ascii: "[") where intermediates.isEmpty: state = .sequence([])
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"):
      state = .string(sawEscape: false)
    case 0x20...0x2F: state = .escape(intermediates + [byte])
    case 0x1B: state = .escape([])
    case 0..<0x20: return [.control(byte)]
    default:
      state = .ground
      return [.escape(byte, intermediates: intermediates)]
    }
    return []
  }

  private mutating func takeSequence(_ byte: UInt8, _ body: [UInt8]) -> [Action] {
    switch byte {
    case 0x40...0x7E:
      state = .ground
      return [.sequence(EscapeParser.sequence(body, final: byte))]
    case 0x1B:
      state = .escape([])
      return []
    case 0..<0x20: return [.control(byte)]
    default:
      state = .sequence(body + [byte])
      return []
    }
  }

  private static func sequence(_ body: [UInt8], final: UInt8) -> Sequence {
    let isPrivate = body.first.map { (0x3C...0x3F).contains($0) } ?? false
    let numbers = body.drop { (0x3C...0x3F).contains($0) }
    let parameters = numbers.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      .map { Int(String(decoding: $0, as: UTF8.self)) }
    return Sequence(
      isPrivate: isPrivate,
      parameters: parameters,
      final: Unicode.Scalar(final),
      text: String(decoding: body + [final], as: UTF8.self)
    )
  }
}
