// The course's way to the running pipeline, and to worlds for grading.

internal import Foundation
package import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

/// A host over the learner's own shell.
final class ShellHost: GradingHost {
  unowned let shell: Shell

  init(_ shell: Shell) {
    self.shell = shell
  }

  var language: CourseLanguage { shell.courseLanguage }

  func text(_ key: String, _ values: [String: String]) -> String { shell.text(key, values) }

  func query(_ sql: String) throws -> HostTable {
    let platform = try shell.platform()
    return HostTable(try platform.engine.execute(sql, session: platform.session()))
  }

  func run(_ line: String) throws -> HostReply {
    let captured = CapturedOutput()
    let status = shell.run(Shell.Request(line: line), output: captured)
    return HostReply(output: captured.text, exitCode: status.rawValue)
  }

  func open(_ request: WorldRequest) throws -> any GradingWorld {
    try shell.lockedly { try shell.openWorld(request) }
  }

  func open(tables: [GradingTable]) throws -> any GradingWorld {
    try TablesWorld(tables, shell: shell)
  }

  func changes(since fork: String) throws -> LearnerChanges {
    try shell.lockedly { try shell.changes(since: fork) }
  }

  func mutants(of sql: String) throws -> [SQLMutant] {
    let platform = try shell.platform()
    return StatementMutants.of(sql, engine: platform.engine, session: platform.session()).map {
      SQLMutant(kind: $0.kind.rawValue, line: $0.line, change: $0.change, sql: $0.sql)
    }
  }

  func takeFork(_ name: String) throws { try shell.lockedly { try shell.takeFork(name) } }

  func rewind(to fork: String) throws { try shell.lockedly { try shell.rewind(to: fork) } }
}

extension Shell {
  /// The host that graders and answer scripts use.
  package func lessonHost() -> any LessonHost { ShellHost(self) }

  /// The same host, for graders that need worlds.
  package func gradingHost() -> any GradingHost { ShellHost(self) }
}
