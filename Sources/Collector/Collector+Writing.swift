// Into the log, and when the answer may be given.

internal import EventLog
internal import KafkaProtocol
internal import Simulation

extension Collector {
  /// Appends what was sorted and completes the answer; it may be given, as early or as late as the
  /// settings say, at once or after the log's next sync.
  func write(
    _ sorted: SortedRequest,
    _ request: CollectRequest,
    _ prepared: CollectResponse,
    at now: StoryTime
  ) -> (response: CollectResponse, waitsForSync: Bool) {
    var response = prepared
    if configuration.answer == .received {
      let work: @Sendable () -> Void = { [self] in
        do {
          _ = try append(sorted, at: now)
        } catch {
          // The answer is out. This is what it means to give it too early.
          metrics.noteLogFailure(error)
        }
      }
      if request.comesFromNetwork {
        guard late.add(work) else { return (unavailable(nil), false) }
      } else {
        held.add(at: now.milliseconds, work)
      }
      response.accepted = sorted.accepted.placed(in: configuration.eventsTopic)
      return (response, false)
    }
    do {
      response.accepted = try append(sorted, at: now)
      return (response, waitsForSync(request) && !sorted.isEmpty)
    } catch {
      return (unavailable(error), false)
    }
  }

  /// True where the answer waits until the events are on the disk itself.
  func waitsForSync(_ request: CollectRequest) -> Bool {
    switch configuration.answer {
    case .received: false
    case .appended: request.durability == .synced && !request.comesFromNetwork
    case .synced: request.durability == .synced
    }
  }

  /// Appends what was sorted, and calls `completion` with the accepted events' addresses when they are
  /// on the disk, on a thread of the log's.
  func appendDurably(
    _ sorted: SortedRequest,
    at now: StoryTime,
    _ completion: @escaping @Sendable (Result<AcceptedEvents, any Error>) -> Void
  ) {
    let appends = appends(of: sorted)
    log.appendDurably(
      appends.all, appendTime: now.milliseconds,
      waitsForAll: configuration.acknowledgement.acks == .all
    ) { [topic = configuration.eventsTopic, events = sorted.accepted, written = appends.written] places in
      completion(places.map { Self.placed(events, in: topic, written, $0) })
    }
  }

  /// A request's records: of the partitions with events, then of the dead letters.
  private struct Appends: Sendable {
    var all: [PartitionAppend] = []
    /// The partitions with events, ascending.
    var written: [Int]

    var events: ArraySlice<PartitionAppend> { all.prefix(written.count) }
  }

  private func appends(of sorted: SortedRequest) -> Appends {
    var appends = Appends(
      written: sorted.batches.indices.filter { sorted.batches[$0].recordCount > 0 })
    appends.all = appends.written.map { number in
      PartitionAppend(
        TopicPartition(configuration.eventsTopic, Int32(number)),
        sorted.batches[number],
        inSyncMin: configuration.acknowledgement.minInSyncReplicas
      )
    }
    if !sorted.deadLetters.isEmpty {
      appends.all.append(
        PartitionAppend(TopicPartition(configuration.deadLetterTopic, 0), sorted.deadLetters))
    }
    return appends
  }

  private func keepRaw(_ appends: Appends, at now: StoryTime) {
    guard configuration.keepsRawArchive else { return }
    // The events are in Kafka: an archive that fails costs the second chance, not the request.
    do {
      try archive?.append(Array(appends.events), at: now.milliseconds)
    } catch {
      metrics.noteLogFailure(error)
    }
  }

  /// All of a request in one step: its events by partition, and its dead letters.
  private func append(_ sorted: SortedRequest, at now: StoryTime) throws -> AcceptedEvents {
    let appends = appends(of: sorted)
    let places = try log.appendPlacing(
      appends.all, appendTime: now.milliseconds,
      waitsForAll: configuration.acknowledgement.acks == .all)
    keepRaw(appends, at: now)
    return Self.placed(sorted.accepted, in: configuration.eventsTopic, appends.written, places)
  }

  /// The accepted events with their addresses; `places` are those of the partitions in `written`.
  private static func placed(
    _ events: AcceptedEvents, in topic: String, _ written: [Int], _ places: [RecordPlaces]
  ) -> AcceptedEvents {
    var byPartition = [RecordPlaces?](repeating: nil, count: written.last.map { $0 + 1 } ?? 0)
    for (number, place) in zip(written, places) { byPartition[number] = place }
    return events.placed(in: topic, byPartition)
  }

  func unavailable(_ error: (any Error)?) -> CollectResponse {
    if let error { metrics.noteLogFailure(error) }
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

