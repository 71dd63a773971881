// Replicas: what acks=1 can lose and acks=all cannot, who may lead, and what survives a restart.

import EventLog
import Foundation
import KafkaProtocol
import Testing

private let place0 = TopicPartition("pay", 0)

struct ReplicaTests {
  private func open(_ scratch: ScratchDirectory, factor: Int = 3, needed: Int = 2) throws -> EventLog
  {
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("pay", partitionCount: 2)
    try log.setReplicas("pay", factor)
    try log.configure("pay") { try $0.set("min.insync.replicas", String(needed)) }
    return log
  }

  private func append(_ log: EventLog, _ text: String, all: Bool) throws {
    _ = try log.append(
      [Record(key: nil, value: Array(text.utf8))], to: place0, appendTime: 1_000, waitsForAll: all)
  }

  private func values(_ log: EventLog) throws -> [String] {
    try log.read(place0, from: Offset(0), bytesMax: 1 << 20).map {
      String(decoding: $0.value ?? [], as: UTF8.self)
    }
  }

  @Test func `acks=1 can lose, acks=all cannot`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    try append(log, "all", all: true)
    #expect(try log.highWatermark(place0) == Offset(1))
    try append(log, "one", all: false)
    #expect(try log.highWatermark(place0) == Offset(1) && log.endOffset(place0) == Offset(2))
    let changes = try log.stopBroker(1)
    let own = try #require(changes.first { $0.partition == place0 })
    #expect(own.leader == 2 && own.epoch == 1 && own.lost == 1)
    #expect(try values(log) == ["all"])
    #expect(try log.endOffset(place0) == Offset(1))
    // The new leader's records are of its epoch, and stand where the lost one stood.
    try append(log, "next", all: true)
    #expect(try values(log) == ["all", "next"])
    #expect(try log.leaderEpoch(place0) == 1)
    let bytes = try log.readBatches(place0, from: Offset(1), bytesMax: 1 << 16)
    let header = try bytes.withUnsafeBytes { try RecordBatchHeader(parsing: $0) }
    #expect(header.partitionLeaderEpoch == 1 && header.baseOffset == 1)
    #expect(try log.end(ofLeaderEpoch: 0, place0)?.offset == Offset(1))
  }

  @Test func `followers that had time to fetch lose nothing`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    defer { withExtendedLifetime(scratch) {} }
    try append(log, "one", all: false)
    log.replicate()
    #expect(try log.stopBroker(1).first { $0.partition == place0 }?.lost == 0)
    #expect(try values(log) == ["one"])
  }

  @Test func `too few in sync refuse acks=all, and nobody in sync leads nobody`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    defer { withExtendedLifetime(scratch) {} }
    _ = try log.stopBroker(3)
    try append(log, "two left", all: true)
    _ = try log.stopBroker(2)
    let error = #expect(throws: EventLogError.self) { try append(log, "x", all: true) }
    #expect(error?.kind == .notEnoughReplicas && error?.wireCode == .notEnoughReplicas)
    try append(log, "alone", all: false)
    // The last one in sync dies: 2 and 3 lack "alone", and may not lead.
    let last = try log.stopBroker(1)
    #expect(last.first { $0.partition == place0 }?.leader == nil)
    #expect(throws: EventLogError.self) { try append(log, "x", all: false) }
    _ = try log.startBroker(2)
    #expect(log.replicas(place0)?.leader == nil)
    let back = try log.startBroker(1)
    #expect(back.first { $0.partition == place0 }?.leader == 1)
    #expect(try values(log) == ["two left", "alone"])
    #expect(log.replicas(place0)?.inSync == [1, 2])
    #expect(throws: EventLogError.self) { try log.startBroker(1) }
  }

  @Test func `consumers do not see what only the leader has`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    defer { withExtendedLifetime(scratch) {} }
    try append(log, "a", all: true)
    try append(log, "b", all: false)
    func read() throws -> Int {
      let span = try #require(
        try log.committedSpan(place0, from: Offset(0), bytesMax: 1 << 20, firstBytesMax: .max))
      let bytes = try [UInt8](unsafeUninitializedCapacity: span.byteCount) { room, count in
        count = try span.read(into: UnsafeMutableRawBufferPointer(room)).byteCount
      }
      var count = 0
      try bytes.withUnsafeBytes { all in
        var place = 0
        while place < all.count {
          let header = try RecordBatchHeader(
            parsing: UnsafeRawBufferPointer(rebasing: all[place...]))
          count += Int(header.recordCount)
          place += header.totalSize
        }
      }
      return count
    }
    #expect(try read() == 1)
    log.replicate(place0)
    #expect(try read() == 2)
  }

  @Test func `leaders, epochs and stopped brokers survive a restart`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    try append(log, "all", all: true)
    try append(log, "one", all: false)
    _ = try log.stopBroker(1)
    let again = try EventLog.open(directory: scratch.path)
    #expect(again.recovery.failures.isEmpty)
    #expect(again.replicas(place0)?.leader == 2 && again.replicas(place0)?.inSync == [2, 3])
    #expect(again.brokers.map(\.isAlive) == [false, true, true])
    #expect(try again.leaderEpoch(place0) == 1)
    #expect(try values(again) == ["all"])
    _ = try again.startBroker(1)
    #expect(again.replicas(place0)?.inSync == [1, 2, 3])
  }

  @Test func `a cut reaches back over sealed segments and leaves copies alone`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    try log.configure("pay") { try $0.set("segment.bytes", "1024") }
    // Nothing that a codec could make small.
    var seed: UInt64 = 7
    let text = (0..<80).map { _ in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      return String(seed, radix: 36)
    }.joined()
    for _ in 0..<3 { try append(log, text, all: true) }
    for _ in 0..<5 { try append(log, text, all: false) }
    let name = try #require(
      try scratch.names("pay-0").first { $0.hasSuffix("3.log") })
    let linked = scratch.file("linked")
    try FileManager.default.linkItem(atPath: scratch.file("pay-0/" + name), toPath: linked)
    let before = try scratch.bytes("linked")
    #expect(try log.stopBroker(1).first { $0.partition == place0 }?.lost == 5)
    #expect(try values(log).count == 3)
    #expect(try scratch.bytes("linked") == before)
    try append(log, "after", all: true)
    let again = try EventLog.open(directory: scratch.path)
    #expect(try values(again).last == "after")
    #expect(try again.endOffset(place0) == Offset(4))
  }
}
