import Commands
import Course
import Foundation
import Terminal
import TestSupport

/// Walks through lessons as a learner does who presses Enter, predicts, is wrong once and asks for
/// a hint, and then answers every exercise rightly: the driver of the golden transcripts.
struct LessonWalk {
  /// One line at the prompt and what it printed.
  struct Turn {
    var prompt: String
    var line: String
    var output: String
    var status: ExitStatus
  }

  let world: TestWorld
  let width: Int
  let style: Style
  private(set) var turns: [Turn] = []

  init(world: TestWorld, width: Int, style: Style) throws {
    self.world = world
    self.width = width
    self.style = style
    // Which items are drawn, and in which order, depends on the learner.
    try ProgressStore(path: world.path + "/progress.sqlite").setSetting("learner.seed", "42")
  }

  /// What the learner would have on the screen, prompts included.
  var transcript: String {
    turns.map { $0.prompt + $0.line + "\n" + $0.output }.joined()
  }

  /// One line at the prompt.
  @discardableResult
  mutating func type(_ line: String) -> String {
    let state = world.shell.promptState()
    let shown = line.isEmpty ? state.enterLine ?? "" : line
    let output = CapturedOutput(width: width, style: style)
    let status = world.shell.run(Shell.Request(line: line, isPrompt: true), output: output)
    turns.append(Turn(prompt: state.text, line: shown, output: output.text, status: status))
    return output.text
  }

  /// Goes on until the course has nothing more, or `turnsMax` lines were typed.
  mutating func walk(turnsMax: Int = 400) throws {
    type("resume")
    while turns.count < turnsMax {
      guard let place = world.shell.lessonPlace() else { throw TestFailure("no lesson is open") }
      switch place.waiting {
      case "lesson-end", "nothing": return
      case "prediction": type(turns.count.isMultiple(of: 2) ? "1!" : "2?")
      case "exercise":
        guard let id = place.exercise else { throw TestFailure("no exercise") }
        if !turns.contains(where: { $0.line == "hint" }) {
          type("answer 0:1")
          type("hint")
        }
        try solve(id)
      default: type("")
      }
    }
    throw TestFailure("no end within \(turnsMax) lines:\n\(transcript.suffix(2_000))")
  }

  /// Types the first accepted answer that the exercise's author wrote.
  mutating func solve(_ id: String) throws {
    let content = CourseContent(root: TestWorld.content)
    guard let folder = try content.exerciseFolders()[id] else { throw TestFailure("no \(id)") }
    let accepted = folder + "/answers/accepted"
    let names = try FileManager.default.contentsOfDirectory(atPath: accepted)
      .filter { $0.hasSuffix(".tap") && !$0.hasPrefix("dirty") }.sorted()
    let scripts = try names.map {
      try String(contentsOfFile: accepted + "/" + $0, encoding: .utf8)
    }
    // A learner answers in the language of the lesson.
    let isKorean = world.shell.language == .ko
    let index = scripts.lastIndex { isKorean || !$0.contains(/[가-힣]/) }
    guard let index else { throw TestFailure("\(id) has no accepted answer") }
    let (name, script) = (names[index], scripts[index])
    // What the lesson has done already (the tap, the night) needs no second time.
    var last = ""
    for line in script.split(separator: "\n") where line.hasPrefix("answer") {
      last = type(try world.shell.answerLine(String(line), exercise: id))
    }
    guard last.contains(id) else {
      throw TestFailure("\(id) is not passed by \(name):\n\(transcript.suffix(1_500))")
    }
  }
}
