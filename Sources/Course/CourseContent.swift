internal import Foundation
internal import Grading

/// The course on disk: finds lessons and exercises under the content folder, and reads them late.
///
/// ```
/// Lessons/course.yaml                       the order
/// Lessons/00-journey/lesson.{ko,en}.md      the text
/// Exercises/00-journey/01-find-your-payment an exercise: 00-1
/// ```
///
/// Packs are further folders of exercises, and of lessons where they have some (`CourseContent+Packs`).
/// What of them cannot be read is named with the reason and stops nothing else
/// (`CourseInventory`).
package struct CourseContent: Sendable {
  /// The folder that holds `Lessons` and `Exercises`.
  package let root: String
  /// The folders of packs, in the order in which they were named; absolute paths.
  package let packs: [String]

  /// Reads nothing yet.
  package init(root: String, packs: [String] = []) {
    self.root = root
    self.packs = packs
  }

  /// Reads `Lessons/course.yaml`, and those of the packs behind it; a millisecond or two.
  ///
  /// A pack's lesson that cannot be read, or has an id that is taken, is left out: `inventory` names
  /// it.
  package func outline() throws -> CourseOutline {
    try outlineWithProblems().outline
  }

  /// The outline of the course alone.
  func ownOutline() throws -> CourseOutline {
    let folder = ContentFolder(path: root + "/Lessons")
    let node = try ManifestNode.parse(
      folder.text("course.yaml", holds: "the lessons in order"),
      file: "Lessons/course.yaml"
    )
    return try CourseOutline.parse(node)
  }

  /// Reads the exercise with that id, such as `00-1`.
  ///
  /// Throws `course.unknown-exercise` with the known ids where there is none, and why it cannot be
  /// read where it is broken.
  package func exercise(id: String) throws -> Exercise {
    let found = inventory()
    if let folder = found.folders[id] { return try Exercise.load(folder: folder) }
    if let broken = found.broken.first(where: { $0.id == id }) { throw broken.error }
    let known = found.folders.keys.sorted()
    throw CourseError(
      code: "course.unknown-exercise",
      message: "There is no exercise `\(id)`.",
      advice: (nearestName(to: id, in: known).map { "Did you mean `\($0)`? " } ?? "")
        + "Known: \(known.joined(separator: ", ")).",
      fields: ["id": id]
    )
  }

  /// The folder of each exercise by id, read from the `id:` lines of the manifests.
  ///
  /// For those who check content: throws the first of what `inventory` only names.
  package func exerciseFolders() throws -> [String: String] {
    let found = inventory()
    if let broken = found.broken.first { throw broken.error }
    return found.folders
  }

  /// Reads a lesson's text in both languages.
  ///
  /// A pack's lesson may have one language only, which then stands for both.
  package func lesson(_ entry: CourseOutline.LessonEntry) throws -> Lesson {
    let folder = ContentFolder(path: "\(entry.root ?? root)/Lessons/\(entry.slug)")
    func text(_ language: CourseLanguage, _ purpose: String) throws -> (String, String) {
      let own = "lesson.\(language.rawValue).md"
      let other = language == .korean ? "lesson.en.md" : "lesson.ko.md"
      let name = entry.root != nil && !folder.exists(own) && folder.exists(other) ? other : own
      return (try folder.text(name, holds: purpose), folder.display(name))
    }
    let korean = try text(.korean, "the lesson in Korean")
    let english = try text(.english, "the lesson in English")
    return try LessonParser.parse(
      korean: korean.0,
      english: english.0,
      files: (korean.1, english.1)
    )
  }
}
