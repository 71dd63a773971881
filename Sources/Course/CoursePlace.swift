// Finds the place that a learner names: `01`, `1`, `0.2`, `00-2`.

internal import Grading

extension CourseOutline {
  /// A lesson, and what in it was named.
  package struct Place: Sendable, Hashable {
    package var lesson: LessonEntry
    package var section: String?
    package var exercise: String?
  }

  /// The place of that name, in any of the spellings that people use for it.
  ///
  /// Throws `course.unknown-place` with the nearest one.
  package func place(named text: String) throws -> Place {
    let name = normalizedAnswer(text)
    let lessonName = name.hasPrefix("lesson ") ? String(name.dropFirst(7)) : name
    if let number = Int(lessonName), number >= 0,
      let lesson = lessons.first(where: { Int($0.id) == number })
    {
      return Place(lesson: lesson)
    }
    if let lesson = lessons.first(where: { $0.id == name || $0.slug == name }) {
      return Place(lesson: lesson)
    }
    if let (lesson, section) = section(name) { return Place(lesson: lesson, section: section.id) }
    for lesson in lessons {
      for section in lesson.sections {
        if let exercise = section.exercises.first(where: { $0.lowercased() == name }) {
          return Place(lesson: lesson, section: section.id, exercise: exercise)
        }
      }
    }
    let known =
      lessons.map(\.id) + lessons.flatMap(\.sections).map(\.id)
      + lessons.flatMap(\.sections).flatMap(\.exercises)
    throw CourseError(
      code: "course.unknown-place",
      message: "The course has no place `\(text)`.",
      advice: (nearestName(to: name, in: known).map { "Did you mean `\($0)`? " } ?? "")
        + "Lessons: \(lessons.map(\.id).joined(separator: ", ")).",
      fields: ["place": text, "lessons": lessons.map(\.id).joined(separator: ", ")]
    )
  }
}

extension CourseError {
  /// A lesson that is announced and not written yet.
  static func notThereYet(
    _ lesson: CourseOutline.LessonEntry,
    _ language: CourseLanguage
  ) -> CourseError {
    CourseError(
      code: "course.not-there-yet",
      message: "Lesson `\(lesson.id)` is planned and not there yet.",
      advice: "Type `list` to see what is there.",
      fields: ["id": lesson.id, "title": lesson.title[language]]
    )
  }
}
