// Members for which a record takes time: their polls, one after another, on story time.
//
// 1. A free member polls as soon as one of its partitions has a record, and takes up to
//    `max.poll.records` of what had arrived by then.
// 2. The poll ends `recordMilliseconds` a record later; then its records are written, and the group's
//    position follows, if the member still belongs to it.
// 3. A member whose poll takes longer than `max.poll.interval.ms` is expelled in the middle of it;
//    whoever gets its partitions begins where the group's position is, and takes the same records.

/// Who keeps positions and writes; what a member does to the world outside.
protocol SinkWork {
  /// The offset from which a partition's next owner reads.
  func position(_ partition: Int32) -> Int64
  /// Offsets and append times of a partition's records from its position on, in order.
  func arrivals(_ partition: Int32) -> Arrivals
  /// Records are finished; `isMember` is false where the group has gone on without who did it.
  ///
  /// Answers the partitions at whose records the member fails.
  mutating func finish(
    _ parts: [SinkGroup.Poll.Part], at time: Int64, isMember: Bool
  ) throws -> Set<Int32>
}

/// What a partition holds beyond a position.
struct Arrivals {
  var offsets: [Int64] = []
  var times: [Int64] = []

  /// The end of the partition at a moment, as far as it was loaded.
  func end(at time: Int64) -> Int64? {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : offsets[low - 1] + 1
  }

  /// The first index whose offset is not before `offset`.
  func index(from offset: Int64) -> Int {
    var low = 0
    var high = offsets.count
    while low < high {
      let middle = (low + high) / 2
      if offsets[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SinkGroup {
  /// Lives until `now` with members that take their time.
  mutating func liveSlowly(
    _ settings: IngestSettings, partitions: Int, until now: Int64, _ work: inout some SinkWork
  ) throws {
    var clock = min(lived ?? now, now)
    var fetched: [Int32: Int64] = [:]
    /// Partitions that fail at a record: no use in trying again before the next run.
    var failing: Set<Int32> = []
    while true {
      // The earliest of: somebody is missed, a poll ends, a poll begins.
      var next: (time: Int64, act: Act)?
      func offer(_ time: Int64, _ act: Act) {
        if time <= now, next.map({ time < $0.time }) ?? true { next = (time, act) }
      }
      for (index, member) in members.enumerated() where member.condition == .running {
        if let poll = member.poll {
          offer(poll.ends, .end(index))
        } else if let start = firstArrival(index, fetched, failing, work) {
          // Who was started between two runs has done nothing before.
          offer(max(start, clock, member.since), .begin(index))
        }
      }
      if let due = nextExpulsion(settings) { offer(due.time, .expel(due.index, due.reason)) }
      guard let (time, act) = next else { break }
      clock = max(clock, time)
      switch act {
      case .expel(let index, let reason):
        expel(index, reason, partitions, at: time)
        fetched = [:]
      case .begin(let index): begin(index, settings, at: clock, &fetched, failing, work)
      case .end(let index):
        try end(index, settings, partitions, at: time, &fetched, &failing, &work)
      }
    }
    lived = max(lived ?? now, now)
  }

  private enum Act {
    case expel(Int, Rebalance.Reason)
    case begin(Int)
    case end(Int)
  }

  private func firstArrival(
    _ index: Int, _ fetched: [Int32: Int64], _ failing: Set<Int32>, _ work: some SinkWork
  ) -> Int64? {
    guard members[index].joined != nil else { return nil }
    return members[index].assignment.filter { !failing.contains($0) }.compactMap { partition in
      let arrivals = work.arrivals(partition)
      let place = arrivals.index(from: fetched[partition] ?? work.position(partition))
      return place < arrivals.times.count ? arrivals.times[place] : nil
    }.min()
  }

  private mutating func begin(
    _ index: Int, _ settings: IngestSettings, at clock: Int64, _ fetched: inout [Int32: Int64],
    _ failing: Set<Int32>, _ work: some SinkWork
  ) {
    var parts: [Poll.Part] = []
    var count = 0
    for partition in members[index].assignment where !failing.contains(partition) {
      let arrivals = work.arrivals(partition)
      let from = fetched[partition] ?? work.position(partition)
      var place = arrivals.index(from: from)
      let first = place
      while place < arrivals.times.count, count < settings.pollRecordsMax,
        arrivals.times[place] <= clock
      {
        place += 1
        count += 1
      }
      guard place > first else { continue }
      let to = arrivals.offsets[place - 1] + 1
      parts.append(Poll.Part(partition: partition, from: from, to: to))
      fetched[partition] = to
    }
    let duration = Int64((Double(count) * settings.milliseconds(at: clock)).rounded(.up))
    members[index].poll = Poll(started: clock, ends: clock + max(1, duration), parts: parts)
  }

  private mutating func end(
    _ index: Int, _ settings: IngestSettings, _ partitions: Int, at time: Int64,
    _ fetched: inout [Int32: Int64], _ failing: inout Set<Int32>, _ work: inout some SinkWork
  ) throws {
    guard let poll = members[index].poll else { return }
    let isMember = members[index].joined != nil
    let failed = try work.finish(poll.parts, at: time, isMember: isMember)
    members[index].poll = nil
    members[index].lastPoll = time
    members[index].polls += 1
    failing.formUnion(failed)
    if !isMember || !failed.isEmpty {
      members[index].restarts += 1
      join(index, failed.isEmpty ? .rejoined : .poison, partitions, at: time)
      fetched = [:]
    }
  }
}
