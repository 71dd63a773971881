import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// A language in which every text of the catalogue stands between marks. What a learner then sees
/// outside of marks is data, a name or a key of the field; a sentence there is in no catalogue.
struct PseudoLocaleTests {
  /// A content folder whose catalogue is marked; everything else is the real content.
  static func markedContent(_ scratch: ScratchDirectory) throws -> String {
    let files = FileManager.default
    let root = scratch.path + "/content"
    try files.createDirectory(
      atPath: root + "/Lessons/catalogue", withIntermediateDirectories: true)
    for name in ["Exercises", "Datasets"] {
      try files.createSymbolicLink(
        atPath: root + "/" + name, withDestinationPath: TestWorld.content + "/" + name)
    }
    let lessons = TestWorld.content + "/Lessons"
    for name in try files.contentsOfDirectory(atPath: lessons) where name != "catalogue" {
      try files.createSymbolicLink(
        atPath: root + "/Lessons/" + name, withDestinationPath: lessons + "/" + name)
    }
    for name in try files.contentsOfDirectory(atPath: lessons + "/catalogue")
    where name.hasSuffix(".en.texts") {
      let text = try String(contentsOfFile: lessons + "/catalogue/" + name, encoding: .utf8)
      try marked(text).write(
        toFile: root + "/Lessons/catalogue/" + name, atomically: true, encoding: .utf8)
    }
    return root
  }

  /// Puts each text between U+27E6 and U+27E7, continuation lines included.
  private static func marked(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard !line.hasPrefix("#"), !line.allSatisfy({ $0 == " " }) else { return String(line) }
      if line.hasPrefix("  ") { return "  \u{27E6}" + line.dropFirst(2) + "\u{27E7}" }
      guard let colon = line.range(of: ": ") else { return String(line) }
      return line[..<colon.upperBound] + "\u{27E6}" + line[colon.upperBound...] + "\u{27E7}"
    }.joined(separator: "\n")
  }

  /// What stands outside of marks; a mark that wraps over lines is followed.
  static func unmarked(_ text: String) -> String {
    var depth = 0
    var rest = ""
    for character in text {
      switch character {
      case "\u{27E6}": depth += 1
      case "\u{27E7}": depth -= 1
      default: if depth <= 0 { rest.append(character) }
      }
    }
    return rest
  }

  /// Three words of prose in a row: no table, id or option has that.
  static func sentences(in text: String) -> [String] {
    text.split(separator: "\n").filter { line in
      line.firstMatch(of: /(^|[^a-z_.=\/-])[A-Za-z]?[a-z]+ [a-z]+ [a-z]+([^a-z_=\/]|$)/) != nil
    }.map(String.init)
  }

  @Test func `the test finds a sentence that is in no catalogue`() {
    #expect(Self.sentences(in: "  There is no topic x.").count == 1)
    #expect(Self.sentences(in: "app-events 0 12 purchase_completed").isEmpty)
    #expect(Self.unmarked("\u{27E6}a {x}\nb\u{27E7}  c") == "  c")
  }

  @Test func `nothing that a learner reads is outside of the catalogue, errors included`() throws {
    let scratch = try ScratchDirectory("pseudo")
    let world = try TestWorld(language: .en, content: try Self.markedContent(scratch))
    let lines = [
      "help all", "help app", "help kcat", "status", "dash show", "dash show live", "clock",
      "clock +1h", "app queue", JourneyTests.purchase, "app queue", "app network offline",
      "app background", "app network", "app network online", "app background", "app log",
      "kafka topics", "kafka read app-events --last 2", "kafka groups", "kafka lag lake-sink",
      "collector status", "collector log", "dlq list", "s3 ls raw/", "dag list",
      "dag show nightly", "trace event", "lang", "accessible", "kafka nonsense", "app track", "clock yesterday", "clock -1h", "kafka read nowhere",
      "kafka lag nobody", "SELECT 1", "app track 'half", "dash show --day tomorrow",
      "dash show --what x", "dash show nothing", "dag run nothing", "s3 head nothing", "role cook",
      "card nothing", "glossary nothing", "lesson 99", "exercise 99-9", "ㄴ딛ㅊㅅ 1;", "ls", "python",
      "psql", "curl x", "pip install x", "spark-submit x", "sudo x", "statsu", "xyzzy",
      "kcat -P -t x", "kcat -Z", "aws s3 rm x", "aws s3 ls s3://other/", "kcat -C -t app-events -p 9",
      "app track x price=a,b", "app network tunnel", "serve --port 99999999", "serve x",
      "collect /nowhere/at/all", "collect /", "answer", "trace event zzzzzzzz",
    ]
    for line in lines {
      let text = world.run(line).text
      let outside = Self.unmarked(text)
      #expect(Self.sentences(in: outside).isEmpty, "\(line):\n\(text)")
      #expect(!text.contains("[["), "\(line): \(text)")
    }
  }
}
