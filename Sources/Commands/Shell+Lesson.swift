// The lesson at the prompt: Enter goes on, a typed line counts, and what the lesson wants to say
// follows the answer of the line.
//
// `LessonSession` (in Course) knows the place and the texts; here its screens become blocks of a
// reply, and its lines are run like typed ones.

internal import Course
internal import EventModel
internal import Foundation
internal import Platform
internal import Simulation
internal import Terminal

/// The lesson of a shell.
struct LessonState {
  let session: LessonSession
  /// What the last line said to wait for; said again only when it changes.
  var lastWaiting: LessonScreen.Waiting?
}

extension CommandTable {
  /// The lesson and the learner's way through the course.
  static let course: [Command] = [
    Command("next", group: .lesson) { shell, _ in try shell.goOn() },
    Command("back", group: .lesson) { shell, _ in try shell.move { $0.back() } },
    Command("play", group: .lesson) { shell, _ in try shell.move { $0.play() } },
    Command("resume", group: .lesson) { shell, _ in try shell.resumeLesson() },
    Command("skip", group: .lesson) { try $0.skipStep($1) },
    Command("lesson", group: .lesson) { try $0.openLesson($1) },
    Command("list", group: .lesson) { try $0.listCourse($1) },
    Command("progress", group: .lesson, subcommands: ["export", "import"]) {
      try $0.progress($1)
    },
    Command("review", group: .lesson, subcommands: ["list", "stop"]) { try $0.review($1) },
    Command("checklist", group: .lesson) { shell, _ in try shell.showChecklist() },
    Command("card", group: .lesson) { try $0.showCard($1) },
    Command("glossary", group: .lesson, subcommands: ["quiz"]) { try $0.glossary($1) },
    Command("refs", group: .lesson) { try $0.showReferences($1) },
    Command("role", group: .lesson, subcommands: CourseOutline.Role.allCases.map(\.rawValue)) {
      try $0.role($1)
    },
    Command("exercise", group: .course) { try $0.exercise($1) },
    Command("answer", group: .course) { try $0.answerExercise($1) },
    Command("check", group: .course) { shell, _ in try shell.checkExercise() },
    Command("hint", group: .course) { shell, _ in try shell.hintExercise() },
    Command("solution", group: .course) { try $0.showSolution($1) },
    Command("reset", group: .course, options: ["--yes"]) { try $0.resetExercise($1) },
    Command("watch", group: .course) { try $0.watch($1) },
    Command(
      "incident", group: .course,
      subcommands: [
        "list", "start", "triage", "evidence", "diagnose", "report", "postmortem", "score", "rewind",
        "stop",
      ]
    ) { try $0.incident($1) },
  ]
}

extension Shell {
  /// The lesson, opened at the learner's place on first use.
  func lesson() throws -> LessonSession {
    if let lessonState { return lessonState.session }
    let (session, screen) = try openLesson()
    // The place is not shown now; what was found on the way to it is said all the same.
    unsaidNotices += screen.notices
    return session
  }

  private func openLesson() throws -> (session: LessonSession, screen: LessonScreen) {
    // `config.yaml` says the role; the progress file follows it.
    if let role = CourseOutline.Role(rawValue: settings.role), try progress.role() != role {
      try progress.setRole(role)
    }
    // The world is there before the first sentence speaks of it.
    _ = try platform()
    let session = LessonSession(
      content: content.course, host: lessonHost(), progress: progress)
    let screen = try session.open()
    lessonState = LessonState(session: session)
    return (session, screen)
  }

  // MARK: Lines of the prompt

  /// A line typed at the prompt: the lesson may ask something, and goes along with what is typed.
  func answerAtPrompt(_ line: String) throws -> Reply {
    let trimmed = line.trimmingCharacters(in: .whitespacesAndNewlines)
    // In an author's world there is no lesson to go along with.
    if authorWorld != nil { return try answer(trimmed) }
    if let reply = try answerRewind(trimmed) { return reply }
    if trimmed == "resume" { return try resumeLesson() }
    // Enter goes on with what the learner is at: an open incident says what comes next.
    if trimmed.isEmpty, let next = incidentNext() { return next }
    if trimmed.isEmpty { return try goOn(echoes: false) }
    let session = try lesson()
    switch session.predict(trimmed) {
    case .predicted(let screen): return reply(to: screen)
    case .outOfRange(let sentence): return Reply([.text(sentence)], exit: .usage)
    case nil: break
    }
    let pending = pendingLine(session)
    let reply = try answer(trimmed)
    // What Ctrl-C stopped does not count as done.
    guard !Interrupt.isRequested else { return reply }
    return followed(reply, by: session.didRun(trimmed, pending: pending))
  }

  private func pendingLine(_ session: LessonSession) -> String? {
    guard case .line(let line, _, _) = session.waiting else { return nil }
    return line
  }

  /// `reply` with what the lesson says after it.
  func followed(_ reply: Reply, by screen: LessonScreen) -> Reply {
    var reply = reply
    let more = self.reply(to: screen)
    if !more.blocks.isEmpty, !reply.blocks.isEmpty { reply.blocks.append(.text("")) }
    reply.blocks += more.blocks
    return reply
  }

  /// Enter on an empty line, and `next`: runs the line that is offered, or goes on.
  func goOn(echoes: Bool = true) throws -> Reply {
    incidents.hasFocus = false
    let session = try lesson()
    switch session.enter() {
    case .show(let screen): return reply(to: screen)
    case .run(let line):
      var reply = Reply()
      if echoes { reply.blocks.append(.verbatim(PromptState().text + line)) }
      do {
        let answered = try answer(line)
        reply.blocks += answered.blocks
        reply.data = answered.data
        reply.atWork = answered.atWork
        reply.atWorkIndex = reply.blocks.count
      } catch {
        // A demonstration that fails is told like any line; the learner can go on all the same.
        let text = ErrorText(error, catalogue: catalogue)
        reply.blocks += text.blocks(line: line, width: output.width, style: output.style)
        reply.exit = text.exit
      }
      guard !Interrupt.isRequested else { return reply }
      return followed(reply, by: session.didRun(line, pending: line))
    }
  }

  func move(_ body: (LessonSession) throws -> LessonScreen) throws -> Reply {
    incidents.hasFocus = false
    return reply(to: try body(try lesson()))
  }

  /// `resume`: comes back to the script and shows the place.
  func resumeLesson() throws -> Reply {
    // `check` and `hint` still speak of an incident that is open.
    incidents.takesEnter = false
    if let lessonState { return reply(to: lessonState.session.resume()) }
    let (session, screen) = try openLesson()
    return reply(to: screen.items.isEmpty ? session.screen() : screen)
  }

  /// `lesson`, `lesson 0.2`, `lesson 00-2`: where one is, or a jump.
  func openLesson(_ words: [String]) throws -> Reply {
    guard !words.isEmpty else { return try showRoadmap() }
    let session = try lesson()
    return reply(to: try session.jump(to: words.joined(separator: " ")))
  }

  // MARK: Screens

  /// A screen of the lesson as blocks, and what Enter does next.
  func reply(to screen: LessonScreen) -> Reply {
    var blocks: [Reply.Block] = []
    for item in screen.items {
      if !blocks.isEmpty { blocks.append(.text("")) }
      blocks += self.blocks(item)
    }
    if lessonState?.lastWaiting != screen.waiting || !screen.items.isEmpty {
      let waits = waitingBlocks(screen.waiting)
      if !waits.isEmpty, !blocks.isEmpty { blocks.append(.text("")) }
      blocks += waits
      lessonState?.lastWaiting = screen.waiting
    }
    blocks += screen.notices.map { .text($0) }
    return Reply(blocks, data: json(screen))
  }

  private func blocks(_ item: LessonScreen.Item) -> [Reply.Block] {
    switch item {
    case .lessonTitle(let id, let title, let question):
      return [.text(heading(id + " " + title))]
        + (question.map { [.text("  " + text("lesson.question", ["question": $0]))] } ?? [])
    case .sectionTitle(let head): return [.edges(left: heading(headLine(head)), right: storyNow())]
    case .prose(let markdown):
      return [.drawing(MarkdownView(markdown, texts: catalogue, indent: 2))]
    case .card(let id): return (try? cardBlocks(id)) ?? []
    case .prediction(let question):
      return [.text("  " + text("lesson.predict", ["question": question.question]))]
        + question.options.enumerated().map { .text("    \($0.offset + 1)) \($0.element)") }
    case .exercise(let id):
      do { return try exercise([id]).blocks } catch {
        // A broken exercise holds nobody up.
        let reason = ErrorText(error, catalogue: catalogue)
        let place = reason.place.map { " (\($0))" } ?? ""
        return [
          .text(text("exercise.broken", ["id": id, "reason": reason.message + place]))
        ]
      }
    case .passedBefore(let id): return [.text(text("lesson.passedBefore", ["id": id]))]
    case .outcome(let outcome):
      return outcome.text.split(separator: "\n").map { .text("  " + $0) }
    case .note(let sentence): return [.text(sentence)]
    }
  }

  private func headLine(_ head: LessonScreen.Heading) -> String {
    text(
      "lesson.head",
      [
        "lesson": head.lesson, "lessonTitle": head.lessonTitle, "number": String(head.number),
        "count": String(head.count), "title": head.sectionTitle,
      ])
  }

  private func storyNow() -> String { (try? platform().now).map { storyText($0) } ?? "" }

  private func waitingBlocks(_ waiting: LessonScreen.Waiting) -> [Reply.Block] {
    func line(_ key: String, _ values: [String: String] = [:]) -> [Reply.Block] {
      let whole = text(key, values)
      // Two ways to go on stand below each other where they do not fit side by side.
      let fits = TextWidth.columns(whole) + 4 <= output.width && !output.style.isAccessible
      return (fits ? [whole] : whole.split(separator: "   |   ").map(String.init)).map {
        .text("    " + output.style.apply(.dim, $0))
      }
    }
    switch waiting {
    case .line(let command, _, _):
      // Enter shows the whole of it; here one line tells what it is.
      let one = command.replacing("\n", with: " ")
      return line("lesson.wait.line", ["line": TextWidth.truncate(one, to: output.width - 12)])
    case .unavailableLine(let reason): return line("lesson.wait.unavailable", ["reason": reason])
    case .prediction: return line("lesson.wait.prediction")
    case .exercise(_, isPassed: true): return line("lesson.wait.passed")
    case .exercise: return []
    case .sectionEnd(let next, let title):
      return line("lesson.wait.section", ["id": next, "title": title])
    case .lessonEnd(let next?, let title):
      return line("lesson.wait.lesson", ["id": next, "title": title ?? ""])
    case .lessonEnd: return line("lesson.wait.end")
    case .playing(let place): return line("lesson.wait.playing", ["place": place])
    case .nothing: return []
    }
  }

  private func json(_ screen: LessonScreen) -> JSONValue {
    let place = lessonState?.session.position
    return .record([
      "lesson": .optional(place?.lesson), "section": .optional(place?.section),
      "step": place.map { .count($0.stepIndex) } ?? .null,
      "waiting": .string(screen.waiting.name), "exercise": .optional(place?.exercise),
      "line": .optional(lessonState.flatMap { pendingLine($0.session) }),
    ])
  }

  // MARK: The prompt

  /// What the prompt must know before it reads the next line.
  package func promptState() -> PromptState {
    lockedly {
      var state = PromptState(isAccessible: settings.isAccessible)
      if let authorWorld {
        state.text = authorWorld.id + "> "
        return state
      }
      switch lessonState?.session.waiting {
      case .prediction: state.text = text("prompt.prediction", ["space": " "])
      case .exercise(_, isPassed: false): state.isStepOpen = true
      case .line(let line, let number, _):
        if !isAtIncident { state.enterLine = line }
        state.isStepOpen = number > 1
      default: break
      }
      return state
    }
  }

  /// What the lesson waits for, by name, and the exercise that is open; nil before it was opened.
  package func lessonPlace() -> (waiting: String, exercise: String?)? {
    lockedly {
      lessonState.map { ($0.session.waiting.name, $0.session.position?.exercise) }
    }
  }

  /// Commands that a learner has met; all of them where no lesson was begun.
  func metCommands() -> Set<String> {
    let all = Set(CommandTable.all.map { $0.names[0] })
    guard (try? progress.position()) ?? nil != nil, let session = try? lesson(),
      let outline = try? session.outline(),
      let met = try? Introduced(outline: outline, progress: progress).commands
    else { return all }
    let always: Set<String> = [
      "next", "back", "play", "resume", "skip", "lesson", "list", "progress", "checklist", "role",
      "card", "glossary", "refs", "exercise", "answer", "check", "hint", "solution",
      "reset", "watch", "review", "lang", "accessible",
      "clear", "help", "exit",
    ]
    return met.union(always).union(incidentCommands())
  }

  /// Refuses a command that an exercise of the lesson will open; scripts of those who never began
  /// the course are not held up.
  func checkUnlocked(_ command: Command) throws {
    guard let exercise = exercises.locks()[command.names[0]], exercises.canBeRead(exercise),
      (try? progress.position()) ?? nil != nil,
      (try? progress.isPassed(exercise: exercise)) == false
    else { return }
    throw CommandError(
      .lockedCommand, ["command": command.names[0], "exercise": exercise])
  }
}

extension LessonScreen.Waiting {
  /// One word, for `--json`.
  var name: String {
    switch self {
    case .line: "line"
    case .unavailableLine: "unavailable-line"
    case .prediction: "prediction"
    case .exercise(_, let isPassed): isPassed ? "passed-exercise" : "exercise"
    case .sectionEnd: "section-end"
    case .lessonEnd: "lesson-end"
    case .playing: "playing"
    case .nothing: "nothing"
    }
  }
}
