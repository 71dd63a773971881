package import Grading

/// The order of the course: `Lessons/course.yaml`.
///
/// Lessons stand in the order in which they are learnt, which is not that of their numbers.
package struct CourseOutline: Sendable, Hashable {
  /// A lesson's entry.
  package struct LessonEntry: Sendable, Hashable {
    package var id: String
    /// The folder under `Lessons` and `Exercises`, such as `00-journey`.
    package var slug: String
    package var title: LocalizedText
    /// The key question that the lesson answers; nil where none is given.
    package var question: LocalizedText?
    /// The id of its phase; lessons of one phase are learnt side by side.
    package var phase: Int
    /// The roles whose path holds the lesson: mobile, backend, techlead.
    package var roles: [Role]
    /// Ids of lessons that come before.
    package var needs: [String]
    /// Empty for a lesson that is not there yet.
    package var sections: [SectionEntry]
    /// What a lesson that is not there yet is planned to take; nil where sections tell.
    package var plannedMinutes: Int?
    /// The sum of the sections' minutes, or what is planned.
    package var minutes: Int {
      sections.isEmpty ? plannedMinutes ?? 0 : sections.reduce(0) { $0 + $1.minutes }
    }
    /// False for a lesson that is announced and not written yet.
    package var isThere: Bool { !sections.isEmpty }
  }

  /// A section's entry: what it introduces, so that nothing is asked before it was taught.
  package struct SectionEntry: Sendable, Hashable {
    package var id: String
    package var title: LocalizedText
    /// Reading, demonstrations and the core exercises; extensions come on top.
    package var minutes: Int
    package var commands: [String]
    package var terms: [String]
    package var exercises: [String]
  }

  /// What a learner works as.
  package enum Role: String, Sendable, Hashable, CaseIterable {
    case mobile
    case backend
    case techlead
  }

  /// A part of the road: what it needs, how long it takes, what one can do afterwards.
  package struct Phase: Sendable, Hashable {
    package var id: Int
    package var title: LocalizedText
    package var days: LocalizedText
    package var hours: Double
    package var outcome: LocalizedText
    package var prerequisites: LocalizedText
  }

  /// What a role learns, in which order, and why.
  package struct RolePath: Sendable, Hashable {
    package var role: Role
    package var title: LocalizedText
    /// Ids of lessons in order.
    package var path: [String]
    package var advice: LocalizedText
    /// Proofs that complete the path: ids of exercises, or names such as `all-core`.
    package var required: [String]
  }

  package var phases: [Phase]
  package var roles: [RolePath]
  package var lessons: [LessonEntry]

  /// The lesson of that id; nil where there is none.
  package func lesson(_ id: String) -> LessonEntry? { lessons.first { $0.id == id } }

  /// The section of that id with its lesson; nil where there is none.
  package func section(_ id: String) -> (lesson: LessonEntry, section: SectionEntry)? {
    for lesson in lessons {
      if let section = lesson.sections.first(where: { $0.id == id }) { return (lesson, section) }
    }
    return nil
  }

  /// The section that an exercise belongs to; nil for one outside the lessons.
  package func home(ofExercise id: String) -> (lesson: LessonEntry, section: SectionEntry)? {
    for lesson in lessons {
      if let section = lesson.sections.first(where: { $0.exercises.contains(id) }) {
        return (lesson, section)
      }
    }
    return nil
  }

  /// The lessons of a role in its order; without a role, or a path, those of the course.
  package func path(_ role: Role?) -> [LessonEntry] {
    guard let role else { return lessons }
    if let path = roles.first(where: { $0.role == role })?.path {
      return path.compactMap { lesson($0) }
    }
    return lessons.filter { $0.roles.contains(role) }
  }
}
