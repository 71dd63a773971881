// The course's way to the running pipeline, and to worlds for grading.

internal import Foundation
package import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// A host over the learner's own shell.
///
/// Exercise sessions hold it and the shell holds them, so it does not hold the shell.
final class ShellHost: GradingHost {
  private weak var shell: Shell?

  init(_ shell: Shell) {
    self.shell = shell
  }

  func running() throws -> Shell {
    guard let shell else { throw GradingWorldError("closed", "the program has ended") }
    return shell
  }

  var language: CourseLanguage { shell?.courseLanguage ?? .korean }

  func text(_ key: String, _ values: [String: String]) -> String {
    shell?.text(key, values) ?? key
  }

  func query(_ sql: String) throws -> HostTable {
    try GradingNames.checkReads(sql)
    let shell = try running()
    let platform = try shell.platform()
    var engine = platform.engine
    // Worksheets with their right values, and what the cheapest rules cost: no learner sees them.
    if sql.lowercased().contains("worksheet") || sql.lowercased().contains("course.lifecycle") {
      let rules = Result { try platform.lifecycleRules() }
      engine = QueryEngine(
        catalogs: CourseTables.forGraders(
          platform.catalogs, shell.worksheetBook, language: shell.courseLanguage,
          rules: { try rules.get() }))
    }
    return HostTable(try engine.execute(sql, session: platform.session()))
  }

  func run(_ line: String) throws -> HostReply {
    let shell = try running()
    // Laid out for the screen that it may be shown on; plain, because it is also a program's.
    let captured = CapturedOutput(
      width: shell.output.width,
      style: Style(usesColour: false, isAccessible: shell.output.style.isAccessible))
    let status = shell.run(Shell.Request(line: line), output: captured)
    return HostReply(output: captured.text, exitCode: status.rawValue)
  }

  func save(_ files: [LearnerChanges.File]) throws {
    let shell = try running()
    try shell.lockedly { try shell.savePipeline(files) }
  }

  func open(_ request: WorldRequest) throws -> any GradingWorld {
    let shell = try running()
    return try shell.lockedly { try shell.openWorld(request) }
  }

  func open(tables: [GradingTable]) throws -> any GradingWorld {
    try TablesWorld(tables, shell: try running())
  }

  func changes(since fork: String) throws -> LearnerChanges {
    let shell = try running()
    return try shell.lockedly { try shell.changes(since: fork) }
  }

  func mutants(of sql: String) throws -> [SQLMutant] {
    let platform = try running().platform()
    return StatementMutants.of(sql, engine: platform.engine, session: platform.session()).map {
      SQLMutant(kind: $0.kind.rawValue, line: $0.line, change: $0.change, sql: $0.sql)
    }
  }

  func takeFork(_ name: String) throws {
    let shell = try running()
    try shell.lockedly { try shell.takeFork(name) }
  }

  func rewind(to fork: String) throws {
    let shell = try running()
    try shell.lockedly { try shell.rewind(to: fork) }
  }
}

extension Shell {
  /// The host that graders and answer scripts use.
  package func lessonHost() -> any LessonHost { ShellHost(self) }

  /// The same host, for graders that need worlds.
  package func gradingHost() -> any GradingHost { ShellHost(self) }
}
