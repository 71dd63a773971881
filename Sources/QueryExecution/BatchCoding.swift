// Batches as bytes, for shuffle files: this process alone reads what it wrote.
//
// ```
// batch    row count u32, then its columns
// column   has NULLs u8, [validity bitmap], then by layout:
// fixed    the values, little-endian
// text     per row: length u32, bytes
// list     per row: length u32; then the elements as a column of their own count u32
// map      per row: length u32; count u32; keys; values
// row      the fields
// ```

import Columnar
import Kernels

/// Writes and reads batches of one schema.
enum BatchCoding {
  static func encode(_ batch: ColumnarBatch) -> [UInt8] {
    var writer = Writer()
    writer.word(UInt32(truncatingIfNeeded: batch.rowCount))
    for column in batch.columns { writer.column(column) }
    return writer.bytes
  }

  /// Throws `shuffleFailed` where the bytes are not what `encode` wrote.
  static func decode(_ bytes: [UInt8], schema: Schema) throws -> ColumnarBatch {
    var reader = Reader(bytes)
    let count = Int(try reader.word())
    let columns = try schema.fields.map { try reader.column($0.type, count) }
    return ColumnarBatch(schema: schema, columns: columns, rowCount: count)
  }

  private struct Writer {
    var bytes: [UInt8] = []

    mutating func word(_ value: UInt32) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func column(_ vector: ColumnVector) {
      let flat = vector.flattened()
      let count = flat.count
      bytes.append(flat.validity == nil ? 0 : 1)
      if let validity = flat.validity {
        var byte: UInt8 = 0
        for row in 0..<count {
          if validity.isValid(row) { byte |= 1 << UInt8(row & 7) }
          if row & 7 == 7 || row == count - 1 {
            bytes.append(byte)
            byte = 0
          }
        }
      }
      switch flat.type.layout {
      case .fixed(let width):
        bytes.append(
          contentsOf: UnsafeRawBufferPointer(start: flat.values.address, count: count * width)
        )
      case .text:
        for row in 0..<count {
          if flat.isNull(row) {
            word(0)
          } else {
            flat.withTextValue(at: row) { text in
              word(UInt32(truncatingIfNeeded: text.count))
              bytes.append(contentsOf: text)
            }
          }
        }
      case .list, .map:
        var places: [Int32] = []
        for row in 0..<count {
          let range = flat.isNull(row) ? 0..<0 : flat.elementRange(at: row)
          word(UInt32(truncatingIfNeeded: range.count))
          places += range.map { Int32(truncatingIfNeeded: $0) }
        }
        word(UInt32(truncatingIfNeeded: places.count))
        for child in flat.children {
          places.withUnsafeBufferPointer { column(child.gather($0)) }
        }
      case .row:
        for child in flat.children { column(child) }
      }
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func take(_ count: Int) throws -> Range<Int> {
      guard count >= 0, place + count <= bytes.count else {
        throw QueryExecutionError.shuffleFailed("A shuffle file ends too early")
      }
      defer { place += count }
      return place..<place + count
    }

    mutating func word() throws -> UInt32 {
      let range = try take(4)
      return range.reversed().reduce(0) { $0 << 8 | UInt32(bytes[$1]) }
    }

    mutating func column(_ type: DataType, _ count: Int) throws -> ColumnVector {
      var validity: ValidityBitmap?
      if bytes[try take(1).lowerBound] == 1 {
        let start = try take((count + 7) / 8).lowerBound
        validity = ValidityBitmap.make(count: count) { row in
          bytes[start + (row >> 3)] & (1 << UInt8(row & 7)) != 0
        }
      }
      switch type.layout {
      case .fixed(let width):
        let range = try take(count * width)
        let values = bytes.withUnsafeBytes {
          Buffer(copying: UnsafeRawBufferPointer(rebasing: $0[range]))
        }
        return ColumnVector(type: type, count: count, values: values, validity: validity)
      case .text:
        let builder = ColumnBuilder(type: type, capacity: count)
        for _ in 0..<count {
          let range = try take(Int(try word()))
          bytes.withUnsafeBytes { builder.append(bytes: UnsafeRawBufferPointer(rebasing: $0[range])) }
        }
        return builder.finish().withValidity(validity)
      case .list, .map:
        var offsets: [Int32] = [0]
        for _ in 0..<count {
          offsets.append(offsets[offsets.count - 1] + Int32(truncatingIfNeeded: try word()))
        }
        let elements = Int(try word())
        let children = try type.childTypes.map { try column($0, elements) }
        return ColumnVector(
          type: type,
          count: count,
          values: offsets.withUnsafeBytes { Buffer(copying: $0) },
          children: children,
          validity: validity
        )
      case .row:
        let children = try type.childTypes.map { try column($0, count) }
        return ColumnVector(row: children, type: type, count: count, validity: validity)
      }
    }
  }
}
