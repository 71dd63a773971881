// Which schema a file has, and the line with which it tells an editor.

internal import Foundation

extension ContentSchema {
  /// All of them, in the order of their files.
  package static let all: [ContentSchema] = [
    course, checklist, terms, cards, stations, references, assumptions, worksheets, storage, exercise, item,
    check, expect, markdown, incident, incidentCheck,
  ]

  /// The schema of a file by its path: below the content folder, or below a pack.
  ///
  /// Nil for a file that has none.
  package static func of(path: String) -> ContentSchema? {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last, name.hasSuffix(".yaml") else { return nil }
    let folders = parts.dropLast()
    if name == "exercise.yaml" { return exercise }
    if name == "incident.yaml" { return incident }
    if name == "expect.yaml" { return expect }
    if folders.contains("checks") {
      return folders.contains("incidents") ? incidentCheck : check
    }
    if folders.last == "items" { return item }
    guard folders.last == "Lessons" else { return nil }
    return all.first { $0.name + ".yaml" == name }
  }

  /// The comment by which an editor finds a schema; `root` is the content folder, `file` a path.
  ///
  /// Relative where the file lies below the content folder.
  package func comment(for file: String, root: String) -> String {
    let target = "Lessons/schemas/" + fileName
    let path: String
    if file.hasPrefix(root + "/") {
      let depth = file.dropFirst(root.count + 1).split(separator: "/").count - 1
      path = String(repeating: "../", count: depth) + target
    } else {
      path = root + "/" + target
    }
    return "# yaml-language-server: $schema=\(path)"
  }

  /// Writes all schemas below the content folder.
  package static func write(root: String) throws {
    let folder = root + "/Lessons/schemas"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for schema in all {
      try Data(schema.json.utf8).write(to: URL(fileURLWithPath: folder + "/" + schema.fileName))
    }
  }
}
