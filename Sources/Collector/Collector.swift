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
  private let clock: StoryClock
  private let partitionCount: Int
  private let pseudonymizer: Pseudonymizer
  private let deadLetterMask: DeadLetterMask

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
  }

  /// Takes a request and answers what became of it. Never throws: a log that fails is status 503,
  /// and then the client must send the same body again.
  package func handle(_ request: CollectRequest) -> CollectResponse {
    let now = clock.now
    let response = take(request, now: now)
    metrics.note(request, response, at: now)
    return response
  }

  /// Waits until all that was accepted is on disk.
  package func flush() throws {
    try log.sync()
  }

  private func take(_ request: CollectRequest, now: StoryTime) -> CollectResponse {
    var sorted = SortedRequest(partitionCount: partitionCount)
    var response = CollectResponse(status: 200)
    do throws(BodyFailure) {
      let mapping = try mapping(of: request)
      let body = try RequestBody.unpacked(request, configuration)
      do throws(BodyFailure) {
        let result = body.withUnsafeBytes { bytes in
          Result { () throws(BodyFailure) in
            try sort(bytes, request, mapping, now: now, into: &sorted)
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
    do {
      response.accepted = try append(sorted, at: now)
      if request.durability == .synced, !sorted.isEmpty { try log.sync() }
    } catch {
      return unavailable(error)
    }
    response.refused = sorted.refused
    return response
  }

  private func mapping(of request: CollectRequest) throws(BodyFailure) -> SourceMapping? {
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

  // MARK: - Sorting events into accepted and refused

  private func sort(
    _ bytes: UnsafeRawBufferPointer,
    _ request: CollectRequest,
    _ mapping: SourceMapping?,
    now: StoryTime,
    into sorted: inout SortedRequest
  ) throws(BodyFailure) {
    let body = try RequestBody(
      bytes,
      format: mapping == nil ? request.format : .ndjson,
      firstLine: request.firstLine,
      eventsMax: configuration.eventsMax
    )
    var stamp = CollectorStamp(
      appID: mapping?.appID ?? configuration.appID,
      receivedAt: now.iso8601
    )
    let hasBadSentAt = !readSentAt(body.sentAt, bytes, into: &stamp)
    var check = EnvelopeCheck(bytesMax: configuration.eventBytesMax)
    var mapper = mapping.map {
      LineMapper(
        mapping: $0,
        pseudonymizer: pseudonymizer,
        stamp: stamp,
        bytesMax: configuration.eventBytesMax
      )
    }
    let deadLetterKeys = mapper?.deadLetterKeys ?? []
    for (index, place) in body.events.enumerated() {
      do throws(Refusal) {
        if hasBadSentAt { throw EnvelopeCheck.badSentAt }
        if let event = try mapper?.map(bytes, in: place.range) {
          sorted.accept(event, index: index)
        } else {
          let event = try check.check(bytes, in: place.range, stamp: stamp)
          sorted.accept(event, index: index)
        }
      } catch {
        let payload = deadLetterMask.payload(
          UnsafeRawBufferPointer(rebasing: bytes[place.range]),
          pseudonymized: deadLetterKeys
        )
        sorted.refuse(
          error,
          at: place,
          index: index,
          payload: payload,
          source: request.source
        )
      }
    }
  }

  /// False where the batch has a `sent_at` that is no time.
  private func readSentAt(
    _ range: Range<Int>?,
    _ bytes: UnsafeRawBufferPointer,
    into stamp: inout CollectorStamp
  ) -> Bool {
    guard let range else { return true }
    let token = UnsafeRawBufferPointer(rebasing: bytes[range])
    if token.elementsEqual("null".utf8) { return true }
    guard token.count > 2, token[0] == 0x22,
      EventTimestamp.parse(UnsafeRawBufferPointer(rebasing: token[1..<(token.count - 1)])) != nil
    else { return false }
    stamp.sentAt = Array(token)
    return true
  }

  private func unreadable(
    _ bytes: UnsafeRawBufferPointer,
    _ failure: BodyFailure,
    _ request: CollectRequest
  ) -> Record {
    let payload = deadLetterMask.payload(bytes)
    var headers = [
      RecordHeader("reason", failure.problem.code),
      RecordHeader("message", failure.problem.message),
    ]
    if let source = request.source { headers.append(RecordHeader("source", source)) }
    if payload.isMasked { headers.append(RecordHeader("masked", "true")) }
    return Record(key: nil, value: payload.bytes, headers: headers)
  }

  // MARK: - Writing

  private func append(_ sorted: SortedRequest, at now: StoryTime) throws -> [AcceptedEvent] {
    var accepted: [AcceptedEvent] = []
    accepted.reserveCapacity(sorted.acceptedCount)
    for (number, batch) in sorted.batches.enumerated() where !batch.records.isEmpty {
      let partition = TopicPartition(configuration.eventsTopic, Int32(number))
      let base = try log.append(batch.records, to: partition, appendTime: now.milliseconds)
      for (position, event) in batch.events.enumerated() {
        accepted.append(
          AcceptedEvent(
            index: event.index,
            eventID: event.eventID,
            partition: partition,
            offset: base.advanced(by: Int64(position))
          )
        )
      }
    }
    if !sorted.deadLetters.isEmpty {
      let partition = TopicPartition(configuration.deadLetterTopic, 0)
      _ = try log.append(sorted.deadLetters, to: partition, appendTime: now.milliseconds)
    }
    accepted.sort { $0.index < $1.index }
    return accepted
  }

  private func unavailable(_ error: any Error) -> CollectResponse {
    metrics.noteLogFailure(error)
    return CollectResponse(
      status: 503,
      problem: CollectResponse.Problem(
        code: "log_unavailable",
        message: "the log cannot be written at the moment",
        advice: "Keep the events and send the same body again later."
      ),
      retryAfterSeconds: configuration.retryAfterSeconds
    )
  }
}

/// One request's events, sorted by what becomes of them.
private struct SortedRequest {
  struct Batch {
    var records: [Record] = []
    var events: [(index: Int, eventID: String)] = []
  }

  var batches: [Batch]
  var deadLetters: [Record] = []
  var refused: [RefusedEvent] = []
  private(set) var acceptedCount = 0

  init(partitionCount: Int) {
    batches = Array(repeating: Batch(), count: partitionCount)
  }

  var isEmpty: Bool { acceptedCount == 0 && deadLetters.isEmpty }

  mutating func accept(_ event: ReadyEvent, index: Int) {
    let partition = Int(Murmur2.partition(forKey: event.key, count: batches.count))
    batches[partition].records.append(Record(key: event.key, value: event.value))
    batches[partition].events.append((index, event.eventID))
    acceptedCount += 1
  }

  mutating func refuse(
    _ refusal: Refusal,
    at place: EventPlace,
    index: Int,
    payload: (bytes: [UInt8], isMasked: Bool),
    source: String?
  ) {
    refused.append(
      RefusedEvent(
        index: index,
        line: place.line,
        code: refusal.code,
        field: refusal.field,
        message: refusal.message
      )
    )
    var headers = [RecordHeader("reason", refusal.code.rawValue)]
    if let field = refusal.field { headers.append(RecordHeader("field", field)) }
    headers.append(RecordHeader("message", refusal.message))
    if let source { headers.append(RecordHeader("source", source)) }
    if let line = place.line {
      headers.append(RecordHeader("line", String(line)))
    } else {
      headers.append(RecordHeader("index", String(index)))
    }
    if place.range.count > payload.bytes.count, !payload.isMasked {
      headers.append(RecordHeader("bytes", String(place.range.count)))
    }
    if payload.isMasked { headers.append(RecordHeader("masked", "true")) }
    deadLetters.append(Record(key: nil, value: payload.bytes, headers: headers))
  }
}
