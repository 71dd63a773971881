import Commands
import EventLog
import Foundation
import Grading
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
  /// The `data` of what a line answers.
  static func data(_ shell: Shell, _ line: String) throws -> Any {
    let text = shell.answer(to: line, json: true).text
    let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(root?["data"], "\(line): \(text)")
  }

  /// The rows of a line that answers a table, by column.
  static func rows(_ shell: Shell, _ line: String) throws -> [[String: Any]] {
    let table = try #require(try data(shell, line) as? [String: Any], "\(line)")
    let names = try #require(table["columns"] as? [[String: String]]).map { $0["name"] ?? "" }
    return try #require(table["rows"] as? [[Any]]).map {
      Dictionary(zip(names, $0)) { first, _ in first }
    }
  }

  /// An exercise that lays a file over the pipeline when it begins.
  private static func pack(_ scratch: ScratchDirectory) throws -> String {
    let folder = "pack/team/01-start/"
    try scratch.write(
      folder + "exercise.yaml",
      "id: team-1\nversion: 1\nstatus: local\nkind: state\ntitle: {en: A note}\nminutes: 5\n")
    try scratch.write(folder + "task.en.md", "Find the note.\n")
    try scratch.write(folder + "hints.en.md", "## 1\nLook.\n")
    try scratch.write(folder + "feedback.en.md", "## passed\nYes.\n\n## lost\nNo.\n")
    try scratch.write(
      folder + "checks/10-rows.yaml",
      "goal: {en: Nothing is there}\nfeedback: lost\nsql: SELECT 1 WHERE false\n")
    try scratch.write(folder + "start/models/marts/notes.txt", "what the team knew\n")
    return scratch.path + "/pack"
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
    let shell = try world.shell(courses: try Self.pack(scratch))
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

    let topics = try Self.rows(shell, "kafka topics")
    #expect(topics.filter { $0["topic"] as? String == "app-events" }.count == 3)
    for table in ["partitions", "topics", "consumer_groups", "replicas", "records"] {
      let rows = try Self.rows(shell, "SELECT * FROM system.kafka.\(table) LIMIT 1;")
      #expect(rows.count == 1, "\(table)")
    }
    let read = try #require(
      try Self.data(shell, "kafka read app-events --last 3") as? [[String: Any]])
    #expect(read.count == 3)
    #expect((read[0]["timestamp"] as? String)?.hasPrefix("2024-01-16") == true)
    #expect(shell.answer(to: "kafka read nowhere").text.contains("app-events"))
    let lag = try Self.rows(shell, "kafka lag lake-sink")
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

    // The live tile counts a purchase as soon as the cluster has it.
    let before = try Self.tile(shell)
    for line in ["app track purchase_completed product_id=SKU1 price=29900", "app flush"] {
      #expect(shell.answer(to: line).status == .success)
    }
    #expect(try Self.tile(shell).purchases == before.purchases + 1)
    #expect(try Self.tile(shell).revenue == before.revenue + 29_900)
    #expect(shell.answer(to: "dlq list").status == .success)
    // An exercise whose checks ask the world itself is judged by what the cluster holds.
    let own = try Self.rows(
      shell,
      """
      SELECT partition, "offset" FROM system.kafka.records
      WHERE event_id = '\(try Self.eventID(shell))';
      """)
    let partition = try #require(own.first?["partition"] as? Int)
    let offset = try #require(own.first?["offset"] as? Int)
    #expect(shell.answer(to: "exercise 00-1").status == .success)
    #expect(shell.answer(to: "answer \(partition):\(offset + 1)").status == .notYet)
    let judged = shell.answer(to: "answer \(partition):\(offset)")
    #expect(judged.status == .success, "\(judged.text)")

    // What only the embedded log does is said by its name, and leaves nothing behind.
    let moment = try shell.withPlatform { $0.now }
    for line in [
      "kafka kill-leader app-events-0", "kafka brokers stop 1", "kafka config app-events",
      "kafka reset-offsets lake-sink --to-earliest", "kafka lag lake-sink --history",
      "kafka produce app-events-dlq {} --acks 1", "fork before", "fork", "rewind before --yes",
      "incident start FALSE-01", "exercise team-1",
      "kcat -L", "kafka-topics.sh --list", "serve --kafka-port 0",
      "SELECT * FROM system.kafka.segments;",
    ] {
      let answer = shell.answer(to: line)
      #expect(answer.status != .success, "\(line)")
      #expect(answer.text.contains("needs the embedded log"), "\(line): \(answer.text)")
    }
    #expect(throws: PlatformError.self) {
      try shell.gradingHost().open(WorldRequest(origin: .learner(fork: nil)))
    }
    try shell.withPlatform { platform in
      #expect(platform.now == moment)
      #expect(
        !FileManager.default.fileExists(
          atPath: platform.directory + "/pipeline/models/marts/notes.txt"))
    }
    #expect(shell.answer(to: "help kafka").text.contains("the embedded log"))
    let served = shell.answer(to: "serve --port 0")
    #expect(served.status == .success)
    #expect(served.text.contains("kcat -b \(servers)"), "\(served.text)")
    #expect(shell.answer(to: "serve stop").status == .success)
  }

  /// The live tile's numbers, as the dashboard asks for them.
  private static func tile(_ shell: Shell) throws -> (purchases: Int, revenue: Int) {
    let shown = try #require(try data(shell, "dash show live") as? [String: Any])
    let tile = try #require((shown["tiles"] as? [[String: Any]])?.first)
    let values = try #require(tile["values"] as? [String: Int], "\(tile)")
    return (try #require(values["purchases"]), try #require(values["revenue_krw"]))
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
