// Appends that wait for the disk together: one write a partition for all of them, and each caller's
// offsets are its own.

import Dispatch
import EventLog
import Foundation
import KafkaProtocol
import Synchronization
import Testing

struct GroupAppendTests {
  private func partition(_ number: Int32) -> TopicPartition { TopicPartition("app-events", number) }

  private func text(_ record: Record) -> String { String(decoding: record.value ?? [], as: UTF8.self) }

  /// Hands over appends at once, and answers what became of each when all have been told.
  private func append(
    _ appends: [[PartitionAppend]], to log: EventLog
  ) -> [Result<[Offset], any Error>?] {
    let results = Mutex([Result<[Offset], any Error>?](repeating: nil, count: appends.count))
    for (number, append) in appends.enumerated() {
      log.appendDurably(append, appendTime: Int64(number), waitsForAll: true) {
        (result: Result<[Offset], any Error>) in
        results.withLock { $0[number] = result }
      }
    }
    log.waitForActions()
    return results.withLock { $0 }
  }

  @Test func `every caller is told where its own records are, and few syncs cover many`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 3)
    let before = log.fsyncCount
    let appends = (0..<200).map { caller in
      (0..<3).filter { (caller + $0) % 4 != 0 }.map { number in
        PartitionAppend(
          partition(Int32(number)),
          (0...caller % 3).map {
            Record(key: nil, value: Array("\(caller)/\(number)/\($0)".utf8))
          })
      }
    }
    let results = append(appends, to: log)
    #expect(log.fsyncCount - before < 200)
    try log.close()
    let opened = try EventLog.open(directory: scratch.path)
    let stored = try (0..<3).map { number in
      try opened.read(partition(Int32(number)), from: Offset(0), bytesMax: 1 << 20)
    }
    var given = 0
    for append in appends.joined() { given += try append.records().count }
    var kept = 0
    for records in stored { kept += records.count }
    #expect(kept == given)
    for (caller, result) in results.enumerated() {
      let offsets = try #require(try result?.get())
      for (append, offset) in zip(appends[caller], offsets) {
        let records = stored[Int(append.partition.partition)]
        let found = records.dropFirst(Int(offset.rawValue)).prefix(try append.records().count)
        #expect(found.map(text) == (try append.records().map(text)))
      }
    }
  }

  @Test func `a partition that cannot be written fails those who write to it, and nobody else`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 2)
    try log.close()
    try FileManager.default.removeItem(atPath: scratch.file("app-events-1"))
    let opened = try EventLog.open(directory: scratch.path)
    let record = [Record(key: nil, value: Array("a".utf8))]
    let good = [PartitionAppend(partition(0), record)]
    let bad = [PartitionAppend(partition(0), record), PartitionAppend(partition(1), record)]
    let results = append([good, bad, good, good, bad], to: opened)
    #expect(results.map { (try? $0?.get()) != nil } == [true, false, true, true, false])
    #expect(try opened.endOffset(partition(0)) == Offset(3))
  }

  @Test func `what nobody can write any more is told at once`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 1)
    try log.close()
    let results = append([[PartitionAppend(partition(0), [Record(key: nil, value: [])])]], to: log)
    #expect(throws: EventLogError.self) { try results[0]?.get() }
  }

  // MARK: Rounds

  /// Keeps what was done to the segments of a log, in order.
  private final class SegmentWork: LogStorageObserver {
    private let done = Mutex([LogStorageOperation]())

    func storage(did operation: LogStorageOperation) {
      switch operation {
      case .wrote(let path), .synced(let path):
        if path.hasSuffix(".log") { done.withLock { $0.append(operation) } }
      default: break
      }
    }

    var operations: [LogStorageOperation] { done.withLock { $0 } }
  }

  /// 200 callers with a record for each of three partitions.
  private func callers() -> [[PartitionAppend]] {
    (0..<200).map { caller in
      (0..<3).map { number in
        PartitionAppend(
          partition(Int32(number)), [Record(key: nil, value: Array("\(caller)".utf8))])
      }
    }
  }

  private func watched(_ scratch: ScratchDirectory) throws -> (log: EventLog, work: SegmentWork) {
    let work = SegmentWork()
    var configuration = EventLogConfiguration()
    configuration.storageObserver = work
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("app-events", partitionCount: 3)
    try log.sync()
    return (log, work)
  }

  @Test func `all that is there when a round begins is one write and one sync a partition`() throws {
    let scratch = ScratchDirectory()
    let (log, work) = try watched(scratch)
    let before = work.operations.count
    // A round that lasts until everybody has come: they are the next one.
    let hasBegun = DispatchSemaphore(value: 0)
    let isThere = DispatchSemaphore(value: 0)
    log.afterSync { _ in
      hasBegun.signal()
      isThere.wait()
    }
    hasBegun.wait()
    let answered = Mutex(0)
    for (number, append) in callers().enumerated() {
      log.appendDurably(append, appendTime: Int64(number), waitsForAll: true) {
        (result: Result<[Offset], any Error>) in
        // Callers stand in the log as they have come.
        let expected = [Offset](repeating: Offset(Int64(number)), count: 3)
        if (try? result.get()) == expected { answered.withLock { $0 += 1 } }
      }
    }
    isThere.signal()
    log.waitForActions()
    let count = answered.withLock { $0 }
    #expect(count == 200)
    let done = work.operations.dropFirst(before)
    let segments = (0..<3).map { "app-events-\($0)/00000000000000000000.log" }
    // Every partition is written before any is synced.
    #expect(done.prefix(3).elementsEqual(segments.map { LogStorageOperation.wrote($0) }), "\(done)")
    #expect(Set(done.dropFirst(3)) == Set(segments.map { LogStorageOperation.synced($0) }), "\(done)")
    #expect(done.count == 6, "\(done)")
    withExtendedLifetime(scratch) {}
  }

  @Test func `a partition that was written is synced before it is written again`() throws {
    let scratch = ScratchDirectory()
    let (log, work) = try watched(scratch)
    let before = work.operations.count
    let results = append(callers(), to: log)
    #expect(results.allSatisfy { (try? $0?.get()) != nil })
    let done = work.operations.dropFirst(before)
    for number in 0..<3 {
      let own = done.filter { operation in
        switch operation {
        case .wrote(let path), .synced(let path): path.hasPrefix("app-events-\(number)/")
        default: false
        }
      }
      let writes = own.enumerated().filter { $0.offset.isMultiple(of: 2) }.map { $0.element }
      let syncs = own.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { $0.element }
      #expect(writes.count == syncs.count, "\(own)")
      for case .synced(let path) in writes { Issue.record("\(path) was synced twice: \(own)") }
      for case .wrote(let path) in syncs { Issue.record("\(path) was written twice: \(own)") }
    }
    withExtendedLifetime(scratch) {}
  }
}
