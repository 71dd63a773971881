// Consumer groups: who is in them, how far they have read, how they got there, and how their offsets
// are moved by hand.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import LakeIngest
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `kafka groups [GROUP] [--history]`, `kafka lag [GROUP] [--history] [--draw]`.
  func kafkaLag(_ words: [String], of action: String) throws -> Reply {
    let arguments = try Arguments(words, flags: ["history", "draw"])
    try arguments.allowOnly("history", "draw", "hours")
    let filter = try groupFilter(arguments.positions.first)
    let hours = try arguments.integer("hours", in: 1...720) ?? 24
    guard arguments.options["history"] != nil else {
      var reply = try table(
        of: """
          SELECT group_id, topic, partition, committed_offset AS current_offset,
            end_offset AS log_end_offset, lag
          FROM system.kafka.consumer_groups
          \(filter) ORDER BY group_id, topic, partition
          """
      )
      if arguments.options["draw"] != nil {
        reply.blocks.append(.drawing(try lagBars(arguments.positions.first)))
      }
      return reply
    }
    if action == "groups" {
      return try table(
        of: """
          SELECT date_format(committed_at AT TIME ZONE 'Asia/Seoul', '%m-%d %H:%i:%s') AS at_kst,
            topic, partition, committed_offset, start_offset AS log_start_offset, end_offset AS log_end_offset, lag
          FROM system.kafka.offsets_history
          \(filter) ORDER BY committed_at, group_id, topic, partition
          """
      )
    }
    return try lagOverTime(arguments.positions.first ?? BronzeIngest.group, hours: hours)
  }

  func groupFilter(_ group: String?) throws -> String {
    guard let group else { return "" }
    let groups = try platform().log.groupNames()
    guard groups.contains(group) else { throw noSuchGroup(group, among: groups) }
    return "WHERE group_id = '\(group.replacing("'", with: "''"))'"
  }

  /// One bar for each partition that a group reads.
  private func lagBars(_ wanted: String?) throws -> BarChart {
    let log = try platform().log
    var bars: [BarChart.Bar] = []
    for group in log.groupNames() where wanted.map({ $0 == group }) ?? true {
      for topic in log.topicNames() {
        for number in 0..<(try log.partitionCount(of: topic)) {
          let place = TopicPartition(topic, Int32(number))
          guard let at = try log.committedOffset(group: group, place) else { continue }
          let lag = max(0, try log.endOffset(place).rawValue - at.rawValue)
          bars.append(BarChart.Bar("\(group) \(topic)-\(number)", Double(lag)))
        }
      }
    }
    return BarChart(
      title: text("kafka.lag.title"), bars: bars, quantity: .count(unit: ""), texts: catalogue)
  }

  /// A group's lag at every half hour of the last `hours`, all partitions together and the worst.
  private func lagOverTime(_ group: String, hours: Int) throws -> Reply {
    _ = try groupFilter(group)
    let platform = try platform()
    let points = try LagHistory(platform.log, group).samples(
      until: platform.now.milliseconds, hours: hours)
    let data = JSONValue.array(
      points.map {
        .record([
          "at": .string(EventTimestamp.format($0.time)),
          "lag": $0.lag.map(JSONValue.integer) ?? .null,
          "worst_partition_lag": $0.worst.map(JSONValue.integer) ?? .null,
        ])
      })
    guard points.contains(where: { $0.lag != nil }) else {
      return Reply([.text(text("kafka.history.none", ["group": group]))], data: data)
    }
    func series(_ name: String, _ value: (LagHistory.Sample) -> Int64?) -> LineChart.Series {
      LineChart.Series(
        name,
        points.map { sample in
          LineChart.Point(
            x: Double(sample.time), label: LagHistory.label(sample.time),
            y: value(sample).map(Double.init))
        })
    }
    let chart = LineChart(
      title: text("kafka.history.title", ["group": group]),
      series: [
        series(text("kafka.history.all")) { $0.lag },
        series(text("kafka.history.worst")) { $0.worst },
      ],
      quantity: .count(unit: ""),
      texts: catalogue
    )
    return Reply([.drawing(chart)], data: data)
  }

  /// `kafka members [--history]`, `kafka members stop|hang|start N`, `kafka members add`.
  func kafkaMembers(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["history"])
    try arguments.allowOnly("history")
    if let action = arguments.positions.first?.lowercased() {
      return try changeMembers(action, arguments.positions.dropFirst().first)
    }
    if arguments.options["history"] != nil {
      return try table(
        of: """
          SELECT date_format(at AT TIME ZONE 'Asia/Seoul', '%m-%d %H:%i:%s') AS at_kst, group_id,
            generation, reason, client_id, members
          FROM system.kafka.rebalances ORDER BY at, generation
          """
      )
    }
    return try table(
      of: """
        SELECT number, condition, partitions, joined_generation AS generation,
          date_format(last_poll AT TIME ZONE 'Asia/Seoul', '%m-%d %H:%i') AS last_poll_kst, polls,
          restarts
        FROM system.kafka.sink_members
        ORDER BY number
        """
    )
  }

  private func changeMembers(_ action: String, _ word: String?) throws -> Reply {
    let platform = try platform()
    let conditions: [String: SinkGroup.Condition] = [
      "stop": .stopped, "hang": .hanging, "start": .running,
    ]
    if action == "add" {
      guard try platform.addConsumer() else {
        throw CommandError(
          .badNumber,
          ["option": "consumers", "value": "+1", "low": "0", "high": String(SinkGroup.membersMax)])
      }
      return memberReply("kafka.members.added", platform.ingest.group.members.last)
    }
    guard let condition = conditions[action] else {
      throw CommandError(
        .unknownSubcommand,
        ["command": "kafka members", "word": action, "known": "stop, hang, start, add"])
    }
    let members = platform.ingest.group.members
    guard let word, let number = Int(word) else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka members \(action)", "usage": "kafka members \(action) 1"])
    }
    guard try platform.setConsumer(number, condition) else {
      throw CommandError(
        .badNumber,
        ["option": "member", "value": word, "low": "1", "high": String(max(1, members.count))])
    }
    return memberReply(
      "kafka.members." + condition.rawValue,
      platform.ingest.group.members.first { $0.number == number })
  }

  private func memberReply(_ key: String, _ member: SinkGroup.Member?) -> Reply {
    Reply(
      [.text(text(key, ["number": String(member?.number ?? 0)]))],
      data: .record([
        "number": .count(member?.number ?? 0),
        "condition": .optional(member?.condition.rawValue),
      ]))
  }
}

/// A group's lag over time: what it had committed, against what the topic held at the same moment.
struct LagHistory {
  struct Sample {
    /// Milliseconds.
    var time: Int64
    /// All partitions together; nil before the first commit.
    var lag: Int64?
    var worst: Int64?
  }

  private let log: EventLog
  private let history: [TopicPartition: [OffsetPoint]]

  init(_ log: EventLog, _ group: String) {
    self.log = log
    history = log.offsetHistory(group: group)
  }

  /// 48 moments of the hours before `now`, the last one is `now`.
  func samples(until now: Int64, hours: Int) throws -> [Sample] {
    let step = Int64(hours) * 3_600_000 / 48
    return try (0...48).map { index in
      let time = now - Int64(48 - index) * step
      var sample = Sample(time: time)
      for (partition, points) in history.sorted(by: { $0.key < $1.key }) {
        guard let point = points.last(where: { ($0.time ?? .min) <= time }) else { continue }
        let end = try log.offset(partition, atOrAfter: time &+ 1).rawValue
        let lag = max(0, end - point.offset)
        sample.lag = (sample.lag ?? 0) + lag
        sample.worst = max(sample.worst ?? 0, lag)
      }
      return sample
    }
  }

  /// `14:30` in Seoul.
  static func label(_ time: Int64) -> String {
    let minute = (time + 9 * 3_600_000) / 60_000 % 1_440
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return two(minute / 60) + ":" + two(minute % 60)
  }
}
