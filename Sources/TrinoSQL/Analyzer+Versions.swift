// FOR VERSION AS OF and FOR TIMESTAMP AS OF: which of a table's versions is meant.

import Columnar
import Connector
import Kernels

extension Analyzer {
  /// The constant behind AS OF.
  ///
  /// A date is its first moment, and a date or timestamp without a zone is of the session's.
  mutating func moment(_ syntax: ExpressionSyntax, isTimestamp: Bool) throws -> TableMoment {
    let value = try expression(syntax, Scope())
    let type: TrinoType
    switch value.type {
    case .unknown: type = .unknown
    case _ where !isTimestamp && [.tinyint, .smallint, .integer, .bigint].contains(value.type):
      type = .bigint
    case .date where isTimestamp,
      .timestamp where isTimestamp,
      .timestampWithTimeZone where isTimestamp:
      type = .timestampWithTimeZone(precision: 6, session.timeZone)
    default:
      throw error(
        .typeMismatch,
        isTimestamp
          ? "FOR TIMESTAMP AS OF takes a date or a timestamp, not \(value.type)"
          : "FOR VERSION AS OF takes the number of a version, not \(value.type)", syntax.start,
        advice: isTimestamp ? "Write TIMESTAMP '2024-01-15 09:00:00', or a CAST." : nil)
    }
    guard let constant = try cast(value, type, false, syntax.start).constant else {
      throw error(.expressionNotConstant, "The value after AS OF must be a constant", syntax.start)
    }
    guard case .integer(let number) = constant else {
      throw error(.invalidArguments, "Pointer value cannot be NULL", syntax.start)
    }
    return isTimestamp
      ? .timestamp(milliseconds: floorQuotient(number, 1_000)) : .version(number)
  }
}
