// Commands that change the world are written down, so that graders and incidents can do them again.
//
// `Command.isOperational` says which ones they are; SQL is asked by `StatementEffect`. What only reads
// leaves no trace in the journal.

internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import TrinoSQL

extension Shell {
  /// Runs `body`, and writes it down where it is a command that changes the world.
  func journaled(
    _ line: String, isOperational: Bool, _ body: () throws -> Reply
  ) throws -> Reply {
    guard isOperational, purpose == .learner else { return try body() }
    return try platform().journaling(
      line,
      exit: { result in
        switch result {
        case .success(let reply): reply.exit.rawValue
        case .failure(let error): ErrorText(error, catalogue: catalogue).exit.rawValue
        }
      }, body)
  }

  /// True where one of the statements changes data, as the typed session stands.
  func changesData(_ text: String) -> Bool {
    var session = Session()
    for change in statements.changes { session.apply(change) }
    return Shell.changesData(text, prepared: session.prepared)
  }

  /// True where one of the statements changes data.
  static func changesData(_ text: String, prepared: [String: String] = [:]) -> Bool {
    let whole = StatementShape.vertical(text) ?? text
    let split = StatementSplitter.split(whole)
    return (split.statements + [split.rest].compactMap { $0 }).contains {
      StatementEffect.changesData($0.text, prepared: prepared)
    }
  }

  /// What the learner changed since a fork was taken: files that differ, and commands in order.
  ///
  /// What was not understood has changed nothing and is left out; so is what a crash undid. A command
  /// that moved the clock is given as the move it made.
  ///
  /// - Throws: `command.noSuchFork`, and `grading.changes` where the world does not come from the fork.
  func changes(since name: String) throws -> LearnerChanges {
    let platform = try platform()
    guard let fork = worldForks.named(name) else {
      throw noSuch(.noSuchFork, name, among: worldForks.all().map(\.name))
    }
    let before = CommandJournal(directory: fork.path).entries()
    let entries = platform.commands.entries()
    guard entries.starts(with: before) else {
      throw GradingWorldError(
        "changes", "the world was put back to before the fork \(name) was taken")
    }
    let start = platform.world.start.milliseconds
    let commands = entries.dropFirst(before.count).compactMap { entry -> LearnerChanges.Command? in
      guard let exit = entry.exit, exit != ExitStatus.usage.rawValue, entry.outcome != .undone
      else { return nil }
      var line = entry.line
      if line.hasPrefix("clock") {
        let moved = ((entry.ended ?? entry.at).milliseconds - entry.at.milliseconds) / 1_000
        guard moved > 0 else { return nil }
        line = "clock +\(moved)s"
      }
      return LearnerChanges.Command(
        line: line, offset: entry.at.milliseconds - start, exitCode: exit)
    }
    let begun = fork.path + "/pipeline"
    func changed(from old: String, to new: String) -> [LearnerChanges.File] {
      PipelineChanges.files(from: old, to: new).map {
        LearnerChanges.File(path: $0.path, content: $0.new)
      }
    }
    return LearnerChanges(
      base: changed(from: installedPipeline, to: begun),
      files: changed(from: begun, to: platform.directory + "/pipeline"),
      commands: Array(commands))
  }
}

/// Replaces values where they stand alone in a line.
enum Rebinding {
  /// All values at once, the longest first, so that what was put in is never replaced again.
  ///
  /// A value stands alone where no letter or digit touches it, not even across a single `.` or `-`:
  /// `3.1.3` is not in `3.1.30`, nor `2024-01-15` in `x-2024-01-15`. A date may be followed by `T`.
  static func replace(_ values: [String: String], in line: String) -> String {
    let targets = values.filter { !$0.key.isEmpty && $0.key != $0.value }
      .map { (from: Array($0.key), to: $0.value) }
      .sorted { ($0.from.count, String($0.from)) > ($1.from.count, String($1.from)) }
    guard !targets.isEmpty else { return line }
    let text = Array(line)
    var result = ""
    var index = 0
    while index < text.count {
      let found = targets.first { target in
        text[index...].starts(with: target.from)
          && stands(text, index, index + target.from.count)
      }
      if let found {
        result += found.to
        index += found.from.count
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  private static func stands(_ text: [Character], _ start: Int, _ end: Int) -> Bool {
    func isWord(_ index: Int) -> Bool {
      text.indices.contains(index)
        && (text[index].isLetter || text[index].isNumber || text[index] == "_")
    }
    func isLink(_ index: Int) -> Bool {
      text.indices.contains(index) && (text[index] == "." || text[index] == "-")
    }
    if isWord(start - 1) || isLink(start - 1) && isWord(start - 2) { return false }
    if isWord(end) {
      // `2024-01-15T09:00`
      let isTime = text[end] == "T" && end + 1 < text.count && text[end + 1].isNumber
      return isTime && end - start == 10 && text[start + 4] == "-" && text[start + 7] == "-"
    }
    return !(isLink(end) && isWord(end + 1))
  }
}

extension Shell {
  /// A line with values replaced where they stand alone, all at once.
  package static func rebound(_ line: String, _ values: [String: String]) -> String {
    Rebinding.replace(values, in: line)
  }
}
