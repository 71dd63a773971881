// From the log to Bronze: the hourly consumer that archives every event as it was received.
//
// 1. The members of the group live up to the run's moment (`SinkGroup`): who owned which partition
//    until when, and what it finished, is what may be archived now.
// 2. With exactly-once the position of a topic-partition is read back from the lake: the end offset
//    in the last object's key. With at-least-once it is what the group has committed.
// 3. Records from there on are read from `EventLog`, cut where the UTC hour of arrival changes.
// 4. Each cut becomes one `.json.gz` object, one record a line, bytes as received, put only if its
//    key is absent. At-least-once gives a repeated cut a key of its own.
// 5. The consumer group's offsets follow, so that lag can be read.
//
// With exactly-once a crash between any two steps repeats at most an object that is already there,
// and that is not put again: the log reaches Bronze exactly once.

internal import Codecs
internal import Dispatch
internal import EventLog
internal import KafkaProtocol
package import Lake
package import Simulation
internal import Synchronization

/// The consumer that moves a topic's records into Bronze.
///
/// One instance serves one world. It reads the lake's positions once and then knows them, because
/// nobody else writes Bronze while the world is open.
package final class BronzeIngest: Sendable {
  /// The consumer group whose offsets show how far Bronze is.
  package static let group = "lake-sink"

  let log: any IngestLog
  let lake: Lake
  let topic: String
  private let settings: @Sendable () throws -> IngestSettings
  private let state: Mutex<State>
  private let positions = Mutex<[TopicPartition: Int64]?>(nil)

  private struct State: Sendable {
    var group: SinkGroup
    /// What the group's offsets do not know yet.
    var reached: [TopicPartition: Offset] = [:]
    var moment: Int64?
  }

  /// - Parameters:
  ///   - group: how the members stood when the world was last open.
  ///   - settings: asked at every run, because `ingest.yaml` may change.
  package init(
    log: any IngestLog,
    lake: Lake,
    topic: String = "app-events",
    group: SinkGroup = SinkGroup(),
    settings: @escaping @Sendable () throws -> IngestSettings = { IngestSettings() }
  ) {
    self.log = log
    self.lake = lake
    self.topic = topic
    self.settings = settings
    state = Mutex(State(group: group))
    if let known = try? settings() { show(group, known) }
  }

  /// What one run did.
  package struct Summary: Sendable, Equatable {
    package var records = 0
    package var objects: [String] = []
    /// Records that were left out, by `poison`.
    package var skipped = 0
    /// Topic-partitions whose log no longer reaches back to Bronze's position, or was cut below it.
    package var gaps: [Gap] = []
  }

  /// A break between what Bronze holds and what the log still has.
  package struct Gap: Sendable, Equatable {
    package var partition: Int32
    /// The offset that Bronze expected next.
    package var expected: Int64
    /// The offset at which reading goes on.
    package var resumedAt: Int64
  }

  /// The settings in force.
  ///
  /// - Throws: what reading `ingest.yaml` throws.
  package func settingsInForce() throws -> IngestSettings { try settings() }

  // MARK: Running

  /// Archives what the members of the group could read and finish by `now`.
  ///
  /// Blocks on disk. Nothing is lost by an error: the next run starts from the position again.
  ///
  /// What was appended after `now` stays for later: a log can be ahead of the story clock where a
  /// crash cut a clock step short, and the step's second run must meet the same log as the first.
  ///
  /// - Throws: `lakeIngest.noOffset` where `autoOffsetReset` is `none` and a position is missing.
  package func run(at now: StoryTime) throws -> Summary {
    let settings = try self.settings()
    let count = try log.partitionCount(of: topic)
    var group = state.withLock { $0.group }
    group.adjust(settings, partitions: count, at: group.lived ?? now.milliseconds)
    var work = SinkRun(self, settings)
    let lived = group.lived ?? now.milliseconds
    if settings.isSlow(from: lived, to: now.milliseconds) || group.isWorking {
      for number in 0..<Int32(count) { try work.load(number, until: now.milliseconds) }
      try group.liveSlowly(settings, partitions: count, until: now.milliseconds, &work)
      try work.writeFinished()
    } else {
      let until = group.liveAtOnce(settings, partitions: count, until: now.milliseconds)
      for (partition, time) in until.sorted(by: { $0.key < $1.key }) {
        guard try work.archive(partition, until: min(time, now.milliseconds)) else { continue }
        if let owner = group.owner(partition) {
          group.members[owner].restarts += 1
          group.join(owner, .poison, count, at: now.milliseconds)
        }
      }
    }
    try work.publish()
    if !work.steps.isEmpty { try log.commitOffsets(group: BronzeIngest.group, steps: work.steps) }
    if settings.delivery == .atLeastOnce { try commit(work.reached, at: now.milliseconds) }
    state.withLock { state in
      state.group = group
      state.moment = now.milliseconds
      if settings.delivery == .exactlyOnce { state.reached.merge(work.reached) { _, new in new } }
    }
    show(group, settings)
    return work.summary
  }

  /// Lets the group's offsets follow what the runs since the last call have archived.
  ///
  /// With exactly-once they show lag and decide nothing, so a clock step writes them once.
  package func commitOffsets() throws {
    let (reached, moment) = state.withLock { state in
      defer { state.reached = [:] }
      return (state.reached, state.moment)
    }
    do {
      try commit(reached, at: moment)
    } catch {
      state.withLock { $0.reached.merge(reached) { new, _ in new } }
      throw error
    }
  }

  private func commit(_ reached: [TopicPartition: Offset], at time: Int64?) throws {
    let moved = try reached.filter { partition, offset in
      try log.committedOffset(group: BronzeIngest.group, partition) != offset
    }
    if !moved.isEmpty { try log.commitOffsets(group: BronzeIngest.group, moved, at: time) }
  }

  // MARK: Members

  /// The group as it stands, with the settings' members.
  package var group: SinkGroup { state.withLock { $0.group } }

  /// Stops a consumer as `kill -9` does, lets it hang, or starts it again.
  ///
  /// - Returns: false where no member has the number.
  package func set(
    member number: Int, _ condition: SinkGroup.Condition, at now: StoryTime
  ) throws -> Bool {
    try change(at: now) { group, count in
      guard let index = group.index(number) else { return false }
      group.set(index, condition, partitions: count, at: now.milliseconds)
      return true
    }
  }

  /// One more consumer than `ingest.yaml` says; false where there are as many as there may be.
  package func addMember(at now: StoryTime) throws -> Bool {
    let settings = try self.settings()
    return try change(at: now) { group, count in
      guard group.members.count < SinkGroup.membersMax else { return false }
      group.add()
      group.adjust(settings, partitions: count, at: now.milliseconds)
      return true
    }
  }

  /// Lets the group miss members that have been silent for too long by `now`.
  package func settle(at now: StoryTime) throws {
    _ = try change(at: now) { _, _ in true }
  }

  private func change(
    at now: StoryTime, _ body: (inout SinkGroup, Int) throws -> Bool
  ) throws -> Bool {
    let settings = try self.settings()
    let count = try log.partitionCount(of: topic)
    let (result, group) = try state.withLock { state -> (Bool, SinkGroup) in
      if state.group.lived != nil || !state.group.members.isEmpty {
        state.group.adjust(settings, partitions: count, at: now.milliseconds)
      }
      state.group.settle(settings, partitions: count, until: now.milliseconds)
      let result = try body(&state.group, count)
      return (result, state.group)
    }
    show(group, settings)
    return result
  }

  /// Lets the broker, the tables and the commands see the members.
  private func show(_ group: SinkGroup, _ settings: IngestSettings) {
    log.setResidentGroup(
      BronzeIngest.group,
      ConsumerGroup(
        resident: BronzeIngest.group,
        generation: group.generation,
        topics: [topic],
        members: group.members.filter { $0.joined != nil }.map { member in
          ConsumerGroup.Resident(
            id: member.id,
            clientID: member.clientID,
            host: "/127.0.0.1",
            assignment: member.assignment.map { TopicPartition(topic, $0) },
            sessionTimeout: settings.sessionTimeout,
            rebalanceTimeout: settings.pollIntervalMax
          )
        }
      )
    )
  }

  // MARK: Positions

  /// The offset after the last one that Bronze holds.
  func archivedEnd(of partition: TopicPartition) throws -> Int64 {
    try positions.withLock { known in
      if let known { return known[partition] ?? 0 }
      var ends: [TopicPartition: Int64] = [:]
      for object in try lake.archive() {
        let partition = TopicPartition(object.topic, object.partition)
        ends[partition] = max(ends[partition] ?? 0, object.endOffset)
      }
      known = ends
      return ends[partition] ?? 0
    }
  }

  /// Notes that an object reaches to `end`.
  func archived(_ partition: TopicPartition, to end: Int64) {
    positions.withLock { known in
      let before = known?[partition] ?? 0
      known?[partition] = max(end, before)
    }
  }
}
