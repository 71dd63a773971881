import Commands
import Foundation
import Terminal
import Testing

/// The spellings of other tools, typed at our prompt.
struct RealToolTests {
  @Test func `kcat reads the very record that kafka read shows`() throws {
    let world = try TestWorld()
    world.run(JourneyTests.purchase)
    world.run("app background")
    let address = try world.texts(
      """
      SELECT CAST(r.partition AS varchar) || ':' || CAST(r."offset" AS varchar)
      FROM system.kafka.records r JOIN system.sdk.events e ON e.event_id = r.event_id
      WHERE e.event_name = 'purchase_completed'
      """
    ).first?.split(separator: ":").map(String.init) ?? []
    let (partition, offset) = (try #require(address.first), try #require(address.last))
    let read = world.run(
      "kcat -C -b localhost:9092 -t app-events -p \(partition) -o \(offset) -c 1 -e")
    #expect(read.status == .success)
    #expect(read.text.contains("\"purchase_completed\""))
    #expect(read.text.split(separator: "\n").count == 1, "one value a line, nothing else")
    let formatted = world.run(
      #"kcat -C -t app-events -p \#(partition) -o \#(offset) -c 1 -f "%t %p %o\n""#)
    #expect(formatted.text == "app-events \(partition) \(offset)\n")
    let console = world.run(
      "kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic app-events "
        + "--partition \(partition) --offset \(offset) --max-messages 1")
    #expect(console.text == read.text)
  }

  @Test func `kafka-consumer-groups shows its own columns and the lag that the log has`() throws {
    let world = try TestWorld()
    let text = world.run("kafka-consumer-groups --describe --group lake-sink").text
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(
      lines.first == [
        "GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID",
        "HOST", "CLIENT-ID",
      ])
    let lag = lines.dropFirst().compactMap { Int64($0[5]) }.reduce(0, +)
    #expect(lag == (try world.count("SELECT sum(lag) FROM system.kafka.consumer_groups")))
    #expect(lines.count == 4)
  }

  @Test func `aws s3 lists what s3 ls lists, folder by folder and recursively`() throws {
    let world = try TestWorld()
    let folder = world.run("aws s3 ls s3://lake/raw/").text
    #expect(folder.contains("PRE events/"))
    let all = world.run("aws --endpoint-url http://localhost:9000 s3 ls s3://lake/raw/ --recursive")
    let keys = try world.texts(
      "SELECT key FROM system.lake.objects WHERE key LIKE 'raw/%' ORDER BY key")
    #expect(keys.count > 5)
    let listed = all.text.split(separator: "\n").compactMap { $0.split(separator: " ").last }
    #expect(listed.map(String.init) == keys)
    let key = try #require(keys.first)
    let copied = world.run("aws s3 cp s3://lake/\(key) -").text
    let lines = try world.count("SELECT count(*) FROM lake.bronze.events")
    #expect(lines > 0 && copied.contains("\"event_id\""))
    #expect(world.run("aws s3 ls s3://other/").status == .usage)
    let binary = try world.texts(
      "SELECT key FROM system.lake.objects WHERE key LIKE '%.parquet' LIMIT 1")
    let refused = world.run("aws s3 cp s3://lake/\(try #require(binary.first)) -")
    #expect(refused.status == .usage && refused.text.contains("SELECT"))
  }

  @Test func `what a tool cannot do here is refused by name, with the line to try`() throws {
    let world = try TestWorld()
    for (line, words) in [
      ("kcat -P -t app-events", ["kcat", "-P", "collect"]),
      ("kafka-topics --delete --topic x", ["--delete", "kafka topics"]),
      ("kafka-consumer-groups --reset-offsets --group lake-sink", ["reset-offsets", "--to-earliest"]),
      ("aws s3 sync s3://lake/raw .", ["sync", "aws s3 ls"]), ("dbt run", ["run", "dag run nightly"]),
      ("kcat -t nowhere -C", ["nowhere", "app-events"]),
      ("kcat -C -t app-events -p 99", ["99", "2"]), ("kcat -Z", ["-Z", "-C"]),
      ("aws", ["aws s3 ls"]), ("airflow", ["dag list"]), ("trino", ["SELECT"]),
    ] {
      let answer = world.run(line)
      #expect(answer.status == .usage, "\(line): \(answer.text)")
      let text = answer.text.replacing("\n", with: " ")
      for word in words { #expect(text.contains(word), "\(line): \(answer.text)") }
    }
  }

  @Test(arguments: [
    ("ls", "s3 ls"), ("cat file", "kafka read"), ("cd ..", "Ctrl-Z"), ("python3", "SELECT"),
    ("psql -h x", "SHOW TABLES"), ("curl localhost", "serve"), ("brew install kcat", "help"),
    ("spark-submit job.py", "SELECT"), ("sudo status", "sudo"), ("./gradlew", "Ctrl-Z"),
    ("Analytics.log(event: \"purchase_completed\")", "app track"), ("git status", "Ctrl-Z"),
  ])
  func `a habit from elsewhere is answered with the thing to try`(line: String, try_: String) throws
  {
    for language in [Language.en, .ko] {
      let world = try TestWorld(language: language)
      let answer = world.run(line)
      #expect(answer.status == .usage)
      let text = answer.text.replacing("\n", with: " ")
      #expect(text.contains(try_), "\(text)")
    }
  }
}
