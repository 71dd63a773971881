internal import EventModel
internal import Terminal

/// One command of the prompt.
struct Command: Sendable {
  /// Where `help` shows it.
  enum Group: String, CaseIterable, Sendable {
    case lesson, course, phone, collector, kafka, lake, etl, dashboard, world, authoring, prompt
  }

  /// The name, then its other spellings.
  var names: [String]
  var group: Group
  /// The words that may follow, for completion.
  var subcommands: [String]
  /// Options that may follow, for completion.
  var options: [String]
  /// True where the command, with these words after it, changes the world: the journal keeps it.
  var isOperational: @Sendable ([String]) -> Bool
  var run: @Sendable (Shell, [String]) throws -> Reply

  /// The catalogue's key for its one-line description.
  var summaryKey: String { "help." + (names.first ?? "") }
  /// The catalogue's key for how it is written.
  var usageKey: String { summaryKey + ".usage" }

  init(
    _ names: String...,
    group: Group,
    subcommands: [String] = [],
    options: [String] = [],
    isOperational: @escaping @Sendable ([String]) -> Bool = { _ in false },
    run: @escaping @Sendable (Shell, [String]) throws -> Reply
  ) {
    self.names = names
    self.group = group
    self.subcommands = subcommands
    self.options = options
    self.isOperational = isOperational
    self.run = run
  }
}

extension Command {
  /// Operational where one of `words` follows.
  static func begins(_ words: String...) -> @Sendable ([String]) -> Bool {
    { $0.first.map { words.contains($0.lowercased()) } ?? false }
  }
}

extension Command {
  fileprivate static let kafkaOptions = [
    "--partition", "--offset", "--count", "--last", "--where", "--history", "--draw", "--hours",
    "--key", "--topic", "--dry-run", "--execute", "--to-earliest", "--to-latest", "--to-current",
    "--to-offset", "--shift-by", "--to-datetime", "--by-duration", "--acks",
    "--partitions", "--replicas",
  ]

  /// What `kafka` changes; the rest of it only looks.
  fileprivate static let isKafkaChange: @Sendable ([String]) -> Bool = { words in
    switch words.first?.lowercased() {
    case "produce", "kill-leader", "create": true
    case "brokers": words.count > 1
    case "members": words.count > 1 && !words.contains("--history")
    case "config": words.count > 2
    case "reset-offsets": words.contains("--execute")
    default: false
    }
  }
}

extension Command {
  /// What `s3` changes in a bucket; the rest of it only looks.
  static let isObjectChange: @Sendable ([String]) -> Bool = { words in
    let places = words.dropFirst().filter { !$0.hasPrefix("--") }
    switch words.first?.lowercased() {
    case "mv", "rm": return true
    case "cp": return places.dropFirst().first?.hasPrefix("s3://") ?? false
    case "lifecycle": return ["set", "clear"].contains(places.first ?? "")
    case "versions": return ["on", "off"].contains(places.first ?? "")
    default: return false
    }
  }
}

/// All commands, in the order in which an event meets them.
enum CommandTable {
  /// The command with that name or other spelling.
  static func named(_ word: String) -> Command? {
    let word = word.lowercased()
    return all.first { $0.names.contains(word) }
  }

  static let all: [Command] =
    course + forks + authoring + [
      Command("size", group: .course) { try $0.size($1) },
      Command("assume", group: .course, subcommands: ["list", "set", "clear"]) {
        try $0.assume($1)
      },
      Command(
        "app",
        group: .phone,
        subcommands: [
          "track", "queue", "flush", "background", "network", "log", "clock", "kill", "upgrade",
          "config", "consent", "rollout", "devices", "outage",
        ], options: ["--requests", "--version", "--platform", "--phones", "--jitter", "--factor"],
        isOperational: Command.begins(
          "track", "flush", "background", "network", "clock", "kill", "upgrade", "consent")
      ) { try $0.app($1) },
      Command(
        "collector", group: .collector,
        subcommands: ["log", "status", "requests", "rules", "schema", "load", "kill", "archive", "replay"],
        options: ["--from", "--until", "--dry-run"],
        isOperational: { words in
          Command.begins("replay", "kill")(words) && !words.contains("--dry-run")
        }
      ) { try $0.collector($1) },
      Command(
        "collect", group: .collector, options: ["--source"], isOperational: { !$0.isEmpty }
      ) { try $0.collect($1) },
      Command(
        "dlq", group: .collector, subcommands: ["list", "show", "fix", "replay"],
        options: ["--reason", "--all"], isOperational: Command.begins("fix", "replay")
      ) { try $0.deadLetters($1) },
      Command(
        "kafka",
        group: .kafka,
        subcommands: [
          "topics", "create", "describe", "read", "groups", "lag", "members", "produce", "config",
          "reset-offsets", "brokers", "kill-leader",
        ],
        options: Command.kafkaOptions,
        isOperational: Command.isKafkaChange
      ) { try $0.kafka($1) },
      Command(
        "s3", group: .lake,
        subcommands: [
          "ls", "du", "head", "cp", "mv", "rm", "versions", "lifecycle", "requests", "credentials",
        ],
        options: ["--recursive", "--storage-class", "--version-id", "--format"],
        isOperational: Command.isObjectChange
      ) { try $0.objects($1) },
      Command("cost", group: .lake, options: ["--months", "--plan"]) { try $0.cost($1) },
      Command(
        "catalog", group: .lake,
        subcommands: [
          "tables", "partitions", "sync", "register", "drop", "snapshots", "rollback", "expire",
          "compact", "poll",
        ],
        options: ["--any-case", "--older-than", "--dry-run", "--force", "--rows"],
        isOperational: { words in
          Command.begins("sync", "register", "drop", "rollback", "expire", "compact", "poll")(words)
            && !words.contains("--dry-run")
        }
      ) { try $0.catalog($1) },
      Command(
        "parquet", group: .lake, subcommands: ["meta", "stats"], options: ["--column"]
      ) { try $0.parquet($1) },
      Command(
        "dag", group: .etl, subcommands: ["list", "show", "run"], options: ["--full-refresh"],
        isOperational: Command.begins("run")
      ) { try $0.dag($1) },
      Command(
        "model", group: .etl, subcommands: ["list", "show", "run"], options: ["--full-refresh"],
        isOperational: Command.begins("run")
      ) { try $0.model($1) },
      Command("dash", group: .dashboard, subcommands: ["show"], options: ["--day", "--app"]) {
        try $0.dash($1)
      },
      Command("trace", group: .dashboard, subcommands: ["event"]) { try $0.trace($1) },
      Command(
        "path", group: .dashboard, subcommands: ["run"], isOperational: { _ in true }
      ) { try $0.path($1) },
      Command(
        "canary", group: .dashboard, subcommands: ["send"], isOperational: Command.begins("send")
      ) { try $0.canary($1) },
      Command(
        "world", group: .world, subcommands: ["describe"], options: ["--instructor", "--day"]
      ) { try $0.world($1) },
      Command("status", group: .world) { shell, _ in try shell.status() },
      Command("clock", group: .world, isOperational: { !$0.isEmpty }) { try $0.clock($1) },
      Command(
        "serve", group: .world, subcommands: ["stop"],
        options: ["--port", "--kafka-port", "--s3-port"]
      ) {
        try $0.serve($1)
      },
      Command("lang", group: .prompt, subcommands: ["ko", "en"]) { try $0.lang($1) },
      Command("accessible", group: .prompt, subcommands: ["on", "off"]) { try $0.accessible($1) },
      Command("output", group: .prompt, subcommands: ResultFormat.allCases.map(\.rawValue)) {
        try $0.resultFormat($1)
      },
      Command("clear", group: .prompt) { shell, _ in shell.clearScreen() },
      Command("help", "?", "도움말", group: .prompt, subcommands: ["all"]) { try $0.help($1) },
      Command("exit", "quit", group: .prompt) { _, _ in Reply() },
    ]
}

extension Shell {
  /// The name of every command.
  package static var commandNames: [String] { CommandTable.all.map { $0.names[0] } }

  /// True where a line begins as one of the tools that people use at work.
  package static func isRealTool(_ line: some StringProtocol) -> Bool {
    RealTool.named(String(line.prefix { !$0.isWhitespace })) != nil
  }

  /// The subcommand and what follows it.
  func subcommand(
    _ words: [String],
    of name: String,
    default fallback: String? = nil
  ) throws -> (String, [String]) {
    let known = CommandTable.all.first { $0.names.contains(name) }?.subcommands ?? []
    guard let word = words.first?.lowercased() ?? fallback else {
      throw CommandError(
        .missingArgument,
        ["command": name, "usage": text("help.\(name).usage")]
      )
    }
    guard known.contains(word) else {
      var error = CommandError(
        .unknownSubcommand,
        ["command": name, "word": word, "known": known.joined(separator: ", ")]
      )
      error.fields["nearest"] = NearestName.suggest(word, from: known)
      throw error
    }
    return (word, Array(words.dropFirst()))
  }
}
