import Course
import Foundation
import Grading
import Testing

/// When a solution opens, what it shows, and what becomes of a later pass.
@Suite struct SolutionTests {
  private func exercise(_ id: String = "00-1") throws -> Exercise {
    try CourseContent(root: contentRoot).exercise(id: id)
  }

  private func host(_ language: CourseLanguage = .english) throws -> FakeHost {
    let host = try FakeHost(language: language)
    _ = try host.run("app track purchase_completed")
    _ = try host.run("app background")
    return host
  }

  @Test func `three different answers that were judged open it, and nothing else does`() throws {
    let session = ExerciseSession(exercise: try exercise(), host: try host())
    #expect(!session.solution().isOpen)
    for answer in ["???", "no idea", "2", nil, "  "] { _ = session.check(answer: answer) }
    #expect(session.honestAttempts == 0)
    for _ in 0..<5 { _ = session.check(answer: "1:8001") }
    _ = session.check(answer: "1:8,001")
    _ = session.check(answer: "1:8001 ")
    // The same address in two spellings is two texts and one answer more at most.
    #expect(session.honestAttempts == 2)
    let closed = session.solution()
    #expect(!closed.isOpen && closed.answers.isEmpty)
    #expect(closed.text.contains("So far: 2."))
    _ = session.check(answer: "0:8002")
    #expect(session.solution().isOpen)
  }

  @Test func `a checker that fails does not count`() throws {
    let host = try host()
    let session = ExerciseSession(exercise: try exercise(), host: host)
    host.isBroken = true
    for answer in ["1:1", "1:2", "1:3"] { _ = session.check(answer: answer) }
    #expect(session.honestAttempts == 0)
  }

  @Test func `a pass after it is marked for good, and one before it never is`() throws {
    let folder = try ScratchFolder()
    let store = ProgressStore(path: folder.path + "/p.sqlite", wallTime: { 9 })
    let session = ExerciseSession(exercise: try exercise(), host: try host(), progress: store)
    for answer in ["1:8001", "0:8001", "1:8000"] { _ = session.check(answer: answer) }
    let solution = session.solution()
    #expect(solution.isOpen && !solution.note.isEmpty)
    let passed = session.check(answer: "2:8004")
    #expect(passed.isFirstPass && passed.isAfterSolution)
    #expect(try store.passedAfterSolution() == ["00-1"])
    let next = ExerciseSession(
      exercise: try exercise(), host: try host(), progress: ProgressStore(path: folder.path + "/p.sqlite"))
    #expect(next.check(answer: "2:8004").isAfterSolution)
    #expect(next.solution().note.isEmpty)

    let other = ProgressStore(path: nil)
    let honest = ExerciseSession(exercise: try exercise(), host: try host(), progress: other)
    #expect(!honest.check(answer: "2:8004").isAfterSolution)
    #expect(honest.solution().isOpen)
    #expect(!honest.check(answer: "2:8004").isAfterSolution)
    #expect(try other.passedAfterSolution() == [])
  }

  @Test func `failed attempts of earlier sittings count`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/p.sqlite"
    for answer in ["1:8001", "0:8001", "1:8000"] {
      let session = ExerciseSession(
        exercise: try exercise(), host: try host(), progress: ProgressStore(path: path))
      _ = session.check(answer: answer)
    }
    let session = ExerciseSession(
      exercise: try exercise(), host: try host(), progress: ProgressStore(path: path))
    #expect(session.honestAttempts == 3)
    #expect(session.solution().isOpen)
  }

  @Test func `the first answer stands whole, and of the others the lines that differ are marked`() throws {
    let folder = try ScratchFolder()
    try folder.write("exercise.yaml", PackTests.manifest.replacing("ID", with: "t-1"))
    try folder.write("task.ko.md", "하세요\n")
    try folder.write("answers/accepted/1-a.tap", "# a note\napp track x\napp background\nanswer 2:{{sql: SELECT 5}}\n")
    try folder.write("answers/accepted/2-b.tap", "app track x\napp flush\nanswer 2:{{sql: SELECT 5}}\n")
    try folder.write("answers/accepted/3-c.tap", "app track x\napp background\nanswer 2:5\n")
    try folder.write("answers/accepted/4-d.sql", "-- by hand\nSELECT 1\n\nFROM t\n")
    let store = ProgressStore(path: nil)
    try store.record(.init(exercise: "t-1", version: 1, answer: "", verdict: "passed"))
    let session = ExerciseSession(
      exercise: try Exercise.load(folder: folder.path), host: try host(), progress: store)
    let answers = session.solution().answers
    #expect(
      answers.map { $0.lines.map { ($0.differs ? "+" : " ") + $0.text } } == [
        [" app track x", " app background", " answer 2:5"],
        [" app track x", "+app flush", " answer 2:5"],
        [" -- by hand", " SELECT 1", " ", " FROM t"],
      ])
    #expect(answers.map(\.queries) == [["SELECT 5"], ["SELECT 5"], []])
  }

  @Test func `of an exercise with parts only the open one is given away`() throws {
    let session = ExerciseSession(
      exercise: try exercise("00-role-quiz"), host: try host(), seed: 7)
    func wrong() throws -> String {
      let view = try #require(session.partView)
      let right = try session.replacingChoices(in: "answer {{correct}}").dropFirst(7)
      return String(try #require((1...view.options.count).first { String($0) != right }))
    }
    var count = 0
    while session.honestAttempts < 3, count < 20 {
      // Items are drawn anew after each attempt, and their numbers with them.
      _ = session.check(answer: try wrong())
      count += 1
    }
    let before = try #require(session.partView)
    let solution = session.solution()
    #expect(solution.isOpen)
    #expect(solution.answers.count == 1)
    let line = try #require(solution.answers.first?.lines.first?.text)
    #expect(session.check(answer: String(line.dropFirst(7))).verdict.name == "partly")
    #expect(session.partView?.id != before.id)
    #expect(!session.solution().isOpen)
  }

  @Test func `a reset begins the parts and the hints anew, and keeps what is stored`() throws {
    let store = ProgressStore(path: nil)
    let session = ExerciseSession(
      exercise: try exercise("00-role-quiz"), host: try host(), progress: store, seed: 7)
    let right = try session.replacingChoices(in: "answer {{correct}}").dropFirst(7)
    #expect(session.check(answer: String(right)).verdict.name == "partly")
    _ = session.hint()
    _ = session.hint()
    #expect(session.parts.filter(\.isPassed).count == 1)
    session.reset()
    #expect(session.parts.filter(\.isPassed).isEmpty)
    #expect(session.hint().name == "1")
    #expect(try store.attempts(exercise: "00-role-quiz").count == 1)
  }
}
