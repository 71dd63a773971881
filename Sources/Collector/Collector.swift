// The collector: where events enter the platform. Whatever sends them (a simulated phone, a file, the
// HTTP door) takes the same path:
//
// 1. `RequestBody` unpacks the body within its limits. A batch as SDKs write it is read where it
//    stands, in one pass; every other body is cut into events or lines first.
// 2. `EnvelopeCheck` checks an event of ours; `LineMapper` makes one of a foreign line.
// 3. What passes becomes a record of `app-events` with the collector's fields set, grouped into one
//    record batch per partition; the key's murmur2 picks the partition, as Kafka's clients do.
// 4. What fails becomes a record of `app-events-dlq`, masked, with the reason in its headers.
// 5. Both are written, and for a real client synced, before anything is acknowledged.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
package import Simulation

/// Accepts events into the log, and keeps what it refuses with the reason. Safe to share.
package final class Collector: Sendable {
  package let configuration: CollectorConfiguration
  let log: any CollectorLog
  /// Nil where none is kept.
  package let archive: CollectorArchive?
  let metrics: CollectorMetrics
  let admission: Admission
  let late = LateAppender()
  let held = StoryAppender()
  let load: MachineLoad
  package let turnedAway: TurnedAway
  let clock: StoryClock
  let partitionCount: Int
  let pseudonymizer: Pseudonymizer
  let keyRule: KeyRule
  let deadLetterMask: DeadLetterMask
  private let appsByKey: [String: String]

  /// A collector on any log; makes its two topics where they do not exist.
  ///
  /// Throws what the log throws, and `collector.bad_configuration` for a secret under 16 bytes.
  package init(
    log: any CollectorLog,
    clock: StoryClock,
    configuration: CollectorConfiguration,
    archive: CollectorArchive? = nil,
    turnedAway: TurnedAway = TurnedAway()
  ) throws {
    self.archive = archive
    self.turnedAway = turnedAway
    load = MachineLoad(configuration.machines)
    guard configuration.secret.count >= 16 else {
      throw CollectorError(
        .badConfiguration,
        "the secret of the pseudonyms has fewer than 16 bytes",
        advice: "Let the home make one: it is random and never leaves it."
      )
    }
    try log.ensureTopic(
      configuration.eventsTopic,
      partitionCount: configuration.eventsPartitionCount
    )
    try log.ensureTopic(configuration.deadLetterTopic, partitionCount: 1)
    self.log = log
    self.clock = clock
    self.configuration = configuration
    partitionCount = try log.partitionCount(of: configuration.eventsTopic)
    keyRule = KeyRule(configuration.partitionKey)
    pseudonymizer = Pseudonymizer(secret: configuration.secret)
    deadLetterMask = DeadLetterMask(
      pseudonymizer: pseudonymizer,
      bytesMax: configuration.eventBytesMax
    )
    metrics = CollectorMetrics(recentMax: configuration.recentRequestsMax)
    admission = Admission(
      bytesMax: configuration.bytesInFlightMax,
      eventsPerSecond: configuration.eventsPerSecondMax
    )
    var apps: [String: String] = [:]
    for key in configuration.writeKeys { apps[key.key] = key.app }
    appsByKey = apps
  }

  /// Takes a request and answers what became of it. Never throws: a log that fails is status 503,
  /// and then the client must send the same body again. Blocks while the log syncs.
  package func handle(_ request: CollectRequest) -> CollectResponse {
    let taken = take(request)
    guard taken.waitsForSync else { return answer(taken, failure: nil) }
    var failure: (any Error)?
    do { try log.sync() } catch { failure = error }
    return answer(taken, failure: failure)
  }

  /// The same without a thread that waits for the log's sync: `completion` is called once, before
  /// this returns or later on a thread of the log's, where it must not block.
  package func handle(
    _ request: CollectRequest,
    completion: @escaping @Sendable (CollectResponse) -> Void
  ) {
    let taken = take(request, leavesAppend: true)
    if let unwritten = taken.unwritten {
      return appendDurably(unwritten, at: taken.receivedAt) { [self] accepted in
        var taken = taken
        taken.unwritten = nil
        switch accepted {
        case .success(let events):
          taken.response.accepted = events
          completion(answer(taken, failure: nil))
        case .failure(let error): completion(answer(taken, failure: error))
        }
      }
    }
    guard taken.waitsForSync else { return completion(answer(taken, failure: nil)) }
    log.afterSync { [self] failure in completion(answer(taken, failure: failure)) }
  }

  /// A request between its append and its answer.
  private struct Taken: Sendable {
    var request: CollectRequest
    var response: CollectResponse
    var app: String?
    var receivedAt: StoryTime
    /// Bytes that it holds of the admission.
    var charged = 0
    var waitsForSync = false
    /// What is still to be appended before its answer.
    var unwritten: SortedRequest?
  }

  private func answer(_ taken: Taken, failure: (any Error)?) -> CollectResponse {
    let response = failure.map { unavailable($0) } ?? taken.response
    admission.leave(bytes: taken.charged)
    turnedAway.note(status: response.status, at: taken.receivedAt.milliseconds)
    // A process that is dead writes no log.
    if response.status != 0 {
      metrics.note(taken.request, response, app: taken.app, at: taken.receivedAt)
    }
    return response
  }

  /// With `leavesAppend` it leaves what waits for the disk to the caller to append.
  private func take(_ request: CollectRequest, leavesAppend: Bool = false) -> Taken {
    let now = clock.now
    var taken = Taken(request: request, response: CollectResponse(status: 200), receivedAt: now)
    do throws(BodyFailure) {
      taken.app = try app(of: request)
    } catch {
      taken.response = CollectResponse(status: error.status, problem: error.problem)
      return taken
    }
    let app = taken.app ?? configuration.appID
    let bytes = request.body.count
    held.append(until: now.milliseconds)
    if !request.comesFromNetwork, let response = overload(bytes, at: now) {
      taken.response = response
      return taken
    }
    switch admission.enter(bytes: bytes, key: app, now: now.milliseconds) {
    case .admitted:
      taken.charged = bytes
      if let sorted = sort(request, app: app, now: now, into: &taken) {
        // The raw archive is a disk, too: the thread that answers everybody must not wait for it.
        if leavesAppend, waitsForSync(request), !sorted.isEmpty, !configuration.keepsRawArchive {
          taken.unwritten = sorted
        } else {
          (taken.response, taken.waitsForSync) = write(sorted, request, taken.response, at: now)
        }
      }
    case .full: taken.response = full()
    case .tooFast(let seconds):
      taken.response = CollectResponse(
        status: 429,
        problem: CollectResponse.Problem(
          code: "too_many_requests",
          message: "this key has sent more events than it may at the moment",
          advice: "Keep the events and send the same body again after Retry-After seconds."
        ),
        retryAfterSeconds: seconds
      )
    }
    return taken
  }

  /// Nil where the story's machine has room for a body.
  private func overload(_ bytes: Int, at now: StoryTime) -> CollectResponse? {
    switch load.enter(
      bytes: bytes, bytesMax: configuration.bytesInFlightMax, at: now.milliseconds)
    {
    case .admitted: return nil
    case .full: return full()
    case .killed:
      kill()
      return CollectResponse(status: 0)
    case .down: return CollectResponse(status: 0)
    }
  }

  /// The process dies as by `kill -9` and is started again: what was only in memory is gone, answered
  /// 200 or not. Answers how many requests that were.
  @discardableResult
  package func kill() -> Int {
    load.clear()
    metrics.noteDeath()
    return held.drop() + late.drop()
  }

  /// Appends what has waited in memory until the story's present.
  package func appendHeld() { held.append(until: clock.now.milliseconds) }

  /// Waits until all that was accepted is on disk.
  package func flush() throws {
    late.finish()
    held.append(until: nil)
    try log.sync()
  }

  private func app(of request: CollectRequest) throws(BodyFailure) -> String {
    guard request.comesFromNetwork else { return configuration.appID }
    guard let key = request.writeKey, !key.isEmpty else {
      guard configuration.requiresWriteKey else { return configuration.appID }
      throw BodyFailure(
        401,
        "missing_write_key",
        "the request has no write key",
        advice: "Send the app's key in the header X-Write-Key, or as the user of HTTP Basic: "
          + "curl -u KEY: …"
      )
    }
    guard let app = appsByKey[key] else {
      throw BodyFailure(
        401,
        "unknown_write_key",
        "no app has the write key that the request gives",
        advice: "Take the key from writeKeys of collector.yaml; collector status lists the apps."
      )
    }
    return app
  }

  private func full() -> CollectResponse {
    CollectResponse(
      status: 503,
      problem: CollectResponse.Problem(
        code: "too_busy",
        message: "the collector holds as many bytes as it may",
        advice: "Keep the events and send the same body again after Retry-After seconds."
      ),
      retryAfterSeconds: configuration.retryAfterSeconds
    )
  }

  /// Reads a request; nil where it is answered already, without anything to append.
  private func sort(
    _ request: CollectRequest,
    app: String,
    now: StoryTime,
    into taken: inout Taken
  ) -> SortedRequest? {
    var sorted = SortedRequest(partitionCount: partitionCount)
    var response = CollectResponse(status: 200)
    do throws(BodyFailure) {
      let mapping = try mapping(of: request)
      if request.isGzip, request.body.count <= configuration.bodyBytesMax {
        let room = RequestBody.unpackedEstimate(request, configuration)
        guard admission.grow(bytes: room) else {
          taken.response = full()
          return nil
        }
        taken.charged += room
      }
      let body = try RequestBody.unpacked(request, configuration)
      let stamp = CollectorStamp(appID: mapping?.appID ?? app, receivedAt: now.iso8601)
      do throws(BodyFailure) {
        let result = body.withUnsafeBytes { bytes in
          Result { () throws(BodyFailure) in
            try sort(bytes, request, mapping, stamp: stamp, into: &sorted)
          }
        }
        try result.get()
      } catch {
        guard error.keepsBody else { throw error }
        sorted = SortedRequest(partitionCount: partitionCount)
        sorted.deadLetters = [body.withUnsafeBytes { unreadable($0, error, request) }]
        response = CollectResponse(status: error.status, problem: error.problem)
      }
    } catch {
      taken.response = CollectResponse(status: error.status, problem: error.problem)
      return nil
    }
    admission.charge(events: sorted.acceptedCount + sorted.refused.count, key: app)
    if let answer = answerToBadEvents(&sorted) {
      taken.response = answer
      return nil
    }
    response.refused = sorted.refused
    response.warned = sorted.warned
    taken.response = response
    return sorted
  }

  func mapping(of request: CollectRequest) throws(BodyFailure) -> SourceMapping? {
    guard let source = request.source else { return nil }
    guard let mapping = configuration.mappings[source] else {
      let known = configuration.mappings.keys.sorted().joined(separator: ", ")
      throw BodyFailure(
        400,
        "unknown_source",
        "no mapping has the name that the request gives as its source",
        advice: known.isEmpty
          ? "This collector knows no source: leave it out." : "Known sources: \(known)."
      )
    }
    return mapping
  }
}
