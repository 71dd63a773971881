internal import Course
internal import Grading

/// What stands beside the folders that are checked: ids that are taken, needs, the course around them.
package struct CheckNeighbours: Sendable {
  /// The folders of each id that is checked, or stands in the course around; more than one is a
  /// mistake.
  var folders: [String: [String]] = [:]
  /// The needs of each exercise and incident.
  var needs: [String: [String]] = [:]
  /// The course around the folders; nil outside of one.
  var courseRoot: String?
  /// True where the course as a whole is checked, and looks at what all its folders share.
  var isCourse = false
  /// The outline of the course around, else of the program's own.
  var outline: CourseOutline?

  /// Adds what is there; a folder is added once, and none where the id is only to be known.
  mutating func add(_ id: String, folder: String?, needs: [String]) {
    if let folder, !folders[id, default: []].contains(folder) {
      folders[id, default: []].append(folder)
    }
    if folder != nil || self.needs[id] == nil { self.needs[id] = needs }
  }

  /// Adds the exercises and incidents of a content folder, as far as they can be read.
  mutating func add(_ content: CourseContent, areTaken: Bool) {
    for (id, summary) in (try? content.exerciseSummaries().summaries) ?? [:] {
      add(id, folder: areTaken ? summary.folder : nil, needs: summary.needs)
    }
    for (id, folder) in content.incidentFolders() {
      let needs = (try? Incident.load(folder: folder).needs) ?? []
      add(id, folder: areTaken ? folder : nil, needs: needs)
    }
  }

  /// A way from an id through needs back to it; nil where there is none.
  func circle(from id: String) -> [String]? {
    var seen: Set<String> = []
    func walk(_ here: String, _ way: [String]) -> [String]? {
      for need in needs[here] ?? [] {
        if need == id { return way + [need] }
        guard seen.insert(need).inserted else { continue }
        if let found = walk(need, way + [need]) { return found }
      }
      return nil
    }
    return walk(id, [id])
  }
}
