// A Korean speaker types what the screen says: 힌트, 답은 1:200, 다음. Commands stay as they are
// written everywhere else, so the line gets an answer that says how it is typed.

internal import Foundation

/// A line whose first word is the Korean name of a command.
struct SpokenCommand: Sendable {
  /// The line as it is typed here.
  let line: String
  /// True for a line that says of itself that it is an answer.
  let isAnswer: Bool

  private static let commands: [String: String] = [
    "답": "answer", "정답": "answer", "답변": "answer", "힌트": "hint", "확인": "check",
    "채점": "check", "검사": "check", "다음": "next", "계속": "next", "이전": "back", "뒤로": "back",
    "건너뛰기": "skip", "목록": "list", "진도": "progress", "체크리스트": "checklist",
    "용어": "glossary", "용어집": "glossary", "역할": "role", "언어": "lang", "상태": "status",
    "시계": "clock", "시간": "clock", "대시보드": "dash show", "큐": "app queue",
    "실습": "exercise", "종료": "exit", "나가기": "exit", "끝": "exit", "지우기": "clear",
    "명령": "help", "명령어": "help", "카프카": "kafka", "산정": "size", "가정": "assume list",
  ]

  /// What may follow such a word without changing it.
  private static let particles = ["은", "는", "이", "가", "을", "를", "요", "좀"]

  /// Words that ask for a command and are no part of it.
  private static let politeness: Set<String> = ["좀", "주세요", "보여줘", "보여주세요", "알려줘"]

  /// How a sentence about an answer ends.
  private static let endings = ["입니다", "이에요", "예요", "이요", "요"]

  /// The command behind a line that is none of ours; nil where its first word names no command.
  init?(line: String) {
    let words = line.precomposedStringWithCanonicalMapping
      .split(whereSeparator: \.isWhitespace).map(String.init)
    guard let first = words.first, let command = Self.command(first) else { return nil }
    isAnswer = command == "answer"
    // Of an answer nothing is taken away; elsewhere politeness stands at the two ends.
    var kept = words.dropFirst()
    if command != "answer" {
      kept = kept.drop { Self.politeness.contains($0) }
      while let last = kept.last, Self.politeness.contains(last) { kept.removeLast() }
    }
    var rest = kept.joined(separator: " ")
    if command == "answer", let ending = Self.endings.first(where: rest.hasSuffix) {
      rest = String(rest.dropLast(ending.count)).trimmingCharacters(in: .whitespaces)
    }
    self.line = ([command] + (rest.isEmpty ? [] : [rest])).joined(separator: " ")
  }

  private static func command(_ word: String) -> String? {
    if let known = commands[word] { return known }
    guard let particle = particles.first(where: word.hasSuffix) else { return nil }
    return commands[String(word.dropLast(particle.count))]
  }
}
