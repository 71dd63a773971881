/// A JSON value as a tree: for properties, specifications and everything that is not a hot path.
///
/// Objects keep the order of their members and any key that stands twice; `subscript(key)` answers
/// the first. Whole numbers within 64 bits are `integer`; all others are `double`.
public indirect enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// One key with its value.
public struct JSONMember: Sendable, Hashable {
  public var key: String
  public var value: JSONValue

  public init(_ key: String, _ value: JSONValue) {
    self.key = key
    self.value = value
  }

  public init(key: String, value: JSONValue) {
    self.init(key, value)
  }
}

// MARK: - Reading

extension JSONValue {
  /// Reads one value that fills the bytes; throws `JSONSyntaxError`, also for a number beyond the
  /// range of a double.
  public init(parsing bytes: UnsafeRawBufferPointer) throws {
    var cursor = try JSONCursor(bytes, in: 0..<bytes.count)
    cursor.skipWhitespace()
    self = try JSONValue.read(bytes, &cursor, depth: 0)
    try cursor.finish()
  }

  /// Reads one value that fills the text; throws `JSONSyntaxError`.
  public init(parsing text: String) throws {
    var text = text
    self = try text.withUTF8 { try JSONValue(parsing: UnsafeRawBufferPointer($0)) }
  }

  /// Recursion is safe here: it stops at `JSONCursor.depthMax`.
  private static func read(
    _ bytes: UnsafeRawBufferPointer,
    _ cursor: inout JSONCursor,
    depth: Int
  ) throws(JSONSyntaxError) -> JSONValue {
    switch cursor.current {
    case 0x7B: return .object(try readMembers(bytes, &cursor, depth: depth + 1))
    case 0x5B: return .array(try readElements(bytes, &cursor, depth: depth + 1))
    default: break
    }
    let start = cursor.position
    let (kind, hasEscapes) = try cursor.skipValue(depth: depth)
    let token = start..<cursor.position
    switch kind {
    case .string:
      return .string(text(bytes, (start + 1)..<(cursor.position - 1), hasEscapes))
    case .bool:
      return .bool(bytes[start] == 0x74)
    case .integer, .number:
      if kind == .integer, let value = JSONText.integer(bytes, in: token) {
        return .integer(value)
      }
      guard let value = JSONText.double(bytes, in: token) else {
        throw JSONSyntaxError(byteOffset: start, reason: "the number is too large")
      }
      return .double(value)
    case .null, .array, .object:
      return .null
    }
  }

  private static func readMembers(
    _ bytes: UnsafeRawBufferPointer,
    _ cursor: inout JSONCursor,
    depth: Int
  ) throws(JSONSyntaxError) -> [JSONMember] {
    try open(&cursor, depth)
    var members: [JSONMember] = []
    if close(&cursor, 0x7D) { return members }
    while true {
      let key = try cursor.readKey()
      let value = try read(bytes, &cursor, depth: depth)
      members.append(JSONMember(text(bytes, key.range, key.hasEscapes), value))
      cursor.skipWhitespace()
      if close(&cursor, 0x7D) { return members }
      guard cursor.current == 0x2C else {
        throw cursor.failure("expected a comma or a closing brace")
      }
      cursor.position += 1
      cursor.skipWhitespace()
    }
  }

  private static func readElements(
    _ bytes: UnsafeRawBufferPointer,
    _ cursor: inout JSONCursor,
    depth: Int
  ) throws(JSONSyntaxError) -> [JSONValue] {
    try open(&cursor, depth)
    var elements: [JSONValue] = []
    if close(&cursor, 0x5D) { return elements }
    while true {
      elements.append(try read(bytes, &cursor, depth: depth))
      cursor.skipWhitespace()
      if close(&cursor, 0x5D) { return elements }
      guard cursor.current == 0x2C else {
        throw cursor.failure("expected a comma or a closing bracket")
      }
      cursor.position += 1
      cursor.skipWhitespace()
    }
  }

  private static func open(_ cursor: inout JSONCursor, _ depth: Int) throws(JSONSyntaxError) {
    guard depth <= JSONCursor.depthMax else {
      throw cursor.failure("more than \(JSONCursor.depthMax) containers are nested")
    }
    cursor.position += 1
    cursor.skipWhitespace()
  }

  private static func close(_ cursor: inout JSONCursor, _ bracket: UInt8) -> Bool {
    guard cursor.current == bracket else { return false }
    cursor.position += 1
    return true
  }

  private static func text(
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    _ hasEscapes: Bool
  ) -> String {
    if hasEscapes { return JSONText.unescaped(bytes, in: range) }
    return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }
}

// MARK: - Writing

extension JSONValue {
  /// Appends the value without white space. A double that is not finite has no JSON and becomes
  /// `null`.
  public func append(to output: inout [UInt8]) {
    switch self {
    case .null: JSONText.append(literal: "null", to: &output)
    case .bool(true): JSONText.append(literal: "true", to: &output)
    case .bool(false): JSONText.append(literal: "false", to: &output)
    case .integer(let value): JSONText.append(value, to: &output)
    case .double(let value):
      if value.isFinite {
        output.append(contentsOf: value.description.utf8)
      } else {
        JSONText.append(literal: "null", to: &output)
      }
    case .string(let text): JSONText.append(text, to: &output)
    case .array(let elements):
      output.append(0x5B)
      for index in elements.indices {
        if index > 0 { output.append(0x2C) }
        elements[index].append(to: &output)
      }
      output.append(0x5D)
    case .object(let members): members.appendJSON(to: &output)
    }
  }

  /// The value as compact JSON.
  public var text: String {
    var output: [UInt8] = []
    append(to: &output)
    return String(decoding: output, as: UTF8.self)
  }
}

extension [JSONMember] {
  /// Appends the members as one object, braces included.
  public func appendJSON(to output: inout [UInt8]) {
    output.append(0x7B)
    for index in indices {
      if index > 0 { output.append(0x2C) }
      JSONText.append(self[index].key, to: &output)
      output.append(0x3A)
      self[index].value.append(to: &output)
    }
    output.append(0x7D)
  }

  /// The value of the first member with this key; nil where there is none.
  public subscript(key: String) -> JSONValue? {
    first { $0.key == key }?.value
  }
}

// MARK: - Looking inside

extension JSONValue {
  /// The value of an object's first member with this key; nil for every other value.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  public var integer: Int64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The value of either kind of number.
  public var double: Double? {
    switch self {
    case .double(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  public var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  public var object: [JSONMember]? {
    guard case .object(let members) = self else { return nil }
    return members
  }
}
