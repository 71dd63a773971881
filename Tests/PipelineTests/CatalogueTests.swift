import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// Every sentence that the program can say, in both languages.
struct CatalogueTests {
  static let directory = RepositoryFiles.root + "/Lessons/catalogue"

  @Test func `both languages have the same keys and placeholders`() throws {
    let findings = try Catalogue.findings(directory: Self.directory)
    #expect(findings.isEmpty, "\(findings.map(\.description).joined(separator: "\n"))")
  }

  @Test func `every key that the sources name has a text`() throws {
    let catalogue = try Catalogue.load(directory: Self.directory, language: .ko)
    var named: Set<String> = []
    for file in RepositoryFiles.files(below: "Sources/Commands", ending: ".swift") {
      let text = try RepositoryFiles.text(file)
      for match in text.matches(of: /text\(\s*"([a-zA-Z.]+)"/) { named.insert(String(match.1)) }
    }
    #expect(named.count > 60)
    for key in named.sorted() where !key.hasSuffix(".") {
      #expect(catalogue.contains(key), "no text for \(key)")
    }
  }

  @Test func `every command error has a text`() throws {
    let catalogue = try Catalogue.load(directory: Self.directory, language: .en)
    let source = try RepositoryFiles.text("Sources/Commands/CommandError.swift")
    let cases = source.split(separator: "\n").filter { $0.hasPrefix("    case ") }
      .flatMap { $0.dropFirst(9).split(separator: ",") }
      .map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(cases.count > 15)
    for name in cases {
      #expect(catalogue.contains("error.command.\(name)"), "no text for \(name)")
    }
  }

  @Test func `no command prints a key instead of a text`() throws {
    for language in [Language.ko, .en] {
      let world = try TestWorld(language: language)
      let lines = [
        "help", "help app", "status", "dash show", "clock", "clock +1h", "app queue",
        JourneyTests.purchase, "app queue", "app background", "app log", "kafka topics",
        "kafka read", "kafka lag", "collector status", "collector log", "dlq list", "s3 ls raw/",
        "dag list", "dag show nightly", "trace event", "exercise", "answer", "hint", "progress",
        "lang", "nonsense", "kafka nonsense", "app track", "clock yesterday", "kafka read nowhere",
        "SELECT 1", "SELECT nothing FROM nowhere;", "app track 'half", "dash show --day tomorrow",
        "ㄴ딛ㅊㅅ 1;",
      ]
      for line in lines {
        let text = world.run(line).text
        #expect(!text.isEmpty, "\(line) says nothing in \(language)")
        #expect(!text.contains("[["), "\(line): \(text)")
      }
    }
  }
}
