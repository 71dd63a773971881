/// One value outside a column: a literal, a statistic, a printed cell. Never used in a row loop.
public enum Scalar: Hashable, Sendable {
  case null
  case boolean(Bool)
  /// `integer`, `bigint`, `date` (days), `timestamp` (microseconds) and unscaled `decimal` alike.
  case integer(Int64)
  case double(Double)
  case text(String)
  case binary([UInt8])

  public var isNull: Bool { self == .null }
}
