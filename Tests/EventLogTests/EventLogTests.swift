// What a log promises while nothing goes wrong.

import EventLog
import Foundation
import KafkaProtocol
import Synchronization
import Testing

@Suite struct EventLogTests {
  private func open(
    _ scratch: ScratchDirectory,
    segmentBytesMax: Int = 64 << 20,
    indexIntervalBytes: Int = 4_096,
    compression: RecordCompression = .none
  ) throws -> EventLog {
    let log = try EventLog.open(
      directory: scratch.file("kafka"),
      configuration: EventLogConfiguration(
        segmentBytesMax: segmentBytesMax,
        indexIntervalBytes: indexIntervalBytes,
        compression: compression
      )
    )
    try log.createTopic("app-events", partitionCount: 1)
    return log
  }

  @Test(arguments: [RecordCompression.none, .gzip, .zstd])
  func `reads back what it appended, at contiguous offsets and the log's time`(
    compression: RecordCompression
  ) throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch, compression: compression)
    #expect(try log.append([record(0), record(1)], to: t0, appendTime: 100) == Offset(0))
    #expect(try log.append([record(2)], to: t0, appendTime: 200) == Offset(2))
    #expect(try log.append([], to: t0, appendTime: 300) == Offset(3))
    #expect(try log.startOffset(t0) == Offset(0))
    #expect(try log.endOffset(t0) == Offset(3))
    let records = try log.read(t0, from: Offset(0), bytesMax: 1 << 20)
    #expect(records.map(\.offset.rawValue) == [0, 1, 2])
    #expect(records.map(\.timestamp) == [100, 100, 200])
    #expect(records.map(\.value) == [0, 1, 2].map { record($0).value })
    #expect(records.map(\.key) == [0, 1, 2].map { record($0).key })
    #expect(try log.read(t0, from: Offset(3), bytesMax: 100) == [])
  }

  @Test func `begins at the asked offset inside a batch, and ends at whole batches`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    for first in stride(from: 0, to: 30, by: 5) {
      _ = try log.append((first..<first + 5).map { record($0) }, to: t0, appendTime: 1)
    }
    #expect(try log.read(t0, from: Offset(7), bytesMax: 1).map(\.offset.rawValue) == [7, 8, 9])
    let batchSize = try log.readBatches(t0, from: Offset(5), bytesMax: 1).count
    let two = try log.read(t0, from: Offset(5), bytesMax: batchSize * 2 + 10)
    #expect(two.map(\.offset.rawValue) == Array(5..<15))
    #expect(try log.read(t0, from: Offset(0), bytesMax: .max).count == 30)
  }

  @Test func `stores the very bytes of Kafka's format`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    _ = try log.append([record(0)], to: t0, appendTime: 5)
    _ = try log.append([record(1), record(2)], to: t0, appendTime: 6)
    var expected = try RecordBatch.encodeAppend([record(0)], baseOffset: Offset(0), appendTime: 5)
    expected += try RecordBatch.encodeAppend(
      [record(1), record(2)],
      baseOffset: Offset(1),
      appendTime: 6
    )
    #expect(try scratch.bytes("kafka/" + firstLog) == expected)
    #expect(try log.readBatches(t0, from: Offset(0), bytesMax: .max) == expected)
  }

  @Test func `rolls segments by size and finds every offset in them`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch, segmentBytesMax: 2_000, indexIntervalBytes: 256)
    for number in 0..<300 {
      _ = try log.append([record(number)], to: t0, appendTime: Int64(number))
    }
    let segments = try scratch.names("kafka/app-events-0").filter { $0.hasSuffix(".log") }
    #expect(segments.count > 10)
    #expect(segments[0] == "00000000000000000000.log")
    for number in 0..<300 {
      let first = try log.read(t0, from: Offset(Int64(number)), bytesMax: 1)
      #expect(first.map(\.offset.rawValue) == [Int64(number)])
    }
    #expect(try readAll(log, bytesMax: 777).map(\.offset.rawValue) == Array(0..<300))
    #expect(try log.read(t0, from: Offset(0), bytesMax: .max).count == 300)
  }

  @Test func `cuts one large append into batches and keeps its order`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(
      directory: scratch.path,
      configuration: EventLogConfiguration(segmentBytesMax: 10_000, batchBytesMax: 1_000)
    )
    try log.createTopic("app-events", partitionCount: 1)
    #expect(try log.append((0..<500).map { record($0) }, to: t0, appendTime: 1) == Offset(0))
    let records = try readAll(log)
    #expect(records.map(\.value) == (0..<500).map { record($0).value })
    #expect(records.map(\.offset.rawValue) == Array(0..<500))
  }

  @Test func `finds offsets by append time, also where times repeat`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch, segmentBytesMax: 1_500, indexIntervalBytes: 200)
    for number in 0..<200 {
      _ = try log.append(
        [record(number), record(number)],
        to: t0,
        appendTime: Int64(number / 3) * 10
      )
    }
    func check(_ log: EventLog) throws {
      for step in 0..<67 {
        #expect(try log.offset(t0, atOrAfter: Int64(step) * 10) == Offset(Int64(step) * 6))
        #expect(try log.offset(t0, atOrAfter: Int64(step) * 10 - 9) == Offset(Int64(step) * 6))
      }
      #expect(try log.offset(t0, atOrAfter: -5) == Offset(0))
      #expect(try log.offset(t0, atOrAfter: 661) == Offset(400))
    }
    try check(log)
    try check(EventLog.open(directory: scratch.file("kafka")))
    try log.close()
    try check(EventLog.open(directory: scratch.file("kafka")))
  }

  @Test func `finds times where the clock went back`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch, segmentBytesMax: 600, indexIntervalBytes: 1)
    let times: [Int64] = [10, 50, 20, 30, 60, 5, 5, 70, 1, 80]
    for (number, time) in times.enumerated() {
      _ = try log.append([record(number)], to: t0, appendTime: time)
    }
    for wanted: Int64 in [1, 11, 21, 51, 61, 71] {
      let expected = times.firstIndex { $0 >= wanted } ?? times.count
      #expect(try log.offset(t0, atOrAfter: wanted) == Offset(Int64(expected)))
    }
  }

  @Test func `refuses offsets outside the log, with the bounds in the advice`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    _ = try log.append([record(0)], to: t0, appendTime: 1)
    for offset: Int64 in [-1, 2, .max] {
      let error = #expect(throws: EventLogError.self) {
        try log.read(t0, from: Offset(offset), bytesMax: 1)
      }
      #expect(error?.code == "eventLog.offsetOutOfRange")
      #expect(error?.fields["end"] == "1")
    }
  }

  @Test func `keeps topics, and refuses another number of partitions`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    try log.createTopic("app-events-dlq", partitionCount: 3)
    try log.createTopic("app-events-dlq", partitionCount: 3)
    let mismatch = #expect(throws: EventLogError.self) {
      try log.createTopic("app-events-dlq", partitionCount: 4)
    }
    #expect(mismatch?.kind == .partitionCountMismatch)
    for name in ["", ".", "..", "a/b", "a b", "안녕", String(repeating: "x", count: 250)] {
      let error = #expect(throws: EventLogError.self) {
        try log.createTopic(name, partitionCount: 1)
      }
      #expect(error?.kind == .invalidTopicName)
    }
    let reopened = try EventLog.open(directory: scratch.file("kafka"))
    #expect(reopened.topicNames() == ["app-events", "app-events-dlq"])
    #expect(try reopened.partitionCount(of: "app-events-dlq") == 3)
    #expect(
      try reopened.partition(forKey: Array("abc".utf8), topic: "app-events-dlq")
        == Int32(479_470_107 % 3)
    )
    let unknown = #expect(throws: EventLogError.self) { try reopened.partitionCount(of: "nope") }
    #expect(unknown?.advice == "The topics are: app-events, app-events-dlq.")
    let partition = #expect(throws: EventLogError.self) {
      try reopened.endOffset(TopicPartition("app-events-dlq", 3))
    }
    #expect(partition?.kind == .unknownPartition)
    #expect(throws: EventLogError.self) { try reopened.endOffset(TopicPartition("app-events", -1)) }
  }

  @Test func `refuses a record above the bound and writes nothing of that append`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(
      directory: scratch.path,
      configuration: EventLogConfiguration(recordBytesMax: 1_000)
    )
    try log.createTopic("app-events", partitionCount: 1)
    let error = #expect(throws: EventLogError.self) {
      try log.append([record(0), record(1, size: 2_000)], to: t0, appendTime: 1)
    }
    #expect(error?.kind == .recordTooLarge)
    #expect(try log.endOffset(t0) == Offset(0))
  }

  @Test func `eight threads append and read at once`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch, segmentBytesMax: 20_000, indexIntervalBytes: 512)
    let problems = Mutex<[String]>([])
    onThreads(8) { thread in
      do {
        for turn in 0..<200 {
          if thread < 4 {
            _ = try log.append(
              [record(thread * 1_000 + turn), record(turn)],
              to: t0,
              appendTime: Int64(turn)
            )
          } else {
            let end = try log.endOffset(t0).rawValue
            let from = end * Int64(turn) / 200
            let records = try log.read(t0, from: Offset(from), bytesMax: 5_000)
            for (index, record) in records.enumerated()
            where record.offset.rawValue != from + Int64(index) {
              problems.withLock { $0.append("offset \(record.offset) at \(index) from \(from)") }
            }
          }
        }
      } catch { problems.withLock { $0.append("\(error)") } }
    }
    #expect(problems.withLock { $0 } == [])
    let all = try readAll(log)
    #expect(all.map(\.offset.rawValue) == Array(0..<1_600))
    // Each append's two records lie side by side, and each thread's appends are in its order.
    let firsts = all.indices.filter { $0 % 2 == 0 }.map { all[$0].value }
    for thread in 0..<4 {
      let numbers = thread * 1_000..<thread * 1_000 + 200
      let own = Set(numbers.map { record($0).value })
      let expected = numbers.map { record($0).value }
      // Numbers below 200 are also the second records of all appends, at odd offsets only.
      #expect(firsts.filter { own.contains($0) } == expected)
    }
  }

  @Test func `reads nothing and writes nothing once it is closed`() throws {
    let scratch = ScratchDirectory()
    let log = try open(scratch)
    try log.close()
    try log.close()
    let error = #expect(throws: EventLogError.self) {
      try log.append([record(0)], to: t0, appendTime: 1)
    }
    #expect(error?.kind == .closed)
    #expect(throws: EventLogError.self) { try log.read(t0, from: Offset(0), bytesMax: 1) }
  }
}

@Suite struct GroupCommitTests {
  @Test func `nobody returns before a flush that began after the call`() {
    let commits = GroupCommit()
    let written = Mutex<Set<Int>>([])
    let synced = Mutex<Set<Int>>([])
    let flushes = Atomic<Int>(0)
    let early = Atomic<Int>(0)
    onThreads(8) { thread in
      for turn in 0..<50 {
        let id = thread * 1_000 + turn
        written.withLock { _ = $0.insert(id) }
        try? commits.run {
          let snapshot = written.withLock { $0 }
          flushes.add(1, ordering: .relaxed)
          usleep(500)
          synced.withLock { $0.formUnion(snapshot) }
        }
        if !synced.withLock({ $0.contains(id) }) { early.add(1, ordering: .relaxed) }
      }
    }
    #expect(early.load(ordering: .relaxed) == 0)
    #expect(flushes.load(ordering: .relaxed) < 400)
    #expect(synced.withLock { $0.count } == 400)
  }

  @Test func `everyone a failed flush covered gets its error, the next round is new`() throws {
    struct Failure: Error {}
    let commits = GroupCommit()
    #expect(throws: Failure.self) { try commits.run { throw Failure() } }
    var ran = false
    try commits.run { ran = true }
    #expect(ran)
  }

  @Test func `a sync without new records costs no fsync`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 3)
    try log.sync()
    let before = log.fsyncCount
    try log.sync()
    #expect(log.fsyncCount == before)
    _ = try log.append([record(0)], to: TopicPartition("app-events", 2), appendTime: 1)
    _ = try log.append([record(1)], to: TopicPartition("app-events", 2), appendTime: 1)
    try log.sync()
    #expect(log.fsyncCount == before + 1)
  }

  @Test func `eight threads share their fsyncs`() throws {
    let scratch = ScratchDirectory(onDisk: true)
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 1)
    let before = log.fsyncCount
    let failed = Atomic<Int>(0)
    onThreads(8) { thread in
      for turn in 0..<50 {
        do {
          _ = try log.append([record(thread * 50 + turn)], to: t0, appendTime: 1)
          try log.sync()
        } catch { failed.add(1, ordering: .relaxed) }
      }
    }
    #expect(failed.load(ordering: .relaxed) == 0)
    #expect(log.fsyncCount - before < 400)
    #expect(try log.endOffset(t0) == Offset(400))
  }
}

@Suite struct RetentionTests {
  @Test func `deletes whole segments by append time and moves the start`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(
      directory: scratch.path,
      configuration: EventLogConfiguration(segmentBytesMax: 1_000)
    )
    try log.createTopic("app-events", partitionCount: 1)
    for number in 0..<100 {
      _ = try log.append([record(number)], to: t0, appendTime: Int64(number) * 1_000)
    }
    #expect(try log.applyRetention(now: 99_000, retentionMilliseconds: 200_000) == 0)
    #expect(try log.startOffset(t0) == Offset(0))
    #expect(try log.applyRetention(now: 99_000, retentionMilliseconds: 50_000) > 0)
    let start = try log.startOffset(t0).rawValue
    #expect(start > 30 && start <= 49)
    #expect(try readAll(log).map(\.offset.rawValue) == Array(start..<100))
    #expect(throws: EventLogError.self) { try log.read(t0, from: Offset(0), bytesMax: 1) }
    #expect(try log.offset(t0, atOrAfter: 0) == Offset(start))
    let reopened = try EventLog.open(directory: scratch.path)
    #expect(try reopened.startOffset(t0) == Offset(start))
    #expect(reopened.recovery.isClean)
  }

  @Test func `seals and deletes the last segment when all of it is old`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 1)
    for number in 0..<10 { _ = try log.append([record(number)], to: t0, appendTime: 1) }
    #expect(try log.applyRetention(now: 1_000, retentionMilliseconds: 10) > 0)
    #expect(try log.startOffset(t0) == Offset(10))
    #expect(try log.endOffset(t0) == Offset(10))
    #expect(try log.append([record(10)], to: t0, appendTime: 2_000) == Offset(10))
    let reopened = try EventLog.open(directory: scratch.path)
    #expect(try readAll(reopened).map(\.offset.rawValue) == [10])
  }

  @Test func `begins a new segment when the old one is old enough`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(
      directory: scratch.path,
      configuration: EventLogConfiguration(segmentMilliseconds: 3_600_000)
    )
    try log.createTopic("app-events", partitionCount: 1)
    for hour in 0..<4 {
      _ = try log.append([record(hour)], to: t0, appendTime: Int64(hour) * 3_600_000)
    }
    #expect(try scratch.names("app-events-0").filter { $0.hasSuffix(".log") }.count == 4)
  }
}

@Suite struct ConsumerGroupTests {
  @Test func `committed offsets survive without a close`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 3)
    let t2 = TopicPartition("app-events", 2)
    #expect(try log.committedOffset(group: "lake", t0) == nil)
    try log.commitOffset(group: "lake", t0, Offset(5))
    try log.commitOffsets(group: "lake", [t0: Offset(8), t2: Offset(1)])
    try log.commitOffset(group: "그룹 %1\n", t2, Offset(3))
    let reopened = try EventLog.open(directory: scratch.path)
    #expect(reopened.groupNames() == ["lake", "그룹 %1\n"])
    #expect(try reopened.committedOffset(group: "lake", t0) == Offset(8))
    #expect(try reopened.committedOffset(group: "lake", t2) == Offset(1))
    #expect(try reopened.committedOffset(group: "그룹 %1\n", t2) == Offset(3))
    #expect(throws: EventLogError.self) { try log.commitOffset(group: "", t0, Offset(1)) }
    #expect(throws: EventLogError.self) {
      try log.commitOffset(group: "g", TopicPartition("nope", 0), Offset(1))
    }
  }

  @Test func `a damaged offsets file is reported, not taken for empty`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 1)
    try log.commitOffset(group: "lake", t0, Offset(5))
    try scratch.write(Array("1\nlake app-events x 5\n".utf8), "consumer_offsets")
    let error = #expect(throws: EventLogError.self) { try EventLog.open(directory: scratch.path) }
    #expect(error?.kind == .corruptMetadata)
    #expect(error?.place == "consumer_offsets")
  }
}
