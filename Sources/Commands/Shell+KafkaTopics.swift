// Topics: how they are laid out and set, and a record put into one by hand.

internal import Collector
internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `kafka describe [TOPIC]`: its partitions, and what was set of it.
  func describeTopic(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("topic")
    let log = try platform().log
    let topic = arguments.positions.first ?? arguments.options["topic"] ?? "app-events"
    let topics = try topicNames()
    guard topics.contains(topic) else { throw noSuchTopic(topic, among: topics) }
    var reply = try table(
      of: """
        SELECT p.topic, p.partition, p.start_offset, p.end_offset, p.segments, p.size_bytes
        FROM system.kafka.partitions p WHERE p.topic = '\(topic)' ORDER BY p.partition
        """
    )
    if let kafka = try platform().kafka {
      reply.blocks += try describeClusterTopic(topic, kafka)
      return reply
    }
    if log.replicas(TopicPartition(topic, 0)) != nil {
      reply.blocks += try table(
        of: """
          SELECT partition, broker, is_leader, in_sync, end_offset, lag, high_watermark, leader_epoch
          FROM system.kafka.replicas WHERE topic = '\(topic)' ORDER BY partition, broker
          """
      ).blocks
    }
    let set = log.topic(topic)?.configuration.overrides.sorted { $0.key < $1.key } ?? []
    if !set.isEmpty {
      reply.blocks.append(.verbatim("  " + set.map { $0.key + "=" + $0.value }.joined(separator: " ")))
    }
    return reply
  }

  /// `kafka create TOPIC [--partitions 3] [--replicas 1] [name=value …]`: a new topic.
  func createTopic(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("partitions", "replicas")
    guard let topic = arguments.positions.first, arguments.positions.count == 1 else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka create", "usage": "kafka create payments --partitions 3 --replicas 3"])
    }
    try makeTopic(
      topic, partitions: try arguments.integer("partitions", in: 1...1_000) ?? 3,
      replicas: try arguments.integer("replicas", in: 1...3) ?? 1,
      settings: arguments.pairs.map { ($0.key, $0.value) })
    var reply = try describeTopic([topic])
    reply.blocks.insert(.text(text("kafka.created", ["topic": topic])), at: 0)
    return reply
  }

  /// A topic that must not exist yet, with all of its settings or not at all.
  func makeTopic(
    _ topic: String, partitions: Int, replicas: Int, settings: [(String, String)]
  ) throws {
    let platform = try platform()
    try platform.checkEmbedded("kafka create")
    let log = platform.log
    var configuration = TopicConfiguration()
    for (name, value) in settings { try configuration.set(name, value) }
    _ = try log.makeTopic(topic, partitionCount: partitions, configuration: configuration)
    if replicas > 1 { try log.setReplicas(topic, replicas) }
  }

  /// `kafka config TOPIC [name=value …]`: what a topic is set to, and setting it.
  func topicConfig(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let platform = try platform()
    let log = platform.log
    guard let topic = arguments.positions.first else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka config", "usage": "kafka config TOPIC retention.ms=3600000"])
    }
    guard log.topicNames().contains(topic) else { throw noSuchTopic(topic, among: log.topicNames()) }
    try setTopic(topic, arguments.pairs.map { pair -> (String, String?) in (pair.key, pair.value) })
    return try table(
      of: """
        SELECT name, value, default_value, is_default FROM system.kafka.configs
        WHERE topic = '\(topic)' ORDER BY name
        """
    )
  }

  /// Sets a topic; one of `topics.yaml` is set there.
  func setTopic(_ topic: String, _ pairs: [(String, String?)]) throws {
    guard !pairs.isEmpty else { return }
    let platform = try platform()
    if try platform.pipeline.topics().contains(where: { $0.name == topic }) {
      throw CommandError(
        .toolNotHere,
        ["tool": "kafka", "what": "config \(topic)", "instead": "pipeline/topics.yaml"])
    }
    try platform.log.configure(topic) { settings in
      for (name, value) in pairs { try settings.set(name, value?.isEmpty == true ? nil : value) }
    }
  }

  /// `kafka produce TOPIC VALUE [--key K] [-p N] [--hex]`: one record, at story time; with `--hex` the
  /// value is bytes that nobody could type.
  func produceRecord(_ words: [String]) throws -> Reply {
    // A value is a value, whatever signs are in it.
    var options: [String: String] = [:]
    var values: [String] = []
    var rest = words[...]
    var isHex = false
    let names = [
      "--key": "key", "-k": "key", "--partition": "partition", "-p": "partition", "--acks": "acks",
    ]
    while let word = rest.popFirst() {
      guard let name = names[word] else {
        if word == "--hex" { isHex = true } else { values.append(word) }
        continue
      }
      guard let value = rest.popFirst() else {
        throw CommandError(.missingOptionValue, ["option": word])
      }
      options[name] = value
    }
    guard values.count >= 2 else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka produce", "usage": "kafka produce TOPIC '{\"a\":1}' --key k"])
    }
    let acks = options["acks"] ?? "all"
    guard ["all", "-1", "1", "0"].contains(acks) else {
      throw CommandError(
        .badNumber, ["option": "--acks", "value": acks, "low": "0", "high": "all"])
    }
    let waitsForAll = acks == "all" || acks == "-1"
    if !waitsForAll { try platform().checkEmbedded("kafka produce --acks \(acks)") }
    let text = values.dropFirst().joined(separator: " ")
    let place = try produce(
      isHex ? try Self.bytes(hex: text) : Array(text.utf8), to: values[0], key: options["key"],
      partition: options["partition"], waitsForAll: waitsForAll)
    return Reply(
      [
        .text(
          self.text(
            "kafka.produced",
            [
              "topic": values[0], "partition": String(place.0),
              "offset": String(place.1.rawValue),
            ]))
      ],
      data: .record([
        "topic": .string(values[0]), "partition": .integer(Int64(place.0)),
        "offset": .integer(place.1.rawValue),
      ]))
  }

  /// What pairs of hexadecimal digits stand for, blanks between them or none.
  private static func bytes(hex: String) throws -> [UInt8] {
    let digits = hex.filter { !$0.isWhitespace }.map(\.hexDigitValue)
    guard !digits.isEmpty, digits.count.isMultiple(of: 2), !digits.contains(nil) else {
      throw CommandError(.badHex, ["value": hex])
    }
    let numbers = digits.map { UInt8($0 ?? 0) }
    return stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] << 4 | numbers[$0 + 1] }
  }

  /// Appends one record, durably, where its key belongs.
  func produce(
    _ value: [UInt8], to topic: String, key: String?, partition: String?, waitsForAll: Bool = true
  ) throws -> (Int32, Offset) {
    let platform = try platform()
    let topics = try topicNames()
    guard topics.contains(topic) else { throw noSuchTopic(topic, among: topics) }
    let count = try platform.events.partitionCount(of: topic)
    let key = key.map { Array($0.utf8) }
    var number: Int32 = 0
    if let partition {
      guard let asked = Int32(partition), asked >= 0, Int(asked) < count else {
        throw CommandError(
          .badNumber,
          ["option": "-p", "value": partition, "low": "0", "high": String(count - 1)])
      }
      number = asked
    } else if let key {
      number = Int32(Murmur2.partition(forKey: key, count: count))
    }
    let record = Record(key: key, value: value)
    let offsets = try platform.events.append(
      [PartitionAppend(TopicPartition(topic, number), [record])],
      appendTime: platform.now.milliseconds, waitsForAll: waitsForAll)
    try platform.events.sync()
    return (number, offsets[0])
  }
}
