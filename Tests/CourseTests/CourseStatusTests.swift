import Course
import Foundation
import Grading
import Testing

/// Lists, minutes, the roadmap and what was met, over a small course.
@Suite struct CourseStatusTests {
  private func course() throws -> (ScratchFolder, CourseContent, ProgressStore) {
    let folder = try ScratchCourse.make()
    func exercise(_ id: String, _ minutes: Int, _ more: String = "") throws {
      try folder.write(
        "Exercises/x/\(id)/exercise.yaml",
        "id: \(id)\nversion: 1\ntitle: {ko: 가, en: a}\nminutes: \(minutes)\n\(more)")
    }
    try exercise("t-1", 4, "unlocks: [trace]\nparts: [{id: a}, {id: b}, {id: c}]\n")
    try exercise("t-2", 6)
    return (folder, CourseContent(root: folder.path), ProgressStore(path: nil))
  }

  private func status(
    _ content: CourseContent, _ store: ProgressStore, _ role: CourseOutline.Role? = nil
  ) throws -> CourseStatus {
    try CourseStatus.make(
      outline: content.outline(), exercises: content.exerciseSummaries().summaries,
      progress: store, role: role)
  }

  private func finish(_ section: String, _ lesson: String, _ store: ProgressStore) throws {
    var turn = ProgressStore.LessonTurn(
      position: ProgressStore.Position(lesson: lesson, section: section, stepIndex: 0), pending: [])
    turn.started = [section]
    turn.finished = [section]
    try store.save(turn)
  }

  @Test func `minutes shrink as sections end and exercises are passed`() throws {
    let (folder, content, store) = try course()
    // 0.1 is 10 with an exercise of 4, 0.2 is 5, 2.1 is 20 with an exercise of 6; 01 is planned.
    var status = try status(content, store)
    #expect(status.lessons.map(\.state) == [.open, .notThereYet, .open])
    #expect(status.minutesLeft == 35)
    #expect(status.minutesPlanned == 30)
    try finish("0.1", "00", store)
    status = try self.status(content, store)
    #expect(status.minutesLeft == 29)
    #expect(status.lessons[0].sections[0].state == .started)
    try store.record(
      ProgressStore.Attempt(exercise: "t-1", version: 1, part: "a", answer: "", verdict: "partly"),
      passesPart: true)
    status = try self.status(content, store)
    #expect(status.exercises[0].state == .partly)
    #expect((status.exercises[0].passedPartCount, status.exercises[0].partCount) == (1, 3))
    try store.record(
      ProgressStore.Attempt(exercise: "t-1", version: 1, answer: "", verdict: "passed"))
    try finish("0.2", "00", store)
    status = try self.status(content, store)
    #expect(status.lessons[0].state == .done)
    #expect(status.minutesLeft == 20)
    _ = folder
  }

  @Test func `a role's path comes first, and the rest is beside it`() throws {
    let (folder, content, store) = try course()
    let mobile = try status(content, store, .mobile)
    #expect(mobile.lessons.map(\.id) == ["00", "02", "01"])
    #expect(mobile.lessons.map(\.isOnPath) == [true, true, false])
    #expect(mobile.minutesPlanned == 0)
    let required = try content.outline().required(
      .mobile, passes: [ProgressStore.Pass(exercise: "t-1", version: 1, wallTime: 5)],
      exercises: content.exerciseSummaries().summaries)
    #expect(required.map(\.id) == ["t-1", "t-9"])
    #expect(required.map(\.state) == [.passed, .notThereYet])
    try store.setRole(.techlead)
    #expect(try store.role() == .techlead)
    _ = folder
  }

  @Test func `what was met grows with the sections that were begun`() throws {
    let (folder, content, store) = try course()
    #expect(try Introduced(outline: content.outline(), progress: store).commands == [])
    try finish("0.1", "00", store)
    let met = try Introduced(outline: content.outline(), progress: store)
    #expect(met.commands == ["app", "dash"])
    #expect(met.terms == ["event"])
    #expect(try content.locks().mapValues(\.id) == ["trace": "t-1"])
    _ = folder
  }

  @Test func `one exercise that cannot be read hides no other`() throws {
    let (folder, content, _) = try course()
    try folder.write("Exercises/x/broken/exercise.yaml", "id: t-7\nminutes: many\n")
    let found = try content.exerciseSummaries()
    #expect(found.summaries.keys.sorted() == ["t-1", "t-2"])
    #expect(found.problems.map(\.code) == ["course.missing-key"])
  }

  @Test func `the roadmap names stages, edges and pairs`() throws {
    let (folder, content, _) = try course()
    let roadmap = try Roadmap(content.outline())
    #expect(roadmap.stages.map(\.lessons) == [["00"], ["01", "02"]])
    #expect(roadmap.stages.map { $0.phase?.title[.english] } == ["Intro", "Entry"])
    #expect(roadmap.edges.map { [$0.from, $0.to] } == [["00", "01"], ["00", "02"]])
    #expect(roadmap.pairs.map { [$0.from, $0.to] } == [["01", "02"]])
    _ = folder
  }

  @Test func `counts right predictions by certainty`() {
    func stored(_ option: Int, _ certainty: LessonPlayer.Certainty, _ outcome: Int?)
      -> ProgressStore.StoredPrediction
    {
      ProgressStore.StoredPrediction(
        step: "s", guess: LessonPlayer.Guess(option: option, certainty: certainty), outcome: outcome)
    }
    let calibration = Calibration([
      stored(0, .sure, 0), stored(0, .sure, 1), stored(1, .plain, 1), stored(1, .guess, 0),
      stored(1, .guess, nil),
    ])
    #expect(
      calibration.scores == [
        .sure: Calibration.Score(right: 1, count: 2), .plain: Calibration.Score(right: 1, count: 1),
        .guess: Calibration.Score(right: 0, count: 1),
      ])
    #expect(calibration.openCount == 1)
  }
}
