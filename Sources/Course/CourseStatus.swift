package import Grading

/// How far a learner is, computed from the outline and the progress file: for `list`, `progress`
/// and the roadmap. Values only; the prompt draws them.
package struct CourseStatus: Sendable, Hashable {
  package enum State: String, Sendable, Hashable {
    /// Announced, not written yet.
    case notThereYet
    case open
    case started
    case done
  }

  package enum ExerciseState: String, Sendable, Hashable {
    case open
    /// Some of its parts were passed.
    case partly
    case skipped
    case passed
    /// Passed for the first time after the solution was shown.
    case passedAfterSolution

    /// True for either way of passing.
    package var isPassed: Bool { self == .passed || self == .passedAfterSolution }
  }

  package struct ExerciseLine: Sendable, Hashable {
    package var id: String
    package var title: LocalizedText
    package var minutes: Int
    package var tier: Exercise.Tier
    package var state: ExerciseState
    /// Parts passed and parts in all; both 0 without parts.
    package var passedPartCount: Int
    package var partCount: Int
  }

  package struct SectionLine: Sendable, Hashable {
    package var id: String
    package var title: LocalizedText
    package var minutes: Int
    package var state: State
    package var exercises: [ExerciseLine]
    /// What is left to read and to do of the core; extensions do not count.
    package var minutesLeft: Int
  }

  package struct LessonLine: Sendable, Hashable {
    package var id: String
    package var title: LocalizedText
    package var question: LocalizedText?
    package var phase: Int
    package var needs: [String]
    package var minutes: Int
    package var state: State
    package var sections: [SectionLine]
    /// False where the role's path does without it.
    package var isOnPath: Bool
    /// What is left of it; the planned minutes where it is not there yet.
    package var minutesLeft: Int
  }

  /// In the role's order first, then what is not on its path.
  package var lessons: [LessonLine]
  /// Exercises that no lesson names: an instructor's own, and those of packs. What the course itself has
  /// only begun is in no list.
  package var others: [ExerciseLine] = []

  /// The lines for a learner of that role; without a role every lesson is on the path.
  package static func make(
    outline: CourseOutline,
    exercises: [String: ExerciseSummary],
    progress: ProgressStore,
    role: CourseOutline.Role?
  ) throws -> CourseStatus {
    let facts = Facts(
      exercises: exercises,
      sections: try progress.sections(),
      passed: try progress.passedExercises(),
      afterSolution: try progress.passedAfterSolution(),
      skipped: try progress.skippedExercises(),
      parts: try progress.passedPartCounts()
    )
    let path = outline.path(role)
    let rest = outline.lessons.filter { lesson in !path.contains { $0.id == lesson.id } }
    var status = CourseStatus(
      lessons: path.map { facts.line($0, isOnPath: true) }
        + rest.map { facts.line($0, isOnPath: false) }
    )
    let named = Set(outline.lessons.flatMap(\.sections).flatMap(\.exercises))
    // Exercises of a lesson whose text is not in the outline yet wait for it.
    let waiting = outline.lessons.filter(\.sections.isEmpty).map { $0.id + "-" }
    status.others = exercises.values
      .filter { exercise in
        if named.contains(exercise.id) { return false }
        if exercise.isOfPack { return true }
        return exercise.status != .draft && !waiting.contains { exercise.id.hasPrefix($0) }
      }
      .sorted { $0.id < $1.id }.map(facts.line)
    return status
  }

  private struct Facts {
    var exercises: [String: ExerciseSummary]
    var sections: [String: Bool]
    var passed: Set<String>
    var afterSolution: Set<String>
    var skipped: Set<String>
    var parts: [String: Int]

    func line(_ lesson: CourseOutline.LessonEntry, isOnPath: Bool) -> LessonLine {
      let lines = lesson.sections.map(line)
      let state: State
      if !lesson.isThere {
        state = .notThereYet
      } else if lines.allSatisfy({ $0.state == .done }) {
        state = .done
      } else {
        state = lines.contains { $0.state != .open } ? .started : .open
      }
      return LessonLine(
        id: lesson.id,
        title: lesson.title,
        question: lesson.question,
        phase: lesson.phase,
        needs: lesson.needs,
        minutes: lesson.minutes,
        state: state,
        sections: lines,
        isOnPath: isOnPath,
        minutesLeft: lesson.isThere
          ? lines.reduce(0) { $0 + $1.minutesLeft } : lesson.plannedMinutes ?? 0
      )
    }

    /// A section is done when it came to its end and its core exercises were passed.
    private func line(_ section: CourseOutline.SectionEntry) -> SectionLine {
      let lines = section.exercises.compactMap { exercises[$0] }.map(line)
      let core = lines.filter { $0.tier == .core }
      let open = core.filter { !$0.state.isPassed }.reduce(0) { $0 + $1.minutes }
      let reading = max(0, section.minutes - core.reduce(0) { $0 + $1.minutes })
      let isFinished = sections[section.id] == true
      let isDone = isFinished && open == 0
      let isStarted = sections[section.id] != nil || lines.contains { $0.state != .open }
      return SectionLine(
        id: section.id,
        title: section.title,
        minutes: section.minutes,
        state: isDone ? .done : isStarted ? .started : .open,
        exercises: lines,
        minutesLeft: (isFinished ? 0 : reading) + open
      )
    }

    func line(_ exercise: ExerciseSummary) -> ExerciseLine {
      let parts = min(parts[exercise.id, default: 0], exercise.partCount)
      let state: ExerciseState
      if passed.contains(exercise.id) {
        state = afterSolution.contains(exercise.id) ? .passedAfterSolution : .passed
      } else if parts > 0 {
        state = .partly
      } else {
        state = skipped.contains(exercise.id) ? .skipped : .open
      }
      return ExerciseLine(
        id: exercise.id,
        title: exercise.title,
        minutes: exercise.minutes,
        tier: exercise.tier,
        state: state,
        passedPartCount: parts,
        partCount: exercise.partCount
      )
    }
  }

  // MARK: Sums

  /// The minutes left on the path in lessons that are there.
  package var minutesLeft: Int {
    lessons.filter { $0.isOnPath && $0.state != .notThereYet }.reduce(0) { $0 + $1.minutesLeft }
  }

  /// The minutes that lessons on the path are planned to take which are not there yet.
  package var minutesPlanned: Int {
    lessons.filter { $0.isOnPath && $0.state == .notThereYet }.reduce(0) { $0 + $1.minutesLeft }
  }

  /// All exercises on the path, in order.
  package var exercises: [ExerciseLine] {
    lessons.filter(\.isOnPath).flatMap(\.sections).flatMap(\.exercises)
  }
}

/// How well the learner knows what he knows: right predictions by how sure he was.
package struct Calibration: Sendable, Hashable {
  package struct Score: Sendable, Hashable {
    package var right: Int
    package var count: Int

    package init(right: Int, count: Int) {
      self.right = right
      self.count = count
    }
  }

  package var scores: [LessonPlayer.Certainty: Score]
  /// Predictions whose outcome is not known (yet).
  package var openCount: Int

  package init(_ predictions: [ProgressStore.StoredPrediction]) {
    scores = [:]
    openCount = 0
    for prediction in predictions {
      guard let outcome = prediction.outcome else {
        openCount += 1
        continue
      }
      var score = scores[prediction.guess.certainty] ?? Score(right: 0, count: 0)
      score.count += 1
      score.right += prediction.guess.option == outcome ? 1 : 0
      scores[prediction.guess.certainty] = score
    }
  }
}

/// The course as a graph: phases one after the other, in each the lessons that go side by side.
package struct Roadmap: Sendable, Hashable {
  package struct Stage: Sendable, Hashable {
    package var phase: CourseOutline.Phase?
    /// Ids in the order of the course.
    package var lessons: [String]
  }

  package struct Edge: Sendable, Hashable {
    package var from: String
    package var to: String
  }

  package var stages: [Stage]
  /// What must come before what, without those that follow from others.
  package var edges: [Edge]
  /// Lessons of one phase, which refer to each other.
  package var pairs: [Edge]

  package init(_ outline: CourseOutline) {
    var order: [Int] = []
    var groups: [Int: [String]] = [:]
    for lesson in outline.lessons {
      if groups[lesson.phase] == nil { order.append(lesson.phase) }
      groups[lesson.phase, default: []].append(lesson.id)
    }
    stages = order.map { id in
      Stage(phase: outline.phases.first { $0.id == id }, lessons: groups[id] ?? [])
    }
    pairs = stages.flatMap { stage in
      zip(stage.lessons, stage.lessons.dropFirst()).map { Edge(from: $0, to: $1) }
    }
    let needs = Dictionary(uniqueKeysWithValues: outline.lessons.map { ($0.id, $0.needs) })
    func reaches(_ from: String, _ target: String) -> Bool {
      (needs[from] ?? []).contains { $0 == target || reaches($0, target) }
    }
    edges = outline.lessons.flatMap { lesson in
      lesson.needs.filter { need in
        !lesson.needs.contains { $0 != need && reaches($0, need) }
      }.map { Edge(from: $0, to: lesson.id) }
    }
  }
}

/// What a learner's sections have introduced so far.
package struct Introduced: Sendable, Hashable {
  package var commands: Set<String>
  package var terms: Set<String>

  /// What the sections introduced that were begun.
  package init(outline: CourseOutline, progress: ProgressStore) throws {
    let begun = try progress.sections()
    let sections = outline.lessons.flatMap(\.sections).filter { begun[$0.id] != nil }
    commands = Set(sections.flatMap(\.commands))
    terms = Set(sections.flatMap(\.terms))
  }
}

extension CourseOutline {
  /// The required proofs of a role's path with their state; `all-core` stands for every core
  /// exercise of the path's lessons that are there.
  package func required(
    _ role: Role,
    passes: [ProgressStore.Pass],
    exercises: [String: ExerciseSummary]
  ) -> [Checklist.Proof] {
    guard let path = roles.first(where: { $0.role == role }) else { return [] }
    let core = path.path.compactMap(lesson).flatMap(\.sections).flatMap(\.exercises)
      .filter { exercises[$0]?.tier == .core }
    let ids = path.required.flatMap { $0 == "all-core" ? core : [$0] }
    var seen: Set<String> = []
    let list = Checklist(items: [
      Checklist.Item(
        id: role.rawValue,
        group: .basic,
        text: path.title,
        lessons: path.path,
        proofs: ids.filter { seen.insert($0).inserted },
        deeper: []
      )
    ])
    return list.state(passes: passes, ticked: [], exercises: exercises, now: 0).flatMap(\.proofs)
  }
}
