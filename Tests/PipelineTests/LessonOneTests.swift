import Commands
import Course
import CourseAuthoring
import Foundation
import Grading
import Terminal
import TestSupport
import Testing

/// Lesson 01 from its first step to its end, as somebody walks it who does all of its exercises, in one
/// world: what a section or an exercise leaves behind is there for the next.
struct LessonOneTests {
  private static func source(_ language: Language) throws -> String {
    try RepositoryFiles.text("Lessons/01-log-collection/lesson.\(language).md")
  }

  @Test(arguments: [Language.ko, .en])
  func `lesson 01 is walked from its first step to its end`(language: Language) throws {
    let world = try TestWorld(language: language)
    let progress = ProgressStore(path: world.path + "/progress.sqlite")
    // The lesson before opens commands that this one uses.
    for exercise in ["00-1", "00-2", "00-role-quiz", "00-3"] {
      try progress.record(
        ProgressStore.Attempt(exercise: exercise, version: 1, answer: "", verdict: "passed"))
    }
    var walk = try LessonWalk(
      world: world, width: 80, style: Style(usesColour: false, isAccessible: false))
    let solved = try walk.walk(lesson: "01")

    let outline = try CourseContent(root: TestWorld.content).outline()
    let lesson = try #require(outline.lessons.first { $0.id == "01" })
    #expect(solved == lesson.sections.flatMap { $0.exercises })
    #expect(try progress.passedExercises().isSuperset(of: solved))
    let sections = try progress.sections()
    for section in lesson.sections {
      #expect(sections[section.id] == true, "\(section.id) did not come to its end")
    }
    // Every question was answered, and what follows showed how it turned out.
    let source = try Self.source(language)
    let predictions = try progress.predictions()
    #expect(predictions.count == source.ranges(of: "```predict\n").count)
    #expect(predictions.allSatisfy { $0.outcome != nil }, "\(predictions)")
    expectDone(walk)
    expectReadable(walk, source)
  }

  /// Whatever the lesson offers to run does run; only answers may be wrong.
  private func expectDone(_ walk: LessonWalk) {
    for turn in walk.turns where turn.line != "check" && !turn.line.hasPrefix("answer ") {
      #expect(turn.status == .success, "\(turn.line): \(turn.output)")
    }
  }

  /// Nothing is wider than the screen but what is there to be copied, and no text is missing.
  private func expectReadable(_ walk: LessonWalk, _ source: String) {
    for turn in walk.turns {
      #expect(!turn.output.contains("[["), "after \(turn.line): \(turn.output)")
      for line in turn.output.split(separator: "\n")
      where TextWidth.columns(String(line)) > walk.width {
        let body = line.drop { $0 == " " }
        let value = body.firstRange(of: ": ").map { body[$0.upperBound...] } ?? body
        let first = String(body.prefix { $0 != " " })
        let isCopied =
          !value.contains(" ") || source.contains(body) || Shell.commandNames.contains(first)
          || StatementShape.looksLikeSQL(String(line)) || Shell.isRealTool(value)
        #expect(isCopied, "after \(turn.line): \(line)")
      }
    }
  }
}

extension LessonWalk {
  /// Walks one lesson, and answers its exercises in the order in which they were done.
  mutating func walk(lesson: String, turnsMax: Int = 400) throws -> [String] {
    var solved: [String] = []
    type("lesson " + lesson)
    while turns.count < turnsMax {
      guard let place = world.shell.lessonPlace() else { throw TestFailure("no lesson is open") }
      switch place.waiting {
      case "lesson-end", "nothing": return solved
      case "prediction": type(turns.count.isMultiple(of: 2) ? "1!" : "2?")
      case "exercise":
        guard let id = place.exercise else { throw TestFailure("no exercise") }
        try play(id)
        solved.append(id)
      default: type("")
      }
    }
    throw TestFailure("no end within \(turnsMax) lines:\n\(transcript.suffix(2_000))")
  }

  /// Does all that one accepted answer of the exercise's author does: saves its files, hands over what
  /// is a file itself, and types the lines of a script.
  private mutating func play(_ id: String) throws {
    let content = CourseContent(root: TestWorld.content)
    guard let folder = try content.exerciseFolders()[id] else { throw TestFailure("no \(id)") }
    let answer = try accepted(try Exercise.load(folder: folder))
    for file in answer.files {
      let path = world.worldPath + "/pipeline/" + file.path
      if let text = file.content {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      } else {
        try FileManager.default.removeItem(atPath: path)
      }
    }
    if id == "01-8" { try stopOtherMembers() }
    if answer.fileType == "tap" {
      for line in answer.lines { type(try world.shell.answerLine(line.text, exercise: id)) }
    } else {
      type("answer " + folder + "/" + answer.file)
    }
    let progress = ProgressStore(path: world.path + "/progress.sqlite")
    guard try progress.isPassed(exercise: id) else {
      throw TestFailure("\(id) is not passed by \(answer.name):\n\(transcript.suffix(3_000))")
    }
  }

  /// The answer that is played: without detours where there is such a one, and in the learner's language.
  private func accepted(_ exercise: Exercise) throws -> AnswerCase {
    let isKorean = world.shell.language == .ko
    let answers = try AnswerCase.load(exercise: exercise).filter { answer in
      answer.expectedVerdict == Verdict.passed.name
        && (isKorean || !answer.lines.contains { $0.text.contains(/[가-힣]/) })
    }
    let straight = answers.first { !$0.name.contains("/dirty") }
    guard let answer = straight ?? answers.first else {
      throw TestFailure("\(exercise.id) has no accepted answer")
    }
    return answer
  }

  /// The lesson has left more consumers than the script of 01-8 knows: its task says to stop them all.
  private mutating func stopOtherMembers() throws {
    let running = try world.texts(
      """
      SELECT CAST(number AS varchar) FROM system.kafka.sink_members
      WHERE condition = 'running' AND number <> 1
      """)
    for number in running { type("kafka members stop " + number) }
  }
}
