// The log's replicas: what may be written, what may be read, and who takes over.

package import KafkaProtocol
internal import Synchronization

extension EventLog {
  /// What a stopped broker did to a partition.
  package struct Failover: Sendable, Hashable {
    package var partition: TopicPartition
    /// Nil where nobody in sync is left.
    package var leader: Int32?
    package var epoch: Int32
    /// Records that the new leader did not have.
    package var lost: Int64
  }

  /// Brokers, and whether they are alive.
  package var brokers: [(id: Int32, isAlive: Bool)] {
    let down = replicaStates.withLock { $0.down }
    return (1...ReplicaStates.brokers).map { ($0, !down.contains($0)) }
  }

  /// True where some topic has more than one replica, or a broker is down.
  package var isReplicated: Bool {
    replicaStates.withLock { !$0.partitions.isEmpty || !$0.down.isEmpty }
  }

  /// Gives every partition of a topic `factor` replicas, 1 to 3; partitions that have as many stay.
  ///
  /// - Throws: `eventLog.unknownTopic`, `eventLog.invalidSetting`.
  package func setReplicas(_ topic: String, _ factor: Int) throws {
    try checkOpen()
    guard (1...Int(ReplicaStates.brokers)).contains(factor) else {
      throw EventLogError(
        .invalidSetting,
        "A topic cannot have \(factor) replicas.",
        advice: "Choose 1 to \(ReplicaStates.brokers).",
        fields: [
          "setting": "replicas", "value": String(factor),
          "allowed": "1 to \(ReplicaStates.brokers)",
        ]
      )
    }
    // A damaged partition says so itself, when it is used.
    let ends = (0..<Int32(try partitionCount(of: topic))).map {
      (try? endOffset(TopicPartition(topic, $0)).rawValue) ?? 0
    }
    try changeReplicas { states in
      for number in 0..<Int32(ends.count) {
        let place = TopicPartition(topic, number)
        guard states.partitions[place]?.replicas.count ?? 1 != factor else { continue }
        guard factor > 1 else {
          states.partitions[place] = nil
          continue
        }
        var set = ReplicaSet(factor: factor, partition: number)
        let end = ends[Int(number)]
        for follower in set.replicas.dropFirst() { set.positions[follower] = end }
        for broker in states.down.sorted() { _ = set.stop(broker, end: end, down: states.down) }
        states.partitions[place] = set
      }
    }
  }

  func forgetReplicas(_ topic: String) throws {
    try changeReplicas { states in
      states.partitions = states.partitions.filter { $0.key.topic != topic }
    }
  }

  /// Nil for a partition with one replica, which is on broker 1.
  package func replicas(_ partition: TopicPartition) -> ReplicaSet? {
    replicaStates.withLock { $0.partitions[partition] }
  }

  /// Who leads a partition; nil while nobody does, and it can neither be written nor read.
  package func leader(of partition: TopicPartition) -> Int32? {
    replicaStates.withLock { states in
      guard let set = states.partitions[partition] else {
        return states.down.contains(ReplicaStates.only) ? nil : ReplicaStates.only
      }
      return set.leader
    }
  }

  /// The end of what consumers may read.
  package func highWatermark(_ partition: TopicPartition) throws -> Offset {
    let end = try endOffset(partition)
    guard let set = replicas(partition) else { return end }
    return Offset(set.highWatermark(end: end.rawValue))
  }

  // MARK: Writing

  /// Whether a partition takes records now.
  ///
  /// - Parameters:
  ///   - waitsForAll: acks=all.
  ///   - inSyncMin: what the producer asks for beside the topic's `min.insync.replicas`.
  /// - Throws: `eventLog.noLeader`, `eventLog.notEnoughReplicas`.
  package func checkReplicas(
    _ partition: TopicPartition, waitsForAll: Bool, inSyncMin: Int = 1
  ) throws {
    let set = replicas(partition)
    guard leader(of: partition) != nil else {
      throw EventLogError(
        .noLeader,
        "\(partition) has no leader: no replica in sync is alive.",
        advice: "Start broker \(set?.inSync.first ?? ReplicaStates.only).",
        fields: [
          "partition": partition.description,
          "broker": String(set?.inSync.first ?? ReplicaStates.only),
        ]
      )
    }
    guard waitsForAll else { return }
    let needed = max(
      inSyncMin, topic(partition.topic)?.configuration.minInSyncReplicas ?? 1)
    let count = set?.inSync.count ?? 1
    guard count >= needed else {
      throw EventLogError(
        .notEnoughReplicas,
        "\(count) \(count == 1 ? "replica is" : "replicas are") in sync, \(needed) must be.",
        advice: "Start a broker, or produce with acks=1, which may lose records.",
        fields: [
          "partition": partition.description, "inSync": String(count), "needed": String(needed),
        ]
      )
    }
  }

  /// Lets the followers of a partition, or of all, come to the end of the log.
  package func replicate(_ partition: TopicPartition? = nil) {
    let known = replicaStates.withLock { Array($0.partitions.keys) }
    for place in known where partition.map({ $0 == place }) ?? true {
      // Asked outside: nobody waits for a disk under this lock.
      guard let end = try? endOffset(place).rawValue else { continue }
      let isMoved = replicaStates.withLock { states -> Bool in
        guard var set = states.partitions[place] else { return false }
        let before = set.highWatermark(end: end)
        set.replicate(end: end, down: states.down)
        states.partitions[place] = set
        return set.highWatermark(end: end) > before
      }
      // Whoever waits for the high watermark is to look again, however much it wants.
      if isMoved, let log = try? self.log(place) { tellAppended(log, bytes: Int(Int32.max)) }
    }
  }

  // MARK: Brokers

  /// A broker dies. What it led is led by the next in sync, with what that one had.
  ///
  /// - Throws: `eventLog.wrongBroker` for a broker that is not there, or is down.
  package func stopBroker(_ broker: Int32) throws -> [Failover] {
    try checkOpen()
    try checkBroker(broker, isAlive: true)
    var states = replicaStates.withLock { $0 }
    states.down.insert(broker)
    var failovers: [Failover] = []
    for (place, set) in states.partitions.sorted(by: { $0.key < $1.key }) {
      var set = set
      let end = try endOffset(place).rawValue
      let led = set.leader == broker
      let (hasNewLeader, cut) = set.stop(broker, end: end, down: states.down)
      states.partitions[place] = set
      if hasNewLeader {
        try truncate(place, to: cut)
        _ = try advanceLeaderEpoch(place)
      }
      guard led else { continue }
      failovers.append(
        Failover(
          partition: place, leader: set.leader, epoch: try leaderEpoch(place), lost: end - cut))
    }
    if broker == ReplicaStates.only {
      for name in topicNames() {
        for number in 0..<Int32(try partitionCount(of: name)) {
          let place = TopicPartition(name, number)
          guard states.partitions[place] == nil else { continue }
          failovers.append(
            Failover(partition: place, leader: nil, epoch: try leaderEpoch(place), lost: 0))
        }
      }
    }
    let next = states
    try changeReplicas { $0 = next }
    return failovers
  }

  /// A broker comes back, catches up, and leads what it led last if nobody else does.
  package func startBroker(_ broker: Int32) throws -> [Failover] {
    try checkOpen()
    try checkBroker(broker, isAlive: false)
    var states = replicaStates.withLock { $0 }
    states.down.remove(broker)
    var elections: [Failover] = []
    for (place, set) in states.partitions.sorted(by: { $0.key < $1.key }) {
      var set = set
      if set.start(broker) {
        let epoch = try advanceLeaderEpoch(place)
        elections.append(Failover(partition: place, leader: broker, epoch: epoch, lost: 0))
      }
      set.replicate(end: try endOffset(place).rawValue, down: states.down)
      states.partitions[place] = set
    }
    let next = states
    try changeReplicas { $0 = next }
    return elections
  }

  private func checkBroker(_ broker: Int32, isAlive: Bool) throws {
    guard let known = brokers.first(where: { $0.id == broker }), known.isAlive == isAlive else {
      throw EventLogError(
        .wrongBroker,
        "Broker \(broker) is not \(isAlive ? "running" : "stopped").",
        advice: "`kafka brokers` lists them.",
        fields: ["broker": String(broker)]
      )
    }
  }

  private func changeReplicas(_ body: (inout ReplicaStates) -> Void) throws {
    try replicaStates.withLock { states in
      var next = states
      body(&next)
      guard next != states else { return }
      try storage.replace(ReplicaStates.path, with: next.bytes())
      states = next
    }
  }

  /// Cuts a partition's log, durably, and opens it again.
  private func truncate(_ partition: TopicPartition, to offset: Int64) throws {
    let old = try log(partition)
    guard try old.cut(to: offset) else { return }
    var report = RecoveryReport()
    let new = PartitionLog.open(
      partition, storage: storage, configuration: configuration, closing: nil, report: &report)
    if let failure = report.failures.first { throw failure.error }
    topics.withLock { topics in
      new.apply(topics.catalog.topics[partition.topic]?.configuration ?? TopicConfiguration())
      topics.partitions[partition.topic]?[Int(partition.partition)] = new
    }
    dirty.withLock { $0[ObjectIdentifier(old)] = nil }
    markDirty(new)
  }
}

extension PartitionLog {
  /// Removes every batch that begins at `offset` or behind it, durably. This object accepts nothing
  /// more then: the partition is to be opened again.
  ///
  /// - Returns: false where there is none, and everything is as it was.
  func cut(to offset: Int64) throws -> Bool {
    try writer.withLock { _ in
      let (bases, end) = try view.withLock {
        ($0.sealed.map(\.baseOffset), try $0.checkedActive())
      }
      guard offset < end.nextOffset else { return false }
      let all = bases + [end.baseOffset]
      let base = all.last { $0 <= offset } ?? all[0]
      // From the last on: wherever a crash comes, what is left is one log.
      for later in all.filter({ $0 > base }).reversed() {
        let files = files(later)
        for path in [files.log, files.index, files.timeIndex] { try storage.remove(path) }
      }
      let files = files(base)
      let bytes = try storage.contents(of: files.log) ?? []
      var size = 0
      try bytes.withUnsafeBytes { all in
        while size < all.count {
          let rest = UnsafeRawBufferPointer(rebasing: all[size...])
          let header = try RecordBatchHeader(parsing: rest)
          guard header.baseOffset < offset else { return }
          size += header.totalSize
        }
      }
      for path in [files.index, files.timeIndex] { try storage.remove(path) }
      // A new file: copies of this world share the old one.
      try storage.replace(files.log, with: Array(bytes.prefix(size)))
      try change { state in
        state.epochs.removeAll { $0.startOffset > offset }
        state.appendTimes = state.appendTimes.filter { $0.key < base }
        state.startOffset = min(state.startOffset, offset)
      }
      fail(.closed(storage.root))
      return true
    }
  }
}
