// What is checked: a course, an exercise, an incident, each with its declared answers.

internal import Foundation
package import Course
package import Grading

/// One thing that rules look at.
package struct CheckSubject: Sendable {
  package enum Content: Sendable {
    /// A whole course: its outline, lessons and look-up files.
    case course(CourseContent)
    case exercise(Exercise, [AnswerCase])
    case incident(Incident, [IncidentCase])
    /// A folder that does not load; the schema rule says why.
    case unloadable([CourseError])
  }

  /// The id, or `course`.
  package var name: String
  /// An absolute path.
  package var folder: String
  /// The same, relative to the folder that was asked for; empty where it is that folder.
  package var place: String
  package var content: Content
  /// What stands beside it.
  var neighbours = CheckNeighbours()

  var isCourse: Bool { if case .course = content { true } else { false } }
  /// True where the exercise is one Markdown file: then `folder` is that file, and everything that is
  /// said of it names the file.
  var isFile = false
  var isIncident: Bool {
    if case .incident = content { return true }
    return ContentFolder(path: folder).exists("incident.yaml")
  }

  /// True for what is being written.
  var isDraft: Bool {
    switch content {
    case .exercise(let exercise, _): exercise.status == .draft
    case .incident(let incident, _): incident.status == .draft
    case .course, .unloadable: false
    }
  }

  /// The size of the world in which its answers are played.
  var worldSize: String {
    if case .incident(let incident, _) = content { incident.worldSize } else { "xs" }
  }

  /// The worlds that its graders open, to be made meanwhile.
  var worldRequests: [WorldRequest] {
    if case .exercise(let exercise, _) = content { exercise.worldRequests } else { [] }
  }

  /// A file of the folder as findings name it.
  package func file(_ name: String) -> String {
    if isFile { return place }
    return place.isEmpty ? name : place + "/" + name
  }

  /// The 1-based line of a file at which the last of `needles` stands, each from the line of the one
  /// before it on; nil where one is not there.
  func line(in name: String, of needles: String...) -> Int? {
    let path = isFile ? folder : folder + "/" + name
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let lines = String(decoding: data, as: UTF8.self)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    var index = 0
    for needle in needles {
      guard let found = lines[index...].firstIndex(where: { $0.contains(needle) }) else {
        return nil
      }
      index = found
    }
    return index + 1
  }
}

/// The folders that a path stands for.
package struct CheckTarget: Sendable {
  /// The folder that was asked for, or that the file lies in; an absolute path.
  package var root: String
  /// The course that it is or belongs to; nil outside of one.
  package var courseRoot: String?
  /// True where the course as a whole is asked for.
  package var isCourse: Bool
  /// Folders of exercises and incidents, and exercises that are a file; absolute, sorted.
  package var folders: [String]

  /// Finds what a path stands for: a course, a folder of exercises, an exercise (a folder or a Markdown
  /// file) or an incident.
  ///
  /// Throws `check.nothing-there` where it is none of them.
  package static func find(_ path: String) throws -> CheckTarget {
    let root = URL(filePath: path).standardizedFileURL.path
    let clean = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    let courseRoot = course(around: clean)
    if MarkdownExercise.isFile(clean) {
      return CheckTarget(
        root: (clean as NSString).deletingLastPathComponent, courseRoot: courseRoot,
        isCourse: false, folders: [clean])
    }
    let folder = ContentFolder(path: clean)
    guard folder.isFolder("") else {
      throw nothing(clean, "There is no such folder.")
    }
    if folder.exists("Lessons/course.yaml") {
      return CheckTarget(
        root: clean, courseRoot: clean, isCourse: true, folders: exercises(in: clean + "/Exercises"))
    }
    let start = folder.isFolder("Exercises") ? clean + "/Exercises" : clean
    let folders = exercises(in: start)
    guard !folders.isEmpty else {
      throw nothing(clean, "It holds no exercise and no incident.")
    }
    return CheckTarget(root: clean, courseRoot: courseRoot, isCourse: false, folders: folders)
  }

  /// What several paths stand for together, each folder once.
  ///
  /// Throws `check.nothing-there` for the first that is nothing, and `check.several-courses` where they
  /// do not belong to one course, since a check runs on one.
  package static func find(_ paths: [String]) throws -> CheckTarget {
    let targets = try paths.map(find)
    guard let first = targets.first, targets.count > 1 else { return try find(paths.first ?? ".") }
    for (target, path) in zip(targets, paths) where target.courseRoot != first.courseRoot {
      throw CourseError(
        code: "check.several-courses",
        message: "\(paths[0]) and \(path) do not belong to one course.", place: path,
        advice: "Check them one after the other.", fields: ["path": path])
    }
    // Findings name files from the course, or from what all folders lie in.
    let root = first.courseRoot ?? commonFolder(targets.map(\.root))
    return CheckTarget(
      root: root, courseRoot: first.courseRoot, isCourse: targets.contains(where: \.isCourse),
      folders: Set(targets.flatMap(\.folders)).sorted())
  }

  private static func commonFolder(_ paths: [String]) -> String {
    let parts = paths.map { $0.split(separator: "/") }
    let shared = parts.dropFirst().reduce(parts[0]) { shared, one in
      zip(shared, one).prefix { $0 == $1 }.map(\.0)
    }
    return "/" + shared.joined(separator: "/")
  }

  private static func nothing(_ path: String, _ reason: String) -> CourseError {
    CourseError(
      code: "check.nothing-there", message: reason, place: path,
      advice: "Name a course, a folder with exercise.yaml or incident.yaml, or one that holds such "
        + "folders.", fields: ["path": path])
  }

  /// True for a folder with a manifest, and for a Markdown file that is an exercise.
  package static func isSubject(_ path: String) -> Bool {
    if MarkdownExercise.isFile(path) { return true }
    let folder = ContentFolder(path: path)
    return folder.exists("exercise.yaml") || folder.exists("incident.yaml")
  }

  /// The folder itself, or those up to two levels below it.
  private static func exercises(in path: String) -> [String] {
    if isSubject(path) { return [path] }
    func below(_ path: String) -> [String] {
      let folder = ContentFolder(path: path)
      return folder.names(in: "").filter { name in
        folder.isFolder(name) || MarkdownExercise.isFile(path + "/" + name)
      }.map { path + "/" + $0 }
    }
    return below(path).flatMap { child in
      isSubject(child) ? [child] : below(child).filter(isSubject)
    }
  }

  /// The nearest folder upwards with `Lessons/course.yaml`; nil where there is none.
  private static func course(around path: String) -> String? {
    var path = path
    while path.count > 1 {
      if ContentFolder(path: path).exists("Lessons/course.yaml") { return path }
      path = (path as NSString).deletingLastPathComponent
    }
    return nil
  }

  /// Loads everything; what does not load is a subject, too.
  ///
  /// `base` is the program's own content, which folders outside of any course build on.
  package func subjects(base: String) -> [CheckSubject] {
    var subjects: [CheckSubject] = []
    if isCourse, let courseRoot {
      subjects.append(
        CheckSubject(
          name: "course", folder: courseRoot, place: "",
          content: .course(CourseContent(root: courseRoot))))
    }
    subjects += folders.map(subject)
    var neighbours = CheckNeighbours()
    neighbours.courseRoot = courseRoot
    neighbours.isCourse = isCourse
    let around = CourseContent(root: courseRoot ?? base)
    neighbours.outline = try? around.outline()
    // An exercise outside may be a copy of the program's own: it is none of its neighbours.
    neighbours.add(around, areTaken: courseRoot != nil)
    for subject in subjects {
      switch subject.content {
      case .exercise(let exercise, _):
        neighbours.add(exercise.id, folder: subject.folder, needs: exercise.needs)
      case .incident(let incident, _):
        neighbours.add(incident.id, folder: subject.folder, needs: incident.needs)
      case .course, .unloadable: break
      }
    }
    for index in subjects.indices { subjects[index].neighbours = neighbours }
    return subjects
  }

  private func subject(_ folder: String) -> CheckSubject {
    let place = folder == root ? "" : String(folder.dropFirst(root.count + 1))
    var subject = CheckSubject(
      name: (folder as NSString).lastPathComponent, folder: folder, place: place,
      content: .unloadable([]))
    subject.isFile = MarkdownExercise.isFile(folder)
    var errors: [CourseError] = []
    func load<Value>(_ body: () throws -> Value) -> Value? {
      do { return try body() } catch let error as CourseError {
        errors.append(error)
      } catch {
        errors.append(CourseError(code: "course.unreadable", message: "\(error)"))
      }
      return nil
    }
    if ContentFolder(path: folder).exists("incident.yaml") {
      if let incident = load({ try Incident.load(folder: folder) }) {
        subject.name = incident.id
        if let cases = load({ try IncidentCase.load(incident) }) {
          subject.content = .incident(incident, cases)
        }
      }
    } else if let exercise = load({ try Exercise.load(folder: folder) }) {
      subject.name = exercise.id
      if let cases = load({ try AnswerCase.load(exercise: exercise) }) {
        subject.content = .exercise(exercise, cases)
      }
    }
    if !errors.isEmpty { subject.content = .unloadable(errors) }
    return subject
  }

  /// Makes a content folder at `path` that holds the exercises and incidents of this target, with the
  /// lessons of their course, or of `base`, and its data sets: the program runs on it as on any other.
  package func lay(over base: String, at path: String) throws {
    let files = FileManager.default
    try files.createDirectory(atPath: path + "/Exercises", withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: path + "/Datasets", withDestinationPath: base + "/Datasets")
    try files.createDirectory(atPath: path + "/Lessons", withIntermediateDirectories: true)
    let lessons = (courseRoot ?? base) + "/Lessons"
    // The program's own sentences are its own, whatever the course brings.
    let names = ContentFolder(path: lessons).names(in: "").filter { $0 != "catalogue" }
    let folder = ContentFolder(path: lessons)
    for name in names {
      // A file that leads out of its folder is refused: only folders are links.
      if folder.isFolder(name) {
        try files.createSymbolicLink(
          atPath: path + "/Lessons/" + name, withDestinationPath: lessons + "/" + name)
      } else {
        try files.copyItem(
          atPath: URL(filePath: lessons + "/" + name).resolvingSymlinksInPath().path,
          toPath: path + "/Lessons/" + name)
      }
    }
    try files.createSymbolicLink(
      atPath: path + "/Lessons/catalogue", withDestinationPath: base + "/Lessons/catalogue")
    for folder in folders {
      let isIncident = ContentFolder(path: folder).exists("incident.yaml")
      let parent = ((folder as NSString).deletingLastPathComponent as NSString).lastPathComponent
      let group = path + "/Exercises/" + (isIncident ? "incidents" : "group-" + parent)
      try files.createDirectory(atPath: group, withIntermediateDirectories: true)
      let name = isIncident ? incidentID(folder) : (folder as NSString).lastPathComponent
      // Two folders of one name are the schema rule's to tell. A copy, as links may be passed over.
      try? files.copyItem(
        atPath: URL(filePath: folder).resolvingSymlinksInPath().path, toPath: group + "/" + name)
    }
  }

  /// Incidents are found by the names of their folders, which are their ids.
  private func incidentID(_ folder: String) -> String {
    (try? Incident.load(folder: folder).id) ?? (folder as NSString).lastPathComponent
  }
}
