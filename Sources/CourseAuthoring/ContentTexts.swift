// Gathers everything that a learner reads from the content folder, piece by piece and language by
// language, for the checks of content: lessons by section, tasks, feedback and hints by section,
// catalogues by key, and every `{ko: …, en: …}` of the YAML files.

internal import Foundation
internal import Grading
internal import Yams

/// One text of one piece in one language.
struct ContentText: Hashable {
  /// The file, relative to the content folder.
  var file: String
  /// The file without its language: what both versions have in common.
  var group: String
  /// The section or key within it, without spaces; `-` for the file as a whole.
  var key: String
  var language: CourseLanguage
  var text: String
  /// The line of the file at which the text begins.
  var line: Int
  var kind: Kind

  enum Kind {
    /// Markdown of a lesson, with blocks.
    case lesson
    /// Markdown of a task, of feedback or hints.
    case markdown
    /// One sentence or a few.
    case value
  }
}

/// Everything that a learner reads.
package struct ContentTexts: Sendable {
  let texts: [ContentText]
  /// YAML files that cannot be read.
  package let unreadable: [ContentFinding]
  /// The lines of every file that was looked at, by path.
  private let lines: [String: [Substring]]

  /// How many pieces there are, both languages counted.
  package var count: Int { texts.count }

  /// Gathers the texts under `Lessons` and `Exercises`, or under other folders.
  package init(root: String, folders: [String] = ["Lessons", "Exercises"]) {
    let paths = folders.flatMap { folder in
      // A folder may be a link, which `subpaths` does not follow.
      let path = URL(filePath: root + "/" + folder).resolvingSymlinksInPath().path
      return (FileManager.default.subpaths(atPath: path) ?? []).map {
        folder + "/" + $0
      }
    }
    self.init(paths: paths) { path in
      FileManager.default.contents(atPath: root + "/" + path).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
  }

  /// Gathers the texts of one exercise, also of one that is a Markdown file.
  init(folder: ContentFolder) {
    func below(_ place: String) -> [String] {
      folder.names(in: place).flatMap { name -> [String] in
        let path = place.isEmpty ? name : place + "/" + name
        return folder.isFolder(path) ? below(path) : [path]
      }
    }
    self.init(paths: below("")) { try? folder.text($0, holds: "") }
  }

  private init(paths: [String], read: (String) -> String?) {
    var texts: [ContentText] = []
    var unreadable: [ContentFinding] = []
    var lines: [String: [Substring]] = [:]
    for path in paths.sorted() where !("/" + path).contains("/answers/") {
      guard path.hasSuffix(".md") || path.hasSuffix(".texts") || path.hasSuffix(".yaml"),
        let text = read(path)
      else { continue }
      lines[path] = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      if path.hasSuffix(".yaml") {
        do {
          // What an incident's step saves has its parameters filled in before anybody reads it.
          let filled =
            ("/" + path).contains("/steps/") ? text.replacing(/\{\{[a-z_]+\}\}/, with: "1") : text
          // The loaders' parser, because it knows the line of a mistake.
          texts += Self.yaml(try ManifestNode.parse(filled, file: path).node, path)
        } catch let error as CourseError where error.code == "course.yaml-syntax" {
          unreadable.append(ContentFinding(error, rule: "yaml.syntax"))
        } catch {
          // No mapping at the top: not for the course, or its loader says so.
        }
      } else if let (group, language) = Self.language(of: path) {
        texts +=
          path.hasSuffix(".texts")
          ? Self.catalogue(text, path, group, language)
          : Self.markdown(text, path, group, language)
      }
    }
    self.texts = texts
    self.unreadable = unreadable
    self.lines = lines
  }

  /// The path from the content folder of a file that a loader named by its last components only, by
  /// the files that stand beside it.
  func path(of file: String) -> String {
    let own = ["Lessons/", "Exercises/"].compactMap { file.range(of: $0)?.lowerBound }.min()
    if let own { return String(file[own...]) }
    guard let slash = file.lastIndex(of: "/") else { return file }
    let folder = "/" + file[...slash]
    let neighbour = lines.keys.sorted().first { $0.contains(folder) }
    guard let neighbour, let range = neighbour.range(of: folder) else { return file }
    return neighbour[..<range.lowerBound] + "/" + file
  }

  /// The 1-based line of a file at which the last of `needles` stands, each looked for from the
  /// line of the one before it on; nil where one of them is not there.
  func line(in file: String, of needles: [String]) -> Int? {
    guard let lines = lines[file], !needles.isEmpty else { return nil }
    var index = 0
    for needle in needles {
      guard let found = lines[index...].firstIndex(where: { $0.contains(needle) }) else {
        return nil
      }
      index = found
    }
    return index + 1
  }

  /// `lesson.ko.md` is `lesson.md` in Korean; nil for a file without a language.
  private static func language(of path: String) -> (group: String, CourseLanguage)? {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 3, let language = CourseLanguage(rawValue: String(parts[parts.count - 2]))
    else { return nil }
    return ((parts.dropLast(2) + parts.suffix(1)).joined(separator: "."), language)
  }

  // MARK: Markdown

  private static func markdown(
    _ text: String,
    _ path: String,
    _ group: String,
    _ language: CourseLanguage
  ) -> [ContentText] {
    let isLesson = path.hasPrefix("Lessons/")
    var texts: [ContentText] = []
    var key = "-"
    var first = 1
    var body: [Substring] = []
    func close() {
      let joined = body.joined(separator: "\n")
      guard !joined.allSatisfy(\.isWhitespace) else { return }
      texts.append(
        ContentText(
          file: path,
          group: group,
          key: key,
          language: language,
          text: joined,
          line: first,
          kind: isLesson ? .lesson : .markdown
        )
      )
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      if line.hasPrefix("## ") {
        close()
        let name = line.dropFirst(3)
        key = name.split(separator: " ").first.map(String.init) ?? "-"
        first = index + 1
        // A lesson's heading is read; that of a feedback is its id.
        body = isLesson ? [line] : [""]
      } else {
        body.append(line)
      }
    }
    close()
    return texts
  }

  // MARK: Catalogues

  private static func catalogue(
    _ text: String,
    _ path: String,
    _ group: String,
    _ language: CourseLanguage
  ) -> [ContentText] {
    var texts: [ContentText] = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() where !line.hasPrefix("#") {
      if line.hasPrefix("  "), !texts.isEmpty {
        texts[texts.count - 1].text += "\n" + line
      } else if let colon = line.firstIndex(of: ":"), !line.hasPrefix(" ") {
        texts.append(
          ContentText(
            file: path,
            group: group,
            key: String(line[..<colon]),
            language: language,
            text: String(line[line.index(after: colon)...].drop { $0 == " " }),
            line: index + 1,
            kind: .value
          )
        )
      }
    }
    return texts
  }

  // MARK: YAML

  private static func yaml(_ node: Node, _ path: String) -> [ContentText] {
    var texts: [ContentText] = []
    visit(node, key: "", path, &texts)
    return texts
  }

  /// Every mapping with `ko` and `en` under it; lists are numbered by their entries' ids.
  private static func visit(
    _ node: Node,
    key: String,
    _ path: String,
    _ texts: inout [ContentText]
  ) {
    if let sequence = node.sequence {
      for (index, element) in sequence.enumerated() {
        let name = element.mapping?["id"]?.string ?? String(index)
        visit(element, key: key.isEmpty ? name : "\(key).\(name)", path, &texts)
      }
    } else if let mapping = node.mapping {
      for language in CourseLanguage.allCases {
        guard let value = mapping[Node(language.rawValue)], let scalar = value.scalar else {
          continue
        }
        texts.append(
          ContentText(
            file: path,
            group: path,
            key: key.isEmpty ? "-" : key.filter { !$0.isWhitespace },
            language: language,
            text: scalar.string.trimmingCharacters(in: .newlines),
            line: value.mark?.line ?? 1,
            kind: .value
          )
        )
      }
      for (name, value) in mapping {
        guard let name = name.string, CourseLanguage(rawValue: name) == nil else { continue }
        visit(value, key: key.isEmpty ? name : "\(key).\(name)", path, &texts)
      }
    }
  }
}
