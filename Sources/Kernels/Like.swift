public import Columnar

/// A compiled pattern of LIKE over UTF-8: `%` stands for any text, `_` for one code point.
///
/// `like` compiles a constant pattern once a batch and any other once a row. Matching backtracks to
/// the last `%` only, so that no pattern is exponential.
public struct LikePattern: Sendable, Hashable {
  enum Piece: Hashable, Sendable {
    case literal([UInt8])
    case anyOne
    case anyText
  }

  let pieces: [Piece]

  /// Throws where the escape is not one code point, or does not stand before `%`, `_` or itself.
  public init(_ pattern: UnsafeRawBufferPointer, escape: UnsafeRawBufferPointer?) throws {
    var pieces: [Piece] = []
    var literal: [UInt8] = []
    func isEscape(at index: Int) -> Bool {
      guard let escape, index + escape.count <= pattern.count else { return false }
      return compareBytes(
        UnsafeRawBufferPointer(rebasing: pattern[index..<index + escape.count]),
        escape
      ) == 0
    }
    if let escape, codePointCount(escape) != 1 {
      throw KernelError.invalidArgument("Escape string must be a single character")
    }
    var index = 0
    while index < pattern.count {
      if let escape, isEscape(at: index) {
        let next = index + escape.count
        if next < pattern.count, pattern[next] == 0x25 || pattern[next] == 0x5F {
          literal.append(pattern[next])
          index = next + 1
        } else if isEscape(at: next) {
          literal.append(contentsOf: escape)
          index = next + escape.count
        } else {
          throw KernelError.invalidArgument(
            "Escape character must be followed by '%', '_' or the escape character itself"
          )
        }
        continue
      }
      let byte = pattern[index]
      if byte == 0x25 || byte == 0x5F {
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        literal = []
        if byte == 0x5F {
          pieces.append(.anyOne)
        } else if pieces.last != .anyText {
          pieces.append(.anyText)
        }
      } else {
        literal.append(byte)
      }
      index += 1
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    self.pieces = pieces
  }

  /// Whether the whole of `text` matches.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    var piece = 0
    var index = 0
    var retryPiece = -1
    var retryIndex = 0
    while true {
      var failed = false
      if piece == pieces.count {
        if index == text.count { return true }
        failed = true
      } else {
        switch pieces[piece] {
        case .anyText:
          if piece == pieces.count - 1 { return true }
          retryPiece = piece
          retryIndex = index
          piece += 1
          continue
        case .anyOne:
          if index < text.count {
            index += 1
            while index < text.count, text[index] & 0xC0 == 0x80 { index += 1 }
            piece += 1
          } else {
            failed = true
          }
        case .literal(let bytes):
          let end = index + bytes.count
          let same =
            end <= text.count
            && bytes.withUnsafeBytes {
              compareBytes($0, UnsafeRawBufferPointer(rebasing: text[index..<end])) == 0
            }
          if same {
            index = end
            piece += 1
          } else {
            failed = true
          }
        }
      }
      if failed {
        guard retryPiece >= 0, retryIndex < text.count else { return false }
        retryIndex += 1
        while retryIndex < text.count, text[retryIndex] & 0xC0 == 0x80 { retryIndex += 1 }
        index = retryIndex
        piece = retryPiece + 1
      }
    }
  }
}

/// `text LIKE pattern [ESCAPE escape]`; NULL where any is NULL.
public func like(
  _ text: ColumnVector,
  _ pattern: ColumnVector,
  escape: ColumnVector?
) throws -> ColumnVector {
  let source = text.plain
  let patterns = pattern.plain
  let escapes = escape?.plain
  let count = text.count
  let validity = mergedValidity([source, patterns] + (escapes.map { [$0] } ?? []), count: count)
  let lane = TextLane(source)
  let patternLane = TextLane(patterns)
  let escapeLane = escapes.map { TextLane($0) }
  let isFixed = patterns.isConstant && (escapes?.isConstant ?? true)
  if isFixed, count > 0, !patterns.isNull(0), !(escapes?.isNull(0) ?? false),
    let segments = LikeSegments(try LikePattern(patternLane[0], escape: escapeLane?[0]))
  {
    return makeFixed(.boolean, count, validity, as: UInt8.self) { out in
      segments.match(lane, count: count, validity: validity, into: out)
    }
  }
  var compiled: LikePattern?
  return try makeFixed(.boolean, count, validity, as: UInt8.self) { out in
    for row in 0..<count {
      if let validity, !validity.isValid(row) { continue }
      let current: LikePattern
      if let compiled, isFixed {
        current = compiled
      } else {
        current = try LikePattern(patternLane[row], escape: escapeLane?[row])
        compiled = current
      }
      out[row] = current.matches(lane[row]) ? 1 : 0
    }
  }
}
