// Reading: stored batches as they are, at once or when there are enough of them, straight from the
// segment into the room that they are sent from.

internal import EventLog
internal import KafkaProtocol
internal import NIOCore

extension BrokerCore {
  /// A response whose records lie beside it, in the order of its partitions.
  struct FetchAnswer: Sendable {
    var response: FetchResponse
    var records = ByteBuffer()
  }

  /// `send` is given the answer; nil where nobody is left to give one.
  func fetch(
    _ request: FetchRequest,
    _ call: Call,
    _ send: @escaping @Sendable (FetchAnswer?) -> Void
  ) {
    guard request.sessionID == 0 else {
      // Every answer says that there is no session, so nobody can have one.
      return send(
        FetchAnswer(response: FetchResponse { $0.errorCode = .fetchSessionIDNotFound }))
    }
    let wait = max(0, min(Int64(request.maxWaitMilliseconds), Self.waitMaxMilliseconds))
    let fetch = Fetch(
      request: request,
      deadline: NIODeadline.now() + .milliseconds(wait),
      send: send
    )
    // This is the connection's event loop: what may have to come from a disk is read elsewhere.
    if fetch.asked.allSatisfy({ log.isRecent($1, in: $0) }) {
      attempt(fetch)
    } else {
      onThread { core in core.attempt(fetch) }
    }
  }

  /// A consumer that wants to wait for longer asks again.
  private static let waitMaxMilliseconds: Int64 = 30_000

  /// A fetch, perhaps at its second attempt.
  private struct Fetch: Sendable {
    let request: FetchRequest
    let deadline: NIODeadline
    let send: @Sendable (FetchAnswer?) -> Void

    var isDue: Bool { NIODeadline.now() >= deadline }
    var asked: [(partition: TopicPartition, from: Offset)] {
      request.topics.flatMap { topic in
        topic.partitions.map {
          (TopicPartition(topic.topic, $0.partition), Offset($0.fetchOffset))
        }
      }
    }
    var partitions: [TopicPartition] { asked.map(\.partition) }
  }

  private func attempt(_ fetch: Fetch) {
    let ends = ends(fetch.partitions)
    let (answer, isFinal) = read(fetch.request)
    let missing = Int(fetch.request.minBytes) - answer.records.readableBytes
    guard missing > 0, !isFinal, !fetch.isDue else { return fetch.send(answer) }
    let number = waiting.add(fetch.partitions, bytesMissing: missing) { [weak self] in
      guard let self else { return fetch.send(nil) }
      onThread { core in core.attempt(fetch) }
    }
    guard let number else { return fetch.send(answer) }
    rooms.giveBack(answer.records)
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
  private func read(_ request: FetchRequest) -> (FetchAnswer, isFinal: Bool) {
    var answer = FetchAnswer(response: FetchResponse(), records: rooms.take())
    answer.records.clear()
    var isFinal = false
    // With little memory left everybody gets a little.
    let room = max(MemoryBudget.uncounted, min(configuration.fetchBytesMax, budget.left / 4))
    let bytesMax = min(max(0, Int(request.maxBytes)), room)
    for topic in request.topics {
      var response = FetchResponse.Topic()
      response.topic = topic.topic
      for asked in topic.partitions {
        let before = answer.records.readableBytes
        var data = read(
          asked,
          TopicPartition(topic.topic, asked.partition),
          left: bytesMax - before,
          into: &answer.records
        )
        data.recordsElsewhere = answer.records.readableBytes - before
        isFinal = isFinal || data.errorCode != .none
        response.partitions.append(data)
      }
      answer.response.responses.append(response)
    }
    return (answer, isFinal || answer.records.readableBytes >= bytesMax)
  }

  private func read(
    _ asked: FetchRequest.PartitionData,
    _ partition: TopicPartition,
    left: Int,
    into records: inout ByteBuffer
  ) -> FetchResponse.PartitionData {
    var data = FetchResponse.PartitionData()
    data.partitionIndex = asked.partition
    let isFirst = records.readableBytes == 0
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
      try read(
        partition, from: Offset(asked.fetchOffset), bytesMax: bytesMax, isFirst: isFirst,
        into: &records)
    } catch {
      data.errorCode = Self.code(error)
      if data.errorCode != .offsetOutOfRange { data.highWatermark = -1 }
    }
    return data
  }

  /// Reads one segment after the other until the bytes are used up.
  private func read(
    _ partition: TopicPartition, from offset: Offset, bytesMax: Int, isFirst: Bool,
    into records: inout ByteBuffer
  ) throws {
    var next = offset
    var left = bytesMax
    var isFirst = isFirst
    // The first batch of an answer comes whatever its size: a large one would never come else.
    while isFirst || left > 0 {
      let span: BatchSpan?
      do {
        span = try log.committedSpan(
          partition, from: next, bytesMax: left, firstBytesMax: isFirst ? .max : left)
      } catch where next != offset {
        // What was read before is an answer; the next one says what is wrong here.
        return
      }
      guard let span else { return }
      var behind = next
      let before = records.writerIndex
      try records.writeWithUnsafeMutableBytes(minimumWritableBytes: span.byteCount) { room in
        do {
          let read = try span.read(into: room)
          behind = read.next
          return read.byteCount
        } catch where next != offset {
          return 0
        }
      }
      let count = records.writerIndex - before
      guard count > 0 else { return }
      left -= count
      next = behind
      isFirst = false
    }
  }
}
