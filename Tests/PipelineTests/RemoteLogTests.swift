import CollectorEndpoint
import Commands
import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import Lake
import LakeIngest
import Platform
import RemoteKafka
import Simulation
import Synchronization
import Terminal
import TestSupport
import Testing

/// A world whose events rest in a Kafka cluster: librdkafka's mock cluster, and a broker of ours.
@Suite(
  .serialized, .enabled(if: KafkaMockCluster.missing == nil, "\(KafkaMockCluster.missing ?? "")"),
  .timeLimit(.minutes(10)))
struct RemoteLogTests {
  static func cluster() throws -> KafkaMockCluster {
    let cluster = try #require(KafkaMockCluster())
    cluster.createTopic("app-events", partitions: 3)
    cluster.createTopic("app-events-dlq", partitions: 1)
    return cluster
  }

  static func event(_ id: String) -> [UInt8] {
    Array(
      (#"[{"event_id":"\#(id)","event_name":"tap","event_time":"2024-01-14T15:00:00Z","#
        + #""device_id":"device-\#(id)"}]"#).utf8)
  }

  @Test func `the collector answers when the cluster has, and Bronze gets all of it once`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers, seconds: 4)
    let stored = try Self.live(world, cluster)
    // After a new start, too, a run does nothing.
    let platform = try world.open()
    #expect(try platform.ingest.run(at: platform.now).objects == [])
    #expect(try platform.bronzeLines().count == stored)
    // And what comes later comes once.
    _ = try platform.phone.track("app_open", properties: [])
    _ = try platform.phone.flush()
    #expect(try platform.ingest.run(at: platform.now).records == 1)
    #expect(try platform.bronzeLines().count == stored + 1)
    try platform.close()
  }

  /// Two hours of a world, with an outage; answers how many records there are in the end.
  private static func live(_ world: RemoteWorld, _ cluster: KafkaMockCluster) throws -> Int {
    let platform = try world.open()
    guard case .kafka(let servers, let id, _) = platform.logAnswer else {
      Issue.record("the profile was not followed")
      return 0
    }
    #expect(servers == cluster.bootstrapServers && id != nil)
    let endpoint = try platform.openCollector(port: 0)
    let client = try #require(LoopbackClient(port: endpoint.port))
    #expect(client.post("/v1/events", Self.event("one"))?.status == 200)
    // Nobody is answered before the cluster has answered.
    for broker in 1...3 as ClosedRange<Int32> { cluster.setDelay(broker, milliseconds: 400) }
    let asked = ContinuousClock.now
    #expect(client.post("/v1/events", Self.event("slow"))?.status == 200)
    #expect(ContinuousClock.now - asked >= .milliseconds(400))
    for broker in 1...3 as ClosedRange<Int32> { cluster.setDelay(broker, milliseconds: 0) }
    // Without brokers there is no 200, and the sender is told to come again.
    for broker in 1...3 as ClosedRange<Int32> { cluster.setDown(broker) }
    let refused = client.post("/v1/events", Self.event("two"))
    #expect(refused?.status == 503)
    #expect(refused?.headers["retry-after"] != nil)
    for broker in 1...3 as ClosedRange<Int32> { cluster.setUp(broker) }
    var status = 503
    for _ in 0..<20 where status != 200 {
      status = client.post("/v1/events", Self.event("two"))?.status ?? 0
    }
    #expect(status == 200)
    endpoint.stop()
    // The learner's phone, as the live totals count it, and two hours of everybody else's.
    let liveEvents = "SELECT CAST(coalesce(sum(events), 0) AS varchar) FROM live.metrics.daily"
    let before = try #require(Int(try platform.texts(liveEvents)[0]))
    for number in 0..<5 {
      _ = try platform.phone.track("screen_view", properties: [])
      if number == 2 { _ = try platform.phone.flush() }
    }
    _ = try platform.phone.flush()
    #expect(try platform.phone.queueCount() == 0)
    #expect(try platform.texts(liveEvents) == [String(before + 5)])
    try platform.advance(to: platform.now.adding(seconds: 2 * 3_600))
    _ = try platform.ingest.run(at: platform.now)

    let stored = try platform.texts(
      "SELECT value FROM system.kafka.records WHERE topic = 'app-events'")
    #expect(stored.count > 20)
    for id in ["one", "slow", "two"] {
      #expect(stored.contains { $0.contains("\"\(id)\"") }, "\(id)")
    }
    #expect(try platform.bronzeLines().sorted() == stored.sorted())
    #expect(try platform.status().logRecords == Int64(stored.count))
    // Times are the story's.
    let times = try platform.texts(
      "SELECT DISTINCT CAST(date_trunc('day', append_time) AS varchar) FROM system.kafka.records")
    #expect(times.allSatisfy { $0.hasPrefix("2024-01-14") }, "\(times)")

    // A second run does nothing.
    #expect(try platform.ingest.run(at: platform.now).objects == [])
    try platform.ingest.commitOffsets()
    #expect(try platform.status().lag == 0)
    #expect(
      try platform.texts(
        """
        SELECT CAST(sum(lag) AS varchar) FROM system.kafka.consumer_groups
        WHERE group_id = 'lake-sink'
        """) == ["0"])
    let own = try RemoteKafkaLog.connect(
      RemoteKafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
      library: try RDKafkaLibrary.open())
    let places = (0..<3 as Range<Int32>).map { TopicPartition("app-events", $0) }
    #expect(try own.committedOffsets(group: "lake-sink", places).count > 0)
    own.close()
    try platform.close()
    return stored.count
  }

  @Test func `requests wait for the cluster beside each other`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers, seconds: 30)
    let platform = try world.open()
    let endpoint = try platform.openCollector(port: 0)
    let port = endpoint.port
    #expect(LoopbackClient(port: port)?.post("/v1/events", Self.event("first"))?.status == 200)
    for broker in 1...3 as ClosedRange<Int32> { cluster.setDelay(broker, milliseconds: 1_500) }
    let asked = ContinuousClock.now
    let answered = DispatchGroup()
    let accepted = Mutex(0)
    for number in 0..<48 {
      answered.enter()
      Thread {
        defer { answered.leave() }
        guard let client = LoopbackClient(port: port),
          client.post("/v1/events", Self.event("number \(number)"))?.status == 200
        else { return }
        accepted.withLock { $0 += 1 }
      }.start()
    }
    answered.wait()
    #expect(accepted.withLock { $0 } == 48)
    // Three at a time would be 24 seconds.
    #expect(ContinuousClock.now - asked < .seconds(15))
    endpoint.stop()
    for broker in 1...3 as ClosedRange<Int32> { cluster.setDelay(broker, milliseconds: 0) }
    try platform.close()
  }

  @Test func `a broker that goes while phones send costs time and no event`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers, seconds: 30)
    let platform = try world.open()
    let isOver = DispatchSemaphore(value: 0)
    let hasStopped = DispatchSemaphore(value: 0)
    let thread = Thread {
      var broker: Int32 = 1
      while isOver.wait(timeout: .now() + .milliseconds(150)) != .success {
        cluster.setDown(broker)
        Thread.sleep(forTimeInterval: 0.4)
        cluster.setUp(broker)
        broker = broker % 3 + 1
      }
      hasStopped.signal()
    }
    thread.start()
    let advance = try platform.advance(to: platform.now.adding(seconds: 3_600))
    isOver.signal()
    hasStopped.wait()
    _ = try platform.ingest.run(at: platform.now)
    let ids = try platform.texts(
      "SELECT event_id FROM system.kafka.records WHERE topic = 'app-events'")
    #expect(advance.delivered > 10)
    #expect(try platform.bronzeLines().count == ids.count)
    // What phones sent twice is theirs; the same world on the embedded log has as many.
    #expect(ids.sorted() == (try Self.idsOfEmbedded(until: platform.now)).sorted())
    try platform.close()
  }

  @Test func `with every broker gone the clock stops, says so, and no event is lost`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers, seconds: 2)
    let platform = try world.open()
    let target = platform.now.adding(seconds: 2 * 3_600)
    try platform.advance(to: platform.now.adding(seconds: 1_800))
    for broker in 1...3 as ClosedRange<Int32> { cluster.setDown(broker) }
    let error = #expect(throws: RemoteKafkaError.self) { try platform.advance(to: target) }
    #expect(error?.kind == .unreachable || error?.kind == .timedOut, "\(String(describing: error))")
    #expect(error?.advice?.isEmpty == false)
    #expect(platform.now < target)
    // The learner's own phone keeps what nobody has taken.
    let own = try platform.phone.track("screen_view", properties: []).eventID
    _ = try? platform.phone.flush()
    #expect(try platform.phone.queueCount() == 1)

    for broker in 1...3 as ClosedRange<Int32> { cluster.setUp(broker) }
    var isThere = false
    for _ in 0..<10 where !isThere {
      do {
        try platform.advance(to: target)
        isThere = true
      } catch is RemoteKafkaError {
        continue
      }
    }
    #expect(platform.now == target)
    _ = try platform.phone.flush()
    #expect(try platform.phone.queueCount() == 0)
    _ = try platform.ingest.run(at: platform.now)
    let ids = try platform.texts(
      "SELECT event_id FROM system.kafka.records WHERE topic = 'app-events'")
    #expect(try platform.bronzeLines().count == ids.count)
    #expect(ids.contains(own))
    // What was sent again is known by its id: no more and no less than without an outage.
    #expect(Set(ids).subtracting([own]) == Set(try Self.idsOfEmbedded(until: target)))
    try platform.close()
  }

  /// The events of the same world on the embedded log.
  static func idsOfEmbedded(until target: StoryTime) throws -> [String] {
    let world = try RemoteWorld("-")
    try "language: en\n".write(
      toFile: world.path + "/config.yaml", atomically: true, encoding: .utf8)
    let platform = try world.open()
    try platform.advance(to: target)
    let ids = try platform.texts(
      "SELECT event_id FROM system.kafka.records WHERE topic = 'app-events'")
    try platform.close()
    return ids
  }

  @Test func `what the pipeline asks and the cluster does by its own rules is told`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers)
    func notes() throws -> [String] {
      let platform = try world.open()
      defer { try? platform.close() }
      return platform.takeRecoveries().map(\.code)
    }
    #expect(try notes() == [])
    for (file, old, new) in [
      ("collector.yaml", "acks: all", "acks: 1"), ("topics.yaml", "partitions: 3", "partitions: 6"),
    ] {
      let path = world.path + "/worlds/sandbox/pipeline/" + file
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try #require(text.contains(old))
      try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try notes() == ["kafka.differs", "kafka.acks"])
  }

  @Test func `whoever writes with the wall's clock is archived at the story's moment`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers)
    let platform = try world.open()
    let kafka = try #require(platform.kafka)
    let foreign = Record(
      key: nil, value: Array(#"{"event_id":"foreign"}"#.utf8), timestamp: 1_790_000_000_000)
    _ = try kafka.append(
      [RemoteKafkaLog.Batch(TopicPartition("app-events", 1), [foreign])], createTime: nil)
    #expect(try platform.ingest.run(at: platform.now).records == 1)
    let key = try #require(try platform.lake.archive().first?.key)
    #expect(key.contains("year=2024/month=01/day=14/hour=15"), "\(key)")
    try platform.close()
  }

  @Test func `a world stays with its log`() throws {
    let cluster = try Self.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers)
    try world.open().close()
    // Another cluster, and the embedded log.
    let other = try Self.cluster()
    for config in [RemoteWorld.config(other.bootstrapServers), "language: en\n"] {
      try config.write(toFile: world.path + "/config.yaml", atomically: true, encoding: .utf8)
      let error = #expect(throws: PlatformError.self) { try world.open() }
      #expect(error?.kind == .otherLog, "\(config)")
    }
    try RemoteWorld.config(cluster.bootstrapServers).write(
      toFile: world.path + "/config.yaml", atomically: true, encoding: .utf8)
    try world.open().close()
    // A world that has lived with the embedded log does not go to a cluster.
    let lived = try TestWorld()
    try lived.restart {
      try RemoteWorld.config(cluster.bootstrapServers).write(
        toFile: lived.path + "/config.yaml", atomically: true, encoding: .utf8)
    }
    let answer = lived.run("status")
    #expect(answer.status == .failure)
    #expect(answer.text.contains("has lived with another log"), "\(answer.text)")
  }

  @Test func `a profile that cannot be says which key`() throws {
    let world = try RemoteWorld("127.0.0.1:1")
    for (config, problem) in [
      ("log: redpanda\n", "`embedded` or `kafka`"), ("log: kafka\n", "bootstrap.servers"),
      ("log: kafka\nkafka:\n  bootstrap.servers: a:1\n  timeoutSecond: 3\n", "timeoutSecond"),
      ("log: kafka\nkafka:\n  bootstrap.servers: a:1\n  timeoutSeconds: 0\n", "1 to 300"),
      ("log: kafka\nkafka:\n  bootstrap.servers: a:1\n  compression: rar\n", "lz4"),
      ("log: [\n", "YAML"),
    ] {
      try config.write(toFile: world.path + "/config.yaml", atomically: true, encoding: .utf8)
      let error = #expect(throws: PlatformError.self) { try Profile.read(homePath: world.path) }
      #expect(error?.kind == .profile)
      #expect(error?.message.contains(problem) == true, "\(String(describing: error))")
    }
  }

  @Test func `what the learner chooses leaves the profile as it is`() throws {
    let world = try RemoteWorld(
      "127.0.0.1:1", more: "  properties:\n    client.id: course\n# a note\n")
    let before = try Profile.read(homePath: world.path)
    let shell = try world.shell()
    #expect(shell.answer(to: "lang ko").status == .success)
    shell.close()
    let text = try String(contentsOfFile: world.path + "/config.yaml", encoding: .utf8)
    #expect(text.contains("language: ko") && text.contains("# a note"))
    #expect(text.matches(of: /language:/).count == 1)
    #expect(try Profile.read(homePath: world.path) == before)
  }

  @Test func `nobody at the address is said with what to do`() throws {
    let world = try RemoteWorld("127.0.0.1:1", seconds: 2)
    let shell = try world.shell()
    let answer = shell.answer(to: "status")
    #expect(answer.status == .failure)
    #expect(answer.text.contains("127.0.0.1:1 cannot be reached"), "\(answer.text)")
    #expect(answer.text.contains("kcat -b 127.0.0.1:1 -L"))
    shell.close()
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: Binary.path), "not built"))
  func `without the library the line that installs it is printed`() throws {
    let world = try RemoteWorld("127.0.0.1:1")
    let answer = try Binary.run(
      ["--home", world.path, "-c", "status"],
      environment: ["TAPLINE_LIBRDKAFKA": "/nowhere/librdkafka.so.1"])
    #expect(answer.status != 0)
    #expect(answer.output.contains(RDKafkaLibrary.installLine), "\(answer.output)")
  }
}
