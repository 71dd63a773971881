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
    case ("s3", "ls"):
      self.init("aws s3 ls", "aws s3 ls s3://lake/\(words.dropFirst(2).first ?? "") --recursive")
    case ("s3", "head"):
      let key = words.dropFirst(2).first ?? "KEY"
      self.init("aws s3 cp",
        "aws s3 cp s3://lake/\(key) - | " + (key.hasSuffix(".gz") ? "gunzip | " : "") + "head -3")
    case ("dag", "list"): self.init("airflow dags", "airflow dags list")
    case ("dag", "run") where words.contains("--full-refresh"):
      self.init("dbt full-refresh", "dbt build --full-refresh")
    case ("dag", "run"): self.init("airflow trigger", "airflow dags trigger \(first ?? "nightly")")
    case ("dlq", _): self.init("kcat dlq", "kcat -C -b localhost:9092 -t app-events-dlq -e")
    default:
      guard StatementShape.looksLikeSQL(line), line.count <= 100 else { return nil }
      let statement = line.replacing("\n", with: " ").replacing("\"", with: "\\\"")
      self.init("trino", "trino --server localhost:8081 --execute \"\(statement)\"")
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
