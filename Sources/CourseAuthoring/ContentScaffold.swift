// `course new`: the files with which an exercise or an incident begins.
//
// The templates are content: `Lessons/scaffolds/KIND/…`, each with `.template` behind its name. `@ID@` is
// replaced, and a YAML file gets the line by which an editor finds its schema. What is to be written is
// marked TODO; `ContentScaffold+Left.swift` finds what still is.

package import Course
internal import Foundation
package import Grading

/// What a new exercise or incident begins with.
package struct ContentScaffold: Sendable {
  /// What can be begun.
  package enum Kind: String, Sendable, CaseIterable {
    case state, choice, number, sql, document

    /// True for kinds that fit in one Markdown file.
    package var fitsInMarkdown: Bool { self == .choice || self == .number }
  }

  /// The content folder.
  package let content: CourseContent

  package init(content: CourseContent) { self.content = content }

  /// What was written.
  package struct Written: Sendable, Hashable {
    package var id: String
    /// The folder or file, absolute.
    package var path: String
    /// Below it, sorted; empty for a single file.
    package var files: [String]
  }

  // MARK: Ids

  /// The id that a path suggests: `Exercises/01-log-collection/11-my-idea` is `01-11`, everything else
  /// its last name.
  package static func id(for path: String) -> String {
    let parts = path.split(separator: "/").map(String.init)
    guard let last = parts.last else { return "" }
    let name = last.hasSuffix(".md") ? String(last.dropLast(3)) : last
    func number(_ text: String) -> String? {
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      return digits.isEmpty || digits.count == text.count || text.dropFirst(digits.count).first != "-"
        ? nil : String(digits)
    }
    if parts.count > 1, let lesson = number(parts[parts.count - 2]), let own = number(name),
      let value = Int(own)
    {
      return "\(lesson)-\(value)"
    }
    let plain = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    return plain.split(separator: "-").joined(separator: "-")
  }

  // MARK: Writing

  /// Writes an exercise; a path that ends in `.md` becomes a single file.
  ///
  /// Throws `course.exists`, `course.taken-id`, `course.bad-path`, and what the disk refuses.
  package func exercise(at path: String, kind: Kind, id: String? = nil) throws -> Written {
    let isFile = path.hasSuffix(".md")
    guard !isFile || kind.fitsInMarkdown else {
      throw CourseError(
        code: "course.bad-path",
        message: "An exercise of kind `\(kind.rawValue)` does not fit in one Markdown file.",
        place: path,
        advice: "Name a folder, or take `--kind choice` or `--kind number`.",
        fields: ["file": path]
      )
    }
    let id = id ?? Self.id(for: path)
    let known = content.inventory().folders
    if let other = known[id] {
      throw CourseError(
        code: "course.taken-id",
        message: "The id `\(id)` belongs to \(content.place(other)).",
        place: path,
        advice: "Name another one: `--id NAME`.",
        fields: ["id": id, "file": path, "other": content.place(other)]
      )
    }
    return isFile
      ? try write(file: path, template: kind.rawValue + ".md.template", id: id)
      : try write(folder: path, template: kind.rawValue, id: id)
  }

  /// Writes an incident, whose id is the folder's name.
  ///
  /// Throws as `exercise` does.
  package func incident(at path: String) throws -> Written {
    let id = path.split(separator: "/").last.map(String.init) ?? ""
    let isPlain = id.unicodeScalars.allSatisfy {
      ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
    }
    guard isPlain, id.first?.isLetter == true else {
      throw CourseError(
        code: "course.bad-path",
        message: "`\(id)` cannot be an incident's id.",
        place: path,
        advice: "End the path with capital letters, digits and `-`: Exercises/incidents/LATE-02.",
        fields: ["file": path]
      )
    }
    if let other = content.incidentFolders()[id] {
      throw CourseError(
        code: "course.taken-id",
        message: "The id `\(id)` belongs to \(content.place(other)).",
        place: path,
        advice: "Give the folder another name.",
        fields: ["id": id, "file": path, "other": content.place(other)]
      )
    }
    return try write(folder: path, template: "incident", id: id)
  }

  private func refuseExisting(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    throw CourseError(
      code: "course.exists",
      message: "There is something at \(path) already.",
      place: path,
      advice: "Name another path; nothing was written.",
      fields: ["file": path]
    )
  }

  private func template(_ name: String) throws -> String {
    let folder = ContentFolder(path: content.root + "/Lessons/scaffolds")
    return try folder.text(name, holds: "the template of a new exercise")
  }

  private func write(file path: String, template name: String, id: String) throws -> Written {
    try refuseExisting(path)
    let comment = ContentSchema.markdown.comment(for: path, root: content.root)
    var lines = try template(name).replacing("@ID@", with: id)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.insert(comment, at: 1)
    try put(lines.joined(separator: "\n"), path)
    return Written(id: id, path: path, files: [])
  }

  private func write(folder path: String, template name: String, id: String) throws -> Written {
    try refuseExisting(path)
    let root = content.root + "/Lessons/scaffolds/" + name
    let names = (FileManager.default.subpaths(atPath: root) ?? [])
      .filter { $0.hasSuffix(".template") }.sorted()
    guard !names.isEmpty else {
      // Says what is missing.
      _ = try template(name + "/exercise.yaml.template")
      return Written(id: id, path: path, files: [])
    }
    var files: [String] = []
    for source in names {
      let file = String(source.dropLast(".template".count))
      var text = try template(name + "/" + source).replacing("@ID@", with: id)
      // Incidents and exercises have checks of different shapes.
      let schema =
        name == "incident" && file.hasPrefix("checks/")
        ? ContentSchema.incidentCheck : ContentSchema.of(path: path + "/" + file)
      if let schema {
        text = schema.comment(for: path + "/" + file, root: content.root) + "\n" + text
      }
      try put(text, path + "/" + file)
      files.append(file)
    }
    return Written(id: id, path: path, files: files)
  }

  private func put(_ text: String, _ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }
}
