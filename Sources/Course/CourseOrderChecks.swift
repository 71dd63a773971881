// The checks of content that compare files with each other: everything that is named exists,
// nothing is needed before it was introduced, and the promised minutes can be kept.

/// Compares the outline, the lessons, the exercises and the look-up files.
package struct CourseOrderChecks {
  private let content: CourseContent
  private let outline: CourseOutline
  private let lessons: [String: Lesson]
  private let exercises: [String: Exercise]
  private let glossary: Glossary
  private let cards: [ProductCard]
  private let checklist: Checklist

  /// Commands that need no introduction: those of the course itself, named by every screen.
  package static let courseCommands: Set<String> = [
    "answer", "back", "card", "check", "checklist", "exercise", "glossary", "help", "hint", "lang",
    "lesson", "list", "next", "play", "progress", "refs", "resume", "reset", "role", "skip",
    "solution",
  ]

  /// How many words a minute a learner reads.
  package static let wordsPerMinute = 250

  /// Loads everything; throws the first error of a loader.
  package init(content: CourseContent) throws {
    self.content = content
    outline = try content.outline()
    var lessons: [String: Lesson] = [:]
    for entry in outline.lessons where entry.isThere {
      lessons[entry.id] = try content.lesson(entry)
    }
    self.lessons = lessons
    exercises = try content.exerciseFolders().mapValues { try Exercise.load(folder: $0) }
    glossary = try content.glossary()
    cards = try content.cards()
    checklist = try content.checklist()
  }

  private static let outlineFile = "Lessons/course.yaml"

  private func finding(
    _ rule: String,
    _ text: String,
    file: String = outlineFile,
    fix: String
  ) -> ContentFinding {
    ContentFinding(rule: rule, file: file, line: nil, text: text, fix: fix)
  }

  /// All findings of this group.
  package func findings(_ texts: ContentTexts) -> [ContentFinding] {
    existence() + introductions(texts) + needs() + minutes(texts)
  }

  // MARK: Existence

  /// Sections, exercises, cards, terms and proofs that are named and not there, or differ.
  package func existence() -> [ContentFinding] {
    var findings: [ContentFinding] = []
    for entry in outline.lessons where entry.isThere {
      guard let lesson = lessons[entry.id] else { continue }
      findings += sectionFindings(entry, lesson)
    }
    let lessonIDs = outline.lessons.map(\.id)
    for term in glossary.terms where !lessonIDs.contains(term.lesson) {
      findings.append(
        finding(
          "term.lesson",
          "the term `\(term.id)` names lesson \(term.lesson)",
          file: "Lessons/terms.yaml",
          fix: "Name one of \(lessonIDs.joined(separator: ", "))."
        )
      )
    }
    let items = checklist.items.map(\.id)
    for exercise in exercises.values.sorted(by: { $0.id < $1.id }) {
      for item in exercise.proves where !items.contains(item) {
        findings.append(
          finding(
            "proof.unknown",
            "\(exercise.id) proves `\(item)`",
            file: relative(exercise),
            fix: "Name items of Lessons/checklist.yaml: \(items.joined(separator: ", "))."
          )
        )
      }
      let claimed = checklist.items.filter { ($0.proofs + $0.deeper).contains(exercise.id) }
      for item in claimed where !exercise.proves.contains(item.id) {
        findings.append(
          finding(
            "proof.unknown",
            "the item `\(item.id)` counts on \(exercise.id), which does not prove it",
            file: relative(exercise),
            fix: "Add `\(item.id)` to its `proves`, or take it out of Lessons/checklist.yaml."
          )
        )
      }
    }
    return findings
  }

  private func sectionFindings(
    _ entry: CourseOutline.LessonEntry,
    _ lesson: Lesson
  ) -> [ContentFinding] {
    let file = "Lessons/\(entry.slug)/lesson.ko.md"
    var findings: [ContentFinding] = []
    if lesson.sections.map(\.id) != entry.sections.map(\.id) {
      findings.append(
        finding(
          "section.differs",
          "sections \(lesson.sections.map(\.id)) in the lesson, \(entry.sections.map(\.id)) in the "
            + "outline",
          file: file,
          fix: "Give both the same sections in the same order."
        )
      )
    }
    for section in entry.sections {
      let text = lesson.sections.first { $0.id == section.id }
      if let text, text.title != section.title {
        findings.append(
          finding(
            "section.differs",
            "section \(section.id) is called \(section.title[.korean]) in the outline",
            file: file,
            fix: "Give it the same title in both."
          )
        )
      }
      for id in section.exercises where exercises[id] == nil {
        findings.append(
          finding(
            "exercise.missing",
            "section \(section.id) names the exercise \(id)",
            fix: "Create it under Exercises/\(entry.slug), or take it out."
          )
        )
      }
      for step in text?.steps ?? [] {
        if case .exercise(let id) = step, !section.exercises.contains(id) {
          findings.append(
            finding(
              "exercise.missing",
              "section \(section.id) starts the exercise \(id), which the outline does not list",
              file: file,
              fix: "Add it to the section's `exercises` in Lessons/course.yaml."
            )
          )
        }
        if case .card(let id) = step, !cards.contains(where: { $0.id == id }) {
          findings.append(
            finding(
              "card.missing",
              "section \(section.id) shows the card `\(id)`",
              file: file,
              fix: "Write it in Lessons/cards.yaml."
            )
          )
        }
      }
      for id in section.terms where glossary.term(id: id) == nil {
        findings.append(
          finding(
            "term.missing",
            "section \(section.id) introduces the term `\(id)`",
            fix: "Write it in Lessons/terms.yaml."
          )
        )
      }
      for term in section.terms.compactMap(glossary.term) where term.lesson != entry.id {
        findings.append(
          finding(
            "term.lesson",
            "`\(term.id)` is introduced in section \(section.id) and names lesson \(term.lesson)",
            file: "Lessons/terms.yaml",
            fix: "Write `lesson: \"\(entry.id)\"`."
          )
        )
      }
    }
    return findings
  }

  private func relative(_ exercise: Exercise) -> String {
    String(exercise.folder.dropFirst(content.root.count + 1)) + "/exercise.yaml"
  }

  // MARK: Order

  /// The paths that are walked: each role's, or the course's own.
  private var paths: [(name: String, lessons: [CourseOutline.LessonEntry])] {
    let roles = outline.roles.map { ($0.role.rawValue, outline.path($0.role)) }
    return roles.isEmpty ? [("course", outline.lessons)] : roles
  }

  /// Commands in demonstrations, tasks and hints, and terms in tasks and questions, that a role
  /// meets before they were introduced.
  ///
  /// A command is known by the outline; what no section introduces is not looked for.
  package func introductions(_ texts: ContentTexts) -> [ContentFinding] {
    let commands = Set(outline.lessons.flatMap(\.sections).flatMap(\.commands))
    var findings: [ContentFinding] = []
    for path in paths {
      var known = Self.courseCommands
      var terms: Set<String> = []
      for entry in path.lessons where entry.isThere {
        for section in entry.sections {
          known.formUnion(section.commands)
          terms.formUnion(section.terms)
          let lines = usedLines(entry, section, texts)
          for (line, file) in lines {
            let word = line.prefix { !$0.isWhitespace }
            guard commands.contains(String(word)), !known.contains(String(word)) else { continue }
            findings.append(
              finding(
                "introduced.late",
                "section \(section.id) uses the command `\(word)` (path \(path.name))",
                file: file,
                fix: "Introduce it in this section or an earlier one, in Lessons/course.yaml."
              )
            )
          }
          findings += lateTerms(section, entry, terms, path: path.name)
        }
      }
    }
    var seen: Set<String> = []
    return findings.filter { seen.insert("\($0.file) \($0.text.prefix { $0 != "(" })").inserted }
  }

  /// The command lines of a section: demonstrations, and lines of tasks and hints that begin with
  /// a command.
  private func usedLines(
    _ entry: CourseOutline.LessonEntry,
    _ section: CourseOutline.SectionEntry,
    _ texts: ContentTexts
  ) -> [(line: String, file: String)] {
    var lines: [(String, String)] = []
    let steps = lessons[entry.id]?.sections.first { $0.id == section.id }?.steps ?? []
    for case .demonstration(let demonstration) in steps {
      lines += demonstration.lines.map { ($0[.korean], "Lessons/\(entry.slug)/lesson.ko.md") }
    }
    for exercise in section.exercises.compactMap({ exercises[$0] }) {
      let folder = exercise.folder.dropFirst(content.root.count + 1)
      let texts = texts.texts.filter {
        $0.language == .korean && $0.kind == .markdown && $0.file.hasPrefix(folder)
      }
      for text in texts {
        for line in text.text.split(whereSeparator: \.isNewline) where line.hasPrefix("  ") {
          lines.append((String(line.drop { $0 == " " }), text.file))
        }
      }
    }
    return lines
  }

  /// Terms in what an exercise asks that only a later section introduces.
  private func lateTerms(
    _ section: CourseOutline.SectionEntry,
    _ entry: CourseOutline.LessonEntry,
    _ known: Set<String>,
    path: String
  ) -> [ContentFinding] {
    let introduced = Set(outline.lessons.flatMap(\.sections).flatMap(\.terms))
    let later = glossary.terms.filter { introduced.contains($0.id) && !known.contains($0.id) }
    let words = glossary.terms.filter { known.contains($0.id) }.map(\.korean)
    var findings: [ContentFinding] = []
    for exercise in section.exercises.compactMap({ exercises[$0] }) where exercise.tier == .core {
      var asked = [exercise.task[.korean]]
      for part in exercise.parts {
        asked.append(part.title?[.korean] ?? "")
        if case .choice(let items) = part.question { asked += items.map { $0.question[.korean] } }
      }
      for term in later where term.korean.count > 1 {
        // A word that is part of a known one, such as the partition in a Kafka partition.
        if words.contains(where: { $0.contains(term.korean) }) { continue }
        guard asked.contains(where: { $0.contains(term.korean) }) else { continue }
        findings.append(
          finding(
            "introduced.late",
            "\(exercise.id) asks with the term `\(term.korean)` (path \(path))",
            file: relative(exercise),
            fix: "Introduce `\(term.id)` in section \(section.id) or earlier, or ask without it."
          )
        )
      }
    }
    return findings
  }

  /// Exercises whose `needs` do not come before them on a role's path, or do not exist.
  package func needs() -> [ContentFinding] {
    var findings: [ContentFinding] = []
    for exercise in exercises.values.sorted(by: { $0.id < $1.id }) {
      for need in exercise.needs where exercises[need] == nil {
        findings.append(
          finding(
            "needs.unknown",
            "\(exercise.id) needs `\(need)`, which does not exist",
            file: relative(exercise),
            fix: "Name an exercise that is there."
          )
        )
      }
    }
    for path in paths {
      var earlier: Set<String> = []
      for section in path.lessons.flatMap(\.sections) {
        for exercise in section.exercises.compactMap({ exercises[$0] }) {
          for need in exercise.needs where exercises[need] != nil && !earlier.contains(need) {
            findings.append(
              finding(
                "needs.late",
                "\(exercise.id) needs \(need), which does not come before it on the path "
                  + path.name,
                file: relative(exercise),
                fix: "Move one of them, or drop the need."
              )
            )
          }
          earlier.insert(exercise.id)
        }
      }
    }
    return findings
  }

  // MARK: Minutes

  /// Sections whose minutes are too few for their words at reading speed and their core exercises.
  ///
  /// The longer of the two languages counts; half a minute more is let pass.
  package func minutes(_ texts: ContentTexts) -> [ContentFinding] {
    outline.lessons.flatMap { entry in
      entry.sections.compactMap { section -> ContentFinding? in
        let words = CourseLanguage.allCases.map { language in
          texts.wordCount(
            file: "Lessons/\(entry.slug)/lesson.\(language.rawValue).md",
            section: section.id
          )
        }
        let reading = Double(words.max() ?? 0) / Double(Self.wordsPerMinute)
        let core = section.exercises.compactMap { exercises[$0] }.filter { $0.tier == .core }
        let needed = reading + Double(core.reduce(0) { $0 + $1.minutes })
        guard needed > Double(section.minutes) + 0.5 else { return nil }
        return finding(
          "minutes.short",
          "section \(section.id) promises \(section.minutes) minutes: \(words.max() ?? 0) words and "
            + "\(core.count) exercises take \(Int(needed.rounded(.up)))",
          fix: "Write `minutes: \(Int(needed.rounded(.up)))`, or shorten it."
        )
      }
    }
  }
}

extension CourseContent {
  /// All findings about the content: texts first, then the order of things.
  ///
  /// Throws `CourseError` where a file cannot be loaded at all.
  package func findings() throws -> [ContentFinding] {
    let texts = ContentTexts(root: root)
    return texts.unreadable + texts.forbiddenSpellings(try glossary()) + texts.speechLevel()
      + texts.placeholderDifferences() + TranslationLedger.read(root: root).findings(texts)
      + (try CourseOrderChecks(content: self).findings(texts))
  }
}
