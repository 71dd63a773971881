// What a learner does with an exercise besides answering: see its solution, begin anew, leave it out,
// and have a file checked at every save.

internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  // MARK: Solution

  /// `solution [ID]`: the accepted answers, after a pass or three honest attempts.
  func showSolution(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let session = try session(arguments.positions.first)
    let solution = session.solution(storyTime: try platform().now.milliseconds)
    var blocks: [Reply.Block] = [.text(solution.text)]
    for answer in solution.answers {
      blocks.append(.text(""))
      if !answer.heading.isEmpty { blocks.append(.text(answer.heading)) }
      blocks += answer.lines.map { line in
        .verbatim((line.differs ? "  + " : "    ") + line.text)
      }
      if !answer.queries.isEmpty {
        blocks.append(.text("  " + text("course.solution.query")))
        blocks += answer.queries.map { .verbatim("    " + $0) }
      }
    }
    if !solution.note.isEmpty { blocks += [.text(""), .text(solution.note)] }
    if solution.isOpen { forgetReview(&blocks) }
    return Reply(
      blocks,
      data: .record([
        "exercise": .string(session.exercise.id), "open": .bool(solution.isOpen),
        "text": .string(solution.text),
        "answers": .array(
          solution.answers.map { answer in
            .record([
              "lines": .array(answer.lines.map { .string($0.text) }),
              "differs": .array(answer.lines.map { .bool($0.differs) }),
              "queries": .array(answer.queries.map(JSONValue.string)),
            ])
          }),
      ]),
      exit: solution.isOpen ? .success : .notYet
    )
  }

  // MARK: Reset

  /// `reset [ID] [--yes]`: the exercise from its beginning, and the world as it was then.
  ///
  /// What was passed stays passed. Where a fork was taken when the exercise began, going back loses
  /// what was done since: that is said and asked once, as `rewind` does.
  func resetExercise(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["yes"])
    try arguments.allowOnly("yes")
    let session = try session(arguments.positions.first)
    let id = session.exercise.id
    session.reset()
    let done = Reply(
      [.text(text("exercise.reset", ["id": id]))],
      data: .record(["exercise": .string(id)]))
    guard worldForks.named(session.exercise.forkName) != nil else { return done }
    let isSure = arguments.options["yes"] != nil
    var reply = try rewind([session.exercise.forkName] + (isSure ? ["--yes"] : []))
    reply.blocks = done.blocks + reply.blocks
    reply.data = done.data
    return reply
  }

  /// Takes the fork that graders and `reset` go back to, where the exercise needs one and has none;
  /// lays its `start` files over `pipeline/`.
  func beginExercise(_ exercise: Exercise) throws {
    guard purpose == .learner, exercise.needsFork, worldForks.named(exercise.forkName) == nil
    else { return }
    // Before its files are laid: what cannot begin leaves nothing behind.
    try platform().checkEmbedded("exercise \(exercise.id)")
    try savePipeline(try exercise.startFiles())
    try takeFork(exercise.forkName)
  }

  /// Lays files over `pipeline/`, as an editor would have saved them.
  func savePipeline(_ files: [LearnerChanges.File]) throws {
    guard !files.isEmpty else { return }
    try PipelineChanges.lay(files, over: try platform().pipeline.root)
    // The collector, the phone and the topics are set up when a world is opened.
    try closeWorld()
  }

  // MARK: Skip

  /// `skip`, `skip ID`: what the lesson waits for, or an exercise by its id.
  func skipStep(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    guard let id = arguments.positions.first else { return try move { $0.skip() } }
    let exercise = try exercises.session(id, progress: progress, host: lessonHost()).exercise
    if case .exercise(exercise.id, isPassed: false)? = lessonState?.session.waiting {
      return try move { $0.skip() }
    }
    try progress.skip(exercise: exercise.id)
    return Reply(
      [.text(text("exercise.skipped", ["id": exercise.id]))],
      data: .record(["exercise": .string(exercise.id)]))
  }

  // MARK: Watch

  /// How long a file must stay as it is before it is read: editors write in pieces.
  private static let settleMilliseconds: Int64 = 300

  /// `watch FILE [ID]`: checks the file at every save, until it passes or Ctrl-C.
  ///
  /// Every check is printed below the last one: nothing is redrawn, in accessible mode or not. Other
  /// programs of the same home are answered meanwhile.
  func watch(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    guard let name = arguments.positions.first else {
      throw CommandError(
        .missingArgument, ["command": "watch", "usage": text("help.watch.usage")])
    }
    // Ctrl-C of another process does not reach this one.
    guard !(output is ForwardedOutput) else { throw CommandError(.watchElsewhere) }
    let path = Home.absolute(name)
    guard ContentFolder(path: (path as NSString).deletingLastPathComponent).isFolder("") else {
      throw CommandError(.noSuchFolder, ["file": name])
    }
    let session = try session(arguments.positions.dropFirst().first)
    let output = output
    let values = ["file": name, "id": session.exercise.id]
    func tell(_ reply: Reply) {
      ReplyPrinter(output: output, isJSON: !isProgressShown, isPrompt: isAtPrompt, texts: catalogue)
        .print(reply, line: "watch \(name)")
    }
    if isProgressShown {
      let isThere = FileManager.default.fileExists(atPath: path)
      tell(Reply([.text(text(isThere ? "watch.waiting" : "watch.absent", values))]))
    }
    var watch = FileWatch(settleMilliseconds: Self.settleMilliseconds)
    Interrupt.install()
    Interrupt.clear()
    while !Interrupt.isRequested {
      let now = Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000)
      guard watch.see(FileStamp(path: path), at: now) else {
        unlockedly { usleep(100_000) }
        continue
      }
      let typed = answer(in: path, to: session)
      // An empty file is no answer yet, and must not show an old pass.
      if session.reading == .text, typed == nil { continue }
      let result = try judged(session, typed)
      let reply = verdict(result, of: session)
      guard result.verdict != .passed else { return reply }
      tell(reply)
      if isProgressShown { tell(Reply([.text(text("watch.again", values))])) }
    }
    return Reply([.text(text("watch.ended", values))], data: .record(["ended": .bool(true)]))
  }

  /// What a file is as an answer: its name where the question reads files, nothing where the state of
  /// the pipeline is judged, else what stands in it.
  private func answer(in path: String, to session: ExerciseSession) -> String? {
    switch session.reading {
    case .file: return path
    case .state: return nil
    case .text:
      let bytes = ContentFolder.bytes(of: path) ?? []
      return String(decoding: bytes, as: UTF8.self)
        .split(whereSeparator: \.isNewline).map(String.init)
        .first { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("#") }
    }
  }
}

/// What tells one state of a file from another.
struct FileStamp: Equatable {
  var size: Int64
  var modifiedNanoseconds: Int64
  /// Another one after an editor put a new file in the place of the old.
  var node: UInt64

  init(size: Int64, modifiedNanoseconds: Int64, node: UInt64) {
    self.size = size
    self.modifiedNanoseconds = modifiedNanoseconds
    self.node = node
  }

  /// Nil where there is no such file just now.
  init?(path: String) {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      attributes[.type] as? FileAttributeType != .typeDirectory,
      let size = attributes[.size] as? NSNumber, let date = attributes[.modificationDate] as? Date
    else { return nil }
    self.size = size.int64Value
    modifiedNanoseconds = Int64(date.timeIntervalSince1970 * 1_000_000_000)
    node = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
  }
}

/// Decides when a file was saved; knows no clock and no disk.
///
/// A file that is gone for a moment (an editor renames its copy over it) is no save; a new one in its
/// place is. What changes again within the settling time is waited for.
struct FileWatch {
  private let settleMilliseconds: Int64
  private var checked: FileStamp?
  private var pending: (stamp: FileStamp, since: Int64)?

  init(settleMilliseconds: Int64) { self.settleMilliseconds = settleMilliseconds }

  /// True where the file, as it is seen at that moment, is to be checked now.
  mutating func see(_ stamp: FileStamp?, at now: Int64) -> Bool {
    guard let stamp, stamp != checked else {
      pending = nil
      return false
    }
    guard let pending, pending.stamp == stamp else {
      self.pending = (stamp, now)
      return false
    }
    guard now - pending.since >= settleMilliseconds else { return false }
    checked = stamp
    self.pending = nil
    return true
  }
}
