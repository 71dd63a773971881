// Aggregate functions over groups: each keeps its state by group number and takes whole batches.
//
// 1. `makeAccumulator` chooses by function and types. Numbers that fold one by one are a `Fold` in a
//    `FoldAccumulator` (`Folds+….swift`); functions that choose a value are `ChoiceAccumulator`;
//    those that need all values are `CollectAccumulator`; `DistinctSketch` estimates.
// 2. For each batch: `reserve`, then `update`.
// 3. Partial states come together by `merge`, for two-phase aggregation.
// 4. `result` gives one row a group.

public import Columnar

/// The state of one aggregate function, kept by group number.
///
/// `reserve` makes room for the groups of a batch, then `update` takes the batch. `groups` has
/// `rowCount` group numbers; nil puts all rows in group 0. NULL arguments are skipped (`array_agg`
/// and its like keep them). `result` gives one row a group, in the order of the range; a group
/// without values is NULL, a count is 0. Not thread-safe.
public protocol Accumulator: AnyObject {
  /// Makes room for groups 0 ..< `groupCount`.
  func reserve(groupCount: Int)
  /// Takes `rowCount` rows.
  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws
  /// Takes the groups 0 ..< `groupCount` of another accumulator of the same function and types:
  /// its group `i` goes to `groups[i]`, or all to group 0. The other must not be used after.
  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws
  /// One row a group.
  func result(_ range: Range<Int>) throws -> ColumnVector
  /// Bytes held, about.
  var byteCount: Int { get }
}

/// The aggregate functions that `makeAccumulator` knows; their arguments in Trino's order.
///
/// `count` without arguments counts rows; `countIf` counts the true ones. `arbitrary` is the
/// group's first value that is not NULL. `minimumBy` and `maximumBy` take the value, then the key:
/// rows whose key is NULL are skipped, and the value chosen may be NULL. Two-argument statistics
/// take `(y, x)`.
public enum AggregateKind: String, Sendable, Hashable, CaseIterable {
  case count, sum, average, minimum, maximum, boolAnd, boolOr, arbitrary, minimumBy, maximumBy
  case countIf
  case variancePopulation, varianceSample, deviationPopulation, deviationSample
  case skewness, kurtosis, geometricMean
  case covariancePopulation, covarianceSample, correlation, regressionSlope, regressionIntercept
  case bitwiseAnd, bitwiseOr, bitwiseXor, checksum
  /// Estimated with a standard error of 2.3 %.
  case approximateDistinct
  /// The sketch behind that estimate as varbinary: of values, and of other sketches.
  case approximateSet, mergeSketches
  /// `(value, percentage)` or `(value, weight, percentage)`, or with an array of percentages; exact
  /// here.
  case approximatePercentile
  case arrayAggregate, mapAggregate, multimapAggregate, histogram
  /// `(text, separator)`.
  case listAggregate
  /// The union of arrays, of maps.
  case setUnion, mapUnion
}

/// The type that an aggregate function gives, by Trino's rules; nil where it does not take such
/// arguments.
public func aggregateResultType(_ kind: AggregateKind, _ arguments: [DataType]) -> DataType? {
  let first = arguments.first
  switch kind {
  case .count, .countIf, .approximateDistinct: return .bigint
  case .sum:
    switch first {
    case .tinyint, .smallint, .integer, .bigint: return .bigint
    case .decimal(_, let scale): return .decimal(precision: 38, scale: scale)
    case .real, .double, .intervalDayToSecond, .intervalYearToMonth: return first
    default: return nil
    }
  case .average:
    switch first {
    case .tinyint, .smallint, .integer, .bigint, .double: return .double
    case .real, .decimal, .intervalDayToSecond, .intervalYearToMonth: return first
    default: return nil
    }
  case .minimum, .maximum, .arbitrary, .minimumBy, .maximumBy: return first
  case .boolAnd, .boolOr: return first == .boolean ? .boolean : nil
  case .variancePopulation, .varianceSample, .deviationPopulation, .deviationSample, .skewness,
    .kurtosis:
    return first?.isNumeric == true ? .double : nil
  case .geometricMean, .covariancePopulation, .covarianceSample, .correlation, .regressionSlope,
    .regressionIntercept:
    guard arguments.allSatisfy(\.isNumeric), first != nil else { return nil }
    return first == .real ? .real : .double
  case .bitwiseAnd, .bitwiseOr, .bitwiseXor: return first?.isWholeNumber == true ? .bigint : nil
  case .checksum, .approximateSet, .mergeSketches: return .varbinary
  case .approximatePercentile:
    guard let first, arguments.count > 1 else { return nil }
    if case .array = arguments[arguments.count - 1] { return .array(first) }
    return first
  case .arrayAggregate: return first.map { .array($0) }
  case .mapAggregate:
    return arguments.count == 2 ? .map(key: arguments[0], value: arguments[1]) : nil
  case .multimapAggregate:
    return arguments.count == 2 ? .map(key: arguments[0], value: .array(arguments[1])) : nil
  case .histogram: return first.map { .map(key: $0, value: .bigint) }
  case .listAggregate: return .varchar
  case .setUnion:
    if case .array = first { return first }
    return nil
  case .mapUnion:
    if case .map = first { return first }
    return nil
  }
}

/// The accumulator of `kind` over arguments of these types; `result` is the type to give.
///
/// Throws `notSupported` where the function does not take such arguments.
public func makeAccumulator(
  _ kind: AggregateKind,
  arguments: [DataType],
  result: DataType
) throws -> any Accumulator {
  let first = arguments.first
  switch kind {
  case .count: return CountAccumulator(onlyTrue: false)
  case .countIf: return CountAccumulator(onlyTrue: true)
  case .sum: if let sum = sumAccumulator(first, result) { return sum }
  case .average: if let average = averageAccumulator(first, result) { return average }
  case .boolAnd: return folding(BooleanFold<AllTrue>.self, result)
  case .boolOr: return folding(BooleanFold<AnyTrue>.self, result)
  case .minimum, .maximum: return extremeAccumulator(result, isMaximum: kind == .maximum)
  case .arbitrary: return ChoiceAccumulator(value: result, key: nil, choice: .first)
  case .minimumBy, .maximumBy:
    guard arguments.count == 2 else { break }
    return ChoiceAccumulator(
      value: result, key: arguments[1], choice: kind == .minimumBy ? .smallest : .largest)
  case .variancePopulation: return folding(MomentsFold<VariancePopulation>.self, result)
  case .varianceSample: return folding(MomentsFold<VarianceSample>.self, result)
  case .deviationPopulation: return folding(MomentsFold<DeviationPopulation>.self, result)
  case .deviationSample: return folding(MomentsFold<DeviationSample>.self, result)
  case .skewness: return folding(MomentsFold<Skewness>.self, result)
  case .kurtosis: return folding(MomentsFold<Kurtosis>.self, result)
  case .geometricMean: return folding(GeometricMeanFold.self, result)
  case .covariancePopulation, .covarianceSample, .correlation, .regressionSlope,
    .regressionIntercept:
    return PairAccumulator(kind, result)
  case .bitwiseAnd: return folding(BitwiseFold<BitsAnd>.self, result)
  case .bitwiseOr: return folding(BitwiseFold<BitsOr>.self, result)
  case .bitwiseXor: return folding(BitwiseFold<BitsXor>.self, result)
  case .checksum: return ChecksumAccumulator()
  case .approximateDistinct: return DistinctSketchAccumulator()
  case .approximateSet: return DistinctSketchAccumulator(givesSketch: true)
  case .mergeSketches: return DistinctSketchAccumulator(mergesSketches: true, givesSketch: true)
  case .approximatePercentile, .arrayAggregate, .mapAggregate, .multimapAggregate, .histogram,
    .listAggregate, .setUnion, .mapUnion:
    return CollectAccumulator(kind, arguments: arguments, result: result)
  }
  throw KernelError.notSupported("\(kind.rawValue) of \(arguments)")
}

/// Per-group numbers that grow with the groups.
struct GroupArray<Value: BitwiseCopyable>: ~Copyable {
  private(set) var base: UnsafeMutablePointer<Value>
  private(set) var capacity: Int
  private let initial: Value

  init(_ initial: Value) {
    self.initial = initial
    capacity = 16
    base = .allocate(capacity: 16)
    base.initialize(repeating: initial, count: 16)
  }

  deinit { base.deallocate() }

  mutating func reserve(_ count: Int) {
    guard count > capacity else { return }
    let larger = max(count, capacity * 2)
    let fresh = UnsafeMutablePointer<Value>.allocate(capacity: larger)
    fresh.update(from: base, count: capacity)
    (fresh + capacity).initialize(repeating: initial, count: larger - capacity)
    base.deallocate()
    base = fresh
    capacity = larger
  }

  var byteCount: Int { capacity * MemoryLayout<Value>.stride }
}

/// Counts rows, values that are not NULL, or true ones.
final class CountAccumulator: Accumulator {
  private var counts = GroupArray<Int64>(0)
  private let onlyTrue: Bool

  init(onlyTrue: Bool) { self.onlyTrue = onlyTrue }

  func reserve(groupCount: Int) { counts.reserve(groupCount) }
  var byteCount: Int { counts.byteCount }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let base = counts.base
    guard let argument = arguments.first else { return countAll(rowCount, groups) }
    if argument.type == .unknown { return }
    if onlyTrue {
      let flags = argument.plain
      let lane = Lane<UInt8>(flags)
      for row in 0..<rowCount where !flags.isNull(row) && lane[row] != 0 {
        base[Int(groups?[row] ?? 0)] &+= 1
      }
    } else if let validity = argument.validity {
      if groups == nil {
        base[0] &+= Int64(rowCount - validity.nullCount)
        return
      }
      for row in 0..<rowCount where validity.isValid(row) {
        base[Int(groups?[row] ?? 0)] &+= 1
      }
    } else {
      countAll(rowCount, groups)
    }
  }

  private func countAll(_ rowCount: Int, _ groups: UnsafePointer<Int32>?) {
    let base = counts.base
    if let groups {
      for row in 0..<rowCount { base[Int(groups[row])] &+= 1 }
    } else {
      base[0] &+= Int64(rowCount)
    }
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? CountAccumulator else { throw mergeMistake }
    for group in 0..<groupCount {
      counts.base[Int(groups?[group] ?? 0)] &+= other.counts.base[group]
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let base = counts.base
    return makeFixed(.bigint, range.count, nil, as: Int64.self) { out in
      for (index, group) in range.enumerated() { out[index] = base[group] }
    }
  }
}

/// Two accumulators that do not belong together: our own mistake, as an error.
var mergeMistake: KernelError { .invalidArgument("the accumulators are of different functions") }
