// Casts between Trino's types, as functions over columns.

import Columnar
import Kernels
import QueryPlanning

struct Typed: Sendable {
  var expression: Expression
  var type: TrinoType
  /// The same moments from texts of any zones, where `expression` refuses those that a column of the
  /// type's zone could not show: for what is shown in another zone at once.
  var ofAnyZone: Expression?
  /// The number of the `?` it is, in a statement that is only described.
  var parameter: Int?

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
    if from == .unknown { return .constant(.null, type.storage) }
    guard isPossible(from, type) else { return nil }
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
    switch (from, type) {
    case (.varchar(let have), .varchar(let want)):
      guard let want, (have ?? Int.max) > want else { return value.expression }
      return call(isTotal: true) { truncateText($0, length: want) }
    case (_, .varchar(let limit)):
      return call(isTotal: limit == nil && from != .json) { vector in
        try text(vector, from, limit: limit, isTry: isTry)
      }
    case (.varchar, .timestampWithTimeZone(let precision, let own)), (
      .char, .timestampWithTimeZone(let precision, let own)
    ):
      return zoned(value, precision: precision, zone: own, isTry: isTry)
    case (.varbinary, .hyperLogLog), (.hyperLogLog, .varbinary): return value.expression
    case (.tinyint, .smallint), (.tinyint, .integer), (.tinyint, .bigint), (.smallint, .integer),
      (.smallint, .bigint), (.integer, .bigint):
      let storage = type.storage
      return call(.losslessCast, isTotal: true) { try Kernels.cast($0, to: storage) }
    case (.tinyint, .double), (.smallint, .double), (.integer, .double), (.bigint, .double),
      (.decimal, .double), (.real, .double), (.tinyint, .real), (.smallint, .real):
      let storage = type.storage
      return call(isTotal: true) { try Kernels.cast($0, to: storage) }
    case (.timestamp, .timestamp), (.timestampWithTimeZone, .timestampWithTimeZone),
      (.time, .time):
      let declared = type.declared
      let storage = type.storage
      return call(isTotal: true) { try Kernels.cast($0, to: declared).retyped(storage) }
    case (.date, .timestamp(let precision)):
      let declared = DataType.timestamp(precision: precision)
      let storage = type.storage
      return call(isTotal: true) { try Kernels.cast($0, to: declared).retyped(storage) }
    case (.date, .timestampWithTimeZone), (.timestamp, .timestampWithTimeZone):
      // A wall clock of the session's zone.
      let declared = type.declared
      let storage = type.storage
      return call(isTotal: true) {
        let precision = declared.secondPrecision ?? 6
        let wall = try Kernels.cast($0, to: .timestamp(precision: precision))
        return zone.moments(of: wall).retyped(storage)
      }
    case (.timestampWithTimeZone(_, let own), .timestamp), (.timestampWithTimeZone(_, let own), .date),
      (.timestampWithTimeZone(_, let own), .time):
      let declared = type.declared
      let storage = type.storage
      return call(isTotal: true) {
        try Kernels.cast(own.wallClock(of: $0), to: declared).retyped(storage)
      }
    default:
      let declared = type.declared
      let storage = type.storage
      return call {
        try Kernels.cast($0, to: declared, isLenient: isTry).retyped(storage)
      }
    }
  }

  /// Trino has a cast between the types.
  static func isPossible(_ from: TrinoType, _ to: TrinoType) -> Bool {
    if from == to || from == .unknown { return true }
    switch (from, to) {
    case (.array(let x), .array(let y)): return isPossible(x, y)
    case (.map(let k, let v), .map(let l, let w)): return isPossible(k, l) && isPossible(v, w)
    case (.row(let x), .row(let y)):
      return x.count == y.count && zip(x, y).allSatisfy { isPossible($0.type, $1.type) }
    case (.json, .array), (.json, .map), (.json, .row), (.array, .json), (.map, .json),
      (.row, .json):
      return true
    case (.array, _), (_, .array), (.map, _), (_, .map), (.row, _), (_, .row): return false
    case (_, .unknown): return false
    case (.varchar, .varbinary), (.varbinary, .varchar), (.char, .varbinary): return false
    case (.varbinary, .uuid), (.uuid, .varbinary): return true
    case (.varbinary, .hyperLogLog), (.hyperLogLog, .varbinary): return true
    case (.hyperLogLog, _), (_, .hyperLogLog): return false
    case (.varbinary, _), (_, .varbinary): return false
    case (.intervalDayToSecond, .varchar), (.intervalYearToMonth, .varchar): return true
    case (.intervalDayToSecond, _), (.intervalYearToMonth, _), (_, .intervalDayToSecond),
      (_, .intervalYearToMonth):
      return false
    case (.varchar, _), (.char, _), (_, .varchar): return true
    case (_, .char): return from != .json
    case (.uuid, _), (_, .uuid): return false
    case (.json, _): return to.isNumeric || to == .boolean
    case (_, .json): return from.isNumeric || from == .boolean || from.isMoment
    default: break
    }
    if from.isMoment || to.isMoment {
      guard from.isMoment, to.isMoment else { return false }
      switch (from, to) {
      case (.date, .time), (.time, .date): return false
      case (.time, .timestamp), (.time, .timestampWithTimeZone): return false
      default: return true
      }
    }
    return true
  }

  private static func text(
    _ vector: ColumnVector,
    _ from: TrinoType,
    limit: Int?,
    isTry: Bool
  ) throws -> ColumnVector {
    let result: ColumnVector
    switch from {
    case .timestamp, .timestampWithTimeZone, .time:
      let builder = ColumnBuilder(type: .varchar, capacity: vector.count)
      for row in 0..<vector.count {
        if vector.isNull(row) {
          builder.appendNull()
        } else {
          builder.append(from.text(vector.scalar(row)))
        }
      }
      result = builder.finish()
    default: result = try Kernels.cast(vector, to: .varchar, isLenient: isTry)
    }
    guard let limit else { return result }
    let lengths = length(result)
    var tooLong: Set<Int> = []
    for row in 0..<result.count where !result.isNull(row) {
      guard case .integer(let count) = lengths.scalar(row), count > Int64(limit) else { continue }
      guard isTry else {
        throw KernelError.invalidCast(
          value: scalarText(result.scalar(row), .varchar), from: from.declared,
          to: .varchar(length: limit))
      }
      tooLong.insert(row)
    }
    guard !tooLong.isEmpty else { return result }
    return result.flattened().withValidity(
      ValidityBitmap.make(count: result.count) { !result.isNull($0) && !tooLong.contains($0) })
  }

  /// `CAST(text AS timestamp with time zone)` shown in `zone`; texts of other clocks are refused,
  /// because a column has one zone here. Without a zone none are.
  static func zoned(
    _ value: Typed, precision: Int, zone: SessionZone, isTry: Bool, isStrict: Bool = true
  ) -> Expression {
    let reading = MomentReading(zone: zone.rules, isStrict: isStrict)
    return .call(
      ScalarFunction(
        name: isTry ? "try_cast" : "cast",
        variant: "text to moment \(precision) \(zone.name) \(isStrict)",
        result: TrinoType.timestampWithTimeZone(precision: precision, zone).storage,
        isTotal: isTry
      ) { arguments, _ in
        try momentsFromText(
          Kernels.cast(arguments[0], to: .varchar), reading, precision: precision, isLenient: isTry)
      },
      [value.expression])
  }
}
