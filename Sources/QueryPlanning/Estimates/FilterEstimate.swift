// How many rows a condition leaves, by Trino's rules.
//
// Conditions on the same columns narrow each other; those on others are taken as partly dependent:
// the most selective counts in full, the next to the power of ¾, the next of 9⁄16 … A condition that
// nothing is known of leaves nine tenths beside others, and makes the estimate unknown alone.

import Columnar
import Connector
import Kernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Estimates what conditions leave of rows that `input` describes.
struct FilterEstimate {
  static let unknownShare = 0.9
  private static let independence = 0.75

  let input: PlanStatistics

  func estimate(_ predicate: Expression) -> PlanStatistics {
    guard input.isKnown, input.rowCount > 0 else { return input }
    return raw(predicate).normalized()
  }

  private var unknown: PlanStatistics { .unknown(input.columns.count) }

  private func raw(_ predicate: Expression) -> PlanStatistics {
    switch predicate {
    case .constant(.boolean(true), _): return input
    case .constant: return none
    case .column(let index, .boolean): return narrowed(index, to: .single(1))
    case .conjunction(let parts): return all(parts)
    case .disjunction(let parts): return any(parts)
    case .call(let function, let arguments):
      switch (function.kind, arguments.count) {
      case (.comparison(let operation), 2): return comparison(operation, arguments)
      case (.isNull, 1): return Self.column(arguments[0]).map { nulls($0) } ?? unknown
      case (.isNotNull, 1):
        return Self.column(arguments[0]).map { rest(of: nulls($0), column: $0) } ?? unknown
      case (.isIn(let values), _):
        guard let first = arguments.first else { return unknown }
        return isIn(first, values.filter { !$0.isNull })
      case (.not, 1):
        let inner = estimate(arguments[0])
        return inner.isKnown ? rest(of: inner, column: nil) : unknown
      default: return unknown
      }
    default: return unknown
    }
  }

  private var none: PlanStatistics {
    var result = input
    result.rowCount = 0
    return result
  }

  /// Rows of the input without those of `part`, NULLs of `column` among them.
  private func rest(of part: PlanStatistics, column: Int?) -> PlanStatistics {
    var result = input
    result.rowCount = input.rowCount - part.rowCount
    if let column { result.columns[column].nullShare = 0 }
    return result
  }

  // MARK: Several conditions

  private func all(_ parts: [Expression]) -> PlanStatistics {
    var groups: [(columns: Set<Int>, parts: [Expression])] = []
    for part in parts {
      var columns = Set(part.columns)
      var joined = [part]
      groups.removeAll { group in
        guard !group.columns.isDisjoint(with: columns) else { return false }
        columns.formUnion(group.columns)
        joined = group.parts + joined
        return true
      }
      groups.append((columns, joined))
    }
    var hasUnknown = false
    var estimates: [(columns: Set<Int>, statistics: PlanStatistics)] = []
    for group in groups {
      var current: PlanStatistics?
      for part in group.parts {
        let next = FilterEstimate(input: current ?? input).estimate(part)
        if next.isKnown { current = next } else { hasUnknown = true }
      }
      if let current { estimates.append((group.columns, current)) }
    }
    guard !estimates.isEmpty else { return unknown }
    var result = input
    var share = 1.0
    var power = 1.0
    for (columns, statistics) in estimates.sorted(by: {
      $0.statistics.rowCount < $1.statistics.rowCount
    }) {
      share *= Self.power(statistics.rowCount / input.rowCount, power)
      power *= Self.independence
      for column in columns { result.columns[column] = statistics.columns[column] }
    }
    result.rowCount = input.rowCount * share * (hasUnknown ? Self.unknownShare : 1)
    return result
  }

  private func any(_ parts: [Expression]) -> PlanStatistics {
    var result: PlanStatistics?
    for part in parts {
      let current = estimate(part)
      guard current.isKnown else { return unknown }
      guard let before = result else {
        result = current
        continue
      }
      let both = FilterEstimate(input: before).estimate(part)
      guard both.isKnown else { return unknown }
      var merged = input
      merged.rowCount = min(input.rowCount, before.rowCount + current.rowCount - both.rowCount)
      for column in merged.columns.indices
      where before.columns[column] != input.columns[column]
        && current.columns[column] != input.columns[column]
      {
        merged.columns[column].range = before.columns[column].range.union(
          current.columns[column].range)
        merged.columns[column].nullShare = 0
        if merged.columns[column].distinctCount > input.columns[column].distinctCount {
          merged.columns[column].distinctCount = input.columns[column].distinctCount
        }
      }
      result = merged.normalized()
    }
    return result ?? unknown
  }

  /// `base` to a power between 0 and 1.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    exponent == 1 || base <= 0 ? max(0, base) : pow(base, exponent)
  }

  // MARK: One condition

  /// The column, through conversions that keep order and identity.
  static func column(_ expression: Expression) -> Int? {
    switch expression {
    case .column(let index, _): index
    case .call(let function, let arguments) where function.kind == .losslessCast:
      arguments.first.flatMap(column)
    default: nil
    }
  }

  private func comparison(
    _ operation: ComparisonOperation, _ arguments: [Expression]
  ) -> PlanStatistics {
    switch (Self.column(arguments[0]), Self.column(arguments[1])) {
    case (let left?, let right?): return columns(operation, left, right)
    case (let column?, nil):
      guard case .constant(let value, let type) = arguments[1] else { return unknown }
      return constant(operation, column, value, type)
    case (nil, let column?):
      guard case .constant(let value, let type) = arguments[0] else { return unknown }
      return constant(operation.flipped, column, value, type)
    case (nil, nil): return unknown
    }
  }

  func constant(
    _ operation: ComparisonOperation, _ column: Int, _ value: Scalar, _ type: DataType
  ) -> PlanStatistics {
    if value.isNull { return none }
    let place = value.place(type)
    switch operation {
    case .equal: return narrowed(column, to: .single(place))
    case .notEqual:
      let before = input.columns[column]
      let share = 1 - before.range.share(in: before.range.intersection(.single(place)))
      var result = input
      result.rowCount *= share * (1 - before.nullShare)
      result.columns[column].nullShare = 0
      result.columns[column].distinctCount = max(before.distinctCount - 1, 0)
      return result
    case .less, .lessOrEqual:
      return narrowed(
        column, to: ValueRange(low: -.infinity, high: place ?? .infinity, distinctCount: .nan))
    case .greater, .greaterOrEqual:
      return narrowed(
        column, to: ValueRange(low: place ?? -.infinity, high: .infinity, distinctCount: .nan))
    }
  }

  func nulls(_ column: Int) -> PlanStatistics {
    var result = input
    result.rowCount *= input.columns[column].nullShare
    result.columns[column].nullShare = 1
    result.columns[column].range = .empty
    return result
  }

  private func narrowed(_ column: Int, to range: ValueRange) -> PlanStatistics {
    let before = input.columns[column]
    let common = before.range.intersection(range)
    var result = input
    result.rowCount *= before.range.share(in: common) * (1 - before.nullShare)
    result.columns[column].range = common
    result.columns[column].nullShare = 0
    return result
  }

  private func isIn(_ value: Expression, _ values: [Scalar]) -> PlanStatistics {
    guard let column = Self.column(value), !values.isEmpty else { return unknown }
    let before = input.columns[column]
    var rowCount = 0.0
    var range: ValueRange?
    for scalar in values {
      let one = constant(.equal, column, scalar, value.type)
      rowCount += one.rowCount
      range = range.map { $0.union(one.columns[column].range) } ?? one.columns[column].range
    }
    var result = input
    result.rowCount = min(rowCount, input.rowCount * (1 - before.nullShare))
    if let range { result.columns[column].range = range }
    if result.columns[column].distinctCount > before.distinctCount {
      result.columns[column].distinctCount = before.distinctCount
    }
    result.columns[column].nullShare = 0
    return result
  }

  /// Two columns of the input.
  func columns(_ operation: ComparisonOperation, _ left: Int, _ right: Int) -> PlanStatistics {
    let a = input.columns[left]
    let b = input.columns[right]
    guard operation == .equal || operation == .notEqual, !a.distinctCount.isNaN,
      !b.distinctCount.isNaN
    else { return unknown }
    let share = 1 / max(a.distinctCount, b.distinctCount, 1)
    var result = input
    result.rowCount *= (1 - a.nullShare) * (1 - b.nullShare)
    if operation == .notEqual {
      result.rowCount *= 1 - share
      result.columns[left].nullShare = 0
      result.columns[right].nullShare = 0
      return result
    }
    result.rowCount *= share
    var equal = ColumnEstimate.unknown
    equal.range = a.range.intersection(b.range)
    equal.distinctCount = min(a.distinctCount, b.distinctCount)
    equal.nullShare = 0
    for column in [left, right] {
      let bytes = input.columns[column].averageBytes
      result.columns[column] = equal
      result.columns[column].averageBytes = bytes
    }
    return result
  }

  /// What a source was asked for; `fields` are the table's.
  func estimate(_ predicates: [ColumnPredicate], _ fields: [Field]) -> PlanStatistics {
    var current = input
    for predicate in predicates {
      guard fields.indices.contains(predicate.column) else { continue }
      let type = fields[predicate.column].type
      let filter = FilterEstimate(input: current)
      let next: PlanStatistics =
        switch predicate.comparison {
        case .equal(let value): filter.constant(.equal, predicate.column, value, type)
        case .notEqual(let value): filter.constant(.notEqual, predicate.column, value, type)
        case .less(let value): filter.constant(.less, predicate.column, value, type)
        case .lessOrEqual(let value): filter.constant(.lessOrEqual, predicate.column, value, type)
        case .greater(let value): filter.constant(.greater, predicate.column, value, type)
        case .greaterOrEqual(let value):
          filter.constant(.greaterOrEqual, predicate.column, value, type)
        case .isIn(let values): filter.isIn(.column(predicate.column, type), values)
        case .isNull: filter.nulls(predicate.column)
        case .isNotNull: filter.rest(of: filter.nulls(predicate.column), column: predicate.column)
        }
      if next.isKnown { current = next.normalized() }
    }
    return current
  }
}

extension ValueRange {
  /// One value; nil: of a type without places.
  static func single(_ place: Double?) -> ValueRange {
    ValueRange(low: place ?? -.infinity, high: place ?? .infinity, distinctCount: 1)
  }
}
