import Course
import Foundation
import Grading
import Testing

/// The pure player: what is shown between two stops, and what holds the place.
@Suite struct LessonPlayerTests {
  private func player(passed: Set<String> = [], step: Int = 0, line: Int = 0) throws -> LessonPlayer {
    let folder = try ScratchCourse.make()
    let content = CourseContent(root: folder.path)
    let lesson = try content.lesson(#require(try content.outline().lesson("00")))
    return LessonPlayer(lessonID: "00", lesson: lesson, step: step, line: line, passed: passed)
  }

  private func names(_ events: [LessonPlayer.Event]) -> [String] {
    events.map { event in
      switch event {
      case .enteredSection(let index): "enter \(index)"
      case .finishedSection(let index): "finish \(index)"
      case .step(.prose(let text)): text[.english]
      case .step(.card(let id)): "card \(id)"
      case .step(.prediction): "predict"
      case .step(.exercise(let id)): "exercise \(id)"
      case .step(.demonstration): "demonstration"
      case .passedBefore(let id): "passed \(id)"
      case .due(let pending): "due \(pending.guess?.option ?? -1)"
      }
    }
  }

  @Test func `walks from stop to stop and hands out one line at a time`() throws {
    var player = try player()
    #expect(names(player.view) == ["enter 0", "An introduction."])
    guard case .demonstration(let first, 0) = player.stop else {
      Issue.record("\(player.stop)")
      return
    }
    #expect(first.lines.map { $0[.english] } == ["dash show live"])
    #expect(names(player.lineDone()) == ["Now two."])
    #expect(player.lineDone() == [])
    guard case .demonstration(_, 1) = player.stop else {
      Issue.record("\(player.stop)")
      return
    }
    #expect(names(player.lineDone()) == ["predict"])
    #expect(names(player.predict(LessonPlayer.Guess(option: 1, certainty: .sure))) == [])
    #expect(player.pending.map(\.remaining) == [2])
    #expect(names(player.lineDone()) == ["A card.", "card kafka"])
    #expect(player.pending.map(\.remaining) == [1])
    #expect(names(player.lineDone()) == ["due 1", "exercise t-1"])
    #expect(player.pending == [])
    #expect(player.stop == .exercise("t-1", isPassed: false))
    #expect(throws: LessonPlayer.Refusal.exerciseIsOpen("t-1")) { _ = try player.next() }
    #expect(player.lineDone() == [])
    #expect(names(player.passedExercise("t-1")) == ["The end.", "finish 0"])
    #expect(player.stop == .sectionEnd)
    #expect(names(try player.next() ?? []) == ["enter 1", "Only to read.", "finish 1"])
    #expect(player.stop == .lessonEnd)
    #expect(throws: LessonPlayer.Refusal.atEnd) { _ = try player.next() }
  }

  @Test func `an exercise that was passed before does not stop`() throws {
    var player = try player(passed: ["t-1"], step: 7)
    #expect(names(player.lineDone()) == ["passed t-1", "The end.", "finish 0"])
    #expect(player.stop == .sectionEnd)
    // Whoever goes back to it is shown it, and `next` goes on.
    #expect(names(try player.back()) == ["exercise t-1"])
    #expect(player.stop == .exercise("t-1", isPassed: true))
    #expect(names(try player.next() ?? []) == ["The end.", "finish 0"])
  }

  @Test func `skips what may be skipped and says what may not`() throws {
    var player = try player()
    #expect(names(try player.skip()) == ["Now two."])
    #expect(names(try player.skip()) == ["predict"])
    #expect(names(try player.skip()) == [])
    #expect(player.pending.map(\.guess) == [nil])
    _ = player.lineDone()
    // The demonstration that would have shown the outcome is left out, and with it the outcome.
    #expect(names(try player.skip()) == ["exercise t-1"])
    #expect(player.pending == [])
    #expect(names(try player.skip()) == ["The end.", "finish 0"])
    #expect(throws: LessonPlayer.Refusal.nothingToSkip) { _ = try player.skip() }
  }

  @Test func `goes back over stops, lines and section borders`() throws {
    var player = try player()
    #expect(throws: LessonPlayer.Refusal.atBeginning) { _ = try player.back() }
    _ = player.lineDone()
    _ = player.lineDone()
    // Within a demonstration, back begins it again.
    #expect(names(try player.back()) == ["Now two."])
    guard case .demonstration(_, 0) = player.stop else {
      Issue.record("\(player.stop)")
      return
    }
    #expect(names(try player.back()) == ["enter 0", "An introduction."])
    var last = try self.player(passed: ["t-1"], step: 11)
    _ = try last.next()
    #expect(last.sectionIndex == 1)
    #expect(names(try last.back()) == ["exercise t-1"])
    #expect(last.sectionIndex == 0)
  }

  @Test func `play keeps the place and lets nothing count`() throws {
    var player = try player()
    player.play()
    #expect(player.stop == .playing)
    #expect(player.lineDone() == [])
    #expect(player.predict(nil) == [])
    #expect(names(player.resume()) == ["enter 0", "An introduction."])
    player.play()
    #expect(names(try player.next() ?? []) == ["enter 0", "An introduction."])
    var open = try self.player(step: 9)
    open.play()
    #expect(open.passedExercise("t-1") == [])
    _ = open.resume()
    #expect(open.stop == .exercise("t-1", isPassed: true))
  }

  @Test func `a place outside the lesson is moved inside`() throws {
    #expect(try player(step: 99).stop == .sectionEnd)
    #expect(try player(step: -4).stepIndex == 1)
    // Step 3 holds two lines; a third one does not exist.
    #expect(try player(step: 3, line: 1).lineIndex == 1)
    #expect(try player(step: 3, line: 2).lineIndex == 0)
    // Prose is no stop: the place moves on to the next one, at its first line.
    #expect(try player(step: 2, line: 1).stepIndex == 3)
    #expect(try player(step: 2, line: 1).lineIndex == 0)
    let empty = LessonPlayer(lessonID: "00", lesson: Lesson(sections: []), section: 3, step: 4)
    #expect(empty.stop == .lessonEnd)
  }

  @Test(arguments: [
    ("2", 1, "plain"), ("2!", 1, "sure"), (" 1 ? ", 0, "guess"), ("２！", 1, "sure"), ("2번", 1, "plain"),
    ("2번?", 1, "guess"), ("2)", 1, "plain"), ("0", -1, "plain"), ("99", 98, "plain"),
  ])
  func `reads a guess`(text: String, option: Int, certainty: String) throws {
    let guess = try #require(readGuess(text))
    #expect(guess.option == option)
    #expect(guess.certainty.rawValue == certainty)
  }

  @Test(arguments: ["", "!", "?", "help", "dash show live", "2 3", "-1", "1.5", "1234", "2!!", "²2x"])
  func `leaves other lines to the prompt`(text: String) {
    #expect(readGuess(text) == nil)
  }
}
