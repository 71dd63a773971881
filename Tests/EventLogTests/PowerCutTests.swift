// Acknowledged means: behind an fdatasync. A disk that forgets everything else shows whether it is so.

import EventLog
import Foundation
import KafkaProtocol
import Testing

struct PowerCutTests {
  private static let partitions = 3

  /// Segments of a few records, so that cuts come amid the making of new ones too.
  private func configuration(_ disk: ForgetfulDisk? = nil) -> EventLogConfiguration {
    var configuration = EventLogConfiguration(segmentBytesMax: 2_000, indexIntervalBytes: 200)
    configuration.storageObserver = disk
    return configuration
  }

  /// Appends and syncs at random, and answers the disk with its power cuts.
  ///
  /// - Parameter waits: false acknowledges by `afterSync`, while the appends go on.
  private func run(
    seed: UInt64, keepsPieces: Bool, acknowledgesBeforeSync: Bool = false, waits: Bool = true
  ) throws -> ForgetfulDisk {
    let scratch = ScratchDirectory()
    let disk = ForgetfulDisk(
      root: scratch.path, partitions: Self.partitions, seed: seed, every: 16,
      keepsPieces: keepsPieces)
    let log = try EventLog.open(directory: scratch.path, configuration: configuration(disk))
    try log.createTopic("app-events", partitionCount: Self.partitions)
    var random = Xorshift(state: seed &* 31 &+ 7)
    var appended = Array(repeating: 0, count: Self.partitions)
    for step in 0..<300 {
      let number = random.next(below: Self.partitions)
      let count = random.next(below: 3) + 1
      _ = try log.append(
        (0..<count).map { record(appended[number] + $0, size: 60) },
        to: TopicPartition("app-events", Int32(number)), appendTime: Int64(step))
      appended[number] += count
      if acknowledgesBeforeSync { disk.acknowledge(appended) }
      if random.next(below: 3) == 0 {
        if waits {
          try log.sync()
          disk.acknowledge(appended)
        } else {
          log.afterSync { [appended] error in
            if error == nil { disk.acknowledge(appended) }
          }
        }
      }
      // A few answers are out before the appends go on, so that cuts come after them, too.
      if !waits, step.isMultiple(of: 20) { log.waitForActions() }
    }
    log.waitForActions()
    return disk
  }

  /// How many acknowledged records each image lost; every record that is there is the right one.
  private func losses(
    _ disk: ForgetfulDisk
  ) throws -> [(count: Int, after: LogStorageOperation)] {
    try disk.images.map { image -> (count: Int, after: LogStorageOperation) in
      let scratch = try image.restored()
      let log = try EventLog.open(directory: scratch.path, configuration: configuration())
      guard log.topicNames().contains("app-events") else {
        return (image.acknowledged.reduce(0, +), image.after)
      }
      var lost = 0
      for number in 0..<Self.partitions {
        let partition = TopicPartition("app-events", Int32(number))
        guard let records = try? readAll(log, partition) else {
          lost += image.acknowledged[number]
          continue
        }
        lost += max(0, image.acknowledged[number] - records.count)
        #expect(records.map(\.offset.rawValue) == Array(0..<Int64(records.count)))
        for (index, found) in records.enumerated() {
          #expect(found.value == record(index, size: 60).value)
        }
      }
      return (lost, image.after)
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64], [false, true])
  func `nothing that was acknowledged is lost with what was not synced`(
    seed: UInt64, keepsPieces: Bool
  ) throws {
    try checkKeepsPromises(try run(seed: seed, keepsPieces: keepsPieces))
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `nothing is lost that was acknowledged while others appended`(seed: UInt64) throws {
    try checkKeepsPromises(try run(seed: seed, keepsPieces: false, waits: false))
  }

  private func checkKeepsPromises(_ disk: ForgetfulDisk) throws {
    #expect(disk.images.count > 20)
    #expect(disk.images.contains { $0.acknowledged.reduce(0, +) > 100 })
    let lossy = try losses(disk).filter { $0.count > 0 }
    #expect(lossy.isEmpty, "\(lossy)")
  }

  @Test func `who acknowledges before the sync loses`() throws {
    let disk = try run(seed: 5, keepsPieces: false, acknowledgesBeforeSync: true)
    #expect(try losses(disk).contains { $0.count > 0 }, "the disk forgets nothing")
  }
}
