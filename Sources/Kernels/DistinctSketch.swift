// `approx_distinct`: HyperLogLog with 2,048 registers a group (standard error 2.3 %), exact while a
// group has seen at most 256 hashes. `approx_set` and `merge` give the sketch itself, as bytes:
//
// ```
// few    1, then the hashes in ascending order, 8 bytes each, little-endian
// many   2, then 2,048 registers
// ```

public import Columnar

/// Makes every bit of a hash depend on every other: registers and ranks want more than tables do.
@inline(__always)
private func scrambled(_ hash: UInt64) -> UInt64 {
  var value = hash
  value = (value ^ value >> 33) &* 0xFF51_AFD7_ED55_8CCD
  value = (value ^ value >> 33) &* 0xC4CE_B9FE_1A85_EC53
  return value ^ value >> 33
}

/// The distinct hashes of one group, exact while few.
struct DistinctSketch {
  private static let registerBits: UInt64 = 11
  private static let exactMax = 256

  /// Sorted, while `registers` is empty.
  private var hashes: [UInt64] = []
  private var registers: [UInt8] = []

  var byteCount: Int { hashes.count * 8 + registers.count + 32 }

  mutating func insert(_ hash: UInt64) {
    if !registers.isEmpty {
      record(hash)
      return
    }
    var low = 0
    var high = hashes.count
    while low < high {
      let middle = (low + high) / 2
      if hashes[middle] < hash { low = middle + 1 } else { high = middle }
    }
    if low < hashes.count, hashes[low] == hash { return }
    hashes.insert(hash, at: low)
    if hashes.count > Self.exactMax { condense() }
  }

  private mutating func record(_ hash: UInt64) {
    let index = Int(truncatingIfNeeded: hash >> (64 - Self.registerBits))
    let rank = UInt8(truncatingIfNeeded: (hash << Self.registerBits | 1 << (Self.registerBits - 1)).leadingZeroBitCount + 1)
    if registers[index] < rank { registers[index] = rank }
  }

  private mutating func condense() {
    registers = [UInt8](repeating: 0, count: 1 << Int(Self.registerBits))
    for hash in hashes { record(hash) }
    hashes = []
  }

  mutating func merge(_ other: DistinctSketch) {
    if other.registers.isEmpty {
      for hash in other.hashes { insert(hash) }
      return
    }
    if registers.isEmpty { condense() }
    for index in registers.indices { registers[index] = max(registers[index], other.registers[index]) }
  }

  init() {}

  /// Reads what `append(to:)` wrote; nil for other bytes.
  init?(_ bytes: UnsafeRawBufferPointer) {
    let rest = bytes.dropFirst()
    switch bytes.first {
    case 1:
      guard rest.count % 8 == 0, rest.count <= 8 * Self.exactMax else { return nil }
      for start in stride(from: 1, to: bytes.count, by: 8) {
        let hash = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        if let last = hashes.last, last >= hash { return nil }
        hashes.append(hash)
      }
    case 2:
      guard rest.count == 1 << Int(Self.registerBits), rest.allSatisfy({ $0 <= 64 }) else {
        return nil
      }
      registers = Array(rest)
    default: return nil
    }
  }

  /// The sketch as bytes.
  func append(to out: inout [UInt8]) {
    out.append(registers.isEmpty ? 1 : 2)
    for hash in hashes {
      withUnsafeBytes(of: hash.littleEndian) { out.append(contentsOf: $0) }
    }
    out.append(contentsOf: registers)
  }

  /// About how many distinct hashes were inserted.
  var estimate: Int64 {
    guard !registers.isEmpty else { return Int64(hashes.count) }
    let count = Double(registers.count)
    var sum = 0.0
    var zeros = 0.0
    for register in registers {
      sum += 1 / Double(UInt64(1) << UInt64(min(register, 63)))
      if register == 0 { zeros += 1 }
    }
    let raw = 0.7213 / (1 + 1.079 / count) * count * count / sum
    // Linear counting where registers are left empty.
    if raw <= 2.5 * count, zeros > 0 { return Int64((count * naturalLog(count / zeros)).rounded()) }
    return Int64(raw.rounded())
  }
}

/// `approx_distinct`, `approx_set` and `merge`.
final class DistinctSketchAccumulator: Accumulator {
  private var sketches: [DistinctSketch] = []
  private var isSeen: [Bool] = []
  /// Arguments are sketches, not values.
  private let mergesSketches: Bool
  /// The result is a sketch, not its estimate.
  private let givesSketch: Bool

  init(mergesSketches: Bool = false, givesSketch: Bool = false) {
    self.mergesSketches = mergesSketches
    self.givesSketch = givesSketch
  }

  func reserve(groupCount: Int) {
    let missing = groupCount - sketches.count
    guard missing > 0 else { return }
    sketches.append(contentsOf: repeatElement(DistinctSketch(), count: missing))
    isSeen.append(contentsOf: repeatElement(false, count: missing))
  }

  var byteCount: Int { sketches.reduce(0) { $0 + $1.byteCount } }

  func update(
    _ arguments: [ColumnVector], rowCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    let value = arguments[0]
    guard value.type != .unknown else { return }
    if mergesSketches {
      let source = value.plain
      let lane = TextLane(source)
      for row in 0..<rowCount where !source.isNull(row) {
        guard let sketch = DistinctSketch(lane[row]) else { throw notASketch }
        let group = Int(groups?[row] ?? 0)
        sketches[group].merge(sketch)
        isSeen[group] = true
      }
      return
    }
    let hashes = hashRows([value], count: rowCount)
    for row in 0..<rowCount where !value.isNull(row) {
      let group = Int(groups?[row] ?? 0)
      sketches[group].insert(scrambled(hashes[row]))
      isSeen[group] = true
    }
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? DistinctSketchAccumulator else { throw mergeMistake }
    for group in 0..<groupCount {
      let target = Int(groups?[group] ?? 0)
      sketches[target].merge(other.sketches[group])
      if other.isSeen[group] { isSeen[target] = true }
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    guard !givesSketch else {
      var output = TextOutput(capacity: range.count)
      for group in range {
        if isSeen[group] { sketches[group].append(to: &output.row) }
        output.finishRow()
      }
      let first = range.lowerBound
      return output.column(
        .varbinary, validity: ValidityBitmap.make(count: range.count) { isSeen[first + $0] })
    }
    return makeFixed(.bigint, range.count, nil, as: Int64.self) { out in
      for (index, group) in range.enumerated() { out[index] = sketches[group].estimate }
    }
  }
}

private var notASketch: KernelError { .invalidArgument("Cannot deserialize HyperLogLog") }

/// The estimate of each sketch, as `bigint`. Throws `invalidArgument` for bytes that are none.
public func sketchCardinality(_ sketches: ColumnVector) throws -> ColumnVector {
  let source = sketches.plain
  let lane = TextLane(source)
  return try makeFixed(.bigint, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      guard let sketch = DistinctSketch(lane[row]) else { throw notASketch }
      out[row] = sketch.estimate
    }
  }
}

/// The bytes of a sketch of nothing.
public let emptySketch: [UInt8] = [1]
