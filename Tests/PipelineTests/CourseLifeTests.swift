import Commands
import Foundation
import Platform
import Synchronization
import Terminal
import TestSupport
import Testing
import World

/// What a learner does with exercises over days and machines, at the prompt, with a pack of one file.
@Suite struct CourseLifeTests {
  private static let exercise = """
    ---
    id: team-1
    title: DAU
    minutes: 2
    kind: choice
    lang: en
    ---
    What does DAU count?

    - [x] users
    - [ ] events {#events}
      These are events.
    - [ ] sessions {#sessions}
      These are sessions.
    - [ ] installs {#installs}
      These are installs.

    ## passed
    Right.

    ## hint 1
    A is for active.
    """

  private static let day: Int64 = 86_400_000

  /// The clock on the wall, in milliseconds.
  private final class WallClock: Sendable {
    let time = Mutex<Int64>(1_700_000_000_000)
  }

  /// A learner with a pack, and with a clock on the wall that tests turn.
  private final class Learner {
    let scratch: ScratchDirectory
    let clock = WallClock()
    let world: TestWorld

    init(broken: Bool = false) throws {
      scratch = try ScratchDirectory("life")
      try scratch.write("pack/team/01.md", CourseLifeTests.exercise)
      if broken { try scratch.write("pack/team/02/exercise.yaml", "id: team-2\nminutes: a: b\n") }
      world = try TestWorld(
        courses: scratch.path + "/pack", wallTime: { [clock] in clock.time.withLock { $0 } })
    }

    @discardableResult
    func run(_ line: String) -> (text: String, status: Commands.ExitStatus) {
      world.run(line, width: 200)
    }

    func pass(days: Int64) { clock.time.withLock { $0 += days * CourseLifeTests.day } }
  }

  @Test func `a broken exercise is listed with its reason, and the rest works`() throws {
    let learner = try Learner(broken: true)
    let list = learner.run("list")
    #expect(list.status == .success)
    #expect(list.text.contains("team-1") && list.text.contains("02/exercise.yaml:2"))
    #expect(list.text.contains("00-1"))
    #expect(learner.run("exercise team-1").status == .success)
    #expect(learner.run("exercise team-2").status == .failure)
    #expect(learner.run("answer users").status == .success)
  }

  @Test func `hints, solution and the mark of a pass after it`() throws {
    let learner = try Learner()
    learner.run("exercise team-1")
    #expect(learner.run("solution").status == .notYet)
    for answer in ["events", "sessions", "nonsense", "installs"] { learner.run("answer \(answer)") }
    #expect(learner.run("hint").text.contains("A is for active."))
    let solution = learner.run("solution")
    #expect(solution.status == .success && solution.text.contains("# users"), "\(solution.text)")
    #expect(learner.run("answer users").text.contains("after the solution"))
    #expect(learner.run("list").text.contains("passed (after the solution)"))
    let stats = learner.run("course stats").text
    #expect(stats.contains("team-1") && stats.contains("25%"), "\(stats)")
  }

  @Test func `an exercise comes back after days, by the clock on the wall`() throws {
    let learner = try Learner()
    learner.run("exercise team-1")
    learner.run("answer users")
    #expect(learner.run("review").text.contains("tomorrow"))
    // Story time is another clock.
    learner.run("clock +1d")
    #expect(learner.run("review").text.contains("tomorrow"))
    learner.pass(days: 1)
    #expect(learner.run("progress").text.contains("due for review: 1"))
    #expect(learner.run("review").text.contains("What does DAU count?"))
    #expect(learner.run("answer users").text.contains("in 3 days"))
    #expect(!learner.run("progress").text.contains("due for review"))
    learner.pass(days: 3)
    learner.run("review")
    learner.run("answer events")
    #expect(learner.run("answer users").text.contains("in 3 days"))
    learner.pass(days: 3)
    learner.run("review")
    #expect(learner.run("solution").text.contains("tomorrow"))
  }

  @Test func `progress goes to another machine and comes together there`() throws {
    let first = try Learner()
    let second = try Learner()
    first.run("exercise team-1")
    first.run("answer users")
    let file = first.scratch.path + "/out.sqlite"
    #expect(first.run("progress export \(file)").status == .success)
    #expect(first.run("progress export \(file)").status == .usage)
    #expect(second.run("progress import \(file)").text.contains("newly passed: 1"))
    #expect(second.run("progress import \(file)").text.contains("nothing to add"))
    #expect(second.run("list").text.contains("passed"))
    #expect(second.run("progress import /nowhere").status == .usage)
  }

  @Test func `a watched file is checked at each save, also by editors that rename`() throws {
    let learner = try Learner()
    let file = learner.scratch.path + "/answer.txt"
    learner.run("exercise team-1")
    let saver = Thread {
      usleep(600_000)
      try? Data("events\n".utf8).write(to: URL(fileURLWithPath: file))
      usleep(1_500_000)
      // `atomic` writes a file beside it and renames it.
      try? Data("users\n".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    }
    saver.start()
    let watched = learner.run("watch \(file)")
    #expect(watched.status == .success)
    let text = watched.text
    #expect(text.contains("is not there yet"))
    let wrong = try #require(text.range(of: "These are events."))
    let right = try #require(text.range(of: "Right."))
    #expect(wrong.lowerBound < right.lowerBound)
    #expect(learner.run("watch").status == .usage)
    #expect(learner.run("watch /nowhere/at/all.txt").status == .usage)
  }
}
