// `format('%5.2f of %s', x, y)`: the format strings of Java's Formatter, read once and filled per row.

/// A value for a format, with its text for `%s`.
public struct FormatArgument: Sendable {
  public enum Value: Sendable, Hashable {
    case null, text
    case whole(Int128)
    case decimal(unscaled: Int128, scale: Int)
    case double(Double)
    case boolean(Bool)
    /// The wall clock in microseconds since 1970.
    case clock(Int64)
  }

  public var value: Value
  public var text: String

  public init(_ value: Value, text: String) {
    self.value = value
    self.text = text
  }
}

/// A format string taken apart.
public struct JavaFormat: Sendable {
  private enum Part: Sendable {
    case literal(String)
    case field(Field)
  }

  private struct Field: Sendable {
    /// From 0.
    var argument = 0
    var flags: Set<Character> = []
    var width = 0
    var precision: Int?
    var conversion: Character = "s"
    /// The letter after `t`.
    var clockField: Character = " "
    var isUpper = false
    var source = ""
  }

  private var parts: [Part] = []

  /// Throws `invalidArgument` for a format that Java refuses too, or that is not known here.
  public init(_ pattern: String) throws {
    var rest = Substring(pattern)
    var ordinary = 0
    var last = 0
    func refuse(_ text: Substring) -> KernelError {
      .invalidArgument("Invalid format string: \(pattern) (\(text))")
    }
    while let mark = rest.firstIndex(of: "%") {
      if mark > rest.startIndex { parts.append(.literal(String(rest[..<mark]))) }
      let begin = mark
      rest = rest[rest.index(after: mark)...]
      var field = Field()
      var chosen: Int?
      func number() -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.count < 6 else { return nil }
        rest = rest.dropFirst(digits.count)
        return Int(digits)
      }
      let before = rest
      if rest.first != "0", let value = number() {
        if rest.first == "$" {
          rest = rest.dropFirst()
          chosen = value - 1
        } else {
          rest = before
        }
      } else if rest.first == "<" {
        rest = rest.dropFirst()
        chosen = last
      }
      while let flag = rest.first, "-#+ 0,(".contains(flag) {
        guard field.flags.insert(flag).inserted else { throw refuse(rest) }
        rest = rest.dropFirst()
      }
      if let width = number() { field.width = width }
      if rest.first == "." {
        rest = rest.dropFirst()
        guard let precision = number() else { throw refuse(rest) }
        field.precision = precision
      }
      guard field.width <= 10_000, (field.precision ?? 0) <= 1_000, let letter = rest.first else {
        throw refuse(rest)
      }
      rest = rest.dropFirst()
      field.isUpper = letter.isUppercase
      field.conversion = Character(letter.lowercased())
      if field.conversion == "t" {
        guard let clock = rest.first else { throw refuse(rest) }
        field.clockField = clock
        rest = rest.dropFirst()
      }
      field.source = String(pattern[begin..<rest.startIndex])
      switch field.conversion {
      case "n":
        parts.append(.literal("\n"))
        continue
      case "%":
        field.argument = -1
        parts.append(.field(field))
        continue
      case "s", "d", "x", "o", "f", "e", "g", "b", "c", "t", "h": break
      default: throw refuse(Substring(field.source))
      }
      if let chosen {
        field.argument = chosen
      } else {
        field.argument = ordinary
        ordinary += 1
      }
      last = field.argument
      parts.append(.field(field))
    }
    if !rest.isEmpty { parts.append(.literal(String(rest))) }
  }

  /// The text for some arguments.
  ///
  /// Throws `invalidArgument` for a missing argument, and for one that its field does not take.
  public func text(_ arguments: [FormatArgument]) throws -> String {
    var result = ""
    for part in parts {
      switch part {
      case .literal(let text): result += text
      case .field(let field):
        if field.argument == -1 {
          result += Self.padded("%", field)
          continue
        }
        guard arguments.indices.contains(field.argument) else {
          throw KernelError.invalidArgument(
            "Invalid format string: Format specifier '\(field.source)'")
        }
        let text = try Self.text(field, arguments[field.argument])
        result += Self.padded(field.isUpper ? text.uppercased() : text, field)
      }
    }
    return result
  }

  private static func padded(_ text: String, _ field: Field) -> String {
    let missing = field.width - text.unicodeScalars.count
    guard missing > 0 else { return text }
    let blanks = String(repeating: " ", count: missing)
    return field.flags.contains("-") ? text + blanks : blanks + text
  }

  private static func text(_ field: Field, _ argument: FormatArgument) throws -> String {
    func mismatch() -> KernelError {
      .invalidArgument("Invalid format string: \(field.source) (\(argument.text))")
    }
    func cut(_ text: String) -> String {
      guard let precision = field.precision else { return text }
      return String(String.UnicodeScalarView(text.unicodeScalars.prefix(precision)))
    }
    if field.conversion == "b" {
      switch argument.value {
      case .null: return cut("false")
      case .boolean(let value): return cut(value ? "true" : "false")
      default: return cut("true")
      }
    }
    if case .null = argument.value { return cut("null") }
    switch field.conversion {
    case "s": return cut(argument.text)
    case "d":
      guard case .whole(let value) = argument.value else { throw mismatch() }
      return signed(value < 0, grouped("\(value.magnitude)", field), field)
    case "x", "o":
      guard case .whole(let value) = argument.value else { throw mismatch() }
      // As Java prints a long: two's complement.
      let bits = UInt64(bitPattern: Int64(truncatingIfNeeded: value))
      var text = String(bits, radix: field.conversion == "x" ? 16 : 8)
      if field.flags.contains("#") { text = (field.conversion == "x" ? "0x" : "0") + text }
      if field.flags.contains("0") {
        text = String(repeating: "0", count: max(0, field.width - text.count)) + text
      }
      return text
    case "f", "e", "g":
      var number: DecimalDigits
      switch argument.value {
      case .double(let value):
        guard value.isFinite else {
          let name = value.isNaN ? "NaN" : "Infinity"
          return value < 0 ? "-" + name : field.flags.contains("+") && !value.isNaN ? "+" + name : name
        }
        number = DecimalDigits(value)
      case .decimal(let unscaled, let scale): number = DecimalDigits(unscaled: unscaled, scale: scale)
      default: throw mismatch()
      }
      return decimal(&number, field)
    case "c":
      switch argument.value {
      case .text where argument.text.unicodeScalars.count == 1: return argument.text
      case .whole(let value):
        guard let scalar = UInt32(exactly: value).flatMap({ Unicode.Scalar($0) }) else {
          throw mismatch()
        }
        return String(scalar)
      default: throw mismatch()
      }
    case "t":
      guard case .clock(let micros) = argument.value,
        let format = clockFormats[field.clockField]
      else { throw mismatch() }
      var bytes: [UInt8] = []
      (try DateTimeFormat(joda: format)).append(micros, offset: 0, zone: "UTC", to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    default: throw mismatch()
    }
  }

  /// Java's fields of dates as Joda's patterns.
  private static let clockFormats: [Character: String] = [
    "Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "e": "d", "B": "MMMM", "b": "MMM", "h": "MMM",
    "A": "EEEE", "a": "EEE", "H": "HH", "k": "H", "I": "hh", "l": "h", "M": "mm", "S": "ss",
    "L": "SSS", "j": "DDD", "F": "yyyy-MM-dd", "T": "HH:mm:ss", "R": "HH:mm", "D": "MM/dd/yy",
    "r": "hh:mm:ss a",
  ]

  private static func decimal(_ number: inout DecimalDigits, _ field: Field) -> String {
    var conversion = field.conversion
    var precision = field.precision ?? 6
    if conversion == "g" {
      precision = max(1, precision)
      var rounded = number
      rounded.round(toPlaces: precision - rounded.exponent)
      let isPlain =
        rounded.digits.isEmpty || (rounded.exponent > -4 && rounded.exponent <= precision)
      conversion = isPlain ? "f" : "e"
      precision =
        isPlain ? max(0, precision - (rounded.digits.isEmpty ? 1 : rounded.exponent)) : precision - 1
    }
    if conversion == "f" {
      number.round(toPlaces: precision)
      let fraction = precision > 0 ? "." + number.fractionText(precision) : ""
      return signed(
        number.isNegative, grouped(number.wholeText, field) + fraction, field)
    }
    number.round(toPlaces: precision + 1 - number.exponent)
    let isZero = number.digits.isEmpty
    let power = isZero ? 0 : number.exponent - 1
    number.exponent = 1
    let fraction = precision > 0 ? "." + number.fractionText(precision) : ""
    let digits = "\(abs(power))"
    let shown =
      number.wholeText + fraction + "e" + (power < 0 ? "-" : "+")
      + (digits.count < 2 ? "0" : "") + digits
    return signed(number.isNegative, shown, field)
  }

  private static func grouped(_ digits: String, _ field: Field) -> String {
    guard field.flags.contains(",") else { return digits }
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// With its sign, and zeros up to the width where they are asked for.
  private static func signed(_ isNegative: Bool, _ magnitude: String, _ field: Field) -> String {
    let isInParentheses = isNegative && field.flags.contains("(")
    let sign =
      isInParentheses
      ? "(" : isNegative ? "-" : field.flags.contains("+") ? "+" : field.flags.contains(" ") ? " " : ""
    let end = isInParentheses ? ")" : ""
    var zeros = ""
    if field.flags.contains("0") {
      zeros = String(
        repeating: "0", count: max(0, field.width - sign.count - magnitude.count - end.count))
    }
    return sign + zeros + magnitude + end
  }
}
