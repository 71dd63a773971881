// What packs add besides exercises: lessons behind the course's own, and incidents.
//
// A pack is a folder outside the clone, named in `TAPLINE_COURSES`:
//
// ```
// PACK/Exercises/GROUP/NAME/exercise.yaml   or NAME.md; without `Exercises`, PACK stands for it
// PACK/Exercises/incidents/ID/incident.yaml
// PACK/Lessons/course.yaml, PACK/Lessons/SLUG/lesson.ko.md
// ```

internal import Foundation
internal import Grading

extension CourseContent {
  /// The folders of packs that a path list names: separated by `:`, `~` for the home, relative ones
  /// from the current directory; empty entries and repetitions are left out.
  package static func packPaths(_ list: String?, currentDirectory: String) -> [String] {
    var paths: [String] = []
    for entry in (list ?? "").split(separator: ":") {
      let expanded = (String(entry) as NSString).expandingTildeInPath
      let absolute = expanded.hasPrefix("/") ? expanded : currentDirectory + "/" + expanded
      let path = URL(fileURLWithPath: absolute).standardizedFileURL.path
      if !paths.contains(path) { paths.append(path) }
    }
    return paths
  }

  /// The folder of each incident by id: `Exercises/incidents/<ID>/incident.yaml`; of two with one id
  /// the course's own stays.
  package func incidentFolders() -> [String: String] {
    var folders: [String: String] = [:]
    for base in [root + "/Exercises"] + packs.flatMap({ [$0 + "/Exercises", $0] }) {
      let top = ContentFolder(path: base)
      for id in top.names(in: "incidents")
      where folders[id] == nil && top.exists("incidents/\(id)/incident.yaml") {
        folders[id] = "\(base)/incidents/\(id)"
      }
    }
    return folders
  }

  /// The lessons of the course and of its packs, and what of the packs had to be left out.
  ///
  /// Throws where the course's own outline cannot be read.
  func outlineWithProblems() throws -> (outline: CourseOutline, problems: [BrokenContent]) {
    var outline = try ownOutline()
    var problems: [BrokenContent] = []
    var owners: [String: String] = [:]
    for lesson in outline.lessons {
      for id in [lesson.id] + lesson.sections.map(\.id) { owners[id] = "Lessons/course.yaml" }
    }
    for pack in packs where ContentFolder(path: pack).exists("Lessons/course.yaml") {
      let file = pack + "/Lessons/course.yaml"
      do {
        let node = try ManifestNode.parse(
          ContentFolder(path: pack).text("Lessons/course.yaml", holds: "the pack's lessons"),
          file: file
        )
        for var lesson in try CourseOutline.parse(node).lessons {
          lesson.root = pack
          do {
            try refuse(lesson, file, owners)
          } catch let error as CourseError {
            problems.append(BrokenContent(id: lesson.id, place: file, error: error))
            continue
          }
          for id in [lesson.id] + lesson.sections.map(\.id) { owners[id] = file }
          outline.lessons.append(lesson)
        }
      } catch let error as CourseError {
        problems.append(BrokenContent(id: nil, place: file, error: error))
      }
    }
    return (outline, problems)
  }

  private func refuse(
    _ lesson: CourseOutline.LessonEntry,
    _ file: String,
    _ owners: [String: String]
  ) throws {
    for id in [lesson.id] + lesson.sections.map(\.id) {
      guard let owner = owners[id] else { continue }
      throw CourseError(
        code: "course.taken-id",
        message: "Two lessons or sections have the id `\(id)`: \(owner) and \(file).",
        place: file,
        advice: "\(owner) keeps it; give this one a new id.",
        fields: ["id": id, "file": file, "other": owner]
      )
    }
    let parts = lesson.slug.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 1, lesson.slug != "..", lesson.slug != "." else {
      throw CourseError(
        code: "course.outside",
        message: "The slug `\(lesson.slug)` is no folder of `Lessons`.",
        place: file,
        advice: "Write the name of one folder.",
        fields: ["file": file]
      )
    }
  }
}
