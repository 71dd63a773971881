// The footer's structs, as far as they are read here: names and field ids follow `parquet.thrift`.

import Codecs

enum PhysicalType: Int32, Sendable {
  case boolean, int32, int64, int96, float, double, byteArray, fixedLengthByteArray

  /// Bytes of a value in PLAIN; nil where it varies.
  func plainWidth(typeLength: Int) -> Int? {
    switch self {
    case .boolean, .byteArray: nil
    case .int32, .float: 4
    case .int64, .double: 8
    case .int96: 12
    case .fixedLengthByteArray: typeLength
    }
  }
}

enum Encoding: Int32 {
  case plain = 0
  case plainDictionary = 2
  case rle = 3
  case bitPacked = 4
  case deltaBinaryPacked = 5
  case deltaLengthByteArray = 6
  case deltaByteArray = 7
  case rleDictionary = 8
  case byteStreamSplit = 9
}

enum TimeUnit: Sendable { case millis, micros, nanos }

enum LogicalAnnotation: Equatable, Sendable {
  case string, map, list, date, json, bson, uuid, unknown, other
  case decimal(precision: Int, scale: Int)
  case time(unit: TimeUnit)
  case timestamp(isAdjustedToUTC: Bool, unit: TimeUnit)
  case integer(bitWidth: Int, isSigned: Bool)
}

struct SchemaElement: Sendable {
  var type: PhysicalType?
  var typeLength = 0
  /// 0 required, 1 optional, 2 repeated.
  var repetition = 0
  var name = ""
  var childCount = 0
  /// The number that the writer gave the field, where it did.
  var fieldID: Int?
  var annotation: LogicalAnnotation?
}

struct RawStatistics: Sendable {
  var legacyMax: [UInt8]?
  var legacyMin: [UInt8]?
  var nullCount: Int?
  var max: [UInt8]?
  var min: [UInt8]?
  var isMaxExact: Bool?
  var isMinExact: Bool?
}

struct ColumnChunkMetadata: Sendable {
  var type: PhysicalType = .boolean
  var codec: Int32 = 0
  /// As the format numbers them, each once.
  var encodings: [Int64] = []
  var valueCount = 0
  var uncompressedByteCount = 0
  var compressedByteCount = 0
  var dataPageOffset = 0
  var dictionaryPageOffset: Int?
  var statistics: RawStatistics?
  /// Where the page index of this chunk lies in the file; nil where there is none.
  var offsetIndex: Range<Int>?
  var columnIndex: Range<Int>?
  var isEncrypted = false
  var filePath: String?
  var hasMetadata = false
}

struct RowGroupMetadata: Sendable {
  var columns: [ColumnChunkMetadata] = []
  var byteCount = 0
  var rowCount = 0
}

struct FileMetadata: Sendable {
  var schema: [SchemaElement] = []
  var rowCount = 0
  var rowGroups: [RowGroupMetadata] = []
  var keyValues: [(key: String, value: String)] = []
  var createdBy: String?
  /// By leaf: true where the order of min_value and max_value is the type's own; nil: not stated.
  var columnOrders: [Bool]?
  var isEncrypted = false
}

extension FileMetadata {
  init(parsing bytes: UnsafeRawBufferPointer, place: FilePlace) throws {
    self.init()
    var reader = ThriftReader(bytes, place: place)
    try reader.readStruct { reader, field in
      switch field.id {
      case 2:
        try reader.readStructList(field) { schema.append(try SchemaElement(reading: &$0)) }
      case 3: rowCount = try reader.readInt(field)
      case 4:
        try reader.readStructList(field) { rowGroups.append(try RowGroupMetadata(reading: &$0)) }
      case 5:
        try reader.readStructList(field) { reader in
          var key = ""
          var value = ""
          try reader.readStruct { reader, field in
            switch field.id {
            case 1: key = try reader.readString(field)
            case 2: value = try reader.readString(field)
            default: return false
            }
            return true
          }
          keyValues.append((key, value))
        }
      case 6: createdBy = try reader.readString(field)
      case 7:
        var orders: [Bool] = []
        try reader.readStructList(field) { reader in
          var isTypeOrder = false
          try reader.readStruct { _, field in
            if field.id == 1 { isTypeOrder = true }
            return false
          }
          orders.append(isTypeOrder)
        }
        columnOrders = orders
      case 8:
        isEncrypted = true
        return false
      default: return false
      }
      return true
    }
  }
}

extension SchemaElement {
  fileprivate init(reading reader: inout ThriftReader) throws {
    self.init()
    var converted: Int?
    var scale = 0
    var precision = 0
    try reader.readStruct { reader, field in
      switch field.id {
      case 1:
        let raw = try reader.readInt(field)
        guard let known = Int32(exactly: raw).flatMap(PhysicalType.init(rawValue:)) else {
          throw reader.error("an unknown physical type \(raw)")
        }
        type = known
      case 2: typeLength = try reader.readInt32Size(field)
      case 3:
        repetition = try reader.readInt(field)
        guard (0...2).contains(repetition) else {
          throw reader.error("an unknown repetition \(repetition)")
        }
      case 4: name = try reader.readString(field)
      case 5: childCount = try reader.readInt32Size(field)
      case 6: converted = try reader.readInt(field)
      case 7: scale = try reader.readInt(field)
      case 8: precision = try reader.readInt(field)
      case 9: fieldID = try reader.readInt(field)
      case 10: annotation = try LogicalAnnotation.read(&reader)
      default: return false
      }
      return true
    }
    if annotation == nil, let converted {
      annotation = LogicalAnnotation(converted: converted, precision: precision, scale: scale)
    }
  }
}

extension LogicalAnnotation {
  /// The older `ConvertedType`; its timestamps are instants.
  fileprivate init(converted: Int, precision: Int, scale: Int) {
    switch converted {
    case 0, 4: self = .string
    case 1, 2: self = .map
    case 3: self = .list
    case 5: self = .decimal(precision: precision, scale: scale)
    case 6: self = .date
    case 7: self = .time(unit: .millis)
    case 8: self = .time(unit: .micros)
    case 9: self = .timestamp(isAdjustedToUTC: true, unit: .millis)
    case 10: self = .timestamp(isAdjustedToUTC: true, unit: .micros)
    case 11...14: self = .integer(bitWidth: 8 << (converted - 11), isSigned: false)
    case 15...18: self = .integer(bitWidth: 8 << (converted - 15), isSigned: true)
    case 19: self = .json
    case 20: self = .bson
    default: self = .other
    }
  }

  fileprivate static func read(_ reader: inout ThriftReader) throws -> LogicalAnnotation? {
    var result: LogicalAnnotation?
    try reader.readStruct { reader, field in
      switch field.id {
      case 1, 4: result = .string
      case 2: result = .map
      case 3: result = .list
      case 5:
        var scale = 0
        var precision = 0
        try reader.readStruct { reader, field in
          switch field.id {
          case 1: scale = try reader.readInt(field)
          case 2: precision = try reader.readInt(field)
          default: return false
          }
          return true
        }
        result = .decimal(precision: precision, scale: scale)
        return true
      case 6: result = .date
      case 7, 8:
        let isTime = field.id == 7
        var isAdjusted = false
        var unit: TimeUnit?
        try reader.readStruct { reader, field in
          switch field.id {
          case 1:
            isAdjusted = try reader.readBool(field)
            return true
          case 2:
            try reader.readStruct { _, field in
              unit = [1: .millis, 2: .micros, 3: .nanos][field.id]
              return false
            }
            return true
          default: return false
          }
        }
        result =
          unit.map { isTime ? .time(unit: $0) : .timestamp(isAdjustedToUTC: isAdjusted, unit: $0) }
          ?? .other
        return true
      case 10:
        var bitWidth = 0
        var isSigned = true
        try reader.readStruct { reader, field in
          switch field.id {
          case 1: bitWidth = try reader.readInt(field)
          case 2: isSigned = try reader.readBool(field)
          default: return false
          }
          return true
        }
        result = .integer(bitWidth: bitWidth, isSigned: isSigned)
        return true
      case 11: result = .unknown
      case 12: result = .json
      case 13: result = .bson
      case 14: result = .uuid
      default: result = .other
      }
      return false
    }
    return result
  }
}

extension RowGroupMetadata {
  fileprivate init(reading reader: inout ThriftReader) throws {
    self.init()
    try reader.readStruct { reader, field in
      switch field.id {
      case 1:
        try reader.readStructList(field) { columns.append(try ColumnChunkMetadata(reading: &$0)) }
      case 2: byteCount = try reader.readInt(field)
      case 3: rowCount = try reader.readInt(field)
      default: return false
      }
      return true
    }
  }
}

extension ColumnChunkMetadata {
  fileprivate init(reading reader: inout ThriftReader) throws {
    self.init()
    var places = [Int](repeating: 0, count: 4)
    defer {
      offsetIndex = Self.indexRange(places[0], places[1])
      columnIndex = Self.indexRange(places[2], places[3])
    }
    try reader.readStruct { reader, field in
      switch field.id {
      case 1:
        filePath = try reader.readString(field)
        return true
      case 3:
        hasMetadata = true
        try readMetadata(&reader)
        return true
      case 4...7:
        places[field.id - 4] = try reader.readInt(field)
        return true
      case 8, 9:
        isEncrypted = true
        return false
      default: return false
      }
    }
  }

  /// Nil where there is no index, or none that can be.
  private static func indexRange(_ start: Int, _ count: Int) -> Range<Int>? {
    guard start >= 4, count > 0, count <= 1 << 28, start <= Int.max - count else { return nil }
    return start..<(start + count)
  }

  private mutating func readMetadata(_ reader: inout ThriftReader) throws {
    try reader.readStruct { reader, field in
      switch field.id {
      case 1:
        let raw = try reader.readInt(field)
        guard let known = Int32(exactly: raw).flatMap(PhysicalType.init(rawValue:)) else {
          throw reader.error("an unknown physical type \(raw)")
        }
        type = known
      case 2: encodings = try reader.readIntList(field)
      case 4: codec = Int32(truncatingIfNeeded: try reader.readInt(field))
      case 5: valueCount = try reader.readInt(field)
      case 6: uncompressedByteCount = try reader.readInt(field)
      case 7: compressedByteCount = try reader.readInt(field)
      case 9: dataPageOffset = try reader.readInt(field)
      case 11: dictionaryPageOffset = try reader.readInt(field)
      case 12: statistics = try RawStatistics(reading: &reader)
      default: return false
      }
      return true
    }
  }
}

extension RawStatistics {
  init(reading reader: inout ThriftReader) throws {
    self.init()
    try reader.readStruct { reader, field in
      switch field.id {
      case 1: legacyMax = try reader.readBinary(field)
      case 2: legacyMin = try reader.readBinary(field)
      case 3: nullCount = try reader.readInt(field)
      case 5: max = try reader.readBinary(field)
      case 6: min = try reader.readBinary(field)
      case 7: isMaxExact = try reader.readBool(field)
      case 8: isMinExact = try reader.readBool(field)
      default: return false
      }
      return true
    }
  }
}
