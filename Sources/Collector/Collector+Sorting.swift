// From a body's bytes to events that are accepted, warned about or refused.

internal import EventModel
internal import KafkaProtocol
internal import Simulation

extension Collector {
  func sort(
    _ bytes: UnsafeRawBufferPointer,
    _ request: CollectRequest,
    _ mapping: SourceMapping?,
    stamp: CollectorStamp,
    into sorted: inout SortedRequest
  ) throws(BodyFailure) {
    let body = try RequestBody(
      bytes,
      format: mapping == nil ? request.format : .ndjson,
      firstLine: request.firstLine,
      eventsMax: configuration.eventsMax
    )
    var stamp = stamp
    let hasBadSentAt = !readSentAt(body.sentAt, bytes, into: &stamp)
    var check = EnvelopeCheck(bytesMax: configuration.eventBytesMax, keyRule: keyRule)
    var mapper = mapping.map {
      LineMapper(
        mapping: $0,
        pseudonymizer: pseudonymizer,
        stamp: stamp,
        bytesMax: configuration.eventBytesMax
      )
    }
    var planCheck: PlanCheck?
    if mapping == nil, configuration.validation != .off {
      planCheck = configuration.plan.map { PlanCheck($0) }
    }
    let deadLetterKeys = mapper?.deadLetterKeys ?? []
    for (index, place) in body.events.enumerated() {
      do throws(Refusal) {
        if hasBadSentAt { throw EnvelopeCheck.badSentAt }
        if let event = try mapper?.map(bytes, in: place.range) {
          sorted.accept(event, index: index)
        } else {
          var event = try check.check(bytes, in: place.range, stamp: stamp)
          if let refusal = planCheck?.refusal(
            bytes, name: check.nameRange, properties: check.propertiesRange)
          {
            if configuration.coercesWrongTypes, refusal.code == .wrongPropertyType,
              let coerced = planCheck?.coerced(bytes, in: place.range)
            {
              let result = coerced.withUnsafeBytes { plain in
                Result { () throws(Refusal) in
                  try check.check(plain, in: 0..<plain.count, stamp: stamp)
                }
              }
              event = try result.get()
            } else if configuration.validation == .enforce {
              throw refusal
            } else {
              sorted.warn(refusal, at: place, index: index)
            }
          }
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
          source: request.source,
          stamp: stamp
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

  func unreadable(
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

  /// The answer to a request that is refused as a whole for the events in it; nil where it goes on.
  func answerToBadEvents(_ sorted: inout SortedRequest) -> CollectResponse? {
    guard !sorted.refused.isEmpty else { return nil }
    switch configuration.badEvents {
    case .deadLetter: return nil
    case .partial:
      sorted.deadLetters = []
      return nil
    case .reject:
      var answer = CollectResponse(
        status: 400,
        problem: CollectResponse.Problem(
          code: "refused_events",
          message: "nothing was taken, since some of the events are refused",
          advice: "Leave the refused events out and send the others again."
        )
      )
      answer.refused = sorted.refused
      return answer
    case .refuseBatch:
      return CollectResponse(
        status: 400,
        problem: CollectResponse.Problem(
          code: "refused_batch",
          message: "nothing was taken, since the batch holds an event that is refused",
          advice: "Find the event and send the batch without it."
        )
      )
    }
  }
}

/// One request's events, sorted by what becomes of them.
struct SortedRequest: Sendable {
  struct Batch: Sendable {
    var records: [Record] = []
    var events: [(index: Int, eventID: String)] = []
  }

  var batches: [Batch]
  var deadLetters: [Record] = []
  var refused: [RefusedEvent] = []
  var warned: [RefusedEvent] = []
  private(set) var acceptedCount = 0

  init(partitionCount: Int) {
    batches = Array(repeating: Batch(), count: partitionCount)
  }

  var isEmpty: Bool { acceptedCount == 0 && deadLetters.isEmpty }

  /// The accepted events without an address: they are not in the log yet.
  func unplaced(_ topic: String) -> [AcceptedEvent] {
    batches.enumerated().flatMap { number, batch in
      batch.events.map {
        AcceptedEvent(
          index: $0.index, eventID: $0.eventID,
          partition: TopicPartition(topic, Int32(number)), offset: Offset(-1))
      }
    }.sorted { $0.index < $1.index }
  }

  mutating func accept(_ event: ReadyEvent, index: Int) {
    let partition = Int(PartitionKey.partition(event, count: batches.count))
    batches[partition].records.append(Record(key: event.key, value: event.value))
    batches[partition].events.append((index, event.eventID))
    acceptedCount += 1
  }

  mutating func warn(_ refusal: Refusal, at place: EventPlace, index: Int) {
    warned.append(
      RefusedEvent(
        index: index, line: place.line, code: refusal.code, field: refusal.field,
        message: refusal.message))
  }

  mutating func refuse(
    _ refusal: Refusal,
    at place: EventPlace,
    index: Int,
    payload: (bytes: [UInt8], isMasked: Bool),
    source: String?,
    stamp: CollectorStamp
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
    headers += stamp.headers
    deadLetters.append(Record(key: nil, value: payload.bytes, headers: headers))
  }
}
