import Commands
import Course
import Foundation
import Terminal
import TestSupport

/// Walks through lessons as a learner does who presses Enter, predicts, and answers every exercise
/// rightly: the driver of the golden transcripts.
struct LessonWalk {
  let world: TestWorld
  let width: Int
  let style: Style
  /// What the learner would have on the screen, prompts included.
  private(set) var transcript = ""
  /// Sections in the order in which they ended.
  private(set) var turns = 0

  init(world: TestWorld, width: Int, style: Style) {
    self.world = world
    self.width = width
    self.style = style
  }

  /// One line at the prompt.
  @discardableResult
  mutating func type(_ line: String) -> String {
    let state = world.shell.promptState()
    let shown = line.isEmpty ? state.enterLine ?? "" : line
    let output = CapturedOutput(width: width, style: style)
    _ = world.shell.run(Shell.Request(line: line, isPrompt: true), output: output)
    transcript += state.text + shown + "\n" + output.text
    turns += 1
    return output.text
  }

  /// Goes on until the course has nothing more, or `turnsMax` lines were typed.
  mutating func walk(turnsMax: Int = 400) throws {
    type("resume")
    while turns < turnsMax {
      switch try waiting() {
      case "lesson-end", "nothing": return
      case "prediction": type(turns.isMultiple(of: 2) ? "1!" : "2?")
      case "exercise": try solve(try openExercise())
      default: type("")
      }
    }
    throw TestFailure("the lesson did not end within \(turnsMax) lines:\n\(transcript.suffix(2_000))")
  }

  private func data(of line: String) throws -> [String: Any] {
    let text = world.run(line, json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    guard let data = object?["data"] as? [String: Any] else {
      throw TestFailure("\(line) answered \(text)")
    }
    return data
  }

  private func waiting() throws -> String {
    guard let place = world.shell.lessonPlace() else { throw TestFailure("no lesson is open") }
    return place.waiting
  }

  private func openExercise() throws -> String {
    guard let id = world.shell.lessonPlace()?.exercise else { throw TestFailure("no exercise") }
    return id
  }

  /// Types the first accepted answer that the exercise's author wrote.
  private mutating func solve(_ id: String) throws {
    let content = CourseContent(root: TestWorld.content)
    guard let folder = try content.exerciseFolders()[id] else { throw TestFailure("no \(id)") }
    let accepted = folder + "/answers/accepted"
    let names = try FileManager.default.contentsOfDirectory(atPath: accepted)
      .filter { $0.hasSuffix(".tap") && !$0.hasPrefix("dirty") }.sorted()
    guard let name = names.first else { throw TestFailure("\(id) has no accepted answer") }
    let script = try String(contentsOfFile: accepted + "/" + name, encoding: .utf8)
    for line in script.split(separator: "\n") where !line.hasPrefix("#") && !line.isEmpty {
      // What the lesson has done already needs no second time.
      guard line.hasPrefix("answer") || line.hasPrefix("check") || line.hasPrefix("clock") else {
        continue
      }
      type(try world.shell.answerLine(String(line), exercise: id))
    }
    guard try openOrNil() != id else {
      throw TestFailure("\(id) is not passed by \(name):\n\(transcript.suffix(1_500))")
    }
  }

  private func openOrNil() throws -> String? { world.shell.lessonPlace()?.exercise }
}
