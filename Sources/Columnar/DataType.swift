/// The types of columns, in the SQL standard's words; the one list that formats, kernels and doors
/// share.
///
/// A case's payload is what SQL writes in parentheses. `varchar`, `timestamp` and
/// `timestampWithTimeZone` without parentheses are the usual ones: text of any length and
/// microseconds; as patterns they match every length and precision.
public indirect enum DataType: Hashable, Sendable {
  case boolean
  /// 8-bit signed.
  case tinyint
  /// 16-bit signed.
  case smallint
  /// 32-bit signed.
  case integer
  /// 64-bit signed.
  case bigint
  /// IEEE 754 binary32.
  case real
  /// IEEE 754 binary64.
  case double
  /// Unscaled whole number: 64-bit to 18 digits, `Int128` from 19 to 38.
  case decimal(precision: Int, scale: Int)
  /// UTF-8 text of at most `length` code points; nil: of any length.
  case varchar(length: Int?)
  /// UTF-8 text of `length` code points, stored without the spaces at its end and compared as if
  /// they were there.
  case char(length: Int)
  case varbinary
  /// A JSON text, kept as it was written.
  case json
  /// Days since 1970-01-01, 32-bit.
  case date
  /// Picoseconds since midnight, 64-bit, whatever the precision (0 to 12 fraction digits).
  case time(precision: Int)
  /// A wall clock without a zone: microseconds since 1970 in 64 bits to 6 fraction digits,
  /// picoseconds in `Int128` from 7 to 12.
  case timestamp(precision: Int)
  /// A moment: as `timestamp`, in UTC. The zone it is shown in belongs to the door, not to a value.
  case timestampWithTimeZone(precision: Int)
  /// Milliseconds, 64-bit.
  case intervalDayToSecond
  /// Months, 32-bit.
  case intervalYearToMonth
  /// 16 bytes as one big-endian number, so that its unsigned order is the order of its text.
  case uuid
  case array(DataType)
  /// Keys are distinct within a map and never NULL.
  case map(key: DataType, value: DataType)
  /// Fields in order; an anonymous one has the name "".
  case row([Field])
  /// The type of a bare `NULL`; stored as a constant of no values.
  case unknown

  /// Text of any length.
  public static var varchar: DataType { .varchar(length: nil) }
  /// Microseconds of a wall clock.
  public static var timestamp: DataType { .timestamp(precision: 6) }
  /// Microseconds of a moment.
  public static var timestampWithTimeZone: DataType { .timestampWithTimeZone(precision: 6) }

  /// The most digits a decimal has.
  public static var decimalPrecisionMax: Int { 38 }
  /// The most digits a decimal has in 64 bits.
  public static var shortDecimalPrecisionMax: Int { 18 }
}

extension DataType: CustomStringConvertible {
  /// The SQL spelling, as Trino prints it.
  public var description: String {
    switch self {
    case .boolean: "boolean"
    case .tinyint: "tinyint"
    case .smallint: "smallint"
    case .integer: "integer"
    case .bigint: "bigint"
    case .real: "real"
    case .double: "double"
    case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
    case .varchar(let length?): "varchar(\(length))"
    case .varchar(nil): "varchar"
    case .char(let length): "char(\(length))"
    case .varbinary: "varbinary"
    case .json: "json"
    case .date: "date"
    case .time(let precision): "time(\(precision))"
    case .timestamp(let precision): "timestamp(\(precision))"
    case .timestampWithTimeZone(let precision): "timestamp(\(precision)) with time zone"
    case .intervalDayToSecond: "interval day to second"
    case .intervalYearToMonth: "interval year to month"
    case .uuid: "uuid"
    case .array(let element): "array(\(element))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .row(let fields):
      "row("
        + fields.map { $0.name.isEmpty ? "\($0.type)" : "\($0.name) \($0.type)" }
        .joined(separator: ", ") + ")"
    case .unknown: "unknown"
    }
  }
}
