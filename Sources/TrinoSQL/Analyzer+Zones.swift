// Functions of time whose result depends on a zone, or on a constant: formats, ISO 8601, zones.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// What a function takes and gives, for SHOW FUNCTIONS and for errors.
  struct Signature: Sendable {
    var arguments: [String]
    var result: String

    init(_ result: String, _ arguments: String...) {
      self.arguments = arguments
      self.result = result
    }
  }

  private static let zoned = "timestamp(p) with time zone"

  static let zoneFunctions: [String: Signature] = [
    "at_timezone": Signature(zoned, "\(zoned), varchar"),
    "with_timezone": Signature(zoned, "timestamp(p), varchar"),
    "timezone": Signature("varchar", zoned),
    "timezone_hour": Signature("bigint", zoned),
    "timezone_minute": Signature("bigint", zoned),
    "date_format": Signature("varchar", "timestamp(p), varchar", "\(zoned), varchar"),
    "date_parse": Signature("timestamp(3)", "varchar, varchar"),
    "format_datetime": Signature("varchar", "timestamp(p), varchar", "\(zoned), varchar"),
    "parse_datetime": Signature("timestamp(3) with time zone", "varchar, varchar"),
    "to_iso8601": Signature("varchar", "date", "timestamp(p)", zoned),
    "from_iso8601_date": Signature("date", "varchar"),
    "from_iso8601_timestamp": Signature("timestamp(3) with time zone", "varchar"),
    "from_iso8601_timestamp_nanos": Signature("timestamp(9) with time zone", "varchar"),
    "from_unixtime": Signature(
      "timestamp(3) with time zone", "double", "double, varchar", "double, bigint, bigint"),
    "from_unixtime_nanos": Signature("timestamp(9) with time zone", "bigint", "decimal(p,s)"),
    "last_day_of_month": Signature("date", "date", "timestamp(p)", zoned),
  ]

  /// A call of one of `zoneFunctions`.
  func zoneCall(
    _ key: String, _ arguments: [Typed], _ name: Identifier, _ start: Int
  ) throws -> Typed {
    let types = arguments.map(\.type)
    func wrong() -> TrinoSQLError {
      wrongArguments(name, arguments, Self.zoneFunctions[key]?.arguments ?? [])
    }
    func text(_ index: Int) throws -> Expression {
      guard index < types.count, FunctionCatalog.accepts(types[index], .varchar(nil)) else {
        throw wrong()
      }
      return try coerce(arguments[index], to: .varchar(nil), start)
    }
    func call(
      _ arguments: [Expression], to type: TrinoType, _ variant: String = "", isTotal: Bool = false,
      _ body: @escaping FunctionOverload.Body
    ) -> Typed {
      Typed(
        FoldConstants.fold(
          .call(
            ScalarFunction(
              name: key, variant: variant, result: type.storage, isTotal: isTotal, evaluate: body),
            arguments)), type)
    }
    /// The value as a timestamp of some kind, and the zone it is shown in.
    func moment(orDate: Bool = false) throws -> (Expression, TrinoType, TimeZoneRules) {
      switch types.first {
      case .timestamp?, .timestampWithTimeZone?:
        return (arguments[0].expression, types[0], types[0].zone?.rules ?? .utc)
      case .date? where orDate: return (arguments[0].expression, .date, .utc)
      case .date?, .unknown?:
        let type = TrinoType.timestamp(precision: 3)
        return (try coerce(arguments[0], to: type, start), type, .utc)
      default: throw wrong()
      }
    }
    func zoneOfMoment() throws -> (Expression, TimeZoneRules) {
      guard types.count == 1, let zone = types[0].zone else { throw wrong() }
      return (arguments[0].expression, zone.rules)
    }
    switch (key, arguments.count) {
    case ("at_timezone", 2):
      guard types[0].zone != nil || types[0] == .unknown else { throw wrong() }
      return try atTimeZone(arguments[0], arguments[1], start, start)
    case ("with_timezone", 2):
      guard case .text(let text)? = arguments[1].constant else {
        throw error(.notSupported, "A time zone must be a constant text", start)
      }
      let zone = try zone(text, start)
      let (value, type, _) = try moment()
      guard case .timestamp(let precision) = type else { throw wrong() }
      let rules = zone.rules
      return call(
        [value], to: .timestampWithTimeZone(precision: precision, zone), zone.name, isTotal: true
      ) { a, _ in Kernels.moment(a[0], in: rules) }
    case ("timezone", 1):
      let (value, zone) = try zoneOfMoment()
      let name = zone.name
      return call([value], to: .varchar(nil), name, isTotal: true) { a, count in
        ColumnVector(constant: .text(name), type: .varchar, count: count)
      }
    case ("timezone_hour", 1), ("timezone_minute", 1):
      let (value, zone) = try zoneOfMoment()
      let isHour = key == "timezone_hour"
      return call([value], to: .bigint, zone.name, isTotal: true) { a, _ in
        mapBigint(zoneOffsets(a[0], in: zone)) { isHour ? $0 / 3_600 : $0 / 60 % 60 }
      }
    case ("date_format", 2), ("format_datetime", 2):
      let (value, _, zone) = try moment()
      let isMySQL = key == "date_format"
      return call([value, try text(1)], to: .varchar(nil), zone.name) { a, count in
        try withConstant(a[1], [a[0]], count: count, to: .varchar) { pattern, columns in
          let format =
            isMySQL ? try DateTimeFormat(mysql: pattern) : try DateTimeFormat(joda: pattern)
          return try formatDateTime(columns[0], format, zone: zone)
        }
      }
    case ("date_parse", 2):
      return call([try text(0), try text(1)], to: .timestamp(precision: 3)) { a, count in
        try withConstant(a[1], [a[0]], count: count, to: .timestamp) { pattern, columns in
          let read = try parseDateTime(columns[0], DateTimeFormat(mysql: pattern), to: .timestamp)
          return truncate(to: .millisecond, read)
        }
      }
    case ("to_iso8601", 1):
      let (value, type, zone) = try moment(orDate: true)
      let digits = type.declared.secondPrecision ?? 0
      return call([value], to: .varchar(nil), "\(digits) \(zone.name)") { a, _ in
        try textsInISO8601(a[0], digits: digits, zone: zone)
      }
    case ("from_iso8601_date", 1):
      return call([try text(0)], to: .date) { a, _ in try datesFromISO8601(a[0]) }
    case ("parse_datetime", 2):
      var own: String?
      if case .text(let value)? = arguments[0].constant,
        case .text(let pattern)? = arguments[1].constant
      {
        own = (try? DateTimeFormat(joda: pattern))?.zoneText(in: value)
      }
      return try reading(own, precision: 3) { reading, variant in
        call(
          [try text(0), try text(1)],
          to: .timestampWithTimeZone(precision: 3, session.timeZone), variant
        ) { a, count in
          try withConstant(a[1], [a[0]], count: count, to: .timestampWithTimeZone) {
            pattern, columns in
            try parseMoments(
              columns[0], DateTimeFormat(joda: pattern), reading, to: .timestampWithTimeZone)
          }
        }
      }
    case ("from_iso8601_timestamp", 1), ("from_iso8601_timestamp_nanos", 1):
      let precision = key == "from_iso8601_timestamp" ? 3 : 9
      var own: String?
      if case .text(let value)? = arguments[0].constant {
        own = withBytes(value, { parseISO8601($0) })?.zoneText
      }
      return try reading(own, precision: precision) { reading, variant in
        call(
          [try text(0)],
          to: .timestampWithTimeZone(precision: precision, session.timeZone), variant
        ) { a, _ in try momentsFromISO8601(a[0], reading, precision: precision) }
      }
    case ("from_unixtime", 1...3):
      var zone = session.timeZone
      if arguments.count == 2 {
        guard case .text(let text)? = arguments[1].constant else {
          throw error(.notSupported, "A time zone must be a constant text", start)
        }
        zone = try self.zone(text, start)
      } else if arguments.count == 3 {
        guard case .integer(let hours)? = arguments[1].constant,
          case .integer(let minutes)? = arguments[2].constant
        else { throw error(.notSupported, "A time zone must be constant", start) }
        guard hours.magnitude <= 14, minutes.magnitude <= 14 * 60,
          (hours * 60 + minutes).magnitude <= 14 * 60
        else {
          throw error(
            .invalidFunctionArgument, "Invalid offset of \(hours) hours and \(minutes) minutes", start)
        }
        let total = abs(hours * 60 + minutes)
        let sign = hours * 60 + minutes < 0 ? "-" : "+"
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        zone = try self.zone(sign + two(total / 60) + ":" + two(total % 60), start)
      }
      guard FunctionCatalog.accepts(types[0], .double) else { throw wrong() }
      return call(
        [try coerce(arguments[0], to: .double, start)],
        to: .timestampWithTimeZone(precision: 3, zone)
      ) { a, _ in try timestamps(fromUnixSeconds: a[0]) }
    case ("from_unixtime_nanos", 1):
      let nanoseconds = TrinoType.decimal(precision: 38, scale: 0)
      guard types[0].isWholeNumber || types[0].asDecimal?.scale == 0 || types[0] == .unknown else {
        throw wrong()
      }
      let type = TrinoType.timestampWithTimeZone(precision: 9, session.timeZone)
      return call([try coerce(arguments[0], to: nanoseconds, start)], to: type) { a, _ in
        try momentsFromNanoseconds(a[0])
      }
    case ("last_day_of_month", 1):
      let (value, _, zone) = try moment(orDate: true)
      return call([value], to: .date, zone.name) { a, _ in lastDays(ofMonths: a[0], zone: zone) }
    default: throw wrong()
    }
  }

  /// A reader of texts that may name zones: a constant is shown in its own zone, a column in the
  /// session's, which its texts must then agree with unless they are shown elsewhere at once.
  private func reading(
    _ own: String?, precision: Int, _ make: (MomentReading, String) throws -> Typed
  ) throws -> Typed {
    let zone = own.flatMap { SessionZone(parsing: $0) } ?? session.timeZone
    func typed(isStrict: Bool) throws -> Typed {
      try make(MomentReading(zone: zone.rules, isStrict: isStrict), "\(zone.name) \(isStrict)")
    }
    var result = try typed(isStrict: true)
    result.type = .timestampWithTimeZone(precision: precision, zone)
    result.ofAnyZone = try typed(isStrict: false).expression
    return result
  }
}

/// Calls `body` once for each run of rows whose `key` is one text: once a batch where it is constant.
/// NULL keys give NULL.
func withConstant(
  _ key: ColumnVector, _ columns: [ColumnVector], count: Int, to type: DataType,
  _ body: (String, [ColumnVector]) throws -> ColumnVector
) throws -> ColumnVector {
  guard count > 0 else { return ColumnBuilder(type: type).finish() }
  func piece(_ scalar: Scalar, _ columns: [ColumnVector], _ count: Int) throws -> ColumnVector {
    guard case .text(let text) = scalar else { return nullColumn(type, count: count) }
    return try body(text, columns)
  }
  if key.isConstant || count == 1 { return try piece(key.scalar(0), columns, count) }
  var pieces: [ColumnVector] = []
  var start = 0
  var current = key.scalar(0)
  for row in 1...count {
    let next = row < count ? key.scalar(row) : .null
    if row < count, next == current { continue }
    pieces.append(try piece(current, columns.map { slice($0, start..<row) }, row - start))
    start = row
    current = next
  }
  return concatenate(pieces, type: type)
}
