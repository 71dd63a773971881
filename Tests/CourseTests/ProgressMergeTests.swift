import Course
import Foundation
import Grading
import GRDB
import Testing

/// Progress that moves between machines: nothing is lost, nothing is counted twice.
@Suite struct ProgressMergeTests {
  private func store(_ path: String, at time: Int64) -> ProgressStore {
    ProgressStore(path: path, wallTime: { time })
  }

  private func attempt(_ id: String, _ verdict: String = "passed") -> ProgressStore.Attempt {
    ProgressStore.Attempt(exercise: id, version: 1, answer: "a", verdict: verdict, feedback: nil)
  }

  @Test func `passes are united, the earlier one stays, and a second import adds nothing`() throws {
    let folder = try ScratchFolder()
    let here = folder.path + "/here.sqlite"
    let there = folder.path + "/there.sqlite"
    let out = folder.path + "/out.sqlite"
    try store(here, at: 50).record(attempt("a-1"))
    try store(here, at: 60).record(attempt("b-1"))
    try store(there, at: 40).record(attempt("a-1"))
    try store(there, at: 70).record(attempt("b-1"))
    try store(there, at: 80).record(attempt("c-1"))
    let other = store(there, at: 90)
    try other.record(attempt("c-1", "not-yet"))
    try other.recordHint(exercise: "c-1", version: 1, hint: "1")
    try other.record(ProgressStore.Review(exercise: "c-1", version: 1, round: 1, outcome: .recalled))
    try other.setSetting("learner.seed", "7")
    try other.skip(exercise: "z-1")
    try other.export(to: out)

    let mine = store(here, at: 100)
    let seed = try mine.learnerSeed()
    let merge = try mine.merge(out)
    #expect(merge.passCount == 1 && merge.earlierPassCount == 1)
    #expect(merge.attemptCount == 4 && merge.reviewCount == 1 && !merge.isDamaged)
    #expect(
      try mine.passes().map { [$0.exercise, String($0.wallTime)] } == [
        ["a-1", "40"], ["b-1", "60"], ["c-1", "80"],
      ])
    #expect(try mine.learnerSeed() == seed)
    #expect(try mine.hintsUsed(exercise: "c-1") == ["1"])
    #expect(try mine.skippedExercises() == ["z-1"])
    let again = try mine.merge(out)
    #expect(again.rowCount == 0 && again.passCount == 0)
    #expect(try mine.attempts(exercise: "c-1").count == 2)
    // And back again: both know the same.
    let back = folder.path + "/back.sqlite"
    try mine.export(to: back)
    _ = try other.merge(back)
    #expect(try other.passes() == mine.passes())
  }

  @Test func `a new machine takes over seed and place`() throws {
    let folder = try ScratchFolder()
    let old = store(folder.path + "/old.sqlite", at: 5)
    let seed = try old.learnerSeed()
    try old.setPosition(.init(lesson: "00", section: "0.2", stepIndex: 3))
    try old.export(to: folder.path + "/out.sqlite")
    let new = store(folder.path + "/new.sqlite", at: 6)
    _ = try new.merge(folder.path + "/out.sqlite")
    #expect(try new.learnerSeed() == seed)
    #expect(try new.position()?.section == "0.2")
  }

  @Test func `a pass without the solution outweighs one after it`() throws {
    let folder = try ScratchFolder()
    let here = store(folder.path + "/here.sqlite", at: 5)
    try here.recordSolution(exercise: "a-1", version: 1)
    try here.record(attempt("a-1"))
    #expect(try here.passedAfterSolution() == ["a-1"])
    let there = store(folder.path + "/there.sqlite", at: 9)
    try there.record(attempt("a-1"))
    _ = try here.merge(folder.path + "/there.sqlite")
    #expect(try here.passedAfterSolution() == [])
    #expect(try here.passes().map(\.wallTime) == [5])
  }

  @Test func `an export never takes the place of a file`() throws {
    let folder = try ScratchFolder()
    let store = store(folder.path + "/p.sqlite", at: 5)
    try folder.write("mine.txt", "dear")
    do {
      try store.export(to: folder.path + "/mine.txt")
      Issue.record("it was overwritten")
    } catch let error as CourseError { #expect(error.code == "progress.exists") }
    #expect(try String(contentsOfFile: folder.path + "/mine.txt", encoding: .utf8) == "dear")
    #expect(throws: CourseError.self) { try store.export(to: folder.path + "/no/where.sqlite") }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains { $0.contains(".part-") }, "\(names)")
  }

  private func error(_ store: ProgressStore, _ path: String) -> CourseError? {
    do {
      _ = try store.merge(path)
      return nil
    } catch { return error as? CourseError }
  }

  @Test func `a file of a newer program is explained, and neither file changes`() throws {
    let folder = try ScratchFolder()
    let there = folder.path + "/there.sqlite"
    try store(there, at: 5).record(attempt("a-1"))
    let queue = try DatabaseQueue(path: there)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-tomorrow')") }
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    try queue.close()
    let bytes = try Data(contentsOf: URL(filePath: there))
    let here = store(folder.path + "/here.sqlite", at: 6)
    let refused = try #require(error(here, there))
    #expect(refused.code == "progress.newer-file" && refused.message.contains("99-tomorrow"))
    #expect(try Data(contentsOf: URL(filePath: there)) == bytes)
    #expect(try here.passes() == [])
    for language in CourseLanguage.allCases {
      let said = FakeHost.say(language, "error.progress.newer-file", refused.fields)
      #expect(said.contains(there), "\(said)")
    }
  }

  @Test func `of a half-written file what can be read is taken, and the file is kept`() throws {
    let folder = try ScratchFolder()
    let there = folder.path + "/there.sqlite"
    let other = store(there, at: 5)
    try other.record(attempt("a-1"))
    for _ in 0..<1_000 { try other.record(attempt("b-1", "not-yet")) }
    let out = folder.path + "/out.sqlite"
    try other.export(to: out)
    let whole = try Data(contentsOf: URL(filePath: out))
    // The first half holds the roots of all tables and hardly a row.
    let torn = whole.prefix(whole.count * 3 / 4)
    try torn.write(to: URL(filePath: out))
    let here = store(folder.path + "/here.sqlite", at: 6)
    try here.record(attempt("mine-1"))
    let merge = try here.merge(out)
    #expect(merge.isDamaged)
    #expect(merge.attemptCount > 0 && merge.attemptCount < 1_001)
    #expect(try here.isPassed(exercise: "mine-1"))
    #expect(try Data(contentsOf: URL(filePath: out)) == torn)
  }

  @Test(arguments: ["", "hello", String(repeating: "SQLite format 3\u{0}", count: 300)])
  func `what is no progress is refused and stays as it is`(_ text: String) throws {
    let folder = try ScratchFolder()
    try folder.write("x", text)
    let here = store(folder.path + "/here.sqlite", at: 6)
    #expect(error(here, folder.path + "/x")?.code == "progress.not-progress")
    #expect(error(here, folder.path + "/none")?.code == "progress.no-file")
    #expect(error(here, folder.path)?.code == "progress.no-file")
    #expect(try String(contentsOfFile: folder.path + "/x", encoding: .utf8) == text)
  }

  @Test func `nothing is imported into what will be gone`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/p.sqlite"
    try store(path, at: 5).record(attempt("a-1"))
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-tomorrow')") }
    try queue.close()
    let other = folder.path + "/other.sqlite"
    try store(other, at: 5).record(attempt("b-1"))
    #expect(error(store(path, at: 6), other)?.code == "progress.not-kept")
  }
}
