// Types as they are written, conversions, and time zones.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  private static let simpleTypes: [String: TrinoType] = [
    "boolean": .boolean, "tinyint": .tinyint, "smallint": .smallint, "integer": .integer,
    "int": .integer, "bigint": .bigint, "real": .real, "double": .double, "json": .json,
    "varbinary": .varbinary, "date": .date, "uuid": .uuid, "unknown": .unknown,
    "hyperloglog": .hyperLogLog,
    "interval day to second": .intervalDayToSecond,
    "interval year to month": .intervalYearToMonth,
  ]

  func type(_ syntax: TypeSyntax) throws -> TrinoType {
    let numbers = syntax.numbers
    func types(_ count: Int) throws -> [TrinoType] {
      let found = try syntax.parameters.map { parameter -> TrinoType in
        guard case .type(let inner) = parameter else {
          throw error(.typeNotFound, "Unknown type: \(syntax.name)", syntax.offset)
        }
        return try type(inner)
      }
      guard found.count == count else {
        throw error(
          .typeNotFound, "\(syntax.name) needs \(count) types in parentheses", syntax.offset)
      }
      return found
    }
    if let simple = Self.simpleTypes[syntax.name] {
      guard syntax.parameters.isEmpty else {
        throw error(.typeNotFound, "Unknown type: \(syntax.name)(…)", syntax.offset)
      }
      return simple
    }
    switch syntax.name {
    case "varchar":
      if let length = numbers.first, length < 0 || length > 2_147_483_646 {
        throw error(.typeNotFound, "Invalid VARCHAR length \(length)", syntax.offset)
      }
      return .varchar(numbers.first)
    case "char":
      let length = numbers.first ?? 1
      guard (0...65_536).contains(length) else {
        throw error(.typeNotFound, "CHAR length must be in range [0, 65536]", syntax.offset)
      }
      return .char(length)
    case "decimal", "numeric", "dec":
      let precision = numbers.first ?? 38
      let scale = numbers.count > 1 ? numbers[1] : 0
      guard (1...38).contains(precision), (0...precision).contains(scale) else {
        throw error(
          .invalidFunctionArgument,
          "DECIMAL precision must be in range [1, 38] and scale in [0, precision]",
          syntax.offset
        )
      }
      return .decimal(precision: precision, scale: scale)
    case "time", "timestamp":
      let digits = numbers.first ?? 3
      guard (0...12).contains(digits) else {
        throw error(
          .invalidFunctionArgument,
          "\(syntax.name.uppercased()) precision must be in range [0, 12]: \(digits)",
          syntax.offset
        )
      }
      if syntax.name == "time" {
        guard syntax.hasTimeZone != true else {
          throw error(
            .notSupported, "The type time with time zone is not supported", syntax.offset,
            advice: "Use timestamp with time zone.")
        }
        return .time(precision: digits)
      }
      return syntax.hasTimeZone == true
        ? .timestampWithTimeZone(precision: digits, session.timeZone)
        : .timestamp(precision: digits)
    case "array": return .array(try types(1)[0])
    case "map":
      let inner = try types(2)
      guard inner[0].isComparable else {
        throw error(.typeMismatch, "A map's key must be comparable: \(inner[0])", syntax.offset)
      }
      return .map(key: inner[0], value: inner[1])
    case "row":
      guard !syntax.parameters.isEmpty else {
        throw error(.typeNotFound, "A row type needs fields", syntax.offset)
      }
      return .row(
        try syntax.parameters.map { parameter in
          switch parameter {
          case .field(let name, let inner): TrinoType.RowField(name.text, try type(inner))
          case .type(let inner): TrinoType.RowField(nil, try type(inner))
          case .number:
            throw error(.typeNotFound, "Unknown type: row(…)", syntax.offset)
          }
        }
      )
    case "ipaddress", "number", "tdigest", "qdigest", "geometry":
      throw error(
        .notSupported,
        "The type \(syntax.name) is not supported",
        syntax.offset
      )
    default:
      throw error(
        .typeNotFound,
        "Unknown type: \(syntax.name)",
        syntax.offset,
        suggestions: nearestNames(
          to: syntax.name,
          among: Array(Self.simpleTypes.keys) + [
            "varchar", "char", "decimal", "time", "timestamp", "array", "map", "row",
          ]
        )
      )
    }
  }

  func zone(_ text: String, _ offset: Int) throws -> SessionZone {
    guard let zone = SessionZone(parsing: text) else {
      throw error(
        .invalidFunctionArgument,
        "'\(text)' is not a valid time zone",
        offset,
        advice: "Write a name such as 'Asia/Seoul', or an offset such as '+09:00'."
      )
    }
    return zone
  }

  mutating func atTimeZone(
    _ value: ExpressionSyntax,
    _ zone: ExpressionSyntax,
    _ scope: Scope
  ) throws -> Typed {
    let operand = try expression(value, scope)
    return try atTimeZone(operand, try expression(zone, scope), value.start, zone.start)
  }

  /// A moment, or a wall clock of the session's zone, as it is shown in another zone.
  func atTimeZone(
    _ operand: Typed, _ zone: Typed, _ offset: Int, _ zoneOffset: Int
  ) throws -> Typed {
    guard case .text(let name)? = zone.constant else {
      throw error(.notSupported, "A time zone must be a constant text", zoneOffset)
    }
    let wanted = try self.zone(name, zoneOffset)
    switch operand.type {
    case .timestampWithTimeZone(let precision, _):
      let moments = operand.ofAnyZone ?? operand.expression
      return Typed(moments, .timestampWithTimeZone(precision: precision, wanted))
    case .timestamp(let precision):
      let moment = try coerce(
        operand,
        to: .timestampWithTimeZone(precision: precision, session.timeZone),
        offset
      )
      return Typed(moment, .timestampWithTimeZone(precision: precision, wanted))
    default:
      throw error(
        .typeMismatch,
        "Type of value must be a time or timestamp with or without time zone (actual \(operand.type))",
        offset
      )
    }
  }

  func cast(_ value: Typed, _ type: TrinoType, _ isTry: Bool, _ offset: Int) throws -> Typed {
    var type = type
    // A constant text says itself in which zone it is shown.
    if case .timestampWithTimeZone(let precision, _) = type, case .text(let text)? = value.constant,
      let zoneText = withBytes(text, { parseMoment($0)?.zoneText }),
      let zone = SessionZone(parsing: zoneText)
    {
      type = .timestampWithTimeZone(precision: precision, zone)
    }
    guard
      let expression = Conversions.cast(
        value,
        to: type,
        zone: session.timeZone,
        isTry: isTry
      )
    else {
      throw error(.typeMismatch, "Cannot cast \(value.type) to \(type)", offset)
    }
    var result = type
    // A zoned timestamp keeps the zone it is shown in.
    if case .timestampWithTimeZone(let precision, _) = type, let own = value.type.zone {
      result = .timestampWithTimeZone(precision: precision, own)
    }
    var typed = Typed(FoldConstants.fold(expression), result)
    if case .timestampWithTimeZone(let precision, let zone) = type, value.type.isText {
      typed.ofAnyZone = Conversions.zoned(
        value, precision: precision, zone: zone, isTry: isTry, isStrict: false)
    }
    return typed
  }
}
