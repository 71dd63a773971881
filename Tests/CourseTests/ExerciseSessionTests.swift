import Course
import Foundation
import Grading
import Testing

@Suite struct ExerciseSessionTests {
  private func exercise() throws -> Exercise {
    try CourseContent(root: contentRoot).exercise(id: "00-1")
  }

  private func sentHost(_ language: CourseLanguage = .korean) throws -> FakeHost {
    let host = try FakeHost(language: language)
    _ = try host.run("app track purchase_completed")
    _ = try host.run("app background")
    return host
  }

  @Test func `an unreadable answer is free and shows the form`() throws {
    let session = ExerciseSession(exercise: try exercise(), host: try sentHost())
    let result = session.check(answer: "몰라요")
    #expect(result.verdict == .couldNotRead(form: "파티션:오프셋"))
    #expect(
      result.text == "입력을 읽지 못했습니다. 횟수에는 넣지 않습니다.\n  이렇게 입력합니다: answer 파티션:오프셋")
    #expect(result.attemptCount == 0)
    #expect(result.verdict.exitCode == 2)
  }

  @Test func `nothing typed is no attempt`() throws {
    let session = ExerciseSession(exercise: try exercise(), host: try sentHost(.english))
    for answer in [nil, "", "  "] {
      let result = session.check(answer: answer)
      #expect(result.verdict == .notAttempted)
      #expect(result.text == "Nothing has been tried yet.\n  Write: answer partition:offset")
    }
    #expect(session.attemptCount == 0)
  }

  @Test func `a checker that fails never calls the answer wrong`() throws {
    let host = try sentHost()
    host.isBroken = true
    let store = ProgressStore(path: nil)
    let session = ExerciseSession(exercise: try exercise(), host: host, progress: store)
    let result = session.check(answer: "2:8004")
    guard case .checkerFailed = result.verdict else {
      Issue.record("\(result.verdict)")
      return
    }
    #expect(result.text.hasPrefix("채점기에서 오류가 났습니다. 답과는 무관하고"))
    #expect(result.attemptCount == 0)
    #expect(result.verdict.exitCode == 3)
    host.isBroken = false
    #expect(session.check(answer: "2:8004").verdict == .passed)
  }

  @Test func `only typed literals reach the SQL`() throws {
    let host = try sentHost()
    let session = ExerciseSession(exercise: try exercise(), host: host)
    _ = session.check(answer: "2:8004' OR 1=1 --")
    #expect(host.queries == [])
    _ = session.check(answer: "2:8,004")
    #expect(host.queries.contains { $0.contains("partition = 2 AND \"offset\" = 8004") })
    #expect(!host.queries.contains { $0.contains("{{") })
  }

  @Test func `hints climb and begin at the misconception after a failed check`() throws {
    let session = ExerciseSession(exercise: try exercise(), host: try sentHost(.english))
    #expect(session.hint().name == "1")
    _ = session.check(answer: "1:8001")
    let hint = session.hint()
    #expect(hint.name == "other-purchase")
    #expect(hint.text.hasPrefix("About your last answer\nEvents with the same name"))
    #expect(session.hint().name == "2")
    // The same failure again: the learner has read that hint, so the rungs go on.
    _ = session.check(answer: "1:8001")
    let last = session.hint()
    #expect(last.name == "3")
    #expect(last.isLast)
    #expect(last.text.contains("--where event_id=mine-0"))
    _ = session.check(answer: "2:3")
    #expect(session.hint().name == "seq-as-offset")
    #expect(session.hint().name == "3")
  }

  @Test func `attempts, passes and hints survive into the next sitting`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    let host = try sentHost()
    let first = ExerciseSession(
      exercise: try exercise(), host: host, progress: ProgressStore(path: path))
    #expect(first.check(answer: "1:8001", storyTime: 1_705_363_800_000).attemptCount == 1)
    _ = first.check(answer: "???")
    _ = first.hint()
    _ = first.hint()

    let store = ProgressStore(path: path, wallTime: { 42 })
    let second = ExerciseSession(exercise: try exercise(), host: host, progress: store)
    #expect(second.attemptCount == 1)
    #expect(!second.isPassed)
    #expect(second.hint().name == "2")
    let passed = second.check(answer: "2:8004")
    #expect(passed.isFirstPass)
    #expect(passed.attemptCount == 2)
    #expect(!second.check(answer: "2:8004").isFirstPass)
    let attempts = try store.attempts(exercise: "00-1")
    #expect(attempts.map(\.verdict) == ["not-yet", "could-not-read", "passed", "passed"])
    #expect(attempts[0].feedback == "other-purchase")
    #expect(attempts[0].storyTime == 1_705_363_800_000)
    #expect(attempts[2].wallTime == 42)
    #expect(attempts[1].answer == "???")
  }

  @Test func `counts the parts where an exercise asks for all of them`() throws {
    var exercise = try exercise()
    exercise.grading = .parts
    let session = ExerciseSession(exercise: exercise, host: try sentHost(.english))
    let result = session.check(answer: "1:8001")
    #expect(result.verdict.name == "partly")
    #expect(result.text.hasPrefix("Partly passed (8 of 9)\nNot yet."))
  }

  @Test func `a placeholder that no query gives is reported to the author`() throws {
    var exercise = try exercise()
    exercise.feedback["other-purchase"] = LocalizedText(ko: "가 {nothing} 나\n다", en: "")
    let result = ExerciseSession(exercise: exercise, host: try sentHost()).check(answer: "1:8001")
    #expect(result.unknownPlaceholders == ["nothing"])
    #expect(result.text == "다")
  }

  @Test func `a text without a digit is no answer, though the part asks for a file's name`() throws {
    var exercise = try CourseContent(root: contentRoot).exercise(id: "00-2")
    exercise.parts.removeAll { $0.id != "file" }
    let session = ExerciseSession(exercise: exercise, host: try sentHost(.english))
    #expect(session.looksLikeAnswer("processed/events/dt=2024-01-15/part-0.parquet"))
    #expect(!session.looksLikeAnswer("README.md"))
  }
}
