internal import Course
internal import Foundation
internal import Platform
package import Terminal

/// `config.yaml` of a home: what the learner chose.
package struct Settings: Sendable, Equatable {
  package var language: Language
  package var role: String
  /// No redraws, boxes or symbols: for screen readers.
  package var isAccessible: Bool
  /// False until a choice has been written.
  package var isSaved: Bool

  /// Reads the file; anything unreadable counts as not chosen yet.
  static func read(homePath: String) -> Settings {
    var settings = Settings(
      language: preferred, role: "mobile", isAccessible: false, isSaved: false)
    guard let data = FileManager.default.contents(atPath: homePath + "/config.yaml") else {
      return settings
    }
    // What is set in is somebody else's: a property of a profile may have any name.
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n")
    where line.first?.isWhitespace == false {
      let parts = line.split(separator: ":", maxSplits: 1).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard parts.count == 2 else { continue }
      if parts[0] == "language", let language = Language(rawValue: parts[1]) {
        settings.language = language
        settings.isSaved = true
      }
      if parts[0] == "role" { settings.role = parts[1] }
      if parts[0] == "accessible" { settings.isAccessible = parts[1] == "on" }
    }
    return settings
  }

  /// Sets the learner's choices; what else stands in the file, such as the profile, stays as it is.
  mutating func write(home: Home) {
    let path = home.path + "/config.yaml"
    let before = FileManager.default.contents(atPath: path) ?? Data()
    let others = String(decoding: before, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .filter { line in
        !["language:", "role:", "accessible:"].contains { line.hasPrefix($0) }
      }
    let rest = others.joined(separator: "\n").trimmingCharacters(in: .newlines)
    let text = """
      language: \(language.rawValue)
      role: \(role)
      accessible: \(isAccessible ? "on" : "off")

      """ + (rest.isEmpty ? "" : rest + "\n")
    isSaved = (try? Home.write(Array(text.utf8), to: home.path + "/config.yaml")) != nil
  }

  /// Korean, unless the environment asks for another language.
  private static var preferred: Language {
    let environment = ProcessInfo.processInfo.environment
    let locale = environment["LC_ALL"] ?? environment["LC_MESSAGES"] ?? environment["LANG"] ?? ""
    return locale.hasPrefix("en") ? .en : .ko
  }
}

/// The directory that holds `Lessons`, `Exercises` and `Datasets`.
package struct ContentRoot: Sendable {
  package let path: String
  /// Folders of further exercises and lessons, outside of it.
  package var packs: [String] = []

  /// The course and its packs.
  var course: CourseContent { CourseContent(root: path, packs: packs) }

  /// `TAPLINE_CONTENT`, else upward from the executable's real path; `TAPLINE_COURSES` lists packs.
  package static func find(environment: [String: String], executable: String) throws -> ContentRoot
  {
    var root = try findRoot(environment: environment, executable: executable)
    root.packs = CourseContent.packPaths(
      environment["TAPLINE_COURSES"],
      currentDirectory: FileManager.default.currentDirectoryPath)
    return root
  }

  private static func findRoot(
    environment: [String: String], executable: String
  ) throws -> ContentRoot {
    if let named = environment["TAPLINE_CONTENT"], !named.isEmpty {
      let path = Home.absolute(named)
      guard holdsContent(path) else { throw CommandError(.noContent, ["path": path]) }
      return ContentRoot(path: path)
    }
    var directory = URL(fileURLWithPath: executable).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    while directory.path != "/" {
      if holdsContent(directory.path) { return ContentRoot(path: directory.path) }
      directory.deleteLastPathComponent()
    }
    throw CommandError(.noContent, ["path": executable])
  }

  private static func holdsContent(_ path: String) -> Bool {
    ["Lessons", "Exercises", "Datasets"].allSatisfy {
      FileManager.default.fileExists(atPath: path + "/" + $0)
    }
  }

  func catalogue(_ language: Language) -> Catalogue {
    (try? Catalogue.load(directory: path + "/Lessons/catalogue", language: language))
      ?? Catalogue(language: language, entries: [:])
  }
}
