/// Where a learner is in one lesson, and what happens when he goes on: a pure value.
///
/// A lesson is read from stop to stop. A stop is a step at which the learner does something: a
/// demonstration (each Enter runs one line), a prediction, an exercise that is not passed yet, or
/// the end of a section. Prose and cards are passed on the way and come back as events, to be shown.
///
/// ```
/// prose ─▶ demonstration ─▶ prose ─▶ prediction ─▶ demonstration ─▶ exercise ─▶ … ─▶ section's end
///            Enter, Enter               2!            Enter          passed or skipped
/// ```
///
/// The player knows no host, no file and no language. `LessonSession` drives it, shows the events
/// and stores the value after each of them, so that a kill resumes at the same line.
package struct LessonPlayer: Sendable, Hashable {
  /// How sure the learner said to be of a prediction.
  package enum Certainty: String, Sendable, Hashable, CaseIterable {
    /// `2!`
    case sure
    /// `2`
    case plain
    /// `2?`
    case guess
  }

  /// What a learner predicted.
  package struct Guess: Sendable, Hashable {
    /// 0-based.
    package var option: Int
    package var certainty: Certainty

    package init(option: Int, certainty: Certainty) {
      self.option = option
      self.certainty = certainty
    }
  }

  /// A prediction whose outcome is still to come.
  package struct PendingPrediction: Sendable, Hashable {
    /// The prediction's id.
    package var id: String
    /// Nil where the learner skipped the question; he is shown the outcome all the same.
    package var guess: Guess?
    /// How many demonstrations have to run before the outcome is shown; 0 only in `Event.due`.
    package var remaining: Int

    package init(id: String, guess: Guess?, remaining: Int) {
      self.id = id
      self.guess = guess
      self.remaining = remaining
    }
  }

  /// What the learner is expected to do now.
  package enum Stop: Sendable, Hashable {
    /// The line at `index` of the demonstration is to be run.
    case demonstration(Lesson.Demonstration, index: Int)
    case prediction(Lesson.Prediction)
    /// Holds the place until the exercise is passed or skipped.
    case exercise(String, isPassed: Bool)
    case sectionEnd
    case lessonEnd
    /// The script was left; the place is kept.
    case playing
  }

  /// What happened on the way to the next stop, in order.
  package enum Event: Sendable, Hashable {
    case enteredSection(Int)
    case finishedSection(Int)
    /// Prose, a card, a prediction or an exercise, to be shown.
    case step(Lesson.Step)
    /// An exercise on the way that needs nothing more.
    case passedBefore(String)
    /// A prediction's outcome is to be found out and shown now.
    case due(PendingPrediction)
  }

  /// Why a call changed nothing.
  package enum Refusal: Error, Sendable, Hashable {
    /// An exercise holds the place.
    case exerciseIsOpen(String)
    /// There is nothing before this stop in the lesson.
    case atBeginning
    /// There is nothing after this stop in the lesson.
    case atEnd
    /// Nothing here can be skipped.
    case nothingToSkip
  }

  package let lessonID: String
  package let lesson: Lesson
  package private(set) var sectionIndex: Int
  /// The step within the section; as many as there are steps at the section's end.
  package private(set) var stepIndex: Int
  /// How many lines of the demonstration at this step were run.
  package private(set) var lineIndex: Int
  package private(set) var isPlaying: Bool
  package private(set) var pending: [PendingPrediction]
  private var passed: Set<String>

  /// A player at the first stop at or after that step; indexes outside the lesson are moved inside.
  ///
  /// `line` counts only where a demonstration of that many lines stands there.
  package init(
    lessonID: String,
    lesson: Lesson,
    section: Int = 0,
    step: Int = 0,
    line: Int = 0,
    isPlaying: Bool = false,
    pending: [PendingPrediction] = [],
    passed: Set<String> = []
  ) {
    self.lessonID = lessonID
    self.lesson = lesson
    self.isPlaying = isPlaying
    self.pending = pending
    self.passed = passed
    sectionIndex = max(0, min(section, lesson.sections.count - 1))
    let steps = lesson.sections.isEmpty ? [] : lesson.sections[sectionIndex].steps
    stepIndex = max(0, min(step, steps.count))
    lineIndex = 0
    while stepIndex < steps.count, !steps[stepIndex].isStop { stepIndex += 1 }
    if stepIndex == step, stepIndex < steps.count,
      case .demonstration(let demonstration) = steps[stepIndex],
      demonstration.lines.indices.contains(line)
    {
      lineIndex = line
    }
  }

  /// The section at the place; nil only in a lesson without sections.
  package var section: Lesson.Section? {
    lesson.sections.indices.contains(sectionIndex) ? lesson.sections[sectionIndex] : nil
  }

  private var steps: [Lesson.Step] { section?.steps ?? [] }
  private var isLastSection: Bool { sectionIndex >= lesson.sections.count - 1 }

  /// What the learner is expected to do now.
  package var stop: Stop { isPlaying ? .playing : stopAtPlace }

  private var stopAtPlace: Stop {
    guard stepIndex < steps.count else { return isLastSection ? .lessonEnd : .sectionEnd }
    switch steps[stepIndex] {
    case .demonstration(let demonstration): return .demonstration(demonstration, index: lineIndex)
    case .prediction(let prediction): return .prediction(prediction)
    case .exercise(let id): return .exercise(id, isPassed: passed.contains(id))
    case .prose, .card: return isLastSection ? .lessonEnd : .sectionEnd
    }
  }

  // MARK: What is on the screen

  /// The events that show the present stop: what stands since the stop before it, and itself.
  package var view: [Event] {
    var first = stepIndex
    while first > 0, !steps[first - 1].isStop { first -= 1 }
    var events: [Event] = first == 0 ? [.enteredSection(sectionIndex)] : []
    events += steps[first..<stepIndex].map { .step($0) }
    return events + shownAtPlace
  }

  /// A prediction and an exercise are shown when they are reached; a demonstration is the prompt's.
  private var shownAtPlace: [Event] {
    guard stepIndex < steps.count else { return [] }
    switch steps[stepIndex] {
    case .prediction, .exercise: return [.step(steps[stepIndex])]
    case .prose, .card, .demonstration: return []
    }
  }

  // MARK: Going on

  /// The line at the place was run, by Enter or because the learner typed it himself.
  ///
  /// Does nothing where no demonstration is at the place, or where the script was left.
  package mutating func lineDone() -> [Event] {
    guard case .demonstration(let demonstration, let index) = stop else { return [] }
    guard index + 1 >= demonstration.lines.count else {
      lineIndex += 1
      return []
    }
    var events: [Event] = []
    var left: [PendingPrediction] = []
    for var prediction in pending {
      prediction.remaining -= 1
      if prediction.remaining <= 0 {
        events.append(.due(prediction))
      } else {
        left.append(prediction)
      }
    }
    pending = left
    return events + leaveStep()
  }

  /// Takes a prediction, or nil for a question that was skipped, and goes on.
  ///
  /// Does nothing where no prediction is at the place.
  package mutating func predict(_ guess: Guess?) -> [Event] {
    guard case .prediction(let prediction) = stop else { return [] }
    pending.removeAll { $0.id == prediction.id }
    pending.append(
      PendingPrediction(id: prediction.id, guess: guess, remaining: prediction.after)
    )
    return leaveStep()
  }

  /// An exercise was passed, at the place or elsewhere; at the place it goes on.
  package mutating func passedExercise(_ id: String) -> [Event] {
    let wasPassed = !passed.insert(id).inserted
    guard !isPlaying, case .exercise(id, _) = stopAtPlace, !wasPassed else { return [] }
    return leaveStep()
  }

  /// Leaves out what is at the place: an exercise, a question, or a demonstration with all its
  /// lines. Predictions that wait for a demonstration left out are dropped.
  package mutating func skip() throws(Refusal) -> [Event] {
    switch stop {
    case .exercise: return leaveStep()
    case .prediction: return predict(nil)
    case .demonstration:
      pending.removeAll { $0.remaining <= 1 }
      return leaveStep()
    case .sectionEnd, .lessonEnd, .playing: throw .nothingToSkip
    }
  }

  /// Goes on from where there is nothing to run: a section's end, a passed exercise, a question
  /// (which it skips).
  ///
  /// Throws `exerciseIsOpen` and `atEnd`. A demonstration is run, not passed: there it returns nil,
  /// and the caller runs the line. Comes back to the script first where it was left.
  package mutating func next() throws(Refusal) -> [Event]? {
    if isPlaying { return resume() }
    switch stop {
    case .demonstration: return nil
    case .prediction: return predict(nil)
    case .exercise(let id, let isPassed):
      if !isPassed { throw .exerciseIsOpen(id) }
      return leaveStep()
    case .sectionEnd:
      sectionIndex += 1
      stepIndex = 0
      lineIndex = 0
      return [.enteredSection(sectionIndex)] + settle()
    case .lessonEnd, .playing: throw .atEnd
    }
  }

  /// Goes to the stop before this one, over section borders; the story's time is not turned back.
  package mutating func back() throws(Refusal) -> [Event] {
    isPlaying = false
    if lineIndex > 0 {
      lineIndex = 0
      return view
    }
    var section = sectionIndex
    var step = stepIndex
    while true {
      let steps = lesson.sections.isEmpty ? [] : lesson.sections[section].steps
      if let found = steps[..<min(step, steps.count)].lastIndex(where: \.isStop) {
        sectionIndex = section
        stepIndex = found
        return view
      }
      guard section > 0 else { throw .atBeginning }
      section -= 1
      step = lesson.sections[section].steps.count
    }
  }

  /// Leaves the script and keeps the place.
  package mutating func play() { isPlaying = true }

  /// Comes back to the script, and shows the stop again.
  package mutating func resume() -> [Event] {
    isPlaying = false
    return view
  }

  // MARK: Steps

  private mutating func leaveStep() -> [Event] {
    stepIndex += 1
    lineIndex = 0
    return settle()
  }

  /// Walks on to the next stop.
  private mutating func settle() -> [Event] {
    var events: [Event] = []
    while stepIndex < steps.count {
      let step = steps[stepIndex]
      if case .exercise(let id) = step, passed.contains(id) {
        events.append(.passedBefore(id))
      } else if step.isStop {
        return events + shownAtPlace
      } else {
        events.append(.step(step))
      }
      stepIndex += 1
    }
    events.append(.finishedSection(sectionIndex))
    return events
  }
}
