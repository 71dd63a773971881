// Aggregate functions over groups: each keeps its state by group number and takes whole batches.
//
// `groups` gives the group of each row, nil where all rows are in group 0. NULL arguments are
// skipped, as SQL wants; an aggregate of no values is NULL (a count is 0).

public import Columnar

/// The state of one aggregate function, kept by group number.
///
/// `reserve` makes room for the groups of a batch, then `update` takes the batch. `groups` has
/// `rowCount` group numbers; nil puts all rows in group 0. NULL arguments are skipped. `result`
/// gives one row a group, in the order of the range; a group without values is NULL, a count is 0.
public protocol Accumulator: AnyObject {
  /// Makes room for groups 0 ..< `groupCount`.
  func reserve(groupCount: Int)
  /// Takes `rowCount` rows.
  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws
  /// One row a group.
  func result(_ range: Range<Int>) throws -> ColumnVector
  var byteCount: Int { get }
  /// `merge` is implemented: the function may be computed in two phases.
  var canMerge: Bool { get }
  /// Takes the states of `other`, an accumulator of the same function and types: its group `i` of
  /// 0 ..< `count` goes into group `groups[i]`, for which there is room. States taken earlier count as
  /// earlier rows.
  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) throws
}

extension Accumulator {
  public var canMerge: Bool { false }

  public func merge(
    _ other: any Accumulator,
    groups: UnsafePointer<Int32>,
    count: Int
  ) throws { throw KernelError.notSupported("two-phase aggregation of this function") }
}

/// The aggregate functions that `makeAccumulator` knows.
///
/// `count` without arguments counts rows; `countIf` counts the true ones. `arbitrary` is the
/// group's first value that is not NULL. `minimumBy` and `maximumBy` take the value, then the key:
/// rows whose key is NULL are skipped, and the value chosen may be NULL.
public enum AggregateKind: String, Sendable, Hashable {
  case count, sum, average, minimum, maximum, boolAnd, boolOr, arbitrary, minimumBy, maximumBy
  case countIf
}

/// The accumulator of `kind` over arguments of these types; `result` is the type to give.
public func makeAccumulator(
  _ kind: AggregateKind,
  arguments: [DataType],
  result: DataType
) throws -> any Accumulator {
  switch kind {
  case .count: return CountAccumulator(onlyTrue: false)
  case .countIf: return CountAccumulator(onlyTrue: true)
  case .sum:
    switch arguments.first {
    case .integer, .bigint: return IntegerSumAccumulator(type: result)
    case .decimal: return DecimalSumAccumulator(type: result, isAverage: false)
    case .double: return DoubleSumAccumulator(isAverage: false)
    default: break
    }
  case .average:
    switch arguments.first {
    case .integer, .bigint, .double: return DoubleSumAccumulator(isAverage: true)
    case .decimal: return DecimalSumAccumulator(type: result, isAverage: true)
    default: break
    }
  case .boolAnd: return BooleanAccumulator(dominant: 0)
  case .boolOr: return BooleanAccumulator(dominant: 1)
  case .minimum: return ExtremeAccumulator(type: result, choice: .smallest, isBy: false)
  case .maximum: return ExtremeAccumulator(type: result, choice: .largest, isBy: false)
  case .arbitrary: return ExtremeAccumulator(type: result, choice: .first, isBy: false)
  case .minimumBy:
    return ExtremeAccumulator(type: result, key: arguments[1], choice: .smallest, isBy: true)
  case .maximumBy:
    return ExtremeAccumulator(type: result, key: arguments[1], choice: .largest, isBy: true)
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

final class CountAccumulator: Accumulator {
  private var counts = GroupArray<Int64>(0)
  private let onlyTrue: Bool

  init(onlyTrue: Bool) { self.onlyTrue = onlyTrue }

  func reserve(groupCount: Int) { counts.reserve(groupCount) }
  var byteCount: Int { counts.byteCount }
  var canMerge: Bool { true }

  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) {
    guard let other = other as? CountAccumulator else { return }
    for index in 0..<count { counts.base[Int(groups[index])] &+= other.counts.base[index] }
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let base = counts.base
    guard let argument = arguments.first else {
      if let groups {
        for row in 0..<rowCount { base[Int(groups[row])] &+= 1 }
      } else {
        base[0] &+= Int64(rowCount)
      }
      return
    }
    if onlyTrue {
      let flags = argument.plain
      let lane = Lane<UInt8>(flags)
      for row in 0..<rowCount where !flags.isNull(row) && lane[row] != 0 {
        base[Int(groups?[row] ?? 0)] &+= 1
      }
    } else if argument.type == .unknown {
      return
    } else if argument.validity == nil {
      try update([], rowCount: rowCount, groups: groups)
    } else {
      for row in 0..<rowCount where !argument.isNull(row) {
        base[Int(groups?[row] ?? 0)] &+= 1
      }
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let base = counts.base
    return makeFixed(.bigint, range.count, nil, as: Int64.self) { out in
      for (index, group) in range.enumerated() { out[index] = base[group] }
    }
  }
}

private func seenBitmap(_ counts: UnsafeMutablePointer<Int64>, _ range: Range<Int>)
  -> ValidityBitmap?
{
  ValidityBitmap.make(count: range.count) { counts[range.lowerBound + $0] > 0 }
}

/// Sums of `integer`, `bigint` and unscaled decimals in 64 bits; an overflow throws.
final class IntegerSumAccumulator: Accumulator {
  private var sums = GroupArray<Int64>(0)
  private var counts = GroupArray<Int64>(0)
  private let type: DataType

  init(type: DataType) { self.type = type }

  func reserve(groupCount: Int) {
    sums.reserve(groupCount)
    counts.reserve(groupCount)
  }
  var byteCount: Int { sums.byteCount + counts.byteCount }
  var canMerge: Bool { true }

  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) throws {
    guard let other = other as? IntegerSumAccumulator else { return }
    for index in 0..<count {
      let group = Int(groups[index])
      let (next, overflow) = sums.base[group].addingReportingOverflow(other.sums.base[index])
      if overflow { throw self.overflow(sums.base[group], other.sums.base[index]) }
      sums.base[group] = next
      counts.base[group] &+= other.counts.base[index]
    }
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let source = arguments[0].plain
    if source.type == .integer {
      try add(source, Lane<Int32>(source), rowCount, groups)
    } else {
      try add(source, Lane<Int64>(source), rowCount, groups)
    }
  }

  @inline(__always)
  private func add<Value: FixedWidthInteger & BitwiseCopyable>(
    _ source: ColumnVector,
    _ lane: Lane<Value>,
    _ rowCount: Int,
    _ groups: UnsafePointer<Int32>?
  ) throws {
    let sums = sums.base
    let counts = counts.base
    guard let groups else {
      var total = sums[0]
      var overflowed = false
      if source.validity == nil {
        for row in 0..<rowCount {
          let (next, overflow) = total.addingReportingOverflow(Int64(lane[row]))
          total = next
          overflowed = overflowed || overflow
        }
        counts[0] &+= Int64(rowCount)
      } else {
        for row in 0..<rowCount where !source.isNull(row) {
          let (next, overflow) = total.addingReportingOverflow(Int64(lane[row]))
          total = next
          overflowed = overflowed || overflow
          counts[0] &+= 1
        }
      }
      if overflowed { throw overflow(sums[0], Int64(lane[0])) }
      sums[0] = total
      return
    }
    for row in 0..<rowCount where !source.isNull(row) {
      let group = Int(groups[row])
      let (next, overflow) = sums[group].addingReportingOverflow(Int64(lane[row]))
      if overflow { throw self.overflow(sums[group], Int64(lane[row])) }
      sums[group] = next
      counts[group] &+= 1
    }
  }

  private func overflow(_ left: Int64, _ right: Int64) -> KernelError {
    if case .decimal = type {
      return .notSupported("decimal sums of more than 18 digits")
    }
    return .overflow(operation: "addition", type: type, left: "\(left)", right: "\(right)")
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let sums = sums.base
    return makeFixed(type, range.count, seenBitmap(counts.base, range), as: Int64.self) { out in
      for (index, group) in range.enumerated() { out[index] = sums[group] }
    }
  }
}

/// Sum or average as double, summed in row order.
final class DoubleSumAccumulator: Accumulator {
  private var sums = GroupArray<Double>(0)
  private var counts = GroupArray<Int64>(0)
  private let isAverage: Bool

  init(isAverage: Bool) { self.isAverage = isAverage }

  func reserve(groupCount: Int) {
    sums.reserve(groupCount)
    counts.reserve(groupCount)
  }
  var byteCount: Int { sums.byteCount + counts.byteCount }
  var canMerge: Bool { true }

  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) {
    guard let other = other as? DoubleSumAccumulator else { return }
    for index in 0..<count {
      let group = Int(groups[index])
      sums.base[group] += other.sums.base[index]
      counts.base[group] &+= other.counts.base[index]
    }
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let source = arguments[0].plain
    switch source.type {
    case .integer: add(source, rowCount, groups, Lane<Int32>(source)) { Double($0) }
    case .bigint: add(source, rowCount, groups, Lane<Int64>(source)) { Double($0) }
    default: add(source, rowCount, groups, Lane<Double>(source)) { $0 }
    }
  }

  @inline(__always)
  private func add<Value: BitwiseCopyable>(
    _ source: ColumnVector,
    _ rowCount: Int,
    _ groups: UnsafePointer<Int32>?,
    _ lane: Lane<Value>,
    _ number: (Value) -> Double
  ) {
    let sums = sums.base
    let counts = counts.base
    for row in 0..<rowCount where !source.isNull(row) {
      let group = Int(groups?[row] ?? 0)
      sums[group] += number(lane[row])
      counts[group] &+= 1
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let sums = sums.base
    let counts = counts.base
    let isAverage = isAverage
    return makeFixed(.double, range.count, seenBitmap(counts, range), as: Double.self) { out in
      for (index, group) in range.enumerated() {
        out[index] =
          isAverage && counts[group] > 0 ? sums[group] / Double(counts[group]) : sums[group]
      }
    }
  }
}

/// Sum of unscaled decimals in 128 bits, or their average rounded half away from zero.
final class DecimalSumAccumulator: Accumulator {
  private var sums = GroupArray<Int128>(0)
  private var counts = GroupArray<Int64>(0)
  private let type: DataType
  private let isAverage: Bool

  init(type: DataType, isAverage: Bool) {
    self.type = type
    self.isAverage = isAverage
  }

  func reserve(groupCount: Int) {
    counts.reserve(groupCount)
    sums.reserve(groupCount)
  }
  var byteCount: Int { sums.byteCount + counts.byteCount }
  var canMerge: Bool { true }

  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) throws {
    guard let other = other as? DecimalSumAccumulator else { return }
    for index in 0..<count {
      let group = Int(groups[index])
      let (next, overflow) = sums.base[group].addingReportingOverflow(other.sums.base[index])
      if overflow { throw self.overflow }
      sums.base[group] = next
      counts.base[group] &+= other.counts.base[index]
    }
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let source = arguments[0].plain
    if source.type.numberForm == .int64 {
      try add(source, Lane<Int64>(source), rowCount, groups)
    } else {
      try add(source, Lane<Int128>(source), rowCount, groups)
    }
  }

  @inline(__always)
  private func add<Value: FixedWidthInteger & BitwiseCopyable>(
    _ source: ColumnVector, _ lane: Lane<Value>, _ rowCount: Int,
    _ groups: UnsafePointer<Int32>?
  ) throws {
    let sums = sums.base
    let counts = counts.base
    var failed = false
    for row in 0..<rowCount where !source.isNull(row) {
      let group = Int(groups?[row] ?? 0)
      let (sum, overflow) = sums[group].addingReportingOverflow(
        Int128(truncatingIfNeeded: lane[row]))
      sums[group] = sum
      failed = failed || overflow
      counts[group] &+= 1
    }
    if failed { throw overflow }
  }

  private var overflow: KernelError {
    .overflow(operation: "addition", type: type, left: "", right: "")
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let counts = counts.base
    let sums = sums.base
    let limit = wideTen(38)
    var values = [Int128](repeating: 0, count: range.count)
    for (index, group) in range.enumerated() where counts[group] > 0 {
      guard sums[group].magnitude < limit.magnitude else { throw overflow }
      values[index] = isAverage ? divideHalfUp(sums[group], Int128(counts[group])) : sums[group]
    }
    return makeWhole(type, values, seenBitmap(counts, range))
  }
}

final class BooleanAccumulator: Accumulator {
  /// 2: nothing seen.
  private var states = GroupArray<UInt8>(2)
  private let dominant: UInt8

  init(dominant: UInt8) { self.dominant = dominant }

  func reserve(groupCount: Int) { states.reserve(groupCount) }
  var byteCount: Int { states.byteCount }
  var canMerge: Bool { true }

  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) throws {
    try update([try other.result(0..<count)], rowCount: count, groups: groups)
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let source = arguments[0].plain
    let lane = Lane<UInt8>(source)
    let states = states.base
    for row in 0..<rowCount where !source.isNull(row) {
      let group = Int(groups?[row] ?? 0)
      if states[group] != dominant { states[group] = lane[row] }
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let states = states.base
    let validity = ValidityBitmap.make(count: range.count) { states[range.lowerBound + $0] != 2 }
    return makeFixed(.boolean, range.count, validity, as: UInt8.self) { out in
      for (index, group) in range.enumerated() { out[index] = states[group] & 1 }
    }
  }
}
