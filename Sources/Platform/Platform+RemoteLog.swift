// A world whose events rest in a Kafka cluster: opening it, keeping it to its cluster, and what
// only the embedded log can do.

internal import Collector
internal import EventLog
internal import Foundation
internal import KafkaProtocol
package import RemoteKafka
internal import Yams

extension Platform {
  /// Which log answers.
  package enum LogAnswer: Sendable, Hashable {
    case embedded
    case kafka(servers: String, clusterID: String?, library: String)
  }

  /// Which log answers.
  package var logAnswer: LogAnswer {
    guard let kafka else { return .embedded }
    return .kafka(
      servers: kafka.configuration.bootstrapServers, clusterID: kafka.clusterID,
      library: kafka.library.version)
  }

  /// `bootstrap.servers` of the cluster that holds the events; nil with the embedded log.
  package var kafkaServers: String? { kafka?.configuration.bootstrapServers }

  /// - Parameter what: the command or the ability, as it is typed.
  /// - Throws: `platform.onlyEmbedded` where the world's log is a cluster.
  package func checkEmbedded(_ what: String) throws {
    guard let kafka else { return }
    throw Platform.onlyEmbedded(what, kafka.configuration.bootstrapServers)
  }

  static func onlyEmbedded(_ what: String, _ servers: String) -> PlatformError {
    PlatformError(
      .onlyEmbedded,
      "\(what) needs the embedded log; the log of this world is the Kafka cluster at \(servers)",
      place: servers,
      advice: "Use the cluster's own tools, or a home without `log: kafka` in its config.yaml.",
      fields: ["what": what, "servers": servers]
    )
  }

  /// A world's log, opened.
  struct OpenedLog {
    var events: any WorldLog
    var kafka: RemoteKafkaLog?
    var notes: [Recovery] = []
  }

  /// Opens the log that the profile names, and makes its topics.
  ///
  /// - Parameter embedded: the log below the world's directory; it stays empty beside a cluster.
  /// - Throws: what the library, the cluster or the files say; `platform.otherLog` where the world
  ///   has lived with another log than this one.
  static func openLog(
    _ profile: Profile, directory: String, file: WorldFile, embedded: EventLog,
    pipeline: PipelineFiles, storyNow: @escaping @Sendable () -> Int64
  ) throws -> OpenedLog {
    let binding = try LogBinding.read(directory)
    guard case .kafka(let configuration) = profile.log else {
      if let binding { throw binding.refusal(now: "embedded", directory) }
      let notes = try makeTopics(of: pipeline, in: embedded)
      try declareTopics(of: pipeline, in: embedded)
      return OpenedLog(events: embedded, notes: notes)
    }
    if binding == nil, try hasLived(file, embedded) {
      throw LogBinding(cluster: nil, servers: "embedded").refusal(
        now: configuration.bootstrapServers, directory)
    }
    let cluster = try RemoteKafkaLog.connect(configuration, library: try RDKafkaLibrary.open())
    if let binding, let known = binding.cluster, let id = cluster.clusterID, known != id {
      throw binding.refusal(now: configuration.bootstrapServers + " (\(id))", directory)
    }
    let declared = try pipeline.topics()
    let events = StoryKafka(cluster: cluster, storyNow: storyNow) { name in
      declared.first { $0.name == name }?.settings ?? [:]
    }
    for topic in declared {
      try events.ensureTopic(topic.name, partitionCount: topic.partitions)
    }
    var opened = OpenedLog(events: events, kafka: cluster)
    opened.notes = try notes(on: declared, cluster, isNew: binding == nil)
    if binding == nil {
      try LogBinding(
        cluster: cluster.clusterID, servers: configuration.bootstrapServers
      ).write(directory)
    }
    return opened
  }

  /// Makes the topics of `topics.yaml`, and gives those more partitions that shall have more. Fewer are
  /// noted and left: a log adds partitions and never takes them away.
  private static func makeTopics(of pipeline: PipelineFiles, in log: EventLog) throws -> [Recovery] {
    let existing = Set(log.topicNames())
    return try pipeline.topics().compactMap { topic in
      let count = existing.contains(topic.name) ? try log.partitionCount(of: topic.name) : 0
      if count == 0 {
        try log.createTopic(topic.name, partitionCount: topic.partitions)
      } else if topic.partitions > count {
        try log.growTopic(topic.name, partitionCount: topic.partitions)
      } else if topic.partitions < count {
        return Recovery(
          code: "kafka.partitions",
          fields: [
            "topic": topic.name, "value": String(count), "asked": String(topic.partitions),
          ],
          message: "\(topic.name) has \(count) partitions, and topics.yaml says \(topic.partitions)")
      }
      return nil
    }
  }

  /// What `collector.yaml` asks of a write that a cluster does by its own rules.
  static func notes(on acknowledgement: LogAcknowledgement) -> [Recovery] {
    guard acknowledgement.acks != .all || acknowledgement.minInSyncReplicas > 1 else { return [] }
    return [
      Recovery(
        code: "kafka.acks", fields: [:],
        message: "acks and minInSyncReplicas of collector.yaml are the embedded log's")
    ]
  }

  private static func hasLived(_ file: WorldFile, _ embedded: EventLog) throws -> Bool {
    if file.now > file.start { return true }
    return try embedded.topicNames().contains { topic in
      try (0..<Int32(try embedded.partitionCount(of: topic))).contains {
        try embedded.endOffset(TopicPartition(topic, $0)).rawValue > 0
      }
    }
  }

  /// What of the cluster's topics a learner should know before the first surprise.
  private static func notes(
    on declared: [PipelineFiles.TopicSetting], _ cluster: RemoteKafkaLog, isNew: Bool
  ) throws -> [Recovery] {
    var notes: [Recovery] = []
    func note(_ code: String, _ topic: String, _ value: String, _ message: String) {
      notes.append(
        Recovery(code: code, fields: ["topic": topic, "value": value], message: message))
    }
    for declaration in declared {
      let topic = declaration.name
      let count = try cluster.partitionCount(of: topic)
      if isNew {
        let records = try (0..<Int32(count)).reduce(Int64(0)) {
          let range = try cluster.offsets(TopicPartition(topic, $1))
          return $0 + range.end - range.start
        }
        if records > 0 {
          note(
            "kafka.notEmpty", topic, String(records),
            "\(topic) holds \(records) records of somebody else's already")
        }
      }
      let told = try cluster.settings(of: topic)
      var actual = told ?? [:]
      actual["partitions"] = String(count)
      var wanted = declaration.settings
      wanted["partitions"] = String(declaration.partitions)
      for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
        guard let has = actual[name], has != value else { continue }
        note(
          "kafka.differs", topic, "\(name)=\(has)",
          "\(topic) has \(name)=\(has) in the cluster, and \(value) in topics.yaml")
      }
      guard let settings = told else { continue }
      if settings["message.timestamp.type"] == "LogAppendTime" {
        note(
          "kafka.appendTime", topic, "LogAppendTime",
          "\(topic) has the cluster's times, not the story's")
      } else if let kept = settings["retention.ms"].flatMap(Int64.init), kept >= 0 {
        note(
          "kafka.retention", topic, String(kept / 3_600_000),
          "\(topic) keeps records for \(kept) ms by their own time, which is the story's")
      }
    }
    return notes
  }
}

/// `log.yaml` of a world: the cluster that its events are in; a world with the embedded log has
/// none.
///
/// Bronze's objects are named by the log's offsets: those of one log say nothing about another's.
struct LogBinding {
  var cluster: String?
  var servers: String

  private static func path(_ directory: String) -> String { directory + "/log.yaml" }

  static func read(_ directory: String) throws -> LogBinding? {
    guard let data = FileManager.default.contents(atPath: path(directory)) else { return nil }
    let root = try? Yams.load(yaml: String(decoding: data, as: UTF8.self)) as? [String: Any]
    guard let root, let servers = root["servers"] as? String else {
      throw PlatformError(
        .worldFile,
        "log.yaml is damaged",
        place: path(directory),
        advice: "Restore the cluster's id and servers, or remove the world to begin anew.",
        fields: ["file": path(directory)])
    }
    return LogBinding(cluster: root["cluster"] as? String, servers: servers)
  }

  func write(_ directory: String) throws {
    func quoted(_ text: String) -> String { "\"" + text.replacing("\"", with: "\\\"") + "\"" }
    let text =
      "# The cluster that this world's events are in.\nservers: \(quoted(servers))\n"
      + (cluster.map { "cluster: \(quoted($0))\n" } ?? "")
    try Home.write(Array(text.utf8), to: Self.path(directory))
  }

  func refusal(now: String, _ directory: String) -> PlatformError {
    let was = cluster.map { "\(servers) (\($0))" } ?? servers
    return PlatformError(
      .otherLog,
      "this world has lived with another log: \(was), not \(now)",
      place: directory,
      advice: "Go back to that log in config.yaml, or begin another home: TAPLINE_HOME=PATH.",
      fields: ["was": was, "now": now])
  }
}
