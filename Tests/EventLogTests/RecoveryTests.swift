// What a log promises when its process, its disk or its files fail.

import EventLog
import Foundation
import KafkaProtocol
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite struct RecoveryTests {
  private let small = EventLogConfiguration(indexIntervalBytes: 100)

  /// A log of `batches` batches with 1, 2, 3, 1, 2, 3, … records, left without a close.
  private func makeLog(
    batches: Int,
    configuration: EventLogConfiguration,
    synced: Int = 0
  ) throws -> (ScratchDirectory, ends: [(byteOffset: Int, nextOffset: Int64)]) {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("app-events", partitionCount: 1)
    var ends: [(byteOffset: Int, nextOffset: Int64)] = [(0, 0)]
    for batch in 0..<batches {
      let first = Int(ends[ends.count - 1].nextOffset)
      let count = batch % 3 + 1
      _ = try log.append(
        (first..<first + count).map { record($0, size: 30) },
        to: t0,
        appendTime: Int64(batch)
      )
      ends.append((try scratch.bytes(firstLog).count, Int64(first + count)))
      if batch + 1 == synced { try log.sync() }
    }
    return (scratch, ends)
  }

  @Test(arguments: [0, 4, 9])
  func `recovers from every truncation of a segment`(synced: Int) throws {
    let (scratch, ends) = try makeLog(batches: 9, configuration: small, synced: synced)
    let whole = try scratch.bytes(firstLog)
    for length in 0...whole.count {
      let copy = try scratch.copy()
      try copy.write(Array(whole[..<length]), firstLog)
      let log = try EventLog.open(directory: copy.path, configuration: small)
      let kept = try #require(ends.last { $0.byteOffset <= length })
      #expect(try log.endOffset(t0).rawValue == kept.nextOffset)
      #expect(try readAll(log).map(\.offset.rawValue) == Array(0..<kept.nextOffset))
      #expect(try copy.bytes(firstLog).count == kept.byteOffset)
      let report = log.recovery
      #expect(!report.wasCleanShutdown)
      #expect(report.failures.isEmpty)
      let torn = length - kept.byteOffset
      #expect(report.truncations.map(\.bytesRemoved) == (torn == 0 ? [] : [torn]))
      if torn > 0 {
        let following = try #require(ends.first { $0.byteOffset > length })
        let lost = torn >= 61 ? Int(following.nextOffset - kept.nextOffset) : nil
        #expect(report.truncations[0].recordsLost == lost)
        #expect(report.truncations[0].byteOffset == kept.byteOffset)
        #expect(report.truncations[0].file == firstLog)
      }
      // Life goes on, and the next opening finds nothing to mend.
      #expect(try log.append([record(7)], to: t0, appendTime: 99).rawValue == kept.nextOffset)
      try log.sync()
      let again = try EventLog.open(directory: copy.path, configuration: small)
      #expect(again.recovery.isClean)
      #expect(try again.endOffset(t0).rawValue == kept.nextOffset + 1)
    }
  }

  @Test func `recovers from random byte flips behind the last index entry on disk`() throws {
    let (scratch, ends) = try makeLog(batches: 24, configuration: small, synced: 12)
    let whole = try scratch.bytes(firstLog)
    var random = Xorshift(state: 42)
    for _ in 0..<300 {
      let at = ends[12].byteOffset + random.next(below: whole.count - ends[12].byteOffset)
      var changed = whole
      changed[at] ^= UInt8(1 << random.next(below: 8))
      let batch = try #require(ends.lastIndex { $0.byteOffset <= at })
      // The leader epoch lies outside the checksum, and nothing depends on it.
      let isHarmless = (12..<16).contains(at - ends[batch].byteOffset)
      let copy = try scratch.copy()
      try copy.write(changed, firstLog)
      let log = try EventLog.open(directory: copy.path, configuration: small)
      let kept = isHarmless ? ends[ends.count - 1] : ends[batch]
      #expect(
        try readAll(log).map(\.offset.rawValue) == Array(0..<kept.nextOffset),
        "flip at \(at)"
      )
      #expect(log.recovery.truncations.count == (isHarmless ? 0 : 1))
      if !isHarmless, batch < 23, let truncation = log.recovery.truncations.first,
        let saved = truncation.savedCopy
      {
        #expect(try copy.bytes(saved) == Array(changed[kept.byteOffset...]))
      }
    }
  }

  @Test func `a copy taken at any moment of writing opens with all that was appended before it`()
    throws
  {
    let scratch = ScratchDirectory()
    let configuration = EventLogConfiguration(segmentBytesMax: 30_000, indexIntervalBytes: 500)
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("app-events", partitionCount: 1)
    let appended = Atomic<Int>(0)
    let stop = Atomic<Bool>(false)
    let finished = DispatchSemaphore(value: 0)
    let writer = Thread {
      var next = 0
      while !stop.load(ordering: .acquiring) {
        let count = next % 5 + 1
        let records = (next..<next + count).map { record($0, size: 50 + $0 % 90) }
        guard (try? log.append(records, to: t0, appendTime: Int64(next))) != nil else { break }
        next += count
        appended.store(next, ordering: .releasing)
        if next % 11 == 0 { try? log.sync() }
        if next > 40_000 { break }
      }
      finished.signal()
    }
    writer.start()
    var random = Xorshift(state: 7)
    for _ in 0..<40 {
      usleep(UInt32(random.next(below: 3_000)))
      let promised = appended.load(ordering: .acquiring)
      let copy = try scratch.copy { names in
        var shuffled = names
        for index in shuffled.indices.reversed() {
          shuffled.swapAt(index, random.next(below: index + 1))
        }
        return shuffled
      }
      let opened = try EventLog.open(directory: copy.path, configuration: configuration)
      let records = try readAll(opened)
      #expect(records.count >= promised)
      #expect(records.map(\.offset.rawValue) == (0..<records.count).map { Int64($0) })
      for (number, found) in records.enumerated()
      where found.value != record(number, size: 50 + number % 90).value {
        Issue.record("record \(number) differs")
        break
      }
      #expect(opened.recovery.failures.isEmpty)
    }
    stop.store(true, ordering: .releasing)
    finished.wait()
  }

  // MARK: Indexes

  @Test func `makes missing and nonsensical indexes again`() throws {
    let configuration = EventLogConfiguration(segmentBytesMax: 1_500, indexIntervalBytes: 100)
    for closes in [false, true] {
      for damage in ["missing", "odd size", "zeros", "descending", "beyond the end"] {
        let scratch = ScratchDirectory()
        let log = try EventLog.open(directory: scratch.path, configuration: configuration)
        try log.createTopic("app-events", partitionCount: 1)
        for number in 0..<60 {
          _ = try log.append([record(number)], to: t0, appendTime: Int64(number) * 10)
        }
        try log.sync()
        if closes { try log.close() }
        for name in try scratch.names("app-events-0") where !name.hasSuffix(".log") {
          let path = "app-events-0/" + name
          let bytes = try scratch.bytes(path)
          let entry = name.hasSuffix(".index") ? 8 : 12
          switch damage {
          case "missing": try FileManager.default.removeItem(atPath: scratch.file(path))
          case "odd size": try scratch.write(bytes + [1, 2, 3], path)
          case "zeros": try scratch.write([UInt8](repeating: 0, count: entry * 3), path)
          case "descending": try scratch.write(Array(bytes.suffix(entry) + bytes), path)
          default: try scratch.write(bytes + [UInt8](repeating: 0x7F, count: entry), path)
          }
        }
        let opened = try EventLog.open(directory: scratch.path, configuration: configuration)
        #expect(opened.recovery.failures.isEmpty)
        for number in 0..<60 {
          let found = try opened.read(t0, from: Offset(Int64(number)), bytesMax: 1)
          #expect(found.map(\.value) == [record(number).value], "\(damage), closed \(closes)")
        }
        #expect(try readAll(opened).count == 60)
        if damage != "zeros" && damage != "descending" && damage != "beyond the end" || !closes {
          #expect(!opened.recovery.rebuiltIndexes.isEmpty, "\(damage), closed \(closes)")
          for number in 0..<60 {
            #expect(try opened.offset(t0, atOrAfter: Int64(number) * 10) == Offset(Int64(number)))
          }
        }
      }
    }
  }

  // MARK: Orderly ends

  @Test func `opens without scanning after an orderly close`() throws {
    let (scratch, ends) = try makeLog(batches: 30, configuration: small)
    let first = try EventLog.open(directory: scratch.path, configuration: small)
    #expect(first.recovery.bytesScanned > 0)
    #expect(!first.recovery.wasCleanShutdown)
    _ = try first.append([record(1)], to: t0, appendTime: 1_000)
    try first.close()
    let second = try EventLog.open(directory: scratch.path, configuration: small)
    #expect(second.recovery.wasCleanShutdown)
    #expect(second.recovery.isClean)
    #expect(second.recovery.bytesScanned == 0)
    let count = ends[30].nextOffset + 1
    #expect(try readAll(second).map(\.offset.rawValue) == Array(0..<count))
    #expect(try second.offset(t0, atOrAfter: 1_000).rawValue == count - 1)
    #expect(try second.append([record(1)], to: t0, appendTime: 2_000).rawValue == count)
    // The marker was used up: a crash now means a scan again.
    let third = try EventLog.open(directory: scratch.path, configuration: small)
    #expect(!third.recovery.wasCleanShutdown)
    #expect(try third.endOffset(t0).rawValue == count + 1)
  }

  @Test func `does not believe a marker that the files contradict`() throws {
    let (scratch, ends) = try makeLog(batches: 6, configuration: small)
    try EventLog.open(directory: scratch.path, configuration: small).close()
    let whole = try scratch.bytes(firstLog)
    try scratch.write(Array(whole.dropLast(10)), firstLog)
    let log = try EventLog.open(directory: scratch.path, configuration: small)
    #expect(try log.endOffset(t0).rawValue == ends[5].nextOffset)
    #expect(log.recovery.truncations.count == 1)
  }

  // MARK: Damage that is not a torn tail

  @Test func `a damaged batch in a sealed segment is reported with file and byte, others work`()
    throws
  {
    let scratch = ScratchDirectory()
    let configuration = EventLogConfiguration(segmentBytesMax: 1_000, indexIntervalBytes: 100)
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("app-events", partitionCount: 2)
    let t1 = TopicPartition("app-events", 1)
    let size = try RecordBatch.encodeAppend([record(0)], baseOffset: Offset(0), appendTime: 0).count
    for number in 0..<40 {
      _ = try log.append([record(number % 10)], to: t0, appendTime: 1)
      _ = try log.append([record(number % 10)], to: t1, appendTime: 1)
    }
    try log.close()
    var bytes = try scratch.bytes(firstLog)
    bytes[size * 3 + 90] ^= 0xFF
    try scratch.write(bytes, firstLog)
    let opened = try EventLog.open(directory: scratch.path, configuration: configuration)
    #expect(try readAll(opened, t1).count == 40)
    #expect(
      try opened.read(t0, from: Offset(0), bytesMax: size * 3).map(\.offset.rawValue) == [0, 1, 2]
    )
    let error = #expect(throws: EventLogError.self) {
      try opened.read(t0, from: Offset(2), bytesMax: 1 << 20)
    }
    #expect(error?.code == "eventLog.corruptBatch")
    #expect(error?.place == "\(firstLog), byte \(size * 3)")
    #expect(error?.advice != nil)
    #expect(try opened.read(t0, from: Offset(4), bytesMax: 1).map(\.offset.rawValue) == [4])
    #expect(try opened.append([record(1)], to: t0, appendTime: 2) == Offset(40))
  }

  @Test func `a missing segment in the middle is reported, not skipped`() throws {
    let scratch = ScratchDirectory()
    let configuration = EventLogConfiguration(segmentBytesMax: 500)
    let log = try EventLog.open(directory: scratch.path, configuration: configuration)
    try log.createTopic("app-events", partitionCount: 1)
    for number in 0..<40 { _ = try log.append([record(number)], to: t0, appendTime: 1) }
    let names = try scratch.names("app-events-0").filter { $0.hasSuffix(".log") }
    try FileManager.default.removeItem(atPath: scratch.file("app-events-0/" + names[2]))
    let opened = try EventLog.open(directory: scratch.path, configuration: configuration)
    #expect(opened.recovery.failures.count == 1)
    #expect(opened.recovery.failures.first?.error.kind == .corruptBatch)
    let error = #expect(throws: EventLogError.self) { try readAll(opened) }
    #expect(error?.kind == .corruptBatch)
  }

  @Test func `a missing directory fails its partition only`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(directory: scratch.path)
    try log.createTopic("app-events", partitionCount: 2)
    try log.close()
    try FileManager.default.removeItem(atPath: scratch.file("app-events-0"))
    let opened = try EventLog.open(directory: scratch.path)
    #expect(opened.recovery.failures.map(\.error.place) == ["app-events-0"])
    let error = #expect(throws: EventLogError.self) { try opened.endOffset(t0) }
    #expect(error?.kind == .missingFile)
    #expect(try opened.endOffset(TopicPartition("app-events", 1)) == Offset(0))
  }

  // MARK: A system that refuses

  @Test func `a path that is a file is refused with its reason`() throws {
    let scratch = ScratchDirectory()
    try scratch.write([1], "file")
    let error = #expect(throws: EventLogError.self) {
      try EventLog.open(directory: scratch.file("file"))
    }
    #expect(error?.kind == .ioFailed)
    #expect(error?.fields["reason"] == "Not a directory")
    #expect(throws: EventLogError.self) { try EventLog.open(directory: scratch.file("file/below")) }
  }

  #if os(Linux)
  @Test func `a full disk fails the append with its reason and leaves other partitions alone`()
    throws
  {
    let scratch = ScratchDirectory()
    try EventLog.open(directory: scratch.path).createTopic("app-events", partitionCount: 2)
    try FileManager.default.removeItem(atPath: scratch.file(firstLog))
    try FileManager.default.createSymbolicLink(
      atPath: scratch.file(firstLog),
      withDestinationPath: "/dev/full"
    )
    let log = try EventLog.open(directory: scratch.path)
    for _ in 0..<2 {
      let error = #expect(throws: EventLogError.self) {
        try log.append([record(0)], to: t0, appendTime: 1)
      }
      #expect(error?.kind == .diskFull)
      #expect(error?.place == firstLog)
      #expect(error?.fields["reason"] == "No space left on device")
    }
    #expect(
      try log.append([record(0)], to: TopicPartition("app-events", 1), appendTime: 1) == Offset(0)
    )
    try log.sync()
  }

  @Test func `an append that fails half-way is cut off again`() throws {
    let scratch = ScratchDirectory()
    let log = try EventLog.open(
      directory: scratch.path,
      configuration: EventLogConfiguration(segmentBytesMax: 1 << 28)
    )
    try log.createTopic("app-events", partitionCount: 1)
    let large = record(0, size: 1 << 20)
    // No other test writes a file this large, so the process-wide limit disturbs none.
    for _ in 0..<95 { _ = try log.append([large], to: t0, appendTime: 1) }
    let sizeBefore = try #require(
      FileManager.default.attributesOfItem(atPath: scratch.file(firstLog))[.size] as? Int
    )
    var old = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
    var limited = old
    limited.rlim_cur = rlim_t(sizeBefore + 500_000)
    signal(SIGXFSZ, SIG_IGN)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limited)
    let error = #expect(throws: EventLogError.self) {
      try log.append([large], to: t0, appendTime: 1)
    }
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
    #expect(error?.kind == .diskFull)
    #expect(
      try FileManager.default.attributesOfItem(atPath: scratch.file(firstLog))[.size] as? Int
        == sizeBefore
    )
    #expect(try log.endOffset(t0) == Offset(95))
    #expect(try log.append([record(1)], to: t0, appendTime: 1) == Offset(95))
    let reopened = try EventLog.open(directory: scratch.path)
    #expect(try reopened.endOffset(t0) == Offset(96))
    #expect(reopened.recovery.isClean)
  }
  #endif
}
