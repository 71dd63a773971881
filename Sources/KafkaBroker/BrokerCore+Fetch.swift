// Reading: stored batches as they are, at once or when there are enough of them.

internal import EventLog
internal import KafkaProtocol
internal import NIOCore

extension BrokerCore {
  func fetch(
    _ request: FetchRequest,
    _ call: Call,
    _ send: @escaping @Sendable (FetchResponse?) -> Void
  ) {
    guard request.sessionID == 0 else {
      // Every answer says that there is no session, so nobody can have one.
      return send(FetchResponse { $0.errorCode = .fetchSessionIDNotFound })
    }
    let wait = max(0, min(Int64(request.maxWaitMilliseconds), Self.waitMaxMilliseconds))
    let fetch = Fetch(
      request: request,
      deadline: NIODeadline.now() + .milliseconds(wait),
      send: send
    )
    attempt(fetch)
  }

  /// A consumer that wants to wait for longer asks again.
  private static let waitMaxMilliseconds: Int64 = 30_000

  /// A fetch, perhaps at its second attempt.
  private struct Fetch: Sendable {
    let request: FetchRequest
    let deadline: NIODeadline
    let send: @Sendable (FetchResponse?) -> Void

    var isDue: Bool { NIODeadline.now() >= deadline }
    var partitions: [TopicPartition] {
      request.topics.flatMap { topic in
        topic.partitions.map { TopicPartition(topic.topic, $0.partition) }
      }
    }
  }

  private func attempt(_ fetch: Fetch) {
    let ends = ends(fetch.partitions)
    let (response, bytes, isFinal) = read(fetch.request)
    let missing = Int(fetch.request.minBytes) - bytes
    guard missing > 0, !isFinal, !fetch.isDue else { return fetch.send(response) }
    let number = waiting.add(fetch.partitions, bytesMissing: missing) { [weak self] in
      guard let self else { return fetch.send(response) }
      onThread { core in core.attempt(fetch) }
    }
    guard let number else { return fetch.send(response) }
    // What came between the look and the wait has woken nobody.
    if self.ends(fetch.partitions) != ends, waiting.take(number) { return attempt(fetch) }
    loop.scheduleTask(deadline: fetch.deadline) { [weak self] in
      guard let self, waiting.take(number) else { return }
      onThread { core in core.attempt(fetch) }
    }
  }

  private func ends(_ partitions: [TopicPartition]) -> [Int64] {
    partitions.map { (try? log.highWatermark($0).rawValue) ?? -1 }
  }

  /// Reads the partitions in their order until the bytes are used up.
  private func read(_ request: FetchRequest) -> (FetchResponse, bytes: Int, isFinal: Bool) {
    var response = FetchResponse()
    var bytes = 0
    var isFinal = false
    // With little memory left everybody gets a little.
    let room = max(MemoryBudget.uncounted, min(configuration.fetchBytesMax, budget.left / 4))
    let bytesMax = min(max(0, Int(request.maxBytes)), room)
    for topic in request.topics {
      var answer = FetchResponse.Topic()
      answer.topic = topic.topic
      for asked in topic.partitions {
        let data = read(
          asked,
          TopicPartition(topic.topic, asked.partition),
          left: bytesMax - bytes,
          isFirst: bytes == 0
        )
        bytes += data.records?.count ?? 0
        isFinal = isFinal || data.errorCode != .none
        answer.partitions.append(data)
      }
      response.responses.append(answer)
    }
    return (response, bytes, isFinal || bytes >= bytesMax)
  }

  private func read(
    _ asked: FetchRequest.PartitionData,
    _ partition: TopicPartition,
    left: Int,
    isFirst: Bool
  ) -> FetchResponse.PartitionData {
    var data = FetchResponse.PartitionData()
    data.partitionIndex = asked.partition
    data.records = []
    do {
      guard log.leader(of: partition) != nil else {
        data.errorCode = .leaderNotAvailable
        data.highWatermark = -1
        return data
      }
      let end = try log.highWatermark(partition).rawValue
      data.logStartOffset = try log.startOffset(partition).rawValue
      data.highWatermark = end
      data.lastStableOffset = end
      guard isFirst || left > 0 else { return data }
      let bytesMax = min(left, max(0, Int(asked.partitionMaxBytes)))
      // The first batch of an answer comes whatever its size: a large one would never come else.
      let batches = try log.readCommitted(
        partition,
        from: Offset(asked.fetchOffset),
        bytesMax: bytesMax,
        firstBytesMax: isFirst ? .max : bytesMax
      )
      data.records = batches[...]
    } catch {
      data.errorCode = Self.code(error)
      if data.errorCode != .offsetOutOfRange { data.highWatermark = -1 }
    }
    return data
  }
}
