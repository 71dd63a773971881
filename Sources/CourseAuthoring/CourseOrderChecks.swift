// The checks of content that compare files with each other: everything that is named exists,
// nothing is needed before it was introduced, and the promised minutes can be kept.

package import Course
internal import Grading

/// Compares the outline, the lessons, the exercises and the look-up files.
package struct CourseOrderChecks {
  private let content: CourseContent
  private let outline: CourseOutline
  private let lessons: [String: Lesson]
  private let exercises: [String: Exercise]
  private let glossary: Glossary
  private let cards: [ProductCard]
  private let checklist: Checklist
  private let worksheets: [Worksheet]
  private let texts: ContentTexts

  /// Commands that need no introduction: those of the course itself, named by every screen.
  package static let courseCommands: Set<String> = [
    "answer", "back", "card", "check", "checklist", "exercise", "glossary", "help", "hint", "lang",
    "lesson", "list", "next", "play", "progress", "refs", "resume", "reset", "review", "role",
    "skip", "solution", "watch",
  ]

  /// How many words a minute a learner reads.
  package static let wordsPerMinute = 250

  /// Loads everything; throws `Unloadable` with the errors of all lessons and exercises, or the
  /// `CourseError` of a look-up file.
  package init(content: CourseContent, texts: ContentTexts) throws {
    self.content = content
    self.texts = texts
    outline = try content.outline()
    glossary = try content.glossary()
    cards = try content.cards()
    checklist = try content.checklist()
    worksheets = try content.worksheets()
    var errors: [CourseError] = []
    func load<Value>(_ value: () throws -> Value) throws -> Value? {
      do { return try value() } catch let error as CourseError {
        errors.append(error)
        return nil
      }
    }
    var lessons: [String: Lesson] = [:]
    for entry in outline.lessons where entry.isThere {
      lessons[entry.id] = try load { try content.lesson(entry) }
    }
    self.lessons = lessons
    var exercises: [String: Exercise] = [:]
    for (id, folder) in try content.exerciseFolders().sorted(by: { $0.key < $1.key }) {
      exercises[id] = try load { try Exercise.load(folder: folder) }
    }
    self.exercises = exercises
    if !errors.isEmpty { throw Unloadable(errors: errors) }
  }

  /// Files that cannot be loaded; there is nothing to compare then.
  struct Unloadable: Error {
    var errors: [CourseError]
  }

  private static let outlineFile = "Lessons/course.yaml"

  private func finding(
    _ rule: String,
    _ text: String,
    file: String = outlineFile,
    at needles: [String],
    fix: String
  ) -> ContentFinding {
    // Without the last words the line is that of what holds them.
    let line = (1...needles.count).reversed().lazy
      .compactMap { texts.line(in: file, of: Array(needles.prefix($0))) }.first
    return ContentFinding(rule: rule, file: file, line: line ?? 1, text: text, fix: fix)
  }

  /// All findings of this group.
  package func findings() -> [ContentFinding] {
    existence() + introductions() + needs() + minutes()
  }

  /// How the outline names a section.
  private func named(_ section: CourseOutline.SectionEntry) -> String { "id: \"\(section.id)\"" }

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
          at: ["id: \(term.id)", "lesson:"],
          fix: "Name one of \(lessonIDs.joined(separator: ", "))."
        )
      )
    }
    for sheet in worksheets where !lessonIDs.contains(sheet.lesson) {
      findings.append(
        finding(
          "worksheet.lesson",
          "the worksheet `\(sheet.id)` names lesson \(sheet.lesson)",
          file: "Lessons/worksheets.yaml",
          at: ["id: \(sheet.id)", "lesson:"],
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
            at: ["proves:", item],
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
            at: ["proves:"],
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
          at: ["## "],
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
            at: ["## \(section.id) "],
            fix: "Give it the same title in both."
          )
        )
      }
      for id in section.exercises where exercises[id] == nil {
        findings.append(
          finding(
            "exercise.missing",
            "section \(section.id) names the exercise \(id)",
            at: [named(section), "exercises:", id],
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
              at: ["## \(section.id) ", " \(id)"],
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
              at: ["## \(section.id) ", "card \(id)"],
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
            at: [named(section), "terms:", id],
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
            at: ["id: \(term.id)", "lesson:"],
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
  package func introductions() -> [ContentFinding] {
    let commands = Set(outline.lessons.flatMap(\.sections).flatMap(\.commands))
    var findings: [ContentFinding] = []
    for path in paths {
      var known = Self.courseCommands
      var terms: Set<String> = []
      for entry in path.lessons where entry.isThere {
        for section in entry.sections {
          known.formUnion(section.commands)
          terms.formUnion(section.terms)
          let lines = usedLines(entry, section)
          for (line, file) in lines {
            let word = line.prefix { !$0.isWhitespace }
            guard commands.contains(String(word)), !known.contains(String(word)) else { continue }
            findings.append(
              finding(
                "introduced.late",
                "section \(section.id) uses the command `\(word)` (path \(path.name))",
                file: file,
                at: file.contains("/lesson.") ? ["## \(section.id) ", line] : [line],
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
    _ section: CourseOutline.SectionEntry
  ) -> [(line: String, file: String)] {
    var lines: [(String, String)] = []
    let steps = lessons[entry.id]?.sections.first { $0.id == section.id }?.steps ?? []
    for case .demonstration(let demonstration) in steps {
      for language in CourseLanguage.allCases {
        let file = "Lessons/\(entry.slug)/lesson.\(language.rawValue).md"
        // Of a statement over several lines, the first is looked for.
        lines += demonstration.lines.compactMap { line in
          line[language].split(whereSeparator: \.isNewline).first.map { (String($0), file) }
        }
      }
    }
    for exercise in section.exercises.compactMap({ exercises[$0] }) {
      let folder = exercise.folder.dropFirst(content.root.count + 1)
      let texts = texts.texts.filter {
        $0.kind == .markdown && $0.file.hasPrefix(folder + "/")
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
      let folder = String(exercise.folder.dropFirst(content.root.count + 1)) + "/"
      var asked = [(text: exercise.task[.korean], file: folder + "task.ko.md")]
      for part in exercise.parts {
        asked.append((part.title?[.korean] ?? "", folder + "exercise.yaml"))
        if case .choice(let items) = part.question {
          asked += items.map { ($0.question[.korean], "\(folder)items/\($0.id).yaml") }
        }
      }
      for term in later {
        // A word that is part of a known one, such as the partition in a Kafka partition.
        if words.contains(where: { $0.contains(term.korean) }) { continue }
        guard let place = asked.first(where: { Self.mentions($0.text, term.korean) }) else {
          continue
        }
        findings.append(
          finding(
            "introduced.late",
            "\(exercise.id) asks with the term `\(term.korean)` (path \(path))",
            file: place.file,
            at: [term.korean],
            fix: "Introduce `\(term.id)` in section \(section.id) or earlier, or ask without it."
          )
        )
      }
    }
    return findings
  }

  /// True where the text uses the term; one of a single syllable has to be a word of its own, with
  /// at most a particle.
  static func mentions(_ text: String, _ term: String) -> Bool {
    guard term.count == 1 else { return text.contains(term) }
    return text.ranges(of: term).contains { range in
      let before = text[..<range.lowerBound].last
      let after = String(text[range.upperBound...].prefix { $0.isLetter })
      let particles = [
        "", "이", "가", "을", "를", "은", "는", "의", "에", "과", "와", "도", "만", "이나", "으로", "로", "보다", "부터",
        "까지", "에서", "입니다", "인가요", "이란", "이라고",
      ]
      return before?.isLetter != true && particles.contains(after)
    }
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
            at: ["needs:", need],
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
                at: ["needs:", need],
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

  /// Sections whose minutes do not fit their words at reading speed and their core exercises.
  ///
  /// The longer of the two languages counts, and half a minute more is let pass. On top of that a
  /// section may promise one minute for each place where the learner does something, and one more:
  /// beyond it the promise is too high.
  package func minutes() -> [ContentFinding] {
    var findings: [ContentFinding] = []
    for entry in outline.lessons where entry.isThere {
      for section in entry.sections {
        let words =
          CourseLanguage.allCases.map { language in
            texts.wordCount(
              file: "Lessons/\(entry.slug)/lesson.\(language.rawValue).md",
              section: section.id
            )
          }.max() ?? 0
        let core = section.exercises.compactMap { exercises[$0] }.filter { $0.tier == .core }
        let needed =
          Double(words) / Double(Self.wordsPerMinute)
          + Double(core.reduce(0) { $0 + $1.minutes })
        let steps = lessons[entry.id]?.sections.first { $0.id == section.id }?.steps ?? []
        let stops = steps.filter(\.isStop).count
        let isShort = needed > Double(section.minutes) + 0.5
        guard isShort || Double(section.minutes) > needed + Double(stops) + 1 else { continue }
        findings.append(
          finding(
            isShort ? "minutes.short" : "minutes.long",
            "section \(section.id) promises \(section.minutes) minutes: \(words) words and "
              + "\(core.count) core exercises take \(Int(needed.rounded(.up)))",
            at: [named(section), "minutes:"],
            fix: "Write `minutes: \(Int(needed.rounded(.up)))`, or change what is in the section."
          )
        )
      }
    }
    return findings
  }
}

extension CourseContent {
  /// All findings about the content: texts first, then the order of things.
  ///
  /// A file that cannot be loaded is a finding too; what compares files is then left out.
  package func findings() -> [ContentFinding] {
    let texts = ContentTexts(root: root)
    var findings =
      texts.unreadable + texts.duplicateKeys() + texts.speechLevel()
      + texts.placeholderDifferences() + TranslationLedger.read(root: root).findings(texts)
    var errors: [CourseError] = []
    do {
      findings += texts.forbiddenSpellings(try glossary())
      findings += try CourseOrderChecks(content: self, texts: texts).findings()
    } catch let error as CourseOrderChecks.Unloadable {
      errors = error.errors
    } catch let error as CourseError {
      errors = [error]
    } catch {
      errors = [CourseError(code: "course.unreadable", message: "\(error)")]
    }
    let broken = Set(texts.unreadable.map(\.file))
    let loading = errors.map { error -> ContentFinding in
      var finding = ContentFinding(error)
      finding.file = texts.path(of: finding.file)
      return finding
    }
    return findings + loading.filter { !broken.contains($0.file) }
  }
}
