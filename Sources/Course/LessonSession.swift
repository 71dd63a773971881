package import Grading

/// One learner in the course: plays the lessons, finds out outcomes, and remembers the place.
///
/// A session belongs to one prompt and is used from one thread. Every call that moves stores the
/// place before it returns, in one transaction, so that a kill resumes at the same line. What
/// cannot be stored is a notice and never stops the lesson.
///
/// Texts are in the host's language at the time of the call: after a change of language, `screen()`
/// shows the same place in the other one.
package final class LessonSession {
  package let content: CourseContent
  private let host: any LessonHost
  private let progress: ProgressStore
  private var outlineRead: CourseOutline?
  private var lessons: [String: Lesson] = [:]
  private var player: LessonPlayer?
  /// True while nothing was run since an exercise's task was shown.
  private var isTaskInSight = false

  /// Reads nothing yet.
  package init(content: CourseContent, host: any LessonHost, progress: ProgressStore) {
    self.content = content
    self.host = host
    self.progress = progress
  }

  private var language: CourseLanguage { host.language }

  /// The order of the course, read once.
  package func outline() throws -> CourseOutline {
    if let outlineRead { return outlineRead }
    let outline = try content.outline()
    outlineRead = outline
    return outline
  }

  /// A lesson's text, read once.
  package func lesson(_ entry: CourseOutline.LessonEntry) throws -> Lesson {
    if let lesson = lessons[entry.id] { return lesson }
    let lesson = try content.lesson(entry)
    lessons[entry.id] = lesson
    return lesson
  }

  // MARK: Where one is

  /// The place: ids of lesson and section, the 0-based step; nil before `open`.
  package var position: ProgressStore.Position? {
    player.map { player in
      var exercise: String?
      if case .exercise(let id, false) = player.stop { exercise = id }
      return ProgressStore.Position(
        lesson: player.lessonID,
        section: player.section?.id ?? "",
        stepIndex: player.stepIndex,
        lineIndex: player.lineIndex,
        isPlaying: player.isPlaying,
        exercise: exercise
      )
    }
  }

  /// The head line of the place; nil before `open`.
  package var heading: LessonScreen.Heading? {
    guard let player, let section = player.section, let outline = outlineRead else { return nil }
    let entry = outline.lesson(player.lessonID)
    return LessonScreen.Heading(
      lesson: player.lessonID,
      lessonTitle: entry?.title[language] ?? "",
      section: section.id,
      sectionTitle: section.title[language],
      number: player.sectionIndex + 1,
      count: player.lesson.sections.count,
      minutes: entry?.sections.first { $0.id == section.id }?.minutes
    )
  }

  /// What the prompt waits for now.
  package var waiting: LessonScreen.Waiting {
    guard let player else { return .nothing }
    switch player.stop {
    case .demonstration(let demonstration, let index):
      do {
        let line = try replacingQueries(in: demonstration.lines[index][language], host: host)
        return .line(line, number: index + 1, count: demonstration.lines.count)
      } catch {
        return .unavailableLine(reason: host.texts.unavailableLine(reason(error)))
      }
    case .prediction(let prediction): return .prediction(question(prediction))
    case .exercise(let id, let isPassed): return .exercise(id, isPassed: isPassed)
    case .sectionEnd:
      let next = player.lesson.sections[player.sectionIndex + 1]
      return .sectionEnd(next: next.id, title: next.title[language])
    case .lessonEnd:
      let next = nextLesson
      return .lessonEnd(next: next?.id, title: next?.title[language])
    case .playing: return .playing(place: player.section?.id ?? player.lessonID)
    }
  }

  /// True where the learner has never opened a lesson.
  package var isNew: Bool { ((try? progress.position()) ?? nil) == nil }

  // MARK: Opening

  /// Comes back to the stored place, or begins the first lesson.
  ///
  /// Throws `CourseError` where the course's files cannot be read.
  package func open() throws -> LessonScreen {
    let outline = try outline()
    let stored = try? progress.position()
    let entry =
      stored.flatMap { position in outline.lesson(position.lesson) }.flatMap { $0.isThere ? $0 : nil }
      ?? outline.lessons.first(where: \.isThere)
    guard let entry else { return LessonScreen(items: [], waiting: .nothing, notices: []) }
    let lesson = try lesson(entry)
    let isStored = stored?.lesson == entry.id
    let section = isStored ? lesson.sections.firstIndex { $0.id == stored?.section } : nil
    let opened = LessonPlayer(
      lessonID: entry.id,
      lesson: lesson,
      section: section ?? 0,
      step: section == nil ? 0 : stored?.stepIndex ?? 0,
      line: section == nil ? 0 : stored?.lineIndex ?? 0,
      isPlaying: section != nil && stored?.isPlaying == true,
      pending: (try? progress.pendingPredictions()) ?? [],
      passed: (try? progress.passedExercises()) ?? []
    )
    player = opened
    return turn(opened.isPlaying ? [] : opened.view, beginsLesson: !isStored)
  }

  /// Jumps to a lesson (`01`, `1`), a section (`0.2`) or an exercise (`00-2`).
  ///
  /// Unfinished needs are warned of, never refused. Throws `course.unknown-place` with the nearest
  /// one, and `course.not-there-yet`.
  ///
  /// `step`, 1-based within the section, goes to that one; throws `course.no-step` where there are
  /// fewer.
  package func jump(to place: String, step wanted: Int? = nil) throws -> LessonScreen {
    let outline = try outline()
    let target = try outline.place(named: place)
    let entry = target.lesson
    guard entry.isThere else { throw CourseError.notThereYet(entry, language) }
    let lesson = try lesson(entry)
    var section = target.section.flatMap { id in lesson.sections.firstIndex { $0.id == id } } ?? 0
    var step = 0
    if let exercise = target.exercise {
      for (index, candidate) in lesson.sections.enumerated() {
        if let found = candidate.steps.firstIndex(of: .exercise(exercise)) {
          (section, step) = (index, found)
        }
      }
    }
    if let wanted {
      let count = lesson.sections[section].steps.count
      guard (1...max(count, 1)).contains(wanted) else {
        throw CourseError(
          code: "course.no-step",
          message: "The section \(lesson.sections[section].id) has \(count) steps.",
          place: place,
          advice: "Name one from 1 to \(count).",
          fields: ["section": lesson.sections[section].id, "count": String(count)]
        )
      }
      step = wanted - 1
    }
    let opened = LessonPlayer(
      lessonID: entry.id,
      lesson: lesson,
      section: section,
      step: step,
      passed: (try? progress.passedExercises()) ?? []
    )
    player = opened
    var screen = turn(opened.view, beginsLesson: section == 0 && step == 0)
    if let warning = needsWarning(entry, outline) { screen.items.insert(.note(warning), at: 0) }
    return screen
  }

  private func needsWarning(
    _ entry: CourseOutline.LessonEntry,
    _ outline: CourseOutline
  ) -> String? {
    let path = outline.path((try? progress.role()) ?? nil).map(\.id)
    let finished = (try? progress.sections()) ?? [:]
    let missing = entry.needs.compactMap(outline.lesson).filter { need in
      need.isThere && path.contains(need.id)
        && !need.sections.allSatisfy { finished[$0.id] == true }
    }
    guard !missing.isEmpty else { return nil }
    let names = missing.map { "\($0.id) \($0.title[language])" }.joined(separator: ", ")
    return host.texts.unfinishedNeeds(names)
  }

  // MARK: Moving

  /// What Enter on an empty line means.
  package enum Enter: Sendable, Hashable {
    /// Run this line as if it had been typed, then call `didRun`.
    case run(String)
    case show(LessonScreen)
  }

  /// Enter on an empty line: runs the next line of a demonstration, skips a question, goes on.
  ///
  /// While playing, and at an exercise that is open, it changes nothing: there it shows the task, or
  /// says what it waits for where the task stands right above.
  package func enter() -> Enter {
    switch waiting {
    case .line(let line, _, _): return .run(line)
    case .playing, .nothing: return .show(unchanged())
    case .exercise(let id, isPassed: false):
      // Right below its task a second reading would only push it off the screen.
      guard isTaskInSight else { return .show(unchanged([.exercise(id)])) }
      return .show(unchanged([.note(host.texts.taskAbove(id))]))
    default: return .show(next())
    }
  }

  /// `next`: goes on to the next step; at a demonstration's line it leaves the running to `enter`.
  ///
  /// An open exercise holds the place: the screen then says so.
  package func next() -> LessonScreen {
    guard player != nil else { return unchanged() }
    if case .unavailableLine = waiting { return skip() }
    if case .lessonEnd = waiting { return nextLessonScreen() }
    do {
      return turn(try player?.next() ?? [])
    } catch {
      return unchanged([note(error)])
    }
  }

  /// `back`: the stop before this one, from a lesson's begin the end of the lesson before it.
  package func back() -> LessonScreen {
    do {
      return turn(try player?.back() ?? [])
    } catch {
      guard case .atBeginning = error, let screen = try? lessonBefore() else {
        return unchanged([note(error)])
      }
      return screen
    }
  }

  /// `skip`: leaves out the exercise, question or demonstration at the place.
  package func skip() -> LessonScreen {
    var skipped: String?
    if case .exercise(let id, isPassed: false) = player?.stop { skipped = id }
    do {
      var screen = turn(try player?.skip() ?? [], skipped: skipped)
      if let skipped { screen.items.insert(.note(host.texts.exerciseSkipped(skipped)), at: 0) }
      return screen
    } catch {
      return unchanged([note(error)])
    }
  }

  /// `play`: leaves the script and keeps the place.
  package func play() -> LessonScreen {
    player?.play()
    return turn([])
  }

  /// `resume`: comes back to the script, and shows the place again.
  package func resume() -> LessonScreen { turn(player?.resume() ?? []) }

  /// Shows the place again, such as after a change of language.
  package func screen() -> LessonScreen {
    guard let player else { return unchanged() }
    return unchanged(items(player.view).items)
  }

  /// What came of a line that was typed at a prediction.
  package enum PredictionReply: Sendable, Hashable {
    case predicted(LessonScreen)
    /// A number that is no option; the sentence says which there are. Nothing was stored.
    case outOfRange(String)
  }

  /// Reads `2`, `2!` or `2?` where a prediction is asked for.
  ///
  /// Returns nil where no prediction is at the place or the text is no number: it is then a
  /// command.
  package func predict(_ text: String) -> PredictionReply? {
    guard case .prediction(let prediction) = player?.stop, let guess = readGuess(text) else {
      return nil
    }
    guard prediction.options.indices.contains(guess.option) else {
      return .outOfRange(host.texts.optionRange(prediction.options.count))
    }
    return .predicted(turn(player?.predict(guess) ?? [], guess: (prediction.id, guess)))
  }

  /// Tells the lesson that a line was run, whoever typed it and however it ended.
  ///
  /// A line that equals the one at the place, apart from spaces, counts as done. `pending` is the
  /// line as it was offered before it ran (from `waiting`), because running it may change what a
  /// query in it gives; without it the line at the place is looked up now.
  package func didRun(_ line: String, pending: String? = nil) -> LessonScreen {
    isTaskInSight = false
    var expected = pending
    if expected == nil, case .line(let now, _, _) = waiting { expected = now }
    guard let expected, case .demonstration = player?.stop, isSameLine(line, expected) else {
      return unchanged()
    }
    return turn(player?.lineDone() ?? [])
  }

  /// Tells the lesson that an exercise was passed; at the place it goes on.
  package func didPass(_ exercise: String) -> LessonScreen {
    turn(player?.passedExercise(exercise) ?? [])
  }

  // MARK: From lesson to lesson

  /// The lesson after this one on the role's path that is there; nil at the end of the path.
  private var nextLesson: CourseOutline.LessonEntry? {
    guard let player, let outline = outlineRead else { return nil }
    let path = outline.path((try? progress.role()) ?? nil)
    let rest =
      path.firstIndex { $0.id == player.lessonID }.map { path[($0 + 1)...] } ?? path[...]
    let finished = (try? progress.sections()) ?? [:]
    return rest.first { entry in
      entry.isThere && entry.id != player.lessonID
        && !entry.sections.allSatisfy { finished[$0.id] == true }
    }
  }

  private func nextLessonScreen() -> LessonScreen {
    guard let next = nextLesson else {
      return unchanged([.note(host.texts.endOfPath)])
    }
    do {
      return try jump(to: next.id)
    } catch {
      return unchanged([.note(reason(error))])
    }
  }

  private func lessonBefore() throws -> LessonScreen? {
    guard let player else { return nil }
    let outline = try outline()
    let path = outline.path((try? progress.role()) ?? nil).filter(\.isThere)
    guard let index = path.firstIndex(where: { $0.id == player.lessonID }), index > 0,
      let section = path[index - 1].sections.last
    else { return nil }
    return try jump(to: section.id)
  }

  // MARK: One turn

  private func unchanged(_ items: [LessonScreen.Item] = []) -> LessonScreen {
    isTaskInSight =
      isTaskInSight || items.contains { if case .exercise = $0 { true } else { false } }
    return LessonScreen(items: items, waiting: waiting, notices: notices())
  }

  /// Turns the player's events into items, finds out what is due, and stores it all.
  private func turn(
    _ events: [LessonPlayer.Event],
    guess: (step: String, guess: LessonPlayer.Guess)? = nil,
    skipped: String? = nil,
    beginsLesson: Bool = false
  ) -> LessonScreen {
    guard let player, let position else { return unchanged() }
    var shown = items(events)
    if beginsLesson, let entry = outlineRead?.lesson(player.lessonID) {
      shown.items.insert(
        .lessonTitle(
          id: entry.id,
          title: entry.title[language],
          question: entry.question?[language]
        ),
        at: 0
      )
    }
    var turn = ProgressStore.LessonTurn(position: position, pending: player.pending)
    turn.started = [position.section]
    turn.guess = guess
    turn.outcomes = shown.outcomes
    turn.skipped = skipped
    for case .finishedSection(let index) in events {
      turn.finished.append(player.lesson.sections[index].id)
    }
    if player.stop == .sectionEnd || player.stop == .lessonEnd {
      turn.finished.append(position.section)
    }
    var screen = unchanged(shown.items)
    do {
      try progress.save(turn)
    } catch {
      screen.notices.append(host.texts.placeNotStored(reason(error)))
    }
    screen.notices += notices()
    return screen
  }

  private func notices() -> [String] { progress.takeNotices().map(host.texts.notice) }

  private func items(
    _ events: [LessonPlayer.Event]
  ) -> (items: [LessonScreen.Item], outcomes: [(step: String, option: Int)]) {
    var items: [LessonScreen.Item] = []
    var outcomes: [(step: String, option: Int)] = []
    for event in events {
      switch event {
      case .enteredSection: if let heading { items.append(.sectionTitle(heading)) }
      case .finishedSection: break
      case .step(.prose(let text)): items.append(.prose(text[language]))
      case .step(.card(let id)): items.append(.card(id))
      case .step(.prediction(let prediction)): items.append(.prediction(question(prediction)))
      case .step(.exercise(let id)): items.append(.exercise(id))
      case .step(.demonstration): break
      case .passedBefore(let id): items.append(.passedBefore(id))
      case .due(let pending):
        guard let prediction = prediction(pending.id) else { continue }
        let (outcome, option) = outcome(of: prediction, pending.guess)
        items.append(.outcome(outcome))
        if let option { outcomes.append((pending.id, option)) }
      }
    }
    return (items, outcomes)
  }

  private func question(_ prediction: Lesson.Prediction) -> LessonScreen.Question {
    LessonScreen.Question(
      id: prediction.id,
      question: prediction.question[language],
      options: prediction.options.map { $0[language] }
    )
  }

  private func prediction(_ id: String) -> Lesson.Prediction? {
    for case .prediction(let prediction) in player?.lesson.sections.flatMap(\.steps) ?? []
    where prediction.id == id { return prediction }
    return nil
  }

  /// What turned out, beside the guess; the option is nil where it cannot be found out.
  private func outcome(
    of prediction: Lesson.Prediction,
    _ guess: LessonPlayer.Guess?
  ) -> (LessonScreen.Outcome, Int?) {
    var option: Int?
    switch prediction.outcome {
    case .option(let index): option = index
    case .sql(let sql):
      let number = (try? singleValue(sql, host)).flatMap { Int($0) }
      option = number.map { $0 - 1 }
    }
    option = option.flatMap { prediction.options.indices.contains($0) ? $0 : nil }
    let guessed = guess.flatMap { guess in
      prediction.options.indices.contains(guess.option) ? guess : nil
    }
    let guessText = guessed.map { prediction.options[$0.option][language] }
    let actual = option.map { prediction.options[$0][language] }
    let because = prediction.because?[language]
    let outcome = LessonScreen.Outcome(
      question: prediction.question[language],
      guess: guessText,
      certainty: guessed?.certainty,
      actual: actual,
      because: because,
      isRight: option.flatMap { option in guessed.map { $0.option == option } },
      text: [host.texts.outcome(guess: guessText, actual: actual), because]
        .compactMap { $0 }.joined(separator: "\n")
    )
    return (outcome, option)
  }

  // MARK: Sentences

  private func note(_ refusal: LessonPlayer.Refusal) -> LessonScreen.Item {
    switch refusal {
    case .exerciseIsOpen(let id): .note(host.texts.exerciseIsOpen(id))
    case .atBeginning: .note(host.texts.atBeginning)
    case .atEnd: .note(host.texts.endOfPath)
    case .nothingToSkip: .note(host.texts.nothingToSkip)
    }
  }

  private func reason(_ error: any Error) -> String {
    (error as? CourseError)?.message ?? "\(error)"
  }
}
