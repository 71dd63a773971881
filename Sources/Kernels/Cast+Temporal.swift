// Casts among dates, times and timestamps; a moment is read in UTC.

public import Columnar

private let picosecondsPerMicrosecond: Int128 = 1_000_000

/// Rounds picoseconds of a day to `precision` digits, half up; midnight after a day is midnight.
func roundPicoseconds(_ value: Int64, precision: Int) -> Int64 {
  guard precision < 12 else { return value }
  let unit = powersOfTen[12 - max(0, precision)]
  let rounded = (value + unit / 2) / unit * unit
  return rounded >= 86_400_000_000_000_000 ? 0 : rounded
}

/// Rounds a timestamp's picoseconds to `precision` digits, half up.
@inline(__always)
func roundMoment(_ picoseconds: Int128, precision: Int) -> Int128 {
  guard precision < 12 else { return picoseconds }
  let unit = wideTen(12 - max(0, precision))
  let half = picoseconds + unit / 2
  var quotient = half / unit
  if half % unit < 0 { quotient -= 1 }
  return quotient * unit
}

extension DataType {
  /// The fraction digits of times and timestamps; nil for other types.
  public var secondPrecision: Int? {
    switch self {
    case .time(let precision), .timestamp(let precision), .timestampWithTimeZone(let precision):
      precision
    default: nil
    }
  }

  fileprivate var isMoment: Bool {
    switch self {
    case .timestamp, .timestampWithTimeZone: true
    default: false
    }
  }
}

/// Timestamps as picoseconds, dates as their midnight.
private func picoseconds(_ source: ColumnVector) -> [Int128]? {
  let wide = wideValues(source)
  switch source.type {
  case .date: return wide.map { $0 * 86_400_000_000_000_000 }
  case .timestamp, .timestampWithTimeZone:
    return source.type.numberForm == .int64
      ? wide.map { $0 * picosecondsPerMicrosecond } : wide
  default: return nil
  }
}

func castTemporal(
  _ source: ColumnVector, to type: DataType, isLenient: Bool
) throws -> ColumnVector {
  let count = source.count
  switch (source.type, type) {
  case (.date, .bigint): return try castNumber(source, to: type, isLenient: isLenient)
  case (.timestamp(let from), .timestamp(let to)) where from <= to && to <= 6,
    (.timestampWithTimeZone(let from), .timestampWithTimeZone(let to)) where from <= to && to <= 6:
    return source.retyped(type)
  case (.timestamp(let from), .timestampWithTimeZone(let to)) where from <= to && to <= 6,
    (.timestampWithTimeZone(let from), .timestamp(let to)) where from <= to && to <= 6:
    return source.retyped(type)
  case (.date, _) where type.isMoment && type.numberForm == .int64:
    let lane = Lane<Int32>(source)
    return makeFixed(type, count, source.validity, as: Int64.self) { out in
      for row in 0..<count { out[row] = Int64(lane[row]) &* microsecondsPerDay }
    }
  case (_, .date) where source.type.isMoment && source.type.numberForm == .int64:
    let lane = Lane<Int64>(source)
    return makeFixed(type, count, source.validity, as: Int32.self) { out in
      for row in 0..<count {
        out[row] = Int32(truncatingIfNeeded: floorQuotient(lane[row], microsecondsPerDay))
      }
    }
  case (.time, .time(let precision)):
    let lane = Lane<Int64>(source)
    return makeFixed(type, count, source.validity, as: Int64.self) { out in
      for row in 0..<count { out[row] = roundPicoseconds(lane[row], precision: precision) }
    }
  default: break
  }
  guard let moments = picoseconds(source) else {
    throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  }
  let perDay: Int128 = 86_400_000_000_000_000
  switch type {
  case .date:
    return makeWhole(type, moments.map { ($0 - floorModulo($0, perDay)) / perDay }, source.validity)
  case .time(let precision):
    return makeWhole(
      type,
      moments.map {
        Int128(
          roundPicoseconds(
            Int64(truncatingIfNeeded: floorModulo($0, perDay)), precision: precision))
      }, source.validity)
  case .timestamp(let precision), .timestampWithTimeZone(let precision):
    let unit = type.numberForm == .int64 ? picosecondsPerMicrosecond : 1
    return makeWhole(
      type, moments.map { roundMoment($0, precision: precision) / unit }, source.validity)
  default: throw KernelError.notSupported("a cast from \(source.type) to \(type)")
  }
}

func floorModulo(_ value: Int128, _ divisor: Int128) -> Int128 {
  let rest = value % divisor
  return rest < 0 ? rest + divisor : rest
}
