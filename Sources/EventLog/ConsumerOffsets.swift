// How far each consumer group has read, and when it got there: one file that only grows, fsynced at
// each commit. What nobody needs any more is left out when the log is opened.

internal import KafkaProtocol
internal import Synchronization

/// What a group remembers of a partition.
package struct CommittedOffset: Sendable, Hashable {
  /// The next offset to read.
  package var offset: Int64
  /// The leader epoch of the record before it; -1 where the client did not say.
  package var leaderEpoch: Int32
  /// A note of the client's own.
  package var metadata: String
  /// When it was committed, in milliseconds; nil for groups inside this process, whose offsets are
  /// kept for good.
  package var commitTime: Int64?

  package init(
    offset: Int64,
    leaderEpoch: Int32 = -1,
    metadata: String = "",
    commitTime: Int64? = nil
  ) {
    self.offset = offset
    self.leaderEpoch = leaderEpoch
    self.metadata = metadata
    self.commitTime = commitTime
  }
}

/// One commit of a group for one partition, as the history keeps it.
package struct OffsetPoint: Sendable, Hashable {
  /// Story time in milliseconds; nil where the committer named none.
  package var time: Int64?
  /// The next offset to read.
  package var offset: Int64
  /// The oldest offset of the partition at that moment; nil where it is not known.
  package var logStartOffset: Int64?
  /// The end of the partition at that moment; nil where it is not known.
  package var logEndOffset: Int64?

  package init(time: Int64?, offset: Int64, logStartOffset: Int64?, logEndOffset: Int64?) {
    self.logStartOffset = logStartOffset
    self.time = time
    self.offset = offset
    self.logEndOffset = logEndOffset
  }

  /// Records between the two; nil where the end is not known.
  package var lag: Int64? { logEndOffset.map { max(0, $0 &- offset) } }
}

/// The groups' offsets with their history.
///
/// Where a write throws, the old offsets stand.
final class ConsumerOffsets: Sendable {
  static let path = "consumer_offsets"
  /// Points that are kept of one group and partition when the file is written anew.
  static let pointsMax = 2_048
  /// Bytes that may be appended before the file is written anew at a start.
  static let bytesMax = 1 << 20
  typealias Groups = [String: [TopicPartition: CommittedOffset]]
  typealias History = [String: [TopicPartition: [OffsetPoint]]]

  struct State: Sendable {
    var groups: Groups = [:]
    var history: History = [:]
    /// The file, once something was appended by this process.
    var file: LogFile?
    var size = 0
  }

  private let storage: LogStorage
  private let state: Mutex<State>

  init(storage: LogStorage) throws {
    self.storage = storage
    guard let bytes = try storage.contents(of: ConsumerOffsets.path) else {
      state = Mutex(State())
      return
    }
    let content = try ConsumerOffsetsFile.parse(bytes)
    var state = State(groups: content.groups, history: content.history)
    state.size = content.size
    if content.isOutdated || bytes.count > Self.bytesMax {
      state.history = state.history.mapValues { $0.mapValues { Array($0.suffix(Self.pointsMax)) } }
      let compact = ConsumerOffsetsFile.bytes(state.groups, state.history)
      do {
        try storage.replace(ConsumerOffsets.path, with: compact)
        state.size = compact.count
      } catch let error as EventLogError where error.kind == .diskFull && !content.isOutdated {
        // A disk that is full can still be read from; the next start tries again.
      }
    }
    self.state = Mutex(state)
  }

  // MARK: Changing

  /// Several commits in their order, with one fsync; durable when this returns.
  func commit(
    _ group: String,
    _ steps: [(TopicPartition, CommittedOffset, OffsetPoint)]
  ) throws {
    guard !group.isEmpty, group.utf8.count <= 1_024 else {
      throw EventLogError(
        .invalidGroup,
        "A consumer group needs a name of 1 to 1024 bytes.",
        advice: "Choose another name.",
        fields: ["group": group]
      )
    }
    try state.withLock { state in
      var lines = ""
      var next = state.groups[group] ?? [:]
      var points: [(TopicPartition, OffsetPoint)] = []
      for (partition, position, point) in steps {
        if next[partition] == position, state.history[group]?[partition]?.last == point { continue }
        next[partition] = position
        lines += ConsumerOffsetsFile.commit(group, partition, position, point)
        points.append((partition, point))
      }
      guard !points.isEmpty else { return }
      try append(lines, &state)
      state.groups[group] = next
      for (partition, point) in points {
        var known = state.history[group, default: [:]].removeValue(forKey: partition) ?? []
        known.append(point)
        if known.count > 2 * Self.pointsMax { known.removeFirst(known.count - Self.pointsMax) }
        state.history[group, default: [:]][partition] = known
      }
    }
  }

  /// Forgets a group, or some of its partitions; durable when this returns.
  func forget(_ group: String, _ partitions: [TopicPartition]? = nil) throws {
    try forget { name, partition in
      name == group && partitions?.contains(partition) ?? true
    }
  }

  func forget(topic: String) throws {
    try forget { _, partition in partition.topic == topic }
  }

  /// Forgets what was committed before `time` by groups for which `isIdle` is true.
  func expire(before time: Int64, _ isIdle: (String) -> Bool) throws {
    let groups = all
    try forget { group, partition in
      isIdle(group) && groups[group]?[partition]?.commitTime.map { $0 < time } ?? false
    }
  }

  private func forget(_ isForgotten: (String, TopicPartition) -> Bool) throws {
    try state.withLock { state in
      let gone = state.groups.sorted { $0.key < $1.key }.flatMap { group, offsets in
        offsets.keys.sorted().filter { isForgotten(group, $0) }.map { (group, $0) }
      }
      guard !gone.isEmpty else { return }
      try append(gone.map { ConsumerOffsetsFile.forget($0, $1) }.joined(), &state)
      for (group, partition) in gone { ConsumerOffsetsFile.remove(group, partition, &state) }
    }
  }

  /// Writes whole lines at the end of the file and waits for the disk.
  private func append(_ lines: String, _ state: inout State) throws {
    if state.file == nil {
      let isNew = state.size == 0
      if isNew {
        let head = Array(ConsumerOffsetsFile.head.utf8)
        try storage.replace(Self.path, with: head)
        state.size = head.count
      }
      let file = try storage.open(Self.path, .readWrite)
      // What a crash left behind the last whole line goes.
      if try storage.size(file) > state.size { try storage.truncate(file, to: state.size) }
      state.file = file
    }
    guard let file = state.file else { return }
    let bytes = Array(lines.utf8)
    do {
      try bytes.withUnsafeBytes { try storage.write($0, to: file, at: state.size) }
      try storage.sync(file)
    } catch {
      // The next append opens the file again and cuts off what this one may have left.
      state.file = nil
      throw error
    }
    state.size += bytes.count
  }

  // MARK: Looking

  func offset(_ group: String, _ partition: TopicPartition) -> CommittedOffset? {
    state.withLock { $0.groups[group]?[partition] }
  }

  var all: Groups { state.withLock { $0.groups } }

  /// By group and partition, the oldest point first.
  var history: History { state.withLock { $0.history } }
}
