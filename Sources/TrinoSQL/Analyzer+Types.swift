// Types as they are written, conversions, and time zones.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  func type(_ syntax: TypeSyntax) throws -> TrinoType {
    let parameters = syntax.numbers
    func precision(_ standard: Int, most: Int) throws -> Int {
      guard let value = parameters.first else { return standard }
      guard value >= 0, value <= 12 else {
        throw error(
          .invalidFunctionArgument,
          "TIMESTAMP precision must be in range [0, 12]: \(value)",
          syntax.offset
        )
      }
      guard value <= most else {
        throw error(
          .notSupported,
          "Timestamps of more than \(most) fraction digits are not supported",
          syntax.offset
        )
      }
      return value
    }
    switch syntax.name {
    case "boolean": return .boolean
    case "integer", "int": return .integer
    case "bigint": return .bigint
    case "double": return .double
    case "varbinary": return .varbinary
    case "date": return .date
    case "varchar":
      if let length = parameters.first, length < 0 || length > 2_147_483_646 {
        throw error(.typeNotFound, "Invalid VARCHAR length \(length)", syntax.offset)
      }
      return .varchar(parameters.first)
    case "decimal", "numeric", "dec":
      let precision = parameters.first ?? 38
      let scale = parameters.count > 1 ? parameters[1] : 0
      guard (1...38).contains(precision), scale >= 0, scale <= min(precision, 18) else {
        throw error(
          scale > 18 && scale <= precision ? .notSupported : .invalidFunctionArgument,
          "DECIMAL precision must be in range [1, 38] and scale in [0, precision]",
          syntax.offset
        )
      }
      return .decimal(precision: precision, scale: scale)
    case "timestamp":
      let digits = try precision(3, most: 6)
      return syntax.hasTimeZone == true
        ? .timestampWithTimeZone(precision: digits, session.timeZone)
        : .timestamp(precision: digits)
    case "interval day to second": return .intervalDayToSecond
    case "interval year to month": return .intervalYearToMonth
    case "tinyint", "smallint", "real", "char", "time", "json", "uuid", "ipaddress", "array", "map",
      "row", "number":
      throw error(
        .notSupported,
        "The type \(syntax.name) is not supported",
        syntax.offset,
        advice: "Use integer, bigint, double, decimal, varchar, date or timestamp."
      )
    default:
      throw error(
        .typeNotFound,
        "Unknown type: \(syntax.name)",
        syntax.offset,
        suggestions: nearestNames(
          to: syntax.name,
          among: [
            "boolean", "integer", "bigint", "double", "varchar", "date", "timestamp", "decimal",
            "varbinary",
          ]
        )
      )
    }
  }

  func zone(_ text: String, _ offset: Int) throws -> SessionZone {
    guard let zone = SessionZone(parsing: text) else {
      throw error(
        .notSupported,
        "Time zone '\(text)' is not supported",
        offset,
        advice: "Known are 'UTC', 'Asia/Seoul' and fixed offsets such as '+09:00'."
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
    guard case .text(let name)? = try expression(zone, scope).constant else {
      throw error(.notSupported, "A time zone must be a constant text", zone.start)
    }
    let wanted = try self.zone(name, zone.start)
    switch operand.type {
    case .timestampWithTimeZone(let precision, _):
      return Typed(operand.expression, .timestampWithTimeZone(precision: precision, wanted))
    case .timestamp(let precision):
      let moment = try coerce(
        operand,
        to: .timestampWithTimeZone(precision: precision, session.timeZone),
        value.start
      )
      return Typed(moment, .timestampWithTimeZone(precision: precision, wanted))
    default:
      throw error(
        .typeMismatch,
        "Type of value must be a time or timestamp with or without time zone (actual \(operand.type))",
        value.start
      )
    }
  }

  func cast(_ value: Typed, _ type: TrinoType, _ isTry: Bool, _ offset: Int) throws -> Typed {
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
    return Typed(FoldConstants.fold(expression), result)
  }
}
