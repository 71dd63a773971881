// The dead letters as a list that people work through. The letters themselves never change: what is
// decided about them is written to a second topic beside theirs.
//
//     app-events-dlq         offset 7: the refused bytes, headers reason, field, message, app_id, …
//     app-events-dlq-notes   key 7: `fix` with the mended bytes, or `replay` with the new address
//
// A replay is done once: the note is the memory, and where a crash came between the event and its
// note, the event's id is found in the log and the note is written then.

internal import EventLog
package import EventModel
package import KafkaProtocol
internal import Simulation

/// One refused event, and what became of it.
package struct DeadLetter: Sendable, Hashable {
  /// In the dead-letter topic.
  package var offset: Offset
  /// When it was refused, in milliseconds since the epoch.
  package var time: Int64
  /// A `RefusalCode`, or the code of a body that could not be read; nil for a record of somebody else.
  package var reason: String?
  package var field: String?
  package var message: String?
  package var source: String?
  package var payload: [UInt8]
  /// True where something that may identify a person was replaced in the payload.
  package var isMasked: Bool
  /// True where only the beginning was kept.
  package var isCut: Bool
  /// The stamp that it would have got.
  package var appID: String?
  package var receivedAt: String?
  package var sentAt: String?
  /// The bytes after `dlq fix`; nil without one.
  package var fixed: [UInt8]?
  /// Where the event is now; nil while it is unresolved.
  package var replayed: (partition: TopicPartition, offset: Offset)? {
    guard let replayedTo, let replayedAt else { return nil }
    return (replayedTo, replayedAt)
  }

  var replayedTo: TopicPartition?
  var replayedAt: Offset?

  /// What a replay sends.
  package var bytes: [UInt8] { fixed ?? payload }

  init(_ record: Record) {
    func header(_ key: String) -> String? { record.text(ofHeader: key) }
    offset = record.offset
    time = record.timestamp
    reason = header("reason")
    field = header("field")
    message = header("message")
    source = header("source")
    payload = record.value ?? []
    isMasked = header("masked") == "true"
    isCut = header("bytes") != nil
    appID = header("app_id")
    receivedAt = header("received_at")
    sentAt = header("sent_at")
  }
}

extension Record {
  func text(ofHeader key: String) -> String? {
    guard let value = headers.first(where: { $0.key == key })?.value else { return nil }
    return String(decoding: value, as: UTF8.self)
  }
}

extension Collector {
  var notesTopic: String { configuration.deadLetterTopic + "-notes" }

  /// Every dead letter that the log still keeps, with what was decided about it, oldest first.
  package func deadLetters() throws -> [DeadLetter] {
    var letters: [DeadLetter] = []
    var places: [Int64: Int] = [:]
    try forEachRecord(of: TopicPartition(configuration.deadLetterTopic, 0)) { record in
      places[record.offset.rawValue] = letters.count
      letters.append(DeadLetter(record))
    }
    guard !letters.isEmpty, try log.partitionCountIfKnown(of: notesTopic) != nil else {
      return letters
    }
    try forEachRecord(of: TopicPartition(notesTopic, 0)) { record in
      let key = record.key.map { String(decoding: $0, as: UTF8.self) }
      guard let place = key.flatMap({ Int64($0) }).flatMap({ places[$0] }) else { return }
      switch record.text(ofHeader: "action") {
      case "fix": letters[place].fixed = record.value
      case "replay":
        if let partition = record.text(ofHeader: "partition").flatMap({ Int32($0) }),
          let offset = record.text(ofHeader: "offset").flatMap({ Int64($0) })
        {
          letters[place].replayedTo = TopicPartition(configuration.eventsTopic, partition)
          letters[place].replayedAt = Offset(offset)
        }
      default: break
      }
    }
    return letters
  }

  /// One dead letter; throws `collector.unknown_dead_letter` for an offset that has none.
  package func deadLetter(at offset: Int64) throws -> DeadLetter {
    guard let letter = try deadLetters().first(where: { $0.offset.rawValue == offset }) else {
      throw CollectorError(
        .unknownDeadLetter, "the dead letters have none at offset \(offset)",
        place: "\(configuration.deadLetterTopic) 0:\(offset)",
        advice: "dlq list shows the offsets that there are.", fields: ["offset": String(offset)])
    }
    return letter
  }

  func note(_ offset: Offset, value: [UInt8]?, _ headers: [RecordHeader]) throws {
    try log.ensureTopic(notesTopic, partitionCount: 1)
    let record = Record(
      key: Array(String(offset.rawValue).utf8), value: value ?? [], headers: headers)
    _ = try log.append(
      [record], to: TopicPartition(notesTopic, 0), appendTime: clock.now.milliseconds)
  }

  func forEachRecord(
    of partition: TopicPartition,
    _ body: (Record) throws -> Void
  ) throws {
    var position = try log.startOffset(partition)
    while true {
      let records = try log.read(partition, from: position, bytesMax: 1 << 20)
      guard let last = records.last else { return }
      for record in records where record.offset >= position { try body(record) }
      position = last.offset.advanced(by: 1)
    }
  }
}

extension CollectorLog {
  /// The partitions of a topic; nil where there is no such topic.
  func partitionCountIfKnown(of topic: String) throws -> Int? {
    guard let count = try? partitionCount(of: topic), count > 0 else { return nil }
    return count
  }
}
