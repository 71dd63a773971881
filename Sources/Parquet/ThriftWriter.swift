// The writing half of Thrift's compact protocol; `ThriftReader` draws it.

import Codecs

/// Appends structs in Thrift's compact protocol; fields must come in the order of their ids.
struct ThriftWriter {
  private(set) var bytes: [UInt8] = []
  private var lastIDs: [Int] = [0]

  mutating func field(_ id: Int, _ value: Int32) {
    header(id, 5)
    Varint.appendZigzag(Int64(value), to: &bytes)
  }

  mutating func field(_ id: Int, int16 value: Int16) {
    header(id, 4)
    Varint.appendZigzag(Int64(value), to: &bytes)
  }

  mutating func field(_ id: Int, int8 value: Int8) {
    header(id, 3)
    bytes.append(UInt8(bitPattern: value))
  }

  mutating func field(_ id: Int, int64 value: Int64) {
    header(id, 6)
    Varint.appendZigzag(value, to: &bytes)
  }

  mutating func field(_ id: Int, _ value: Bool) {
    header(id, value ? 1 : 2)
  }

  mutating func field(_ id: Int, _ value: String) {
    field(id, Array(value.utf8))
  }

  mutating func field(_ id: Int, _ value: [UInt8]) {
    header(id, 8)
    appendBytes(value)
  }

  /// A struct as a field.
  mutating func field(_ id: Int, _ body: (inout ThriftWriter) -> Void) {
    header(id, 12)
    structure(body)
  }

  mutating func list(_ id: Int, _ values: [Int32]) {
    listHeader(id, count: values.count, kind: 5)
    for value in values { Varint.appendZigzag(Int64(value), to: &bytes) }
  }

  mutating func list(_ id: Int, _ values: [String]) {
    listHeader(id, count: values.count, kind: 8)
    for value in values { appendBytes(Array(value.utf8)) }
  }

  mutating func list(_ id: Int, int64 values: [Int64]) {
    listHeader(id, count: values.count, kind: 6)
    for value in values { Varint.appendZigzag(value, to: &bytes) }
  }

  /// A byte each: 1 for true, 2 for false.
  mutating func list(_ id: Int, _ values: [Bool]) {
    listHeader(id, count: values.count, kind: 1)
    for value in values { bytes.append(value ? 1 : 2) }
  }

  mutating func list(_ id: Int, _ values: [[UInt8]]) {
    listHeader(id, count: values.count, kind: 8)
    for value in values { appendBytes(value) }
  }

  mutating func list<Element>(
    _ id: Int,
    _ values: [Element],
    _ body: (inout ThriftWriter, Element) -> Void
  ) {
    listHeader(id, count: values.count, kind: 12)
    for value in values { structure { body(&$0, value) } }
  }

  /// A struct without a header: the whole message, or an element of a list.
  mutating func structure(_ body: (inout ThriftWriter) -> Void) {
    lastIDs.append(0)
    body(&self)
    bytes.append(0)
    lastIDs.removeLast()
  }

  private mutating func header(_ id: Int, _ kind: UInt8) {
    let delta = id - lastIDs[lastIDs.count - 1]
    if delta > 0, delta <= 15 {
      bytes.append(UInt8(delta) << 4 | kind)
    } else {
      bytes.append(kind)
      Varint.appendZigzag(Int64(id), to: &bytes)
    }
    lastIDs[lastIDs.count - 1] = id
  }

  private mutating func listHeader(_ id: Int, count: Int, kind: UInt8) {
    header(id, 9)
    if count < 15 {
      bytes.append(UInt8(count) << 4 | kind)
    } else {
      bytes.append(0xF0 | kind)
      Varint.append(UInt64(count), to: &bytes)
    }
  }

  private mutating func appendBytes(_ value: [UInt8]) {
    Varint.append(UInt64(value.count), to: &bytes)
    bytes.append(contentsOf: value)
  }
}
