// What can go wrong in the log, in words a learner can act on.

internal import Diagnostics
package import KafkaProtocol

/// A refused request, or a file of the log that cannot be read or written.
package struct EventLogError: DiagnosableError, Hashable {
  package enum Kind: String, Sendable {
    case unknownTopic, unknownPartition, invalidTopicName, partitionCountMismatch
    case offsetOutOfRange, recordTooLarge, invalidGroup, closed
    case topicExists, invalidSetting, unknownSetting
    /// A broker that is not there, or runs already, or does not run.
    case wrongBroker
    /// A group's offsets are to move while it has members.
    case groupActive
    /// Nobody in sync leads a partition, or too few are in sync for acks=all.
    case noLeader, notEnoughReplicas
    /// A batch of a client that is not taken as it is; `wireCode` says why.
    case batchRefused
    /// Bytes of a segment fail their checksum or contradict themselves.
    case corruptBatch
    /// A segment or directory that must exist does not.
    case missingFile
    /// A file of the log's own bookkeeping cannot be understood.
    case corruptMetadata
    case diskFull, readOnly, ioFailed
  }

  package var kind: Kind
  package var message: String
  /// The path below the log's root, and the byte offset where there is one.
  package var place: String?
  package var advice: String?
  package var fields: [String: String]
  private var refusal: KafkaErrorCode?

  package init(
    _ kind: Kind,
    _ message: String,
    place: String? = nil,
    advice: String? = nil,
    fields: [String: String] = [:]
  ) {
    self.kind = kind
    self.message = message
    self.place = place
    self.advice = advice
    self.fields = fields
  }

  package var code: String { "eventLog.\(kind.rawValue)" }

  /// What a Kafka client is told.
  package var wireCode: KafkaErrorCode {
    switch kind {
    case .unknownTopic, .unknownPartition: .unknownTopicOrPartition
    case .invalidTopicName: .invalidTopic
    case .partitionCountMismatch: .invalidPartitions
    case .offsetOutOfRange: .offsetOutOfRange
    case .recordTooLarge: .messageTooLarge
    case .invalidGroup: .invalidGroupID
    case .closed: .notLeaderOrFollower
    case .topicExists: .topicAlreadyExists
    case .invalidSetting, .unknownSetting, .wrongBroker: .invalidConfig
    case .groupActive: .nonEmptyGroup
    case .noLeader: .leaderNotAvailable
    case .notEnoughReplicas: .notEnoughReplicas
    case .batchRefused: refusal ?? .invalidRecord
    case .corruptBatch, .missingFile, .corruptMetadata, .diskFull, .readOnly, .ioFailed:
      .kafkaStorageError
    }
  }

  /// True where the brokers of the story refuse, not this machine: producers are to try again later.
  package var isOutage: Bool { kind == .noLeader || kind == .notEnoughReplicas }

  /// A client's batch that is not appended.
  static func refused(_ code: KafkaErrorCode, _ message: String) -> EventLogError {
    var error = EventLogError(.batchRefused, message)
    error.refusal = code
    return error
  }
}

extension EventLogError {
  static func unknownTopic(_ name: String, known: [String]) -> EventLogError {
    EventLogError(
      .unknownTopic,
      "There is no topic \"\(name)\".",
      advice: known.isEmpty
        ? "The log has no topics yet." : "The topics are: \(known.joined(separator: ", ")).",
      fields: ["topic": name, "known": known.joined(separator: ", ")]
    )
  }

  static func unknownPartition(_ topic: String, _ partition: Int32, count: Int) -> EventLogError {
    EventLogError(
      .unknownPartition,
      "Topic \"\(topic)\" has no partition \(partition).",
      advice: "Its partitions are 0 to \(count - 1).",
      fields: ["topic": topic, "partition": String(partition), "count": String(count)]
    )
  }

  static func offsetOutOfRange(
    _ partition: String,
    _ offset: Int64,
    start: Int64,
    end: Int64
  ) -> EventLogError {
    EventLogError(
      .offsetOutOfRange,
      "\(partition) has no offset \(offset).",
      advice:
        "It holds offsets \(start) to \(end) (exclusive); older ones were deleted by retention.",
      fields: [
        "partition": partition, "offset": String(offset), "start": String(start),
        "end": String(end),
      ]
    )
  }

  static func corruptBatch(file: String, byteOffset: Int, reason: String) -> EventLogError {
    EventLogError(
      .corruptBatch,
      "A stored batch is damaged: \(reason).",
      place: "\(file), byte \(byteOffset)",
      advice: "Records before it are readable. Restore the file from a copy, or move the "
        + "partition's directory away to start it empty.",
      fields: ["file": file, "byteOffset": String(byteOffset), "reason": reason]
    )
  }

  static func missing(_ path: String, _ what: String) -> EventLogError {
    EventLogError(
      .missingFile,
      "\(what) is missing.",
      place: path,
      advice: "Restore it from a copy; the other partitions go on without it.",
      fields: ["file": path]
    )
  }

  static func closed(_ root: String) -> EventLogError {
    EventLogError(.closed, "The log is closed.", advice: "Open it again.", fields: ["path": root])
  }
}
