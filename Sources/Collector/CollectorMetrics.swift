// What the collector counts, and the last requests it saw.

package import Simulation
internal import Synchronization

/// Sums of one app since the collector started.
package struct AppCounts: Hashable, Sendable {
  package var requests = 0
  package var accepted = 0
  package var refused = 0
  package var warned = 0
  /// Requests that were answered 429 or 503.
  package var turnedAway = 0
}

/// Sums since the collector started.
package struct CollectorCounts: Hashable, Sendable {
  package var requests = 0
  package var accepted = 0
  package var refused: [RefusalCode: Int] = [:]
  /// Accepted events that break the tracking plan.
  package var warned: [RefusalCode: Int] = [:]
  /// By app.
  package var apps: [String: AppCounts] = [:]
  /// Requests of which nothing was taken, by code.
  package var failedRequests: [String: Int] = [:]
  /// How often the process has died.
  package var deaths = 0
  /// What the log said when it last failed; nil where it never did.
  package var lastLogFailure: String?

  package var refusedTotal: Int { refused.values.reduce(0, +) }
}

/// One request as the system table `requests` shows it.
package struct RequestTrace: Hashable, Sendable {
  package var time: StoryTime
  package var status: Int
  package var source: String?
  /// Whose key it had; nil where it had none that is known.
  package var app: String?
  package var accepted: Int
  package var refused: Int
  package var warned: Int
  /// Bytes of the body as it came.
  package var bodyBytes: Int
  /// The problem of the whole request; nil where events were judged one by one.
  package var code: String?
  /// The first accepted events and their addresses, at most 20.
  package var events: AcceptedEvents
}

/// What a collector's process remembers and no disk does, for a copy of its world.
package struct CollectorMemory: Sendable {
  var counts: CollectorCounts
  /// Oldest first.
  var recent: [RequestTrace]
}

/// Counters and the ring of recent requests. Safe to share.
final class CollectorMetrics: Sendable {
  private struct State {
    var counts = CollectorCounts()
    var recent: [RequestTrace] = []
    var next = 0
    var logError: (any Error)?
  }

  private let state = Mutex(State())
  private let recentMax: Int
  private let onePass = Atomic<Int>(0)

  init(recentMax: Int) {
    self.recentMax = max(1, recentMax)
  }

  /// A body was read in one pass.
  func noteOnePass() { onePass.add(1, ordering: .relaxed) }

  var onePassCount: Int { onePass.load(ordering: .relaxed) }

  func note(
    _ request: CollectRequest,
    _ response: CollectResponse,
    app: String?,
    at time: StoryTime
  ) {
    let trace = RequestTrace(
      time: time,
      status: response.status,
      source: request.source,
      app: app,
      accepted: response.accepted.count,
      refused: response.refused.count,
      warned: response.warned.count,
      bodyBytes: request.body.count,
      code: response.problem?.code,
      events: response.accepted.first(20)
    )
    state.withLock { state in
      state.counts.requests += 1
      state.counts.accepted += response.accepted.count
      for event in response.refused { state.counts.refused[event.code, default: 0] += 1 }
      for event in response.warned { state.counts.warned[event.code, default: 0] += 1 }
      if let app {
        var sums = state.counts.apps[app] ?? AppCounts()
        sums.requests += 1
        sums.accepted += response.accepted.count
        sums.refused += response.refused.count
        sums.warned += response.warned.count
        if response.status == 429 || response.status == 503 { sums.turnedAway += 1 }
        state.counts.apps[app] = sums
      }
      if let problem = response.problem {
        state.counts.failedRequests[problem.code, default: 0] += 1
      }
      if state.recent.count < recentMax {
        state.recent.append(trace)
      } else {
        state.recent[state.next] = trace
        state.next = (state.next + 1) % recentMax
      }
    }
  }

  func noteDeath() { state.withLock { $0.counts.deaths += 1 } }

  func noteLogFailure(_ error: any Error) {
    state.withLock {
      $0.counts.lastLogFailure = String(describing: error)
      $0.logError = error
    }
  }

  /// The error behind `lastLogFailure`.
  var logError: (any Error)? { state.withLock { $0.logError } }

  var counts: CollectorCounts { state.withLock { $0.counts } }

  /// The recent requests, oldest first.
  var recent: [RequestTrace] {
    state.withLock { Array($0.recent[$0.next...] + $0.recent[..<$0.next]) }
  }

  /// Goes on from what another process has counted and seen.
  func remember(_ memory: CollectorMemory) {
    state.withLock { state in
      state.counts = memory.counts
      state.recent = Array(memory.recent.suffix(recentMax))
      state.next = 0
    }
  }
}

extension Collector {
  /// Sums since the start.
  package var counts: CollectorCounts { metrics.counts }

  /// What the log said when it last failed: why a request got a 503.
  package var lastLogError: (any Error)? { metrics.logError }

  /// Bodies that were read in one pass since the start; the others were cut into events first.
  package var onePassCount: Int { metrics.onePassCount }

  /// The last requests, oldest first.
  package var recentRequests: [RequestTrace] { metrics.recent }

  /// What a copy of the world needs to go on as this process would.
  package var memory: CollectorMemory {
    CollectorMemory(counts: metrics.counts, recent: metrics.recent)
  }

  /// Goes on from what another process has counted and seen; nothing was taken before.
  package func remember(_ memory: CollectorMemory) { metrics.remember(memory) }
}
