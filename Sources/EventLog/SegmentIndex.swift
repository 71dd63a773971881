// Where a segment's records are: Kafka's two sparse indexes, as bytes and as look-ups.
//
// ```
//  .index      ┌──────────────────────────┬──────────────────┐  one entry per 4 KiB of log:
//              │ relative offset (Int32)  │ position (Int32) │  last offset of a batch, and where
//              └──────────────────────────┴──────────────────┘  that batch begins
//  .timeindex  ┌──────────────────────────┬──────────────────┐  the highest time so far, and the
//              │ milliseconds (Int64)     │ relative offset  │  last offset of its batch
//              └──────────────────────────┴──────────────────┘
// ```
// Both big-endian, both strictly ascending. What is on disk names only bytes of the log that were
// fsynced before, so recovery may begin at the last entry.

/// A batch that the offset index knows.
struct OffsetIndexEntry: Equatable, Sendable {
  static let size = 8
  /// Last offset of the batch, less the segment's base offset.
  var relativeOffset: Int32
  /// Byte offset of the batch in the segment.
  var position: Int32
}

/// A moment that the time index knows.
struct TimeIndexEntry: Equatable, Sendable {
  static let size = 12
  /// The highest timestamp of the segment up to `relativeOffset`.
  var timestamp: Int64
  var relativeOffset: Int32
}

/// Both indexes of one segment in memory.
struct SegmentIndex: Sendable {
  var offsets: [OffsetIndexEntry] = []
  var times: [TimeIndexEntry] = []

  init() {}

  /// Reads index files; nil where they are not whole, ascending and inside `logSize` bytes.
  init?(offsetBytes: [UInt8], timeBytes: [UInt8], logSize: Int) {
    guard offsetBytes.count % OffsetIndexEntry.size == 0,
      timeBytes.count % TimeIndexEntry.size == 0
    else { return nil }
    offsets.reserveCapacity(offsetBytes.count / OffsetIndexEntry.size)
    times.reserveCapacity(timeBytes.count / TimeIndexEntry.size)
    offsetBytes.withUnsafeBytes { bytes in
      for at in stride(from: 0, to: bytes.count, by: OffsetIndexEntry.size) {
        offsets.append(
          OffsetIndexEntry(
            relativeOffset: Int32(
              bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int32.self)
            ),
            position: Int32(
              bigEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: Int32.self)
            )
          )
        )
      }
    }
    timeBytes.withUnsafeBytes { bytes in
      for at in stride(from: 0, to: bytes.count, by: TimeIndexEntry.size) {
        times.append(
          TimeIndexEntry(
            timestamp: Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int64.self)),
            relativeOffset: Int32(
              bigEndian: bytes.loadUnaligned(fromByteOffset: at + 8, as: Int32.self)
            )
          )
        )
      }
    }
    guard isConsistent(logSize: logSize) else { return nil }
  }

  private func isConsistent(logSize: Int) -> Bool {
    var previous = OffsetIndexEntry(relativeOffset: -1, position: -1)
    for entry in offsets {
      guard entry.relativeOffset > previous.relativeOffset, entry.position > previous.position,
        Int(entry.position) < logSize
      else { return false }
      previous = entry
    }
    var last = TimeIndexEntry(timestamp: .min, relativeOffset: -1)
    for entry in times {
      guard entry.timestamp > last.timestamp, entry.relativeOffset > last.relativeOffset else {
        return false
      }
      last = entry
    }
    return true
  }

  /// Where to begin a scan for `relativeOffset`: at or before the batch that holds it.
  func position(of relativeOffset: Int64) -> Int {
    let index = partitionPoint(offsets) { Int64($0.relativeOffset) <= relativeOffset }
    return index == 0 ? 0 : Int(offsets[index - 1].position)
  }

  /// A relative offset up to which every record is older than `time`; 0 where none is known.
  func relativeOffset(before time: Int64) -> Int64 {
    let index = partitionPoint(times) { $0.timestamp < time }
    return index == 0 ? 0 : Int64(times[index - 1].relativeOffset)
  }

  static func bytes(_ entries: ArraySlice<OffsetIndexEntry>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * OffsetIndexEntry.size)
    for entry in entries {
      withUnsafeBytes(of: entry.relativeOffset.bigEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: entry.position.bigEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  static func bytes(_ entries: ArraySlice<TimeIndexEntry>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * TimeIndexEntry.size)
    for entry in entries {
      withUnsafeBytes(of: entry.timestamp.bigEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: entry.relativeOffset.bigEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }
}

/// The first index whose element does not satisfy `holds`, in an array where all that do come first.
func partitionPoint<Element>(_ array: [Element], _ holds: (Element) -> Bool) -> Int {
  var low = 0
  var high = array.count
  while low < high {
    let middle = (low + high) / 2
    if holds(array[middle]) { low = middle + 1 } else { high = middle }
  }
  return low
}

/// The names of one segment's three files.
struct SegmentFiles: Sendable {
  let log: String
  let index: String
  let timeIndex: String

  init(directory: String, baseOffset: Int64) {
    let digits = String(baseOffset)
    let stem = directory + "/" + String(repeating: "0", count: 20 - digits.count) + digits
    log = stem + ".log"
    index = stem + ".index"
    timeIndex = stem + ".timeindex"
  }

  /// The base offset that a segment's file name states; nil for any other name.
  static func baseOffset(logName name: String) -> Int64? {
    guard name.utf8.count == 24, name.hasSuffix(".log") else { return nil }
    let digits = name.utf8.prefix(20)
    guard digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return Int64(name.prefix(20))
  }
}
