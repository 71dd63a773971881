// The struct before each page; names follow `parquet.thrift`.

/// The header of one page.
struct PageHeader {
  var kind = -1
  var uncompressedByteCount = 0
  var compressedByteCount = 0
  /// CRC-32 of the bytes that follow the header; nil where the writer gave none.
  var checksum: UInt32?
  /// Values with NULLs, or entries of a dictionary.
  var valueCount = 0
  /// v2 only: the rows that begin in the page.
  var rowCount: Int?
  var encoding: Int32 = -1
  var definitionEncoding: Int32 = 3
  var repetitionEncoding: Int32 = 3
  /// v2 only: the sizes of the levels, which lie uncompressed before the values.
  var definitionByteCount = 0
  var repetitionByteCount = 0
  var isCompressed = true
  /// Bytes of the header itself.
  var byteCount = 0

  init(parsing bytes: UnsafeRawBufferPointer, at position: Int, place: FilePlace) throws {
    var reader = ThriftReader(bytes, place: place, position: position)
    try reader.readStruct { reader, field in
      switch field.id {
      case 1: kind = try reader.readInt(field)
      case 2: uncompressedByteCount = try reader.readInt32Size(field)
      case 3: compressedByteCount = try reader.readInt32Size(field)
      case 4: checksum = UInt32(truncatingIfNeeded: try reader.readInt(field))
      case 5, 7:
        try reader.readStruct { reader, field in
          switch field.id {
          case 1: valueCount = try reader.readInt32Size(field)
          case 2: encoding = Int32(truncatingIfNeeded: try reader.readInt(field))
          case 3:
            if field.kind <= 2 { return false }
            definitionEncoding = Int32(truncatingIfNeeded: try reader.readInt(field))
          case 4: repetitionEncoding = Int32(truncatingIfNeeded: try reader.readInt(field))
          default: return false
          }
          return true
        }
      case 8:
        try reader.readStruct { reader, field in
          switch field.id {
          case 1: valueCount = try reader.readInt32Size(field)
          case 3: rowCount = try reader.readInt32Size(field)
          case 4: encoding = Int32(truncatingIfNeeded: try reader.readInt(field))
          case 5: definitionByteCount = try reader.readInt32Size(field)
          case 6: repetitionByteCount = try reader.readInt32Size(field)
          case 7: isCompressed = try reader.readBool(field)
          default: return false
          }
          return true
        }
      default: return false
      }
      return true
    }
    byteCount = reader.position - position
  }
}
