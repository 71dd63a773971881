// Trino's scalar functions: names, overloads, result types, and the kernels that compute them.

import Columnar
import Kernels
import QueryPlanning

/// What an argument may be.
enum Parameter: Sendable {
  case boolean, bigint, integer, double, decimal, text, date, time, timestamp, zoned, any
  case days, months

  /// The type an argument of type `given` is converted to; nil where it cannot be.
  func target(_ given: TrinoType) -> TrinoType? {
    let wanted: TrinoType
    switch self {
    case .boolean: wanted = .boolean
    case .bigint: wanted = .bigint
    case .integer: wanted = .integer
    case .double: wanted = .double
    case .decimal:
      if case .decimal = given { return given }
      return nil
    case .text: wanted = given.isText ? given : .varchar(nil)
    case .date: wanted = .date
    case .time:
      if case .time = given { return given }
      return nil
    case .timestamp:
      if case .timestamp = given { return given }
      wanted = .timestamp(precision: 3)
    case .zoned:
      if case .timestampWithTimeZone = given { return given }
      return nil
    case .days: return given == .intervalDayToSecond ? given : nil
    case .months: return given == .intervalYearToMonth ? given : nil
    case .any: return given
    }
    return TrinoType.coercionCost(given, wanted) == nil ? nil : wanted
  }

  /// A type of the kind.
  var example: TrinoType {
    switch self {
    case .boolean: .boolean
    case .bigint: .bigint
    case .integer: .integer
    case .double: .double
    case .decimal: .decimal(precision: 38, scale: 0)
    case .text: .varchar(nil)
    case .date: .date
    case .time: .time(precision: 3)
    case .timestamp: .timestamp(precision: 3)
    case .zoned: .timestampWithTimeZone(precision: 3, .utc)
    case .days: .intervalDayToSecond
    case .months: .intervalYearToMonth
    case .any: .unknown
    }
  }

  var name: String {
    switch self {
    case .boolean: "boolean"
    case .bigint: "bigint"
    case .integer: "integer"
    case .double: "double"
    case .decimal: "decimal(p,s)"
    case .text: "varchar"
    case .date: "date"
    case .time: "time(p)"
    case .timestamp: "timestamp(p)"
    case .zoned: "timestamp(p) with time zone"
    case .days: "interval day to second"
    case .months: "interval year to month"
    case .any: "T"
    }
  }
}

/// What a function's builder gets to know: the arguments after conversion, and their constants.
struct CallContext {
  var arguments: [Typed]
  var session: Session

  /// The zone of the first zoned argument.
  var zone: TimeZoneRules { arguments.compactMap(\.type.zone).first?.rules ?? .utc }

  /// A text argument that must be known when the statement is planned.
  func constantText(_ index: Int) throws -> String? {
    guard let scalar = arguments[index].constant else {
      throw KernelError.notSupported("this argument as anything but a constant")
    }
    if case .text(let text) = scalar { return text }
    return nil
  }
}

struct FunctionOverload: Sendable {
  typealias Body = @Sendable ([ColumnVector], Int) throws -> ColumnVector

  var parameters: [Parameter]
  /// The last parameter may repeat.
  var isVariadic = false
  var isTotal = true
  var result: @Sendable ([TrinoType]) -> TrinoType
  /// Distinguishes calls that differ in more than their types, and makes the body.
  var make: @Sendable (CallContext) throws -> (variant: String, body: Body)
}

extension FunctionOverload {
  /// The result's type for SHOW FUNCTIONS, over arguments of the parameters' own types.
  var resultText: String {
    let result = self.result(parameters.map(\.example))
    return parameters.contains(.any) && result == .unknown ? "T" : result.description
  }
}

enum FunctionCatalog {
  static let registry: FunctionRegistry<FunctionOverload> = build()

  static let aggregates: Set<String> = [
    "count", "sum", "avg", "min", "max", "count_if", "bool_and", "bool_or", "every", "arbitrary",
    "any_value", "min_by", "max_by", "approx_distinct", "variance", "var_samp", "var_pop",
    "stddev", "stddev_samp", "stddev_pop", "skewness", "kurtosis", "geometric_mean", "corr",
    "covar_samp", "covar_pop", "regr_slope", "regr_intercept", "bitwise_and_agg",
    "bitwise_or_agg", "bitwise_xor_agg", "array_agg", "set_agg", "set_union", "map_agg",
    "multimap_agg", "map_union", "histogram", "listagg", "approx_percentile", "checksum",
    "approx_set", "merge",
  ]

  /// Functions that analysis treats itself.
  static let special: Set<String> = [
    "coalesce", "nullif", "if", "typeof", "date", "greatest", "least", "now", "current_date",
    "current_timestamp", "localtime", "localtimestamp", "current_timezone", "current_user", "current_catalog",
    "current_schema", "version",
  ]

  /// Some function has the name.
  static func isKnown(_ name: String) -> Bool {
    aggregates.contains(name) || special.contains(name) || !registry[name].isEmpty
      || generic[name] != nil || Analyzer.windowFunctions.contains(name)
      || Analyzer.lambdaFunctions.contains(name) || Analyzer.zoneFunctions[name] != nil
      || Analyzer.randomFunctions[name] != nil
  }

  static var names: [String] {
    var all: Set<String> = ["grouping", "try"]
    all.formUnion(registry.names)
    all.formUnion(aggregates)
    all.formUnion(special)
    all.formUnion(generic.keys)
    all.formUnion(Analyzer.windowFunctions)
    all.formUnion(Analyzer.lambdaFunctions)
    all.formUnion(Analyzer.zoneFunctions.keys)
    all.formUnion(Analyzer.randomFunctions.keys)
    return all.sorted()
  }

  private static func build() -> FunctionRegistry<FunctionOverload> {
    var registry = FunctionRegistry<FunctionOverload>()
    func add(
      _ name: String,
      _ parameters: [Parameter],
      _ isVariadic: Bool,
      _ isTotal: Bool,
      _ result: @escaping @Sendable ([TrinoType]) -> TrinoType,
      _ body: @escaping FunctionOverload.Body
    ) {
      registry.add(
        name,
        FunctionOverload(
          parameters: parameters,
          isVariadic: isVariadic,
          isTotal: isTotal,
          result: result
        ) { _ in ("", body) }
      )
    }
    func addContextual(
      _ name: String,
      _ parameters: [Parameter],
      _ isTotal: Bool,
      _ result: @escaping @Sendable ([TrinoType]) -> TrinoType,
      _ make: @escaping @Sendable (CallContext) throws -> (String, FunctionOverload.Body)
    ) {
      registry.add(
        name,
        FunctionOverload(
          parameters: parameters,
          isTotal: isTotal,
          result: result,
          make: { try make($0) }
        )
      )
    }
    addText(add)
    addMathematics(add)
    addTemporal(add, addContextual)
    return registry
  }

  private typealias Add = (
    String, [Parameter], Bool, Bool, @escaping @Sendable ([TrinoType]) -> TrinoType,
    @escaping FunctionOverload.Body
  ) -> Void
  private typealias AddContextual = (
    String, [Parameter], Bool, @escaping @Sendable ([TrinoType]) -> TrinoType,
    @escaping @Sendable (CallContext) throws -> (String, FunctionOverload.Body)
  ) -> Void

  private static func addText(_ add: Add) {
    let same: @Sendable ([TrinoType]) -> TrinoType = { $0[0] }
    let text: @Sendable ([TrinoType]) -> TrinoType = { _ in .varchar(nil) }
    let bigint: @Sendable ([TrinoType]) -> TrinoType = { _ in .bigint }
    let boolean: @Sendable ([TrinoType]) -> TrinoType = { _ in .boolean }
    let transforms: [(String, TextTransform)] = [
      ("lower", .lower), ("upper", .upper), ("trim", .trim), ("ltrim", .trimLeft),
      ("rtrim", .trimRight), ("reverse", .reverse),
    ]
    for (name, kind) in transforms {
      add(name, [.text], false, true, same) { arguments, _ in transform(kind, arguments[0]) }
    }
    // The spaces at the end of a char count.
    add("length", [.text], false, true, bigint) { arguments, _ in
      length(try cast(arguments[0], to: .varchar))
    }
    for name in ["substr", "substring"] {
      add(name, [.text, .bigint], false, true, same) { a, _ in
        substring(a[0], start: a[1], length: nil)
      }
      add(name, [.text, .bigint, .bigint], false, true, same) { a, _ in
        substring(a[0], start: a[1], length: a[2])
      }
    }
    add("replace", [.text, .text], false, true, text) { a, count in
      replace(
        a[0],
        a[1],
        with: ColumnVector(constant: .text(""), type: .varchar, count: count)
      )
    }
    add("replace", [.text, .text, .text], false, true, text) { a, _ in
      replace(a[0], a[1], with: a[2])
    }
    add("concat", [.text, .text], true, true, text) { a, count in joinText(a, count: count) }
    add("concat_ws", [.text, .text], true, false, text) { a, count in
      joinText(Array(a.dropFirst()), separator: a[0], count: count)
    }
    add("strpos", [.text, .text], false, true, bigint) { a, _ in position(of: a[1], in: a[0]) }
    add("starts_with", [.text, .text], false, true, boolean) { a, _ in
      test(.startsWith, a[0], a[1])
    }
    add("split_part", [.text, .text, .bigint], false, false, text) { a, _ in
      try splitPart(a[0], a[1], a[2])
    }
    for (name, atLeft) in [("lpad", true), ("rpad", false)] {
      add(name, [.text, .bigint, .text], false, false, text) { a, _ in
        try pad(a[0], to: a[1], with: a[2], atLeft: atLeft)
      }
    }
  }

  private static func addMathematics(_ add: Add) {
    let same: @Sendable ([TrinoType]) -> TrinoType = { $0[0] }
    let double: @Sendable ([TrinoType]) -> TrinoType = { _ in .double }
    let boolean: @Sendable ([TrinoType]) -> TrinoType = { _ in .boolean }
    for parameter in [Parameter.integer, .bigint, .double, .decimal] {
      add("abs", [parameter], false, false, same) { a, _ in try absolute(a[0]) }
    }
    for (name, mode) in [("ceil", RoundingMode.ceiling), ("ceiling", .ceiling), ("floor", .floor)] {
      add(name, [.integer], false, true, same) { a, _ in a[0] }
      add(name, [.bigint], false, true, same) { a, _ in a[0] }
      add(name, [.double], false, true, same) { a, _ in
        apply(mode == .floor ? .floor : .ceiling, a[0])
      }
      add(name, [.decimal], false, false, wholeDecimal) { a, _ in
        try roundWhole(a[0], mode)
      }
    }
    add("round", [.integer], false, true, same) { a, _ in a[0] }
    add("round", [.bigint], false, true, same) { a, _ in a[0] }
    add("round", [.double], false, true, same) { a, _ in apply(.round, a[0]) }
    add("round", [.decimal], false, false, wholeDecimal) { a, _ in try roundWhole(a[0], .halfUp) }
    add("round", [.integer, .bigint], false, false, same) { a, _ in
      try roundIntegers(a[0], digits: a[1])
    }
    add("round", [.bigint, .bigint], false, false, same) { a, _ in
      try roundIntegers(a[0], digits: a[1])
    }
    add("round", [.double, .bigint], false, true, same) { a, _ in
      roundDouble(a[0], digits: a[1])
    }
    add("round", [.decimal, .bigint], false, false, roundedDecimal) { a, _ in
      try roundDecimalPlaces(a[0], a[1])
    }
    add("mod", [.integer, .integer], false, false, same) { a, _ in
      try arithmetic(.modulo, a[0], a[1])
    }
    add("mod", [.bigint, .bigint], false, false, same) { a, _ in
      try arithmetic(.modulo, a[0], a[1])
    }
    add("mod", [.double, .double], false, false, same) { a, _ in
      try arithmetic(.modulo, a[0], a[1])
    }
    for name in ["power", "pow"] {
      add(name, [.double, .double], false, true, double) { a, _ in power(a[0], a[1]) }
    }
    let functions: [(String, DoubleFunction)] = [
      ("sqrt", .squareRoot), ("exp", .exponential), ("ln", .naturalLogarithm),
      ("log10", .logarithm10), ("log2", .logarithm2),
    ]
    for (name, function) in functions {
      add(name, [.double], false, true, double) { a, _ in apply(function, a[0]) }
    }
    for parameter in [Parameter.integer, .bigint, .double] {
      add("sign", [parameter], false, true, same) { a, _ in sign(a[0], to: a[0].type) }
    }
    add("sign", [.decimal], false, true, { _ in .decimal(precision: 1, scale: 0) }) { a, _ in
      sign(a[0], to: .decimal(precision: 1, scale: 0))
    }
    for (name, kind) in [
      ("is_nan", DoubleTest.isNaN), ("is_finite", .isFinite),
      ("is_infinite", .isInfinite),
    ] {
      add(name, [.double], false, true, boolean) { a, _ in test(kind, a[0]) }
    }
    for (name, value) in [
      ("nan", Double.nan), ("infinity", .infinity), ("pi", Double.pi),
      ("e", 2.718281828459045),
    ] {
      add(name, [], false, true, double) { _, count in
        ColumnVector(constant: .double(value), type: .double, count: count)
      }
    }
  }

  private static let wholeDecimal: @Sendable ([TrinoType]) -> TrinoType = { types in
    guard case .decimal(let precision, let scale) = types[0] else { return types[0] }
    return .decimal(precision: precision - scale + min(scale, 1), scale: 0)
  }

  private static let roundedDecimal: @Sendable ([TrinoType]) -> TrinoType = { types in
    guard case .decimal(let precision, let scale) = types[0] else { return types[0] }
    return .decimal(precision: min(38, precision + 1), scale: scale)
  }

  private static func roundWhole(
    _ vector: ColumnVector,
    _ mode: RoundingMode
  ) throws -> ColumnVector {
    guard case .decimal(let precision, let scale) = vector.type else { return vector }
    return try roundDecimal(
      vector,
      dropping: scale,
      mode: mode,
      to: .decimal(precision: precision - scale + min(scale, 1), scale: 0)
    )
  }

  private static func roundDecimalPlaces(
    _ vector: ColumnVector,
    _ digits: ColumnVector
  ) throws -> ColumnVector {
    guard case .decimal(let precision, let scale) = vector.type else { return vector }
    let type = DataType.decimal(precision: min(38, precision + 1), scale: scale)
    guard digits.isConstant || digits.count == 1 else {
      throw KernelError.notSupported("rounding decimals to a varying number of digits")
    }
    guard digits.count > 0, case .integer(let places) = digits.scalar(0) else {
      return nullColumn(type, count: vector.count)
    }
    let dropping = max(0, scale - Int(max(-40, min(40, places))))
    return try roundDecimal(
      vector,
      dropping: dropping,
      mode: .halfUp,
      to: type,
      keepingScale: true
    )
  }

  private static func addTemporal(_ add: Add, _ addContextual: AddContextual) {
    let bigint: @Sendable ([TrinoType]) -> TrinoType = { _ in .bigint }
    let fields: [(String, DateField)] = [
      ("year", .year), ("quarter", .quarter), ("month", .month), ("week", .week),
      ("week_of_year", .week), ("day", .day), ("day_of_month", .day), ("day_of_week", .dayOfWeek),
      ("dow", .dayOfWeek), ("day_of_year", .dayOfYear), ("doy", .dayOfYear),
      ("year_of_week", .yearOfWeek), ("yow", .yearOfWeek), ("hour", .hour), ("minute", .minute),
      ("second", .second), ("millisecond", .millisecond),
    ]
    for (name, field) in fields {
      let isTime = [.hour, .minute, .second, .millisecond].contains(field)
      for parameter in [isTime ? Parameter.time : .date, .timestamp, .zoned] {
        addContextual(name, [parameter], true, bigint) { context in
          let zone = context.zone
          return (zone.name, { a, _ in extract(field, a[0], zone: zone) })
        }
      }
    }
    let spans: [(String, Int64, Int64)] = [
      ("day", 86_400_000, .max), ("hour", 3_600_000, 24), ("minute", 60_000, 60),
      ("second", 1_000, 60), ("millisecond", 1, 1_000),
    ]
    for (name, unit, many) in spans {
      add(name, [.days], false, true, bigint) { a, _ in mapBigint(a[0]) { $0 / unit % many } }
    }
    for (name, unit, many) in [("year", 12, Int64.max), ("month", 1, 12)] as [(String, Int64, Int64)] {
      add(name, [.months], false, true, bigint) { a, _ in
        mapBigint(try Kernels.cast(a[0].retyped(.integer), to: .bigint)) { $0 / unit % many }
      }
    }
    add("to_milliseconds", [.days], false, true, bigint) { a, _ in a[0].retyped(.bigint) }
    add("human_readable_seconds", [.double], false, false, { _ in .varchar(nil) }) { a, _ in
      try readableSeconds(a[0])
    }
    add("parse_duration", [.text], false, false, { _ in .intervalDayToSecond }) { a, _ in
      try parseDurations(a[0])
    }
    for parameter in [Parameter.date, .time, .timestamp, .zoned] {
      addContextual("date_trunc", [.text, parameter], true, { $0[1] }) { context in
        let storage = context.arguments[1].type.storage
        guard let unit = try unit(context, of: parameter) else {
          return ("null", { _, count in nullColumn(storage, count: count) })
        }
        let zone = context.zone
        return (
          "\(unit) \(zone.name)", { a, _ in truncate(to: unit, a[1], zone: zone) }
        )
      }
      addContextual("date_add", [.text, .bigint, parameter], false, { $0[2] }) { context in
        let storage = context.arguments[2].type.storage
        guard let unit = try unit(context, of: parameter) else {
          return ("null", { _, count in nullColumn(storage, count: count) })
        }
        let zone = context.zone
        return (
          "\(unit) \(zone.name)",
          { a, _ in try Kernels.add(unit, a[1], to: a[2], zone: zone) }
        )
      }
      addContextual("date_diff", [.text, parameter, parameter], true, bigint) { context in
        guard let unit = try unit(context, of: parameter) else {
          return ("null", { _, count in nullColumn(.bigint, count: count) })
        }
        let zone = context.zone
        return (
          "\(unit) \(zone.name)",
          { a, _ in difference(in: unit, from: a[1], to: a[2], zone: zone) }
        )
      }
    }
    add("to_unixtime", [.timestamp], false, true, { _ in .double }) { a, _ in unixSeconds(a[0]) }
    add("to_unixtime", [.zoned], false, true, { _ in .double }) { a, _ in unixSeconds(a[0]) }
  }

  private static func unit(_ context: CallContext, of parameter: Parameter) throws -> TimeUnit? {
    guard let text = try context.constantText(0) else { return nil }
    let unit = TimeUnit(rawValue: text.lowercased())
    let isTime = unit.flatMap(\.microseconds).map { $0 < microsecondsPerDay } ?? false
    let isAllowed = parameter == .date ? !isTime : parameter == .time ? isTime : true
    guard let unit, isAllowed else {
      let kind = parameter == .date ? "DATE" : parameter == .time ? "TIME" : "TIMESTAMP"
      throw KernelError.invalidArgument("'\(text)' is not a valid \(kind) field")
    }
    return unit
  }
}
