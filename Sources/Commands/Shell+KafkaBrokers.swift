// The simulated brokers: who is alive, and what happens when one dies.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Terminal

extension Shell {
  /// `kafka brokers`, `kafka brokers stop|start N`.
  func kafkaBrokers(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let log = try platform().log
    guard let action = arguments.positions.first?.lowercased() else { return try brokerTable() }
    guard ["stop", "start"].contains(action) else {
      throw CommandError(
        .unknownSubcommand,
        ["command": "kafka brokers", "word": action, "known": "stop, start"])
    }
    guard let word = arguments.positions.dropFirst().first, let broker = Int32(word) else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka brokers", "usage": "kafka brokers \(action) 1"])
    }
    let changes = try action == "stop" ? log.stopBroker(broker) : log.startBroker(broker)
    return failoverReply(
      "kafka.broker." + (action == "stop" ? "stopped" : "started"), broker, changes)
  }

  /// `kafka kill-leader TOPIC-P`.
  func killLeader(_ words: [String]) throws -> Reply {
    let log = try platform().log
    guard let word = words.first, let dash = word.lastIndex(of: "-"),
      let number = Int32(word[word.index(after: dash)...])
    else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka kill-leader", "usage": "kafka kill-leader app-events-0"])
    }
    let topic = String(word[..<dash])
    guard log.topicNames().contains(topic) else { throw noSuchTopic(topic, among: log.topicNames()) }
    let count = try log.partitionCount(of: topic)
    guard number >= 0, Int(number) < count else {
      throw CommandError(
        .badNumber,
        ["option": topic, "value": String(number), "low": "0", "high": String(count - 1)])
    }
    let partition = TopicPartition(topic, number)
    guard let leader = log.leader(of: partition) else {
      return Reply(
        [.text(text("kafka.failover.none", ["partition": word]))],
        data: .record(["broker": .null, "failovers": .array([])]), exit: .usage)
    }
    return failoverReply("kafka.broker.stopped", leader, try log.stopBroker(leader))
  }

  private func failoverReply(
    _ key: String, _ broker: Int32, _ changes: [EventLog.Failover]
  ) -> Reply {
    var blocks: [Reply.Block] = [.text(text(key, ["broker": String(broker)]))]
    for change in changes {
      let kind = change.leader == nil ? "none" : change.lost > 0 ? "lost" : "leader"
      blocks.append(
        .text(
          text(
            "kafka.failover." + kind,
            [
              "partition": change.partition.description,
              "leader": change.leader.map { String($0) } ?? "-", "epoch": String(change.epoch),
              "lost": String(change.lost),
            ])))
    }
    return Reply(
      blocks,
      data: .record([
        "broker": .integer(Int64(broker)),
        "failovers": .array(
          changes.map { change in
            .record([
              "partition": .string(change.partition.description),
              "leader": change.leader.map { .integer(Int64($0)) } ?? .null,
              "epoch": .integer(Int64(change.epoch)), "lost": .integer(change.lost),
            ])
          }),
      ]))
  }

  private func brokerTable() throws -> Reply {
    let log = try platform().log
    var leads: [Int32: Int] = [:]
    var has: [Int32: Int] = [:]
    for topic in log.topicNames() {
      for number in 0..<(try log.partitionCount(of: topic)) {
        let partition = TopicPartition(topic, Int32(number))
        let set = log.replicas(partition)
        if let leader = log.leader(of: partition) { leads[leader, default: 0] += 1 }
        for broker in set?.replicas ?? [1] { has[broker, default: 0] += 1 }
      }
    }
    let rows = log.brokers.map { broker in
      [
        String(broker.id), broker.isAlive ? "UP" : "DOWN", String(leads[broker.id] ?? 0),
        String(has[broker.id] ?? 0),
      ]
    }
    return Reply(
      [
        .table(
          TableView(
            columns: [
              .number("BROKER"), TableColumn("STATE"), .number("LEADERS"), .number("REPLICAS"),
            ],
            rows: rows))
      ],
      data: .array(
        log.brokers.map { broker in
          .record([
            "broker": .integer(Int64(broker.id)), "is_alive": .bool(broker.isAlive),
            "leaders": .count(leads[broker.id] ?? 0), "replicas": .count(has[broker.id] ?? 0),
          ])
        }))
  }
}
