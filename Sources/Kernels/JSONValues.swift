// JSON texts taken apart and put together: json_parse, json_extract, json_size and their kind.

public import Columnar

/// One JSON value as a tree; objects keep their members in order.
public indirect enum JSONValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// As it is written.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// One `"name": value`.
  public struct Member: Sendable, Hashable {
    public var name: String
    public var value: JSONValue
  }

  /// nil where the text is no JSON, or is nested more than 512 deep.
  public init?(parsing text: String) {
    var reader = JSONReader(Array(text.utf8))
    guard let value = reader.document() else { return nil }
    self = value
  }

  /// Without spaces; members sorted by name, as Trino's json type has them, where `isSorted`.
  public func text(isSorted: Bool) -> String {
    var out = ""
    write(to: &out, isSorted)
    return out
  }

  private func write(to out: inout String, _ isSorted: Bool) {
    switch self {
    case .null: out += "null"
    case .boolean(let value): out += value ? "true" : "false"
    case .number(let text): out += text
    case .string(let text): out += Self.quoted(text)
    case .array(let items):
      out += "["
      for (index, item) in items.enumerated() {
        if index > 0 { out += "," }
        item.write(to: &out, isSorted)
      }
      out += "]"
    case .object(let members):
      out += "{"
      let ordered = isSorted ? members.sorted { $0.name < $1.name } : members
      for (index, member) in ordered.enumerated() {
        if index > 0 { out += "," }
        out += Self.quoted(member.name) + ":"
        member.value.write(to: &out, isSorted)
      }
      out += "}"
    }
  }

  /// The text as a JSON string.
  public static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{08}": out += "\\b"
      case "\u{0C}": out += "\\f"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16, uppercase: true)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }

  /// The value at a path; nil where there is none.
  func value(at path: JSONPath) -> JSONValue? {
    var current = self
    for step in path.steps {
      switch (step, current) {
      case (.member(let name), .object(let members)):
        let wanted = String(decoding: name, as: UTF8.self)
        guard let member = members.first(where: { $0.name == wanted }) else { return nil }
        current = member.value
      case (.element(let index), .array(let items)):
        guard index < items.count else { return nil }
        current = items[index]
      default: return nil
      }
    }
    return current
  }
}

/// Reads a JSON text by recursive descent.
private struct JSONReader {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() -> JSONValue? {
    guard let value = value(0) else { return nil }
    skipSpace()
    return index == bytes.count ? value : nil
  }

  private mutating func skipSpace() {
    while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index += 1 }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    skipSpace()
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func word(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard index + wanted.count <= bytes.count,
      Array(bytes[index..<index + wanted.count]) == wanted
    else { return false }
    index += wanted.count
    return true
  }

  private mutating func value(_ depth: Int) -> JSONValue? {
    skipSpace()
    guard index < bytes.count, depth < 512 else { return nil }
    switch bytes[index] {
    case 0x7B: return object(depth)
    case 0x5B: return array(depth)
    case 0x22: return string().map { .string($0) }
    case 0x74: return word("true") ? .boolean(true) : nil
    case 0x66: return word("false") ? .boolean(false) : nil
    case 0x6E: return word("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func object(_ depth: Int) -> JSONValue? {
    index += 1
    var members: [JSONValue.Member] = []
    if accept(0x7D) { return .object([]) }
    repeat {
      skipSpace()
      guard index < bytes.count, bytes[index] == 0x22, let name = string(), accept(0x3A),
        let value = value(depth + 1)
      else { return nil }
      if let known = members.firstIndex(where: { $0.name == name }) {
        members[known].value = value
      } else {
        members.append(JSONValue.Member(name: name, value: value))
      }
    } while accept(0x2C)
    return accept(0x7D) ? .object(members) : nil
  }

  private mutating func array(_ depth: Int) -> JSONValue? {
    index += 1
    var items: [JSONValue] = []
    if accept(0x5D) { return .array([]) }
    repeat {
      guard let item = value(depth + 1) else { return nil }
      items.append(item)
    } while accept(0x2C)
    return accept(0x5D) ? .array(items) : nil
  }

  private mutating func number() -> JSONValue? {
    let start = index
    func isDigit(_ at: Int) -> Bool { at < bytes.count && bytes[at] &- 0x30 < 10 }
    if index < bytes.count, bytes[index] == 0x2D { index += 1 }
    let first = index
    while isDigit(index) { index += 1 }
    guard index > first, bytes[first] != 0x30 || index == first + 1 else { return nil }
    if index < bytes.count, bytes[index] == 0x2E {
      guard isDigit(index + 1) else { return nil }
      index += 1
      while isDigit(index) { index += 1 }
    }
    if index < bytes.count, bytes[index] | 0x20 == 0x65 {
      index += 1
      if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
      guard isDigit(index) else { return nil }
      while isDigit(index) { index += 1 }
    }
    return .number(String(decoding: bytes[start..<index], as: UTF8.self))
  }

  private mutating func string() -> String? {
    index += 1
    var out: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == 0x22 { return String(decoding: out, as: UTF8.self) }
      if byte < 0x20 { return nil }
      guard byte == 0x5C else {
        out.append(byte)
        continue
      }
      guard index < bytes.count else { return nil }
      let kind = bytes[index]
      index += 1
      switch kind {
      case 0x22, 0x5C, 0x2F: out.append(kind)
      case 0x62: out.append(0x08)
      case 0x66: out.append(0x0C)
      case 0x6E: out.append(0x0A)
      case 0x72: out.append(0x0D)
      case 0x74: out.append(0x09)
      case 0x75:
        guard var unit = hexadecimal() else { return nil }
        if unit >= 0xD800, unit < 0xDC00, index + 1 < bytes.count, bytes[index] == 0x5C,
          bytes[index + 1] == 0x75
        {
          index += 2
          guard let low = hexadecimal(), low >= 0xDC00, low < 0xE000 else { return nil }
          unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
        }
        // Half of a surrogate pair stands for nothing.
        guard let scalar = Unicode.Scalar(unit) else { return nil }
        out += Array(String(scalar).utf8)
      default: return nil
      }
    }
    return nil
  }

  private mutating func hexadecimal() -> UInt32? {
    guard index + 4 <= bytes.count else { return nil }
    let text = String(decoding: bytes[index..<index + 4], as: UTF8.self)
    index += 4
    return text.contains("+") || text.contains("-") ? nil : UInt32(text, radix: 16)
  }
}

/// `json_parse`: the text as json; throws where it is none.
public func parseJSON(_ text: ColumnVector) throws -> ColumnVector {
  try mapRows([text], count: text.count, to: .json) { row, builder in
    let given = text.string(row)
    guard let value = JSONValue(parsing: given) else {
      throw KernelError.invalidArgument("Cannot convert value to JSON: '\(given)'")
    }
    builder.append(value.text(isSorted: true))
  }
}

/// A function of JSON texts, which may be json or varchar; nil results and broken texts are NULL.
public func mapJSON(
  _ columns: [ColumnVector], to type: DataType, _ body: (JSONValue, Int) -> Scalar?
) -> ColumnVector {
  mapRows(columns, count: columns[0].count, to: type) { row, builder in
    guard let value = JSONValue(parsing: columns[0].string(row)), let made = body(value, row) else {
      builder.appendNull()
      return
    }
    builder.append(made)
  }
}

/// `json_extract`: the value at a path, as json.
public func extractJSON(_ json: ColumnVector, _ path: JSONPath) -> ColumnVector {
  mapJSON([json], to: .json) { value, _ in
    value.value(at: path).map { .text($0.text(isSorted: true)) }
  }
}

/// `json_size`: members of an object, elements of an array, 0 for scalars.
public func sizeOfJSON(_ json: ColumnVector, _ path: JSONPath) -> ColumnVector {
  mapJSON([json], to: .bigint) { value, _ in
    switch value.value(at: path) {
    case .object(let members): .integer(Int64(members.count))
    case .array(let items): .integer(Int64(items.count))
    case nil: nil
    default: .integer(0)
    }
  }
}

/// `json_array_length`; NULL for what is no array.
public func arrayLengthOfJSON(_ json: ColumnVector) -> ColumnVector {
  mapJSON([json], to: .bigint) { value, _ in
    guard case .array(let items) = value else { return nil }
    return .integer(Int64(items.count))
  }
}

/// `json_array_get`: the element at a position from 0, or from the end where it is negative.
public func arrayElementOfJSON(_ json: ColumnVector, _ position: ColumnVector) -> ColumnVector {
  mapJSON([json, position], to: .json) { value, row in
    guard case .array(let items) = value else { return nil }
    let wanted = position.wholeNumber(row)
    let index = wanted < 0 ? Int64(items.count) + wanted : wanted
    guard index >= 0, index < Int64(items.count), items[Int(index)] != .null else { return nil }
    return .text(items[Int(index)].text(isSorted: true))
  }
}

/// `json_array_contains`: the array has the value, given as a JSON scalar's text.
public func arrayOfJSONContains(
  _ json: ColumnVector, _ values: ColumnVector, _ scalar: (Scalar) -> JSONValue?
) -> ColumnVector {
  mapJSON([json, values], to: .boolean) { value, row in
    guard case .array(let items) = value, let wanted = scalar(values.scalar(row)) else { return nil }
    return .boolean(
      items.contains { item in
        if case .number(let a) = item, case .number(let b) = wanted { return Double(a) == Double(b) }
        return item == wanted
      })
  }
}

/// `is_json_scalar`
public func isJSONScalar(_ json: ColumnVector) -> ColumnVector {
  mapJSON([json], to: .boolean) { value, _ in
    switch value {
    case .array, .object: .boolean(false)
    default: .boolean(true)
    }
  }
}
