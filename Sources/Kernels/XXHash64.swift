// xxHash64 with seed 0: the SQL function of that name, and what `checksum` adds up.

public import Columnar

private let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
private let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
private let prime3: UInt64 = 0x1656_67B1_9E37_79F9
private let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
private let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

@inline(__always)
private func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
  value << bits | value >> (64 - bits)
}

/// xxHash64 of some bytes, seed 0.
public func xxHash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  var index = 0
  var hash: UInt64
  func word(_ at: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
  }
  func round(_ state: UInt64, _ value: UInt64) -> UInt64 {
    rotate(state &+ value &* prime2, 31) &* prime1
  }
  if bytes.count >= 32 {
    var v1 = prime1 &+ prime2
    var v2 = prime2
    var v3: UInt64 = 0
    var v4 = 0 &- prime1
    while index + 32 <= bytes.count {
      v1 = round(v1, word(index))
      v2 = round(v2, word(index + 8))
      v3 = round(v3, word(index + 16))
      v4 = round(v4, word(index + 24))
      index += 32
    }
    hash = rotate(v1, 1) &+ rotate(v2, 7) &+ rotate(v3, 12) &+ rotate(v4, 18)
    for value in [v1, v2, v3, v4] { hash = (hash ^ round(0, value)) &* prime1 &+ prime4 }
  } else {
    hash = prime5
  }
  hash = hash &+ UInt64(bytes.count)
  while index + 8 <= bytes.count {
    hash = rotate(hash ^ round(0, word(index)), 27) &* prime1 &+ prime4
    index += 8
  }
  if index + 4 <= bytes.count {
    let half = UInt64(
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
    hash = rotate(hash ^ half &* prime1, 23) &* prime2 &+ prime3
    index += 4
  }
  while index < bytes.count {
    hash = rotate(hash ^ UInt64(bytes[index]) &* prime5, 11) &* prime1
    index += 1
  }
  hash = (hash ^ hash >> 33) &* prime2
  hash = (hash ^ hash >> 29) &* prime3
  return hash ^ hash >> 32
}

/// xxHash64 of each value's bytes: numbers as 64-bit little-endian.
private func valueHash(_ source: ColumnVector, _ row: Int) -> UInt64 {
  if source.type.layout == .text { return source.withTextValue(at: row) { xxHash64($0) } }
  if source.type.isNested || source.type.layout == .fixed(width: 16) {
    var writer = KeyWriter()
    writer.write(source, row: row)
    return writer.bytes.withUnsafeBytes { xxHash64($0) }
  }
  let word: UInt64
  switch source.scalar(row) {
  case .integer(let value): word = UInt64(bitPattern: value)
  case .double(let value): word = value.bitPattern
  case .boolean(let value): word = value ? 1 : 0
  default: word = 0
  }
  return withUnsafeBytes(of: word.littleEndian) { xxHash64($0) }
}

/// An order-independent sum of the hashes of all values, NULLs counted; 8 bytes, little-endian.
final class ChecksumAccumulator: Accumulator {
  private var states = GroupArray<SeenState<UInt64>>(SeenState(value: 0, isSeen: false))

  func reserve(groupCount: Int) { states.reserve(groupCount) }
  var byteCount: Int { states.byteCount }

  func update(
    _ arguments: [ColumnVector], rowCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    let source = arguments[0].flattened()
    for row in 0..<rowCount {
      let group = Int(groups?[row] ?? 0)
      let hash = source.isNull(row) || source.type == .unknown ? 1 : valueHash(source, row)
      states.base[group].value = states.base[group].value &+ hash &* prime1
      states.base[group].isSeen = true
    }
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? ChecksumAccumulator else { throw mergeMistake }
    for group in 0..<groupCount where other.states.base[group].isSeen {
      let target = Int(groups?[group] ?? 0)
      states.base[target].value = states.base[target].value &+ other.states.base[group].value
      states.base[target].isSeen = true
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .varbinary, capacity: range.count)
    for group in range {
      let state = states.base[group]
      if state.isSeen {
        withUnsafeBytes(of: state.value.littleEndian) { builder.append(bytes: $0) }
      } else {
        builder.appendNull()
      }
    }
    return builder.finish()
  }
}

/// xxHash64 of each binary value, as 8 bytes, big-endian as Trino gives it.
public func xxHash64(_ vector: ColumnVector) -> ColumnVector {
  let source = vector.flattened()
  let builder = ColumnBuilder(type: .varbinary, capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      builder.appendNull()
    } else {
      let hash = source.withTextValue(at: row) { xxHash64($0) }
      withUnsafeBytes(of: hash.bigEndian) { builder.append(bytes: $0) }
    }
  }
  return builder.finish()
}
