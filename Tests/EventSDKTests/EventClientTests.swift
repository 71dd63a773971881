import EventSDK
import Testing

/// Every rule of the client as a test of values: no clock, no disk, no network.
struct EventClientTests {
  private let event: [UInt8] = Array("{}".utf8)

  private func client(_ change: (inout Configuration) -> Void = { _ in }) -> EventClient {
    var configuration = Configuration()
    configuration.flushAt = 3
    change(&configuration)
    return EventClient(configuration: configuration)
  }

  private func answer(_ status: Int, refused: [Int] = [], after: Int? = nil) -> EventClient.Outcome
  {
    .answered(status: status, refused: refused, retryAfterSeconds: after)
  }

  /// The batches among actions, as their seqs.
  private func sent(_ actions: [EventClient.Action]) -> [[Int64]] {
    actions.compactMap { if case .send(let batch) = $0 { batch.seqs } else { nil } }
  }

  private func timer(_ actions: [EventClient.Action]) -> Int64? {
    actions.compactMap { if case .scheduleTimer(let moment) = $0 { moment } else { nil } }.last
  }

  @Test func `persists before it sends, and sends at the count`() {
    var client = client()
    #expect(
      client.receive(.track(json: event), at: 100) == [
        .persist(QueuedEvent(seq: 0, json: event)), .scheduleTimer(at: 30_100),
      ]
    )
    // The first waiting event started the clock; the second does not push it back.
    #expect(
      client.receive(.track(json: event), at: 200) == [.persist(QueuedEvent(seq: 1, json: event))]
    )
    let third = client.receive(.track(json: event), at: 300)
    #expect(third.first == .persist(QueuedEvent(seq: 2, json: event)))
    #expect(third.contains(.cancelTimer))
    #expect(sent(third) == [[0, 1, 2]])
    #expect(client.nextSeq == 3)
  }

  @Test func `sends what waits when the interval is over`() {
    var client = client()
    _ = client.receive(.track(json: event), at: 0)
    #expect(sent(client.receive(.timer, at: 30_000)) == [[0]])
  }

  @Test func `sends everything in the background and sets no timer there`() {
    var client = client { $0.batchEventsMax = 2 }
    _ = client.receive(.track(json: event), at: 0)
    #expect(sent(client.receive(.background, at: 10)) == [[0]])
    let confirmed = client.receive(.response(batch: 1, answer(200)), at: 20)
    #expect(confirmed == [.delete([0])])
    #expect(client.isSettled)
    #expect(timer(client.receive(.track(json: event), at: 30)) == nil)
  }

  @Test func `has one batch in flight and deletes only what was confirmed`() {
    var client = client()
    for _ in 0..<3 { _ = client.receive(.track(json: event), at: 0) }
    for _ in 0..<5 {
      #expect(sent(client.receive(.track(json: event), at: 1)).isEmpty)
    }
    #expect(client.waitingCount == 8)
    let confirmed = client.receive(.response(batch: 1, answer(200, refused: [1])), at: 2)
    // A refused event stands in the server's dead letters; it is not sent again.
    #expect(confirmed.first == .delete([0, 1, 2]))
    #expect(sent(confirmed) == [[3, 4, 5, 6, 7]])
    #expect(client.waitingCount == 5)
    // An answer to another batch changes nothing.
    #expect(client.receive(.response(batch: 1, answer(200)), at: 3).isEmpty)
    #expect(client.waitingCount == 5)
  }

  @Test func `waits twice as long after each failure, up to the cap, and less by chance`() {
    var client = client()
    for _ in 0..<3 { _ = client.receive(.track(json: event), at: 0) }
    var now: Int64 = 0
    var delays: [Int64] = []
    for attempt in 1...12 {
      let actions = client.receive(.response(batch: attempt, .unreachable), at: now)
      let moment = timer(actions) ?? -1
      delays.append(moment - now)
      now = moment
      #expect(sent(client.receive(.timer, at: now)) == [[0, 1, 2]])
    }
    for (index, delay) in delays.enumerated() {
      let step = min(300_000, Int64(1_000) << Int64(index))
      #expect((step / 2...step).contains(delay))
    }
    #expect(client.waitingCount == 3)
    #expect(client.receive(.response(batch: 13, answer(202)), at: now) == [.delete([0, 1, 2])])
    #expect(client.isSettled)
  }

  @Test func `draws the same waits from the same seed and others from another`() {
    func delays(_ seed: UInt64) -> [Int64] {
      var client = EventClient(configuration: Configuration(), waiting: [5], jitterSeed: seed)
      _ = client.receive(.flush, at: 0)
      return (1...6).map { attempt in
        let moment = timer(client.receive(.response(batch: attempt, .unreachable), at: 0)) ?? -1
        _ = client.receive(.timer, at: 1_000_000)
        return moment
      }
    }
    #expect(delays(1) == delays(1))
    #expect(delays(1) != delays(2))
  }

  @Test func `does not send before the wait is over, whatever is tracked`() {
    var client = client()
    for _ in 0..<3 { _ = client.receive(.track(json: event), at: 0) }
    _ = client.receive(.response(batch: 1, answer(503, after: 60)), at: 0)
    for _ in 0..<10 { #expect(sent(client.receive(.track(json: event), at: 59_999)).isEmpty) }
    #expect(sent(client.receive(.timer, at: 60_000)).count == 1)
  }

  @Test func `drops only the events that a 400 names, and sends the others at once`() {
    var client = client()
    for _ in 0..<3 { _ = client.receive(.track(json: event), at: 0) }
    let actions = client.receive(.response(batch: 1, answer(400, refused: [1, 7, -1])), at: 1)
    #expect(actions.first == .drop([1], .refused))
    #expect(sent(actions) == [[0, 2]])
  }

  @Test func `halves a batch that is too large until the large event stands alone`() {
    var client = client { $0.flushAt = 4 }
    for _ in 0..<4 { _ = client.receive(.track(json: event), at: 0) }
    #expect(sent(client.receive(.response(batch: 1, answer(413)), at: 1)) == [[0, 1]])
    let single = client.receive(.response(batch: 2, answer(413)), at: 2)
    #expect(sent(single) == [[0]])
    let dropped = client.receive(.response(batch: 3, answer(413)), at: 3)
    #expect(dropped.first == .drop([0], .tooLarge))
    #expect(sent(dropped) == [[1]])
    // What is left goes in larger batches again.
    #expect(sent(client.receive(.response(batch: 4, answer(200)), at: 4)) == [[2, 3]])
  }

  @Test func `finds the one event that makes a whole body unreadable`() {
    var client = client { $0.flushAt = 2 }
    for _ in 0..<2 { _ = client.receive(.track(json: event), at: 0) }
    #expect(sent(client.receive(.response(batch: 1, answer(400)), at: 1)) == [[0]])
    #expect(
      client.receive(.response(batch: 2, answer(400)), at: 2).first == .drop([0], .refused)
    )
  }

  @Test func `keeps everything without a network and sends it in batches afterwards`() {
    var client = client { $0.batchEventsMax = 4 }
    _ = client.receive(.networkLost, at: 0)
    for _ in 0..<10 { #expect(sent(client.receive(.track(json: event), at: 1)).isEmpty) }
    #expect(sent(client.receive(.background, at: 2)).isEmpty)
    var actions = client.receive(.networkBack, at: 3)
    var batches: [[Int64]] = []
    while let batch = sent(actions).first {
      batches.append(batch)
      actions = client.receive(.response(batch: batches.count, answer(200)), at: 4)
    }
    #expect(batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
  }

  @Test func `drops the oldest of a full queue, but not what is in flight`() {
    var client = client { $0.queueEventsMax = 4 }
    for _ in 0..<3 { _ = client.receive(.track(json: event), at: 0) }
    _ = client.receive(.track(json: event), at: 1)
    let fifth = client.receive(.track(json: event), at: 1)
    #expect(fifth.contains(.drop([3], .queueFull)))
    #expect(client.waitingCount == 4)
    let confirmed = client.receive(.response(batch: 1, answer(200)), at: 2)
    #expect(confirmed.first == .delete([0, 1, 2]))
  }

  @Test func `begins with what the last run left behind`() {
    var client = EventClient(configuration: Configuration(), waiting: [4, 6], nextSeq: 9)
    let actions = client.receive(.foreground, at: 0)
    #expect(sent(actions) == [[4, 6]])
    #expect(client.nextSeq == 9)
  }
}
