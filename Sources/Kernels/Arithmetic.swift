// Arithmetic on two columns of one numeric type; integers overflow with an error, never in silence.
//
// What lies under a NULL row is not looked at: an overflow or a zero there is no error.

public import Columnar

/// The operations on two numbers; the raw value is the operator in SQL.
public enum ArithmeticOperation: String, Sendable, Hashable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case modulo = "%"

  public var noun: String {
    switch self {
    case .add: "addition"
    case .subtract: "subtraction"
    case .multiply: "multiplication"
    case .divide: "division"
    case .modulo: "modulus"
    }
  }
}

/// `integer`, `bigint` or `double` on both sides; division truncates for integers.
public func arithmetic(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  _ right: ColumnVector
) throws -> ColumnVector {
  let a = left.plain
  let b = right.plain
  let validity = mergedValidity(a.validity, b.validity, count: a.count)
  switch left.type {
  case .integer: return try integerArithmetic(operation, a, b, validity, as: Int32.self)
  case .bigint: return try integerArithmetic(operation, a, b, validity, as: Int64.self)
  case .double: return doubleArithmetic(operation, a, b, validity)
  default: throw KernelError.notSupported("arithmetic on \(left.type)")
  }
}

private func doubleArithmetic(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  _ right: ColumnVector,
  _ validity: ValidityBitmap?
) -> ColumnVector {
  let a = Lane<Double>(left)
  let b = Lane<Double>(right)
  let count = left.count
  return makeFixed(.double, count, validity, as: Double.self) { out in
    switch operation {
    case .add: for row in 0..<count { out[row] = a[row] + b[row] }
    case .subtract: for row in 0..<count { out[row] = a[row] - b[row] }
    case .multiply: for row in 0..<count { out[row] = a[row] * b[row] }
    case .divide: for row in 0..<count { out[row] = a[row] / b[row] }
    case .modulo:
      for row in 0..<count { out[row] = a[row].truncatingRemainder(dividingBy: b[row]) }
    }
  }
}

private func integerArithmetic<Value: FixedWidthInteger & BitwiseCopyable>(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  _ right: ColumnVector,
  _ validity: ValidityBitmap?,
  as: Value.Type
) throws -> ColumnVector {
  switch operation {
  case .add:
    return try checked(operation, left, right, validity, as: Value.self) {
      $0.addingReportingOverflow($1)
    }
  case .subtract:
    return try checked(operation, left, right, validity, as: Value.self) {
      $0.subtractingReportingOverflow($1)
    }
  case .multiply:
    return try checked(operation, left, right, validity, as: Value.self) {
      $0.multipliedReportingOverflow(by: $1)
    }
  case .divide:
    return try checked(operation, left, right, validity, as: Value.self) {
      $0.dividedReportingOverflow(by: $1)
    }
  case .modulo:
    // The smallest integer modulo -1 is 0; the hardware reports an overflow there.
    return try checked(operation, left, right, validity, as: Value.self) {
      $1 == -1 ? (0, false) : $0.remainderReportingOverflow(dividingBy: $1)
    }
  }
}

@inline(__always)
private func checked<Value: FixedWidthInteger & BitwiseCopyable>(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  _ right: ColumnVector,
  _ validity: ValidityBitmap?,
  as: Value.Type,
  _ compute: (Value, Value) -> (partialValue: Value, overflow: Bool)
) throws -> ColumnVector {
  let a = Lane<Value>(left)
  let b = Lane<Value>(right)
  let count = left.count
  var failed = false
  let result = makeFixed(left.type, count, validity, as: Value.self) { out in
    for row in 0..<count {
      let (value, overflow) = compute(a[row], b[row])
      out[row] = value
      failed = failed || overflow
    }
  }
  guard failed else { return result }
  for row in 0..<count where validity?.isValid(row) ?? true {
    guard compute(a[row], b[row]).overflow else { continue }
    if operation == .divide || operation == .modulo, b[row] == 0 {
      throw KernelError.divisionByZero
    }
    throw KernelError.overflow(
      operation: operation.noun,
      type: left.type,
      left: "\(a[row])",
      right: "\(b[row])"
    )
  }
  return result
}

/// `-x`; the smallest integer has no negation.
public func negate(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let count = source.count
  switch source.type {
  case .double:
    let a = Lane<Double>(source)
    return makeFixed(.double, count, source.validity, as: Double.self) { out in
      for row in 0..<count { out[row] = -a[row] }
    }
  case .integer: return try negateIntegers(source, as: Int32.self)
  default: return try negateIntegers(source, as: Int64.self)
  }
}

private func negateIntegers<Value: SignedInteger & FixedWidthInteger & BitwiseCopyable>(
  _ source: ColumnVector,
  as: Value.Type
) throws -> ColumnVector {
  let a = Lane<Value>(source)
  return try makeFixed(source.type, source.count, source.validity, as: Value.self) { out in
    for row in 0..<source.count {
      if a[row] == Value.min, !source.isNull(row) {
        throw KernelError.overflow(
          operation: "negation",
          type: source.type,
          left: "\(a[row])",
          right: ""
        )
      }
      out[row] = 0 &- a[row]
    }
  }
}

/// Powers of ten that fit 64 bits, by exponent 0 to 18.
public let powersOfTen: [Int64] = {
  var result: [Int64] = [1]
  for _ in 0..<18 { result.append((result.last ?? 1) &* 10) }
  return result
}()

@inline(__always)
private func wideTen(_ exponent: Int) -> Int128 {
  var value: Int128 = 1
  for _ in 0..<max(0, exponent) { value = value &* 10 }
  return value
}

/// Arithmetic on unscaled decimals of two scales; rounds half away from zero where digits go.
///
/// Values are kept in 64 bits whatever the declared precision: a result outside throws.
public func decimalArithmetic(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  scale leftScale: Int,
  _ right: ColumnVector,
  scale rightScale: Int,
  to type: DataType,
  scale resultScale: Int
) throws -> ColumnVector {
  let leftPlain = left.plain
  let rightPlain = right.plain
  let a = Lane<Int64>(leftPlain)
  let b = Lane<Int64>(rightPlain)
  let count = left.count
  let validity = mergedValidity(left.validity, right.validity, count: count)
  let liftLeft = wideTen(
    operation == .divide ? resultScale - leftScale + rightScale : resultScale - leftScale
  )
  let liftRight = wideTen(operation == .divide ? 0 : resultScale - rightScale)
  return try makeFixed(type, count, validity, as: Int64.self) { out in
    for row in 0..<count {
      if let validity, !validity.isValid(row) { continue }
      let x = Int128(a[row])
      let y = Int128(b[row])
      let value: Int128
      switch operation {
      case .add: value = x &* liftLeft &+ y &* liftRight
      case .subtract: value = x &* liftLeft &- y &* liftRight
      case .multiply: value = x &* y
      case .divide:
        guard y != 0 else { throw KernelError.divisionByZero }
        value = divideHalfUp(x &* liftLeft, y)
      case .modulo:
        guard y != 0 else { throw KernelError.divisionByZero }
        value = (x &* liftLeft) % (y &* liftRight)
      }
      guard let narrow = Int64(exactly: value) else {
        throw KernelError.notSupported("decimal values of more than 18 digits")
      }
      out[row] = narrow
    }
  }
}

/// `dividend / divisor` rounded half away from zero.
@inline(__always)
func divideHalfUp(_ dividend: Int128, _ divisor: Int128) -> Int128 {
  let quotient = dividend / divisor
  let remainder = dividend % divisor
  let twice = remainder.magnitude &* 2
  guard twice >= divisor.magnitude else { return quotient }
  return (dividend < 0) == (divisor < 0) ? quotient + 1 : quotient - 1
}

/// How `roundDecimal` treats the digits it drops; `halfUp` rounds half away from zero.
public enum RoundingMode: Sendable, Hashable { case floor, ceiling, halfUp }

/// Rounds a decimal to a smaller scale.
public func roundDecimal(
  _ vector: ColumnVector,
  dropping digits: Int,
  mode: RoundingMode,
  to type: DataType,
  keepingScale: Bool = false
) throws -> ColumnVector {
  let source = vector.plain
  let a = Lane<Int64>(source)
  let unit = wideTen(min(digits, 30))
  return try makeFixed(type, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      let x = Int128(a[row])
      var value: Int128
      switch mode {
      case .halfUp: value = divideHalfUp(x, unit)
      case .floor: value = x / unit - (x % unit < 0 ? 1 : 0)
      case .ceiling: value = x / unit + (x % unit > 0 ? 1 : 0)
      }
      if keepingScale { value = value &* unit }
      guard let narrow = Int64(exactly: value) else {
        throw KernelError.notSupported("decimal values of more than 18 digits")
      }
      out[row] = narrow
    }
  }
}
