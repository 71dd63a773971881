// `help`: what the learner has met, in the order in which an event meets it.

internal import EventModel
internal import Terminal

extension Shell {
  /// `help`, `help all`, `help COMMAND`.
  func help(_ words: [String]) throws -> Reply {
    let name = words.first?.lowercased()
    if let name, name != "all" { return try help(on: name) }
    let met = metCommands()
    let shown = CommandTable.all.filter { name == "all" || met.contains($0.names[0]) }
    var blocks: [Reply.Block] = []
    for group in Command.Group.allCases {
      let commands = shown.filter { $0.group == group }
      guard !commands.isEmpty else { continue }
      blocks.append(.text(heading(text("help.group." + group.rawValue))))
      blocks.append(.pairs(pairs(commands.map { ($0.names[0], text($0.summaryKey)) })))
    }
    blocks.append(.text(text("help.sql")))
    let hidden = CommandTable.all.count - shown.count
    if hidden > 0 { blocks.append(.text(text("help.more", ["count": String(hidden)]))) }
    return Reply(blocks, data: .array(shown.map(json)))
  }

  private func help(on name: String) throws -> Reply {
    if let tool = RealTool.named(name) {
      return Reply(
        [.text(text("help.tool", ["tool": name])), .verbatim("  " + tool.words.joined(separator: "  "))],
        data: .record([
          "command": .string(name), "words": .array(tool.words.map(JSONValue.string)),
        ]))
    }
    if name == "sql" || StatementShape.looksLikeSQL(name + " tables") {
      return Reply(
        [.text(text("help.sql.more")), .verbatim(usage(text("help.sql.usage")))],
        data: .record(["command": .string("sql"), "usage": .string(text("help.sql.usage"))]))
    }
    guard let command = CommandTable.named(name) else { throw unknown(name, line: name) }
    return Reply(
      [.text(text(command.summaryKey)), .verbatim(usage(text(command.usageKey)))]
        + helpBesideCluster(command),
      data: json(command))
  }

  private func json(_ command: Command) -> JSONValue {
    .record([
      "command": .string(command.names[0]), "group": .string(command.group.rawValue),
      "summary": .string(text(command.summaryKey)), "usage": .string(text(command.usageKey)),
    ])
  }

  /// One form a line.
  private func usage(_ forms: String) -> String {
    indented(forms.replacing(" | ", with: "\n").replacing("\n  ", with: "\n"))
  }

  func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
      .joined(separator: "\n")
  }
}
