internal import Foundation
internal import Grading

/// The course on disk: finds lessons and exercises under the content folder, and reads them late.
///
/// ```
/// Lessons/course.yaml                       the order
/// Lessons/00-journey/lesson.{ko,en}.md      the text
/// Exercises/00-journey/01-find-your-payment an exercise: 00-1
/// ```
package struct CourseContent: Sendable {
  /// The folder that holds `Lessons` and `Exercises`.
  package let root: String

  /// Reads nothing yet.
  package init(root: String) { self.root = root }

  /// Reads `Lessons/course.yaml`; a millisecond or two.
  package func outline() throws -> CourseOutline {
    let folder = ContentFolder(path: root + "/Lessons")
    let node = try ManifestNode.parse(
      folder.text("course.yaml", holds: "the lessons in order"),
      file: "Lessons/course.yaml"
    )
    return try CourseOutline.parse(node)
  }

  /// Reads the exercise with that id, such as `00-1`.
  ///
  /// Throws `course.unknown-exercise` with the known ids where there is none.
  package func exercise(id: String) throws -> Exercise {
    let folders = try exerciseFolders()
    if let folder = folders[id] { return try Exercise.load(folder: folder) }
    let known = folders.keys.sorted()
    throw CourseError(
      code: "course.unknown-exercise",
      message: "There is no exercise `\(id)`.",
      advice: (nearestName(to: id, in: known).map { "Did you mean `\($0)`? " } ?? "")
        + "Known: \(known.joined(separator: ", ")).",
      fields: ["id": id]
    )
  }

  /// The folder of each exercise by id, read from the `id:` lines of the manifests.
  package func exerciseFolders() throws -> [String: String] {
    let top = ContentFolder(path: root + "/Exercises")
    var folders: [String: String] = [:]
    for lesson in top.names(in: "") where top.isFolder(lesson) {
      for name in top.names(in: lesson) where top.exists("\(lesson)/\(name)/exercise.yaml") {
        let manifest = try top.text("\(lesson)/\(name)/exercise.yaml", holds: "the manifest")
        guard let id = Self.quickID(manifest) else { continue }
        let folder = "\(root)/Exercises/\(lesson)/\(name)"
        if let other = folders[id] {
          throw CourseError(
            code: "course.duplicate-id",
            message: "Two exercises have the id `\(id)`.",
            place: "Exercises/\(lesson)/\(name)/exercise.yaml",
            advice: "The other one is \(other.dropFirst(root.count + 1)); give one a new id.",
            fields: ["id": id]
          )
        }
        folders[id] = folder
      }
    }
    return folders
  }

  /// The `id:` line, without parsing the file; `Exercise.load` parses it in full.
  private static func quickID(_ manifest: String) -> String? {
    for line in manifest.split(whereSeparator: \.isNewline) where line.hasPrefix("id:") {
      let value = line.dropFirst(3).prefix { $0 != "#" }
      return value.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"'"))
    }
    return nil
  }

  /// Reads a lesson's text in both languages.
  package func lesson(_ entry: CourseOutline.LessonEntry) throws -> Lesson {
    let folder = ContentFolder(path: "\(root)/Lessons/\(entry.slug)")
    let korean = try folder.text("lesson.ko.md", holds: "the lesson in Korean")
    let english = try folder.text("lesson.en.md", holds: "the lesson in English")
    return try LessonParser.parse(
      korean: korean,
      english: english,
      files: (folder.display("lesson.ko.md"), folder.display("lesson.en.md"))
    )
  }
}
