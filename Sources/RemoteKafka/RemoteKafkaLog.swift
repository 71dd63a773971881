// A Kafka cluster elsewhere, as the place where a world's events rest.
//
// 1. `RDKafkaLibrary.open` finds librdkafka on this machine; `connect` makes a client and asks the
//    cluster who it is.
// 2. `append` hands whole batches to one idempotent `Producer` (acks=all) and returns when the cluster
//    has acknowledged every record: there is nothing that a `sync` would add.
// 3. `forEachRecord` and `read` take a `PartitionReader` from a small pool: a consumer that is told
//    what to read, up to the high watermark of that moment.
// 4. `commitOffsets` writes a group's offsets into the cluster without being a member of it, so that
//    lag is seen by every tool.
//
// Every wait is bounded by the profile's time, and what waits in memory by `queueKilobytesMax`. What
// the cluster answers is never guessed: errors carry its code and name.

internal import CRDKafka
package import KafkaProtocol
internal import Synchronization

/// The log of a cluster. Safe to call from any thread; every call may wait for the network.
package final class RemoteKafkaLog: Sendable {
  /// Records for one topic-partition, in order.
  package struct Batch: Sendable, Hashable {
    package var partition: TopicPartition
    package var records: [Record]

    package init(_ partition: TopicPartition, _ records: [Record]) {
      self.partition = partition
      self.records = records
    }
  }

  /// What a record's time is, of librdkafka's milliseconds and whether the log set them.
  package typealias RecordTime = @Sendable (_ milliseconds: Int64, _ isAppendTime: Bool) -> Int64

  package let configuration: RemoteKafkaConfiguration
  package let library: RDKafkaLibrary
  /// The cluster's own id, which stays when its brokers change; nil where it has none.
  package let clusterID: String?
  let recordTime: RecordTime
  /// Asks; appends nothing, so it is never fenced.
  private let asking: Producer
  private let state = Mutex(State())

  private struct State {
    var producer: Producer?
    var readers: [PartitionReader] = []
    var groups: [String: ClientHandle] = [:]
    var partitionCounts: [String: Int] = [:]
    var isClosed = false
  }

  /// Consumers that wait for work; a further one is let go.
  private static let idleReadersMax = 2
  /// Groups whose client is kept.
  private static let groupsMax = 8

  /// Makes a client and asks the cluster for its id.
  ///
  /// - Throws: `remoteKafka.invalidProperty` in librdkafka's words; `remoteKafka.unreachable`,
  ///   `remoteKafka.unauthorized` or `remoteKafka.timedOut` after at most the configured time.
  package static func connect(
    _ configuration: RemoteKafkaConfiguration,
    library: RDKafkaLibrary,
    recordTime: @escaping RecordTime = { milliseconds, _ in milliseconds }
  ) throws -> RemoteKafkaLog {
    try configuration.check()
    // A consumer's properties are wrong now or never.
    _ = try ClientHandle(consumerFor: configuration, group: "tapline-reader")
    return try RemoteKafkaLog(configuration, library, recordTime)
  }

  private init(
    _ configuration: RemoteKafkaConfiguration, _ library: RDKafkaLibrary,
    _ recordTime: @escaping RecordTime
  ) throws {
    self.configuration = configuration
    self.library = library
    self.recordTime = recordTime
    asking = try Producer(configuration)
    let client = asking.client
    _ = try RemoteKafkaLog.metadata(client, topic: nil) { _ in }
    let id = rd_kafka_clusterid(client.pointer, client.milliseconds)
    clusterID = id.map { String(cString: $0) }
    if let id { rd_kafka_mem_free(client.pointer, id) }
  }

  /// Lets go of the connections; what was acknowledged is the cluster's. Bounded by the configured
  /// time.
  package func close() {
    let old = state.withLock { state -> State in
      defer {
        state = State()
        state.isClosed = true
      }
      return state
    }
    withExtendedLifetime(old) {}
  }

  // MARK: Writing

  /// Appends batches and returns when the replicas in sync of each have all of its records.
  ///
  /// All batches travel at once. Where this throws some records may be in the cluster all the same:
  /// whoever sends them again must be recognised by an id of its own.
  ///
  /// - Parameter createTime: the time of every record, milliseconds; each one's own where nil. 0 is
  ///   taken for "now" by librdkafka.
  /// - Throws: the first failed record's error, by the cluster's code.
  package func append(_ batches: [Batch], createTime: Int64?) throws -> [AppendedOffsets] {
    guard batches.contains(where: { !$0.records.isEmpty }) else {
      return batches.map { _ in AppendedOffsets([]) }
    }
    let producer = try producer()
    do {
      return try producer.append(batches, time: createTime)
    } catch {
      // A topic without rights stays closed to a producer, even when the rights have come.
      let isShutOut = (error as? RemoteKafkaError)?.kind == .unauthorized
      if isShutOut || producer.isFenced {
        state.withLock { if $0.producer === producer { $0.producer = nil } }
      }
      throw error
    }
  }

  private func producer() throws -> Producer {
    try state.withLock { state in
      guard !state.isClosed else { throw RemoteKafkaError.closed() }
      if let known = state.producer { return known }
      let made = try Producer(configuration)
      state.producer = made
      return made
    }
  }

  /// Returns when the cluster has acknowledged everything that was appended before.
  package func sync() throws {
    try state.withLock { $0.producer }?.flush()
  }

  // MARK: Reading

  /// Calls `body` with the records from an offset on, in order and nothing copied, until it answers
  /// false or the high watermark of this moment is reached.
  ///
  /// - Throws: `remoteKafka.offsetOutOfRange` before the start or behind the end, the cluster's
  ///   error, and what `body` throws.
  package func forEachRecord(
    _ partition: TopicPartition, from offset: Offset, _ body: (RecordView) throws -> Bool
  ) throws {
    let range = try offsets(partition)
    guard range.start...range.end ~= offset.rawValue else {
      throw RemoteKafkaError.offsetOutOfRange(
        partition, offset.rawValue, start: range.start, end: range.end, client.place)
    }
    guard offset.rawValue < range.end else { return }
    let reader = try takeReader(at: partition, offset.rawValue)
    defer { giveBack(reader) }
    try reader.read(partition, from: offset.rawValue, to: range.end, body)
  }

  /// Records from an offset on, about `bytesMax` bytes of them and at least one; `[]` at the end.
  ///
  /// - Throws: what `forEachRecord` throws.
  package func read(
    _ partition: TopicPartition, from offset: Offset, bytesMax: Int
  ) throws -> [Record] {
    var records: [Record] = []
    var bytes = 0
    try forEachRecord(partition, from: offset) { view in
      records.append(view.copy())
      bytes += (view.key?.count ?? 0) + (view.value?.count ?? 0)
      return bytes < bytesMax
    }
    return records
  }

  private func takeReader(
    at partition: TopicPartition, _ offset: Int64
  ) throws -> PartitionReader {
    let idle = try state.withLock { state -> PartitionReader? in
      guard !state.isClosed else { throw RemoteKafkaError.closed() }
      let exact = state.readers.firstIndex {
        $0.position?.partition == partition && $0.position?.offset == offset
      }
      guard let index = exact ?? state.readers.indices.first else { return nil }
      return state.readers.remove(at: index)
    }
    return try idle ?? PartitionReader(configuration, time: recordTime)
  }

  /// Puts a reader back; the one that has waited longest makes room.
  private func giveBack(_ reader: PartitionReader) {
    let surplus = state.withLock { state -> PartitionReader? in
      guard !state.isClosed else { return reader }
      state.readers.append(reader)
      guard state.readers.count > Self.idleReadersMax else { return nil }
      return state.readers.removeFirst()
    }
    withExtendedLifetime(surplus) {}
  }

  // MARK: Inside

  /// For whatever belongs to no group and appends nothing.
  var client: ClientHandle { asking.client }

  /// The client that speaks for a group, without being one of its members.
  func groupClient(_ group: String) throws -> ClientHandle {
    try state.withLock { state in
      guard !state.isClosed else { throw RemoteKafkaError.closed() }
      if let known = state.groups[group] { return known }
      let made = try ClientHandle(consumerFor: configuration, group: group)
      if state.groups.count >= Self.groupsMax { state.groups.removeAll() }
      state.groups[group] = made
      return made
    }
  }

  /// Partitions only ever become more; a known number is asked for again when it is too small.
  func knownPartitionCount(_ topic: String) -> Int? {
    state.withLock { $0.partitionCounts[topic] }
  }

  func note(partitionCount: Int, of topic: String) {
    state.withLock { $0.partitionCounts[topic] = partitionCount }
  }

  func checkOpen() throws {
    guard !state.withLock({ $0.isClosed }) else { throw RemoteKafkaError.closed() }
  }
}
