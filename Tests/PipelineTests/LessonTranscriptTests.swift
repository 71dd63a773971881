import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// Lesson 00 from its first line to the learner's checklist, as it stands on the screen: every
/// width, plain, in colour and for a screen reader, in both languages.
///
/// The files in `Golden` are read by people; `UPDATE_GOLDEN=1` writes them anew. Only the
/// milliseconds of queries are masked: ids, times and numbers come from the world's seed.
struct LessonTranscriptTests {
  struct Look: Sendable, CustomTestStringConvertible {
    var language: Language
    var width: Int
    var isAccessible: Bool
    var testDescription: String { name }
    var name: String { "lesson-00.\(language).\(width)\(isAccessible ? ".accessible" : "")" }
  }

  static let looks = [Language.ko, .en].flatMap { language in
    [40, 80, 120].flatMap { width in
      [false, true].map { Look(language: language, width: width, isAccessible: $0) }
    }
  }

  /// Typed when the lesson is over.
  static let afterwards = ["checklist", "progress", "list", "status", "dash show"]

  @Test(arguments: looks)
  func `lesson 00 reads as its golden transcript`(look: Look) throws {
    let style = Style(usesColour: !look.isAccessible, isAccessible: look.isAccessible)
    var walk = try LessonWalk(
      world: try TestWorld(language: look.language), width: look.width, style: style)
    if look.isAccessible { walk.type("accessible on") }
    try walk.walk()
    walk.type("exercise 00-prereq")
    try walk.solve("00-prereq")
    for line in Self.afterwards { walk.type(line) }
    let coloured = Self.masked(walk.transcript)
    let plain = Self.withoutColour(coloured)
    try Self.compare(plain, with: look.name + ".txt")
    if look.isAccessible {
      // Colour is no part of what is heard.
      #expect(coloured == plain)
      expectNothingDrawn(walk)
    } else {
      try Self.compare(
        coloured.replacing("\u{1B}", with: "\u{241B}"), with: look.name + ".colour.txt")
    }
    expectFitting(walk)
  }

  /// No line is wider than the screen, but for what stands alone on its line to be copied.
  private func expectFitting(_ walk: LessonWalk) {
    for turn in walk.turns {
      for line in Self.withoutColour(turn.output).split(separator: "\n") {
        let body = line.drop { $0 == " " }
        let value = body.firstRange(of: ": ").map { body[$0.upperBound...] } ?? body
        guard value.contains(" "), !Self.isCommand(body) else { continue }
        #expect(
          TextWidth.columns(String(line)) <= walk.width, "after \(turn.line): \(line)")
      }
    }
  }

  /// Whether a line is there to be copied: a command, of ours or of the tools of the field.
  private static func isCommand(_ line: Substring) -> Bool {
    let first = String(line.prefix { $0 != " " })
    return Shell.commandNames.contains(first) || StatementShape.looksLikeSQL(String(line))
      || ["aws", "kcat", "trino", "airflow"].contains(first) || first.hasSuffix(".sh")
  }

  /// Nothing is told by lines, bars and boxes.
  private func expectNothingDrawn(_ walk: LessonWalk) {
    for turn in walk.turns {
      let drawn = turn.output.unicodeScalars.first { (0x2500...0x259F).contains($0.value) }
      #expect(drawn == nil, "after \(turn.line)")
      for line in turn.output.split(separator: "\n") {
        let isDrawn = line.contains(/\+--|--\+|####|-->|^ *\|/)
        #expect(!isDrawn, "after \(turn.line): \(line)")
      }
    }
  }

  // MARK: Golden files

  static let folder = "Tests/PipelineTests/Golden"

  /// `text` without what a clock of this machine says: the time that a query took.
  static func masked(_ text: String) -> String {
    text.replacing(/\([0-9][0-9.,]* (ms|s)\)/, with: "(- ms)")
  }

  static func withoutColour(_ text: String) -> String {
    text.replacing(/\x1B\[[0-9;]*m/, with: "")
  }

  static func compare(_ text: String, with name: String) throws {
    let path = folder + "/" + name
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      let full = RepositoryFiles.root + "/" + folder
      try FileManager.default.createDirectory(atPath: full, withIntermediateDirectories: true)
      try text.write(toFile: full + "/" + name, atomically: true, encoding: .utf8)
      return
    }
    let golden = try RepositoryFiles.text(path)
    guard golden != text else { return }
    let lines = (golden.split(separator: "\n", omittingEmptySubsequences: false),
      text.split(separator: "\n", omittingEmptySubsequences: false))
    let index = zip(lines.0, lines.1).enumerated().first { $1.0 != $1.1 }?.offset
      ?? min(lines.0.count, lines.1.count)
    let expected = index < lines.0.count ? String(lines.0[index]) : "the end"
    let found = index < lines.1.count ? String(lines.1[index]) : "the end"
    Issue.record("\(path), line \(index + 1): \(found)\n  where the file has: \(expected)")
  }
}
