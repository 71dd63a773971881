// Mathematical functions on numeric columns.

public import Columnar

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The functions of one double that `apply` computes.
///
/// They follow IEEE 754 and never throw: the square root of -1 is NaN. `round` rounds half away
/// from zero.
public enum DoubleFunction: String, Sendable, Hashable {
  case absolute, ceiling, floor, round, squareRoot, exponential, naturalLogarithm
  case logarithm10, logarithm2
}

/// One double in, one out.
public func apply(_ function: DoubleFunction, _ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let a = Lane<Double>(source)
  let count = source.count
  return makeFixed(.double, count, source.validity, as: Double.self) { out in
    switch function {
    case .absolute: for row in 0..<count { out[row] = abs(a[row]) }
    case .ceiling: for row in 0..<count { out[row] = a[row].rounded(.up) }
    case .floor: for row in 0..<count { out[row] = a[row].rounded(.down) }
    case .round:
      for row in 0..<count { out[row] = a[row].rounded(.toNearestOrAwayFromZero) }
    case .squareRoot: for row in 0..<count { out[row] = a[row].squareRoot() }
    case .exponential: for row in 0..<count { out[row] = exp(a[row]) }
    case .naturalLogarithm: for row in 0..<count { out[row] = log(a[row]) }
    case .logarithm10: for row in 0..<count { out[row] = log10(a[row]) }
    case .logarithm2: for row in 0..<count { out[row] = log2(a[row]) }
    }
  }
}

/// `base` to the power of `exponent`, both double.
public func power(_ base: ColumnVector, _ exponent: ColumnVector) -> ColumnVector {
  let left = base.plain
  let right = exponent.plain
  let a = Lane<Double>(left)
  let b = Lane<Double>(right)
  let validity = mergedValidity(base.validity, exponent.validity, count: base.count)
  return makeFixed(.double, base.count, validity, as: Double.self) { out in
    for row in 0..<base.count { out[row] = pow(a[row], b[row]) }
  }
}

/// Rounds doubles to `digits` decimal places (negative: tens), half away from zero.
public func roundDouble(_ vector: ColumnVector, digits: ColumnVector) -> ColumnVector {
  let left = vector.plain
  let right = digits.plain
  let a = Lane<Double>(left)
  let d = Lane<Int64>(right)
  let validity = mergedValidity(vector.validity, digits.validity, count: vector.count)
  return makeFixed(.double, vector.count, validity, as: Double.self) { out in
    for row in 0..<vector.count {
      let value = a[row]
      let factor = pow(10, Double(d[row]))
      let scaled = value * factor
      guard value.isFinite, scaled.isFinite, factor > 0 else {
        out[row] = value.isFinite && factor == 0 ? 0 : value
        continue
      }
      out[row] = scaled.rounded(.toNearestOrAwayFromZero) / factor
    }
  }
}

/// Rounds integers to tens, hundreds … for negative `digits`; others stay.
public func roundIntegers(_ vector: ColumnVector, digits: ColumnVector) throws -> ColumnVector {
  let left = try cast(vector, to: .bigint)
  let right = digits.plain
  let a = Lane<Int64>(left)
  let d = Lane<Int64>(right)
  let validity = mergedValidity(vector.validity, digits.validity, count: vector.count)
  let rounded = makeFixed(.bigint, vector.count, validity, as: Int64.self) { out in
    for row in 0..<vector.count {
      let places = d[row]
      if places >= 0 {
        out[row] = a[row]
      } else if places < -18 {
        out[row] = 0
      } else {
        let unit = Int128(powersOfTen[Int(-places)])
        out[row] = Int64(truncatingIfNeeded: divideHalfUp(Int128(a[row]), unit) &* unit)
      }
    }
  }
  return try cast(rounded, to: vector.type)
}

/// `abs` of any numeric type; the smallest integer throws.
public func absolute(_ vector: ColumnVector) throws -> ColumnVector {
  if vector.type == .double { return apply(.absolute, vector) }
  if vector.type == .real {
    let source = vector.plain
    let a = Lane<Float>(source)
    return makeFixed(.real, source.count, source.validity, as: Float.self) { out in
      for row in 0..<source.count { out[row] = Swift.abs(a[row]) }
    }
  }
  let negative = try negate(vector)
  let zero = ColumnVector(constant: .integer(0), type: vector.type, count: vector.count)
  let isNegative = compare(.less, vector, zero)
  return choose(isNegative, negative, vector.plain)
}

/// -1, 0 or 1, of the same type; NaN stays NaN.
///
/// Decimals give an unscaled -1, 0, 1.
public func sign(_ vector: ColumnVector, to type: DataType) -> ColumnVector {
  let source = vector.plain
  let count = source.count
  switch source.type {
  case .double:
    let a = Lane<Double>(source)
    return makeFixed(.double, count, source.validity, as: Double.self) { out in
      for row in 0..<count { out[row] = a[row] > 0 ? 1 : a[row] < 0 ? -1 : a[row] }
    }
  case .real:
    let a = Lane<Float>(source)
    return makeFixed(.real, count, source.validity, as: Float.self) { out in
      for row in 0..<count { out[row] = a[row] > 0 ? 1 : a[row] < 0 ? -1 : a[row] }
    }
  default: return makeWhole(type, wideValues(source).map { $0.signum() }, source.validity)
  }
}

/// What `test` asks of each double.
public enum DoubleTest: Sendable, Hashable { case isNaN, isFinite, isInfinite }

/// A Boolean by row.
public func test(_ test: DoubleTest, _ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let a = Lane<Double>(source)
  return makeFixed(.boolean, source.count, source.validity, as: UInt8.self) { out in
    for row in 0..<source.count {
      switch test {
      case .isNaN: out[row] = a[row].isNaN ? 1 : 0
      case .isFinite: out[row] = a[row].isFinite ? 1 : 0
      case .isInfinite: out[row] = a[row].isInfinite ? 1 : 0
      }
    }
  }
}

/// The natural logarithm.
func naturalLog(_ value: Double) -> Double { log(value) }

/// Doubles cut to `digits` (`bigint`) decimal places, in decimal; negative: tens.
public func truncateDouble(_ vector: ColumnVector, digits: ColumnVector) -> ColumnVector {
  let left = vector.plain
  let right = digits.plain
  let a = Lane<Double>(left)
  let d = Lane<Int64>(right)
  let validity = mergedValidity(left.validity, right.validity, count: vector.count)
  return makeFixed(.double, vector.count, validity, as: Double.self) { out in
    for row in 0..<vector.count {
      guard a[row].isFinite, d[row] < 400 else {
        out[row] = a[row]
        continue
      }
      var number = DecimalDigits(a[row])
      number.round(toPlaces: Int(max(-400, d[row])), isCut: true)
      out[row] = number.double
    }
  }
}
