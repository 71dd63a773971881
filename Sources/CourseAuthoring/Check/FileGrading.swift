// `course grade`: judges the file of one answer in a learner's world, and leaves no trace of it.

package import Course
internal import Foundation
internal import Grading

/// Grades files.
package struct FileGrading {
  package let exercise: Exercise
  package let bench: any AuthoringBench
  package let setting: RunSetting

  package init(exercise: Exercise, bench: any AuthoringBench, setting: RunSetting) {
    self.exercise = exercise
    self.bench = bench
    self.setting = setting
  }

  /// The largest file that is read.
  package static let byteCountMax = 1 << 20

  /// Judges the file at `path`.
  ///
  /// A `.tap` file is a script of the prompt, the last check of which counts; any other is one
  /// answer. `part` names the part that it answers; nil is the first. Throws `grade.unreadable` where
  /// there is no such text, and what keeps a world from being had.
  package func grade(file path: String, part: String?) throws -> CheckResult {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Self.unreadable(path, "It is not there, or may not be read.")
    }
    let world = try bench.open(setting, size: "xs", after: [])
    defer { world.close() }
    try world.begin(exercise)
    let folder = (path as NSString).deletingLastPathComponent
    let session = ExerciseSession(
      exercise: exercise, host: world.host, seed: setting.seed,
      readFile: { ContentFolder.bytes(of: $0.hasPrefix("/") ? $0 : folder + "/" + $0) })
    let text =
      data.count <= Self.byteCountMax
      ? String(validating: data, as: UTF8.self) ?? "\u{FFFD}" : "\u{FFFD}"
    guard path.hasSuffix(".tap") else {
      return session.check(answer: part.map { $0 + " " + text } ?? text)
    }
    return try play(text, path, session, world)
  }

  private func play(
    _ text: String, _ path: String, _ session: ExerciseSession, _ world: any BenchWorld
  ) throws -> CheckResult {
    var last: CheckResult?
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, raw) in lines.enumerated() {
      let line = String(raw.drop(while: \.isWhitespace))
      if line.isEmpty || line.hasPrefix("#") { continue }
      let queried = try replacingQueries(in: line, host: world.host)
      if AnswerCaseRunner.isCheck(queried) {
        let typed = try session.replacingChoices(in: queried)
        last = session.check(answer: typed == "check" ? nil : String(typed.dropFirst(6)))
        continue
      }
      let reply = world.json(queried)
      guard reply.exit <= 1 else {
        throw Self.unreadable(path, "Line \(index + 1) `\(line)`: \(reply.text)")
      }
    }
    return last ?? session.check(answer: nil)
  }

  private static func unreadable(_ path: String, _ reason: String) -> CourseError {
    CourseError(
      code: "grade.unreadable", message: reason, place: path,
      advice: "Name a text file.", fields: ["file": path, "reason": reason])
  }
}
