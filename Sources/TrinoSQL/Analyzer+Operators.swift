// Operators: comparison, arithmetic of numbers, decimals, dates and intervals, concatenation.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
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
    // `(a, b) = (c, d)` is `a = c AND b = d`, of which a join can make keys.
    if operation == .equal || operation == .notEqual,
      let x = Self.parts(left), let y = Self.parts(right), x.count == y.count
    {
      let equal = Expression.all(try zip(x, y).map { try comparison(.equal, $0, $1, offset) })
      return operation == .equal ? equal : Self.not(equal)
    }
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
    let shape = DecimalShape(precision: x.precision, scale: x.scale).result(
      of: operation, with: DecimalShape(precision: y.precision, scale: y.scale))
    let scale = shape.scale
    guard scale <= 18 else {
      throw error(
        .notSupported,
        "Decimals of scale \(scale) are not supported",
        offset,
        advice: "CAST one operand to double or to a decimal of a smaller scale."
      )
    }
    let result = TrinoType.decimal(precision: shape.precision, scale: scale)
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
            difference(in: .millisecond, from: arguments[1], to: arguments[0])
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
    let zone = isMonths ? moment.type.zone?.rules ?? .utc : .utc
    let call = Expression.call(
      ScalarFunction(
        name: isBack ? "-" : "+",
        variant: "\(moment.type) \(interval.type) \(zone.name)",
        result: moment.type.storage,
        isTotal: false
      ) { arguments, _ in
        // Months are 4 bytes wide.
        let units =
          isMonths
          ? try Kernels.cast(arguments[1].plain.retyped(.integer), to: .bigint) : arguments[1]
        let span = isBack ? try negate(units) : units
        return try Kernels.add(
          isMonths ? .month : .millisecond,
          span,
          to: arguments[0],
          zone: zone
        )
      },
      [moment.expression, interval.expression]
    )
    // `timestamp(0) + INTERVAL '1' SECOND` keeps its precision unless the interval has a fraction.
    return Typed(FoldConstants.fold(call), moment.type)
  }

  func concatenation(_ left: Typed, _ right: Typed, _ offset: Int) throws -> Typed {
    if let arrays = try arrayConcatenation(left, right, offset) { return arrays }
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

  /// `array || array`, `array || element`, `element || array`; nil where neither side is one.
  private func arrayConcatenation(
    _ left: Typed,
    _ right: Typed,
    _ offset: Int
  ) throws -> Typed? {
    func asArray(_ value: Typed, _ element: TrinoType) throws -> Expression {
      if case .array = value.type { return try coerce(value, to: .array(element), offset) }
      let storage = element.storage
      return .call(
        ScalarFunction(name: "array", variant: "\(element) null-tolerant", result: .array(storage)) {
          columns,
          count in makeArray(columns, element: storage, count: count)
        },
        [try coerce(value, to: element, offset)]
      )
    }
    let element: TrinoType?
    switch (left.type, right.type) {
    case (.array(let x), .array(let y)): element = TrinoType.common(x, y)
    case (.array(let x), let y): element = TrinoType.common(x, y)
    case (let x, .array(let y)): element = TrinoType.common(x, y)
    default: return nil
    }
    guard let element else {
      throw error(
        .typeMismatch, "Cannot apply operator: \(left.type) || \(right.type)", offset)
    }
    let type = TrinoType.array(element)
    let storage = type.storage
    let call = Expression.call(
      ScalarFunction(name: "||", variant: "\(type)", result: storage) { columns, _ in
        concatenateArrays(columns, type: storage)
      },
      [try asArray(left, element), try asArray(right, element)]
    )
    return Typed(FoldConstants.fold(call), type)
  }
}
