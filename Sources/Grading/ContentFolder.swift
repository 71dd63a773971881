// Reads the course's files, and says which one is missing and what it should hold.
//
// An exercise that is one Markdown file (`MarkdownExercise`) is read through the same door: it looks
// like the folder that it is short for. No name leads out of the folder, by `..` or by a link.

internal import Foundation

/// A folder of the course's files.
package struct ContentFolder {
  package let path: String
  /// What a Markdown file stands for, or why it cannot be read; nil for a folder on disk.
  private let written: Result<[String: String], CourseError>?

  /// A folder, or a file that is a whole exercise (`NAME.md`); reads nothing of a folder yet.
  package init(path: String) {
    self.path = path
    written = MarkdownExercise.isFile(path) ? MarkdownExercise.read(path) : nil
  }

  /// The path that errors name: the last three components, which the author recognises.
  package func display(_ name: String) -> String {
    // What a Markdown file stands for is nowhere else to be found.
    if written != nil { return path.split(separator: "/").suffix(2).joined(separator: "/") }
    let components = (path + "/" + name).split(separator: "/")
    return components.suffix(name.split(separator: "/").count + 2).joined(separator: "/")
  }

  package func exists(_ name: String) -> Bool {
    if let written { return (try? written.get()[name]) != nil || isFolder(name) }
    return FileManager.default.fileExists(atPath: path + "/" + name)
  }

  /// Refuses a name that leads out of the folder, whether or not there is something.
  private func refuseOutside(_ name: String) throws {
    let isPlain =
      !name.hasPrefix("/") && !name.hasPrefix("~")
      && !name.split(separator: "/").contains("..")
    if isPlain {
      let root = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      let file = URL(fileURLWithPath: path + "/" + name).resolvingSymlinksInPath().path
      if file == root || file.hasPrefix(root.hasSuffix("/") ? root : root + "/") { return }
    }
    throw CourseError(
      code: "course.outside",
      message: "`\(name)` leads out of its folder.",
      place: display(name),
      advice: "Put the file into the folder itself, and name it without `..`.",
      fields: ["file": display(name)]
    )
  }

  /// The text of one file.
  ///
  /// Throws `course.missing-file`, `course.not-utf8`, or `course.outside` for a name that leads out of
  /// the folder.
  package func text(_ name: String, holds purpose: String) throws -> String {
    if let written {
      if let text = try written.get()[name] { return text }
      throw CourseError(
        code: "course.missing-file",
        message: "The file says nothing of what \(name) holds.",
        place: display(name),
        advice: "It holds \(purpose).",
        fields: ["file": display(name)]
      )
    }
    try refuseOutside(name)
    guard let data = FileManager.default.contents(atPath: path + "/" + name) else {
      throw CourseError(
        code: "course.missing-file",
        message: "The file \(name) is missing or unreadable.",
        place: display(name),
        advice: "Create it: it holds \(purpose).",
        fields: ["file": display(name)]
      )
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CourseError(
        code: "course.not-utf8",
        message: "The file \(name) is not UTF-8 text.",
        place: display(name),
        advice: "Save it as UTF-8.",
        fields: ["file": display(name)]
      )
    }
    return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
  }

  /// The bytes of a file that a learner names; nil where there is none, and no more than a little
  /// over what any answer may have.
  package static func bytes(of path: String) -> [UInt8]? {
    var isDirectory: ObjCBool = false
    guard !path.isEmpty,
      FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      !isDirectory.boolValue, let handle = FileHandle(forReadingAtPath: path)
    else { return nil }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: SQLAnswer.byteCountMax + 1)).map(Array.init)
  }

  /// The visible names in a folder, sorted; empty where there is no such folder.
  package func names(in folder: String) -> [String] {
    if let written {
      let inside = folder.isEmpty ? "" : folder + "/"
      let below = ((try? written.get()) ?? [:]).keys.filter { $0.hasPrefix(inside) }
      let names = below.compactMap { $0.dropFirst(inside.count).split(separator: "/").first }
      return Set(names.map(String.init)).sorted()
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []
    return names.filter { !$0.hasPrefix(".") && !$0.hasSuffix("~") }.sorted()
  }

  /// The files of a folder as files of `pipeline/`, below any depth; none where there is no folder.
  ///
  /// Throws where one of them is no text.
  package func pipelineFiles(in place: String) throws -> [LearnerChanges.File] {
    func files(_ below: String) throws -> [LearnerChanges.File] {
      try names(in: below).flatMap { name -> [LearnerChanges.File] in
        let path = "\(below)/\(name)"
        if isFolder(path) { return try files(path) }
        return [
          LearnerChanges.File(
            path: String(path.dropFirst(place.count + 1)),
            content: try text(path, holds: "a file of the pipeline"))
        ]
      }
    }
    return isFolder(place) ? try files(place) : []
  }

  package func isFolder(_ name: String) -> Bool {
    if let written {
      return ((try? written.get()) ?? [:]).keys.contains { $0.hasPrefix(name + "/") }
    }
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}
