import EventSDK
import Testing

/// What each kind of answer does to the events, by the rules as they are and by wrong ones.
struct RetryTableTests {
  private let event: [UInt8] = Array("{}".utf8)

  private func client(_ change: (inout Configuration) -> Void = { _ in }) -> EventClient {
    var configuration = Configuration()
    configuration.flushAt = 4
    configuration.backoff.jitter = .none
    change(&configuration)
    var client = EventClient(configuration: configuration)
    for _ in 0..<4 { _ = client.receive(.track(json: event), at: 0) }
    return client
  }

  private func answer(_ status: Int, refused: [Int] = [], after: Int? = nil) -> EventClient.Outcome
  {
    .answered(status: status, refused: refused, retryAfterSeconds: after)
  }

  private func sent(_ actions: [EventClient.Action]) -> [[Int64]] {
    actions.compactMap { if case .send(let batch) = $0 { batch.seqs } else { nil } }
  }

  private func dropped(_ actions: [EventClient.Action]) -> [Int64] {
    actions.flatMap { action -> [Int64] in
      if case .drop(let seqs, _) = action { return seqs }
      return []
    }
  }

  @Test(arguments: [408, 429, 500, 502, 503, 504])
  func `keeps everything and waits where the same bytes may pass later`(status: Int) {
    var client = client()
    let actions = client.receive(.response(batch: 1, answer(status)), at: 10)
    #expect(actions == [.scheduleTimer(at: 1_010)])
    #expect(client.waitingCount == 4)
    #expect(sent(client.receive(.timer, at: 1_010)) == [[0, 1, 2, 3]])
  }

  @Test(arguments: [EventClient.Outcome.unreachable, .timedOut])
  func `keeps everything where no answer came`(outcome: EventClient.Outcome) {
    var client = client()
    #expect(client.receive(.response(batch: 1, outcome), at: 0) == [.scheduleTimer(at: 1_000)])
    #expect(client.waitingCount == 4)
  }

  @Test(arguments: [401, 403, 404, 405, 410])
  func `sends nothing more with a key that is refused, and goes on with another`(status: Int) {
    var client = client()
    #expect(sent(client.receive(.response(batch: 1, answer(status)), at: 0)).isEmpty)
    #expect(client.isStopped && client.waitingCount == 4)
    for input in [EventClient.Input.flush, .background, .foreground, .networkBack] {
      #expect(sent(client.receive(input, at: 1)).isEmpty)
    }
    #expect(sent(client.receive(.reconfigured(Configuration()), at: 2)) == [[0, 1, 2, 3]])
  }

  @Test(arguments: [501])
  func `gives a batch up that will never be taken`(status: Int) {
    var client = client()
    let actions = client.receive(.response(batch: 1, answer(status)), at: 0)
    #expect(actions.first == .drop([0, 1, 2, 3], .gaveUp))
    #expect(client.isSettled)
  }

  @Test func `a rule that retries every 4xx holds everything back for ever`() {
    var wrong = client { $0.retryTable[.badNamed] = .retry }
    var now: Int64 = 0
    for attempt in 1...50 {
      let actions = wrong.receive(.response(batch: attempt, answer(400, refused: [1])), at: now)
      #expect(dropped(actions).isEmpty)
      now += 1_000_000
      _ = wrong.receive(.timer, at: now)
    }
    #expect(wrong.waitingCount == 4)
    // The right rule loses the one event that was named.
    var right = client()
    let actions = right.receive(.response(batch: 1, answer(400, refused: [1])), at: 0)
    #expect(dropped(actions) == [1])
    #expect(sent(actions) == [[0, 2, 3]])
  }

  @Test func `rules that drop on a time-out, or a whole batch for one event, lose good events`() {
    var late = client { $0.retryTable[.timeout] = .dropBatch }
    #expect(dropped(late.receive(.response(batch: 1, .timedOut), at: 0)) == [0, 1, 2, 3])
    var whole = client { $0.retryTable[.badNamed] = .dropBatch }
    #expect(
      dropped(whole.receive(.response(batch: 1, answer(400, refused: [1])), at: 0))
        == [0, 1, 2, 3])
  }

  @Test func `gives up after so many failures or so long, if told to`() {
    var counted = client { $0.backoff.giveUpAttempts = 3 }
    var now: Int64 = 0
    for attempt in 1...2 {
      #expect(dropped(counted.receive(.response(batch: attempt, .unreachable), at: now)).isEmpty)
      now += 10_000
      _ = counted.receive(.timer, at: now)
    }
    #expect(dropped(counted.receive(.response(batch: 3, .unreachable), at: now)) == [0, 1, 2, 3])

    var timed = client { $0.backoff.giveUpAfterMilliseconds = 60_000 }
    #expect(dropped(timed.receive(.response(batch: 1, .unreachable), at: 0)).isEmpty)
    _ = timed.receive(.timer, at: 59_000)
    #expect(dropped(timed.receive(.response(batch: 2, .unreachable), at: 59_999)).isEmpty)
    _ = timed.receive(.timer, at: 70_000)
    #expect(dropped(timed.receive(.response(batch: 3, .unreachable), at: 70_000)).count == 4)
  }

  @Test func `never asks before the server's Retry-After is over, whatever the backoff says`() {
    for jitter in Backoff.Jitter.allCases {
      var client = client { $0.backoff.jitter = jitter }
      _ = client.receive(.response(batch: 1, answer(429, after: 90)), at: 0)
      for moment in stride(from: Int64(0), to: 90_000, by: 9_000) {
        #expect(sent(client.receive(.track(json: event), at: moment)).isEmpty)
        #expect(sent(client.receive(.flush, at: moment)).isEmpty)
      }
      #expect(sent(client.receive(.timer, at: 90_000)).count == 1)
    }
  }

  @Test func `waits grow by the factor up to the cap, and jitter keeps its bounds`() {
    var backoff = Backoff()
    #expect((1...10).map(backoff.step) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map { $0 * 1_000 })
    backoff.factorPercent = 150
    #expect((1...4).map(backoff.step) == [1_000, 1_500, 2_250, 3_375])
    backoff.factorPercent = 100
    #expect(backoff.step(failures: 1_000_000) == 1_000)
    backoff.factorPercent = 10_000
    #expect(backoff.step(failures: .max) == 300_000)
  }

  /// Requests per second of 500 phones whose server answers 503 from second 0 to 60.
  private func peak(_ jitter: Backoff.Jitter, factor: Int) -> Int {
    var clients = (0..<500).map { phone in
      var configuration = Configuration()
      configuration.backoff.jitter = jitter
      configuration.backoff.factorPercent = factor
      var client = EventClient(configuration: configuration, jitterSeed: UInt64(phone))
      _ = client.receive(.track(json: event), at: 0)
      return client
    }
    var counts = [Int](repeating: 0, count: 200)
    var due: [(Int64, Int)] = clients.indices.map { (0, $0) }
    while let next = due.min(by: { $0 < $1 }) {
      due.removeAll { $0 == next }
      let (now, phone) = next
      let actions =
        now == 0
        ? clients[phone].receive(.flush, at: 0) : clients[phone].receive(.timer, at: now)
      guard let batch = actions.compactMap({ action -> Int? in
        if case .send(let batch) = action { batch.number } else { nil }
      }).first, now < 200_000 else { continue }
      if now > 0 { counts[Int(now / 1_000)] += 1 }
      let status = now < 60_000 ? 503 : 200
      for action in clients[phone].receive(.response(batch: batch, answer(status)), at: now) {
        if case .scheduleTimer(let moment) = action { due.append((moment, phone)) }
      }
    }
    // What happens after the server is back.
    return counts[60...].max() ?? 0
  }

  @Test func `phones that failed together come back one by one with jitter, at once without`() {
    let herd = peak(.none, factor: 200)
    let spread = peak(.full, factor: 200)
    #expect(herd == 500)
    #expect(spread < 60, "\(spread)")
    #expect(peak(.equal, factor: 200) < 100)
    // A fixed interval without jitter is a herd for every second of the outage.
    #expect(peak(.none, factor: 100) == 500)
  }
}
