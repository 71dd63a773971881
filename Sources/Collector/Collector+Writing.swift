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
      response.accepted = sorted.unplaced(configuration.eventsTopic)
      return (response, false)
    }
    do {
      response.accepted = try append(sorted, at: now)
      let waits =
        request.durability == .synced
        && !(request.comesFromNetwork && configuration.answer == .appended)
      return (response, waits && !sorted.isEmpty)
    } catch {
      return (unavailable(error), false)
    }
  }

  /// All of a request in one step: its events by partition, and its dead letters.
  private func append(_ sorted: SortedRequest, at now: StoryTime) throws -> [AcceptedEvent] {
    let acknowledgement = configuration.acknowledgement
    let written = sorted.batches.indices.filter { !sorted.batches[$0].records.isEmpty }
    var appends = written.map { number in
      PartitionAppend(
        TopicPartition(configuration.eventsTopic, Int32(number)),
        sorted.batches[number].records,
        inSyncMin: acknowledgement.minInSyncReplicas
      )
    }
    let events = appends
    if !sorted.deadLetters.isEmpty {
      appends.append(
        PartitionAppend(TopicPartition(configuration.deadLetterTopic, 0), sorted.deadLetters))
    }
    let places = try log.appendPlacing(
      appends, appendTime: now.milliseconds, waitsForAll: acknowledgement.acks == .all)
    if configuration.keepsRawArchive {
      // The events are in Kafka: an archive that fails costs the second chance, not the request.
      do { try archive?.append(events, at: now.milliseconds) } catch { metrics.noteLogFailure(error) }
    }
    var accepted: [AcceptedEvent] = []
    accepted.reserveCapacity(sorted.acceptedCount)
    for (place, number) in written.enumerated() {
      for (position, event) in sorted.batches[number].events.enumerated() {
        accepted.append(
          AcceptedEvent(
            index: event.index,
            eventID: event.eventID,
            partition: appends[place].partition,
            offset: places[place][position]
          )
        )
      }
    }
    accepted.sort { $0.index < $1.index }
    return accepted
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

