// Reads the course's files, and says which one is missing and what it should hold.

internal import Foundation

/// A folder of the course's files.
package struct ContentFolder {
  package let path: String

  package init(path: String) { self.path = path }

  /// The path that errors name: the last three components, which the author recognises.
  package func display(_ name: String) -> String {
    let components = (path + "/" + name).split(separator: "/")
    return components.suffix(name.split(separator: "/").count + 2).joined(separator: "/")
  }

  package func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + name)
  }

  /// The text of one file.
  ///
  /// Throws `course.missing-file` or `course.not-utf8`.
  package func text(_ name: String, holds purpose: String) throws -> String {
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

  /// The visible names in a folder, sorted; empty where there is no such folder.
  package func names(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []
    return names.filter { !$0.hasPrefix(".") && !$0.hasSuffix("~") }.sorted()
  }

  package func isFolder(_ name: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}
