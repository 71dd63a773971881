/// The types of columns, in the SQL standard's words.
///
/// The first slice of the engine handles the scalar types below; arrays, maps and rows have their
/// place here when a format first needs them.
public indirect enum DataType: Hashable, Sendable, CustomStringConvertible {
  case boolean
  /// 32-bit signed.
  case integer
  /// 64-bit signed.
  case bigint
  /// IEEE 754 binary64.
  case double
  /// Unscaled 64-bit integer; precision 1 to 18.
  case decimal(precision: Int, scale: Int)
  /// UTF-8 text of any length.
  case varchar
  case varbinary
  /// Days since 1970-01-01, 32-bit.
  case date
  /// Microseconds of a wall clock without a zone, 64-bit.
  case timestamp
  /// Microseconds since the Unix epoch, UTC, 64-bit.
  case timestampWithTimeZone
  /// The type of a bare `NULL`; stored as a constant of no values.
  case unknown

  /// The SQL spelling, as Trino prints it.
  public var description: String {
    switch self {
    case .boolean: "boolean"
    case .integer: "integer"
    case .bigint: "bigint"
    case .double: "double"
    case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
    case .varchar: "varchar"
    case .varbinary: "varbinary"
    case .date: "date"
    case .timestamp: "timestamp(6)"
    case .timestampWithTimeZone: "timestamp(6) with time zone"
    case .unknown: "unknown"
    }
  }

  /// How the values lie in memory.
  public var layout: PhysicalLayout {
    switch self {
    case .boolean: .fixed(width: 1)
    case .integer, .date: .fixed(width: 4)
    case .bigint, .double, .decimal, .timestamp, .timestampWithTimeZone: .fixed(width: 8)
    case .varchar, .varbinary: .text
    case .unknown: .fixed(width: 1)
    }
  }
}

/// The physical forms that kernels dispatch on.
public enum PhysicalLayout: Hashable, Sendable {
  /// `width` bytes a row: 1 (Boolean, 0 or 1), 4 or 8.
  case fixed(width: Int)
  /// 16-byte `TextView`s over shared data buffers.
  case text
}
