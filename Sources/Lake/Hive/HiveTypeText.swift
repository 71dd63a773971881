// The types of columns in catalog files, spelled as SQL spells them: `array(row("at" timestamp(3)))`.

internal import Columnar

/// Between a type and its text.
enum HiveTypeText {
  /// Types in types; deeper ones are refused.
  static let depthMax = 32

  static func text(_ type: DataType) -> String {
    switch type {
    case .array(let element): "array(\(text(element)))"
    case .map(let key, let value): "map(\(text(key)), \(text(value)))"
    case .row(let fields):
      "row(" + fields.map { quoted($0.name) + " " + text($0.type) }.joined(separator: ", ") + ")"
    default: type.description
    }
  }

  /// nil where the text is no type that tables can have.
  static func type(_ text: String) -> DataType? {
    var reader = Reader(text: Array(text.utf8))
    guard let type = reader.type(depth: 0), reader.isAtEnd else { return nil }
    return type
  }

  /// True for what a Hive-style table can hold; a moment with a time zone is not among it.
  static func isPossible(_ type: DataType, depth: Int = 0) -> Bool {
    func inner(_ type: DataType) -> Bool { isPossible(type, depth: depth + 1) }
    switch type {
    case _ where depth >= depthMax: return false
    case .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal, .varchar,
      .char, .varbinary, .date:
      return true
    case .timestamp(let precision): return precision <= 9
    case .array(let element): return inner(element)
    case .map(let key, let value): return !key.isNested && inner(key) && inner(value)
    case .row(let fields):
      return !fields.isEmpty && fields.allSatisfy { !$0.name.isEmpty && inner($0.type) }
    default: return false
    }
  }

  private static func quoted(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }

  private struct Reader {
    let text: [UInt8]
    var place = 0

    var isAtEnd: Bool { place == text.count }

    private var current: UInt8? { place < text.count ? text[place] : nil }

    private mutating func take(_ symbol: Unicode.Scalar) -> Bool {
      while current == 0x20 { place += 1 }
      guard current == UInt8(ascii: symbol) else { return false }
      place += 1
      return true
    }

    private mutating func word() -> String {
      while current == 0x20 { place += 1 }
      let start = place
      while let byte = current, (0x61...0x7A).contains(byte) { place += 1 }
      return String(decoding: text[start..<place], as: UTF8.self)
    }

    private mutating func number() -> Int? {
      while current == 0x20 { place += 1 }
      let start = place
      while let byte = current, (0x30...0x39).contains(byte) { place += 1 }
      return Int(String(decoding: text[start..<place], as: UTF8.self))
    }

    /// Outer nil: no numbers where they have to stand.
    private mutating func numbers(_ count: ClosedRange<Int>) -> [Int]? {
      guard take("(") else { return count.contains(0) ? [] : nil }
      var found: [Int] = []
      repeat {
        guard let number = number() else { return nil }
        found.append(number)
      } while take(",")
      return take(")") && count.contains(found.count) ? found : nil
    }

    mutating func type(depth: Int) -> DataType? {
      guard depth < HiveTypeText.depthMax else { return nil }
      switch word() {
      case "boolean": return .boolean
      case "tinyint": return .tinyint
      case "smallint": return .smallint
      case "integer": return .integer
      case "bigint": return .bigint
      case "real": return .real
      case "double": return .double
      case "varbinary": return .varbinary
      case "date": return .date
      case "varchar": return numbers(0...1).map { .varchar(length: $0.first) }
      case "char": return numbers(1...1).map { .char(length: $0[0]) }
      case "decimal":
        return numbers(2...2).flatMap { digits in
          (1...DataType.decimalPrecisionMax).contains(digits[0]) && digits[1] <= digits[0]
            ? .decimal(precision: digits[0], scale: digits[1]) : nil
        }
      case "timestamp":
        return numbers(1...1).flatMap { $0[0] <= 9 ? .timestamp(precision: $0[0]) : nil }
      case "array":
        guard take("("), let element = type(depth: depth + 1), take(")") else { return nil }
        return .array(element)
      case "map":
        guard take("("), let key = type(depth: depth + 1), take(","),
          let value = type(depth: depth + 1), take(")")
        else { return nil }
        return .map(key: key, value: value)
      case "row": return row(depth: depth)
      default: return nil
      }
    }

    private mutating func row(depth: Int) -> DataType? {
      guard take("(") else { return nil }
      var fields: [Field] = []
      repeat {
        guard let name = name(), let type = type(depth: depth + 1) else { return nil }
        fields.append(Field(name, type))
      } while take(",")
      return take(")") ? .row(fields) : nil
    }

    /// A name in quotes, which stand twice inside it.
    private mutating func name() -> String? {
      guard take("\"") else { return nil }
      var bytes: [UInt8] = []
      while let byte = current {
        place += 1
        guard byte == UInt8(ascii: "\"") else {
          bytes.append(byte)
          continue
        }
        guard current == byte else { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(byte)
        place += 1
      }
      return nil
    }
  }
}
