import EventModel

/// Makes the request of a batch from what the queue holds: the one place where an attempt gets its
/// bytes, for simulated phones and for real apps.
package struct RequestMaker {
  package init() {}

  /// The first event of the last attempt that failed, and how often it has failed.
  private var failed: (seq: Int64, count: UInt64)?

  package mutating func request(
    _ batch: EventClient.Batch,
    from store: any EventQueueStore,
    by configuration: Configuration,
    at now: Int64
  ) throws -> Request {
    var events = try batch.seqs.map { try store.json(of: $0) }
    var sentAt = now
    if configuration.mistakes.contains(.sentAtOfBatch), let last = events.last {
      // The batch was complete when its last event was tracked.
      sentAt = Self.eventTime(of: last) ?? now
    }
    if configuration.mistakes.contains(.newIDOnRetry), let failed, failed.seq == batch.seqs.first {
      events = events.map { Self.withNewID($0, failed.count) }
    }
    let plain = Request.body(sentAt: sentAt, events: events)
    let packed = configuration.usesGzip ? Request.gzip(plain) : nil
    return Request(
      body: packed ?? plain, isGzip: packed != nil, eventCount: batch.seqs.count, sentAt: sentAt)
  }

  /// Remembers whether the batch has to go again.
  package mutating func note(_ response: Response, of batch: EventClient.Batch) {
    let isGood = response.status.map { (200...299).contains($0) } ?? false
    guard !isGood, let first = batch.seqs.first else { return failed = nil }
    failed = (first, failed?.seq == first ? (failed?.count ?? 0) + 1 : 1)
  }

  private static func eventTime(of json: [UInt8]) -> Int64? {
    let event = try? json.withUnsafeBytes { try JSONValue(parsing: $0) }
    return event?["event_time"]?.string.flatMap { EventTimestamp.parse($0) }
  }

  /// Every event begins with its id: `{"event_id":"` and 36 characters. The last twelve digits become
  /// others, by the old id and the number of the attempt.
  private static func withNewID(_ json: [UInt8], _ attempt: UInt64) -> [UInt8] {
    guard json.count > 49 else { return json }
    var hash = attempt &* 0x9E37_79B9_7F4A_7C15 ^ 0xCBF2_9CE4_8422_2325
    for byte in json[13..<49] { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    var json = json
    for index in 0..<12 {
      let digit = UInt8(truncatingIfNeeded: hash >> UInt64(60 - 4 * index)) & 0xF
      json[37 + index] = digit < 10 ? 0x30 + digit : 0x57 + digit
    }
    return json
  }
}

extension Response {
  /// What the client makes of it.
  package var outcome: EventClient.Outcome {
    guard let status else { return isTimeout ? .timedOut : .unreachable }
    return .answered(status: status, refused: refused, retryAfterSeconds: retryAfterSeconds)
  }
}
