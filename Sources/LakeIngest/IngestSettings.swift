// `pipeline/ingest.yaml`: how the log is carried into Bronze.

/// How the consumer group of Bronze reads. Times are milliseconds of the story.
package struct IngestSettings: Sendable, Hashable {
  /// What a repetition does.
  package enum Delivery: String, Sendable, CaseIterable {
    /// The position is what the lake holds; an object is put only if it is absent.
    case exactlyOnce = "exactly-once"
    /// The position is what the group committed; what was not is written once more.
    case atLeastOnce = "at-least-once"
  }

  /// Where a group begins that has no offset, or one that the log no longer has.
  package enum Reset: String, Sendable, CaseIterable {
    case earliest, latest, none
  }

  /// What happens to a record that is not a JSON object.
  package enum Poison: String, Sendable, CaseIterable {
    /// It is archived as it came: Bronze keeps bytes, and the cleaning judges them.
    case store
    /// The member fails at it and begins again, for as long as the record is there.
    case stop
    /// It is left out, and counted.
    case skip
    /// It goes to the topic of dead letters, and is left out.
    case dlq
  }

  package var delivery = Delivery.exactlyOnce
  /// Members of the group.
  package var consumers = 1
  /// `max.poll.records`.
  package var pollRecordsMax = 500
  /// `max.poll.interval.ms`.
  package var pollIntervalMax: Int64 = 300_000
  /// `session.timeout.ms`.
  package var sessionTimeout: Int64 = 45_000
  /// `auto.commit.interval.ms`, for at-least-once.
  package var commitInterval: Int64 = 5_000
  /// `auto.offset.reset`.
  package var reset = Reset.earliest
  /// What one record takes, an enrichment call for instance; 0 for no time at all.
  package var recordMilliseconds = 0.0
  /// When the service that is asked about each record is slow. Of the world, not of the file.
  package var slowCalls: [SlowCall] = []
  package var poison = Poison.store

  /// A time of the story in which a record takes longer.
  package struct SlowCall: Sendable, Hashable {
    /// Milliseconds since the epoch.
    package var time: Range<Int64>
    package var milliseconds: Double

    package init(time: Range<Int64>, milliseconds: Double) {
      self.time = time
      self.milliseconds = milliseconds
    }
  }

  package init() {}

  /// The settings as `ingest.yaml` names them, in its order; seconds where it has seconds.
  package var named: [(name: String, value: String)] {
    [
      ("delivery", delivery.rawValue), ("consumers", String(consumers)),
      ("autoOffsetReset", reset.rawValue), ("poison", poison.rawValue),
      ("maxPollRecords", String(pollRecordsMax)),
      ("maxPollIntervalSeconds", String(pollIntervalMax / 1_000)),
      ("sessionTimeoutSeconds", String(sessionTimeout / 1_000)),
      ("autoCommitIntervalSeconds", String(commitInterval / 1_000)),
      ("millisecondsPerRecord", String(recordMilliseconds)),
    ]
  }

  /// What a record takes whose poll begins at a moment.
  func milliseconds(at time: Int64) -> Double {
    slowCalls.reduce(recordMilliseconds) { $1.time.contains(time) ? $0 + $1.milliseconds : $0 }
  }

  /// Whether records take time anywhere between two moments.
  func isSlow(from start: Int64, to end: Int64) -> Bool {
    recordMilliseconds > 0 || slowCalls.contains { $0.time.lowerBound <= end && $0.time.upperBound > start }
  }
}
