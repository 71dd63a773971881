// Mending dead letters and sending them again, once.

internal import EventLog
package import EventModel
package import KafkaProtocol
internal import Simulation

/// What a replay did with one dead letter.
package struct ReplayOutcome: Sendable {
  /// What became of the letter.
  package enum Result: Sendable {
    /// It is an event now.
    case accepted(TopicPartition, Offset)
    /// It had been replayed before: by a note, or by its id in the log.
    case alreadyThere(TopicPartition, Offset)
    /// It is refused again, for this reason.
    case refused(RefusalCode, field: String?)
    /// What is kept is not what was sent: cut off or masked. It needs a fix first.
    case notWhole
  }

  package var letter: DeadLetter
  package var result: Result
}

extension Collector {
  /// Mends a dead letter: each change sets one member, such as `properties.price` to 29900.
  ///
  /// Nothing is sent yet. Throws `collector.unknown_dead_letter`, and `collector.bad_fix` where the bytes
  /// are no JSON object or a path leads through something else.
  package func fixDeadLetter(
    at offset: Int64,
    _ changes: [(path: String, value: JSONValue)]
  ) throws -> DeadLetter {
    var letter = try deadLetter(at: offset)
    let parsed = letter.bytes.withUnsafeBytes { try? JSONValue(parsing: $0) }
    guard var event = parsed, event.object != nil else {
      throw CollectorError(
        .badFix, "the bytes of dead letter \(offset) are no JSON object: no member can be set",
        place: "\(configuration.deadLetterTopic) 0:\(offset)",
        advice: "Whoever sent it must send it again; this letter cannot be recovered.",
        fields: ["offset": String(offset)])
    }
    for change in changes {
      let path = change.path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard let changed = Self.setting(path[...], to: change.value, in: event) else {
        throw CollectorError(
          .badFix, "`\(change.path)` leads through a value that is no object",
          place: "\(configuration.deadLetterTopic) 0:\(offset)",
          advice: "Name a member such as properties.price.", fields: ["offset": String(offset)])
      }
      event = changed
    }
    letter.fixed = Array(event.text.utf8)
    try note(letter.offset, value: letter.fixed, [RecordHeader("action", "fix")])
    try log.sync()
    return letter
  }

  private static func setting(
    _ path: ArraySlice<String>,
    to value: JSONValue,
    in target: JSONValue
  ) -> JSONValue? {
    guard let key = path.first, !key.isEmpty, var members = target.object else { return nil }
    let place = members.firstIndex { $0.key == key }
    let rest = path.dropFirst()
    let inner: JSONValue
    if rest.isEmpty {
      inner = value
    } else {
      let below = place.map { members[$0].value } ?? .object([])
      guard let changed = setting(rest, to: value, in: below) else { return nil }
      inner = changed
    }
    if let place { members[place].value = inner } else { members.append(JSONMember(key, inner)) }
    return .object(members)
  }

  /// Sends dead letters again that `isWanted` picks, under the plan and the checks of today.
  ///
  /// An event keeps its id and the times of its first arrival. What was replayed before, or is in the
  /// log by its id, is not sent again. Letters of foreign sources are left out: their file is
  /// collected again. Throws what the log throws; what was done until then is noted.
  package func replayDeadLetters(
    where isWanted: (DeadLetter) -> Bool
  ) throws -> [ReplayOutcome] {
    let letters = try deadLetters().filter { $0.source == nil && isWanted($0) }
    var ready: [(letter: DeadLetter, event: ReadyEvent)] = []
    var outcomes: [ReplayOutcome] = []
    var check = EnvelopeCheck(bytesMax: configuration.eventBytesMax, keyRule: keyRule)
    var planCheck: PlanCheck?
    if configuration.validation != .off { planCheck = configuration.plan.map { PlanCheck($0) } }
    for letter in letters {
      if let (partition, offset) = letter.replayed {
        outcomes.append(ReplayOutcome(letter: letter, result: .alreadyThere(partition, offset)))
      } else if letter.fixed == nil, letter.isMasked || letter.isCut {
        outcomes.append(ReplayOutcome(letter: letter, result: .notWhole))
      } else {
        do throws(Refusal) {
          ready.append((letter, try recheck(letter, &check, &planCheck)))
        } catch {
          outcomes.append(
            ReplayOutcome(letter: letter, result: .refused(error.code, field: error.field)))
        }
      }
    }
    var known = try addresses(of: Set(ready.map(\.event.eventID)))
    for (letter, event) in ready {
      let id = event.eventID
      if let (partition, offset) = known[id] {
        try noteReplay(letter, partition, offset)
        outcomes.append(ReplayOutcome(letter: letter, result: .alreadyThere(partition, offset)))
        continue
      }
      let partition = TopicPartition(
        configuration.eventsTopic,
        PartitionKey.partition(event, count: partitionCount))
      let offset = try log.append(
        [Record(key: event.key, value: event.value)], to: partition,
        appendTime: clock.now.milliseconds)
      known[id] = (partition, offset)
      try noteReplay(letter, partition, offset)
      outcomes.append(ReplayOutcome(letter: letter, result: .accepted(partition, offset)))
    }
    try log.sync()
    return outcomes.sorted { $0.letter.offset < $1.letter.offset }
  }

  private func recheck(
    _ letter: DeadLetter,
    _ check: inout EnvelopeCheck,
    _ planCheck: inout PlanCheck?
  ) throws(Refusal) -> ReadyEvent {
    var stamp = CollectorStamp(
      appID: letter.appID ?? configuration.appID,
      receivedAt: letter.receivedAt ?? StoryTime(milliseconds: letter.time).iso8601
    )
    stamp.sentAt = letter.sentAt.map { Array($0.utf8) }
    let bytes = letter.bytes
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(Refusal) in
        let event = try check.check(raw, in: 0..<raw.count, stamp: stamp)
        if let refusal = planCheck?.refusal(
          raw, name: check.nameRange, properties: check.propertiesRange),
          configuration.validation == .enforce
        {
          throw refusal
        }
        return event
      }
    }
    return try result.get()
  }

  private func noteReplay(
    _ letter: DeadLetter,
    _ partition: TopicPartition,
    _ offset: Offset
  ) throws {
    try note(
      letter.offset, value: nil,
      [
        RecordHeader("action", "replay"), RecordHeader("topic", partition.topic),
        RecordHeader("partition", String(partition.partition)),
        RecordHeader("offset", String(offset.rawValue)),
      ])
  }

  /// Where the events with these ids are in the log: one pass over what it keeps.
  private func addresses(
    of ids: Set<String>
  ) throws -> [String: (TopicPartition, Offset)] {
    guard !ids.isEmpty else { return [:] }
    var found: [String: (TopicPartition, Offset)] = [:]
    var scanner = JSONObjectScanner()
    for number in 0..<partitionCount {
      let partition = TopicPartition(configuration.eventsTopic, Int32(number))
      try forEachRecord(of: partition) { record in
        guard let value = record.value else { return }
        value.withUnsafeBytes { bytes in
          guard (try? scanner.scan(bytes, in: 0..<bytes.count)) != nil,
            let place = scanner.index(of: "event_id", in: bytes)
          else { return }
          let id = JSONObjectScanner.string(bytes, scanner.members[place])
          if ids.contains(id), found[id] == nil { found[id] = (partition, record.offset) }
        }
      }
    }
    return found
  }
}
