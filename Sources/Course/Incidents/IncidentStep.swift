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

  /// The steps with their parameters, in the order of their moments.
  ///
  /// `midnight` is where the message's yesterday begins, in milliseconds since the epoch. Throws
  /// `course.bad-value` where the parameters leave no moment.
  static func scripted(
    _ steps: [IncidentStep], midnight: Int64, names: [String: String]
  ) throws -> [WorldScript.Step] {
    let timed = try steps.map { try $0.filled(names) }
    return timed.sorted { $0.offset < $1.offset }.map { step, offset in
      WorldScript.Step(
        id: step.id, moment: midnight + offset, files: step.files, lines: step.lines)
    }
  }

  /// Does the steps in a world that stands before the first of them, moment by moment.
  ///
  /// Throws `incident.step` for a command that fails, and what the host throws.
  static func play(
    _ steps: [IncidentStep], in host: any LessonHost, midnight: Int64, names: [String: String]
  ) throws {
    for step in try scripted(steps, midnight: midnight, names: names) { try step.play(in: host) }
  }
}

extension WorldScript {
  /// Does everything in a world that stands before the first step, and goes on to the end.
  ///
  /// Throws `incident.step` for a command that fails, `incident.clock` where the end is not reached, and
  /// what the host throws.
  package func play(in host: any LessonHost) throws {
    for step in steps { try step.play(in: host) }
    try IncidentSession.advance(host, to: end)
  }
}

extension WorldScript.Step {
  fileprivate func play(in host: any LessonHost) throws {
    try run("clock \(StoryMoment.clock(moment))", host)
    try host.save(files)
    for line in lines { try run(line, host) }
  }

  private func run(_ line: String, _ host: any LessonHost) throws {
    let reply = try host.run(line)
    guard reply.exitCode == 0 else {
      throw CourseError(
        code: "incident.step",
        message: "`\(line)` of the step `\(id)` ended with \(reply.exitCode): \(reply.output)",
        advice: "Look with `clock`, then begin again.",
        fields: ["step": id, "output": reply.output])
    }
  }
}
