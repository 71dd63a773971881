// DELTA_BINARY_PACKED: integers as differences, bit-packed in miniblocks with a width each.
//
//   header  block size, miniblocks in a block, number of values (varints), first value (zigzag)
//   block   least delta (zigzag), one width byte a miniblock, then the miniblocks' packed deltas

import Codecs

/// Reads the integers one stretch at a time; keeps a bare pointer to the page.
final class DeltaBinaryPackedDecoder {
  private let bytes: UnsafeRawBufferPointer
  private let place: FilePlace
  private let miniblockCount: Int
  private let miniblockSize: Int
  /// Values that have not been handed out.
  private(set) var remaining: Int
  private var position: Int
  private var last: Int64
  private var isFirst = true
  private var leastDelta: Int64 = 0
  private var widthsStart = 0
  private var miniblock: Int
  private var deltas: [UInt64] = []
  private var nextDelta = 0

  init(_ bytes: UnsafeRawBufferPointer, at start: Int, place: FilePlace) throws {
    var position = start
    guard let blockSize = Varint.read(bytes, &position),
      let miniblocks = Varint.read(bytes, &position), let total = Varint.read(bytes, &position),
      let first = Varint.readZigzag(bytes, &position)
    else { throw place.error(.truncated, at: start, "the delta header does not end") }
    guard blockSize > 0, blockSize <= 1 << 20, miniblocks > 0, miniblocks <= blockSize,
      blockSize % miniblocks == 0, (blockSize / miniblocks) % 8 == 0, total <= UInt64(Int32.max)
    else {
      throw place.error(
        .corrupt,
        at: start,
        "delta blocks of \(blockSize) values in \(miniblocks) miniblocks"
      )
    }
    self.bytes = bytes
    self.place = place
    self.position = position
    miniblockCount = Int(miniblocks)
    miniblockSize = Int(blockSize / miniblocks)
    miniblock = miniblockCount
    remaining = Int(total)
    last = first
  }

  /// The next `count` integers.
  func decode(into target: UnsafeMutablePointer<Int64>, count: Int) throws {
    guard count <= remaining else {
      throw place.error(.truncated, at: position, "\(count - remaining) delta values are missing")
    }
    remaining -= count
    var index = 0
    if isFirst, count > 0 {
      isFirst = false
      target[0] = last
      index = 1
    }
    while index < count {
      if nextDelta == deltas.count { try loadMiniblock() }
      let step = min(count - index, deltas.count - nextDelta)
      for offset in 0..<step {
        last = last &+ leastDelta &+ Int64(bitPattern: deltas[nextDelta + offset])
        target[index + offset] = last
      }
      nextDelta += step
      index += step
    }
  }

  /// Where the encoded integers end; uses the decoder up.
  func skipToEnd() throws -> Int {
    var left = remaining - 1
    while left > 0 {
      let size = try nextMiniblockByteCount()
      position += size
      miniblock += 1
      left -= miniblockSize
    }
    remaining = 0
    return position
  }

  private func loadMiniblock() throws {
    let size = try nextMiniblockByteCount()
    let width = Int(bytes[widthsStart + miniblock])
    if deltas.count != miniblockSize {
      deltas = [UInt64](repeating: 0, count: miniblockSize)
    }
    let packed = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + size)])
    deltas.withUnsafeMutableBufferPointer { target in
      guard let address = target.baseAddress else { return }
      BitPacking.unpack(
        packed,
        bitOffset: 0,
        bitWidth: width,
        into: address,
        count: miniblockSize
      )
    }
    nextDelta = 0
    position += size
    miniblock += 1
  }

  /// Begins a block where the last one is used up; answers the bytes of the next miniblock.
  private func nextMiniblockByteCount() throws -> Int {
    if miniblock == miniblockCount {
      let start = position
      guard let least = Varint.readZigzag(bytes, &position),
        miniblockCount <= bytes.count - position
      else { throw place.error(.truncated, at: start, "a delta block does not end") }
      leastDelta = least
      widthsStart = position
      position += miniblockCount
      miniblock = 0
    }
    let width = Int(bytes[widthsStart + miniblock])
    let size = width * miniblockSize / 8
    guard width <= 64, size <= bytes.count - position else {
      throw place.error(.corrupt, at: position, "a delta miniblock of width \(width)")
    }
    return size
  }
}
