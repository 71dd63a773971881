// The spellings that a team types at work, accepted here with the columns that those tools print.
//
// 1. `RealTool.named` finds the tool of a line's first word (`kcat`, `aws`, `kafka-topics.sh` …).
// 2. `RealToolArguments` reads options as these tools do: `--name value`, `--name=value`, `-n value`.
// 3. The tool's own file turns them into reads of the running pipeline and prints its layout.
// What a tool can do elsewhere and not here is refused by name, never ignored in silence.

internal import EventModel
internal import Platform
internal import Terminal

/// A tool of the field that the prompt understands.
struct RealTool: Sendable {
  /// Its names, as they are typed.
  var names: [String]
  /// Words that may follow, for completion.
  var words: [String]
  /// True where the tool, with these words after it, changes the world: the journal keeps it.
  var isOperational: @Sendable ([String]) -> Bool
  var run: @Sendable (Shell, [String]) throws -> Reply

  init(
    _ names: [String],
    words: [String] = [],
    isOperational: @escaping @Sendable ([String]) -> Bool = { _ in false },
    run: @escaping @Sendable (Shell, [String]) throws -> Reply
  ) {
    self.names = names
    self.words = words
    self.isOperational = isOperational
    self.run = run
  }

  /// The tools of Kafka: with a cluster as the log, the real ones are used.
  var readsLog: Bool { names[0] == "kcat" || names[0].hasPrefix("kafka-") }

  static let all: [RealTool] = [
    RealTool(["kcat", "kafkacat"], words: ["-L", "-C", "-t", "-p", "-o", "-c", "-e", "-f", "-J"]) {
      try $0.kcat($1)
    },
    RealTool(
      ["kafka-topics", "kafka-topics.sh"],
      words: [
        "--list", "--describe", "--create", "--topic", "--partitions", "--replication-factor",
        "--config",
      ],
      isOperational: { $0.contains("--create") }
    ) { try $0.kafkaTopics($1) },
    RealTool(
      ["kafka-console-consumer", "kafka-console-consumer.sh"],
      words: ["--topic", "--partition", "--offset", "--from-beginning", "--max-messages"]
    ) { try $0.kafkaConsoleConsumer($1) },
    RealTool(
      ["kafka-consumer-groups", "kafka-consumer-groups.sh"],
      words: [
        "--list", "--describe", "--group", "--all-groups", "--members", "--state", "--reset-offsets",
        "--to-earliest", "--to-latest", "--to-datetime", "--shift-by", "--by-duration",
        "--to-offset", "--dry-run", "--execute",
      ],
      isOperational: { $0.contains("--execute") }
    ) { try $0.kafkaConsumerGroups($1) },
    RealTool(
      ["kafka-configs", "kafka-configs.sh"],
      words: ["--entity-type", "topics", "--entity-name", "--describe", "--alter", "--add-config",
        "--delete-config"],
      isOperational: { $0.contains("--alter") }
    ) { try $0.kafkaConfigs($1) },
    RealTool(
      ["aws"], words: ["s3", "s3api"],
      isOperational: { words in
        guard let start = words.firstIndex(where: { ["s3", "s3api"].contains($0) }) else {
          return false
        }
        let rest = Array(words[(start + 1)...])
        if words[start] == "s3" { return Command.isObjectChange(rest) }
        return ["put-", "delete-"].contains { rest.first?.hasPrefix($0) ?? false }
      }
    ) { try $0.aws($1) },
    RealTool(
      ["airflow"], words: ["dags", "tasks"],
      isOperational: { $0.starts(with: ["dags", "trigger"]) }
    ) { try $0.airflow($1) },
    RealTool(
      ["dbt"], words: ["ls", "run", "compile"], isOperational: { $0.first == "run" }
    ) { try $0.dbt($1) },
    RealTool(
      ["trino"], words: ["--execute"],
      isOperational: { words in
        words.contains { Shell.changesData($0.hasPrefix("--execute=") ? String($0.dropFirst(10)) : $0) }
      }
    ) { try $0.trino($1) },
  ]

  static func named(_ word: String) -> RealTool? {
    all.first { $0.names.contains(word.lowercased()) }
  }
}

/// The words after a tool's name.
struct RealToolArguments {
  private let tool: String
  private(set) var positions: [String] = []
  private(set) var options: [String: String] = [:]
  /// Every value of an option with one, in the order in which they were typed.
  private(set) var repeated: [String: [String]] = [:]

  /// - Parameters:
  ///   - tool: the tool's name, for errors.
  ///   - values: options that take a value, by every spelling, with the name under which they are
  ///     kept; `-t` and `--topic` may be one.
  ///   - flags: options without a value, likewise.
  init(
    _ words: [String],
    tool: String,
    values: [String: String],
    flags: [String: String] = [:]
  ) throws {
    self.tool = tool
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      guard word.hasPrefix("-"), word.count > 1 else {
        positions.append(word)
        continue
      }
      let name = String(word.prefix { $0 != "=" })
      if let kept = flags[word] {
        options[kept] = ""
      } else if let kept = values[name], name != word {
        keep(String(word.dropFirst(name.count + 1)), kept)
      } else if let kept = values[word] {
        guard index < words.count else {
          throw CommandError(.missingOptionValue, ["option": word])
        }
        keep(words[index], kept)
        index += 1
      } else if let short = values.keys.first(where: {
        $0.count == 2 && word.hasPrefix($0) && !word.hasPrefix("--")
      }), let kept = values[short] {
        keep(String(word.dropFirst(2)), kept)
      } else {
        let known = (Array(values.keys) + Array(flags.keys)).sorted()
        throw CommandError(
          .unknownToolOption,
          ["tool": tool, "option": word, "known": known.joined(separator: ", ")]
        )
      }
    }
  }

  private mutating func keep(_ value: String, _ name: String) {
    options[name] = value
    repeated[name, default: []].append(value)
  }

  subscript(_ name: String) -> String? { options[name] }

  func has(_ name: String) -> Bool { options[name] != nil }

  /// An option as a whole number of at least `least`.
  func integer(_ name: String, least: Int = 0) throws -> Int? {
    guard let text = options[name] else { return nil }
    guard let value = Int(text), value >= least else {
      throw CommandError(
        .badNumber,
        ["option": name, "value": text, "low": String(least), "high": String(Int32.max)]
      )
    }
    return value
  }
}

extension Shell {
  /// Lines as a tool prints them, and the same as data.
  func toolReply(_ lines: [String], data: JSONValue? = nil) -> Reply {
    Reply(
      lines.isEmpty ? [] : [.verbatim(lines.joined(separator: "\n"))],
      data: data ?? .array(lines.map(JSONValue.string))
    )
  }

  /// What a tool can do, but not against this pipeline.
  func notHere(_ tool: String, _ what: String, _ instead: String) -> CommandError {
    CommandError(.toolNotHere, ["tool": tool, "what": what, "instead": instead])
  }

  /// Columns padded as Java's and Python's tools pad them: by the widest cell, two spaces apart.
  static func columns(_ rows: [[String]], gap: Int = 2) -> [String] {
    guard let first = rows.first else { return [] }
    let widths = first.indices.map { column in
      rows.map { $0.count > column ? TextWidth.columns($0[column]) : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (index, cell) in row.enumerated() {
        line += index == row.count - 1 ? cell : TextWidth.pad(cell, to: widths[index] + gap)
      }
      return line
    }
  }
}
