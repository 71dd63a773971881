import Foundation
import TestSupport
import Testing

/// What no compiler checks in the sources.
struct SourceTests {
  static let sources: [(file: String, lines: [Substring])] = {
    RepositoryFiles.files(below: "Sources", ending: ".swift").compactMap { file in
      guard let text = try? RepositoryFiles.text(file) else { return nil }
      return (file, text.split(separator: "\n", omittingEmptySubsequences: false))
    }
  }()

  @Test func `nothing is tried with an exclamation mark`() {
    for (file, lines) in Self.sources {
      for (number, line) in lines.enumerated() where line.contains("try!") {
        Issue.record("\(file):\(number + 1) uses try!")
      }
    }
  }

  @Test func `only the terminal prints`() {
    for (file, lines) in Self.sources where !file.hasPrefix("Sources/Terminal/") {
      for (number, line) in lines.enumerated() {
        let code = line.drop { $0 == " " }
        if code.hasPrefix("print(") { Issue.record("\(file):\(number + 1) prints") }
      }
    }
  }

  @Test func `every public and package type has a documentation comment`() {
    let kinds = ["struct", "class", "enum", "protocol", "actor"]
    for (file, lines) in Self.sources {
      for (number, line) in lines.enumerated() {
        let words = line.split(separator: " ").map(String.init)
        guard let first = words.first, first == "public" || first == "package",
          let kind = words.dropFirst().first(where: { kinds.contains($0) }),
          let index = words.firstIndex(of: kind), index <= 3, line.first != " "
        else { continue }
        var above = number - 1
        while above >= 0, lines[above].hasPrefix("@") || lines[above].hasPrefix("#") { above -= 1 }
        let isDocumented = above >= 0 && lines[above].drop { $0 == " " }.hasPrefix("///")
        #expect(isDocumented, "\(file):\(number + 1): \(line)")
      }
    }
  }

  @Test func `unchecked sendability carries its proof`() {
    for (file, lines) in Self.sources {
      for (number, line) in lines.enumerated()
      where line.contains("@unchecked Sendable") && !line.drop(while: { $0 == " " }).hasPrefix("//") {
        let before = lines[max(0, number - 14)..<number].joined(separator: "\n")
        #expect(before.contains("@unchecked Sendable"), "\(file):\(number + 1) gives no proof")
      }
    }
  }
}
