// The rows that pass a filter, as one bit each: a condition a column, a pass over memory each, and row
// numbers made once at the end. Where the processor lacks the instructions there is none, and a
// filter goes by Boolean columns.

internal import CIntrinsics
public import Columnar

/// One bit for each row of a batch; conditions clear bits.
public struct RowMask {
  /// False on processors without AVX2.
  public static let isAvailable = tapline_has_row_masks()

  private let count: Int
  private var words: [UInt64]

  /// All of `count` rows.
  public init(count: Int) {
    self.count = count
    words = [UInt64](repeating: .max, count: (count + 63) / 64)
    if count & 63 != 0 { words[words.count - 1] = (1 << UInt64(count & 63)) - 1 }
  }

  /// No row is left.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// How many rows are left.
  public var selectedCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Keeps the rows where `column` compares so with the constant `bound`; NULL compares with nothing.
  ///
  /// False, with nothing done, where the columns have no such loop: those that are not flat, and
  /// types other than whole numbers of four or eight bytes and doubles.
  public mutating func narrow(
    _ operation: ComparisonOperation, _ column: ColumnVector, _ bound: ColumnVector
  ) -> Bool {
    guard column.isFlat, bound.isConstant, column.type.numberForm == bound.type.numberForm,
      !column.type.isNested
    else { return false }
    let comparison = operation.intrinsic
    switch column.type.numberForm {
    case .int64, .int32, .double: break
    default: return false
    }
    guard count > 0 else { return true }
    if bound.isNull(0) {
      for index in words.indices { words[index] = 0 }
      return true
    }
    let address = column.values.address
    let constant = bound.values.address
    withExtendedLifetime((column.values, bound.values)) {
      words.withUnsafeMutableBufferPointer { words in
        guard let mask = words.baseAddress else { return }
        switch column.type.numberForm {
        case .int64:
          tapline_narrow_int64(
            address.assumingMemoryBound(to: Int64.self), count, comparison,
            constant.load(as: Int64.self), mask)
        case .int32:
          tapline_narrow_int32(
            address.assumingMemoryBound(to: Int32.self), count, comparison,
            constant.load(as: Int32.self), mask)
        default:
          tapline_narrow_double(
            address.assumingMemoryBound(to: Double.self), count, comparison,
            constant.load(as: Double.self), mask)
        }
      }
    }
    narrow(column.validity)
    return true
  }

  /// Keeps the rows where a Boolean column is true.
  public mutating func narrow(_ flags: ColumnVector) {
    guard count > 0 else { return }
    let source = flags.plain
    if source.isConstant {
      if source.isNull(0) || source.values.values(as: UInt8.self)[0] == 0 {
        for index in words.indices { words[index] = 0 }
      }
      return
    }
    withExtendedLifetime(source.values) {
      words.withUnsafeMutableBufferPointer { words in
        guard let mask = words.baseAddress else { return }
        tapline_narrow_flags(
          source.values.address.assumingMemoryBound(to: UInt8.self), count, mask)
      }
    }
    narrow(source.validity)
  }

  private mutating func narrow(_ validity: ValidityBitmap?) {
    guard let validity else { return }
    // Whole words: a buffer's memory ends at a multiple of 64 bytes.
    withExtendedLifetime(validity.buffer) {
      let valid = validity.buffer.address.assumingMemoryBound(to: UInt64.self)
      for index in words.indices { words[index] &= UInt64(littleEndian: valid[index]) }
    }
  }

  /// The rows that are left, ascending.
  public func selection() -> SelectionVector {
    let selected = selectedCount
    let buffer = Buffer(uninitializedByteCount: (selected + 8) * 4) { memory in
      let rows = memory.bindMemory(to: Int32.self)
      words.withUnsafeBufferPointer { words in
        guard let mask = words.baseAddress, let rows = rows.baseAddress else { return }
        _ = tapline_rows_of_mask(mask, words.count, rows)
      }
    }
    return SelectionVector(buffer: buffer, count: selected)
  }
}

extension ComparisonOperation {
  fileprivate var intrinsic: tapline_comparison {
    switch self {
    case .equal: TAPLINE_EQUAL
    case .notEqual: TAPLINE_NOT_EQUAL
    case .less: TAPLINE_LESS
    case .lessOrEqual: TAPLINE_LESS_OR_EQUAL
    case .greater: TAPLINE_GREATER
    case .greaterOrEqual: TAPLINE_GREATER_OR_EQUAL
    }
  }
}
