import EventLog
import Foundation
import KafkaProtocol
import Testing

/// What is read straight into a room, and what is appended as a batch already.
struct BatchSpanTests {
  private static let place = TopicPartition("t", 0)

  private func read(_ log: EventLog, from offset: Int64) throws -> (bytes: Int, next: Offset) {
    let span = try #require(
      try log.committedSpan(
        Self.place, from: Offset(offset), bytesMax: 1 << 20, firstBytesMax: .max))
    var next = Offset(0)
    let bytes = try [UInt8](unsafeUninitializedCapacity: span.byteCount) { room, count in
      (count, next) = try span.read(into: UnsafeMutableRawBufferPointer(room))
    }
    return (bytes.count, next)
  }

  @Test func `what stands before a damaged batch is read, and the damage is told after it`() throws {
    let scratch = ScratchDirectory()
    defer { withExtendedLifetime(scratch) {} }
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("t", partitionCount: 1)
    for text in ["first", "second"] {
      _ = try log.append(
        [Record(key: nil, value: Array(text.utf8))], to: Self.place, appendTime: 1)
    }
    let whole = try read(log, from: 0)
    #expect(whole.next == Offset(2))
    let files = try #require(FileManager.default.enumerator(atPath: scratch.path))
    let name = try #require(files.compactMap { $0 as? String }.first { $0.hasSuffix(".log") })
    let file = try #require(FileHandle(forUpdatingAtPath: scratch.path + "/" + name))
    try file.seek(toOffset: UInt64(whole.bytes - 3))
    try file.write(contentsOf: Data([0xFF]))
    try file.close()
    let first = try read(log, from: 0)
    #expect(first.next == Offset(1) && first.bytes < whole.bytes && first.bytes > 0)
    #expect(throws: EventLogError.self) { _ = try read(log, from: 1) }
  }

  @Test(arguments: [
    EventLogConfiguration(), EventLogConfiguration(compression: .zstd),
    EventLogConfiguration(batchBytesMax: 100),
  ])
  func `a grown batch is stored as its log stores batches`(
    _ configuration: EventLogConfiguration
  ) throws {
    let scratch = ScratchDirectory()
    defer { withExtendedLifetime(scratch) {} }
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("t", partitionCount: 1)
    var builder = RecordBatchBuilder()
    let values = (0..<20).map { Array("value \($0) of a batch that grew".utf8) }
    for value in values { value.withUnsafeBytes { builder.append(key: nil, value: $0) } }
    let offsets = try log.append(
      [PartitionAppend(Self.place, builder)], appendTime: 7, waitsForAll: false)
    #expect(offsets == [Offset(0)])
    let stored = try log.read(Self.place, from: Offset(0), bytesMax: 1 << 20)
    #expect(stored.map { $0.value } == values)
    #expect(stored.map { $0.offset.rawValue } == Array(0..<20))
    #expect(stored.allSatisfy { $0.timestamp == 7 })
  }
}
