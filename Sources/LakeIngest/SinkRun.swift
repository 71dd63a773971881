// One run of the consumer: from positions to objects.

internal import EventLog
internal import Codecs
internal import Dispatch
internal import EventModel
internal import KafkaProtocol
internal import Lake
internal import Simulation
internal import Synchronization

/// What one run of `BronzeIngest` reads and writes.
struct SinkRun: SinkWork {
  private let ingest: BronzeIngest
  private let settings: IngestSettings
  var summary = BronzeIngest.Summary()
  /// How far each partition is archived for good.
  private(set) var reached: [TopicPartition: Offset] = [:]
  /// What the group committed on the way, for its history.
  private(set) var steps: [EventLog.OffsetStep] = []
  private var sealed: [Sealed] = []
  private var loaded: [Int32: Arrivals] = [:]
  private var positions: [Int32: Int64] = [:]
  private var finished: [SinkGroup.Poll.Part] = []
  /// By partition: each has one owner at a time, and every owner commits by a clock of its own.
  private var lastCommits: [Int32: Int64] = [:]

  init(_ ingest: BronzeIngest, _ settings: IngestSettings) {
    self.ingest = ingest
    self.settings = settings
  }

  /// An object that waits to be put.
  private struct Sealed {
    var key: BronzeKey
    /// Not compressed yet.
    var lines: [UInt8]
    var records: Int
  }

  private func place(_ partition: Int32) -> TopicPartition {
    TopicPartition(ingest.topic, partition)
  }

  // MARK: Positions

  /// Where reading starts; a position outside the log is reported as a gap and mended as
  /// `autoOffsetReset` says.
  private mutating func start(_ partition: Int32) throws -> Int64 {
    let place = place(partition)
    let end = try ingest.log.endOffset(place).rawValue
    let first = try ingest.log.startOffset(place).rawValue
    let held = first...max(first, end)
    let committed = try ingest.log.committedOffset(group: BronzeIngest.group, place)?.rawValue
    var known = committed
    if settings.delivery == .exactlyOnce {
      known = try ingest.archivedEnd(of: place)
      // Bronze stands outside the log since an earlier run, which has gone on from somewhere else.
      if let known, let committed, known < first, held.contains(committed) { return committed }
    }
    if let known, held.contains(known) { return known }
    // A log that ends before the position was cut or replaced: what it holds now is new.
    let isNew = known == nil || (known == 0 && settings.delivery == .exactlyOnce && first == 0)
    let resumed: Int64
    switch settings.reset {
    case .earliest: resumed = first
    case .latest: resumed = end
    case .none:
      throw LakeIngestError(
        .noOffset,
        "Group \(BronzeIngest.group) has no valid offset for \(place.topic)-\(partition): it "
          + "expects \(known.map { String($0) } ?? "none"), the log holds \(first) to \(end).",
        place: "pipeline/ingest.yaml",
        advice: "autoOffsetReset is none: choose earliest or latest, or move the group's offsets.",
        fields: ["topic": place.topic, "partition": String(partition)]
      )
    }
    if !isNew, let known {
      summary.gaps.append(
        BronzeIngest.Gap(partition: partition, expected: known, resumedAt: resumed))
    }
    return resumed
  }

  // MARK: At once

  /// Archives what a partition has gained until `time`; true where a record stopped it.
  mutating func archive(_ partition: Int32, until time: Int64) throws -> Bool {
    guard try ingest.log.leader(of: place(partition)) != nil else { return false }
    let from = try start(partition)
    let end = try ingest.log.highWatermark(place(partition)).rawValue
    let (next, isStopped) = try write(partition, from: from, to: end, until: time)
    reached[place(partition)] = Offset(rawValue: next)
    return isStopped
  }

  // MARK: Slowly

  mutating func load(_ partition: Int32, until time: Int64) throws {
    guard try ingest.log.leader(of: place(partition)) != nil else { return }
    let from = try start(partition)
    positions[partition] = from
    reached[place(partition)] = Offset(rawValue: from)
    let end = try ingest.log.highWatermark(place(partition)).rawValue
    var arrivals = Arrivals()
    if from < end {
      try ingest.log.forEachRecord(place(partition), from: Offset(rawValue: from)) { record in
        guard record.offset < end, record.timestamp <= time else { return false }
        arrivals.offsets.append(record.offset)
        arrivals.times.append(record.timestamp)
        return true
      }
    }
    loaded[partition] = arrivals
  }

  func position(_ partition: Int32) -> Int64 { positions[partition] ?? 0 }
  func arrivals(_ partition: Int32) -> Arrivals { loaded[partition] ?? Arrivals() }

  mutating func finish(
    _ parts: [SinkGroup.Poll.Part], at time: Int64, isMember: Bool
  ) throws -> Set<Int32> {
    var failed: Set<Int32> = []
    for var part in parts {
      if settings.poison == .stop, let offset = try firstPoison(part) {
        part.to = offset
        failed.insert(part.partition)
      }
      let position = position(part.partition)
      switch settings.delivery {
      case .exactlyOnce:
        // The lake decides: what somebody else has archived meanwhile is not archived again.
        part.from = max(part.from, position)
        guard part.to > part.from, part.from == position else { continue }
        positions[part.partition] = part.to
      case .atLeastOnce:
        guard part.to > part.from else { continue }
        if isMember, part.to > position, isCommitDue(part.partition, time) { positions[part.partition] = part.to }
      }
      add(part)
      if isMember || settings.delivery == .exactlyOnce {
        let place = place(part.partition)
        let next = Offset(rawValue: max(reached[place]?.rawValue ?? 0, part.to))
        reached[place] = next
        let end = arrivals(part.partition).end(at: time) ?? next.rawValue
        steps.append(
          EventLog.OffsetStep(
            partition: place,
            offset: next,
            time: time,
            logStartOffset: try ingest.log.startOffset(place),
            logEndOffset: Offset(rawValue: max(end, next.rawValue))
          )
        )
      }
    }
    return failed
  }

  private mutating func isCommitDue(_ partition: Int32, _ time: Int64) -> Bool {
    if let last = lastCommits[partition], time - last < settings.commitInterval { return false }
    lastCommits[partition] = time
    return true
  }

  /// Polls that follow each other become one object.
  private mutating func add(_ part: SinkGroup.Poll.Part) {
    if let last = finished.lastIndex(where: { $0.partition == part.partition }),
      finished[last].to == part.from
    {
      finished[last].to = part.to
    } else {
      finished.append(part)
    }
  }

  /// Reads what was finished again, and cuts it into objects.
  mutating func writeFinished() throws {
    for part in finished {
      // Retention may have passed a poll that a world kept on its disk.
      let first = try ingest.log.startOffset(place(part.partition)).rawValue
      guard part.to > first else { continue }
      _ = try write(part.partition, from: max(part.from, first), to: part.to, until: .max)
    }
    finished = []
  }

  private func firstPoison(_ part: SinkGroup.Poll.Part) throws -> Int64? {
    var found: Int64?
    try ingest.log.forEachRecord(place(part.partition), from: Offset(rawValue: part.from)) {
      guard $0.offset < part.to else { return false }
      if isPoison($0.value) { found = $0.offset }
      return found == nil
    }
    return found
  }

  // MARK: Writing

  /// Cuts records into objects, and answers the offset behind the last one, and whether a record
  /// stopped it.
  private mutating func write(
    _ partition: Int32, from: Int64, to end: Int64, until time: Int64
  ) throws -> (next: Int64, isStopped: Bool) {
    var next = from
    guard from < end else { return (next, false) }
    var pending = PendingObject()
    var isStopped = false
    var left = LeftOut()
    try ingest.log.forEachRecord(place(partition), from: Offset(rawValue: from)) { record in
      guard record.offset < end, record.timestamp <= time else { return false }
      if settings.poison != .store, isPoison(record.value) {
        guard settings.poison != .stop else {
          isStopped = true
          return false
        }
        left.add(settings.poison == .dlq ? deadLetter(record, partition) : nil, record.offset)
        next = record.offset + 1
        return true
      }
      let hour = floorDivide(Int(record.timestamp), 3_600_000)
      if !pending.isEmpty, hour != pending.hour || pending.isFull {
        try seal(&pending, of: partition)
      }
      // A left-out record belongs to the object behind it, so that the position passes it.
      let isFirst = pending.isEmpty
      pending.append(record, hour: hour)
      if isFirst, let first = left.start { pending.startOffset = first }
      try bury(&left)
      next = record.offset + 1
      return true
    }
    if !pending.isEmpty { try seal(&pending, of: partition) }
    // With exactly-once nothing has passed the last ones yet: they wait for the object behind them.
    if settings.delivery == .atLeastOnce { try bury(&left) }
    return (next, isStopped)
  }

  /// Counts records as left out, and puts them where dead letters go.
  private mutating func bury(_ left: inout LeftOut) throws {
    guard left.count > 0 else { return }
    summary.skipped += left.count
    if let time = left.letters.map(\.timestamp).max() {
      let topic = ingest.topic + "-dlq"
      _ = try ingest.log.append(left.letters, to: TopicPartition(topic, 0), appendTime: time)
    }
    left = LeftOut()
  }

  /// The record as it came, with why and whence in headers, as Kafka Connect's sinks do it.
  private func deadLetter(_ record: RecordView, _ partition: Int32) -> Record {
    Record(
      key: record.key.map { Array($0) },
      value: record.value.map { Array($0) },
      headers: [
        RecordHeader("reason", "not_json"), RecordHeader("topic", ingest.topic),
        RecordHeader("partition", String(partition)),
        RecordHeader("offset", String(record.offset)),
      ],
      timestamp: record.timestamp
    )
  }

  private mutating func seal(_ pending: inout PendingObject, of partition: Int32) throws {
    sealed.append(
      Sealed(
        key: BronzeKey(
          topic: ingest.topic,
          partition: partition,
          startOffset: pending.startOffset,
          endOffset: pending.endOffset - 1,
          hourUTC: StoryTime(milliseconds: Int64(pending.hour) * 3_600_000)
        ),
        lines: pending.lines,
        records: pending.count
      )
    )
    pending = PendingObject()
    // A long catch-up must not hold everything in memory.
    if sealed.reduce(0, { $0 + $1.lines.count }) >= 32 << 20 { try publish() }
  }

  /// Puts the sealed objects and waits for the disk once for all of them.
  mutating func publish() throws {
    guard !sealed.isEmpty else { return }
    let objects = sealed
    let packed = Mutex([[UInt8]](repeating: [], count: objects.count))
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: objects.count) { index in
      do {
        let bytes = try Gzip.compress(objects[index].lines)
        packed.withLock { $0[index] = bytes }
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    let bytes = packed.withLock { $0 }
    let isNew = try ingest.lake.putBronze(zip(objects, bytes).map { ($0.key.text, $1) })
    for (index, object) in objects.enumerated() {
      var key = object.key
      if !isNew[index] {
        guard settings.delivery == .atLeastOnce else {
          ingest.archived(place(key.partition), to: key.endOffset + 1)
          continue
        }
        repeat { key.copy += 1 } while try !ingest.lake.putBronze(key.text, bytes[index])
      }
      summary.records += object.records
      summary.objects.append(key.text)
      ingest.archived(place(key.partition), to: key.endOffset + 1)
    }
    sealed.removeAll()
  }
}

/// Whether a record's bytes are no JSON object.
private func isPoison(_ value: UnsafeRawBufferPointer?) -> Bool {
  guard let value, let json = try? JSONValue(parsing: value), case .object = json else {
    return true
  }
  return false
}

/// Records that are no part of an object, until one passes them.
private struct LeftOut {
  var letters: [Record] = []
  var count = 0
  var start: Int64?

  mutating func add(_ letter: Record?, _ offset: Int64) {
    if let letter { letters.append(letter) }
    count += 1
    start = start ?? offset
  }
}

/// The lines of one hour of one topic-partition, before they become an object.
private struct PendingObject {
  var lines: [UInt8] = []
  var hour = 0
  var count = 0
  var startOffset: Int64 = 0
  /// The offset after the last record.
  var endOffset: Int64 = 0

  var isEmpty: Bool { count == 0 }
  /// Bounds memory during a long catch-up; readers do not mind two objects for one hour.
  var isFull: Bool { lines.count >= 32 << 20 }

  mutating func append(_ record: RecordView, hour: Int) {
    if isEmpty {
      self.hour = hour
      startOffset = record.offset
    }
    if let value = record.value { lines.append(contentsOf: value) }
    lines.append(0x0A)
    count += 1
    endOffset = record.offset + 1
  }
}
