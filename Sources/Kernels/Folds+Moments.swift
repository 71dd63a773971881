// Variance, deviation, skewness, kurtosis, geometric mean: central moments kept in one pass and
// merged without loss (Welford, Chan); and the statistics of two variables.

import Columnar

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

struct Moments: BitwiseCopyable {
  var count: Double = 0
  var mean: Double = 0
  var m2: Double = 0
  var m3: Double = 0
  var m4: Double = 0

  @inline(__always)
  mutating func add(_ value: Double) {
    let before = count
    count += 1
    let delta = value - mean
    let step = delta / count
    let step2 = step * step
    let term = delta * step * before
    mean += step
    m4 += term * step2 * (count * count - 3 * count + 3) + 6 * step2 * m2 - 4 * step * m3
    m3 += term * step * (count - 2) - 3 * step * m2
    m2 += term
  }

  mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let n = count + other.count
    let delta = other.mean - mean
    let delta2 = delta * delta
    let a = count
    let b = other.count
    let fourth =
      m4 + other.m4 + delta2 * delta2 * a * b * (a * a - a * b + b * b) / (n * n * n)
      + 6 * delta2 * (a * a * other.m2 + b * b * m2) / (n * n)
      + 4 * delta * (a * other.m3 - b * m3) / n
    let third =
      m3 + other.m3 + delta * delta2 * a * b * (a - b) / (n * n)
      + 3 * delta * (a * other.m2 - b * m2) / n
    m2 += other.m2 + delta2 * a * b / n
    m3 = third
    m4 = fourth
    mean += delta * b / n
    count = n
  }
}

/// What is made of the moments; nil: NULL.
protocol MomentForm {
  static func value(_ moments: Moments) -> Double?
}
enum VariancePopulation: MomentForm {
  static func value(_ m: Moments) -> Double? { m.count > 0 ? m.m2 / m.count : nil }
}
enum VarianceSample: MomentForm {
  static func value(_ m: Moments) -> Double? { m.count > 1 ? m.m2 / (m.count - 1) : nil }
}
enum DeviationPopulation: MomentForm {
  static func value(_ m: Moments) -> Double? { VariancePopulation.value(m)?.squareRoot() }
}
enum DeviationSample: MomentForm {
  static func value(_ m: Moments) -> Double? { VarianceSample.value(m)?.squareRoot() }
}
enum Skewness: MomentForm {
  static func value(_ m: Moments) -> Double? {
    m.count > 2 ? m.count.squareRoot() * m.m3 / pow(m.m2, 1.5) : nil
  }
}
enum Kurtosis: MomentForm {
  static func value(_ m: Moments) -> Double? {
    guard m.count > 3 else { return nil }
    let n = m.count
    let variance = m.m2 / (n - 1)
    let first = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * m.m4 / (variance * variance)
    return first - 3 * (n - 1) * (n - 1) / ((n - 2) * (n - 3))
  }
}

enum MomentsFold<Form: MomentForm>: Fold {
  static var initial: Moments { Moments() }

  static func prepare(_ argument: ColumnVector) throws -> ColumnVector {
    try cast(argument, to: .double).plain
  }

  @inline(__always)
  static func add(_ state: inout Moments, _ value: Double) -> Bool {
    state.add(value)
    return false
  }

  static func merge(_ state: inout Moments, _ other: Moments) -> Bool {
    state.merge(other)
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<Moments>, _ type: DataType
  ) throws -> ColumnVector {
    makeResults(states, .double, as: Double.self, isValid: { Form.value($0) != nil }) {
      Form.value($0) ?? 0
    }
  }
}

/// The mean of logarithms, as the number it is of.
enum GeometricMeanFold: Fold {
  typealias State = SumState<Double>

  static var initial: State { State(sum: 0, count: 0) }

  static func prepare(_ argument: ColumnVector) throws -> ColumnVector {
    try cast(argument, to: .double).plain
  }

  @inline(__always)
  static func add(_ state: inout State, _ value: Double) -> Bool {
    state.sum += log(value)
    state.count &+= 1
    return false
  }

  static func merge(_ state: inout State, _ other: State) -> Bool {
    state.sum += other.sum
    state.count &+= other.count
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    let means = makeResults(states, .double, as: Double.self, isValid: { $0.count > 0 }) {
      exp($0.sum / Double($0.count))
    }
    return try cast(means, to: type)
  }
}

/// Moments of two variables.
private struct PairMoments: BitwiseCopyable {
  var count: Double = 0
  var meanX: Double = 0
  var meanY: Double = 0
  var m2X: Double = 0
  var m2Y: Double = 0
  var c2: Double = 0

  @inline(__always)
  mutating func add(_ x: Double, _ y: Double) {
    count += 1
    let deltaX = x - meanX
    let deltaY = y - meanY
    meanX += deltaX / count
    meanY += deltaY / count
    c2 += deltaX * (y - meanY)
    m2X += deltaX * (x - meanX)
    m2Y += deltaY * (y - meanY)
  }

  mutating func merge(_ other: PairMoments) {
    guard other.count > 0 else { return }
    let n = count + other.count
    let deltaX = other.meanX - meanX
    let deltaY = other.meanY - meanY
    let weight = count * other.count / n
    c2 += other.c2 + deltaX * deltaY * weight
    m2X += other.m2X + deltaX * deltaX * weight
    m2Y += other.m2Y + deltaY * deltaY * weight
    meanX += deltaX * other.count / n
    meanY += deltaY * other.count / n
    count = n
  }

  func value(_ kind: AggregateKind) -> Double? {
    switch kind {
    case .covariancePopulation: return count > 0 ? c2 / count : nil
    case .covarianceSample: return count > 1 ? c2 / (count - 1) : nil
    case .correlation:
      let divisor = (m2X * m2Y).squareRoot()
      return count > 0 && divisor > 0 ? c2 / divisor : nil
    case .regressionSlope: return count > 0 && m2X > 0 ? c2 / m2X : nil
    case .regressionIntercept: return count > 0 && m2X > 0 ? meanY - c2 / m2X * meanX : nil
    default: return nil
    }
  }
}

/// Covariance, correlation and linear regression of `(y, x)`; rows with a NULL are skipped.
final class PairAccumulator: Accumulator {
  private var states = GroupArray<PairMoments>(PairMoments())
  private let kind: AggregateKind
  private let type: DataType

  init(_ kind: AggregateKind, _ type: DataType) {
    self.kind = kind
    self.type = type
  }

  func reserve(groupCount: Int) { states.reserve(groupCount) }
  var byteCount: Int { states.byteCount }

  func update(
    _ arguments: [ColumnVector], rowCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    let y = try cast(arguments[0], to: .double).plain
    let x = try cast(arguments[1], to: .double).plain
    let validity = mergedValidity(x.validity, y.validity, count: rowCount)
    let xs = Lane<Double>(x)
    let ys = Lane<Double>(y)
    for row in 0..<rowCount where validity?.isValid(row) ?? true {
      states.base[Int(groups?[row] ?? 0)].add(xs[row], ys[row])
    }
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? PairAccumulator else { throw mergeMistake }
    for group in 0..<groupCount {
      states.base[Int(groups?[group] ?? 0)].merge(other.states.base[group])
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let slice = UnsafeBufferPointer(
      start: UnsafePointer(states.base + range.lowerBound), count: range.count)
    let values = makeResults(
      slice, .double, as: Double.self, isValid: { $0.value(kind) != nil },
      { $0.value(kind) ?? 0 })
    return try cast(values, to: type)
  }
}
