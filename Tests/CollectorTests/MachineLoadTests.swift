// A collector whose machine can do only so much, and one that is killed; on story time.

import Collector
import Foundation
import KafkaProtocol
import Simulation
import TestSupport
import Testing

struct MachineLoadTests {
  private func machine(
    _ perSecond: Int, memory: Int = 1_000_000_000, flight: Int = 1 << 20
  ) throws -> Bench {
    try Bench {
      let start = StoryTime.courseStart.milliseconds
      $0.machines = [
        CollectorMachine(
          time: start..<start + 3_600_000, requestsPerSecond: perSecond, memoryBytes: memory)
      ]
      $0.bytesInFlightMax = flight
    }
  }

  private func pass(_ milliseconds: Int64, _ bench: Bench) {
    bench.clock.set(bench.clock.now.adding(milliseconds: milliseconds))
  }

  private let size = Data(event().utf8).count

  @Test func `what waits is bounded by bytesInFlightMax, and worked off with time`() throws {
    let bench = try machine(10, flight: size * 5)
    let answers = (0..<8).map { _ in bench.send(event()) }
    #expect(answers.map(\.status) == [200, 200, 200, 200, 200, 503, 503, 503])
    #expect(answers[5].retryAfterSeconds == 5 && answers[5].problem?.code == "too_busy")
    // 5 requests and 3 refusals are 5.75 requests of work: a second does all of it.
    pass(1_000, bench)
    #expect((0..<6).map { _ in bench.send(event()).status } == [200, 200, 200, 200, 200, 503])
    #expect(bench.log.events.count == 10)
    // After the fault's time everybody is taken.
    pass(3_600_000, bench)
    #expect((0..<20).allSatisfy { _ in bench.send(event()).status == 200 })
  }

  @Test func `clients that come again all at once take longer than those that spread`() throws {
    /// Seconds until 100 requests are taken, where each that is refused comes again by `next`.
    func seconds(_ next: (_ request: Int, _ second: Int) -> Int) throws -> Int {
      let bench = try machine(10, flight: size * 10)
      var due = [Int](repeating: 0, count: 100)
      var open = Set(0..<100)
      for second in 0..<600 {
        for request in open.sorted() where due[request] == second {
          if bench.send(event()).status == 200 {
            open.remove(request)
          } else {
            due[request] = next(request, second)
          }
        }
        if open.isEmpty { return second }
        pass(1_000, bench)
      }
      return 600
    }
    let waves = try seconds { _, second in second + 5 }
    let spread = try seconds { request, second in second + 1 + request % 29 }
    #expect(waves >= 45)
    #expect(spread * 3 / 2 < waves, "\(spread) and \(waves)")
  }

  @Test func `one that turns nobody away dies, and nobody answers for a minute`() throws {
    let bench = try machine(1, memory: size * 10, flight: 1 << 26)
    let answers = (0..<12).map { _ in bench.send(event()).status }
    #expect(answers == [Int](repeating: 200, count: 10) + [0, 0])
    #expect(bench.collector.counts.deaths == 1)
    pass(59_000, bench)
    #expect(bench.send(event()).status == 0)
    pass(1_000, bench)
    #expect(bench.send(event()).status == 200)
    // What was answered was written first: a death costs nobody's events.
    #expect(bench.log.events.count == 11)
    #expect(bench.collector.turnedAway.lines.map(\.status) == [0, 200, 0])
    #expect(bench.collector.turnedAway.lines.map(\.requests) == [2, 10, 1])
  }

  @Test func `an answer that is given first is lost with the process`() throws {
    let bench = try Bench { $0.answer = .received }
    #expect(bench.send(event()).status == 200)
    #expect(bench.log.events.isEmpty)
    pass(200, bench)
    #expect(bench.send(event()).status == 200)
    #expect(bench.log.events.count == 1)
    #expect(bench.collector.kill() == 1)
    pass(10_000, bench)
    bench.collector.appendHeld()
    #expect(bench.log.events.count == 1)
    #expect(bench.send(event()).status == 200)
    try bench.collector.flush()
    #expect(bench.log.events.count == 2)
    // Answered after the write, there is nothing to lose.
    let written = try Bench { $0.answer = .appended }
    #expect(written.send(event()).status == 200)
    #expect(written.collector.kill() == 0 && written.log.events.count == 1)
  }

  @Test func `seconds without a bad answer leave nothing, and the others survive the process`() throws {
    let scratch = try ScratchDirectory("turned-away")
    let path = scratch.path + "/turned-away.json"
    let ledger = TurnedAway(path: path)
    for (status, second) in [(200, 0), (200, 1), (503, 1), (503, 1), (200, 2), (429, 3)] {
      ledger.note(status: status, at: Int64(second) * 1_000 + 17)
    }
    let expected = [[1_000, 200, 1], [1_000, 503, 2], [3_000, 429, 1]].map { $0.map(Int64.init) }
    func rows(_ ledger: TurnedAway) -> [[Int64]] {
      ledger.lines.map { [$0.second, Int64($0.status), Int64($0.requests)] }
    }
    #expect(rows(ledger) == expected)
    try ledger.save()
    #expect(rows(TurnedAway(path: path)) == expected)
    try Data("{".utf8).write(to: URL(fileURLWithPath: path))
    #expect(TurnedAway(path: path).lines.isEmpty)
  }
}

struct CollectorArchiveTests {
  @Test func `what Kafka no longer has is sent again from the archive, byte for byte`() throws {
    let scratch = try ScratchDirectory("archive")
    let log = MemoryLog()
    let clock = StoryClock(.courseStart)
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    configuration.keepsRawArchive = true
    let archive = try CollectorArchive(directory: scratch.path + "/archive", partitionCount: 6)
    let collector = try Collector(
      log: log, clock: clock, configuration: configuration, archive: archive)
    func send() {
      _ = collector.handle(CollectRequest(body: Array(event().utf8), durability: .written))
    }
    let start = StoryTime.courseStart
    for minutes in [0, 10, 20, 30] {
      clock.set(start.adding(seconds: minutes * 60))
      send()
    }
    let before = log.events.map(\.text)
    #expect(Set(before).count == 4)
    clock.set(start.adding(seconds: 7_200))
    let span = (start.adding(seconds: 600), start.adding(seconds: 1_800))
    let plan = try collector.replayArchive(from: span.0, until: span.1, isDryRun: true)
    #expect(plan?.records == 2 && log.events.count == 4)
    #expect(try collector.replayArchive(from: span.0, until: span.1, isDryRun: false) == plan)
    #expect(log.events.count == 6)
    #expect(Set(log.events.map(\.text)) == Set(before))
    // A second life reads what the first one kept.
    try archive.close()
    let again = try CollectorArchive(directory: scratch.path + "/archive", partitionCount: 6)
    let second = try Collector(
      log: log, clock: clock, configuration: configuration, archive: again)
    let all = try second.replayArchive(from: start, until: clock.now, isDryRun: true)
    #expect(all?.records == 4)
    #expect(all?.hours.values.reduce(0, +) == 4)
    try again.close()
  }

  @Test func `without an archive there is nothing to send`() throws {
    let bench = try Bench()
    #expect(try bench.collector.replayArchive(from: .courseStart, until: .courseStart, isDryRun: true) == nil)
  }
}
