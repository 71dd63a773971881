// What somebody did to the pipeline, as an incident's cause: commands and saved files at moments of the
// day before the message.

package import Grading

/// One thing that was done, by somebody else than the learner.
package struct IncidentStep: Sendable, Hashable {
  /// What a cause blames.
  package var id: String
  /// Hours and minutes in KST since the midnight with which the message's yesterday began: `21:40`,
  /// or `33:05` for five past nine on the day of the message. May name a `{{parameter}}`.
  package var at: String
  /// Lines of the prompt, after the files. May name `{{parameters}}`.
  package var lines: [String]
  /// Laid over `pipeline/`. Their contents may name `{{parameters}}`.
  package var files: [LearnerChanges.File]

  package init(id: String, at: String, lines: [String] = [], files: [LearnerChanges.File] = []) {
    self.id = id
    self.at = at
    self.lines = lines
    self.files = files
  }

  /// Milliseconds since that midnight; nil for what is no moment.
  static func offset(_ at: String) -> Int64? {
    let parts = at.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
    guard parts.count == 2, let hours = parts[0], let minutes = parts[1], (0...99).contains(hours),
      (0...59).contains(minutes)
    else { return nil }
    return (hours * 60 + minutes) * 60_000
  }

  /// The step with its parameters, and its moment after the midnight.
  ///
  /// Throws `course.bad-value` where the parameters leave no moment.
  func filled(_ names: [String: String]) throws -> (step: IncidentStep, offset: Int64) {
    let moment = try IncidentSQL.fill(at, names)
    guard let offset = Self.offset(moment) else {
      throw CourseError(
        code: "course.bad-value", message: "The step `\(id)` is at `\(moment)`, which is no moment.",
        advice: "Write hours and minutes since yesterday's midnight in KST: `21:40`.")
    }
    let step = IncidentStep(
      id: id, at: moment, lines: try lines.map { try IncidentSQL.fill($0, names) },
      files: try files.map {
        LearnerChanges.File(
          path: $0.path, content: try $0.content.map { try IncidentSQL.fill($0, names) })
      })
    return (step, offset)
  }

  /// Does the steps in a world that stands before the first of them, moment by moment.
  ///
  /// `midnight` is where the message's yesterday begins, in milliseconds since the epoch. Throws
  /// `incident.step` for a command that fails, and what the host throws.
  static func play(
    _ steps: [IncidentStep], in host: any LessonHost, midnight: Int64, names: [String: String]
  ) throws {
    let timed = try steps.map { try $0.filled(names) }
    for (step, offset) in timed.sorted(by: { $0.offset < $1.offset }) {
      try run("clock \(StoryMoment.clock(midnight + offset))", of: step, host)
      try host.save(step.files)
      for line in step.lines { try run(line, of: step, host) }
    }
  }

  private static func run(_ line: String, of step: IncidentStep, _ host: any LessonHost) throws {
    let reply = try host.run(line)
    guard reply.exitCode == 0 else {
      throw CourseError(
        code: "incident.step",
        message: "`\(line)` of the step `\(step.id)` ended with \(reply.exitCode): \(reply.output)",
        advice: "Look with `clock`, then begin again.",
        fields: ["step": step.id, "output": reply.output])
    }
  }
}
