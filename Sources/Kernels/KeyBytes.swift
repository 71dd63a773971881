// Values of any type as bytes whose order is SQL's: what nested and wide keys are grouped, joined and
// sorted by.
//
// ```
// whole number   big-endian, sign bit flipped
// float          order key of its bits: one NaN, larger than all; one zero
// text           bytes, each 0x00 as 0x00 0xFF, then 0x00 0x00
// NULL           0x02 before nothing; any other value 0x01 before its bytes
// list           its elements so, then 0x00
// map            a list of its entries, sorted by key
// row            its fields, one after another
// ```

import Columnar

/// Writes the bytes of one value at a time.
struct KeyWriter {
  var bytes: [UInt8] = []

  private mutating func bigEndian<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// One row, NULL or not.
  mutating func write(_ vector: ColumnVector, row: Int) {
    if vector.isNull(row) || vector.type == .unknown {
      bytes.append(2)
    } else {
      bytes.append(1)
      write(vector, valueAt: vector.valueIndex(row))
    }
  }

  private mutating func write(_ vector: ColumnVector, valueAt index: Int) {
    switch vector.type.layout {
    case .text:
      vector.withTextValue(at: index) { text in
        for byte in text {
          bytes.append(byte)
          if byte == 0 { bytes.append(0xFF) }
        }
      }
      bytes.append(0)
      bytes.append(0)
    case .row: for child in vector.children { write(child, row: index) }
    case .list:
      for element in vector.elementRange(at: index) { write(vector.children[0], row: element) }
      bytes.append(0)
    case .map:
      var entries: [[UInt8]] = []
      for element in vector.elementRange(at: index) {
        var entry = KeyWriter()
        entry.write(vector.children[0], row: element)
        entry.write(vector.children[1], row: element)
        entries.append(entry.bytes)
      }
      entries.sort { $0.lexicographicallyPrecedes($1) }
      for entry in entries { bytes.append(contentsOf: entry) }
      bytes.append(0)
    case .fixed: writeNumber(vector, index)
    }
  }

  private mutating func writeNumber(_ vector: ColumnVector, _ index: Int) {
    let values = vector.values
    switch vector.type.numberForm {
    case .int8: bytes.append(UInt8(bitPattern: values.values(as: Int8.self)[index]) ^ 0x80)
    case .int16: bigEndian(UInt16(bitPattern: values.values(as: Int16.self)[index]) ^ (1 << 15))
    case .int32: bigEndian(UInt32(bitPattern: values.values(as: Int32.self)[index]) ^ (1 << 31))
    case .int64: bigEndian(orderKey(values.values(as: Int64.self)[index]))
    case .int128:
      bigEndian(UInt128(bitPattern: values.values(as: Int128.self)[index]) ^ (1 << 127))
    case .uint128: bigEndian(values.values(as: UInt128.self)[index])
    case .float: bigEndian(orderKey(Double(values.values(as: Float.self)[index])))
    case .double: bigEndian(orderKey(values.values(as: Double.self)[index]))
    case .uint8, nil: bytes.append(values.values(as: UInt8.self)[index])
    }
  }
}

/// The key bytes of each row as binary values; NULL rows stay NULL.
func keyBytes(_ vector: ColumnVector) -> ColumnVector {
  var output = TextOutput(capacity: vector.count)
  var writer = KeyWriter()
  for row in 0..<vector.count {
    writer.bytes.removeAll(keepingCapacity: true)
    if vector.isNull(row) {
      output.appendEmpty()
    } else {
      writer.write(vector, row: row)
      writer.bytes.withUnsafeBytes { output.append($0) }
    }
  }
  return output.column(.varbinary, validity: vector.validity)
}
