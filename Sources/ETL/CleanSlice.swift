// What one thread does of the cleaning: Bronze objects to rows, before anybody asks which of them are
// new.

internal import Columnar
internal import Foundation
internal import Lake
internal import Simulation

/// The rows of some consecutive Bronze objects.
struct CleanSlice: Sendable {
  var objects = 0
  var lines = 0
  /// Lines that are no events any more, as `object:line`; at most 20 are named.
  var unreadable: [String] = []
  var unreadableCount = 0
  /// By row: which event it is, and the Korean day of its corrected time.
  var keys: [(id: EventKey, day: Int)] = []
  var rows = ColumnarBatch(schema: SilverEvents.schema, rows: [])
}

/// Turns lines into a slice; belongs to one thread.
struct CleanSliceReader {
  private var slice = CleanSlice()
  private var rows: SilverEvents

  init(loadedAt: StoryTime) {
    rows = SilverEvents(loadedAt: loadedAt)
  }

  /// Adds the lines of an object whose offsets are at least `position`.
  mutating func read(_ object: BronzeObject, from position: Int64, lake: Lake) throws {
    let bytes = try lake.unpackedLines(object.key)
    slice.objects += 1
    bytes.withUnsafeBytes { raw in
      var start = 0
      var offset = object.startOffset
      var line = 1
      while start < raw.count {
        let end = lineEnd(raw, from: start)
        if offset >= position, end > start {
          take(raw, start..<end, of: object, offset: offset, line: line)
        }
        offset += 1
        line += 1
        start = end + 1
      }
    }
  }

  private mutating func take(
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    of object: BronzeObject,
    offset: Int64,
    line: Int
  ) {
    slice.lines += 1
    guard let identity = rows.identify(bytes, range) else {
      slice.unreadableCount += 1
      if slice.unreadable.count < 20 { slice.unreadable.append("\(object.key):\(line)") }
      return
    }
    slice.keys.append((identity.id, identity.day))
    rows.append(identity, bytes, partition: object.partition, offset: offset)
  }

  private func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard let base = bytes.baseAddress,
      let found = memchr(base + start, 0x0A, bytes.count - start)
    else { return bytes.count }
    return UnsafeRawPointer(found) - base
  }

  /// What was read, as one batch.
  mutating func finish() -> CleanSlice {
    slice.rows = rows.finish()
    return slice
  }
}
