// Sums, averages, extremes, Boolean and bitwise aggregates of fixed-width numbers.

import Columnar

/// The accumulator of `sum`; nil where the type has no sum.
func sumAccumulator(_ type: DataType?, _ result: DataType) -> (any Accumulator)? {
  switch type {
  case .tinyint: folding(WholeSum<Int8>.self, result)
  case .smallint: folding(WholeSum<Int16>.self, result)
  case .integer, .intervalYearToMonth: folding(WholeSum<Int32>.self, result)
  case .bigint, .intervalDayToSecond: folding(WholeSum<Int64>.self, result)
  case .decimal:
    type?.numberForm == .int64
      ? folding(DecimalFold<Int64, Total>.self, result)
      : folding(DecimalFold<Int128, Total>.self, result)
  case .real: folding(FloatingFold<Float, Total>.self, result)
  case .double: folding(FloatingFold<Double, Total>.self, result)
  case .unknown: folding(WholeSum<Int64>.self, result)
  default: nil
  }
}

/// The accumulator of `avg`; nil where the type has none.
func averageAccumulator(_ type: DataType?, _ result: DataType) -> (any Accumulator)? {
  switch type {
  case .tinyint: folding(WholeAverage<Int8>.self, result)
  case .smallint: folding(WholeAverage<Int16>.self, result)
  case .integer: folding(WholeAverage<Int32>.self, result)
  case .bigint, .unknown: folding(WholeAverage<Int64>.self, result)
  case .intervalDayToSecond: folding(DecimalFold<Int64, Mean>.self, result)
  case .intervalYearToMonth: folding(DecimalFold<Int32, Mean>.self, result)
  case .decimal:
    type?.numberForm == .int64
      ? folding(DecimalFold<Int64, Mean>.self, result)
      : folding(DecimalFold<Int128, Mean>.self, result)
  case .real: folding(FloatingFold<Float, Mean>.self, result)
  case .double: folding(FloatingFold<Double, Mean>.self, result)
  default: nil
  }
}

/// The accumulator of `min` or `max` of any type.
func extremeAccumulator(_ type: DataType, isMaximum: Bool) -> any Accumulator {
  @inline(__always)
  func of<Value: BitwiseCopyable & Comparable>(_: Value.Type) -> any Accumulator
  where Value: ExpressibleByIntegerLiteral {
    isMaximum
      ? folding(ExtremeFold<Value, Largest>.self, type)
      : folding(ExtremeFold<Value, Smallest>.self, type)
  }
  switch type.numberForm {
  case .uint8: return of(UInt8.self)
  case .int8: return of(Int8.self)
  case .int16: return of(Int16.self)
  case .int32: return of(Int32.self)
  case .int64: return of(Int64.self)
  case .int128: return of(Int128.self)
  case .uint128: return of(UInt128.self)
  case .float: return of(Float.self)
  case .double: return of(Double.self)
  case nil:
    return ChoiceAccumulator(value: type, key: type, choice: isMaximum ? .largest : .smallest)
  }
}

struct SumState<Sum: BitwiseCopyable>: BitwiseCopyable {
  var sum: Sum
  var count: Int64
}

/// 64-bit sum of whole numbers; an overflow fails.
enum WholeSum<Input: FixedWidthInteger & BitwiseCopyable>: Fold {
  typealias State = SumState<Int64>

  static var initial: State { State(sum: 0, count: 0) }

  @inline(__always)
  static func add(_ state: inout State, _ value: Input) -> Bool {
    let (sum, overflow) = state.sum.addingReportingOverflow(Int64(truncatingIfNeeded: value))
    state.sum = sum
    state.count &+= 1
    return overflow
  }

  @inline(__always)
  static func merge(_ state: inout State, _ other: State) -> Bool {
    let (sum, overflow) = state.sum.addingReportingOverflow(other.sum)
    state.sum = sum
    state.count &+= other.count
    return overflow
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    guard type.numberForm == .int32 else {
      return makeResults(states, type, as: Int64.self, isValid: { $0.count > 0 }) { $0.sum }
    }
    for state in states where Int32(exactly: state.sum) == nil {
      throw KernelError.outOfRange(value: "\(state.sum)", type: type)
    }
    return makeResults(states, type, as: Int32.self, isValid: { $0.count > 0 }) {
      Int32(truncatingIfNeeded: $0.sum)
    }
  }
}

/// Average of whole numbers as double, summed as doubles in row order.
enum WholeAverage<Input: FixedWidthInteger & BitwiseCopyable>: Fold {
  typealias State = SumState<Double>

  static var initial: State { State(sum: 0, count: 0) }

  @inline(__always)
  static func add(_ state: inout State, _ value: Input) -> Bool {
    state.sum += Double(value)
    state.count &+= 1
    return false
  }

  @inline(__always)
  static func merge(_ state: inout State, _ other: State) -> Bool {
    state.sum += other.sum
    state.count &+= other.count
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    makeResults(states, type, as: Double.self, isValid: { $0.count > 0 }) {
      $0.sum / Double($0.count)
    }
  }
}

/// What is made of a sum and its count.
protocol SumForm {
  static var isMean: Bool { get }
}
enum Total: SumForm { static var isMean: Bool { false } }
enum Mean: SumForm { static var isMean: Bool { true } }

/// Sum or mean of `real` or `double`, summed as doubles in row order.
enum FloatingFold<Input: BinaryFloatingPoint & BitwiseCopyable, Form: SumForm>: Fold {
  typealias State = SumState<Double>

  static var initial: State { State(sum: 0, count: 0) }

  @inline(__always)
  static func add(_ state: inout State, _ value: Input) -> Bool {
    state.sum += Double(value)
    state.count &+= 1
    return false
  }

  @inline(__always)
  static func merge(_ state: inout State, _ other: State) -> Bool {
    state.sum += other.sum
    state.count &+= other.count
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    func value(_ state: State) -> Double {
      Form.isMean ? state.sum / Double(state.count) : state.sum
    }
    if type == .real {
      return makeResults(states, type, as: Float.self, isValid: { $0.count > 0 }) {
        Float(value($0))
      }
    }
    return makeResults(states, type, as: Double.self, isValid: { $0.count > 0 }) { value($0) }
  }
}

/// Sum of unscaled decimals in 128 bits, or their mean rounded half away from zero.
enum DecimalFold<Input: FixedWidthInteger & BitwiseCopyable, Form: SumForm>: Fold {
  typealias State = SumState<Int128>

  static var initial: State { State(sum: 0, count: 0) }

  @inline(__always)
  static func add(_ state: inout State, _ value: Input) -> Bool {
    let (sum, overflow) = state.sum.addingReportingOverflow(widened(value))
    state.sum = sum
    state.count &+= 1
    return overflow
  }

  @inline(__always)
  static func merge(_ state: inout State, _ other: State) -> Bool {
    let (sum, overflow) = state.sum.addingReportingOverflow(other.sum)
    state.sum = sum
    state.count &+= other.count
    return overflow
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    var limit = Int128.max
    if case .decimal(let precision, _) = type { limit = wideTen(precision) }
    let values = try states.map { state -> Int128 in
      guard state.count > 0 else { return 0 }
      let value = Form.isMean ? divideHalfUp(state.sum, widened(state.count)) : state.sum
      guard value < limit, value > -limit else {
        throw KernelError.overflow(operation: "addition", type: type, left: "", right: "")
      }
      return value
    }
    return makeWhole(
      type, values, ValidityBitmap.make(count: states.count) { states[$0].count > 0 })
  }
}

struct SeenState<Value: BitwiseCopyable>: BitwiseCopyable {
  var value: Value
  var isSeen: Bool
}

protocol Extreme {
  static func wins<Value: Comparable>(_ value: Value, over best: Value) -> Bool
}
enum Smallest: Extreme {
  @inline(__always)
  static func wins<Value: Comparable>(_ value: Value, over best: Value) -> Bool { value < best }
}
enum Largest: Extreme {
  @inline(__always)
  static func wins<Value: Comparable>(_ value: Value, over best: Value) -> Bool { value > best }
}

/// `min` or `max` of a fixed-width type; NaN is larger than every number.
enum ExtremeFold<
  Input: BitwiseCopyable & Comparable & ExpressibleByIntegerLiteral, Choice: Extreme
>: Fold {
  typealias State = SeenState<Input>

  static var initial: State { State(value: 0, isSeen: false) }

  @inline(__always)
  static func add(_ state: inout State, _ value: Input) -> Bool {
    // A NaN differs from itself: it wins only where nothing is smaller than it.
    let isNaN = value != value
    if !state.isSeen {
      state = State(value: value, isSeen: true)
    } else if isNaN {
      if Choice.wins(1 as Int, over: 0) { state.value = value }
    } else if Choice.wins(value, over: state.value)
      || (state.value != state.value && !Choice.wins(1 as Int, over: 0))
    {
      state.value = value
    }
    return false
  }

  @inline(__always)
  static func merge(_ state: inout State, _ other: State) -> Bool {
    if other.isSeen { _ = add(&state, other.value) }
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    makeResults(states, type, as: Input.self, isValid: { $0.isSeen }) { $0.value }
  }
}

protocol BooleanRule {
  /// The value that decides.
  static var dominant: UInt8 { get }
}
enum AllTrue: BooleanRule { static var dominant: UInt8 { 0 } }
enum AnyTrue: BooleanRule { static var dominant: UInt8 { 1 } }

/// `bool_and` or `bool_or`; the state 2 has seen nothing.
enum BooleanFold<Rule: BooleanRule>: Fold {
  static var initial: UInt8 { 2 }

  @inline(__always)
  static func add(_ state: inout UInt8, _ value: UInt8) -> Bool {
    if state != Rule.dominant { state = value }
    return false
  }

  @inline(__always)
  static func merge(_ state: inout UInt8, _ other: UInt8) -> Bool {
    if other != 2 { _ = add(&state, other) }
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<UInt8>, _ type: DataType
  ) throws -> ColumnVector {
    makeResults(states, type, as: UInt8.self, isValid: { $0 != 2 }) { $0 }
  }
}

protocol BitRule {
  static func combine(_ a: Int64, _ b: Int64) -> Int64
}
enum BitsAnd: BitRule { static func combine(_ a: Int64, _ b: Int64) -> Int64 { a & b } }
enum BitsOr: BitRule { static func combine(_ a: Int64, _ b: Int64) -> Int64 { a | b } }
enum BitsXor: BitRule { static func combine(_ a: Int64, _ b: Int64) -> Int64 { a ^ b } }

/// `bitwise_and_agg` and its like over whole numbers, in 64 bits.
enum BitwiseFold<Rule: BitRule>: Fold {
  typealias State = SeenState<Int64>

  static var initial: State { State(value: 0, isSeen: false) }

  static func prepare(_ argument: ColumnVector) throws -> ColumnVector {
    try cast(argument, to: .bigint).plain
  }

  @inline(__always)
  static func add(_ state: inout State, _ value: Int64) -> Bool {
    state = State(value: state.isSeen ? Rule.combine(state.value, value) : value, isSeen: true)
    return false
  }

  @inline(__always)
  static func merge(_ state: inout State, _ other: State) -> Bool {
    if other.isSeen { _ = add(&state, other.value) }
    return false
  }

  static func result(
    _ states: UnsafeBufferPointer<State>, _ type: DataType
  ) throws -> ColumnVector {
    makeResults(states, type, as: Int64.self, isValid: { $0.isSeen }) { $0.value }
  }
}
