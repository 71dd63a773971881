import Commands
import EventLog
import Foundation
import KafkaProtocol
import TestSupport
import Testing

/// `kafka …` and Kafka's own spellings, over a small world.
struct KafkaCommandTests {
  @Test func `members stop, are missed, and come back`() throws {
    let world = try TestWorld()
    #expect(world.run("kafka members").text.contains("running"))
    #expect(world.run("kafka members stop 1").text.contains("killed"))
    world.run("clock +3h")
    #expect(world.run("kafka groups lake-sink").text.contains("lake-sink"))
    let lag = try world.texts(
      "SELECT CAST(sum(lag) AS varchar) FROM system.kafka.consumer_groups WHERE group_id='lake-sink'")
    #expect(try #require(Int(lag[0])) > 0)
    #expect(world.run("kafka members --history").text.contains("sessionExpired"))
    let state = world.run("kafka-consumer-groups.sh --describe --group lake-sink --state").text
    #expect(state.contains("Empty"))
    #expect(world.run("kafka lag lake-sink --draw").text.contains("app-events-0"))
    #expect(world.run("kafka lag lake-sink --history").text.contains("+--"))
    world.run("kafka members start 1")
    world.run("dag run ingest")
    let after = try world.texts(
      "SELECT CAST(sum(lag) AS varchar) FROM system.kafka.consumer_groups WHERE group_id='lake-sink'")
    #expect(try #require(Int(after[0])) == 0)
    #expect(
      world.run("kafka-consumer-groups.sh --describe --group lake-sink --members --verbose").text
        .contains("app-events(0,1,2)"))
  }

  @Test func `offsets are moved only without members, and only when told to`() throws {
    let world = try TestWorld()
    let dry = world.run("kafka reset-offsets lake-sink --to-earliest")
    #expect(dry.text.contains("--execute"))
    #expect(world.run("kafka reset-offsets lake-sink --to-earliest --execute").status != .success)
    let tool = "kafka-consumer-groups.sh --reset-offsets --group other --topic app-events:0,2 "
    #expect(world.run(tool + "--to-offset 3 --dry-run").text.contains("NEW-OFFSET"))
    #expect(try world.texts("SELECT group_id FROM system.kafka.consumer_groups").contains("other") == false)
    world.run(tool + "--to-offset 3 --execute")
    #expect(
      try world.texts(
        """
        SELECT CAST(partition AS varchar) FROM system.kafka.consumer_groups
        WHERE group_id = 'other' AND committed_offset = 3 ORDER BY 1
        """) == ["0", "2"])
    world.run("kafka reset-offsets other --shift-by 2 --execute")
    world.run("kafka reset-offsets other --to-latest --topic app-events:2 --execute")
    #expect(
      try world.texts(
        """
        SELECT CAST(lag AS varchar) FROM system.kafka.consumer_groups
        WHERE group_id = 'other' AND partition = 2
        """) == ["0"])
    #expect(
      try world.texts(
        """
        SELECT CAST(committed_offset AS varchar) FROM system.kafka.offsets_history
        WHERE group_id = 'other' AND partition = 0 ORDER BY committed_offset
        """) == ["3", "5"])
    #expect(world.run("kafka reset-offsets other --to-offset 1 --to-latest").status != .success)
  }

  @Test func `a record is produced by key, and settings are shown`() throws {
    let world = try TestWorld()
    #expect(world.run("kafka produce app-events-dlq '{\"a\":1}' --key k").text.contains("offset"))
    #expect(world.run("kafka read app-events-dlq --last 1", json: true).text.contains("\"a\""))
    // Bytes that nobody can type: the first two of an emoji's four.
    #expect(world.run("kafka produce app-events-dlq '22 F09F' --hex -p 0").status == .success)
    #expect(
      try world.texts(
        "SELECT value FROM system.kafka.records WHERE topic = 'app-events-dlq' "
          + "AND partition = 0 ORDER BY \"offset\" DESC LIMIT 1") == ["\"\u{FFFD}"])
    #expect(world.run("kafka produce app-events-dlq 22F --hex").text.contains("6869"))
    #expect(world.run("kafka describe app-events").text.contains("app-events"))
    #expect(world.run("kafka config app-events").text.contains("retention.ms"))
    #expect(world.run("kafka config app-events retention.ms=1000").status != .success)
    let all = "kafka-configs.sh --entity-type topics --entity-name app-events --describe --all"
    #expect(world.run(all).text.contains("min.insync.replicas=1"))
  }

  @Test func `the settings of Bronze's consumers are rows, as the file has them at that moment`() throws {
    let world = try TestWorld()
    let rows = "SELECT name || '=' || value FROM system.kafka.sink_settings"
    let usual = [
      "delivery=exactly-once", "consumers=1", "autoOffsetReset=earliest", "poison=store",
      "maxPollRecords=500", "maxPollIntervalSeconds=300", "sessionTimeoutSeconds=45",
      "autoCommitIntervalSeconds=5", "millisecondsPerRecord=0.0",
    ]
    #expect(try world.texts(rows) == usual)
    let path = world.worldPath + "/pipeline/ingest.yaml"
    func save(_ yaml: String) throws {
      try yaml.write(toFile: path, atomically: true, encoding: .utf8)
    }
    // Saved while the world is open.
    try save(
      """
      delivery: at-least-once
      consumers: 2
      autoOffsetReset: latest
      poison: dlq
      maxPollRecords: 50
      maxPollIntervalSeconds: 60
      sessionTimeoutSeconds: 10
      autoCommitIntervalSeconds: 1
      millisecondsPerRecord: 2.5
      """)
    #expect(
      try world.texts(rows) == [
        "delivery=at-least-once", "consumers=2", "autoOffsetReset=latest", "poison=dlq",
        "maxPollRecords=50", "maxPollIntervalSeconds=60", "sessionTimeoutSeconds=10",
        "autoCommitIntervalSeconds=1", "millisecondsPerRecord=2.5",
      ])
    // What a file leaves out is as usual, and a mistake in it is told instead of rows.
    try save("poison: skip\n")
    #expect(try world.texts(rows) == usual.map { $0 == "poison=store" ? "poison=skip" : $0 })
    try save("poison: never\n")
    let refused = world.run(rows + ";")
    #expect(refused.status != .success && refused.text.contains("ingest.yaml"), "\(refused.text)")
    try FileManager.default.removeItem(atPath: path)
    #expect(try world.texts(rows) == usual)
  }

  @Test func `acks=1 loses with its leader, acks=all does not`() throws {
    let world = try TestWorld()
    try world.restart {
      let path = world.worldPath + "/pipeline/topics.yaml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try (text + "\n  - name: payments\n    partitions: 1\n    replicas: 3\n    minInSyncReplicas: 2\n")
        .write(toFile: path, atomically: true, encoding: .utf8)
    }
    world.run("clock +1h")
    #expect(world.run("kcat -L").text.contains("leader 1, replicas: 1,2,3, isrs: 1,2,3"))
    world.run("kafka produce payments {\"n\":1} --acks all")
    world.run("kafka produce payments {\"n\":2} --acks 1")
    let killed = world.run("kafka kill-leader payments-0")
    #expect(killed.text.contains("last 1 record"))
    #expect(
      try world.texts(
        "SELECT CAST(end_offset AS varchar) FROM system.kafka.partitions WHERE topic = 'payments'")
        == ["1"])
    #expect(world.run("kafka brokers").text.contains("DOWN"))
    world.run("kafka brokers stop 2")
    #expect(world.run("kafka produce payments x").status != .success)
    world.run("kafka brokers start 1")
    #expect(world.run("kafka produce payments x").status == .success)
    #expect(world.run("kafka describe payments").text.contains("min.insync.replicas=2"))
  }

  @Test func `a file that an editor saves counts from the next line on, and after serve stop`() throws {
    let world = try TestWorld()
    let path = world.worldPath + "/pipeline/collector.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    func save(_ key: String) throws {
      try text.replacing("partitionKey: [device_id, user_id]", with: key)
        .write(toFile: path, atomically: true, encoding: .utf8)
    }
    /// Records of the last half hour whose key is that field.
    func records(_ field: String) throws -> Int64 {
      try world.count(
        """
        SELECT count(*) FROM system.kafka.records WHERE topic = 'app-events'
        AND append_time > current_timestamp - INTERVAL '30' MINUTE
        AND key = json_extract_scalar(value, '$.\(field)')
        """)
    }
    world.run("clock +1h")
    #expect(try records("device_id") > 0 && records("install_id") == 0)
    try save("partitionKey: [install_id]")
    world.run("clock +1h")
    #expect(try records("device_id") == 0 && records("install_id") > 0)
    try save("partitionKey: nonsense [")
    let refused = world.run("status")
    #expect(refused.status != .success && refused.text.contains("collector.yaml"), "\(refused.text)")
    try save("partitionKey: [install_id]")
    #expect(world.run("status").status == .success)
    // Open ports hold the world as it is; the change waits, and is told once.
    world.run("serve --port 0")
    try save("partitionKey: [device_id, user_id]")
    #expect(world.run("status").text.contains("collector.yaml"))
    #expect(!world.run("status").text.contains("collector.yaml"))
    world.run("clock +1h")
    #expect(try records("device_id") == 0)
    world.run("serve stop")
    world.run("clock +1h")
    #expect(try records("device_id") > 0 && records("install_id") == 0)
  }

  @Test func `topics.yaml adds partitions, takes none away, and never stands in the way`() throws {
    let world = try TestWorld()
    let path = world.worldPath + "/pipeline/topics.yaml"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    func restart(partitions: Int) throws {
      try world.restart {
        try text.replacing("partitions: 3", with: "partitions: \(partitions)")
          .write(toFile: path, atomically: true, encoding: .utf8)
      }
    }
    let events = "SELECT count(DISTINCT kafka_partition) FROM lake.bronze.events"
    world.run("fork before")
    try restart(partitions: 6)
    #expect(world.run("clock +2h").status == .success)
    #expect(
      try world.count("SELECT count(*) FROM system.kafka.partitions WHERE topic = 'app-events'") == 6)
    #expect(try world.count(events) == 6)
    // Everything that came is in Bronze, from the new partitions as well.
    let behind = """
      SELECT sum(p.end_offset - g.committed_offset) FROM system.kafka.partitions p
      JOIN system.kafka.consumer_groups g ON g.topic = p.topic AND g.partition = p.partition
      WHERE p.topic = 'app-events' AND g.group_id = 'lake-sink'
      """
    world.run("clock +1h")
    #expect(try world.count(behind) < 200)
    try restart(partitions: 2)
    let told = world.run("kafka topics").text
    #expect(told.contains("app-events"), "\(told)")
    #expect(
      try world.count("SELECT count(*) FROM system.kafka.partitions WHERE topic = 'app-events'") == 6)
    #expect(world.run("rewind before --yes").status == .success)
    #expect(
      try world.count("SELECT count(*) FROM system.kafka.partitions WHERE topic = 'app-events'") == 3)
  }

  @Test func `phones wait while nobody leads their partitions, and lose nothing`() throws {
    let world = try TestWorld()
    let before = try world.count("SELECT sum(end_offset) FROM system.kafka.partitions")
    #expect(world.run("kafka brokers stop 1").text.contains("app-events-0"))
    #expect(world.run("clock +30m").status == .success)
    #expect(try world.count("SELECT sum(end_offset) FROM system.kafka.partitions") == before)
    #expect(try world.count("SELECT count(*) FROM system.collector.requests WHERE status = 503") > 5)
    #expect(world.run("kafka brokers").text.contains("DOWN"))
    world.run("kafka brokers start 1")
    #expect(world.run("clock +2h").status == .success)
    // The same phones in a calm world: what is not here yet waits on a phone whose app is closed.
    let calm = try TestWorld()
    calm.run("clock +30m")
    calm.run("clock +2h")
    let ids = """
      SELECT count(DISTINCT event_id) FROM system.kafka.records WHERE topic = 'app-events'
      AND json_extract_scalar(value, '$.event_time') < '2024-01-16T00:20:00'
      """
    let (found, expected) = (try world.count(ids), try calm.count(ids))
    let devices = world.run("app devices", json: true).text
    let waiting = devices.matches(of: /"waiting_events":(\d+)/).reduce(0) { $0 + (Int64($1.1) ?? 0) }
    #expect(found <= expected && Int64(expected - found) <= waiting, "\(found) of \(expected)")
    #expect(Double(found) > 0.99 * Double(expected))
  }

  @Test func `a topic is made once, with its replicas and settings`() throws {
    let world = try TestWorld()
    let made = world.run("kafka create payments --partitions 2 --replicas 3 min.insync.replicas=2")
    #expect(made.status == .success)
    #expect(made.text.contains("payments") && made.text.contains("min.insync.replicas=2"))
    #expect(
      try world.texts(
        """
        SELECT CAST(partitions AS varchar) || ' ' || CAST(replication_factor AS varchar) || ' '
          || CAST(min_insync_replicas AS varchar) FROM system.kafka.topics WHERE topic = 'payments'
        """) == ["2 3 2"])
    #expect(world.run("kafka create payments").status != .success)
    #expect(world.run("kafka create two words").status != .success)
    #expect(world.run("kafka create p2 --replicas 4").status != .success)
    #expect(world.run("kafka create p3 no.such.setting=1").status != .success)
    #expect(try world.count("SELECT count(*) FROM system.kafka.topics WHERE topic LIKE 'p_'") == 0)
    #expect(
      world.run(
        "kafka-topics --bootstrap-server localhost:9092 --create --topic p4 --replication-factor 2"
      ).text.contains("Created topic p4."))
    #expect(world.run("kafka-topics --describe --topic p4").text.contains("ReplicationFactor: 2"))
    world.run(
      "kafka-topics --create --topic p5 --config retention.ms=3600000 --config=min.insync.replicas=2")
    let settings = world.run("kafka describe p5").text
    #expect(settings.contains("retention.ms=3600000") && settings.contains("min.insync.replicas=2"))
  }

  @Test func `an answer that gets lost is the event twice in Kafka, and once on the phone's list`() throws {
    let world = try TestWorld()
    world.run("app network lose-answer")
    world.run("app track purchase_completed product_id=SKU123 price=29900")
    world.run("app background")
    let copies = """
      SELECT count(*) FROM system.kafka.records WHERE topic = 'app-events'
      AND json_extract_scalar(value, '$.event_id') IN
        (SELECT event_id FROM system.sdk.events WHERE event_name = 'purchase_completed')
      """
    #expect(try world.count(copies) == 1)
    world.run("clock +1m")
    world.run("app flush")
    #expect(try world.count(copies) == 2)
    // Once is once: the next answer comes back.
    world.run("app track purchase_completed product_id=SKU124 price=100")
    world.run("app background")
    world.run("clock +1m")
    #expect(try world.count(copies) == 3)
  }
}
