// Rule 9: nothing is needed that the role's path has not introduced, the minutes of a role are within
// what it was promised, and every role can reach the checklist's items that it is promised.

internal import Course
internal import Foundation
internal import Grading

/// The order of things on each role's path.
struct OrderRule: CheckRule {
  let name = "order"

  /// The findings of the older checks that speak of order.
  static let codes: Set<String> = [
    "introduced.late", "needs.late", "minutes.short", "minutes.long",
  ]

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    [
      CheckJob("\(subject.name) \(name)") { run in
        switch subject.content {
        case .course(let content):
          try check(content, run)
        case .exercise, .incident:
          // The course itself looks at all of its exercises.
          guard !subject.neighbours.isCourse else { return }
          try checkAlone(subject, run)
        case .unloadable: break
        }
      }
    ]
  }

  private static func findings(_ content: CourseContent) -> [ContentFinding] {
    // What cannot be loaded is the schema rule's.
    guard
      let checks = try? CourseOrderChecks(
        content: content, texts: ContentTexts(root: content.root))
    else { return [] }
    return checks.introductions() + checks.needs().filter { codes.contains($0.rule) }
      + checks.minutes()
  }

  private func check(_ content: CourseContent, _ run: CheckRun) throws {
    for finding in Self.findings(content) { run.found(CheckFinding(finding, rule: name)) }
    guard let outline = try? content.outline(), let checklist = try? content.checklist(),
      let exercises = try? content.exerciseSummaries().summaries
    else { return }
    let file = "Lessons/course.yaml"
    let folder = ContentFolder(path: content.root)
    for role in outline.roles {
      let minutes = outline.path(role.role).reduce(0) { $0 + $1.minutes }
      if let hours = role.hours, Double(minutes) > hours * 60 {
        run.found(
          CheckFinding(
            rule: name, code: "order.role-minutes", file: file,
            line: folder.line(in: file, of: "roles:", "id: \(role.role.rawValue)", "hours:"),
            text: role.role.rawValue,
            values: [
              "role": role.role.rawValue, "minutes": String(minutes),
              "promised": String(Int(hours * 60)),
            ]))
      }
      for item in checklist.items {
        for proof in unreachable(item, role, outline, exercises) {
          run.found(
            CheckFinding(
              rule: name, code: "order.item-unreachable", file: "Lessons/checklist.yaml",
              line: folder.line(in: "Lessons/checklist.yaml", of: "id: \(item.id)", "proofs:"),
              text: proof,
              values: ["item": item.id, "role": role.role.rawValue, "proof": proof]))
        }
      }
    }
    for item in checklist.items {
      // An exercise's id begins with its lesson's; other proofs are no exercises.
      for proof in item.proofs where exercises[proof] == nil {
        guard let lesson = outline.lessons.first(where: { proof.hasPrefix($0.id + "-") }),
          lesson.isThere
        else { continue }
        run.found(
          CheckFinding(
            rule: name, code: "order.proof-missing", file: "Lessons/checklist.yaml",
            line: folder.line(in: "Lessons/checklist.yaml", of: "id: \(item.id)", "proofs:"),
            text: proof, values: ["item": item.id, "proof": proof, "lesson": lesson.id]))
      }
    }
  }

  /// The proofs of an item that a role is promised and has neither on its path nor required.
  ///
  /// A role is promised an item where one of the item's lessons is on its path.
  private func unreachable(
    _ item: Checklist.Item, _ role: CourseOutline.RolePath, _ outline: CourseOutline,
    _ exercises: [String: ExerciseSummary]
  ) -> [String] {
    guard item.lessons.contains(where: role.path.contains) else { return [] }
    return item.proofs.filter { proof in
      guard exercises[proof] != nil, !role.required.contains(proof) else { return false }
      guard let home = outline.home(ofExercise: proof) else { return true }
      return !role.path.contains(home.lesson.id)
    }
  }

  // MARK: One exercise

  /// An exercise by itself: what it uses, where the course around it or the program's knows when that
  /// is introduced.
  private func checkAlone(_ subject: CheckSubject, _ run: CheckRun) throws {
    if let root = subject.neighbours.courseRoot, subject.folder.hasPrefix(root + "/") {
      let own = String(subject.folder.dropFirst(root.count + 1)) + "/"
      for var finding in Self.findings(CourseContent(root: root)) where finding.file.hasPrefix(own) {
        finding.file = subject.file(String(finding.file.dropFirst(own.count)))
        run.found(CheckFinding(finding, rule: name))
      }
      return
    }
    guard case .exercise(let exercise, _) = subject.content, !exercise.needs.isEmpty,
      let outline = subject.neighbours.outline
    else { return }
    // Outside of the lessons an exercise stands behind the last of those it needs.
    let sections = outline.lessons.flatMap(\.sections)
    let last = sections.lastIndex { !Set($0.exercises).isDisjoint(with: exercise.needs) }
    guard let last else { return }
    let known = CourseOrderChecks.courseCommands
      .union(sections[...last].flatMap(\.commands))
    let later = Set(sections[(last + 1)...].flatMap(\.commands)).subtracting(known)
    for file in ContentFolder(path: subject.folder).names(in: "")
    where file.hasPrefix("task.") || file.hasPrefix("hints.") {
      let text = (try? ContentFolder(path: subject.folder).text(file, holds: "")) ?? ""
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      for (index, line) in lines.enumerated() where line.hasPrefix("  ") {
        let word = String(line.drop { $0 == " " }.prefix { !$0.isWhitespace })
        guard later.contains(word) else { continue }
        run.found(
          CheckFinding(
            rule: name, code: "order.used-early", file: subject.file(file), line: index + 1,
            text: word, values: ["command": word]))
      }
    }
  }
}

extension ContentFolder {
  /// The 1-based line of a file at which the last of `needles` stands, each from the one before on.
  func line(in name: String, of needles: String...) -> Int? {
    guard let text = try? text(name, holds: "") else { return nil }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    var index = 0
    for needle in needles {
      guard let found = lines[index...].firstIndex(where: { $0.contains(needle) }) else {
        return index == 0 ? nil : index + 1
      }
      index = found
    }
    return index + 1
  }
}
