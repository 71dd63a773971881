// What a team types at work for what was just typed here: one line, the first time only.

internal import EventModel

/// The spelling of a command in the tools of the field.
struct AtWork: Equatable {
  /// What is remembered once it was told.
  var topic: String
  /// The line to type.
  var line: String

  private static let kafka = "--bootstrap-server localhost:9092"

  /// nil where the field has no tool of its own for it.
  init?(line: String, words: [String]) {
    let arguments = try? Arguments(
      words.dropFirst(2).map { ["-p": "--partition", "-o": "--offset", "-c": "--count"][$0] ?? $0 })
    let first = arguments?.positions.first
    switch (words.first, words.dropFirst().first) {
    case ("kafka", "topics"): self.init("kafka-topics", "kafka-topics.sh \(AtWork.kafka) --list")
    case ("kafka", "read"): self.init("kcat", AtWork.read(arguments, topic: first ?? "app-events"))
    case ("kafka", "lag"), ("kafka", "groups"):
      let which = first.map { "--group " + $0 } ?? "--all-groups"
      self.init("kafka-consumer-groups",
        "kafka-consumer-groups.sh \(AtWork.kafka) --describe \(which)")
    case ("s3", let action?):
      guard let line = AtWork.objects(action, Array(words.dropFirst(2))) else { return nil }
      self.init("aws s3 " + action, line)
    case ("catalog", let action?):
      guard let statement = AtWork.catalog(action, Array(words.dropFirst(2))) else { return nil }
      self.init("catalog " + action, statement)
    case ("parquet", "meta"), ("parquet", "stats"):
      // Of parquet-cli, which goes through Hadoop's file systems.
      let place = ObjectAddress(uri: words.dropFirst(2).first ?? "")
        ?? ObjectAddress(bucket: "lake", key: words.dropFirst(2).first ?? "KEY")
      self.init("parquet-cli", "parquet meta s3a://\(place.bucket)/\(place.key)")
    case ("dag", "list"): self.init("airflow dags", "airflow dags list")
    case ("dag", "run") where words.contains("--full-refresh"):
      self.init("dbt full-refresh", "dbt build --full-refresh")
    case ("dag", "run"): self.init("airflow trigger", "airflow dags trigger \(first ?? "nightly")")
    case ("model", "list"): self.init("dbt ls", "dbt ls")
    case ("model", "show"): self.init("dbt compile", "dbt compile --select \(first ?? "MODEL")")
    case ("model", "run"):
      let whole = words.contains("--full-refresh") ? " --full-refresh" : ""
      self.init("dbt run", "dbt run --select +\(first ?? "MODEL")\(whole)")
    case ("dlq", _): self.init("kcat dlq", "kcat -C -b localhost:9092 -t app-events-dlq -e")
    default:
      guard StatementShape.looksLikeSQL(line), line.count <= 100 else { return nil }
      let statement = line.replacing("\n", with: " ").replacing("\"", with: "\\\"")
      self.init("trino", "trino --server localhost:8081 --execute \"\(statement)\"")
    }
  }

  /// What Trino and Delta call a `catalog` command; nil where they have none.
  private static func catalog(_ action: String, _ words: [String]) -> String? {
    let positions = words.filter { !$0.hasPrefix("--") }
    let parts = (positions.first ?? "").split(separator: ".").map(String.init)
    guard parts.count >= 2 else { return action == "tables" ? "SHOW TABLES FROM lake.silver;" : nil }
    let (schema, table) = (parts[parts.count - 2], parts[parts.count - 1])
    let pairs = (positions.dropFirst().first ?? "").split(separator: "/").map {
      $0.split(separator: "=", maxSplits: 1).map(String.init)
    }
    func list(_ index: Int) -> String {
      let texts = pairs.compactMap { $0.count == 2 ? "'\($0[index])'" : nil }
      return "ARRAY[" + texts.joined(separator: ", ") + "]"
    }
    switch action {
    case "partitions": return "SELECT * FROM lake.\(schema).\"\(table)$partitions\";"
    case "sync":
      let mode = positions.dropFirst().first?.uppercased() ?? "ADD"
      return "CALL lake.system.sync_partition_metadata('\(schema)', '\(table)', '\(mode)');"
    case "register", "drop":
      let name = action == "register" ? "register_partition" : "unregister_partition"
      return "CALL lake.system.\(name)('\(schema)', '\(table)', \(list(0)), \(list(1)));"
    case "snapshots": return "SELECT * FROM lake.\(schema).\"\(table)$history\";"
    case "rollback":
      let version = positions.dropFirst().first ?? "0"
      return "RESTORE TABLE \(schema).\(table) TO VERSION AS OF \(version);"
    case "expire": return "VACUUM \(schema).\(table);"
    case "compact": return "ALTER TABLE lake.\(schema).\(table) EXECUTE optimize;"
    default: return nil
    }
  }

  /// The line of AWS's tool for an `s3` command; nil where it has none.
  private static func objects(_ action: String, _ words: [String]) -> String? {
    func place(_ word: String?) -> String {
      ObjectAddress(uri: word ?? "")?.text ?? "s3://lake/" + (word ?? "")
    }
    let first = words.first { !$0.hasPrefix("--") }
    let address = ObjectAddress(uri: place(first)) ?? ObjectAddress(bucket: "lake", key: "")
    let call = "aws s3api"
    switch action {
    case "ls":
      return first == "s3://"
        ? "aws s3 ls"
        : "aws s3 ls \(place(first))" + (words.contains("--recursive") || Shell.listsAll(below: first ?? "") ? " --recursive" : "")
    case "du": return "aws s3 ls \(place(first)) --recursive --summarize --human-readable"
    case "head":
      return "\(call) head-object --bucket \(address.bucket) --key \(address.key)"
    case "cp", "mv": return "aws s3 \(action) " + words.joined(separator: " ")
    case "rm":
      let options = words.filter { $0 != first }
      return (["aws s3 rm", place(first)] + options).joined(separator: " ")
    case "versions":
      if first == "on" || first == "off" {
        let status = first == "on" ? "Enabled" : "Suspended"
        return "\(call) put-bucket-versioning --bucket lake --versioning-configuration Status=\(status)"
      }
      return "\(call) list-object-versions --bucket \(address.bucket) --prefix \(address.key)"
    case "lifecycle":
      return first == "set"
        ? "\(call) put-bucket-lifecycle-configuration --bucket lake --lifecycle-configuration file://rules.json"
        : "\(call) get-bucket-lifecycle-configuration --bucket lake"
    default: return nil
    }
  }

  private init(_ topic: String, _ line: String) {
    self.topic = topic
    self.line = line
  }

  private static func read(_ arguments: Arguments?, topic: String) -> String {
    var line = "kcat -C -b localhost:9092 -t \(topic)"
    let options = arguments?.options ?? [:]
    if let partition = options["partition"] { line += " -p " + partition }
    if let offset = options["offset"] { line += " -o " + offset }
    if let last = options["last"] { line += " -o -" + last }
    if let count = options["count"] { line += " -c " + count }
    if let filter = options["where"] {
      let value = filter.split(separator: "=").last.map(String.init) ?? filter
      return line + " -e | grep " + value
    }
    return line + " -e"
  }
}
