// Typing of expressions: operators, conversions, predicates, subqueries.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  func convert(_ value: Typed, to type: TrinoType) -> Expression? {
    guard let converted = Conversions.cast(value, to: type, zone: session.timeZone) else {
      return nil
    }
    return FoldConstants.fold(converted)
  }

  /// Converts implicitly; the caller knows that it can be done.
  func coerce(_ value: Typed, to type: TrinoType, _ offset: Int) throws -> Expression {
    guard let expression = convert(value, to: type) else {
      throw error(.typeMismatch, "Cannot convert \(value.type) to \(type)", offset)
    }
    return expression
  }

  mutating func boolean(
    _ syntax: ExpressionSyntax,
    _ scope: Scope,
    _ clause: String
  ) throws -> Expression {
    let value = try expression(syntax, scope)
    guard value.type == .boolean || value.type == .unknown else {
      throw error(
        .typeMismatch,
        "\(clause) must evaluate to a boolean: actual type \(value.type)",
        syntax.start
      )
    }
    return try coerce(value, to: .boolean, syntax.start)
  }

  mutating func expression(_ syntax: ExpressionSyntax, _ scope: Scope) throws -> Typed {
    switch syntax.kind {
    case .name(let parts): return try resolve(parts, scope)
    case .null, .boolean, .integer, .decimal, .double, .string, .typed, .interval:
      return try literal(syntax)
    case .negate(let inner): return try negation(inner, scope, syntax)
    case .arithmetic(let operation, let left, let right):
      return try arithmetic(
        operation,
        try expression(left, scope),
        try expression(right, scope),
        syntax.start
      )
    case .concatenate(let left, let right):
      return try concatenation(
        try expression(left, scope),
        try expression(right, scope),
        syntax.start
      )
    case .comparison(let operation, let left, let right):
      return Typed(
        try comparison(
          operation,
          try expression(left, scope),
          try expression(right, scope),
          syntax.start
        ),
        .boolean
      )
    case .and(let parts):
      return Typed(
        .all(try parts.map { try boolean($0, scope, "Logical expression term") }),
        .boolean
      )
    case .or(let parts):
      return Typed(
        .disjunction(try parts.map { try boolean($0, scope, "Logical expression term") }),
        .boolean
      )
    case .not(let inner):
      return Typed(
        Self.not(try boolean(inner, scope, "Value of logical NOT expression")),
        .boolean
      )
    case .isNull(let inner, let isNegated):
      return Typed(Self.nullTest(try expression(inner, scope).expression, isNegated), .boolean)
    case .isDistinct(let left, let right, let isNegated):
      let (a, b, _) = try unify(
        try expression(left, scope),
        try expression(right, scope),
        "IS DISTINCT FROM",
        syntax.start
      )
      let call = Expression.call(
        ScalarFunction(name: "is_distinct_from", variant: "null-tolerant", result: .boolean) {
          arguments,
          _ in isDistinct(arguments[0], arguments[1])
        },
        [a, b]
      )
      return Typed(isNegated ? Self.not(call) : call, .boolean)
    case .between(let value, let low, let high, let isNegated):
      let operand = try expression(value, scope)
      let both = Expression.all([
        try comparison(.greaterOrEqual, operand, try expression(low, scope), syntax.start),
        try comparison(.lessOrEqual, operand, try expression(high, scope), syntax.start),
      ])
      return Typed(isNegated ? Self.not(both) : both, .boolean)
    case .inList(let value, let list, let isNegated):
      let test = try inList(
        try expression(value, scope),
        try list.map { try expression($0, scope) },
        syntax.start
      )
      return Typed(isNegated ? Self.not(test) : test, .boolean)
    case .inQuery(let value, let query, let isNegated):
      let test = try inQuery(try expression(value, scope), query, scope, syntax.start)
      return Typed(isNegated ? Self.not(test) : test, .boolean)
    case .exists(let query):
      let plan = try subquery(query, scope)
      return Typed(
        .subquery(Subquery(.exists, plan: plan.plan), operand: nil, arguments: [], .boolean),
        .boolean
      )
    case .scalarQuery(let query):
      let plan = try subquery(query, scope)
      guard plan.scope.fields.count == 1 else {
        throw error(
          .notSupported,
          "Multiple columns returned by subquery are not yet supported. Found \(plan.scope.fields.count)",
          syntax.start
        )
      }
      let type = plan.scope.fields[0].type
      return Typed(
        .subquery(Subquery(.scalar, plan: plan.plan), operand: nil, arguments: [], type.storage),
        type
      )
    case .like(let value, let pattern, let escape, let isNegated):
      let test = try likeTest(value, pattern, escape, scope, syntax.start)
      return Typed(isNegated ? Self.not(test) : test, .boolean)
    case .conditional(let operand, let branches, let otherwise):
      return try conditional(operand, branches, otherwise, scope, syntax.start)
    case .cast(let inner, let type, let isTry):
      return try cast(try expression(inner, scope), try self.type(type), isTry, syntax.start)
    case .atTimeZone(let value, let zone): return try atTimeZone(value, zone, scope)
    case .extract(let field, let inner): return try extract(field, inner, scope, syntax)
    case .call(let call): return try self.call(call, scope, syntax)
    }
  }

  static func not(_ expression: Expression) -> Expression {
    .call(
      ScalarFunction(name: "not", kind: .not, result: .boolean) { arguments, _ in
        logicalNot(arguments[0])
      },
      [expression]
    )
  }

  static func nullTest(_ expression: Expression, _ isNegated: Bool) -> Expression {
    .call(
      ScalarFunction(
        name: isNegated ? "is not null" : "is null",
        variant: "null-tolerant",
        kind: isNegated ? .isNotNull : .isNull,
        result: .boolean
      ) { arguments, _ in isNull(arguments[0], negated: isNegated) },
      [expression]
    )
  }

  // MARK: Literals

  func literal(_ syntax: ExpressionSyntax) throws -> Typed {
    switch syntax.kind {
    case .null: return Typed(.constant(.null, .unknown), .unknown)
    case .boolean(let value): return Typed(.constant(.boolean(value), .boolean), .boolean)
    case .string(let text):
      return Typed(.constant(.text(text), .varchar), .varchar(text.unicodeScalars.count))
    case .integer(let text):
      guard let value = Int64(text) else {
        throw error(
          .syntaxError,
          "Invalid numeric literal: \(text)",
          syntax.start,
          advice:
            "A bigint has at most 19 digits; write \(text).0 for a decimal or \(text)e0 for a double."
        )
      }
      let type: TrinoType = Int32(exactly: value) == nil ? .bigint : .integer
      return Typed(.constant(.integer(value), type.storage), type)
    case .double(let text):
      guard let value = Double(text), value.isFinite else {
        throw error(.syntaxError, "Invalid numeric literal: \(text)", syntax.start)
      }
      return Typed(.constant(.double(value), .double), .double)
    case .decimal(let text): return try decimalLiteral(text, syntax.start)
    case .typed(let type, let text): return try typedLiteral(type, text, syntax.start)
    case .interval(let text, let unit, let isNegative):
      return try intervalLiteral(text, unit, isNegative, syntax.start)
    default: throw error(.genericInternalError, "not a literal", syntax.start)
    }
  }

  private func decimalLiteral(_ text: String, _ offset: Int) throws -> Typed {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    var whole = Array((parts.first ?? "").utf8)
    let fraction = Array((parts.count > 1 ? parts[1] : "").utf8)
    while whole.first == 0x30 { whole.removeFirst() }
    let precision = max(1, whole.count + fraction.count)
    guard precision <= 18 else {
      throw error(
        .notSupported,
        "Decimal literals of more than 18 digits are not supported: \(text)",
        offset,
        advice: "Write a double such as 1.5e0."
      )
    }
    let value = Int64(String(decoding: whole + fraction, as: UTF8.self)) ?? 0
    let type = TrinoType.decimal(precision: precision, scale: fraction.count)
    return Typed(.constant(.integer(value), type.storage), type)
  }

  private func typedLiteral(_ type: String, _ text: String, _ offset: Int) throws -> Typed {
    let invalid = error(
      .invalidLiteral,
      "'\(text)' is not a valid \(type) literal",
      offset,
      advice: type == "DATE" ? "Write DATE '2024-01-15'." : "Write TIMESTAMP '2024-01-15 09:10:00'."
    )
    switch type {
    case "DATE":
      guard let day = withBytes(text, { parseDate($0) }) else { throw invalid }
      return Typed(.constant(.integer(Int64(day)), .date), .date)
    case "TIMESTAMP":
      guard let parsed = withBytes(text, { parseTimestamp($0) }) else { throw invalid }
      guard let zoneText = parsed.zoneText else {
        return Typed(
          .constant(.integer(parsed.microseconds), .timestamp),
          .timestamp(precision: parsed.precision)
        )
      }
      let zone = try self.zone(zoneText, offset)
      let moment = parsed.microseconds - Int64(zone.offsetSeconds) * 1_000_000
      return Typed(
        .constant(.integer(moment), .timestampWithTimeZone),
        .timestampWithTimeZone(precision: parsed.precision, zone)
      )
    case "TIME", "JSON", "CHAR", "REAL":
      throw error(.notSupported, "Literals of type \(type.lowercased()) are not supported", offset)
    default:
      let target: TrinoType
      switch type {
      case "BIGINT": target = .bigint
      case "INTEGER": target = .integer
      case "DOUBLE": target = .double
      case "BOOLEAN": target = .boolean
      case "VARCHAR": target = .varchar(text.unicodeScalars.count)
      case "DECIMAL": return try decimalTyped(text, offset)
      default: throw error(.notSupported, "Literals of type \(type)", offset)
      }
      let value = Typed(.constant(.text(text), .varchar), .varchar(nil))
      return try cast(value, target, false, offset)
    }
  }

  private func decimalTyped(_ text: String, _ offset: Int) throws -> Typed {
    let isNegative = text.hasPrefix("-")
    let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 || $0 == 0x2E }),
      digits.utf8.filter({ $0 == 0x2E }).count <= 1, digits != "."
    else { throw error(.invalidLiteral, "'\(text)' is not a valid DECIMAL literal", offset) }
    let value = try decimalLiteral(digits, offset)
    guard isNegative, case .constant(.integer(let number), let type) = value.expression else {
      return value
    }
    return Typed(.constant(.integer(-number), type), value.type)
  }

  private func withBytes<Result>(
    _ text: String,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    var copy = text
    return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }

  private func intervalLiteral(
    _ text: String,
    _ unit: String,
    _ isNegative: Bool,
    _ offset: Int
  ) throws -> Typed {
    let invalid = error(
      .invalidLiteral,
      "'\(text)' is not a valid interval literal",
      offset,
      advice: "Write INTERVAL '2' \(unit)."
    )
    guard let count = Int64(text) else {
      if Double(text) != nil {
        throw error(.notSupported, "Intervals with a fraction are not supported", offset)
      }
      throw invalid
    }
    let factor: Int64
    switch unit {
    case "YEAR": factor = 12
    case "MONTH": factor = 1
    case "DAY": factor = 86_400_000
    case "HOUR": factor = 3_600_000
    case "MINUTE": factor = 60_000
    default: factor = 1_000
    }
    let (span, overflow) = count.multipliedReportingOverflow(by: isNegative ? -factor : factor)
    guard !overflow, span != Int64.min else { throw invalid }
    let type: TrinoType =
      unit == "YEAR" || unit == "MONTH" ? .intervalYearToMonth : .intervalDayToSecond
    return Typed(.constant(.integer(span), .bigint), type)
  }

  // MARK: Types and zones

  func type(_ syntax: TypeSyntax) throws -> TrinoType {
    let parameters = syntax.parameters
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
    case "tinyint", "smallint", "real", "char", "time", "json", "uuid", "ipaddress", "array", "map",
      "row", "interval", "number":
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

  // MARK: Operators

  /// Both sides in their common type.
  func unify(
    _ left: Typed,
    _ right: Typed,
    _ symbol: String,
    _ offset: Int
  ) throws -> (Expression, Expression, TrinoType) {
    guard let type = TrinoType.common(left.type, right.type), !isMixedInterval(left, right) else {
      var advice: String?
      if left.type.isText != right.type.isText {
        advice = "Convert one side with CAST, or write a literal such as DATE '2024-01-15'."
      }
      throw error(
        .typeMismatch,
        "Cannot apply operator: \(left.type) \(symbol) \(right.type)",
        offset,
        advice: advice
      )
    }
    return (try coerce(left, to: type, offset), try coerce(right, to: type, offset), type)
  }

  private func isMixedInterval(_ left: Typed, _ right: Typed) -> Bool {
    left.type.isInterval != right.type.isInterval && left.type != .unknown && right.type != .unknown
  }

  func comparison(
    _ operation: ComparisonOperation,
    _ left: Typed,
    _ right: Typed,
    _ offset: Int
  ) throws -> Expression {
    let (a, b, _) = try unify(left, right, operation.rawValue, offset)
    return .call(
      ScalarFunction(
        name: operation.rawValue,
        variant: "\(a.type)",
        kind: .comparison(operation),
        result: .boolean
      ) { arguments, _ in compare(operation, arguments[0], arguments[1]) },
      [a, b]
    )
  }

  mutating func negation(
    _ inner: ExpressionSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let value = try expression(inner, scope)
    guard value.type.isNumeric || value.type.isInterval || value.type == .unknown else {
      throw error(.typeMismatch, "Cannot negate \(value.type)", syntax.start)
    }
    if value.type == .unknown { return value }
    let call = Expression.call(
      ScalarFunction(
        name: "-",
        variant: "negate \(value.type)",
        result: value.type.storage,
        isTotal: false
      ) { arguments, _ in try negate(arguments[0]) },
      [value.expression]
    )
    return Typed(FoldConstants.fold(call), value.type)
  }

  func arithmetic(
    _ operation: ArithmeticOperation,
    _ left: Typed,
    _ right: Typed,
    _ offset: Int
  ) throws -> Typed {
    if let temporal = try temporalArithmetic(operation, left, right, offset) { return temporal }
    func mismatch() -> TrinoSQLError {
      error(
        .typeMismatch,
        "Cannot apply operator: \(left.type) \(operation.rawValue) \(right.type)",
        offset,
        advice: left.type.isText || right.type.isText ? "Texts are joined with ||." : nil
      )
    }
    guard left.type.isNumeric || left.type == .unknown,
      right.type.isNumeric || right.type == .unknown
    else { throw mismatch() }
    if left.type == .unknown, right.type == .unknown {
      return Typed(.constant(.null, .integer), .integer)
    }
    guard let common = TrinoType.common(left.type, right.type) else { throw mismatch() }
    if case .decimal = common {
      return try decimalArithmetic(operation, left, right, offset)
    }
    let a = try coerce(left, to: common, offset)
    let b = try coerce(right, to: common, offset)
    let call = Expression.call(
      ScalarFunction(
        name: operation.rawValue,
        variant: "\(common)",
        result: common.storage,
        isTotal: common == .double
      ) { arguments, _ in try Kernels.arithmetic(operation, arguments[0], arguments[1]) },
      [a, b]
    )
    return Typed(FoldConstants.fold(call), common)
  }

  private func decimalArithmetic(
    _ operation: ArithmeticOperation,
    _ left: Typed,
    _ right: Typed,
    _ offset: Int
  ) throws -> Typed {
    let x = left.type.asDecimal ?? (1, 0)
    let y = right.type.asDecimal ?? (1, 0)
    let precision: Int
    let scale: Int
    switch operation {
    case .add, .subtract:
      scale = max(x.scale, y.scale)
      precision = max(x.precision - x.scale, y.precision - y.scale) + scale + 1
    case .multiply:
      scale = x.scale + y.scale
      precision = x.precision + y.precision
    case .divide:
      scale = max(x.scale, y.scale)
      precision = x.precision + y.scale + max(0, y.scale - x.scale)
    case .modulo:
      scale = max(x.scale, y.scale)
      precision = min(x.precision - x.scale, y.precision - y.scale) + scale
    }
    guard scale <= 18 else {
      throw error(
        .notSupported,
        "Decimals of scale \(scale) are not supported",
        offset,
        advice: "CAST one operand to double or to a decimal of a smaller scale."
      )
    }
    let result = TrinoType.decimal(precision: min(38, max(1, precision)), scale: scale)
    let a = try coerce(left, to: .decimal(precision: x.precision, scale: x.scale), offset)
    let b = try coerce(right, to: .decimal(precision: y.precision, scale: y.scale), offset)
    let call = Expression.call(
      ScalarFunction(
        name: operation.rawValue,
        variant: "\(result)",
        result: result.storage,
        isTotal: false
      ) { arguments, _ in
        try Kernels.decimalArithmetic(
          operation,
          arguments[0],
          scale: x.scale,
          arguments[1],
          scale: y.scale,
          to: result.storage,
          scale: scale
        )
      },
      [a, b]
    )
    return Typed(FoldConstants.fold(call), result)
  }

  /// Dates, timestamps and intervals; nil where neither side is one.
  private func temporalArithmetic(
    _ operation: ArithmeticOperation,
    _ left: Typed,
    _ right: Typed,
    _ offset: Int
  ) throws -> Typed? {
    func isMoment(_ type: TrinoType) -> Bool {
      switch type {
      case .date, .timestamp, .timestampWithTimeZone: true
      default: false
      }
    }
    if right.type.isInterval, isMoment(left.type), operation == .add || operation == .subtract {
      return try moved(left, right, isBack: operation == .subtract, offset)
    }
    if left.type.isInterval, isMoment(right.type), operation == .add {
      return try moved(right, left, isBack: false, offset)
    }
    if isMoment(left.type), isMoment(right.type), operation == .subtract {
      let (a, b, type) = try unify(left, right, "-", offset)
      _ = type
      return Typed(
        .call(
          ScalarFunction(name: "-", variant: "moments", result: .bigint) { arguments, _ in
            difference(in: .millisecond, from: arguments[1], to: arguments[0], offsetSeconds: 0)
          },
          [a, b]
        ),
        .intervalDayToSecond
      )
    }
    if left.type.isInterval, left.type == right.type, operation == .add || operation == .subtract {
      return intervalCall(operation, left.expression, right.expression, left.type)
    }
    if left.type.isInterval, right.type == .integer || right.type == .bigint,
      operation == .multiply
    {
      return intervalCall(
        operation,
        left.expression,
        try coerce(right, to: .bigint, offset),
        left.type
      )
    }
    return nil
  }

  private func intervalCall(
    _ operation: ArithmeticOperation,
    _ a: Expression,
    _ b: Expression,
    _ type: TrinoType
  ) -> Typed {
    Typed(
      .call(
        ScalarFunction(
          name: operation.rawValue,
          variant: "\(type)",
          result: .bigint,
          isTotal: false
        ) { arguments, _ in try Kernels.arithmetic(operation, arguments[0], arguments[1]) },
        [a, b]
      ),
      type
    )
  }

  private func moved(
    _ moment: Typed,
    _ interval: Typed,
    isBack: Bool,
    _ offset: Int
  ) throws -> Typed {
    let isMonths = interval.type == .intervalYearToMonth
    let isDate = moment.type == .date
    if isDate, !isMonths {
      guard case .integer(let span)? = interval.constant else {
        throw error(.notSupported, "A date plus an interval that is no constant", offset)
      }
      guard span % 86_400_000 == 0 else {
        throw error(
          .invalidFunctionArgument,
          "Cannot add hour, minutes or seconds to a date",
          offset,
          advice: "CAST the date to a timestamp."
        )
      }
    }
    let zoneOffset = isMonths ? moment.type.zone?.offsetSeconds ?? 0 : 0
    let call = Expression.call(
      ScalarFunction(
        name: isBack ? "-" : "+",
        variant: "\(moment.type) \(interval.type) \(zoneOffset)",
        result: moment.type.storage,
        isTotal: false
      ) { arguments, _ in
        let span = isBack ? try negate(arguments[1]) : arguments[1]
        return try Kernels.add(
          isMonths ? .month : .millisecond,
          span,
          to: arguments[0],
          offsetSeconds: zoneOffset
        )
      },
      [moment.expression, interval.expression]
    )
    // `timestamp(0) + INTERVAL '1' SECOND` keeps its precision unless the interval has a fraction.
    return Typed(FoldConstants.fold(call), moment.type)
  }

  func concatenation(_ left: Typed, _ right: Typed, _ offset: Int) throws -> Typed {
    guard left.type.isText || left.type == .unknown, right.type.isText || right.type == .unknown
    else {
      throw error(
        .typeMismatch,
        "Cannot apply operator: \(left.type) || \(right.type)",
        offset,
        advice: "CAST the other side to varchar."
      )
    }
    let a = try coerce(left, to: .varchar(nil), offset)
    let b = try coerce(right, to: .varchar(nil), offset)
    let call = Expression.call(
      ScalarFunction(name: "||", result: .varchar) { arguments, count in
        joinText(arguments, count: count)
      },
      [a, b]
    )
    return Typed(FoldConstants.fold(call), .varchar(nil))
  }

  // MARK: Predicates

  func inList(_ value: Typed, _ list: [Typed], _ offset: Int) throws -> Expression {
    var type = value.type
    for item in list {
      guard let common = TrinoType.common(type, item.type) else {
        throw error(
          .typeMismatch,
          "IN value and list items must be the same type: \(type)",
          offset
        )
      }
      type = common
    }
    let operand = try coerce(value, to: type, offset)
    let items = try list.map { FoldConstants.fold(try coerce($0, to: type, offset)) }
    var constants: [Scalar] = []
    for item in items {
      guard case .constant(let scalar, _) = item else {
        let tests = try list.map { try comparison(.equal, value, $0, offset) }
        return tests.count == 1 ? tests[0] : .disjunction(tests)
      }
      constants.append(scalar)
    }
    let values = ColumnBuilder(type: type.storage, capacity: constants.count)
    for scalar in constants { values.append(scalar) }
    let table = MembershipTable(values.finish())
    return .call(
      ScalarFunction(
        name: "in",
        variant: "\(type)",
        kind: .isIn(constants),
        result: .boolean
      ) { arguments, _ in table.contains(arguments[0]) },
      [operand]
    )
  }

  mutating func subquery(_ query: QuerySyntax, _ scope: Scope) throws -> RelationPlan {
    outerScopes.append(scope)
    defer { outerScopes.removeLast() }
    return try self.query(query)
  }

  mutating func inQuery(
    _ value: Typed,
    _ query: QuerySyntax,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Expression {
    let plan = try subquery(query, scope)
    guard plan.scope.fields.count == 1 else {
      throw error(
        .notSupported,
        "Multiple columns returned by subquery are not yet supported. Found \(plan.scope.fields.count)",
        offset
      )
    }
    let inner = plan.scope.fields[0].type
    guard let type = TrinoType.common(value.type, inner) else {
      throw error(
        .typeMismatch,
        "value and result of subquery must be of the same type for IN expression: \(value.type) vs \(inner)",
        offset
      )
    }
    var body = plan.plan
    if inner != type {
      let converted = try coerce(Typed(.column(0, inner.storage), inner), to: type, offset)
      body = .project([NamedExpression("value", converted)], body)
    }
    return .subquery(
      Subquery(.membership, plan: body),
      operand: try coerce(value, to: type, offset),
      arguments: [],
      .boolean
    )
  }

  mutating func likeTest(
    _ value: ExpressionSyntax,
    _ pattern: ExpressionSyntax,
    _ escape: ExpressionSyntax?,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Expression {
    var arguments: [Expression] = []
    for (index, part) in ([value, pattern] + (escape.map { [$0] } ?? [])).enumerated() {
      let typed = try expression(part, scope)
      guard typed.type.isText || typed.type == .unknown else {
        let what = ["value", "pattern", "escape"][index]
        throw error(
          .typeMismatch,
          "Left side of LIKE expression must evaluate to a varchar (\(what)): actual type \(typed.type)",
          part.start
        )
      }
      arguments.append(try coerce(typed, to: .varchar(nil), part.start))
    }
    let hasEscape = escape != nil
    // A constant pattern that is well formed cannot fail later.
    var isTotal = false
    if case .constant(let scalar, _) = FoldConstants.fold(arguments[1]), !hasEscape {
      isTotal = true
      _ = scalar
    }
    return .call(
      ScalarFunction(
        name: "like",
        variant: hasEscape ? "escape" : "",
        result: .boolean,
        isTotal: isTotal
      ) { arguments, _ in
        try like(arguments[0], arguments[1], escape: hasEscape ? arguments[2] : nil)
      },
      arguments
    )
  }

  /// One type for values of which any may be the result.
  func commonType(_ values: [Typed], _ what: String, _ offset: Int) throws -> TrinoType {
    var type = TrinoType.unknown
    for value in values {
      if let a = type.zone, let b = value.type.zone, a != b {
        throw error(
          .notSupported,
          "Values of different time zones in one column (\(a.name), \(b.name))",
          offset,
          advice: "Bring them to one zone with AT TIME ZONE."
        )
      }
      guard let common = TrinoType.common(type, value.type), !isMixed(type, value.type) else {
        throw error(
          .typeMismatch,
          "\(what) must be the same type or coercible to a common type. Cannot find common type between \(type) and \(value.type)",
          offset
        )
      }
      type = common
    }
    return type
  }

  private func isMixed(_ a: TrinoType, _ b: TrinoType) -> Bool {
    a != .unknown && b != .unknown && a.isInterval != b.isInterval
  }

  mutating func conditional(
    _ operand: ExpressionSyntax?,
    _ branches: [(ExpressionSyntax, ExpressionSyntax)],
    _ otherwise: ExpressionSyntax?,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Typed {
    let tested = try operand.map { try expression($0, scope) }
    var conditions: [Expression] = []
    var values: [Typed] = []
    for (condition, value) in branches {
      if let tested {
        conditions.append(
          try comparison(.equal, tested, try expression(condition, scope), condition.start)
        )
      } else {
        conditions.append(try boolean(condition, scope, "CASE WHEN clause"))
      }
      values.append(try expression(value, scope))
    }
    let last =
      try otherwise.map { try expression($0, scope) }
      ?? Typed(.constant(.null, .unknown), .unknown)
    let type = try commonType(values + [last], "All CASE results", offset)
    let cases = try zip(conditions, values).map {
      ConditionalBranch(condition: $0, value: try coerce($1, to: type, offset))
    }
    return Typed(
      .conditional(cases, otherwise: try coerce(last, to: type, offset), type.storage),
      type
    )
  }
}
