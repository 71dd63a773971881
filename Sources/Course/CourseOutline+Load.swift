// Reads `Lessons/course.yaml` and refuses what would send a learner nowhere.

internal import Grading

extension CourseOutline {
  static func parse(_ node: ManifestNode) throws -> CourseOutline {
    try node.allowKeys(["version", "phases", "roles", "lessons"])
    let phases =
      try node.optional("phases")?.elements(example: "- id: 0").map(phase) ?? []
    let lessonNodes = try node.required("lessons", example: "[{id: \"00\"}]")
      .elements(example: "- id: \"00\"")
    var lessons: [LessonEntry] = []
    for lessonNode in lessonNodes {
      let lesson = try lessonEntry(lessonNode, phases: phases)
      try check(lesson, at: lessonNode, after: lessons)
      lessons.append(lesson)
    }
    let roles =
      try node.optional("roles")?.elements(example: "- id: mobile").map {
        try rolePath($0, lessons: lessons.map(\.id))
      } ?? []
    return CourseOutline(phases: phases, roles: roles, lessons: lessons)
  }

  private static func phase(_ node: ManifestNode) throws -> Phase {
    try node.allowKeys(["id", "title", "days", "hours", "outcome", "prerequisites"])
    func text(_ key: String) throws -> LocalizedText {
      try node.required(key, example: "{ko: …, en: …}").localized(needsBoth: true)
    }
    return Phase(
      id: try node.required("id", example: "1").integer(0...9, example: "1"),
      title: try text("title"),
      days: try text("days"),
      hours: try node.required("hours", example: "3").number(0...100, example: "3"),
      outcome: try text("outcome"),
      prerequisites: try text("prerequisites")
    )
  }

  private static func rolePath(_ node: ManifestNode, lessons: [String]) throws -> RolePath {
    try node.allowKeys(["id", "title", "path", "advice", "required"])
    let pathNode = try node.required("path", example: "[\"00\", \"01\"]")
    let path = try pathNode.texts(example: "\"00\"")
    if let unknown = path.first(where: { !lessons.contains($0) }) {
      throw pathNode.error(
        "course.bad-value",
        "The path names lesson `\(unknown)`, which does not exist.",
        advice: "Name lessons of this file: \(lessons.joined(separator: ", "))."
      )
    }
    return RolePath(
      role: try node.required("id", example: "mobile").choice(Role.self),
      title: try node.required("title", example: "{ko: …, en: …}").localized(needsBoth: true),
      path: path,
      advice: try node.required("advice", example: "{ko: …, en: …}").localized(needsBoth: true),
      required: try node.optional("required")?.texts(example: "00-1") ?? []
    )
  }

  private static func lessonEntry(_ node: ManifestNode, phases: [Phase]) throws -> LessonEntry {
    try node.allowKeys([
      "id", "slug", "title", "question", "phase", "roles", "needs", "minutes", "sections",
    ])
    let sectionsNode = try node.required("sections", example: "[{id: \"0.1\"}]")
    let sections = try sectionsNode.elements(example: "- id: \"0.1\"").map(sectionEntry)
    let minutes = node.optional("minutes")
    if let minutes, !sections.isEmpty {
      throw minutes.error(
        "course.bad-value",
        "The lesson has sections, which tell its minutes.",
        advice: "Remove this line."
      )
    }
    let phaseNode = node.optional("phase")
    let phase = try phaseNode?.integer(0...9, example: "1") ?? 0
    if let phaseNode, !phases.contains(where: { $0.id == phase }) {
      throw phaseNode.error(
        "course.bad-value",
        "There is no phase `\(phase)`.",
        advice: "Add it under `phases`, or name one that is there."
      )
    }
    return LessonEntry(
      id: try node.required("id", example: "\"00\"").text(example: "\"00\""),
      slug: try node.required("slug", example: "00-journey").text(example: "00-journey"),
      title: try node.required("title", example: "{ko: …, en: …}").localized(needsBoth: true),
      question: try node.optional("question")?.localized(needsBoth: true),
      phase: phase,
      roles: try node.optional("roles")?.elements(example: "[mobile]").map {
        try $0.choice(Role.self)
      } ?? Role.allCases,
      needs: try node.optional("needs")?.texts(example: "\"00\"") ?? [],
      sections: sections,
      plannedMinutes: try minutes?.integer(1...2_000, example: "120")
    )
  }

  private static func sectionEntry(_ node: ManifestNode) throws -> SectionEntry {
    try node.allowKeys(["id", "title", "minutes", "commands", "terms", "exercises"])
    return SectionEntry(
      id: try node.required("id", example: "\"0.1\"").text(example: "\"0.1\""),
      title: try node.required("title", example: "{ko: …, en: …}").localized(needsBoth: true),
      minutes: try node.required("minutes", example: "10").integer(1...240, example: "10"),
      commands: try node.optional("commands")?.texts(example: "kafka") ?? [],
      terms: try node.optional("terms")?.texts(example: "offset") ?? [],
      exercises: try node.optional("exercises")?.texts(example: "00-1") ?? []
    )
  }

  /// Needs must name lessons that come earlier, which also keeps them free of cycles.
  private static func check(
    _ lesson: LessonEntry,
    at node: ManifestNode,
    after earlier: [LessonEntry]
  ) throws {
    if earlier.contains(where: { $0.id == lesson.id }) {
      throw node.error(
        "course.duplicate-id",
        "Two lessons have the id `\(lesson.id)`.",
        advice: "Give each lesson its own id."
      )
    }
    if let need = lesson.needs.first(where: { need in !earlier.contains { $0.id == need } }) {
      throw node.error(
        "course.bad-value",
        "Lesson `\(lesson.id)` needs `\(need)`, which does not come before it.",
        advice: "Name an earlier lesson, or move this one."
      )
    }
    for section in lesson.sections {
      let others = earlier.flatMap(\.sections)
      let same = others + lesson.sections
      if same.filter({ $0.id == section.id }).count > 1 {
        throw node.error(
          "course.duplicate-id",
          "Two sections have the id `\(section.id)`.",
          advice: "Give each section its own id: the learner jumps to it by that name."
        )
      }
    }
  }
}
