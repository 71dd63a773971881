// Walks one JSON object by its bytes: checks the grammar, and notes where wanted values lie.
//
// Strings are passed over eight bytes at a time. Wanted paths are a tree of names; where an object is
// wanted, each of its names is looked for first where it came in the line before.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where a value lies in its line.
struct JSONSpan {
  enum Kind: UInt8 { case missing, null, yes, no, number, text, escapedText, object, array }
  var kind = Kind.missing
  var begin = 0
  var end = 0
}

/// What is wrong with a line.
struct JSONLineFailure: Error {
  /// From 0.
  var place: Int
  var reason: String
}

/// The first newline at or after `start`.
func firstNewline(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
  guard let base = bytes.baseAddress, start < bytes.count,
    let found = memchr(base + start, 0x0A, bytes.count - start)
  else { return nil }
  return UnsafeRawPointer(found) - base
}

struct JSONLineScanner {
  /// A name on the way to wanted values.
  private struct Node {
    var name: [UInt8]
    /// The column whose value this is; -1: one of its members is wanted.
    var column = -1
    var children: [Int] = []
    /// The columns at or below it.
    var columns: [Int] = []
    /// The child that is looked at first for the next name.
    var next = 0
  }

  private var nodes = [Node(name: [])]
  /// By column, of the last line.
  private(set) var spans: [JSONSpan]
  private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  private var place = 0

  static let depthMax = 512

  init(_ paths: [[String]]) throws {
    spans = [JSONSpan](repeating: JSONSpan(), count: paths.count)
    for (column, path) in paths.enumerated() {
      var node = 0
      for step in path {
        let name = Array(step.utf8)
        if let child = nodes[node].children.first(where: { nodes[$0].name == name }) {
          node = child
        } else {
          nodes.append(Node(name: name))
          nodes[node].children.append(nodes.count - 1)
          node = nodes.count - 1
        }
        nodes[node].columns.append(column)
      }
      guard !path.isEmpty, nodes[node].column < 0, nodes[node].children.isEmpty else {
        throw Self.overlap(path)
      }
      nodes[node].column = column
    }
    for node in nodes where node.column >= 0 && !node.children.isEmpty {
      throw Self.overlap([String(decoding: node.name, as: UTF8.self)])
    }
  }

  private static func overlap(_ path: [String]) -> KernelError {
    .invalidArgument(
      "two columns read \(path.joined(separator: ".")), or one reads inside the other")
  }

  /// Walks a line and fills `spans`; what is wrong with it instead.
  mutating func scan(_ line: UnsafeRawBufferPointer) -> JSONLineFailure? {
    bytes = line
    place = 0
    for index in spans.indices { spans[index].kind = .missing }
    defer { bytes = UnsafeRawBufferPointer(start: nil, count: 0) }
    do {
      if let wrong = firstWrongUTF8(line) {
        throw JSONLineFailure(place: wrong, reason: "bytes that are no UTF-8")
      }
      skipSpace()
      guard current == 0x7B else { throw fail("the line is no JSON object") }
      try object(0, 1)
      skipSpace()
      guard place == bytes.count else { throw fail("something after the object") }
      return nil
    } catch let failure as JSONLineFailure {
      return failure
    } catch {
      return JSONLineFailure(place: place, reason: "\(error)")
    }
  }

  private func fail(_ reason: String) -> JSONLineFailure {
    JSONLineFailure(place: min(place, max(0, bytes.count - 1)), reason: reason)
  }

  /// The byte here; 0 at the end, which no value begins with.
  @inline(__always)
  private var current: UInt8 { place < bytes.count ? bytes[place] : 0 }

  @inline(__always)
  private mutating func skipSpace() {
    while place < bytes.count {
      let byte = bytes[place]
      guard byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A else { return }
      place += 1
    }
  }

  /// An object of a node whose members are wanted, or of none (-1).
  private mutating func object(_ node: Int, _ depth: Int) throws {
    guard depth <= Self.depthMax else { throw fail("nested deeper than \(Self.depthMax)") }
    place += 1
    skipSpace()
    if current == 0x7D {
      place += 1
      return
    }
    while true {
      guard current == 0x22 else { throw fail("a name in quotes is missing") }
      let begin = place + 1
      let isEscaped = try string()
      let child = node >= 0 ? find(node, begin..<place - 1, isEscaped) : -1
      skipSpace()
      guard current == 0x3A else { throw fail("a colon is missing") }
      place += 1
      skipSpace()
      if child >= 0 {
        try wanted(child, depth)
      } else {
        _ = try value(depth)
      }
      skipSpace()
      if current == 0x2C {
        place += 1
        skipSpace()
        continue
      }
      guard current == 0x7D else { throw fail("a comma or } is missing") }
      place += 1
      return
    }
  }

  /// The child of a node by name; -1 where nobody wants it.
  @inline(__always)
  private mutating func find(_ node: Int, _ range: Range<Int>, _ isEscaped: Bool) -> Int {
    let count = nodes[node].children.count
    if isEscaped {
      var name: [UInt8] = []
      unescapeJSON(UnsafeRawBufferPointer(rebasing: bytes[range]), to: &name)
      return nodes[node].children.first { nodes[$0].name == name } ?? -1
    }
    var slot = nodes[node].next
    for _ in 0..<count {
      if slot >= count { slot = 0 }
      let child = nodes[node].children[slot]
      if nodes[child].name.count == range.count, equals(child, range) {
        nodes[node].next = slot + 1
        return child
      }
      slot += 1
    }
    return -1
  }

  @inline(__always)
  private func equals(_ child: Int, _ range: Range<Int>) -> Bool {
    nodes[child].name.withUnsafeBytes { name in
      guard let a = name.baseAddress, let b = bytes.baseAddress else { return name.isEmpty }
      return memcmp(a, b + range.lowerBound, range.count) == 0
    }
  }

  private mutating func wanted(_ child: Int, _ depth: Int) throws {
    let column = nodes[child].column
    if column >= 0 {
      let begin = place
      let kind = try value(depth)
      spans[column] = JSONSpan(kind: kind, begin: begin, end: place)
      return
    }
    // A name that came before says nothing any more.
    for column in nodes[child].columns { spans[column].kind = .missing }
    if current == 0x7B {
      try object(child, depth + 1)
    } else {
      _ = try value(depth)
    }
  }

  /// Passes over any value.
  private mutating func value(_ depth: Int) throws -> JSONSpan.Kind {
    switch current {
    case 0x22: return try string() ? .escapedText : .text
    case 0x7B:
      try object(-1, depth + 1)
      return .object
    case 0x5B:
      try array(depth + 1)
      return .array
    case UInt8(ascii: "t"):
      try word("true")
      return .yes
    case UInt8(ascii: "f"):
      try word("false")
      return .no
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    default:
      try number()
      return .number
    }
  }

  private mutating func array(_ depth: Int) throws {
    guard depth <= Self.depthMax else { throw fail("nested deeper than \(Self.depthMax)") }
    place += 1
    skipSpace()
    if current == 0x5D {
      place += 1
      return
    }
    while true {
      _ = try value(depth)
      skipSpace()
      if current == 0x2C {
        place += 1
        skipSpace()
        continue
      }
      guard current == 0x5D else { throw fail("a comma or ] is missing") }
      place += 1
      return
    }
  }

  private mutating func word(_ text: StaticString) throws {
    guard place + text.utf8CodeUnitCount <= bytes.count, let base = bytes.baseAddress,
      memcmp(base + place, text.utf8Start, text.utf8CodeUnitCount) == 0
    else { throw fail("no JSON value") }
    place += text.utf8CodeUnitCount
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private mutating func number() throws {
    if current == 0x2D { place += 1 }
    if current == 0x30 {
      place += 1
    } else {
      guard try digits() > 0 else { throw fail("no JSON value") }
    }
    if current == 0x2E {
      place += 1
      guard try digits() > 0 else { throw fail("a digit is missing") }
    }
    if current | 0x20 == 0x65 {
      place += 1
      if current == 0x2B || current == 0x2D { place += 1 }
      guard try digits() > 0 else { throw fail("a digit is missing") }
    }
    // A number ends at what may follow a value.
    switch current {
    case 0x2C, 0x7D, 0x5D, 0x20, 0x09, 0x0D, 0x0A: return
    default: if place < bytes.count { throw fail("no JSON number") }
    }
  }

  @inline(__always)
  private mutating func digits() throws -> Int {
    let start = place
    while place < bytes.count, bytes[place] &- 0x30 <= 9 { place += 1 }
    return place - start
  }

  /// Passes over a string, whose opening quote is here; true where it has escapes.
  private mutating func string() throws -> Bool {
    place += 1
    var isEscaped = false
    while true {
      skipPlainText()
      guard place < bytes.count else { throw fail("a string is not closed") }
      switch bytes[place] {
      case 0x22:
        place += 1
        return isEscaped
      case 0x5C:
        isEscaped = true
        try escape()
      case 0..<0x20: throw fail("a control character in a string")
      default: place += 1
      }
    }
  }

  /// Moves to the first quote, backslash or control character, or near the end of the line.
  @inline(__always)
  private mutating func skipPlainText() {
    guard let base = bytes.baseAddress else { return }
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    while place + 8 <= bytes.count {
      let word = UInt64(littleEndian: (base + place).loadUnaligned(as: UInt64.self))
      let quotes = word ^ 0x2222_2222_2222_2222
      let slashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
      let isQuote = (quotes &- ones) & ~quotes
      let isSlash = (slashes &- ones) & ~slashes
      let isControl = (word &- 0x2020_2020_2020_2020) & ~word
      let hits = (isQuote | isSlash | isControl) & tops
      if hits != 0 {
        // The lowest hit is a true one; those above may be carried over from it.
        place += hits.trailingZeroBitCount >> 3
        return
      }
      place += 8
    }
  }

  private mutating func escape() throws {
    guard place + 1 < bytes.count else { throw fail("a string is not closed") }
    switch bytes[place + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      place += 2
    case UInt8(ascii: "u"):
      let high = try codeUnit()
      guard (0xD800..<0xE000).contains(high) else { return }
      guard high < 0xDC00, place + 1 < bytes.count, bytes[place] == 0x5C,
        bytes[place + 1] == UInt8(ascii: "u"), (0xDC00..<0xE000).contains(try codeUnit())
      else { throw fail("half of a surrogate pair") }
    default: throw fail("an unknown escape")
    }
  }

  /// Passes over `\uXXXX` and gives what it says.
  private mutating func codeUnit() throws -> UInt32 {
    guard place + 6 <= bytes.count else { throw fail("an escape without four digits") }
    var value: UInt32 = 0
    for index in place + 2..<place + 6 {
      let byte = bytes[index]
      let digit = byte <= 0x39 ? byte &- 0x30 : (byte | 0x20) &- 0x57
      guard byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 < 6 else {
        throw fail("an escape without four digits")
      }
      value = value << 4 | UInt32(digit)
    }
    place += 6
    return value
  }
}
