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
    if mapping == nil, request.format == .json, sortInOnePass(bytes, request, stamp: stamp, into: &sorted) {
      metrics.noteOnePass()
      return
    }
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
    var planCheck = mapping == nil ? makePlanCheck() : nil
    let deadLetterKeys = mapper?.deadLetterKeys ?? []
    for (index, place) in body.events.enumerated() {
      do throws(Refusal) {
        if hasBadSentAt { throw EnvelopeCheck.badSentAt }
        if let event = try mapper?.map(bytes, in: place.range) {
          sorted.accept(event, index: index)
        } else {
          let event = try check.scanAndCheck(
            bytes, in: place.range, replacesSentAt: stamp.sentAt != nil)
          try judge(event, place, index, bytes, &check, &planCheck, stamp: stamp, into: &sorted)
        }
      } catch {
        refuse(
          error, place, index, bytes, request, pseudonymized: deadLetterKeys, stamp: stamp,
          into: &sorted)
      }
    }
  }

  private func makePlanCheck() -> PlanCheck? {
    configuration.validation == .off ? nil : configuration.plan.map { PlanCheck($0) }
  }

  /// Holds an event whose envelope is right against the tracking plan, and takes it.
  private func judge(
    _ event: EventInPlace,
    _ place: EventPlace,
    _ index: Int,
    _ bytes: UnsafeRawBufferPointer,
    _ check: inout EnvelopeCheck,
    _ planCheck: inout PlanCheck?,
    stamp: CollectorStamp,
    into sorted: inout SortedRequest
  ) throws(Refusal) {
    if let refusal = planCheck?.refusal(
      bytes, name: check.nameRange, properties: check.propertiesRange,
      members: check.propertiesMembers)
    {
      if configuration.coercesWrongTypes, refusal.code == .wrongPropertyType,
        let coerced = planCheck?.coerced(bytes, in: place.range)
      {
        let result = coerced.withUnsafeBytes { plain in
          Result { () throws(Refusal) in
            try check.check(plain, in: 0..<plain.count, stamp: stamp)
          }
        }
        return sorted.accept(try result.get(), index: index)
      }
      if configuration.validation == .enforce { throw refusal }
      sorted.warn(refusal, at: place, index: index)
    }
    let eventID = UnsafeRawBufferPointer(rebasing: bytes[event.eventID])
    let key: UnsafeRawBufferPointer?
    switch event.key {
    case .none: key = nil
    case .at(let range): key = UnsafeRawBufferPointer(rebasing: bytes[range])
    case .made(let made):
      return sorted.accept(
        ReadyEvent(
          eventID: String(decoding: eventID, as: UTF8.self), key: made,
          value: check.value(of: event, bytes, stamp: stamp)),
        index: index)
    }
    if let untouched = event.untouched {
      sorted.accept(
        eventID: eventID, key: key,
        value: UnsafeRawBufferPointer(rebasing: bytes[untouched]), tail: stamp.tail, index: index)
    } else {
      check.value(of: event, bytes, stamp: stamp).withUnsafeBytes {
        sorted.accept(eventID: eventID, key: key, value: $0, index: index)
      }
    }
  }

  private func refuse(
    _ refusal: Refusal,
    _ place: EventPlace,
    _ index: Int,
    _ bytes: UnsafeRawBufferPointer,
    _ request: CollectRequest,
    pseudonymized keys: [[UInt8]] = [],
    stamp: CollectorStamp,
    into sorted: inout SortedRequest
  ) {
    let payload = deadLetterMask.payload(
      UnsafeRawBufferPointer(rebasing: bytes[place.range]), pseudonymized: keys)
    sorted.refuse(
      refusal, at: place, index: index, payload: payload, source: request.source, stamp: stamp)
  }

  // MARK: - In one pass

  /// Sorts `{"sent_at": …, "events": [ … ]}`, as SDKs write it, or `[ … ]`: each event is read once, where
  /// it stands, its properties with it.
  ///
  /// False, with `sorted` as it was, for every other body and for one that is not whole JSON: the long
  /// way cuts it into events first, and says what is wrong with which.
  private func sortInOnePass(
    _ bytes: UnsafeRawBufferPointer,
    _ request: CollectRequest,
    stamp: CollectorStamp,
    into sorted: inout SortedRequest
  ) -> Bool {
    var whole = SortedRequest(partitionCount: partitionCount, bodyBytes: bytes.count)
    var walker = StructureWalker(bytes, at: 0)
    var hasEvents = false
    do throws(OnePassEnd) {
      walker.skipSpaces()
      if walker.current == 0x5B {
        try sortElements(&walker, bytes, request, stamp: stamp, sentAt: nil, into: &whole)
        hasEvents = true
      } else if walker.current == 0x7B {
        var sentAt: Range<Int>?
        let result = Result { () throws(BodyFailure) in
          try walker.forEachMember { (key, walker) throws(BodyFailure) in
            let name = UnsafeRawBufferPointer(rebasing: bytes[key])
            // What comes behind the events would be too late for them.
            guard !hasEvents else { throw Self.longWay }
            if walker.current == 0x5B, name.elementsEqual("events".utf8) {
              do throws(OnePassEnd) {
                try sortElements(&walker, bytes, request, stamp: stamp, sentAt: sentAt, into: &whole)
              } catch { throw Self.longWay }
              hasEvents = true
              return
            }
            let start = walker.position
            try walker.skipValue()
            if name.elementsEqual("sent_at".utf8) { sentAt = start..<walker.position }
          }
        }
        guard case .success = result else { return false }
      }
    } catch {
      return false
    }
    walker.skipSpaces()
    guard hasEvents, walker.position == bytes.count else { return false }
    sorted = whole
    return true
  }

  /// Why one pass does not do: it is never shown.
  private struct OnePassEnd: Error {}
  private static let longWay = StructureWalker.failure("", at: 0)

  /// The elements of the array that begins here; moves behind it.
  private func sortElements(
    _ walker: inout StructureWalker,
    _ bytes: UnsafeRawBufferPointer,
    _ request: CollectRequest,
    stamp: CollectorStamp,
    sentAt: Range<Int>?,
    into sorted: inout SortedRequest
  ) throws(OnePassEnd) {
    var stamp = stamp
    let hasBadSentAt = !readSentAt(sentAt, bytes, into: &stamp)
    var check = EnvelopeCheck(bytesMax: configuration.eventBytesMax, keyRule: keyRule)
    var planCheck = makePlanCheck()
    walker.move(to: walker.position + 1)
    walker.skipSpaces()
    var index = 0
    while walker.current == 0x7B {
      guard index < configuration.eventsMax,
        let end = try? check.scanEvent(bytes, in: walker.position..<bytes.count)
      else { throw OnePassEnd() }
      let place = EventPlace(range: walker.position..<end, line: nil)
      do throws(Refusal) {
        if hasBadSentAt { throw EnvelopeCheck.badSentAt }
        let event = try check.checkScanned(
          bytes, in: place.range, replacesSentAt: stamp.sentAt != nil)
        try judge(event, place, index, bytes, &check, &planCheck, stamp: stamp, into: &sorted)
      } catch {
        refuse(error, place, index, bytes, request, stamp: stamp, into: &sorted)
      }
      index += 1
      walker.move(to: end)
      walker.skipSpaces()
      if walker.current == 0x5D {
        walker.move(to: walker.position + 1)
        return
      }
      guard walker.current == 0x2C else { throw OnePassEnd() }
      walker.move(to: walker.position + 1)
      walker.skipSpaces()
    }
    throw OnePassEnd()
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
  /// The records of the accepted events, by partition.
  private(set) var batches: [RecordBatchBuilder]
  /// The accepted events, without their addresses.
  private(set) var accepted = AcceptedEvents()
  var deadLetters: [Record] = []
  var refused: [RefusedEvent] = []
  var warned: [RefusedEvent] = []

  /// - Parameter bodyBytes: the size of the body, from which the batches' room is guessed.
  init(partitionCount: Int, bodyBytes: Int = 0) {
    // A third beyond an even share, for what the collector adds and for uneven keys.
    let room = bodyBytes / max(1, partitionCount) / 3 * 4
    batches = Array(repeating: RecordBatchBuilder(room: room), count: partitionCount)
  }

  var acceptedCount: Int { accepted.count }
  var isEmpty: Bool { accepted.isEmpty && deadLetters.isEmpty }

  mutating func accept(_ event: ReadyEvent, index: Int) {
    var eventID = event.eventID
    eventID.withUTF8 { eventID in
      event.value.withUnsafeBytes { value in
        guard let key = event.key else {
          return accept(
            eventID: UnsafeRawBufferPointer(eventID), key: nil, value: value, index: index)
        }
        key.withUnsafeBytes {
          accept(eventID: UnsafeRawBufferPointer(eventID), key: $0, value: value, index: index)
        }
      }
    }
  }

  /// Takes an event whose record is `value` and `tail`, one behind the other.
  mutating func accept(
    eventID: UnsafeRawBufferPointer,
    key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer,
    tail: [UInt8] = [],
    index: Int
  ) {
    let partition = Int(Murmur2.partition(forKey: key ?? eventID, count: batches.count))
    accepted.add(
      index: index, partition: partition, position: batches[partition].recordCount,
      eventID: eventID)
    batches[partition].append(key: key, value: value, tail: tail)
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
