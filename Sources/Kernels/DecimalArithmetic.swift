// Arithmetic on unscaled decimals of two scales, to 38 digits; rounds half away from zero where
// digits go.
//
// Short decimals (to 18 digits) are Int64, long ones Int128. Where the declared precisions show that
// no result can leave the type, the loop checks nothing; else every row is checked, and one that
// leaves 38 digits throws. Only a division whose scaled dividend passes 128 bits goes through 256.

public import Columnar

/// Powers of ten that fit 64 bits, by exponent 0 to 18.
public let powersOfTen: [Int64] = (0...18).map { Int64(powersOfTen128[$0]) }

/// Powers of ten that fit 128 bits, by exponent 0 to 38.
public let powersOfTen128: [Int128] = {
  var result: [Int128] = [1]
  for _ in 0..<38 { result.append((result.last ?? 1) * 10) }
  return result
}()

/// 10^exponent; exponents out of 0…38 are cut to that.
@inline(__always)
func wideTen(_ exponent: Int) -> Int128 { powersOfTen128[min(max(exponent, 0), 38)] }

/// `dividend / divisor` rounded half away from zero; the divisor is not 0.
@inline(__always)
func divideHalfUp(_ dividend: Int128, _ divisor: Int128) -> Int128 {
  if dividend.magnitude <= UInt128(Int64.max), divisor.magnitude <= UInt128(Int64.max) {
    let a = lowerHalf(dividend)
    let b = lowerHalf(divisor)
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    guard remainder.magnitude >= b.magnitude &- remainder.magnitude else {
      return widened(quotient)
    }
    return widened(quotient) + ((a < 0) == (b < 0) ? 1 : -1)
  }
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  guard remainder.magnitude >= divisor.magnitude &- remainder.magnitude else { return quotient }
  return (dividend < 0) == (divisor < 0) ? quotient + 1 : quotient - 1
}

/// `value * factor / divisor` rounded half away from zero, through 256 bits where need be; nil where
/// the quotient does not fit. `factor` is positive and the divisor not 0.
func scaledQuotient(_ value: Int128, times factor: Int128, by divisor: Int128) -> Int128? {
  let (product, overflow) = value.multipliedReportingOverflow(by: factor)
  if !overflow { return divideHalfUp(product, divisor) }
  let wide = value.magnitude.multipliedFullWidth(by: factor.magnitude)
  let unsigned = divisor.magnitude
  guard wide.high < unsigned else { return nil }
  var (quotient, remainder) = unsigned.dividingFullWidth((wide.high, wide.low))
  if remainder >= unsigned - remainder { quotient += 1 }
  guard quotient <= UInt128(Int128.max) else { return nil }
  let signed = Int128(quotient)
  return (value < 0) == (divisor < 0) ? signed : -signed
}

/// The digits of an exact number and how many of them are behind the point.
public struct DecimalShape: Sendable, Hashable {
  public var precision: Int
  public var scale: Int

  public init(precision: Int, scale: Int) {
    self.precision = precision
    self.scale = scale
  }

  /// That of a decimal, and of a whole number as one; nil for other types.
  public init?(_ type: DataType) {
    switch type {
    case .tinyint: self.init(precision: 3, scale: 0)
    case .smallint: self.init(precision: 5, scale: 0)
    case .integer: self.init(precision: 10, scale: 0)
    case .bigint: self.init(precision: 19, scale: 0)
    case .decimal(let precision, let scale): self.init(precision: precision, scale: scale)
    default: return nil
    }
  }

  /// The shape of a result by Trino's rules, of 1 to 38 digits.
  public func result(of operation: ArithmeticOperation, with other: DecimalShape) -> DecimalShape {
    let digits: Int
    let fraction: Int
    switch operation {
    case .add, .subtract:
      fraction = max(scale, other.scale)
      digits = max(precision - scale, other.precision - other.scale) + fraction + 1
    case .multiply:
      fraction = scale + other.scale
      digits = precision + other.precision
    case .divide:
      fraction = max(scale, other.scale)
      digits = precision + other.scale + max(0, other.scale - scale)
    case .modulo:
      fraction = max(scale, other.scale)
      digits = min(precision - scale, other.precision - other.scale) + fraction
    }
    return DecimalShape(precision: min(38, max(1, digits)), scale: fraction)
  }
}

/// Arithmetic on decimals of two scales, into the decimal type that the dialect wants.
///
/// Whole numbers may stand for decimals of scale 0. NULL where either side is. Throws
/// `divisionByZero`, and `overflow` for a result that does not fit `type`.
public func decimalArithmetic(
  _ operation: ArithmeticOperation,
  _ left: ColumnVector,
  scale leftScale: Int,
  _ right: ColumnVector,
  scale rightScale: Int,
  to type: DataType,
  scale resultScale: Int
) throws -> ColumnVector {
  let kernel = DecimalKernel(
    operation: operation, left: left.widened, leftScale: leftScale, right: right.widened,
    rightScale: rightScale, type: type, scale: resultScale,
    validity: mergedValidity(left.validity, right.validity, count: left.count))
  switch (kernel.left.type.numberForm, kernel.right.type.numberForm, type.numberForm) {
  case (.int64, .int64, .int64): return try kernel.run(Int64.self, Int64.self, Int64.self)
  case (.int64, .int64, .int128): return try kernel.run(Int64.self, Int64.self, Int128.self)
  case (.int64, .int128, .int64): return try kernel.run(Int64.self, Int128.self, Int64.self)
  case (.int64, .int128, .int128): return try kernel.run(Int64.self, Int128.self, Int128.self)
  case (.int128, .int64, .int64): return try kernel.run(Int128.self, Int64.self, Int64.self)
  case (.int128, .int64, .int128): return try kernel.run(Int128.self, Int64.self, Int128.self)
  case (.int128, .int128, .int64): return try kernel.run(Int128.self, Int128.self, Int64.self)
  case (.int128, .int128, .int128): return try kernel.run(Int128.self, Int128.self, Int128.self)
  default: throw KernelError.notSupported("\(operation.noun) of \(left.type) and \(right.type)")
  }
}

extension ColumnVector {
  /// Flat or constant; a narrow whole number as `bigint`.
  fileprivate var widened: ColumnVector {
    switch type {
    case .tinyint, .smallint, .integer: (try? cast(self, to: .bigint)) ?? plain
    default: plain
    }
  }
}

private struct DecimalKernel {
  let operation: ArithmeticOperation
  let left: ColumnVector
  let leftScale: Int
  let right: ColumnVector
  let rightScale: Int
  let type: DataType
  let scale: Int
  let validity: ValidityBitmap?

  private static func precision(_ type: DataType) -> Int {
    if case .decimal(let precision, _) = type { return precision }
    return 19
  }

  /// True where no two values of the declared precisions give a result outside `type`.
  private var isSafe: Bool {
    guard case .decimal(let precision, _) = type else { return false }
    let p = Self.precision(left.type)
    let q = Self.precision(right.type)
    switch operation {
    case .add, .subtract:
      return max(p - leftScale, q - rightScale) + scale + 1 <= precision
        && scale >= leftScale && scale >= rightScale
    case .multiply: return p + q <= precision && scale == leftScale + rightScale
    case .divide, .modulo: return false
    }
  }

  func run<A: FixedWidthInteger & BitwiseCopyable, B: FixedWidthInteger & BitwiseCopyable,
    R: FixedWidthInteger & BitwiseCopyable>(_: A.Type, _: B.Type, _: R.Type) throws -> ColumnVector
  {
    let a = Lane<A>(left)
    let b = Lane<B>(right)
    let count = left.count
    let liftLeft = wideTen(scale - leftScale)
    let liftRight = wideTen(scale - rightScale)
    if isSafe {
      return makeFixed(type, count, validity, as: R.self) { out in
        switch operation {
        case .multiply:
          if R.self == Int128.self, A.self == Int64.self, B.self == Int64.self {
            for row in 0..<count {
              out[row] = converted(
                wideProduct(converted(a[row], to: Int64.self), converted(b[row], to: Int64.self)),
                to: R.self)
            }
          } else {
            for row in 0..<count {
              out[row] = converted(a[row], to: R.self) &* converted(b[row], to: R.self)
            }
          }
        case .add where liftLeft == 1 && liftRight == 1:
          for row in 0..<count {
            out[row] = converted(a[row], to: R.self) &+ converted(b[row], to: R.self)
          }
        case .subtract where liftLeft == 1 && liftRight == 1:
          for row in 0..<count {
            out[row] = converted(a[row], to: R.self) &- converted(b[row], to: R.self)
          }
        case .add:
          let x = converted(liftLeft, to: R.self)
          let y = converted(liftRight, to: R.self)
          for row in 0..<count {
            out[row] = converted(a[row], to: R.self) &* x &+ converted(b[row], to: R.self) &* y
          }
        default:
          let x = converted(liftLeft, to: R.self)
          let y = converted(liftRight, to: R.self)
          for row in 0..<count {
            out[row] = converted(a[row], to: R.self) &* x &- converted(b[row], to: R.self) &* y
          }
        }
      }
    }
    var limit = Int128.max
    if case .decimal(let precision, _) = type { limit = wideTen(precision) }
    let isPlainProduct = operation == .multiply && leftScale + rightScale == scale
    return try makeFixed(type, count, validity, as: R.self) { out in
      for row in 0..<count {
        if let validity, !validity.isValid(row) { continue }
        let x = widened(a[row])
        let y = widened(b[row])
        if isPlainProduct, fitsHalf(x), fitsHalf(y) {
          let product = wideProduct(lowerHalf(x), lowerHalf(y))
          if product < limit, product > -limit {
            out[row] = converted(product, to: R.self)
            continue
          }
        }
        guard let value = try compute(x, y, liftLeft, liftRight), value < limit, value > -limit else {
          throw KernelError.overflow(
            operation: operation.noun, type: type,
            left: decimalText(x, scale: leftScale), right: decimalText(y, scale: rightScale))
        }
        out[row] = converted(value, to: R.self)
      }
    }
  }

  /// One result, unscaled; nil where it leaves 128 bits.
  @inline(__always)
  private func compute(
    _ x: Int128, _ y: Int128, _ liftLeft: Int128, _ liftRight: Int128
  ) throws -> Int128? {
    switch operation {
    case .add, .subtract:
      let (a, overflowA) = x.multipliedReportingOverflow(by: liftLeft)
      let (b, overflowB) = y.multipliedReportingOverflow(by: liftRight)
      let (sum, overflow) =
        operation == .add ? a.addingReportingOverflow(b) : a.subtractingReportingOverflow(b)
      return overflowA || overflowB || overflow ? nil : sum
    case .multiply:
      let dropped = leftScale + rightScale - scale
      if dropped > 0 {
        guard y != 0 else { return 0 }
        return scaledQuotient(x, times: y.magnitude <= UInt128(Int128.max) ? abs(y) : 0,
          by: y < 0 ? -wideTen(dropped) : wideTen(dropped))
      }
      let (product, overflow) = x.multipliedReportingOverflow(by: y)
      return overflow ? nil : product
    case .divide:
      guard y != 0 else { throw KernelError.divisionByZero }
      let lift = scale + rightScale - leftScale
      return lift >= 0
        ? scaledQuotient(x, times: wideTen(lift), by: y)
        : divideHalfUp(x, y &* wideTen(-lift))
    case .modulo:
      guard y != 0 else { throw KernelError.divisionByZero }
      let (a, overflowA) = x.multipliedReportingOverflow(by: liftLeft)
      let (b, overflowB) = y.multipliedReportingOverflow(by: liftRight)
      if overflowB { return x }
      return overflowA ? moduloByParts(x, liftLeft, b) : a % b
    }
  }

  /// `x * lift mod b` where the product passes 128 bits.
  private func moduloByParts(_ x: Int128, _ lift: Int128, _ b: Int128) -> Int128 {
    let wide = x.magnitude.multipliedFullWidth(by: lift.magnitude)
    let high = wide.high % b.magnitude
    let rest = Int128(b.magnitude.dividingFullWidth((high, wide.low)).remainder)
    return x < 0 ? -rest : rest
  }
}

/// How `roundDecimal` treats the digits it drops; `halfUp` rounds half away from zero.
public enum RoundingMode: Sendable, Hashable { case floor, ceiling, halfUp, truncate }

/// Rounds a decimal to a smaller scale.
///
/// With `keepingScale` the dropped digits become zeros. Throws `overflow` where the result does not
/// fit `type`.
public func roundDecimal(
  _ vector: ColumnVector,
  dropping digits: Int,
  mode: RoundingMode,
  to type: DataType,
  keepingScale: Bool = false
) throws -> ColumnVector {
  let source = vector.plain
  let unit = wideTen(digits)
  var limit = Int128.max
  if case .decimal(let precision, _) = type { limit = wideTen(precision) }
  let wide = wideValues(source)
  let values = try [Int128](unsafeUninitializedCapacity: source.count) { out, initialized in
    for row in 0..<source.count {
      let x = wide[row]
      var value: Int128
      switch mode {
      case .halfUp: value = digits > 38 ? 0 : divideHalfUp(x, unit)
      case .floor: value = x / unit - (x % unit < 0 ? 1 : 0)
      case .ceiling: value = x / unit + (x % unit > 0 ? 1 : 0)
      case .truncate: value = x / unit
      }
      if keepingScale { value = value &* unit }
      guard source.isNull(row) || (value < limit && value > -limit) else {
        throw KernelError.overflow(operation: "rounding", type: type, left: "\(x)", right: "")
      }
      out[row] = value
    }
    initialized = source.count
  }
  return makeWhole(type, values, source.validity)
}

/// A fixed-width column of whole numbers, widened to 128 bits by row; floats are not read.
func wideValues(_ vector: ColumnVector) -> [Int128] {
  let source = vector.plain
  let count = source.count
  return [Int128](unsafeUninitializedCapacity: count) { out, initialized in
    switch source.type.numberForm {
    case .uint8:
      let lane = Lane<UInt8>(source)
      for row in 0..<count { out[row] = widened(lane[row]) }
    case .int8:
      let lane = Lane<Int8>(source)
      for row in 0..<count { out[row] = widened(lane[row]) }
    case .int16:
      let lane = Lane<Int16>(source)
      for row in 0..<count { out[row] = widened(lane[row]) }
    case .int32:
      let lane = Lane<Int32>(source)
      for row in 0..<count { out[row] = widened(lane[row]) }
    case .int64:
      let lane = Lane<Int64>(source)
      for row in 0..<count { out[row] = widened(lane[row]) }
    case .int128, .uint128:
      let lane = Lane<Int128>(source)
      for row in 0..<count { out[row] = lane[row] }
    case .float, .double, nil: for row in 0..<count { out[row] = 0 }
    }
    initialized = count
  }
}

/// A column of `type`, whole numbers of any width, from 128-bit values that fit it.
func makeWhole(
  _ type: DataType, _ values: [Int128], _ validity: ValidityBitmap?
) -> ColumnVector {
  let count = values.count
  return values.withUnsafeBufferPointer { source in
    switch type.numberForm {
    case .uint8, .int8:
      makeFixed(type, count, validity, as: Int8.self) { out in
        for row in 0..<count { out[row] = converted(source[row], to: Int8.self) }
      }
    case .int16:
      makeFixed(type, count, validity, as: Int16.self) { out in
        for row in 0..<count { out[row] = converted(source[row], to: Int16.self) }
      }
    case .int32:
      makeFixed(type, count, validity, as: Int32.self) { out in
        for row in 0..<count { out[row] = converted(source[row], to: Int32.self) }
      }
    case .int64:
      makeFixed(type, count, validity, as: Int64.self) { out in
        for row in 0..<count { out[row] = converted(source[row], to: Int64.self) }
      }
    default:
      makeFixed(type, count, validity, as: Int128.self) { out in
        for row in 0..<count { out[row] = source[row] }
      }
    }
  }
}
