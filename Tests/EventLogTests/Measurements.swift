// How fast the log is on this machine: run with TAPLINE_MEASURE=1. No time is asserted.

import EventLog
import Foundation
import KafkaProtocol
import Testing

@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["TAPLINE_MEASURE"] != nil))
struct Measurements {
  private func report(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  @Test func `a million records of 500 bytes in batches of 20`() throws {
    let scratch = ScratchDirectory(onDisk: true)
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 3)
    let batch = (0..<20).map { record($0, size: 480) }
    let clock = ContinuousClock()
    let writing = try clock.measure {
      for number in 0..<50_000 {
        _ = try log.append(
          batch,
          to: TopicPartition("app-events", Int32(number % 3)),
          appendTime: Int64(number)
        )
      }
    }
    let syncing = try clock.measure { try log.sync() }
    var count = 0
    let reading = try clock.measure {
      for partition in 0..<3 {
        count += try readAll(log, TopicPartition("app-events", Int32(partition)), bytesMax: 1 << 20)
          .count
      }
    }
    let fsyncs = log.fsyncCount
    #expect(count == 1_000_000)
    let closing = try clock.measure { try log.close() }
    var opened: EventLog?
    let opening = try clock.measure { opened = try EventLog.open(directory: scratch.path) }
    #expect(opened?.recovery.bytesScanned == 0)
    opened = nil
    let scanning = try clock.measure { opened = try EventLog.open(directory: scratch.path) }
    report("append \(writing), sync \(syncing), fsyncs \(fsyncs), read \(reading)")
    report(
      "close \(closing), open clean \(opening), open after crash \(scanning) with \(opened?.recovery.bytesScanned ?? 0) bytes scanned"
    )
  }

  @Test func `eight threads append 20 records and sync each time`() throws {
    let scratch = ScratchDirectory(onDisk: true)
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 3)
    let before = log.fsyncCount
    let batch = (0..<20).map { record($0, size: 480) }
    let taken = ContinuousClock().measure {
      onThreads(8) { thread in
        for turn in 0..<500 {
          _ = try? log.append(
            batch,
            to: TopicPartition("app-events", Int32((thread + turn) % 3)),
            appendTime: 1
          )
          try? log.sync()
        }
      }
    }
    report("8 x 500 synced appends: \(taken), \(log.fsyncCount - before) fsyncs")
  }

  @Test func `a committed consumer offset`() throws {
    let scratch = ScratchDirectory(onDisk: true)
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 3)
    let taken = try ContinuousClock().measure {
      for turn in 0..<200 { try log.commitOffset(group: "lake", t0, Offset(Int64(turn))) }
    }
    report("200 commits: \(taken)")
  }
}
