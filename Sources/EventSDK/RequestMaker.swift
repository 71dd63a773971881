/// Makes the request of a batch from what the queue holds: the one place where an attempt gets its
/// bytes, for simulated phones and for real apps.
package struct RequestMaker {
  package init() {}

  /// The first event of the last attempt that failed.
  private var failedSeq: Int64?
  /// What a wrong client keeps: the moment at which a batch was first made, by its first event.
  private var madeAt: (seq: Int64, moment: Int64)?

  package mutating func request(
    _ batch: EventClient.Batch,
    from store: any EventQueueStore,
    by configuration: Configuration,
    at now: Int64,
    _ makeEventID: () -> String
  ) throws -> Request {
    var sentAt = now
    if configuration.mistakes.contains(.sentAtOfBatch), let first = batch.seqs.first {
      if madeAt?.seq != first { madeAt = (first, now) }
      sentAt = madeAt?.moment ?? now
    }
    var events = try batch.seqs.map { try store.json(of: $0) }
    if configuration.mistakes.contains(.newIDOnRetry), failedSeq == batch.seqs.first {
      events = events.map { Self.withNewID($0, makeEventID()) }
    }
    let plain = Request.body(sentAt: sentAt, events: events)
    let packed = configuration.usesGzip ? Request.gzip(plain) : nil
    return Request(
      body: packed ?? plain, isGzip: packed != nil, eventCount: batch.seqs.count, sentAt: sentAt)
  }

  /// Remembers whether the batch has to go again.
  package mutating func note(_ response: Response, of batch: EventClient.Batch) {
    let isGood = response.status.map { (200...299).contains($0) } ?? false
    failedSeq = isGood ? nil : batch.seqs.first
  }

  /// Every event begins with its id: `{"event_id":"` and 36 characters.
  private static func withNewID(_ json: [UInt8], _ id: String) -> [UInt8] {
    guard json.count > 49, id.utf8.count == 36 else { return json }
    var json = json
    json.replaceSubrange(13..<49, with: id.utf8)
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
