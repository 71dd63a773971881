// `kafka …` where the world's log is a cluster elsewhere: what it tells, in the columns that the
// embedded log has, and by name what only the embedded log can do.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import RemoteKafka
internal import Terminal

extension Shell {
  /// - Throws: `platform.onlyEmbedded` for what a cluster does not do for us.
  func checkKafkaAction(_ action: String, _ rest: [String]) throws {
    let platform = try platform()
    guard platform.kafka != nil else { return }
    switch action {
    case "config", "reset-offsets", "kill-leader": try platform.checkEmbedded("kafka \(action)")
    case "brokers":
      if let word = rest.first { try platform.checkEmbedded("kafka brokers \(word)") }
    case "groups", "lag":
      if rest.contains("--history") { try platform.checkEmbedded("kafka \(action) --history") }
    default: break
    }
  }

  /// What a command does not do where the log is a cluster; the world is not opened for it.
  func helpBesideCluster(_ command: Command) -> [Reply.Block] {
    let key = "help.\(command.names[0]).cluster"
    guard purpose == .learner, catalogue.contains(key),
      let profile = try? Profile.read(homePath: home.path), profile.log != .embedded
    else { return [] }
    return [.text(text(key))]
  }

  /// The names of topics, sorted; the cluster's where the log is one.
  func topicNames() throws -> [String] { try platform().events.topicNames() }

  /// The names of groups, sorted; the cluster's where the log is one.
  func groupNames() throws -> [String] {
    let platform = try platform()
    return try platform.kafka?.groupNames() ?? platform.log.groupNames()
  }

  /// What every group has committed, sorted by group and partition.
  func committedOffsets() throws -> [(group: String, place: TopicPartition, offset: Offset)] {
    let platform = try platform()
    if let kafka = platform.kafka {
      return try kafka.committedByGroup().flatMap { group, offsets in
        offsets.sorted { $0.key < $1.key }.map { (group, $0.key, $0.value) }
      }
    }
    var found: [(group: String, place: TopicPartition, offset: Offset)] = []
    for group in platform.log.groupNames() {
      for topic in platform.log.topicNames() {
        for number in 0..<Int32(try platform.log.partitionCount(of: topic)) {
          let place = TopicPartition(topic, number)
          guard let offset = try platform.log.committedOffset(group: group, place) else { continue }
          found.append((group, place, offset))
        }
      }
    }
    return found
  }

  /// Names for completion, without waiting for a network: a cluster is not asked for each Tab.
  var completedTopics: [String] {
    guard let platform = try? platform() else { return [] }
    if platform.kafka == nil { return platform.log.topicNames() }
    return (try? platform.pipeline.topics().map(\.name)) ?? []
  }

  /// The same for groups.
  var completedGroups: [String] {
    guard let platform = try? platform() else { return [] }
    return platform.kafka.map { [$0.configuration.group] } ?? platform.log.groupNames()
  }

  /// `kafka describe`, of a cluster: where the replicas are, and what the topic is set to.
  func describeClusterTopic(_ topic: String, _ kafka: RemoteKafkaLog) throws -> [Reply.Block] {
    var blocks = try table(
      of: """
        SELECT partition, broker, is_leader, in_sync, high_watermark
        FROM system.kafka.replicas WHERE topic = '\(topic.replacing("'", with: "''"))'
        ORDER BY partition, broker
        """
    ).blocks
    let told = ["cleanup.policy", "message.timestamp.type", "min.insync.replicas", "retention.ms"]
    if let settings = try kafka.settings(of: topic) {
      let line = told.compactMap { name in settings[name].map { name + "=" + $0 } }
      blocks.append(.verbatim("  " + line.joined(separator: " ")))
    }
    return blocks
  }

  /// `kafka brokers`, of a cluster: those that answer it lists.
  func clusterBrokers(_ kafka: RemoteKafkaLog) throws -> Reply {
    let layout = try kafka.layout()
    let partitions = layout.topics.flatMap(\.partitions)
    let brokers = layout.brokers.map { broker in
      (
        broker: broker, leads: partitions.count { $0.leader == broker.id },
        has: partitions.count { $0.replicas.contains(broker.id) }
      )
    }
    return Reply(
      [
        .table(
          TableView(
            columns: [
              .number("BROKER"), TableColumn("STATE"), TableColumn("ADDRESS"), .number("LEADERS"),
              .number("REPLICAS"),
            ],
            rows: brokers.map {
              [
                String($0.broker.id), "UP", "\($0.broker.host):\($0.broker.port)",
                String($0.leads), String($0.has),
              ]
            }))
      ],
      data: .array(
        brokers.map {
          .record([
            "broker": .integer(Int64($0.broker.id)), "is_alive": .bool(true),
            "address": .string("\($0.broker.host):\($0.broker.port)"),
            "leaders": .count($0.leads), "replicas": .count($0.has),
          ])
        }))
  }
}
