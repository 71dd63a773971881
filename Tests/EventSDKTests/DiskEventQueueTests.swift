import EventSDK
import Foundation
import Testing

/// The queue file against crashes at every byte.
final class DiskEventQueueTests {
  private let directory: String

  init() throws {
    directory = NSTemporaryDirectory() + "event-queue-\(UUID().uuidString)"
  }

  deinit {
    try? FileManager.default.removeItem(atPath: directory)
  }

  private var file: URL { URL(fileURLWithPath: directory + "/queue.log") }

  private func event(_ seq: Int64) -> QueuedEvent {
    QueuedEvent(seq: seq, json: Array("{\"n\":\(seq),\"q\":\"겨울 코트\"}".utf8))
  }

  private func fill(_ count: Int64) throws {
    let queue = try DiskEventQueue(directory: directory)
    for seq in 0..<count { try queue.append(event(seq)) }
  }

  @Test func `gives back what was put in, after closing and opening`() throws {
    do {
      let queue = try DiskEventQueue(directory: directory, syncPolicy: .everyEvent)
      for seq in 0..<5 as Range<Int64> { try queue.append(event(seq)) }
      try queue.remove([1, 2, 99])
      #expect(queue.waitingSeqs == [0, 3, 4])
    }
    let queue = try DiskEventQueue(directory: directory)
    #expect(queue.waitingSeqs == [0, 3, 4])
    #expect(queue.nextSeq == 5)
    #expect(queue.recovery.isClean)
    #expect(try queue.json(of: 3) == event(3).json)
    #expect(throws: EventSDKError.self) { try queue.json(of: 1) }
    #expect(throws: EventSDKError.self) { try queue.append(event(4)) }
  }

  @Test func `drops only the torn frame, wherever a crash cuts the file`() throws {
    try fill(3)
    let whole = try Data(contentsOf: file)
    let frame = whole.count / 3
    for size in 0...whole.count {
      try whole.prefix(size).write(to: file)
      let queue = try DiskEventQueue(directory: directory)
      let kept = Int64(size / frame)
      #expect(queue.waitingSeqs == Array(0..<kept))
      #expect(queue.recovery.tornBytes == size % frame)
      #expect(queue.nextSeq == kept)
      // The queue works on, and the torn bytes are gone from the file.
      try queue.append(event(kept))
      #expect(try queue.json(of: kept) == event(kept).json)
    }
    #expect(try DiskEventQueue(directory: directory).waitingSeqs == [0, 1, 2, 3])
  }

  @Test func `never takes a changed byte for an event`() throws {
    try fill(2)
    let whole = try Data(contentsOf: file)
    for position in whole.indices {
      var changed = whole
      changed[position] ^= 0x40
      try changed.write(to: file)
      let queue = try DiskEventQueue(directory: directory)
      let kept: [Int64] = position < whole.count / 2 ? [] : [0]
      #expect(queue.waitingSeqs == kept)
      #expect(!queue.recovery.isClean)
    }
    try Data(repeating: 0, count: 4_096).write(to: file)
    #expect(try DiskEventQueue(directory: directory).waitingSeqs == [])
  }

  @Test func `stays small, and uses no seq twice, when everything is confirmed`() throws {
    do {
      let queue = try DiskEventQueue(directory: directory, compactionBytesMin: 4_096)
      for seq in 0..<2_000 as Range<Int64> {
        try queue.append(event(seq))
        if seq >= 3 { try queue.remove([seq - 3]) }
      }
      try queue.remove([1_997, 1_998, 1_999])
      #expect(queue.waitingSeqs == [])
    }
    let size = try Data(contentsOf: file).count
    #expect(size < 8_192)
    let queue = try DiskEventQueue(directory: directory)
    #expect(queue.nextSeq == 2_000)
    try queue.append(event(2_000))
    #expect(queue.waitingSeqs == [2_000])
  }

  @Test func `keeps what waits through a compaction`() throws {
    do {
      let queue = try DiskEventQueue(directory: directory, compactionBytesMin: 1_024)
      for seq in 0..<100 as Range<Int64> { try queue.append(event(seq)) }
      try queue.remove(Array(0..<40) + Array(45..<98))
      #expect(try queue.json(of: 44) == event(44).json)
      try queue.append(event(100))
      try queue.append(event(105))
    }
    #expect(try Data(contentsOf: file).count < 1_024)
    let queue = try DiskEventQueue(directory: directory)
    #expect(queue.waitingSeqs == [40, 41, 42, 43, 44, 98, 99, 100, 105])
    #expect(queue.recovery.isClean)
    for seq in queue.waitingSeqs { #expect(try queue.json(of: seq) == event(seq).json) }
    #expect(queue.nextSeq == 106)
  }

  @Test func `has one owner at a time`() throws {
    let queue = try DiskEventQueue(directory: directory)
    do {
      _ = try DiskEventQueue(directory: directory)
      Issue.record("two owners")
    } catch let error as EventSDKError {
      #expect(error.code == "sdk.queue.locked")
    }
    _ = queue.nextSeq
  }
}
