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

/// `tinyint` to `bigint`, `real` or `double`, the same on both sides; integers truncate in division.
///
/// NULL where either side is. Throws `divisionByZero` and `overflow` for integers; floating types
/// follow IEEE 754.
public func arithmetic(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  _ right: ColumnVector
) throws -> ColumnVector {
  let count = left.count
  if left.isConstant, right.isConstant, count > 1 {
    let one = try arithmetic(operation, left.slice(0..<1), right.slice(0..<1))
    return ColumnVector(constant: one.scalar(0), type: one.type, count: count)
  }
  let a = left.plain
  let b = right.plain
  let validity = mergedValidity(a.validity, b.validity, count: count)
  switch left.type {
  case .tinyint: return try integerArithmetic(operation, a, b, validity, as: Int8.self)
  case .smallint: return try integerArithmetic(operation, a, b, validity, as: Int16.self)
  case .integer, .intervalYearToMonth:
    return try integerArithmetic(operation, a, b, validity, as: Int32.self)
  case .bigint, .intervalDayToSecond:
    return try integerArithmetic(operation, a, b, validity, as: Int64.self)
  case .real: return floatArithmetic(operation, a, b, validity, as: Float.self)
  case .double: return floatArithmetic(operation, a, b, validity, as: Double.self)
  default: throw KernelError.notSupported("arithmetic on \(left.type)")
  }
}

private func floatArithmetic<Value: BinaryFloatingPoint & BitwiseCopyable>(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  _ right: ColumnVector,
  _ validity: ValidityBitmap?,
  as: Value.Type
) -> ColumnVector {
  let a = Lane<Value>(left)
  let b = Lane<Value>(right)
  let count = left.count
  return makeFixed(left.type, count, validity, as: Value.self) { out in
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

/// `-x` of any numeric or interval type; the smallest integer has no negation and throws.
public func negate(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let count = source.count
  switch source.type.numberForm {
  case .float:
    let a = Lane<Float>(source)
    return makeFixed(source.type, count, source.validity, as: Float.self) { out in
      for row in 0..<count { out[row] = -a[row] }
    }
  case .double:
    let a = Lane<Double>(source)
    return makeFixed(source.type, count, source.validity, as: Double.self) { out in
      for row in 0..<count { out[row] = -a[row] }
    }
  case .int8: return try negateIntegers(source, as: Int8.self)
  case .int16: return try negateIntegers(source, as: Int16.self)
  case .int32: return try negateIntegers(source, as: Int32.self)
  case .int64: return try negateIntegers(source, as: Int64.self)
  case .int128: return try negateIntegers(source, as: Int128.self)
  default: throw KernelError.notSupported("the negation of \(source.type)")
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
