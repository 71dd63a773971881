// Aggregates that fold one number after another into a small state: the loops, written once.

import Columnar

/// One aggregate function of one fixed-width argument.
///
/// `add` and `merge` answer true where the state no longer holds the sum: the batch then fails.
protocol Fold {
  associatedtype Input: BitwiseCopyable
  associatedtype State: BitwiseCopyable
  /// The state of a group without values.
  static var initial: State { get }
  /// The argument in the form of `Input`.
  static func prepare(_ argument: ColumnVector) throws -> ColumnVector
  static func add(_ state: inout State, _ value: Input) -> Bool
  static func merge(_ state: inout State, _ other: State) -> Bool
  /// One row a state.
  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector
}

extension Fold {
  static func prepare(_ argument: ColumnVector) throws -> ColumnVector { argument.plain }
}

final class FoldAccumulator<Function: Fold>: Accumulator {
  private var states = GroupArray<Function.State>(Function.initial)
  private let type: DataType

  init(_ type: DataType) { self.type = type }

  func reserve(groupCount: Int) { states.reserve(groupCount) }
  var byteCount: Int { states.byteCount }

  func update(
    _ arguments: [ColumnVector], rowCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard arguments[0].type != .unknown else { return }
    let source = try Function.prepare(arguments[0])
    let lane = Lane<Function.Input>(source)
    let base = states.base
    var failed = false
    if let groups {
      if let validity = source.validity {
        for row in 0..<rowCount where validity.isValid(row) {
          failed = Function.add(&base[Int(groups[row])], lane[row]) || failed
        }
      } else {
        for row in 0..<rowCount {
          failed = Function.add(&base[Int(groups[row])], lane[row]) || failed
        }
      }
    } else {
      var state = base[0]
      if let validity = source.validity {
        for row in 0..<rowCount where validity.isValid(row) {
          failed = Function.add(&state, lane[row]) || failed
        }
      } else {
        for row in 0..<rowCount { failed = Function.add(&state, lane[row]) || failed }
      }
      base[0] = state
    }
    if failed { throw overflow }
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? FoldAccumulator<Function> else { throw mergeMistake }
    var failed = false
    for group in 0..<groupCount {
      failed =
        Function.merge(&states.base[Int(groups?[group] ?? 0)], other.states.base[group]) || failed
    }
    if failed { throw overflow }
  }

  private var overflow: KernelError {
    .overflow(operation: "addition", type: type, left: "a sum", right: "the next value")
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    try Function.result(
      UnsafeBufferPointer(start: states.base + range.lowerBound, count: range.count), type)
  }
}

/// One row a state of a fixed width, NULL where `isValid` says no.
@inline(__always)
func makeResults<State, Value: BitwiseCopyable>(
  _ states: UnsafeBufferPointer<State>, _ type: DataType, as: Value.Type,
  isValid: (State) -> Bool, _ value: (State) -> Value
) -> ColumnVector {
  let validity = ValidityBitmap.make(count: states.count) { isValid(states[$0]) }
  return makeFixed(type, states.count, validity, as: Value.self) { out in
    for index in 0..<states.count where isValid(states[index]) { out[index] = value(states[index]) }
  }
}
