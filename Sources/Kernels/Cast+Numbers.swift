// Casts among Booleans, whole numbers, decimals, `real` and `double`.

import Columnar

func castNumber(
  _ source: ColumnVector, to type: DataType, isLenient: Bool
) throws -> ColumnVector {
  switch (source.type.numberForm, type) {
  case (nil, _): throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  case (.uint128, _), (_, .uuid):
    throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  case (_, .boolean):
    let zero = ColumnVector(
      constant: source.type == .double || source.type == .real ? .double(0) : .integer(0),
      type: source.type, count: source.count)
    return compare(.notEqual, source, zero)
  case (_, .double):
    return floating(source, type, as: Double.self) { $0 }
  case (_, .real): return floating(source, type, as: Float.self) { Float($0) }
  case (.float, _):
    return try wholeFromFloating(
      source, Lane<Float>(source), to: type, isLenient, { Double($0) }, { javaText(real: $0) })
  case (.double, _):
    return try wholeFromFloating(
      source, Lane<Double>(source), to: type, isLenient, { $0 }, { javaText($0) })
  default: return try wholeFromWhole(source, to: type, isLenient)
  }
}

/// The scale of a decimal; 0 of whole numbers.
func decimalScale(_ type: DataType) -> Int {
  if case .decimal(_, let scale) = type { return scale }
  return 0
}

/// The values of a whole or decimal type: those from `-limit - (isSymmetric ? 0 : 1)` to `limit`.
private func wholeLimits(_ type: DataType) throws -> ClosedRange<Int128> {
  switch type {
  case .tinyint: Int128(Int8.min)...Int128(Int8.max)
  case .smallint: Int128(Int16.min)...Int128(Int16.max)
  case .integer: Int128(Int32.min)...Int128(Int32.max)
  case .bigint: Int128(Int64.min)...Int128(Int64.max)
  case .decimal(let precision, _): (1 - wideTen(precision))...(wideTen(precision) - 1)
  default: throw KernelError.notSupported("a cast to \(type)")
  }
}

@inline(__always)
private func floating<Value: BitwiseCopyable>(
  _ source: ColumnVector, _ type: DataType, as: Value.Type, _ finish: (Double) -> Value
) -> ColumnVector {
  let count = source.count
  return makeFixed(type, count, source.validity, as: Value.self) { out in
    switch source.type.numberForm {
    case .uint8:
      let lane = Lane<UInt8>(source)
      for row in 0..<count { out[row] = finish(Double(lane[row])) }
    case .int8:
      let lane = Lane<Int8>(source)
      for row in 0..<count { out[row] = finish(Double(lane[row])) }
    case .int16:
      let lane = Lane<Int16>(source)
      for row in 0..<count { out[row] = finish(Double(lane[row])) }
    case .int32:
      let lane = Lane<Int32>(source)
      for row in 0..<count { out[row] = finish(Double(lane[row])) }
    case .float:
      let lane = Lane<Float>(source)
      for row in 0..<count { out[row] = finish(Double(lane[row])) }
    case .double:
      let lane = Lane<Double>(source)
      for row in 0..<count { out[row] = finish(lane[row]) }
    case .int64:
      let lane = Lane<Int64>(source)
      let scale = decimalScale(source.type)
      if scale == 0 {
        for row in 0..<count { out[row] = finish(Double(lane[row])) }
      } else {
        let unit = Double(powersOfTen[scale])
        for row in 0..<count {
          // Beyond 2^53 the quotient of two roundings could differ from the nearest double.
          out[row] = finish(
            lane[row].magnitude < 1 << 53 && scale <= 15
              ? Double(lane[row]) / unit
              : Double(decimalText(lane[row], scale: scale)) ?? .nan)
        }
      }
    default:
      let lane = Lane<Int128>(source)
      let scale = decimalScale(source.type)
      for row in 0..<count {
        let value = lane[row]
        out[row] = finish(
          value.magnitude < 1 << 53 && scale <= 15
            ? Double(Int64(truncatingIfNeeded: value)) / Double(powersOfTen[scale])
            : Double(decimalText(value, scale: scale)) ?? .nan)
      }
    }
  }
}

/// Collects converted rows: a NULL where the source has one or a lenient cast failed.
private struct WholeOutput {
  var values: [Int128]
  var known: [Bool]
  var failed = false

  init(_ count: Int) {
    values = [Int128](repeating: 0, count: count)
    known = [Bool](repeating: true, count: count)
  }

  func column(_ source: ColumnVector, _ type: DataType) -> ColumnVector {
    let validity =
      failed
      ? ValidityBitmap.make(count: source.count) { known[$0] && !source.isNull($0) }
      : source.validity
    return makeWhole(type, values, validity)
  }
}

private func wholeFromWhole(
  _ source: ColumnVector, to type: DataType, _ isLenient: Bool
) throws -> ColumnVector {
  let limits = try wholeLimits(type)
  let from = decimalScale(source.type)
  let to = decimalScale(type)
  if let quick = try widen(source, to: type) { return quick }
  let wide = wideValues(source)
  var output = WholeOutput(source.count)
  let lift = wideTen(to - from)
  let drop = wideTen(from - to)
  for row in 0..<source.count {
    var value: Int128? = wide[row]
    if to > from {
      let (scaled, overflow) = wide[row].multipliedReportingOverflow(by: lift)
      value = overflow ? nil : scaled
    } else if from > to {
      value = divideHalfUp(wide[row], drop)
    }
    if let value, limits.contains(value) {
      output.values[row] = value
    } else if isLenient {
      output.known[row] = false
      output.failed = true
    } else if !source.isNull(row) {
      let shown = scalarText(source.scalar(row), source.type)
      if case .decimal = type {
        throw KernelError.invalidCast(value: shown, from: source.type, to: type)
      }
      throw KernelError.outOfRange(value: shown, type: type)
    }
  }
  return output.column(source, type)
}

/// The conversions that cannot fail: a loop without a check; nil for others.
private func widen(_ source: ColumnVector, to type: DataType) throws -> ColumnVector? {
  let count = source.count
  switch (source.type, type) {
  case (.integer, .bigint), (.date, .bigint):
    let lane = Lane<Int32>(source)
    return makeFixed(type, count, source.validity, as: Int64.self) { out in
      for row in 0..<count { out[row] = Int64(lane[row]) }
    }
  case (.decimal(let p, let s), .decimal(let q, let t)) where t >= s && q - t >= p - s,
    (.decimal(let p, let s), .decimal(let q, let t)) where t >= s && q - t >= p - s && p > 0:
    let lift = wideTen(t - s)
    switch (source.type.numberForm, type.numberForm) {
    case (.int64, .int64):
      let lane = Lane<Int64>(source)
      let factor = Int64(truncatingIfNeeded: lift)
      return makeFixed(type, count, source.validity, as: Int64.self) { out in
        for row in 0..<count { out[row] = lane[row] &* factor }
      }
    case (.int64, .int128):
      let lane = Lane<Int64>(source)
      return makeFixed(type, count, source.validity, as: Int128.self) { out in
        for row in 0..<count { out[row] = widened(lane[row]) &* lift }
      }
    default: return nil
    }
  default: return nil
  }
}

@inline(__always)
private func wholeFromFloating<Value: BitwiseCopyable>(
  _ source: ColumnVector, _ lane: Lane<Value>, to type: DataType, _ isLenient: Bool,
  _ number: (Value) -> Double, _ text: (Value) -> String
) throws -> ColumnVector {
  let limits = try wholeLimits(type)
  let scale = decimalScale(type)
  let factor = Double(wideTen(scale))
  var output = WholeOutput(source.count)
  for row in 0..<source.count {
    let value = number(lane[row])
    let scaled = value * factor
    var whole: Int128?
    if scale == 0 {
      let rounded = scaled.rounded(.toNearestOrAwayFromZero)
      whole = rounded.isFinite && abs(rounded) < 1.7e38 ? Int128(rounded) : nil
    } else if scaled.isFinite {
      let rounded = scaled.rounded(.toNearestOrAwayFromZero)
      if abs(scaled) < 1e14, abs(abs(scaled - scaled.rounded(.down)) - 0.5) > 1e-6 * abs(scaled) {
        whole = Int128(rounded)
      } else {
        // Near a half, or with all digits in use: the shortest digits of the number decide.
        var digits = text(lane[row])
        whole = digits.withUTF8 { parseWideDecimal(UnsafeRawBufferPointer($0), scale: scale) }
      }
    }
    if let whole, limits.contains(whole) {
      output.values[row] = whole
    } else if isLenient {
      output.known[row] = false
      output.failed = true
    } else if !source.isNull(row) {
      let shown = text(lane[row])
      var isDecimal = false
      if case .decimal = type { isDecimal = true }
      throw value.isNaN || isDecimal
        ? KernelError.invalidCast(value: shown, from: source.type, to: type)
        : KernelError.outOfRange(value: shown, type: type)
    }
  }
  return output.column(source, type)
}
