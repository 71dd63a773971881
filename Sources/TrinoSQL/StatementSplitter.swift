/// Splits a text into statements at its semicolons, and tells what its end leaves open.
///
/// So a prompt knows whether to ask for another line. Semicolons in quotes and comments do not
/// count.
public enum StatementSplitter {
  /// What the text's end stands in.
  public enum OpenState: Sendable, Hashable {
    /// Nothing but space and comments after the last semicolon.
    case nothing
    /// A statement without its semicolon.
    case statement
    /// The number of parentheses not closed.
    case parentheses(Int)
    case quote
    case quotedIdentifier
    case comment
  }

  /// One statement and its place in the text.
  public struct Statement: Sendable, Hashable {
    /// Without the semicolon and the space around it.
    public var text: String
    /// Where `text` starts in the whole, in bytes of UTF-8.
    public var byteOffset: Int
  }

  /// The statements of a text and the state of its end.
  public struct Result: Sendable, Hashable {
    /// Statements that their semicolon ends.
    public var statements: [Statement]
    /// What follows the last semicolon, without space around it; nil where that is nothing.
    public var rest: Statement?
    public var open: OpenState
  }

  public static func split(_ text: String) -> Result {
    let bytes = Array(text.utf8)
    var statements: [Statement] = []
    var start = 0
    var hasContent = false
    var depth = 0
    var index = 0
    var open: OpenState?
    func at(_ place: Int) -> UInt8 { place < bytes.count ? bytes[place] : 0 }
    func statement(_ from: Int, _ to: Int) -> Statement {
      var lower = from
      var upper = to
      while lower < upper, bytes[lower] <= 0x20 { lower += 1 }
      while upper > lower, bytes[upper - 1] <= 0x20 { upper -= 1 }
      return Statement(
        text: String(decoding: bytes[lower..<upper], as: UTF8.self),
        byteOffset: lower
      )
    }
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case 0x27, 0x22:
        hasContent = true
        index += 1
        while index < bytes.count, bytes[index] != byte { index += 1 }
        if index >= bytes.count { open = byte == 0x27 ? .quote : .quotedIdentifier }
      case 0x2D where at(index + 1) == 0x2D:
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      case 0x2F where at(index + 1) == 0x2A:
        index += 2
        while index < bytes.count, !(bytes[index] == 0x2A && at(index + 1) == 0x2F) { index += 1 }
        if index >= bytes.count { open = .comment }
        index += 1
      case 0x28:
        hasContent = true
        depth += 1
      case 0x29:
        hasContent = true
        depth = max(0, depth - 1)
      case 0x3B:
        // A semicolon ends the statement even inside an open parenthesis: it can have no other
        // meaning there, and the parser then tells where the parenthesis is missing.
        if hasContent { statements.append(statement(start, index)) }
        start = index + 1
        hasContent = false
        depth = 0
      default: if byte > 0x20 { hasContent = true }
      }
      index += 1
    }
    let isOpen = hasContent || open != nil
    let rest = isOpen ? statement(min(start, bytes.count), bytes.count) : nil
    let state = open ?? (depth > 0 ? .parentheses(depth) : hasContent ? .statement : .nothing)
    return Result(statements: statements, rest: rest, open: state)
  }
}
