import Course
import Foundation
import Grading
import Testing

/// The player over files, a host and the progress file.
@Suite struct LessonSessionTests {
  private final class Course {
    let folder: ScratchFolder
    let host: FakeHost
    let path: String
    var session: LessonSession

    init(language: CourseLanguage = .english) throws {
      folder = try ScratchCourse.make()
      host = try FakeHost(language: language)
      path = folder.path + "/progress.sqlite"
      session = Self.session(folder, host, path)
    }

    static func session(_ folder: ScratchFolder, _ host: FakeHost, _ path: String) -> LessonSession {
      LessonSession(
        content: CourseContent(root: folder.path), host: host, progress: ProgressStore(path: path))
    }

    /// What a kill at this moment would leave: the files as they are, in a new program.
    func killed() throws -> LessonSession {
      let copy = folder.path + "/killed-\(UUID().uuidString).sqlite"
      for companion in ["", "-wal"] where FileManager.default.fileExists(atPath: path + companion) {
        try FileManager.default.copyItem(atPath: path + companion, toPath: copy + companion)
      }
      return Self.session(folder, host, copy)
    }

    /// Presses Enter and runs what it offers.
    func enter() throws -> LessonScreen {
      switch session.enter() {
      case .show(let screen): return screen
      case .run(let line):
        _ = try host.run(line)
        return session.didRun(line, pending: line)
      }
    }
  }

  private func names(_ screen: LessonScreen) -> [String] {
    screen.items.map { item in
      switch item {
      case .lessonTitle(let id, let title, let question): "\(id) \(title) \(question ?? "-")"
      case .sectionTitle(let heading): "\(heading.section) \(heading.number)/\(heading.count)"
      case .prose(let text): text
      case .card(let id): "card \(id)"
      case .prediction(let question): "\(question.question) \(question.options)"
      case .exercise(let id): "exercise \(id)"
      case .passedBefore(let id): "passed \(id)"
      case .outcome(let outcome): outcome.text
      case .note(let text): text
      }
    }
  }

  @Test func `plays the first lesson with Enter and a guess`() throws {
    let course = try Course()
    #expect(course.session.isNew)
    let first = try course.session.open()
    #expect(names(first) == ["00 First Why?", "0.1 1/2", "An introduction."])
    #expect(first.waiting == .line("dash show live", number: 1, count: 1))
    #expect(!course.session.isNew)
    #expect(names(try course.enter()) == ["Now two."])
    #expect(try course.enter().waiting == .line("app queue", number: 2, count: 2))
    #expect(names(try course.enter()) == ["How many? [\"Same\", \"One more\"]"])
    guard case .predicted(let screen)? = course.session.predict("1!") else {
      Issue.record("no prediction")
      return
    }
    #expect(screen.waiting == .line("app background", number: 1, count: 1))
    #expect(names(try course.enter()) == ["A card.", "card kafka"])
    #expect(course.session.waiting == .line("trace event mine-0", number: 1, count: 1))
    let outcome = try course.enter()
    #expect(
      names(outcome) == ["You predicted: Same\nIt turned out: One more\nIt was sent.", "exercise t-1"])
    guard case .outcome(let told) = outcome.items[0] else { return }
    #expect(told.isRight == false)
    #expect(told.certainty == .sure)
    #expect(outcome.waiting == .exercise("t-1", isPassed: false))
    // The task stands right above; after a line of the learner's own, Enter shows it again.
    #expect(names(try course.enter())[0].hasPrefix("The exercise above, t-1, waits"))
    _ = course.session.didRun("status")
    #expect(names(try course.enter()) == ["exercise t-1"])
    #expect(names(course.session.next())[0].hasPrefix("Exercise t-1 is open."))
    #expect(names(course.session.didPass("t-1")) == ["The end."])
    #expect(course.session.waiting == .sectionEnd(next: "0.2", title: "Two"))
    #expect(names(try course.enter()) == ["0.2 2/2", "Only to read."])
    // Lesson 01 is not there yet: the next one is 02.
    #expect(course.session.waiting == .lessonEnd(next: "02", title: "Last"))
    #expect(names(try course.enter()) == ["02 Last -", "2.1 1/1", "exercise t-2"])
    let store = ProgressStore(path: course.path)
    #expect(
      try store.predictions() == [
        ProgressStore.StoredPrediction(
          step: "0.1#4", guess: LessonPlayer.Guess(option: 0, certainty: .sure), outcome: 1)
      ])
    #expect(try store.sections() == ["0.1": true, "0.2": true, "2.1": false])
  }

  @Test func `a kill at any moment resumes at the same line`() throws {
    let course = try Course()
    _ = try course.session.open()
    var count = 0
    func check() throws {
      count += 1
      let resumed = try course.killed()
      let screen = try resumed.open()
      #expect(screen.waiting == course.session.waiting)
      #expect(resumed.position == course.session.position)
    }
    for _ in 0..<3 {
      try check()
      _ = try course.enter()
    }
    try check()
    _ = course.session.predict("2?")
    try check()
    _ = try course.enter()
    try check()
    // The guess is still waiting for its outcome after the kill.
    let resumed = try course.killed()
    _ = try resumed.open()
    let told = resumed.didRun("trace event mine-0")
    #expect(names(told)[0] == "You predicted: One more\nIt turned out: One more\nIt was sent.")
    _ = try course.enter()
    try check()
    _ = course.session.play()
    try check()
    #expect(course.session.waiting == .playing(place: "0.1"))
    _ = course.session.resume()
    _ = course.session.skip()
    try check()
    _ = course.session.next()
    try check()
    #expect(count == 10)
  }

  @Test func `a typed line counts where it is the one to come, and nothing else does`() throws {
    let course = try Course()
    _ = try course.session.open()
    let before = course.session.position
    for line in ["dash show", "dash show live extra", "help", "", "app track purchase_completed"] {
      let screen = course.session.didRun(line)
      #expect(screen.items == [])
      #expect(course.session.position == before)
    }
    #expect(names(course.session.didRun("  dash   show\tlive ")) == ["Now two."])
  }

  @Test func `the language changes and the place does not`() throws {
    let course = try Course()
    _ = try course.session.open()
    _ = try course.enter()
    let place = course.session.position
    course.host.language = .korean
    #expect(names(course.session.screen()) == ["이제 둘입니다."])
    #expect(course.session.position == place)
    _ = try course.enter()
    #expect(names(try course.enter()) == ["몇 건일까요? [\"그대로\", \"하나 더\"]"])
    #expect(course.session.predict("3") == .outOfRange("1부터 2까지 가운데 하나를 입력합니다. 확실하면 1!, 짐작이면 1?처럼 씁니다."))
    #expect(course.session.predict("dash show live") == nil)
  }

  @Test func `a line whose query gives nothing can be left out`() throws {
    let course = try Course()
    _ = try course.session.open()
    for _ in 0..<4 { _ = course.session.skip() }
    guard case .unavailableLine(let reason) = course.session.waiting else {
      Issue.record("\(course.session.waiting)")
      return
    }
    #expect(reason.contains("The query returns 0 rows"))
    #expect(names(try course.enter()) == ["exercise t-1"])
  }

  @Test func `an outcome that cannot be found out is neither right nor wrong`() throws {
    let course = try Course()
    _ = try course.session.open()
    for _ in 0..<3 { _ = try course.enter() }
    _ = course.session.predict("1")
    _ = try course.enter()
    course.host.isBroken = true
    let screen = course.session.didRun("trace event mine-0", pending: "trace event mine-0")
    guard case .outcome(let told) = screen.items.first else {
      Issue.record("\(screen)")
      return
    }
    #expect(told.isRight == nil)
    #expect(told.actual == nil)
    #expect(try ProgressStore(path: course.path).predictions().map(\.outcome) == [nil])
  }

  @Test func `jumps to lessons, sections and exercises by the names that people use`() throws {
    let course = try Course()
    _ = try course.session.open()
    #expect(names(try course.session.jump(to: "0.2")) == ["0.2 2/2", "Only to read."])
    #expect(try course.session.jump(to: "00").waiting == .line("dash show live", number: 1, count: 1))
    #expect(try course.session.jump(to: "lesson 0").waiting == .line("dash show live", number: 1, count: 1))
    #expect(try course.session.jump(to: "T-1").waiting == .exercise("t-1", isPassed: false))
    let last = try course.session.jump(to: "2")
    #expect(names(last)[0] == "These lessons come first and are not finished: 00 First")
    #expect(last.waiting == .exercise("t-2", isPassed: false))
    func code(_ place: String) -> String? {
      do { _ = try course.session.jump(to: place) } catch { return (error as? CourseError)?.code }
      return nil
    }
    #expect(code("01") == "course.not-there-yet")
    #expect(code("0.3") == "course.unknown-place")
    #expect(course.session.position?.lesson == "02")
  }

  @Test func `a statement over several lines is one line to run`() throws {
    let course = try Course()
    _ = try course.session.jump(to: "02")
    let screen = course.session.skip()
    // What was skipped says how it is done later.
    #expect(screen.items.first == .note("Exercise t-2 is skipped. To do it later: exercise t-2"))
    #expect(screen.waiting == .line("SELECT *\nFROM t\nWHERE a = 1;", number: 1, count: 2))
    _ = course.session.didRun("select 1")
    #expect(
      course.session.didRun("SELECT * FROM t WHERE a = 1").waiting
        == .line("kafka topics", number: 2, count: 2))
    #expect(try ProgressStore(path: course.path).skippedExercises() == ["t-2"])
  }

  @Test func `back at a lesson's begin opens the lesson before it`() throws {
    let course = try Course()
    _ = try course.session.open()
    #expect(names(course.session.back()) == ["This is the beginning."])
    _ = try course.session.jump(to: "02")
    _ = course.session.back()
    #expect(course.session.position?.section == "0.2")
  }

  @Test func `a place in content that has changed is moved to what is there`() throws {
    let course = try Course()
    let store = ProgressStore(path: course.path)
    try store.setPosition(ProgressStore.Position(lesson: "77", section: "9.9", stepIndex: 40))
    #expect(try course.session.open().waiting == .line("dash show live", number: 1, count: 1))
    try store.setPosition(
      ProgressStore.Position(lesson: "00", section: "0.1", stepIndex: 400, lineIndex: 3))
    let resumed = Course.session(course.folder, course.host, course.path)
    #expect(try resumed.open().waiting == .sectionEnd(next: "0.2", title: "Two"))
  }

  @Test func `what cannot be stored is said and stops nothing`() throws {
    let course = try Course()
    try course.folder.write("file", "a file where the home should be")
    let session = Course.session(course.folder, course.host, course.folder.path + "/file/p.sqlite")
    let screen = try session.open()
    #expect(screen.waiting == .line("dash show live", number: 1, count: 1))
    #expect(screen.notices.count == 1)
    #expect(screen.notices.first?.contains("kept in memory only") == true)
  }
}
