// How the values of each type lie in memory, and the families that kernels ask for.

/// The physical forms that kernels dispatch on, once a batch.
public enum PhysicalLayout: Hashable, Sendable {
  /// `width` bytes a row: 1, 2, 4, 8 or 16, little-endian.
  case fixed(width: Int)
  /// 16-byte `TextView`s over shared data buffers.
  case text
  /// Int32 offsets, one more than rows, into one child.
  case list
  /// Int32 offsets, one more than rows, into two children: keys and values.
  case map
  /// One child a field, each as long as the vector.
  case row
}

extension DataType {
  /// How the values lie in memory.
  public var layout: PhysicalLayout {
    switch self {
    case .boolean, .tinyint, .unknown: .fixed(width: 1)
    case .smallint: .fixed(width: 2)
    case .integer, .date, .real, .intervalYearToMonth: .fixed(width: 4)
    case .bigint, .double, .time, .intervalDayToSecond: .fixed(width: 8)
    case .decimal(let precision, _):
      .fixed(width: precision <= DataType.shortDecimalPrecisionMax ? 8 : 16)
    case .timestamp(let precision), .timestampWithTimeZone(let precision):
      .fixed(width: precision <= 6 ? 8 : 16)
    case .uuid: .fixed(width: 16)
    case .varchar, .char, .varbinary, .json: .text
    case .array: .list
    case .map: .map
    case .row: .row
    }
  }

  /// Bytes a value of a fixed-width type takes; nil for others.
  public var fixedWidth: Int? {
    if case .fixed(let width) = layout { return width }
    return nil
  }

  /// `tinyint` to `bigint`.
  public var isWholeNumber: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint: true
    default: false
    }
  }

  /// Whole numbers, decimals, `real` and `double`.
  public var isNumeric: Bool {
    switch self {
    case .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal: true
    default: false
    }
  }

  /// `varchar` and `char`.
  public var isText: Bool {
    switch self {
    case .varchar, .char: true
    default: false
    }
  }

  /// `array`, `map` and `row`.
  public var isNested: Bool {
    switch self {
    case .array, .map, .row: true
    default: false
    }
  }

  /// The types of the children a vector of this type has, in order; empty for scalar types.
  public var childTypes: [DataType] {
    switch self {
    case .array(let element): [element]
    case .map(let key, let value): [key, value]
    case .row(let fields): fields.map(\.type)
    default: []
    }
  }

  /// How a fixed-width value is read as a number; nil for text and nested types.
  public var numberForm: NumberForm? {
    switch self {
    case .boolean, .unknown: .uint8
    case .tinyint: .int8
    case .smallint: .int16
    case .integer, .date, .intervalYearToMonth: .int32
    case .bigint, .time, .intervalDayToSecond: .int64
    case .real: .float
    case .double: .double
    case .uuid: .uint128
    case .decimal, .timestamp, .timestampWithTimeZone:
      layout == .fixed(width: 8) ? .int64 : .int128
    case .varchar, .char, .varbinary, .json, .array, .map, .row: nil
    }
  }
}

/// The machine type of a fixed-width value: what a kernel's typed loop is chosen by.
public enum NumberForm: Hashable, Sendable {
  case uint8, int8, int16, int32, int64, int128, uint128, float, double
}
