import Course
import Foundation
import Grading
import Testing
import TestSupport

/// Lesson 00 at a real terminal, from the first screen to the end, with keys: what is asserted is
/// what stands on the screen.
@Suite(.serialized)
struct WalkTests {
  struct Size: Sendable, CustomTestStringConvertible {
    var language: String
    var columns: Int
    var rows: Int
    var testDescription: String { "\(language) \(columns)x\(rows)" }
  }

  static let sizes = [
    Size(language: "ko", columns: 80, rows: 24), Size(language: "en", columns: 80, rows: 24),
    Size(language: "ko", columns: 40, rows: 15), Size(language: "en", columns: 40, rows: 15),
    Size(language: "ko", columns: 200, rows: 60), Size(language: "en", columns: 200, rows: 60),
  ]

  @Test(arguments: sizes)
  func `lesson 00 is walked from the first screen to its end`(size: Size) throws {
    let walk = try TerminalWalk(language: size.language, columns: size.columns, rows: size.rows)
    let isKorean = size.language == "ko"
    try walk.chooseLanguageAndRole()
    let first = try #require(walk.screens.last)
    #expect(first.contains("dash show live"), "\(first.drawing)")
    var solved: [String] = []
    var turns = 0
    while turns < 160 {
      turns += 1
      let screen = try #require(walk.screens.last)
      #expect(screen.unknownSequences.isEmpty)
      if screen.currentLine.hasPrefix(isKorean ? "예측>" : "guess>") {
        try walk.enter(turns.isMultiple(of: 2) ? "1!" : "2")
        continue
      }
      let place = try #require(try walk.ask("resume")["data"] as? [String: Any])
      if place["lesson"] as? String == "01" { break }
      if place["waiting"] as? String == "exercise", let id = place["exercise"] as? String {
        // An exercise that its author's own answer does not pass would be asked for ever.
        guard !solved.contains(id) else {
          Issue.record("\(id) is not passed: \(screen.drawing)")
          return
        }
        if id == "00-1" {
          try solveFirst(walk, isKorean: isKorean)
        } else {
          try solve(id, walk)
        }
        solved.append(id)
      } else {
        try walk.enter("")
      }
    }
    let end = try #require(walk.screens.last)
    #expect(turns < 160, "\(end.drawing)")
    #expect(solved == ["00-1", "00-2", "00-role-quiz", "00-3"], "\(solved)")
    // The first reward: the learner's own tap moved the live tile.
    let history = Self.words(walk.terminal.screen.history + walk.pages)
    #expect(
      history.contains(
        isKorean ? "여러분의 탭이 숫자가 됐습니다" : "Your tap has become a number"), "\(end.drawing)")
    // Leaving keeps the place; the next start says so.
    walk.terminal.press(.control("D"))
    #expect(try walk.terminal.exitCode() == 0)
  }

  /// What a screen says, whatever its width: lines joined, white space as one space.
  static func words(_ lines: [String]) -> String {
    lines.joined(separator: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// 00-1 as a person does it: reads the id off the screen, is wrong once, finds the address.
  private func solveFirst(_ walk: TerminalWalk, isKorean: Bool) throws {
    let seen = Self.words(walk.terminal.screen.history.suffix(60))
    let id = try #require(seen.firstMatch(of: /event_id ([0-9a-f]{8})/)?.1)
    let wrong = try walk.enter("answer 0:1")
    #expect(wrong.history.joined().contains(isKorean ? "아직입니다" : "Not yet"))
    let found = try walk.enter("kafka read app-events --where event_id=\(id)")
    let text = found.lines.joined(separator: "\n")
    let address: (String, String)
    if let row = text.firstMatch(of: /\n +([0-9]+) +([0-9]+) +\S+ +purchase_completed/) {
      address = (String(row.1), String(row.2))
    } else {
      // A narrow screen has a line for each column.
      let partition = try #require(text.firstMatch(of: /PARTITION +([0-9]+)/)?.1, "\(text)")
      let offset = try #require(text.firstMatch(of: /OFFSET +([0-9]+)/)?.1, "\(text)")
      address = (String(partition), String(offset))
    }
    let passed = try walk.enter("answer \(address.0):\(address.1)")
    #expect(passed.history.joined().contains(isKorean ? "00-1 통과" : "00-1 passed"))
  }

  /// The other exercises: the answers that their authors declared right, typed in.
  private func solve(_ id: String, _ walk: TerminalWalk) throws {
    let answer = try AcceptedAnswer(exercise: id, walk: walk)
    for line in answer.lines { try walk.enter(try answer.typed(line)) }
  }
}

/// An accepted answer as its author wrote it, with its placeholders read from the walk's own world.
private final class AcceptedAnswer {
  let lines: [String]
  private let folder: String
  private let host: SecondTerminal
  private let progressFile: String

  init(exercise id: String, walk: TerminalWalk) throws {
    let content = CourseContent(root: TestWorld.content)
    let folder = try #require(try content.exerciseFolders()[id])
    let accepted = folder + "/answers/accepted"
    let names = try FileManager.default.contentsOfDirectory(atPath: accepted)
      .filter { $0.hasSuffix(".tap") && !$0.hasPrefix("dirty") }.sorted()
    let script = try String(contentsOfFile: accepted + "/" + (names.first ?? ""), encoding: .utf8)
    // What the lesson has done already (the tap, the night) is not done again.
    lines = script.split(separator: "\n").map(String.init).filter { $0.hasPrefix("answer") }
    self.folder = folder
    host = SecondTerminal(walk)
    progressFile = walk.home + "/progress.sqlite"
  }

  /// The line with the numbers that stand on the learner's screen now.
  func typed(_ line: String) throws -> String {
    let session = ExerciseSession(
      exercise: try Exercise.load(folder: folder), host: host,
      progress: ProgressStore(path: progressFile))
    return try session.replacingChoices(in: try replacingQueries(in: line, host: host))
  }
}

/// A host that asks the walk's world from another terminal.
private final class SecondTerminal: LessonHost {
  private let walk: TerminalWalk

  init(_ walk: TerminalWalk) { self.walk = walk }

  var language: CourseLanguage { walk.isKorean ? .korean : .english }

  /// Only numbers and answers are asked of this host, never a sentence.
  func text(_ key: String, _ values: [String: String]) -> String { key }

  func query(_ sql: String) throws -> HostTable {
    let data = try walk.ask(sql + ";")["data"] as? [String: Any]
    let columns = (data?["columns"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    let rows = (data?["rows"] as? [[Any]] ?? []).map { row in
      row.map { value -> HostValue in
        switch value {
        case let text as String: .text(text)
        case let number as Int: .integer(Int64(number))
        default: .null
        }
      }
    }
    return HostTable(columns: columns, rows: rows)
  }

  func run(_ line: String) throws -> HostReply {
    let answer = try Binary.run(["--home", walk.home, "-c", line])
    return HostReply(output: answer.output, exitCode: answer.status)
  }
}
