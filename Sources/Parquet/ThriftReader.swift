// Parquet's footer and page headers are structs in Thrift's compact protocol. This file reads it;
// `ThriftWriter` writes it.
//
//   field   (delta of the id << 4 | type), or (0 << 4 | type) and the id as a zigzag varint; 0 ends
//   types   1 true, 2 false, 3 i8, 4 i16, 5 i32, 6 i64, 7 double, 8 binary, 9 list, 10 set, 11 map,
//           12 struct; integers are zigzag varints, binary has a varint length
//   list    (size << 4 | type), or (15 << 4 | type) and the size as a varint
//
// Every read is checked against the bytes, sizes before anything is allocated for them, and depth
// against a limit: a footer comes from anywhere.

import Codecs

/// A cursor over one struct in Thrift's compact protocol; keeps a bare pointer to the bytes.
struct ThriftReader {
  enum Kind {
    static let boolTrue: UInt8 = 1
    static let boolFalse: UInt8 = 2
    static let binary: UInt8 = 8
    static let list: UInt8 = 9
    static let structure: UInt8 = 12
  }

  /// The header of a field: what `readStruct` hands to its body.
  struct FieldHeader {
    var id: Int
    var kind: UInt8
  }

  private let bytes: UnsafeRawBufferPointer
  private let place: FilePlace
  private(set) var position: Int
  private var depth = 0

  init(_ bytes: UnsafeRawBufferPointer, place: FilePlace, position: Int = 0) {
    self.bytes = bytes
    self.place = place
    self.position = position
  }

  func error(_ message: String) -> ParquetError {
    place.error(.corrupt, at: position, message)
  }

  /// Calls `body` for each field; a field that it answers false for is skipped.
  mutating func readStruct(
    _ body: (inout ThriftReader, FieldHeader) throws -> Bool
  ) throws {
    depth += 1
    guard depth <= 32 else { throw error("structs are nested more than 32 deep") }
    var lastID = 0
    while true {
      let header = try readByte()
      let kind = header & 0x0F
      if kind == 0 { break }
      let delta = Int(header >> 4)
      if delta == 0 {
        lastID = Int(truncatingIfNeeded: try readInteger())
        guard lastID >= 0, lastID <= 32_767 else { throw error("a field id of \(lastID)") }
      } else {
        lastID += delta
      }
      let field = FieldHeader(id: lastID, kind: kind)
      if try !body(&self, field) { try skip(kind) }
    }
    depth -= 1
  }

  /// The size of a list; every element takes a byte or more, so more than are left is a lie.
  mutating func readListHeader(_ field: FieldHeader) throws -> (count: Int, kind: UInt8) {
    guard field.kind == Kind.list || field.kind == 10 else { throw error("a list is missing") }
    let header = try readByte()
    var count = Int(header >> 4)
    if count == 15 { count = try readSize() }
    guard count <= bytes.count - position else { throw error("a list of \(count) elements") }
    return (count, header & 0x0F)
  }

  mutating func readStructList(
    _ field: FieldHeader,
    _ element: (inout ThriftReader) throws -> Void
  ) throws {
    let (count, kind) = try readListHeader(field)
    guard kind == Kind.structure || count == 0 else { throw error("a list of structs is missing") }
    for _ in 0..<count { try element(&self) }
  }

  /// A list of Booleans: a byte each, where 1 is true.
  mutating func readBoolList(_ field: FieldHeader) throws -> [Bool] {
    let (count, kind) = try readListHeader(field)
    guard kind == Kind.boolTrue || kind == Kind.boolFalse || count == 0 else {
      throw error("a list of Booleans is missing")
    }
    return try (0..<count).map { _ in try readByte() == 1 }
  }

  mutating func readIntList(_ field: FieldHeader) throws -> [Int64] {
    let (count, kind) = try readListHeader(field)
    guard (4...6).contains(kind) || count == 0 else { throw error("a list of integers is missing") }
    return try (0..<count).map { _ in try readInteger() }
  }

  mutating func readBinaryList(_ field: FieldHeader) throws -> [[UInt8]] {
    let (count, kind) = try readListHeader(field)
    guard kind == Kind.binary || count == 0 else { throw error("a list of bytes is missing") }
    return try (0..<count).map { _ in try readBytes() }
  }

  mutating func readBool(_ field: FieldHeader) throws -> Bool {
    guard field.kind == Kind.boolTrue || field.kind == Kind.boolFalse else {
      throw error("a Boolean is missing in field \(field.id)")
    }
    return field.kind == Kind.boolTrue
  }

  mutating func readInt64(_ field: FieldHeader) throws -> Int64 {
    switch field.kind {
    case 3: Int64(Int8(bitPattern: try readByte()))
    case 4, 5, 6: try readInteger()
    default: throw error("an integer is missing in field \(field.id)")
    }
  }

  mutating func readInt(_ field: FieldHeader) throws -> Int {
    Int(try readInt64(field))
  }

  /// An i32 that counts or measures something.
  mutating func readInt32Size(_ field: FieldHeader) throws -> Int {
    let value = try readInt64(field)
    guard value >= 0, value <= Int64(Int32.max) else { throw error("a size of \(value)") }
    return Int(value)
  }

  mutating func readBinary(_ field: FieldHeader) throws -> [UInt8] {
    guard field.kind == Kind.binary else { throw error("bytes are missing in field \(field.id)") }
    return try readBytes()
  }

  mutating func readString(_ field: FieldHeader) throws -> String {
    String(decoding: try readBinary(field), as: UTF8.self)
  }

  /// A string that stands in a list, without a field header.
  mutating func readBytes() throws -> [UInt8] {
    let size = try readSize()
    guard size <= bytes.count - position else {
      throw error("\(size) bytes where \(bytes.count - position) are left")
    }
    defer { position += size }
    return Array(bytes[position..<(position + size)])
  }

  mutating func readInteger() throws -> Int64 {
    guard let value = Varint.readZigzag(bytes, &position) else {
      throw error("an integer does not end")
    }
    return value
  }

  private mutating func readSize() throws -> Int {
    guard let value = Varint.read(bytes, &position), value <= UInt64(Int32.max) else {
      throw error("a size is not valid")
    }
    return Int(value)
  }

  private mutating func readByte() throws -> UInt8 {
    guard position < bytes.count else { throw error("the struct does not end") }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func skip(_ kind: UInt8) throws {
    switch kind {
    case Kind.boolTrue, Kind.boolFalse: break
    case 3: _ = try readByte()
    case 4, 5, 6: _ = try readInteger()
    case 7:
      guard bytes.count - position >= 8 else { throw error("a double does not end") }
      position += 8
    case Kind.binary:
      let size = try readSize()
      guard size <= bytes.count - position else { throw error("bytes do not end") }
      position += size
    case 9, 10:
      let (count, element) = try readListHeader(FieldHeader(id: 0, kind: 9))
      depth += 1
      guard depth <= 32 else { throw error("lists are nested more than 32 deep") }
      for _ in 0..<count { try skipElement(element) }
      depth -= 1
    case 11:
      let count = try readSize()
      guard count <= bytes.count - position else { throw error("a map of \(count) entries") }
      guard count > 0 else { return }
      let kinds = try readByte()
      depth += 1
      guard depth <= 32 else { throw error("maps are nested more than 32 deep") }
      for _ in 0..<count {
        try skipElement(kinds >> 4)
        try skipElement(kinds & 0x0F)
      }
      depth -= 1
    case Kind.structure: try readStruct { _, _ in false }
    default: throw error("a field of unknown kind \(kind)")
    }
  }

  /// In a list a Boolean takes a byte; as a field it lies in the header.
  private mutating func skipElement(_ kind: UInt8) throws {
    if kind == Kind.boolTrue || kind == Kind.boolFalse {
      _ = try readByte()
    } else {
      try skip(kind)
    }
  }
}
