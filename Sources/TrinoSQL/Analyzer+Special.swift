// Forms that look like functions and are not: COALESCE, NULLIF, IF, clocks, greatest and least.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  func special(
    _ name: String,
    _ arguments: [Typed],
    _ call: CallSyntax,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let offset = syntax.start
    switch name {
    case "coalesce":
      guard arguments.count >= 2 else {
        throw error(
          .invalidFunctionArgument,
          "The 'coalesce' function must have at least two arguments",
          offset
        )
      }
      let type = try commonType(arguments, "All COALESCE operands", offset)
      let parts = try arguments.map { try coerce($0, to: type, offset) }
      return Typed(FoldConstants.fold(.coalesce(parts, type.storage)), type)
    case "nullif":
      guard arguments.count == 2 else {
        throw error(
          .invalidFunctionArgument,
          "Invalid number of arguments for 'nullif' function",
          offset
        )
      }
      let equal = try comparison(.equal, arguments[0], arguments[1], offset)
      let storage = arguments[0].type.storage
      return Typed(
        .conditional(
          [ConditionalBranch(condition: equal, value: .constant(.null, storage))],
          otherwise: arguments[0].expression,
          storage
        ),
        arguments[0].type
      )
    case "if":
      guard arguments.count == 2 || arguments.count == 3 else {
        throw error(
          .invalidFunctionArgument,
          "Invalid number of arguments for 'if' function",
          offset
        )
      }
      guard arguments[0].type == .boolean || arguments[0].type == .unknown else {
        throw error(
          .typeMismatch,
          "IF condition must evaluate to a boolean: actual type \(arguments[0].type)",
          offset
        )
      }
      let last = arguments.count == 3 ? arguments[2] : Typed(.constant(.null, .unknown), .unknown)
      let type = try commonType([arguments[1], last], "Result types for IF", offset)
      return Typed(
        .conditional(
          [
            ConditionalBranch(
              condition: try coerce(arguments[0], to: .boolean, offset),
              value: try coerce(arguments[1], to: type, offset)
            )
          ],
          otherwise: try coerce(last, to: type, offset),
          type.storage
        ),
        type
      )
    case "typeof":
      guard arguments.count == 1 else { throw wrongArguments(call.name, arguments, ["T"]) }
      let text = arguments[0].type.description
      return Typed(.constant(.text(text), .varchar), .varchar(text.count))
    case "date":
      guard arguments.count == 1 else { throw wrongArguments(call.name, arguments, ["T"]) }
      return try cast(arguments[0], .date, false, offset)
    case "greatest", "least":
      return try extreme(name, arguments, call, offset)
    default:
      guard arguments.isEmpty else { throw wrongArguments(call.name, arguments, [""]) }
      return clock(name)
    }
  }

  private func clock(_ name: String) -> Typed {
    let zone = session.timeZone
    let local =
      now * 1_000 + Int64(zone.offsetSeconds(atMicroseconds: now * 1_000)) * 1_000_000
    switch name {
    case "current_date":
      return Typed(.constant(.integer(floorQuotient(local, microsecondsPerDay)), .date), .date)
    case "localtime":
      return Typed(
        .constant(
          .integer(floorRemainder(local, microsecondsPerDay) * 1_000_000),
          TrinoType.time(precision: 3).storage),
        .time(precision: 3))
    case "localtimestamp":
      return Typed(.constant(.integer(local), .timestamp), .timestamp(precision: 3))
    case "current_timezone":
      return Typed(.constant(.text(zone.name), .varchar), .varchar(nil))
    case "current_user": return Typed(.constant(.text(session.user), .varchar), .varchar(nil))
    case "version": return Typed(.constant(.text("tapline"), .varchar), .varchar(nil))
    case "current_catalog", "current_schema":
      let value = name == "current_catalog" ? session.catalog : session.schema
      return Typed(.constant(value.map { .text($0) } ?? .null, .varchar), .varchar(nil))
    default:
      return Typed(
        .constant(.integer(now * 1_000), .timestampWithTimeZone),
        .timestampWithTimeZone(precision: 3, zone)
      )
    }
  }

  private func extreme(
    _ name: String,
    _ arguments: [Typed],
    _ call: CallSyntax,
    _ offset: Int
  ) throws -> Typed {
    guard !arguments.isEmpty else { throw wrongArguments(call.name, arguments, ["E"]) }
    let type = try commonType(arguments, "All arguments", offset)
    let operation: ComparisonOperation = name == "greatest" ? .greaterOrEqual : .lessOrEqual
    let storage = type.storage
    let parts = try arguments.map { try coerce($0, to: type, offset) }
    let call = Expression.call(
      ScalarFunction(name: name, variant: "\(type)", result: storage) { columns, count in
        var result = columns[0]
        for column in columns.dropFirst() {
          let validity = mergedValidity(result.validity, column.validity, count: count)
          let picked = choose(compare(operation, result, column), result, column)
          result = picked.withValidity(validity)
        }
        return result
      },
      parts
    )
    return Typed(FoldConstants.fold(call), type)
  }
}
