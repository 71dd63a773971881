/// One value outside a column: a literal, a statistic, a printed cell. Never used in a row loop.
///
/// A scalar does not know its type; `DataType` beside it says what the number means. A whole number
/// is `.integer` wherever it fits 64 bits and `.wide` only where it does not, so that equal values
/// are equal scalars.
public enum Scalar: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// Whole numbers, `date` (days), `time` (picoseconds), timestamps (micro- or picoseconds),
  /// intervals, unscaled `decimal` and `uuid` alike.
  case integer(Int64)
  /// What does not fit `.integer`: make it by `Scalar.exact`. A `uuid` is its bits as signed.
  case wide(Int128)
  /// `double`, and `real` widened without loss.
  case double(Double)
  /// `varchar`, `char` and `json`.
  case text(String)
  case binary([UInt8])
  case list([Scalar])
  /// `keys[i]` goes with `values[i]`.
  case map(keys: [Scalar], values: [Scalar])
  case row([Scalar])

  /// `.integer` where the number fits 64 bits, else `.wide`.
  public static func exact(_ value: Int128) -> Scalar {
    if let narrow = Int64(exactly: value) { return .integer(narrow) }
    return .wide(value)
  }

  public var isNull: Bool { self == .null }

  /// The number of `.integer` and `.wide`; nil for others.
  public var wholeNumber: Int128? {
    switch self {
    case .integer(let value): Int128(value)
    case .wide(let value): value
    default: nil
    }
  }
}
