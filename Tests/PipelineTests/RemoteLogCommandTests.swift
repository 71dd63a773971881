import Commands
import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import LakeIngest
import Platform
import RemoteKafka
import Terminal
import TestSupport
import Testing

/// The prompt's `kafka` commands where the log is a cluster: a broker of ours, which is one.
@Suite(
  .serialized, .enabled(if: KafkaMockCluster.missing == nil, "\(KafkaMockCluster.missing ?? "")"),
  .timeLimit(.minutes(10)))
struct RemoteLogCommandTests {
  /// What a line answers as JSON: its `data`, or its `error`.
  static func data(_ shell: Shell, _ line: String) throws -> Any {
    let text = shell.answer(to: line, json: true).text
    let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(root?["data"] ?? root?["error"], "\(text)")
  }

  @Test func `a whole world lives on a broker of ours, and its commands show the cluster`() throws {
    let scratch = try ScratchDirectory("remote-broker")
    let log = try EventLog.open(directory: scratch.path)
    let broker = try KafkaBroker.start(
      log: log, port: 0, configuration: BrokerConfiguration()
    ) { 1_790_000_000_000 }
    defer {
      broker.stop()
      try? log.close()
    }
    let servers = "127.0.0.1:\(broker.port)"
    let world = try RemoteWorld(servers, more: "  replicas: 1\n")
    let shell = try world.shell()
    defer { shell.close() }

    // The topics are made with settings that suit the story's times.
    let status = shell.answer(to: "status")
    #expect(status.status == .success, "\(status.text)")
    #expect(status.text.contains("The log is the Kafka cluster at \(servers)"))
    #expect(log.topicNames().contains("app-events"))
    #expect(log.topic("app-events")?.configuration.value("retention.ms") == "-1")
    let engine = try #require(try Self.data(shell, "status") as? [String: Any])
    #expect((engine["log"] as? [String: Any])?["engine"] as? String == "kafka")
    let records = (0..<3 as Range<Int32>).reduce(Int64(0)) {
      $0 + ((try? log.endOffset(TopicPartition("app-events", $1)).rawValue) ?? 0)
    }
    #expect(records > 1_000)
    #expect(engine["kafka_records"] as? Int64 == records)

    // Bronze holds what the hourly runs found; the rest is lag.
    try shell.withPlatform { platform in
      _ = try platform.ingest.run(at: platform.now)
      try platform.ingest.commitOffsets()
      let stored = try platform.texts(
        "SELECT value FROM system.kafka.records WHERE topic = 'app-events'")
      #expect(try platform.bronzeLines().sorted() == stored.sorted())
      #expect(try platform.ingest.run(at: platform.now).objects == [])
    }

    let listed = try Self.data(shell, "kafka topics")
    let topics = try #require(listed as? [[String: Any]], "\(listed)")
    #expect(topics.filter { $0["topic"] as? String == "app-events" }.count == 3)
    let read = try #require(
      try Self.data(shell, "kafka read app-events --last 3") as? [[String: Any]])
    #expect(read.count == 3)
    #expect((read[0]["timestamp"] as? String)?.hasPrefix("2024-01-16") == true)
    #expect(shell.answer(to: "kafka read nowhere").text.contains("app-events"))
    let lag = try #require(try Self.data(shell, "kafka lag lake-sink") as? [[String: Any]])
    #expect(lag.count == 3)
    #expect(lag.allSatisfy { $0["lag"] as? Int == 0 })
    #expect(log.groupNames().contains("lake-sink"))
    let described = shell.answer(to: "kafka describe app-events")
    #expect(described.text.contains("retention.ms=-1"), "\(described.text)")
    #expect(described.text.contains("message.timestamp.type=CreateTime"))
    let brokers = try #require(try Self.data(shell, "kafka brokers") as? [[String: Any]])
    #expect(brokers.first?["address"] as? String == servers)
    let produced = try #require(
      try Self.data(shell, "kafka produce app-events-dlq {} --key k") as? [String: Any])
    #expect(produced["topic"] as? String == "app-events-dlq")
    #expect(shell.answer(to: "kafka members").status == .success)
    #expect(shell.answer(to: "trace event \(try Self.eventID(shell))").text.contains("app-events"))

    // What only the embedded log does is said by its name.
    for line in [
      "kafka kill-leader app-events-0", "kafka brokers stop 1", "kafka config app-events",
      "kafka reset-offsets lake-sink --to-earliest", "kafka lag lake-sink --history", "fork before",
      "kcat -L", "kafka-topics.sh --list", "serve --kafka-port 0",
      "SELECT * FROM system.kafka.segments;",
    ] {
      let answer = shell.answer(to: line)
      #expect(answer.status != .success, "\(line)")
      #expect(answer.text.contains("only the embedded log does"), "\(line): \(answer.text)")
    }
    let served = shell.answer(to: "serve --port 0")
    #expect(served.status == .success)
    #expect(served.text.contains("kcat -b \(servers)"), "\(served.text)")
    #expect(shell.answer(to: "serve stop").status == .success)
  }

  private static func eventID(_ shell: Shell) throws -> String {
    try shell.withPlatform { try #require(try $0.phone.events().last?.eventID) }
  }

  @Test func `another world's serve is a cluster like any other`() throws {
    let server = try TestWorld()
    let opened = try #require(
      try Self.data(server.shell, "serve --port 0 --kafka-port 0") as? [String: Any])
    let port = try #require(opened["kafka"] as? Int)
    defer { server.run("serve stop") }
    // That world's own consumers are the group lake-sink there.
    let shared = try RemoteWorld("127.0.0.1:\(port)")
    let meddler = try shared.open(seed: 7)
    _ = try meddler.ingest.run(at: meddler.now)
    let error = #expect(throws: RemoteKafkaError.self) { try meddler.ingest.commitOffsets() }
    #expect(error?.kind == .groupActive && error?.nativeName == "UNKNOWN_MEMBER_ID")
    let world = try RemoteWorld("127.0.0.1:\(port)", more: "  group: lake-sink-2\n")
    let platform = try world.open(seed: 7)
    // That world's events are there already, with its log's own times.
    let notes = platform.takeRecoveries().map(\.code)
    #expect(notes.contains("kafka.notEmpty") && notes.contains("kafka.appendTime"), "\(notes)")
    _ = try platform.phone.track("screen_view", properties: [])
    _ = try platform.phone.flush()
    let stored = try platform.texts(
      "SELECT value FROM system.kafka.records WHERE topic = 'app-events'")
    _ = try platform.ingest.run(at: platform.now)
    #expect(stored.count > 1_000)
    #expect(try platform.bronzeLines().sorted() == stored.sorted())
    #expect(try platform.ingest.run(at: platform.now).objects == [])
    let id = try #require(platform.phone.events().last?.eventID)
    #expect(
      try server.count(
        "SELECT count(*) FROM system.kafka.records WHERE event_id = '\(id)'") == 1)
    try platform.close()
    #expect(try server.texts(
      "SELECT DISTINCT group_id FROM system.kafka.consumer_groups ORDER BY group_id"
    ) == ["lake-sink", "lake-sink-2"])
  }
}
