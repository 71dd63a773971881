// One item of a path's sequence.

public import Columnar

/// One item of the sequence a path gives: JSON as it was read, or a value of SQL, which a literal of
/// the path, an argument or arithmetic made.
///
/// They are told apart because SQL's values keep their types: `1.10` of a path is a decimal, where
/// the same number of a document is a double, and a date has no JSON at all.
public enum SQLJSONItem: Sendable, Hashable {
  case json(JSONValue)
  /// Never `.null`: that is JSON's null.
  case value(Scalar, DataType)

  static func text(_ text: String) -> SQLJSONItem { .value(.text(text), .varchar) }
  static func whole(_ value: Int) -> SQLJSONItem { .value(.integer(Int64(value)), .integer) }

  var elements: [JSONValue]? {
    if case .json(.array(let elements)) = self { return elements }
    return nil
  }

  var members: [JSONValue.Member]? {
    if case .json(.object(let members)) = self { return members }
    return nil
  }

  /// The text of a JSON string or of a text of SQL.
  var text: String? {
    switch self {
    case .json(.string(let text)): text
    case .value(.text(let text), .varchar): text
    case .value(let scalar, let type): type.isCharacters ? scalarText(scalar, type) : nil
    default: nil
    }
  }

  /// What `type()` gives.
  var typeName: String {
    switch self {
    case .json(.null): return "null"
    case .json(.boolean): return "boolean"
    case .json(.number): return "number"
    case .json(.string): return "string"
    case .json(.array): return "array"
    case .json(.object): return "object"
    case .value(_, let type):
      switch type {
      case .boolean: return "boolean"
      case .date: return "date"
      case .time: return "time without time zone"
      case .timestamp: return "timestamp without time zone"
      case .timestampWithTimeZone: return "timestamp with time zone"
      default: return type.isNumeric ? "number" : "string"
      }
    }
  }

  /// The item as JSON; nil for a value that JSON has no form for, such as a date.
  var json: JSONValue? {
    switch self {
    case .json(let value): return value.withReadNumbers
    case .value(.boolean(let value), _): return .boolean(value)
    case .value(let scalar, let type):
      if type.isCharacters { return .string(scalarText(scalar, type)) }
      guard type.isNumeric else { return nil }
      if case .double(let number) = scalar, !number.isFinite {
        return .string(scalarText(scalar, type))
      }
      return .number(scalarText(scalar, type))
    }
  }

  /// The item as a value of SQL with its type, which is `unknown` for JSON's null; nil for arrays
  /// and objects. Throws `SQLJSONPathFault` for a number without a type of SQL.
  func sqlValue() throws -> (Scalar, DataType)? {
    switch self {
    case .value(let scalar, let type): return (scalar, type)
    case .json(.null): return (.null, .unknown)
    case .json(.boolean(let value)): return (.boolean(value), .boolean)
    case .json(.string(let text)): return (.text(text), .varchar)
    case .json(.number):
      guard let number = try SQLJSONNumber(self) else { return nil }
      return (number.scalar, number.type)
    case .json(.array), .json(.object): return nil
    }
  }
}

extension DataType {
  fileprivate var isCharacters: Bool {
    switch self {
    case .varchar, .char: true
    default: false
    }
  }
}

extension JSONValue {
  /// With the numbers as they were read: whole ones as they are written, others as doubles.
  var withReadNumbers: JSONValue {
    switch self {
    case .null, .boolean, .string: return self
    case .number(let text):
      guard text.utf8.contains(where: { $0 == 0x2E || $0 == 0x65 || $0 == 0x45 }),
        let number = Double(text)
      else { return text == "-0" ? .number("0") : self }
      return number.isFinite
        ? .number(scalarText(.double(number), .double))
        : .string(scalarText(.double(number), .double))
    case .array(let items): return .array(items.map(\.withReadNumbers))
    case .object(let members):
      return .object(members.map { Member(name: $0.name, value: $0.value.withReadNumbers) })
    }
  }
}
