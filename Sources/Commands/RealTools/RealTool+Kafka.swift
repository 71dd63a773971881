// kcat and Kafka's own command line tools.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Terminal

/// Where a read begins, as kcat and Kafka's consumer write it.
private enum ReadStart {
  case beginning
  case end
  case at(Int64)
  /// The last records of each partition.
  case last(Int64)

  init(_ text: String?) throws {
    switch text {
    case nil, "beginning", "earliest": self = .beginning
    case "end", "latest": self = .end
    case let text?:
      guard let number = Int64(text) else {
        throw CommandError(
          .badNumber, ["option": "-o", "value": text, "low": "-1000", "high": "9223372036854775807"])
      }
      self = number < 0 ? .last(-number) : .at(number)
    }
  }
}

/// One record as these tools print it.
private struct ToolRecord {
  var partition: Int32
  var record: Record

  var value: String { String(decoding: record.value ?? [], as: UTF8.self) }
  var key: String { String(decoding: record.key ?? [], as: UTF8.self) }

  /// kcat's `-f`: `%t` topic, `%p` partition, `%o` offset, `%k` key, `%s` value, `%S` its size,
  /// `%T` timestamp, and `\n`, `\t`.
  func formatted(_ format: String, topic: String) -> String {
    var result = ""
    var rest = format[...]
    while let character = rest.popFirst() {
      switch (character, rest.first) {
      case ("%", "t"): result += topic
      case ("%", "p"): result += String(partition)
      case ("%", "o"): result += String(record.offset.rawValue)
      case ("%", "k"): result += key
      case ("%", "K"): result += String(record.key?.count ?? -1)
      case ("%", "s"): result += value
      case ("%", "S"): result += String(record.value?.count ?? -1)
      case ("%", "T"): result += String(record.timestamp)
      case ("%", "%"): result += "%"
      case ("\\", "n"): result += "\n"
      case ("\\", "t"): result += "\t"
      default:
        result.append(character)
        continue
      }
      rest.removeFirst()
    }
    return result
  }

  func json(topic: String) -> JSONValue {
    .record([
      "topic": .string(topic), "partition": .integer(Int64(partition)),
      "offset": .integer(record.offset.rawValue), "tstype": .string("create"),
      "ts": .integer(record.timestamp), "key": .optional(record.key.map { _ in key }),
      "payload": .string(value),
    ])
  }
}

/// Who has a partition, as these tools write it.
private struct Replication {
  var leader: String
  var replicas: String
  var inSync: String

  init(_ log: EventLog, _ partition: TopicPartition) {
    func list(_ brokers: [Int32]) -> String { brokers.map { String($0) }.joined(separator: ",") }
    let set = log.replicas(partition)
    leader = set.map { $0.leader.map { String($0) } ?? "-1" } ?? "1"
    replicas = set.map { list($0.replicas) } ?? "1"
    inSync = set.map { list($0.inSync) } ?? "1"
  }
}

extension Shell {
  /// More are never printed at once; at work one would press Ctrl-C.
  private static let toolRecordsMax = 1_000

  /// `kcat -L`, `kcat -C -t app-events -p 2 -o 8871 -c 1 -e`.
  func kcat(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "kcat",
      values: ["-b": "broker", "-t": "topic", "-p": "partition", "-o": "offset", "-c": "count",
        "-f": "format", "-X": "property", "-G": "group"],
      flags: ["-L": "list", "-C": "consume", "-P": "produce", "-J": "json", "-e": "exit",
        "-q": "quiet", "-u": "unbuffered", "-O": "offsets"])
    if arguments.has("list") { return try brokerMetadata(topic: arguments["topic"]) }
    if arguments.has("produce") { throw notHere("kcat", "-P", "collect FILE") }
    if arguments.has("group") { throw notHere("kcat", "-G", "kafka lag lake-sink") }
    guard let topic = arguments["topic"] ?? arguments.positions.first else {
      throw CommandError(
        .missingArgument, ["command": "kcat", "usage": "kcat -C -t app-events -o -3 -e"])
    }
    let records = try read(
      topic: topic, partition: try arguments.integer("partition"),
      from: try ReadStart(arguments["offset"]), limit: try arguments.integer("count", least: 1))
    let data = JSONValue.array(records.map { $0.json(topic: topic) })
    var lines = records.map { record in
      if arguments.has("json") { return record.json(topic: topic).text }
      return arguments["format"].map { record.formatted($0, topic: topic) } ?? record.value
    }
    if let format = arguments["format"], !arguments.has("json") {
      // kcat ends no line by itself where a format is given.
      lines = [format.isEmpty ? "" : lines.joined()].map {
        $0.hasSuffix("\n") ? String($0.dropLast()) : $0
      }
    }
    return toolReply(lines, data: data)
  }

  /// `kafka-console-consumer.sh --topic app-events --partition 2 --offset 8871 --max-messages 1`.
  func kafkaConsoleConsumer(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "kafka-console-consumer",
      values: ["--bootstrap-server": "broker", "--topic": "topic", "--partition": "partition",
        "--offset": "offset", "--max-messages": "count", "--property": "property",
        "--timeout-ms": "timeout", "--group": "group"],
      flags: ["--from-beginning": "beginning"])
    guard let topic = arguments["topic"] else {
      throw CommandError(
        .missingArgument,
        [
          "command": "kafka-console-consumer",
          "usage": "kafka-console-consumer.sh --topic app-events --from-beginning --max-messages 3",
        ])
    }
    let start: ReadStart =
      arguments.has("beginning") ? .beginning : try ReadStart(arguments["offset"] ?? "latest")
    let records = try read(
      topic: topic, partition: try arguments.integer("partition"), from: start,
      limit: try arguments.integer("count", least: 1))
    var reply = toolReply(
      records.map(\.value), data: .array(records.map { $0.json(topic: topic) }))
    // The real one would wait here; a lesson's prompt says so and goes on.
    if records.isEmpty { reply.blocks.append(.text(text("tool.consumer.waits"))) }
    return reply
  }

  private func read(
    topic: String,
    partition: Int?,
    from start: ReadStart,
    limit: Int?
  ) throws -> [ToolRecord] {
    let log = try platform().log
    let count = try partitionCount(of: topic)
    if let partition, partition >= count {
      throw CommandError(
        .badNumber,
        ["option": "-p", "value": String(partition), "low": "0", "high": String(count - 1)])
    }
    var found: [ToolRecord] = []
    let most = min(limit ?? Shell.toolRecordsMax, Shell.toolRecordsMax)
    for number in partition.map({ [Int32($0)] }) ?? (0..<count).map(Int32.init)
    where found.count < most {
      let place = TopicPartition(topic, number)
      let end = try log.endOffset(place)
      let first = try log.startOffset(place)
      var next =
        switch start {
        case .beginning: first
        case .end: end
        case .at(let offset): Offset(rawValue: max(offset, first.rawValue))
        case .last(let count): Offset(rawValue: max(first.rawValue, end.rawValue - count))
        }
      while next < end, found.count < most {
        let records = try log.read(place, from: next, bytesMax: 1 << 18)
        guard let last = records.last else { break }
        found += records.filter { $0.offset >= next }.prefix(most - found.count)
          .map { ToolRecord(partition: number, record: $0) }
        next = last.offset.advanced(by: 1)
      }
    }
    return found
  }

  private func partitionCount(of topic: String) throws -> Int {
    let log = try platform().log
    let topics = log.topicNames()
    guard topics.contains(topic) else { throw noSuchTopic(topic, among: topics) }
    return try log.partitionCount(of: topic)
  }

  private func brokerMetadata(topic: String?) throws -> Reply {
    let log = try platform().log
    let all = log.topicNames()
    if let topic, !all.contains(topic) { throw noSuchTopic(topic, among: all) }
    let topics = topic.map { [$0] } ?? all
    let alive = log.isReplicated ? log.brokers.filter(\.isAlive).map(\.id) : [1]
    var lines = [
      "Metadata for \(topic ?? "all topics") (from broker 1: localhost:9092/1):",
      " \(alive.count) brokers:",
    ]
    lines += alive.map { "  broker \($0) at localhost:9092" + ($0 == 1 ? " (controller)" : "") }
    lines.append(" \(topics.count) topics:")
    for name in topics {
      let count = try log.partitionCount(of: name)
      lines.append("  topic \"\(name)\" with \(count) partitions:")
      lines += (0..<count).map { number in
        let place = Replication(log, TopicPartition(name, Int32(number)))
        return "    partition \(number), leader \(place.leader), replicas: \(place.replicas), "
          + "isrs: \(place.inSync)"
      }
    }
    return toolReply(lines, data: .array(topics.map(JSONValue.string)))
  }

  /// `kafka-topics.sh --list`, `--describe [--topic T]`, `--create --topic T [--partitions N]`.
  func kafkaTopics(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "kafka-topics",
      values: ["--bootstrap-server": "broker", "--topic": "topic", "--partitions": "partitions",
        "--replication-factor": "replicas", "--config": "config"],
      flags: ["--list": "list", "--describe": "describe", "--create": "create",
        "--delete": "delete", "--alter": "alter"])
    for change in ["delete", "alter"] where arguments.has(change) {
      throw notHere("kafka-topics", "--" + change, "kafka topics")
    }
    let log = try platform().log
    if arguments.has("create") {
      guard let topic = arguments["topic"] else {
        throw CommandError(
          .missingArgument,
          ["command": "kafka-topics", "usage": "kafka-topics --create --topic payments"])
      }
      let replicas = try arguments.integer("replicas", least: 1) ?? 1
      guard replicas <= 3 else {
        throw CommandError(
          .badNumber,
          ["option": "--replication-factor", "value": String(replicas), "low": "1", "high": "3"])
      }
      let settings = arguments.repeated["config", default: []].map { text -> (String, String) in
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      }
      try makeTopic(
        topic, partitions: try arguments.integer("partitions", least: 1) ?? 1, replicas: replicas,
        settings: settings)
      return toolReply(["Created topic \(topic)."])
    }
    guard arguments.has("describe") else { return toolReply(log.topicNames()) }
    let all = log.topicNames()
    if let topic = arguments["topic"], !all.contains(topic) {
      throw noSuchTopic(topic, among: all)
    }
    var lines: [String] = []
    for name in all where arguments["topic"].map({ $0 == name }) ?? true {
      let count = try log.partitionCount(of: name)
      let factor = log.replicas(TopicPartition(name, 0))?.replicas.count ?? 1
      lines.append(
        "Topic: \(name)\tPartitionCount: \(count)\tReplicationFactor: \(factor)\tConfigs: ")
      lines += (0..<count).map { number in
        let place = Replication(log, TopicPartition(name, Int32(number)))
        return "\tTopic: \(name)\tPartition: \(number)\tLeader: \(place.leader)"
          + "\tReplicas: \(place.replicas)\tIsr: \(place.inSync)"
      }
    }
    return toolReply(lines)
  }

  func noSuchTopic(_ topic: String, among topics: [String]) -> CommandError {
    noSuch(.noSuchTopic, topic, among: topics)
  }

  func noSuchGroup(_ group: String, among groups: [String]) -> CommandError {
    noSuch(.noSuchGroup, group, among: groups)
  }
}
