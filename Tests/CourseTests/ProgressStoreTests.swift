import Course
import Foundation
import Grading
import GRDB
import Testing

@Suite struct ProgressStoreTests {
  private func attempt(_ number: Int, _ verdict: String = "not-yet") -> ProgressStore.Attempt {
    ProgressStore.Attempt(
      exercise: "00-1", version: 1, answer: "0:\(number)", verdict: verdict,
      feedback: "other-purchase")
  }

  private func filled(_ path: String, count: Int) throws -> ProgressStore {
    let store = ProgressStore(path: path)
    for number in 0..<count { try store.record(attempt(number)) }
    return store
  }

  private func copy(_ path: String, to target: String) throws {
    for companion in ["", "-wal"] where FileManager.default.fileExists(atPath: path + companion) {
      try FileManager.default.copyItem(atPath: path + companion, toPath: target + companion)
    }
  }

  @Test func `making a store touches nothing`() throws {
    let folder = try ScratchFolder()
    let store = ProgressStore(path: folder.path + "/home/progress.sqlite")
    #expect(store.takeNotices() == [])
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/home"))
    #expect(try store.passedExercises() == [])
    #expect(FileManager.default.fileExists(atPath: folder.path + "/home/progress.sqlite"))
  }

  @Test func `remembers everything across openings`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    let first = ProgressStore(path: path, wallTime: { 7 })
    #expect(try first.position() == nil)
    #expect(try first.record(attempt(1, "passed")))
    #expect(try !first.record(attempt(1, "passed")))
    try first.recordHint(exercise: "00-1", version: 1, hint: "1")
    try first.recordHint(exercise: "00-1", version: 1, hint: "other-purchase")
    let position = ProgressStore.Position(
      lesson: "00", section: "0.1", stepIndex: 4, exercise: "00-1")
    try first.setPosition(
      ProgressStore.Position(lesson: "00", section: "0.1", stepIndex: 0))
    try first.setPosition(position)
    try first.setSetting("role", "mobile")
    try first.setSetting("gone", "x")
    try first.setSetting("gone", nil)

    let second = ProgressStore(path: path)
    #expect(try second.isPassed(exercise: "00-1"))
    #expect(try second.passedExercises() == ["00-1"])
    #expect(try second.hintsUsed(exercise: "00-1") == ["1", "other-purchase"])
    #expect(try second.position() == position)
    #expect(try second.setting("role") == "mobile")
    #expect(try second.setting("gone") == nil)
    #expect(try second.attempts(exercise: "00-1").map(\.wallTime) == [7, 7])
    #expect(second.takeNotices() == [])
  }

  @Test func `a copy made at any moment holds every finished record`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    let store = ProgressStore(path: path)
    for number in 0..<40 {
      try store.record(attempt(number))
      guard number % 8 == 0 else { continue }
      // What a kill would leave behind: the files as they are, while the store is still open.
      let crashed = folder.path + "/crashed-\(number).sqlite"
      try copy(path, to: crashed)
      let reopened = ProgressStore(path: crashed)
      #expect(try reopened.attemptCount(exercise: "00-1") == number + 1)
      #expect(reopened.takeNotices() == [])
    }
  }

  @Test func `a half-written log loses only what was not finished`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    let store = try filled(path, count: 10)
    let torn = folder.path + "/torn.sqlite"
    try copy(path, to: torn)
    let log = try FileHandle(forWritingTo: URL(filePath: torn + "-wal"))
    let size = try log.seekToEnd()
    try log.truncate(atOffset: size - 100)
    try log.close()
    let reopened = ProgressStore(path: torn)
    #expect(try reopened.attemptCount(exercise: "00-1") == 9)
    #expect(reopened.takeNotices() == [])
    #expect(try store.attemptCount(exercise: "00-1") == 10)
  }

  /// A closed file with that many attempts, all pages in the main file.
  private func closedFile(_ path: String, count: Int) throws {
    _ = try filled(path, count: count)
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    try queue.close()
  }

  @Test func `a truncated file is put aside, read as far as it goes, and reported`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try closedFile(path, count: 1_200)
    let whole = try Data(contentsOf: URL(filePath: path))
    let damaged = whole.prefix(whole.count / 2)
    try damaged.write(to: URL(filePath: path))
    try? FileManager.default.removeItem(atPath: path + "-wal")

    let store = ProgressStore(path: path)
    let count = try store.attemptCount(exercise: "00-1")
    #expect(count > 0 && count < 1_200)
    for attempt in try store.attempts(exercise: "00-1") {
      #expect(attempt.verdict == "not-yet" && attempt.answer.hasPrefix("0:"))
    }
    let notices = store.takeNotices()
    #expect(notices.map(\.code) == ["progress.recovered"])
    let notice = try #require(notices.first)
    #expect(notice.fields == ["oldFile": path + ".broken-1", "rowCount": String(count)])
    #expect(FakeHost.say(.korean, notice.key, notice.fields).contains(path + ".broken-1"))
    #expect(FakeHost.say(.english, notice.key, notice.fields).contains("Records recovered: \(count)."))
    #expect(try Data(contentsOf: URL(filePath: path + ".broken-1")) == damaged)
    #expect(store.takeNotices() == [])

    try store.record(attempt(1_201))
    let next = ProgressStore(path: path)
    #expect(try next.attemptCount(exercise: "00-1") == count + 1)
    #expect(next.takeNotices() == [])
  }

  @Test func `a file with garbage in the middle keeps the rows on both sides`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try closedFile(path, count: 400)
    var bytes = try Data(contentsOf: URL(filePath: path))
    let page = 4_096 * (bytes.count / 4_096 * 2 / 3)
    for index in page..<(page + 4_096) { bytes[index] = 0xA5 }
    try bytes.write(to: URL(filePath: path))
    let store = ProgressStore(path: path)
    #expect(try store.attemptCount(exercise: "00-1") > 300)
    #expect(store.takeNotices().map(\.code) == ["progress.recovered"])
  }

  @Test(arguments: ["", "this is not a database, and long enough to be taken for a header…"])
  func `a file that is no database is kept under another name`(content: String) throws {
    let folder = try ScratchFolder()
    try folder.write("progress.sqlite", content)
    try folder.write("progress.sqlite.broken-1", "an older one")
    let path = folder.path + "/progress.sqlite"
    let store = ProgressStore(path: path)
    try store.record(attempt(1, "passed"))
    #expect(store.takeNotices().first?.fields["oldFile"] == path + ".broken-2")
    #expect(try String(contentsOfFile: path + ".broken-2", encoding: .utf8) == content)
    #expect(try String(contentsOfFile: path + ".broken-1", encoding: .utf8) == "an older one")
    #expect(try ProgressStore(path: path).isPassed(exercise: "00-1"))
  }

  @Test func `a home that cannot be written keeps the session going in memory`() throws {
    let folder = try ScratchFolder()
    try folder.write("file", "a file where the home should be")
    let store = ProgressStore(path: folder.path + "/file/progress.sqlite")
    #expect(try store.record(attempt(1, "passed")))
    #expect(try store.isPassed(exercise: "00-1"))
    let notice = try #require(store.takeNotices().first)
    #expect(notice.code == "progress.in-memory")
    #expect(FakeHost.say(.korean, notice.key, notice.fields).contains("메모리에만 기록하고"))
  }

  @Test func `a file of a newer program is left alone`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try closedFile(path, count: 3)
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-later')") }
    try queue.close()
    let store = ProgressStore(path: path)
    try store.record(attempt(1))
    #expect(store.takeNotices().map(\.code) == ["progress.newer"])
    #expect(FileManager.default.fileExists(atPath: path + ".broken-1") == false)
    let after = try DatabaseQueue(path: path)
    #expect(try after.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM attempts") } == 3)
  }

  /// A file as the first version of the program left it, with one row in each of its tables.
  private func firstVersionFile(_ path: String) throws {
    let queue = try DatabaseQueue(path: path)
    let sql = try String(contentsOf: fixtureURL("progress-1.sql"), encoding: .utf8)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test func `a file of an older program is migrated and keeps everything`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try firstVersionFile(path)
    let store = ProgressStore(path: path)
    #expect(try store.isPassed(exercise: "00-1"))
    #expect(try store.hintsUsed(exercise: "00-1") == ["1"])
    #expect(
      try store.position()
        == ProgressStore.Position(lesson: "00", section: "0.1", stepIndex: 4, exercise: "00-1"))
    #expect(try store.setting("role") == "mobile")
    #expect(try store.attempts(exercise: "00-1").map(\.part) == [""])
    #expect(
      try store.predictions() == [
        ProgressStore.StoredPrediction(
          step: "0.1#4", guess: LessonPlayer.Guess(option: 1, certainty: .plain), outcome: nil)
      ])
    #expect(store.takeNotices() == [])
    try store.record(attempt(1))
    #expect(try store.attemptCount(exercise: "00-1") == 2)
  }

  @Test func `what is read of a damaged file of an older program includes the place`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try firstVersionFile(path)
    var bytes = try Data(contentsOf: URL(filePath: path))
    // The index of the attempts is damaged; the tables are not.
    let page = 4_096 * 3
    for index in page..<(page + 4_096) { bytes[index] = 0xA5 }
    try bytes.write(to: URL(filePath: path))
    let store = ProgressStore(path: path)
    #expect(try store.position()?.stepIndex == 4)
    #expect(try store.setting("role") == "mobile")
    #expect(store.takeNotices().map(\.code) == ["progress.recovered"])
  }

  @Test func `two stores that open one new file at once both keep their records`() async throws {
    for _ in 0..<10 {
      let folder = try ScratchFolder()
      let path = folder.path + "/progress.sqlite"
      let stores = (0..<4).map { _ in ProgressStore(path: path) }
      await withTaskGroup(of: Void.self) { group in
        for (index, store) in stores.enumerated() {
          group.addTask {
            for number in 0..<10 {
              #expect(throws: Never.self) { try store.record(attempt(index * 100 + number)) }
            }
          }
        }
      }
      #expect(try ProgressStore(path: path).attemptCount(exercise: "00-1") == 40)
      for store in stores { #expect(store.takeNotices() == []) }
      #expect(!FileManager.default.fileExists(atPath: path + ".broken-1"))
    }
  }

  @Test func `two stores that find one damaged file put it aside once`() async throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try folder.write("progress.sqlite", String(repeating: "damage ", count: 1_000))
    let stores = (0..<4).map { _ in ProgressStore(path: path) }
    await withTaskGroup(of: Void.self) { group in
      for (index, store) in stores.enumerated() {
        group.addTask {
          #expect(throws: Never.self) { try store.record(attempt(index)) }
        }
      }
    }
    #expect(try ProgressStore(path: path).attemptCount(exercise: "00-1") == 4)
    #expect(stores.flatMap { $0.takeNotices() }.map(\.code) == ["progress.recovered"])
    #expect(!FileManager.default.fileExists(atPath: path + ".broken-2"))
  }

  @Test func `opens quickly`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/progress.sqlite"
    try closedFile(path, count: 2_000)
    let clock = ContinuousClock()
    var fastest = Duration.seconds(9)
    for _ in 0..<5 {
      fastest = min(
        fastest, try clock.measure { _ = try ProgressStore(path: path).isPassed(exercise: "x") })
    }
    #expect(fastest < .milliseconds(50))
  }
}
