/// One JSON object, read flat: where each member's key and value stand in the given bytes.
///
/// This is the fast path of the collector and the lake: an event is validated once, byte for byte,
/// and only the members that somebody asks for are turned into values. Nested containers are
/// checked but not taken apart. The scanner keeps its array between calls, so that a warm one does
/// not allocate.
///
///     {"event_id":"0d…", "seq":17, "properties":{…}}
///       └ key ┘   └ value        └ value: the whole token, braces included
public struct JSONObjectScanner: Sendable {
  /// What a value is; `integer` is a number without fraction and exponent.
  public enum Kind: UInt8, Sendable {
    case null, bool, integer, number, string, array, object
  }

  /// One member as byte ranges into the bytes that were scanned.
  public struct Member: Sendable {
    /// The key between its quotes, escapes as written.
    public var key: Range<Int>
    public var keyHasEscapes: Bool
    /// A string between its quotes; any other value as its whole token.
    public var value: Range<Int>
    public var kind: Kind
    /// True for a string that has backslashes, so that its bytes are not its text.
    public var hasEscapes: Bool
  }

  /// The members in the order of the text. A key may stand twice; `index(of:in:)` finds the first.
  public private(set) var members: [Member] = []
  /// The members of the object that was opened, and its place among `members`; nil where there was none.
  public private(set) var inner: [Member] = []
  public private(set) var innerIndex: Int?

  public init() {}

  /// Reads the object that begins at `start`, and where its member `key` is an object, that one's
  /// members as well, in the same pass. Answers the position behind it; what follows is not looked at.
  ///
  /// Replaces `members`, `inner` and `innerIndex`. Only the first member of that name is opened, and
  /// only where its key is written without escapes. Throws `JSONSyntaxError`.
  public mutating func scanObject(
    _ bytes: UnsafeRawBufferPointer, in range: Range<Int>, opening key: StaticString
  ) throws(JSONSyntaxError) -> Int {
    members.removeAll(keepingCapacity: true)
    inner.removeAll(keepingCapacity: true)
    innerIndex = nil
    do {
      var cursor = try JSONCursor(bytes, in: range)
      try Self.readMembers(
        &cursor, bytes, depth: 1, into: &members, opening: key, inner: &inner, at: &innerIndex)
      return cursor.position
    } catch {
      members.removeAll(keepingCapacity: true)
      throw error
    }
  }

  /// Reads the object that fills `range`; white space may stand around it, nothing else.
  ///
  /// Replaces `members`. Cost: one pass, no allocation once the array has grown. Throws
  /// `JSONSyntaxError`, with `members` empty.
  public mutating func scan(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) throws {
    members.removeAll(keepingCapacity: true)
    do {
      try scanMembers(bytes, in: range)
    } catch {
      members.removeAll(keepingCapacity: true)
      throw error
    }
  }

  private mutating func scanMembers(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>
  ) throws(JSONSyntaxError) {
    inner.removeAll(keepingCapacity: true)
    innerIndex = nil
    var cursor = try JSONCursor(bytes, in: range)
    cursor.skipWhitespace()
    try Self.readMembers(
      &cursor, bytes, depth: 1, into: &members, opening: nil, inner: &inner, at: &innerIndex)
    try cursor.finish()
  }

  /// Reads the object at the cursor, inside which `depth` containers are open.
  private static func readMembers(
    _ cursor: inout JSONCursor,
    _ bytes: UnsafeRawBufferPointer,
    depth: Int,
    into members: inout [Member],
    opening key: StaticString?,
    inner: inout [Member],
    at innerIndex: inout Int?
  ) throws(JSONSyntaxError) {
    guard cursor.current == 0x7B else { throw cursor.failure("expected an object") }
    cursor.position += 1
    cursor.skipWhitespace()
    if cursor.current == 0x7D {
      cursor.position += 1
      return
    }
    while true {
      let name = try cursor.readKey()
      let start = cursor.position
      var kind = Kind.object
      var hasEscapes = false
      if let key, innerIndex == nil, cursor.current == 0x7B,
        isKey(key, bytes, name.range)
      {
        innerIndex = members.count
        var none: [Member] = []
        var noIndex: Int?
        try readMembers(
          &cursor, bytes, depth: depth + 1, into: &inner, opening: nil, inner: &none, at: &noIndex)
      } else {
        (kind, hasEscapes) = try cursor.skipValue(depth: depth)
      }
      let value =
        kind == .string ? (start + 1)..<(cursor.position - 1) : start..<cursor.position
      members.append(
        Member(
          key: name.range,
          keyHasEscapes: name.hasEscapes,
          value: value,
          kind: kind,
          hasEscapes: hasEscapes
        )
      )
      cursor.skipWhitespace()
      let byte = cursor.current
      if byte == 0x7D { break }
      guard byte == 0x2C else { throw cursor.failure("expected a comma or a closing brace") }
      cursor.position += 1
      cursor.skipWhitespace()
    }
    cursor.position += 1
  }

  @inline(__always)
  private static func isKey(
    _ key: StaticString, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> Bool {
    guard range.count == key.utf8CodeUnitCount else { return false }
    for index in 0..<range.count where bytes[range.lowerBound + index] != key.utf8Start[index] {
      return false
    }
    return true
  }

  /// The first member whose key is `key`, after unescaping; nil where there is none.
  public func index(of key: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
    let count = key.utf8CodeUnitCount
    let wanted = UnsafeRawBufferPointer(start: key.utf8Start, count: count)
    for index in members.indices {
      let member = members[index]
      if member.keyHasEscapes {
        let text = JSONText.unescaped(bytes, in: member.key)
        if text.utf8.elementsEqual(wanted) { return index }
      } else if member.key.count == count, member.key.upperBound <= bytes.count,
        areEqual(wanted, bytes, at: member.key.lowerBound)
      {
        return index
      }
    }
    return nil
  }

  /// The text of a string member, unescaped; of any other member, its token.
  public static func string(_ bytes: UnsafeRawBufferPointer, _ member: Member) -> String {
    guard member.value.upperBound <= bytes.count else { return "" }
    if member.hasEscapes { return JSONText.unescaped(bytes, in: member.value) }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[member.value]), as: UTF8.self)
  }

  /// The value of a number; nil for other kinds, for a fraction and beyond 64 bits.
  ///
  /// `3.0` and `3e2` are whole and are answered, up to 2^53.
  public static func integer(_ bytes: UnsafeRawBufferPointer, _ member: Member) -> Int64? {
    guard member.value.upperBound <= bytes.count else { return nil }
    switch member.kind {
    case .integer:
      return JSONText.integer(bytes, in: member.value)
    case .number:
      guard let value = double(bytes, member), value.magnitude <= 9_007_199_254_740_992 else {
        return nil
      }
      return Int64(exactly: value)
    default:
      return nil
    }
  }

  /// The value of a number, rounded to a double; nil for other kinds and beyond its range.
  public static func double(_ bytes: UnsafeRawBufferPointer, _ member: Member) -> Double? {
    guard member.kind == .integer || member.kind == .number, member.value.upperBound <= bytes.count
    else { return nil }
    return JSONText.double(bytes, in: member.value)
  }

  /// The value of `true` or `false`; nil for other kinds.
  public static func bool(_ bytes: UnsafeRawBufferPointer, _ member: Member) -> Bool? {
    guard member.kind == .bool, member.value.upperBound <= bytes.count else { return nil }
    return bytes[member.value.lowerBound] == 0x74
  }

  @inline(__always)
  private func areEqual(
    _ wanted: UnsafeRawBufferPointer,
    _ bytes: UnsafeRawBufferPointer,
    at offset: Int
  ) -> Bool {
    for index in 0..<wanted.count where wanted[index] != bytes[offset + index] { return false }
    return true
  }
}

/// The elements of a JSON array as byte ranges: how a batch is cut into events.
public struct JSONArrayScanner {
  /// Each element's bytes, without the white space around it; the whole array is validated.
  ///
  /// The array itself does not count towards the depth of its elements, so that an event is valid
  /// in a batch exactly where it is valid alone. Throws `JSONSyntaxError`.
  public static func elements(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>
  ) throws -> [Range<Int>] {
    var cursor = try JSONCursor(bytes, in: range)
    var elements: [Range<Int>] = []
    cursor.skipWhitespace()
    guard cursor.current == 0x5B else { throw cursor.failure("expected an array") }
    cursor.position += 1
    cursor.skipWhitespace()
    if cursor.current == 0x5D {
      cursor.position += 1
      try cursor.finish()
      return elements
    }
    while true {
      let start = cursor.position
      _ = try cursor.skipValue(depth: 0)
      elements.append(start..<cursor.position)
      cursor.skipWhitespace()
      let byte = cursor.current
      if byte == 0x5D { break }
      guard byte == 0x2C else { throw cursor.failure("expected a comma or a closing bracket") }
      cursor.position += 1
      cursor.skipWhitespace()
    }
    cursor.position += 1
    try cursor.finish()
    return elements
  }
}
