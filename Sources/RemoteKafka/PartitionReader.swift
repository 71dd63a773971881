// Records out of the cluster: a consumer that is told what to read (`assign`), and joins no group.
//
// A reader stays where it stopped with what it has fetched already, so that a partition that is read
// in pieces is fetched once.

internal import CRDKafka
internal import Dispatch
internal import KafkaProtocol

/// One consumer and its place. Used by one thread at a time.
///
/// `@unchecked Sendable`: readers wait in a pool behind a lock, and whoever took one out is the only
/// one that has it.
final class PartitionReader: @unchecked Sendable {
  private typealias Message = UnsafeMutablePointer<rd_kafka_message_t>

  private let client: ClientHandle
  private let queue: OpaquePointer
  /// What is assigned, and the next offset that will come.
  private(set) var position: (partition: TopicPartition, offset: Int64)?
  /// Fetched and not read yet, from `next` on.
  private var fetched: [Message] = []
  private var next = 0
  /// The library's topic handles whose names have been looked at since the last assignment.
  private var ours: OpaquePointer?
  private var records: MessageRecords

  /// Messages that are taken from the queue at a time.
  private static let batchSize = 512

  /// - Throws: `remoteKafka.invalidProperty`.
  init(
    _ configuration: RemoteKafkaConfiguration,
    time: @escaping @Sendable (Int64, Bool) -> Int64
  ) throws {
    records = MessageRecords(time: time)
    client = try ClientHandle(consumerFor: configuration, group: "tapline-reader")
    guard let queue = rd_kafka_queue_get_consumer(client.pointer) else {
      throw RemoteKafkaError.native(
        Int32(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP), doing: "fetch", client.place)
    }
    self.queue = queue
  }

  deinit {
    dropFetched()
    rd_kafka_queue_destroy(queue)
  }

  /// Calls `body` with the records from `offset` to before `end`, in order, nothing copied, until it
  /// answers false.
  ///
  /// Offsets that no record has (a transaction's marks, what compaction took) are passed over.
  ///
  /// - Throws: the cluster's error, `remoteKafka.timedOut` where nothing came for the client's time.
  func read(
    _ partition: TopicPartition, from offset: Int64, to end: Int64,
    _ body: (RecordView) throws -> Bool
  ) throws {
    guard offset < end else { return }
    do {
      if position?.partition != partition || position?.offset != offset {
        try assign(partition, offset)
      }
      var lastProgress = DispatchTime.now()
      while true {
        if next == fetched.count {
          guard try fetch() else {
            guard DispatchTime.now() < lastProgress + .milliseconds(client.timeoutMilliseconds)
            else { throw error(Int32(RD_KAFKA_RESP_ERR__TIMED_OUT), partition) }
            continue
          }
        }
        switch try step(partition, to: end, body) {
        case .ended:
          // Nobody fetches what nobody has asked for.
          release()
          return
        case .stopped: return
        case .passed: lastProgress = .now()
        case .notOurs: break
        }
      }
    } catch {
      release()
      throw error
    }
  }

  /// Stops fetching, and forgets what was fetched.
  func release() {
    dropFetched()
    guard position != nil else { return }
    position = nil
    _ = rd_kafka_assign(client.pointer, nil)
  }

  private func assign(_ partition: TopicPartition, _ offset: Int64) throws {
    dropFetched()
    ours = nil
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition).pointee.offset =
      offset
    position = nil
    let code = rd_kafka_assign(client.pointer, list)
    guard code == 0 else { throw error(code, partition) }
    position = (partition, offset)
  }

  private enum Step { case passed, notOurs, stopped, ended }

  /// Reads the next of what was fetched.
  private func step(
    _ partition: TopicPartition, to end: Int64, _ body: (RecordView) throws -> Bool
  ) throws -> Step {
    let message = fetched[next]
    let at = message.pointee.offset
    let isOurs = belongs(message, to: partition)
    if isOurs, message.pointee.err == 0, at >= end {
      // It stays for whoever reads on.
      return .ended
    }
    next += 1
    defer { rd_kafka_message_destroy(message) }
    guard isOurs else { return .notOurs }
    switch Int(message.pointee.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      guard at >= position?.offset ?? 0 else { return .notOurs }
      let isWanted = try records.withView(of: message, body)
      position = (partition, at + 1)
      return at + 1 >= end ? .ended : isWanted ? .passed : .stopped
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      // Between the last record and the end lie only offsets without one.
      return .ended
    default:
      let text = message.pointee.payload.map {
        String(
          decoding: UnsafeRawBufferPointer(start: $0, count: message.pointee.len), as: UTF8.self)
      }
      throw error(message.pointee.err, partition, text)
    }
  }

  /// Waits a little for messages; false where none came.
  private func fetch() throws -> Bool {
    fetched.removeAll(keepingCapacity: true)
    next = 0
    let count = withUnsafeTemporaryAllocation(
      of: UnsafeMutablePointer<rd_kafka_message_t>?.self, capacity: Self.batchSize
    ) { messages -> Int in
      messages.initialize(repeating: nil)
      guard let base = messages.baseAddress else { return 0 }
      // A wait for many lasts until they are many: the first is waited for, the rest is taken.
      var count = max(0, rd_kafka_consume_batch_queue(queue, 100, base, 1))
      if count == 1 {
        count += max(0, rd_kafka_consume_batch_queue(queue, 0, base + 1, Self.batchSize - 1))
      }
      for index in 0..<count {
        if let message = messages[index] { fetched.append(message) }
      }
      return count
    }
    if count > 0 { client.notes.clear() }
    return !fetched.isEmpty
  }

  /// Whether a message is of the partition that is read: one of an assignment before may still come.
  private func belongs(_ message: Message, to partition: TopicPartition) -> Bool {
    guard message.pointee.partition == partition.partition, let topic = message.pointee.rkt else {
      return false
    }
    if topic == ours { return true }
    guard String(cString: rd_kafka_topic_name(topic)) == partition.topic else { return false }
    ours = topic
    return true
  }

  private func dropFetched() {
    for index in next..<fetched.count { rd_kafka_message_destroy(fetched[index]) }
    fetched.removeAll(keepingCapacity: true)
    next = 0
  }

  private func error(
    _ code: Int32, _ partition: TopicPartition, _ text: String? = nil
  ) -> RemoteKafkaError {
    .native(code, doing: "fetch", of: partition, detail: text, client.place)
  }
}
