// The collector: where events enter the platform. Whatever sends them (a simulated phone, a file, the
// HTTP door) takes the same path:
//
// 1. `RequestBody` unpacks the body within its limits and cuts it into events or lines.
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
  let metrics: CollectorMetrics
  let admission: Admission
  let late = LateAppender()
  let clock: StoryClock
  let partitionCount: Int
  let pseudonymizer: Pseudonymizer
  let deadLetterMask: DeadLetterMask
  private let appsByKey: [String: String]

  /// A collector on any log; makes its two topics where they do not exist.
  ///
  /// Throws what the log throws, and `collector.bad_configuration` for a secret under 16 bytes.
  package init(
    log: any CollectorLog,
    clock: StoryClock,
    configuration: CollectorConfiguration
  ) throws {
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
  /// and then the client must send the same body again.
  package func handle(_ request: CollectRequest) -> CollectResponse {
    let now = clock.now
    let app: String
    do throws(BodyFailure) {
      app = try self.app(of: request)
    } catch {
      let response = CollectResponse(status: error.status, problem: error.problem)
      metrics.note(request, response, app: nil, at: now)
      return response
    }
    let bytes = request.body.count
    let response: CollectResponse
    switch admission.enter(bytes: bytes, key: app, now: now.milliseconds) {
    case .admitted:
      var charged = bytes
      response = take(request, app: app, now: now, charged: &charged)
      admission.leave(bytes: charged)
    case .full: response = full()
    case .tooFast(let seconds):
      response = CollectResponse(
        status: 429,
        problem: CollectResponse.Problem(
          code: "too_many_requests",
          message: "this key has sent more events than it may at the moment",
          advice: "Keep the events and send the same body again after Retry-After seconds."
        ),
        retryAfterSeconds: seconds
      )
    }
    metrics.note(request, response, app: app, at: now)
    return response
  }

  /// Waits until all that was accepted is on disk.
  package func flush() throws {
    late.finish()
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

  private func take(
    _ request: CollectRequest,
    app: String,
    now: StoryTime,
    charged: inout Int
  ) -> CollectResponse {
    var sorted = SortedRequest(partitionCount: partitionCount)
    var response = CollectResponse(status: 200)
    do throws(BodyFailure) {
      let mapping = try mapping(of: request)
      if request.isGzip, request.body.count <= configuration.bodyBytesMax {
        let room = RequestBody.unpackedEstimate(request, configuration)
        guard admission.grow(bytes: room) else { return full() }
        charged += room
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
      return CollectResponse(status: error.status, problem: error.problem)
    }
    admission.charge(events: sorted.acceptedCount + sorted.refused.count, key: app)
    if let answer = answerToBadEvents(&sorted) { return answer }
    response.refused = sorted.refused
    response.warned = sorted.warned
    return write(sorted, request, response, at: now)
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
