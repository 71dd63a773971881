internal import EventModel
internal import Terminal

/// One command of the prompt.
struct Command: Sendable {
  /// Where `help` shows it.
  enum Group: String, CaseIterable, Sendable {
    case course, phone, collector, kafka, lake, etl, dashboard, world, prompt
  }

  /// The name, then its other spellings.
  var names: [String]
  var group: Group
  /// The words that may follow, for completion.
  var subcommands: [String]
  var run: @Sendable (Shell, [String]) throws -> Reply

  /// The catalogue's key for its one-line description.
  var summaryKey: String { "help." + (names.first ?? "") }
  /// The catalogue's key for how it is written.
  var usageKey: String { summaryKey + ".usage" }

  init(
    _ names: String...,
    group: Group,
    subcommands: [String] = [],
    run: @escaping @Sendable (Shell, [String]) throws -> Reply
  ) {
    self.names = names
    self.group = group
    self.subcommands = subcommands
    self.run = run
  }
}

/// All commands, in the order in which an event meets them.
enum CommandTable {
  static let all: [Command] = [
    Command("exercise", group: .course, subcommands: ["00-1"]) { try $0.exercise($1) },
    Command("answer", group: .course) { try $0.answerExercise($1) },
    Command("check", group: .course) { shell, _ in try shell.checkExercise() },
    Command("hint", group: .course) { shell, _ in try shell.hintExercise() },
    Command("progress", group: .course) { shell, _ in try shell.showProgress() },
    Command(
      "app",
      group: .phone,
      subcommands: ["track", "queue", "flush", "background", "log"]
    ) { try $0.app($1) },
    Command("collector", group: .collector, subcommands: ["log", "status"]) {
      try $0.collector($1)
    },
    Command("collect", group: .collector) { try $0.collect($1) },
    Command("dlq", group: .collector, subcommands: ["list"]) { try $0.deadLetters($1) },
    Command(
      "kafka",
      group: .kafka,
      subcommands: ["topics", "read", "groups", "lag"]
    ) { try $0.kafka($1) },
    Command("s3", group: .lake, subcommands: ["ls", "head"]) { try $0.objects($1) },
    Command("dag", group: .etl, subcommands: ["list", "show", "run"]) { try $0.dag($1) },
    Command("dash", group: .dashboard, subcommands: ["show"]) { try $0.dash($1) },
    Command("trace", group: .dashboard, subcommands: ["event"]) { try $0.trace($1) },
    Command("status", group: .world) { shell, _ in try shell.status() },
    Command("clock", group: .world) { try $0.clock($1) },
    Command("serve", group: .world, subcommands: ["stop"]) { try $0.serve($1) },
    Command("lang", group: .prompt, subcommands: ["ko", "en"]) { try $0.lang($1) },
    Command("help", "?", "도움말", group: .prompt) { try $0.help($1) },
    Command("exit", "quit", group: .prompt) { _, _ in Reply() },
  ]
}

extension Shell {
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
      throw CommandError(
        .unknownSubcommand,
        ["command": name, "word": word, "known": known.joined(separator: ", ")]
      )
    }
    return (word, Array(words.dropFirst()))
  }

  /// `help`, and `help COMMAND`.
  func help(_ words: [String]) throws -> Reply {
    if let name = words.first {
      guard let command = CommandTable.all.first(where: { $0.names.contains(name) }) else {
        throw unknown(name, line: name)
      }
      return Reply(
        [.text(text(command.summaryKey)), .verbatim(usage(of: command))],
        data: .record([
          "command": .string(name), "summary": .string(text(command.summaryKey)),
          "usage": .string(text(command.usageKey)),
        ])
      )
    }
    var blocks: [Reply.Block] = []
    for group in Command.Group.allCases {
      blocks.append(.text(heading(text("help.group." + group.rawValue))))
      blocks.append(
        .pairs(
          pairs(
            CommandTable.all.filter { $0.group == group }.map {
              ($0.names[0], text($0.summaryKey))
            }
          )
        )
      )
    }
    blocks.append(.text(text("help.sql")))
    return Reply(
      blocks,
      data: .array(
        CommandTable.all.map {
          .record([
            "name": .string($0.names[0]), "group": .string($0.group.rawValue),
            "summary": .string(text($0.summaryKey)), "usage": .string(text($0.usageKey)),
          ])
        }
      )
    )
  }

  func lang(_ words: [String]) throws -> Reply {
    guard let word = words.first else {
      return Reply(
        [.text(text("lang.current"))],
        data: .record(["language": .string(settings.language.rawValue)])
      )
    }
    guard let chosen = languageNamed(word) else {
      throw CommandError(
        .unknownSubcommand,
        ["command": "lang", "word": word, "known": "ko, en"]
      )
    }
    setLanguage(chosen)
    return Reply(
      [.text(text("lang.changed"))],
      data: .record(["language": .string(chosen.rawValue)])
    )
  }

  /// One form a line.
  private func usage(of command: Command) -> String {
    indented(text(command.usageKey).replacing(" | ", with: "\n").replacing("\n  ", with: "\n"))
  }

  func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
      .joined(separator: "\n")
  }
}
