// Forks of the learner's world, going back to one, and what was changed in pipeline/.

internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal

extension CommandTable {
  /// The world as a whole: copies of it, and the pipeline's files.
  static let forks: [Command] = [
    Command("fork", group: .world) { try $0.fork($1) },
    Command("rewind", group: .world, options: ["--yes"]) { try $0.rewind($1) },
    Command("pipeline", group: .world, subcommands: ["diff"]) { try $0.pipeline($1) },
  ]
}

extension Shell {
  var worldForks: WorldForks { WorldForks(home: home, worldName: options.worldName) }

  /// `fork NAME` takes one, `fork` lists them.
  func fork(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    try platform().checkEmbedded("fork")
    let name = arguments.positions.joined(separator: " ")
    guard !name.isEmpty else { return try forkList() }
    let isReplaced = worldForks.named(name) != nil
    try takeFork(name)
    let now = try platform().now
    return Reply(
      [
        .text(
          text(
            isReplaced ? "fork.replaced" : "fork.taken",
            ["name": name, "time": storyText(now)]))
      ],
      data: .record(["name": .string(name), "now": .string(now.iso8601)]))
  }

  /// Takes a fork of the world as it stands.
  func takeFork(_ name: String) throws {
    guard server == nil else { throw CommandError(.worldServed) }
    try worldForks.take(name, of: try platform())
  }

  private func forkList() throws -> Reply {
    let platform = try platform()
    let forks = worldForks.all().map { fork in
      (fork: fork, loss: loss(since: fork, platform))
    }
    let data = JSONValue.array(
      forks.map {
        .record([
          "name": .string($0.fork.name), "now": .string($0.fork.at.iso8601),
          "commands": .count($0.loss.commands), "files": .count($0.loss.files),
        ])
      })
    guard !forks.isEmpty else { return Reply([.text(text("fork.none"))], data: data) }
    return Reply(
      [
        fitted(
          TableView(
            columns: [
              TableColumn(text("fork.column.name")), TableColumn(text("fork.column.time")),
              .number(text("fork.column.commands")), .number(text("fork.column.files")),
            ],
            rows: forks.map {
              [
                $0.fork.name, storyText($0.fork.at), NumberText.grouped($0.loss.commands),
                NumberText.grouped($0.loss.files),
              ]
            }))
      ], data: data)
  }

  // MARK: Going back

  /// What a rewind to a fork throws away.
  private struct Loss {
    var commands: Int
    var files: Int
    var milliseconds: Int64
    var isNothing: Bool { commands == 0 && files == 0 && milliseconds == 0 }
  }

  private func loss(since fork: WorldForks.Entry, _ platform: Platform) -> Loss {
    let own = platform.commands.entries()
    let shared = zip(own, CommandJournal(directory: fork.path).entries()).prefix { $0 == $1 }.count
    return Loss(
      commands: own.count - shared,
      files: PipelineChanges.files(
        from: fork.path + "/pipeline", to: platform.directory + "/pipeline"
      ).count,
      milliseconds: max(0, platform.now.milliseconds - fork.at.milliseconds))
  }

  /// `rewind [NAME] [--yes]`: without a name, the fork that was taken last.
  func rewind(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["yes"])
    try arguments.allowOnly("yes")
    try platform().checkEmbedded("rewind")
    let fork = try namedFork(arguments.positions.joined(separator: " "))
    if arguments.options["yes"] != nil { return try goBack(to: fork) }
    let loss = loss(since: fork, try platform())
    var lines: [String] = []
    if loss.commands > 0 {
      lines.append(text("rewind.loses.commands", ["count": NumberText.grouped(loss.commands)]))
    }
    if loss.files > 0 {
      lines.append(text("rewind.loses.files", ["count": NumberText.grouped(loss.files)]))
    }
    if loss.milliseconds > 0 {
      lines.append(text("rewind.loses.time", ["duration": Self.duration(loss.milliseconds)]))
    }
    var blocks: [Reply.Block] = [
      .text(text("rewind.loses", ["name": fork.name, "time": storyText(fork.at)]))
    ]
    blocks += (lines.isEmpty ? [text("rewind.loses.nothing")] : lines).map { .text("  " + $0) }
    guard isAtPrompt else {
      throw CommandError(
        .rewindNeedsYes, ["name": fork.name, "loss": lines.joined(separator: ", ")])
    }
    openRewind = fork
    blocks.append(.text(text("rewind.ask", ["name": fork.name])))
    return Reply(
      blocks,
      data: .record([
        "name": .string(fork.name), "commands": .count(loss.commands), "files": .count(loss.files),
      ]))
  }

  /// The answer to "go back?"; nil for a line that has nothing to do with it, which is then run.
  func answerRewind(_ line: String) throws -> Reply? {
    guard let fork = openRewind else { return nil }
    openRewind = nil
    switch line.lowercased() {
    case "yes", "y", "예", "네": return try goBack(to: fork)
    case "", "no", "n", "아니요", "아니오": return Reply([.text(text("rewind.kept"))])
    default: return nil
    }
  }

  private func namedFork(_ name: String) throws -> WorldForks.Entry {
    let forks = worldForks.all()
    let found = name.isEmpty ? forks.last : forks.first { $0.name == name }
    guard let found else {
      throw noSuch(.noSuchFork, name.isEmpty ? "-" : name, among: forks.map(\.name))
    }
    return found
  }

  private func goBack(to fork: WorldForks.Entry) throws -> Reply {
    try rewind(to: fork.name)
    let now = try platform().now
    return Reply(
      [.text(text("rewind.done", ["name": fork.name, "time": storyText(now)]))],
      data: .record(["name": .string(fork.name), "now": .string(now.iso8601)]))
  }

  /// Puts the world back to a fork; it is opened anew when it is needed.
  func rewind(to name: String) throws {
    guard server == nil else { throw CommandError(.worldServed) }
    let fork = try namedFork(name)
    try closeWorld()
    try worldForks.restore(fork)
    lastTiles = [:]
  }

  /// `1d 02:30:00`.
  private static func duration(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1_000
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let clock = "\(two(seconds / 3_600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    return seconds >= 86_400 ? "\(seconds / 86_400)d " + clock : clock
  }

  // MARK: pipeline/

  /// `pipeline diff [FORK]`: against what was installed, or against a fork.
  func pipeline(_ words: [String]) throws -> Reply {
    let (_, rest) = try subcommand(words, of: "pipeline", default: "diff")
    let arguments = try Arguments(rest)
    try arguments.allowOnly()
    let name = arguments.positions.joined(separator: " ")
    let base =
      name.isEmpty ? installedPipeline : try namedFork(name).path + "/pipeline"
    let files = PipelineChanges.files(from: base, to: try platform().directory + "/pipeline")
    let diffs = files.map {
      UnifiedDiff(path: "pipeline/" + $0.path, old: $0.old, new: $0.new).lines
    }
    let data = JSONValue.array(
      zip(files, diffs).map {
        .record([
          "file": .string($0.path), "change": .string(Self.change($0)),
          "diff": .string($1.joined(separator: "\n")),
        ])
      })
    guard !files.isEmpty else {
      let same =
        name.isEmpty ? text("pipeline.same") : text("pipeline.same.fork", ["name": name])
      return Reply([.text(same)], data: data)
    }
    return Reply(diffs.map { .verbatim($0.joined(separator: "\n")) }, data: data)
  }

  /// The pipeline with which every world begins.
  var installedPipeline: String { content.path + "/Datasets/shop/pipeline" }

  private static func change(_ file: PipelineChanges.File) -> String {
    file.old == nil ? "added" : file.new == nil ? "removed" : "changed"
  }
}
