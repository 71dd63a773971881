// Trino's types as analysis sees them: the storage type plus what only the dialect knows, such as a
// varchar's length, a timestamp's precision, and the zone that a zoned timestamp is shown in.

public import Columnar
import Kernels

/// A type as Trino's analysis sees it: the storage type plus what only the dialect knows.
///
/// That is a varchar's length in characters, a timestamp's fraction digits (0 to 12), and the zone
/// that a zoned timestamp is shown in.
public indirect enum TrinoType: Hashable, Sendable, CustomStringConvertible {
  case boolean, tinyint, smallint, integer, bigint, real, double, varbinary, json, date, uuid
  case unknown
  /// A sketch of distinct values, kept as varbinary.
  case hyperLogLog
  case decimal(precision: Int, scale: Int)
  /// nil: without a limit.
  case varchar(Int?)
  case char(Int)
  case time(precision: Int)
  case timestamp(precision: Int)
  case timestampWithTimeZone(precision: Int, SessionZone)
  /// Milliseconds.
  case intervalDayToSecond
  /// Months.
  case intervalYearToMonth
  case array(TrinoType)
  case map(key: TrinoType, value: TrinoType)
  case row([RowField])

  /// A field of a row; nil: without a name.
  public struct RowField: Hashable, Sendable {
    public var name: String?
    public var type: TrinoType

    public init(_ name: String?, _ type: TrinoType) {
      self.name = name
      self.type = type
    }
  }

  /// The type of a stored column; zoned timestamps are shown in UTC, as Delta tables are in Trino.
  public init(_ type: DataType) {
    switch type {
    case .boolean: self = .boolean
    case .tinyint: self = .tinyint
    case .smallint: self = .smallint
    case .integer: self = .integer
    case .bigint: self = .bigint
    case .real: self = .real
    case .double: self = .double
    case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
    case .varchar(let length): self = .varchar(length)
    case .char(let length): self = .char(length)
    case .varbinary: self = .varbinary
    case .json: self = .json
    case .date: self = .date
    case .time(let precision): self = .time(precision: precision)
    case .timestamp(let precision): self = .timestamp(precision: precision)
    case .timestampWithTimeZone(let precision):
      self = .timestampWithTimeZone(precision: precision, .utc)
    case .intervalDayToSecond: self = .intervalDayToSecond
    case .intervalYearToMonth: self = .intervalYearToMonth
    case .uuid: self = .uuid
    case .array(let element): self = .array(TrinoType(element))
    case .map(let key, let value): self = .map(key: TrinoType(key), value: TrinoType(value))
    case .row(let fields):
      self = .row(fields.map { RowField($0.name.isEmpty ? nil : $0.name, TrinoType($0.type)) })
    case .unknown: self = .unknown
    }
  }

  /// The type of the columns that hold it while a query runs: one for all lengths of text, and one
  /// for all precisions of timestamps that are kept alike.
  public var storage: DataType {
    switch self {
    case .varchar: .varchar
    case .timestamp(let precision): .timestamp(precision: precision <= 6 ? 6 : 12)
    case .timestampWithTimeZone(let precision, _):
      .timestampWithTimeZone(precision: precision <= 6 ? 6 : 12)
    case .time: .time(precision: 12)
    case .array(let element): .array(element.storage)
    case .map(let key, let value): .map(key: key.storage, value: value.storage)
    case .row(let fields): .row(fields.map { Field($0.name ?? "", $0.type.storage) })
    default: declared
    }
  }

  /// The type as a table declares it.
  public var declared: DataType {
    switch self {
    case .boolean: .boolean
    case .tinyint: .tinyint
    case .smallint: .smallint
    case .integer: .integer
    case .bigint: .bigint
    case .real: .real
    case .double: .double
    case .varbinary, .hyperLogLog: .varbinary
    case .json: .json
    case .date: .date
    case .uuid: .uuid
    case .unknown: .unknown
    case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
    case .varchar(let length): .varchar(length: length)
    case .char(let length): .char(length: length)
    case .time(let precision): .time(precision: precision)
    case .timestamp(let precision): .timestamp(precision: precision)
    case .timestampWithTimeZone(let precision, _): .timestampWithTimeZone(precision: precision)
    case .intervalDayToSecond: .intervalDayToSecond
    case .intervalYearToMonth: .intervalYearToMonth
    case .array(let element): .array(element.declared)
    case .map(let key, let value): .map(key: key.declared, value: value.declared)
    case .row(let fields): .row(fields.map { Field($0.name ?? "", $0.type.declared) })
    }
  }

  public var description: String {
    switch self {
    case .array(let element): "array(\(element))"
    case .map(let key, let value): "map(\(key), \(value))"
    case .row(let fields):
      "row("
        + fields.map { field in field.name.map { "\($0) \(field.type)" } ?? "\(field.type)" }
        .joined(separator: ", ") + ")"
    case .hyperLogLog: "HyperLogLog"
    default: declared.description
    }
  }
}

// MARK: - What may be done with a type

extension TrinoType {
  var isNumeric: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal: true
    default: false
    }
  }

  var isWholeNumber: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint: true
    default: false
    }
  }

  var isText: Bool {
    switch self {
    case .varchar, .char: true
    default: false
    }
  }

  /// A date, a time or a timestamp.
  var isMoment: Bool {
    switch self {
    case .date, .time, .timestamp, .timestampWithTimeZone: true
    default: false
    }
  }

  var isInterval: Bool { self == .intervalDayToSecond || self == .intervalYearToMonth }

  /// Has an order.
  var isOrderable: Bool {
    switch self {
    case .json, .map, .hyperLogLog: false
    case .array(let element): element.isOrderable
    case .row(let fields): fields.allSatisfy(\.type.isOrderable)
    default: true
    }
  }

  /// Can be compared for equality.
  var isComparable: Bool {
    switch self {
    case .hyperLogLog: false
    case .array(let element): element.isComparable
    case .map(let key, let value): key.isComparable && value.isComparable
    case .row(let fields): fields.allSatisfy(\.type.isComparable)
    default: true
    }
  }

  /// What UNNEST makes of a value; nil where it is no array and no map.
  var unnested: [(name: String?, type: TrinoType)]? {
    switch self {
    case .array(.row(let fields)): fields.map { ($0.name, $0.type) }
    case .array(let element): [(nil, element)]
    case .map(let key, let value): [(nil, key), (nil, value)]
    default: nil
    }
  }

  var zone: SessionZone? {
    if case .timestampWithTimeZone(_, let zone) = self { return zone }
    return nil
  }

  /// The type of a whole number as a decimal; nil for others.
  var asDecimal: (precision: Int, scale: Int)? {
    switch self {
    case .tinyint: (3, 0)
    case .smallint: (5, 0)
    case .integer: (10, 0)
    case .bigint: (19, 0)
    case .decimal(let precision, let scale): (precision, scale)
    default: nil
    }
  }

  /// Bytes of a value, 0 where they vary.
  var fixedSize: Int { declared.fixedWidth ?? 0 }
}
