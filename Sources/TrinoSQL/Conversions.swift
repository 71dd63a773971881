// Casts between Trino's types, as functions over columns.

import Columnar
import Kernels
import QueryPlanning

struct Typed: Sendable {
  var expression: Expression
  var type: TrinoType

  init(_ expression: Expression, _ type: TrinoType) {
    self.expression = expression
    self.type = type
  }

  var constant: Scalar? {
    if case .constant(let scalar, _) = FoldConstants.fold(expression) { return scalar }
    return nil
  }
}

enum Conversions {
  /// `CAST(value AS type)`; nil where Trino has no such cast.
  static func cast(
    _ value: Typed,
    to type: TrinoType,
    zone: SessionZone,
    isTry: Bool = false
  ) -> Expression? {
    let from = value.type
    if from == type { return value.expression }
    let name = isTry ? "try_cast" : "cast"
    func call(
      _ kind: ScalarFunction.Kind = .other,
      isTotal: Bool = false,
      _ body: @escaping @Sendable (ColumnVector) throws -> ColumnVector
    ) -> Expression {
      .call(
        ScalarFunction(
          name: name,
          variant: "\(from) \(from.zone?.name ?? "") to \(type) \(type.zone?.name ?? "")",
          kind: kind,
          result: type.storage,
          isTotal: isTotal || isTry
        ) { arguments, _ in try body(arguments[0]) },
        [value.expression]
      )
    }
    if from == .unknown {
      return .constant(.null, type.storage)
    }
    switch (from, type) {
    case (.varchar(let have), .varchar(let want)):
      guard let want, (have ?? Int.max) > want else { return value.expression }
      return call(isTotal: true) { truncateText($0, length: want) }
    case (_, .varchar(let limit)):
      guard from != .varbinary else { return nil }
      return call { vector in try text(vector, from, limit: limit, isTry: isTry) }
    case (.varchar, .timestampWithTimeZone(let precision, _)):
      return call { try zoned($0, precision: precision, zone: zone, isTry: isTry) }
    case (.varchar, .timestamp(let precision)):
      return call {
        roundTimestamp(
          try Kernels.cast($0, to: .timestamp, isLenient: isTry),
          precision: precision
        )
      }
    case (.integer, .bigint):
      return call(.losslessCast, isTotal: true) { try Kernels.cast($0, to: .bigint) }
    case (.integer, .double), (.bigint, .double), (.decimal, .double):
      return call(isTotal: true) { try Kernels.cast($0, to: .double) }
    case (.date, .timestamp): return call(isTotal: true) { try Kernels.cast($0, to: .timestamp) }
    case (.timestamp, .date): return call(isTotal: true) { try Kernels.cast($0, to: .date) }
    case (.timestamp, .timestamp(let precision)):
      return call(isTotal: true) { roundTimestamp($0, precision: precision) }
    case (.date, .timestampWithTimeZone):
      return call(isTotal: true) {
        shift(
          try Kernels.cast($0, to: .timestamp),
          bySeconds: -zone.offsetSeconds,
          to: .timestampWithTimeZone
        )
      }
    case (.timestamp, .timestampWithTimeZone(let precision, _)):
      return call(isTotal: true) {
        roundTimestamp(
          shift($0, bySeconds: -zone.offsetSeconds, to: .timestampWithTimeZone),
          precision: precision
        )
      }
    case (.timestampWithTimeZone(_, let own), .timestamp(let precision)):
      return call(isTotal: true) {
        roundTimestamp(
          shift($0, bySeconds: own.offsetSeconds, to: .timestamp),
          precision: precision
        )
      }
    case (.timestampWithTimeZone(_, let own), .date):
      return call(isTotal: true) {
        try Kernels.cast(shift($0, bySeconds: own.offsetSeconds, to: .timestamp), to: .date)
      }
    case (.timestampWithTimeZone, .timestampWithTimeZone(let precision, _)):
      return call(isTotal: true) { roundTimestamp($0, precision: precision) }
    case (.intervalDayToSecond, _), (.intervalYearToMonth, _), (_, .intervalDayToSecond),
      (_, .intervalYearToMonth), (.varbinary, _), (.boolean, .date), (.boolean, .timestamp):
      return nil
    case (.date, _), (.timestamp, _), (.timestampWithTimeZone, _): return nil
    case (.integer, .date), (.bigint, .date), (.double, .date), (.decimal, .date): return nil
    case (_, .timestamp), (_, .timestampWithTimeZone): return nil
    case (_, .varbinary) where !from.isText: return nil
    case (_, .unknown): return nil
    default:
      let storage = type.storage
      return call { try Kernels.cast($0, to: storage, isLenient: isTry) }
    }
  }

  private static func text(
    _ vector: ColumnVector,
    _ from: TrinoType,
    limit: Int?,
    isTry: Bool
  ) throws -> ColumnVector {
    let result: ColumnVector
    switch from {
    case .timestamp, .timestampWithTimeZone, .intervalDayToSecond, .intervalYearToMonth:
      let builder = ColumnBuilder(type: .varchar, capacity: vector.count)
      for row in 0..<vector.count {
        if vector.isNull(row) {
          builder.appendNull()
        } else {
          builder.append(from.text(vector.scalar(row)))
        }
      }
      result = builder.finish()
    default: result = try Kernels.cast(vector, to: .varchar)
    }
    guard let limit else { return result }
    let lengths = length(result)
    for row in 0..<result.count where !result.isNull(row) {
      guard case .integer(let count) = lengths.scalar(row), count > Int64(limit) else { continue }
      if isTry { throw KernelError.notSupported("TRY_CAST to a varchar that is too short") }
      throw KernelError.invalidArgument(
        "Value \(scalarText(result.scalar(row), .varchar)) cannot be represented as varchar(\(limit))"
      )
    }
    return result
  }

  /// Text to a zoned timestamp that is shown in `zone`; a text that names another zone is refused,
  /// because a column has one zone here.
  private static func zoned(
    _ vector: ColumnVector,
    precision: Int,
    zone: SessionZone,
    isTry: Bool
  ) throws -> ColumnVector {
    let source = vector.plain.flattened()
    let builder = ColumnBuilder(type: .timestampWithTimeZone, capacity: source.count)
    for row in 0..<source.count {
      if source.isNull(row) {
        builder.appendNull()
        continue
      }
      let parsed = source.withTextValue(at: row) { parseTimestamp($0) }
      guard let parsed else {
        if isTry {
          builder.appendNull()
          continue
        }
        throw KernelError.invalidCast(
          value: scalarText(source.scalar(row), .varchar),
          from: .varchar,
          to: .timestampWithTimeZone
        )
      }
      if let named = parsed.zoneText {
        guard let other = SessionZone(parsing: named), other.offsetSeconds == zone.offsetSeconds
        else {
          throw KernelError.notSupported(
            "a text in zone '\(named)' as a timestamp in the session's zone '\(zone.name)'"
          )
        }
      }
      builder.append(parsed.microseconds - Int64(zone.offsetSeconds) * 1_000_000)
    }
    return roundTimestamp(builder.finish(), precision: precision)
  }
}
