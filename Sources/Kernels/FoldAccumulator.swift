// Aggregates that fold one number after another into a small state: the loops, written once.
//
// The methods of a generic class are not specialised when they are called through a protocol: each
// row would then be a call through a witness table. So the class is not generic: it holds the loops
// as functions over raw memory, and `folding` makes them at a place where the function is known.

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

/// The loops of one aggregate function over its states in raw memory.
struct FoldLoops {
  /// Bytes from one state to the next.
  let stride: Int
  /// Makes states without values, so many of them.
  let initialize: (UnsafeMutableRawPointer, Int) -> Void
  /// Takes the rows of an argument; true where a state overflowed. The groups are nil for group 0.
  let update:
    (UnsafeMutableRawPointer, ColumnVector, Int, UnsafePointer<Int32>?) throws -> Bool
  /// Takes other states, so many of them.
  let merge:
    (UnsafeMutableRawPointer, UnsafeRawPointer, Int, UnsafePointer<Int32>?) -> Bool
  /// One row a state of so many.
  let result: (UnsafeRawPointer, Int, DataType) throws -> ColumnVector
}

/// The accumulator of a function; called where `Function` is a concrete type.
@inline(__always)
func folding<Function: Fold>(_: Function.Type, _ type: DataType) -> any Accumulator {
  FoldAccumulator(
    type, name: "\(Function.self)",
    FoldLoops(
      stride: MemoryLayout<Function.State>.stride,
      initialize: { memory, count in
        memory.initializeMemory(as: Function.State.self, repeating: Function.initial, count: count)
      },
      update: { memory, argument, rowCount, groups in
        try foldRows(
          Function.self, memory.assumingMemoryBound(to: Function.State.self), argument, rowCount,
          groups)
      },
      merge: { memory, other, count, groups in
        foldStates(
          Function.self, memory.assumingMemoryBound(to: Function.State.self),
          other.assumingMemoryBound(to: Function.State.self), count, groups)
      },
      result: { memory, count, type in
        try Function.result(
          UnsafeBufferPointer(
            start: memory.assumingMemoryBound(to: Function.State.self), count: count), type)
      }))
}

/// Adds `rowCount` rows to the states of their groups.
@inline(__always)
private func foldRows<Function: Fold>(
  _: Function.Type, _ states: UnsafeMutablePointer<Function.State>, _ argument: ColumnVector,
  _ rowCount: Int, _ groups: UnsafePointer<Int32>?
) throws -> Bool {
  let source = try Function.prepare(argument)
  let lane = Lane<Function.Input>(source)
  var failed = false
  if let groups {
    if let validity = source.validity {
      for row in 0..<rowCount where validity.isValid(row) {
        failed = Function.add(&states[Int(groups[row])], lane[row]) || failed
      }
    } else {
      for row in 0..<rowCount {
        failed = Function.add(&states[Int(groups[row])], lane[row]) || failed
      }
    }
  } else {
    var state = states[0]
    if let validity = source.validity {
      for row in 0..<rowCount where validity.isValid(row) {
        failed = Function.add(&state, lane[row]) || failed
      }
    } else {
      for row in 0..<rowCount { failed = Function.add(&state, lane[row]) || failed }
    }
    states[0] = state
  }
  return failed
}

/// Adds the states of another accumulator to those of their groups.
@inline(__always)
private func foldStates<Function: Fold>(
  _: Function.Type, _ states: UnsafeMutablePointer<Function.State>,
  _ others: UnsafePointer<Function.State>, _ count: Int, _ groups: UnsafePointer<Int32>?
) -> Bool {
  var failed = false
  for group in 0..<count {
    failed = Function.merge(&states[Int(groups?[group] ?? 0)], others[group]) || failed
  }
  return failed
}

/// The states of one such function, by group.
final class FoldAccumulator: Accumulator {
  private let type: DataType
  /// Tells accumulators of different functions apart.
  private let name: String
  private let loops: FoldLoops
  private var states: UnsafeMutableRawPointer
  private var capacity = 16

  init(_ type: DataType, name: String, _ loops: FoldLoops) {
    self.type = type
    self.name = name
    self.loops = loops
    states = .allocate(byteCount: 16 * loops.stride, alignment: 16)
    loops.initialize(states, 16)
  }

  deinit { states.deallocate() }

  func reserve(groupCount: Int) {
    guard groupCount > capacity else { return }
    let larger = max(groupCount, capacity * 2)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger * loops.stride, alignment: 16)
    fresh.copyMemory(from: states, byteCount: capacity * loops.stride)
    loops.initialize(fresh + capacity * loops.stride, larger - capacity)
    states.deallocate()
    states = fresh
    capacity = larger
  }

  var byteCount: Int { capacity * loops.stride }

  func update(
    _ arguments: [ColumnVector], rowCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard arguments[0].type != .unknown else { return }
    if try loops.update(states, arguments[0], rowCount, groups) { throw overflow }
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? FoldAccumulator, other.name == name else { throw mergeMistake }
    if loops.merge(states, other.states, groupCount, groups) { throw overflow }
  }

  private var overflow: KernelError {
    .overflow(operation: "addition", type: type, left: "a sum", right: "the next value")
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    try loops.result(states + range.lowerBound * loops.stride, range.count, type)
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
