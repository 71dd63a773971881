// What a start reads: the last segment, and of the sealed ones their names and indexes; after a crash
// also what lies behind the last index entry.

import EventLog
import Foundation
import KafkaProtocol
import Testing

private let place0 = TopicPartition("app-events", 0)

struct SealedSegmentTests {
  @Test(arguments: [false, true])
  func `a start does not read through sealed segments, after a crash and after an orderly end`(
    _ isOrderly: Bool
  ) throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 1)
    try log.configure("app-events") { try $0.set("segment.bytes", "32768") }
    // Nothing that a codec could make small.
    var seed: UInt64 = 7
    for turn in 0..<240 {
      let text = (0..<80).map { _ in
        seed = seed &* 6_364_136_223_846_793_005 &+ 1
        return String(seed, radix: 36)
      }.joined()
      _ = try log.append(
        [Record(key: nil, value: Array(text.utf8))], to: place0, appendTime: Int64(turn) * 1_000)
    }
    try log.sync()
    if isOrderly { try log.close() }
    let segments = try scratch.names("app-events-0").filter { $0.hasSuffix(".log") }
    #expect(segments.count >= 5)
    for name in segments.dropLast() {
      // After a crash the tail behind the last index entry is looked at, and no more.
      var bytes = try scratch.bytes("app-events-0/" + name)
      for place in 0..<(isOrderly ? bytes.count : bytes.count / 2) { bytes[place] = 0xFF }
      try scratch.write(bytes, "app-events-0/" + name)
    }
    let again = try EventLog.open(directory: scratch.path)
    #expect(again.recovery.failures.isEmpty)
    #expect(try again.startOffset(place0) == Offset(0) && again.endOffset(place0) == Offset(240))
    #expect(try again.read(place0, from: Offset(239), bytesMax: 1 << 16).count == 1)
    // Who asks for one learns that it is spoiled.
    let error = #expect(throws: EventLogError.self) {
      try again.read(place0, from: Offset(0), bytesMax: 1 << 16)
    }
    #expect(error?.kind == .corruptBatch)
  }
}
