// The prompt's inside: a line goes in, a `Reply` comes out.
//
// `Shell` owns what a session of typing has (language, current exercise) and the world. The prompt,
// `-c`, `-f`, standard input and a second process all come through `run`, one at a time.

internal import Course
internal import Diagnostics
internal import EventModel
internal import Foundation
internal import Grading
package import Platform
internal import Simulation
package import Terminal
internal import TrinoSQL

/// Runs the lines of one home.
///
/// `@unchecked Sendable`: every entry takes `lock` before it touches anything mutable, and nothing
/// mutable is handed out.
package final class Shell: @unchecked Sendable {
  private let lock = NSRecursiveLock()
  let home: Home
  let content: ContentRoot
  let options: Platform.Options
  private(set) var opened: Platform?
  let progress: ProgressStore
  var settings: Settings
  private var catalogueStore: [Language: Catalogue] = [:]
  var server: ServeState?
  /// The files by which the open world was set up.
  var pipelineStamp: PipelineStamp?
  /// True where a file changed while ports were open.
  var isPipelineWaiting = false
  var exercises: ExerciseLibrary
  /// What opening the lesson found, until the next answer tells it.
  var unsaidNotices: [String] = []
  /// What each tile showed last, to say what has changed since.
  var lastTiles: [String: [Int64?]] = [:]
  /// The glossary's quiz, while it asks.
  var openQuiz: GlossaryQuiz?
  /// The review that `answer` and `check` speak of, while it is open.
  var openReview: ReviewDesk?
  /// How the rows of a query are written, for as long as the session lasts.
  var resultFormat = ResultFormat.auto
  /// The lesson, once it was opened.
  var lessonState: LessonState?

  /// The world of an exercise that its author looks into; lines go there while it is open.
  var authorWorld: AuthorWorld?
  /// The incident that is open, and what is being done about it.
  var incidents = IncidentDesk()
  /// The fork that `rewind` asks about, until the next line.
  var openRewind: WorldForks.Entry?
  /// Worlds that graders ask for, made once.
  let madeWorlds: MadeWorlds
  /// True where they are those of many homes: of an author's, in which answers are played.
  let sharesMadeWorlds: Bool
  let purpose: Purpose
  /// True while a line typed at the prompt runs.
  private(set) var isAtPrompt = false

  /// Whom a shell serves.
  enum Purpose {
    case learner
    /// A grader's copy of a world: nothing is locked, and nothing is written down.
    case grading
    /// An author's line, beside the learner's home: there is no learner, and nobody's world.
    case authoring
  }

  /// False while a line is answered as JSON, which has nothing beside it.
  private(set) var isProgressShown = true
  /// The session of the statements that are typed; that of another process while its line runs.
  private(set) var statements = StatementSession()
  /// Where the answer of the running line goes, for progress lines of long work.
  private(set) var output: any TerminalOutput

  package convenience init(
    home: Home,
    content: ContentRoot,
    options: Platform.Options,
    language: Language?,
    output: any TerminalOutput,
    wallTime: (@Sendable () -> Int64)? = nil
  ) throws {
    try self.init(
      home: home, content: content, options: options, language: language, output: output,
      purpose: .learner, wallTime: wallTime)
  }

  /// `wallTime` gives milliseconds since the epoch, for what comes back after days; nil is the
  /// machine's.

  init(
    home: Home,
    content: ContentRoot,
    options: Platform.Options,
    language: Language?,
    output: any TerminalOutput,
    purpose: Purpose,
    madeWorlds: MadeWorlds? = nil,
    wallTime: (@Sendable () -> Int64)? = nil
  ) throws {
    self.purpose = purpose
    self.madeWorlds = madeWorlds ?? MadeWorlds(home: home)
    sharesMadeWorlds = madeWorlds != nil
    if purpose != .grading { GradingHomes.removeLeftovers(of: home) }
    self.home = home
    self.content = content
    self.options = options
    self.output = output
    settings = Settings.read(homePath: home.path)
    if let language { settings.language = language }
    let file = home.path + "/progress.sqlite"
    progress =
      wallTime.map { ProgressStore(path: file, wallTime: $0) } ?? ProgressStore(path: file)
    exercises = ExerciseLibrary(content: content.course)
  }

  /// One line's way of being answered.
  package struct Request {
    package var line: String
    package var language: Language?
    package var isJSON: Bool
    /// True where a person typed it at the prompt: the lesson goes along, and hints are given.
    package var isPrompt: Bool
    /// The session of the process that sends the line; nil for the shell's own.
    var statements: StatementSession?

    package init(
      line: String,
      language: Language? = nil,
      isJSON: Bool = false,
      isPrompt: Bool = false
    ) {
      self.line = line
      self.language = language
      self.isJSON = isJSON
      self.isPrompt = isPrompt
    }
  }

  /// Runs one line and prints its answer to `output`; the exit status says how it went.
  package func run(_ request: Request, output: any TerminalOutput) -> ExitStatus {
    lock.lock()
    defer { lock.unlock() }
    let previous = self.output
    let ownStatements = statements
    if let sent = request.statements { statements = sent }
    let spoken = settings.language
    self.output = output
    isProgressShown = !request.isJSON
    let wasAtPrompt = isAtPrompt
    isAtPrompt = request.isPrompt
    if let language = request.language { settings.language = language }
    defer {
      self.output = previous
      statements = ownStatements
      isProgressShown = true
      isAtPrompt = wasAtPrompt
      if request.language != nil { settings.language = spoken }
    }
    let printer = ReplyPrinter(
      output: output, isJSON: request.isJSON, isPrompt: request.isPrompt, texts: catalogue)
    do {
      let input = try InputNormalizer.normalize(request.line)
      try followPipelineFiles()
      var reply = request.isPrompt ? try answerAtPrompt(input.text) : try answer(input.text)
      if request.isPrompt { tellAtWork(&reply) }
      let changed = request.isPrompt ? input.notice(texts: catalogue) : nil
      printer.print(reply, line: request.line, notices: [changed].compactMap { $0 } + takeNotices())
      return reply.exit
    } catch let refusal as InputRefusal {
      let text = ErrorText(
        code: "command.notText", message: refusal.text(catalogue),
        advice: self.text("error.command.notText.advice"), exit: .usage)
      printer.print(text, line: "", notices: takeNotices())
      return text.exit
    } catch {
      let text = ErrorText(error, catalogue: catalogue, line: request.line)
      printer.print(text, line: request.line, notices: takeNotices())
      return text.exit
    }
  }

  /// Runs `body` while no line runs.
  func lockedly<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  /// Lets lines of other programs run while `body` waits; only for a command that holds nothing.
  func unlockedly(_ body: () -> Void) {
    lock.unlock()
    defer { lock.lock() }
    body()
  }

  /// Runs `body` with the world while no line runs.
  package func withPlatform<Result>(_ body: (Platform) throws -> Result) throws -> Result {
    try lockedly { try body(try platform()) }
  }

  /// The world, opened on first use: starting the prompt does not wait for it.
  func platform() throws -> Platform {
    if let opened { return opened }
    var options = options
    // Graders and authors make worlds of their own, which nothing outside of them may change.
    if purpose == .learner { options.profile = try Profile.read(homePath: home.path) }
    let platform = try Platform(home: home, options: options, courseTables: courseTables)
    opened = platform
    pipelineStamp = PipelineStamp(root: platform.pipeline.root)
    if !platform.isPrepared { try prepare(platform) }
    return platform
  }

  private func prepare(_ platform: Platform) throws {
    guard isProgressShown else { return try platform.prepare { _ in } }
    let bar = ProgressLine(
      text("world.preparing"), total: 100,
      remaining: text("progress.remaining", ["time": "{time}"]), to: output)
    try platform.prepare { bar.update(Int64($0 * 100)) }
    bar.finish(text("world.ready"))
  }

  package var catalogue: Catalogue {
    if let known = catalogueStore[settings.language] { return known }
    let loaded = content.catalogue(settings.language)
    catalogueStore[settings.language] = loaded
    return loaded
  }

  func text(_ key: String, _ values: [String: String] = [:]) -> String {
    catalogue.text(key, values)
  }

  /// A text, asked for by the prompt, outside of a running line.
  func textNow(_ key: String, _ values: [String: String] = [:]) -> String {
    lockedly { text(key, values) }
  }

  package var language: Language {
    lockedly { settings.language }
  }

  package func setLanguage(_ language: Language) {
    lockedly {
      settings.language = language
      settings.write(home: home)
    }
  }

  /// Keeps accessible mode and switches the output that speaks now.
  func setAccessible(_ isAccessible: Bool) {
    settings.isAccessible = isAccessible
    settings.write(home: home)
    (output as? DescriptorOutput)?.setAccessible(isAccessible)
  }

  package var isFirstStart: Bool { !settings.isSaved }

  /// Closes the world; the next start need not scan the log.
  package func close() {
    lock.lock()
    defer { lock.unlock() }
    server?.stop()
    authorWorld?.world.close()
    authorWorld = nil
    try? opened?.close()
    opened = nil
    if purpose != .grading { GradingHomes.removeLeftovers(of: home) }
  }

  /// Closes the world; the next line that needs it opens it anew.
  ///
  /// - Throws: what keeps it from being written.
  func closeWorld() throws {
    try opened?.close()
    opened = nil
  }

  /// Lets go of a world that nobody will open again.
  func abandon() { opened = nil }

  /// The tool of the field that does the same, the first time only.
  private func tellAtWork(_ reply: inout Reply) {
    guard var atWork = reply.atWork, reply.exit == .success else { return }
    let key = "told." + atWork.topic
    guard (try? progress.setting(key)) ?? nil == nil else { return }
    try? progress.setSetting(key, "1")
    if let server = opened?.kafkaServers?.split(separator: ",").first {
      atWork.line = atWork.line.replacing("localhost:9092", with: server)
    }
    let label = text("tool.atWork", ["line": atWork.line])
    // A line to copy is never broken: where it does not fit beside its label, it stands below.
    let blocks: [Reply.Block] =
      TextWidth.columns(label) + 4 <= output.width
      ? [.text("    " + output.style.apply(.dim, label))]
      : [
        .text("    " + output.style.apply(.dim, label.replacing(" " + atWork.line, with: ""))),
        .verbatim(atWork.line),
      ]
    reply.blocks.insert(contentsOf: blocks, at: min(reply.atWorkIndex, reply.blocks.count))
  }

  /// Runs one line of SQL or of the prompt's own commands; an open incident writes down what it read.
  func answer(_ line: String) throws -> Reply {
    try watchedByIncident(line) { try withReadings { try dispatch(line) } }
  }

  private func dispatch(_ line: String) throws -> Reply {
    let trimmed = line.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !trimmed.isEmpty, !trimmed.hasPrefix("#"), !StatementShape.isComment(trimmed) else {
      return Reply()
    }
    if let authorWorld, !trimmed.lowercased().hasPrefix("course ") {
      return try answerInAuthorWorld(trimmed, authorWorld)
    }
    if StatementShape.looksLikeSQL(trimmed) {
      return try journaled(trimmed, isOperational: changesData(trimmed)) {
        try runSQL(trimmed).atWork(AtWork(line: trimmed, words: []))
      }
    }
    var words = Shell.answerWords(trimmed.precomposedStringWithCanonicalMapping)
    do {
      words = try words ?? CommandLineWords(trimmed.precomposedStringWithCanonicalMapping).words
    } catch let unbalanced as CommandLineWords.UnbalancedQuote {
      throw CommandError(
        .unbalancedQuote,
        ["quote": String(unbalanced.quote), "column": String(unbalanced.column)]
      )
    }
    guard let words, let name = words.first else { return Reply() }
    let rest = Array(words.dropFirst())
    if let command = CommandTable.named(name) {
      if purpose == .learner { try checkUnlocked(command) }
      return try journaled(trimmed, isOperational: command.isOperational(rest)) {
        try command.run(self, rest).atWork(AtWork(line: trimmed, words: words))
      }
    }
    if let tool = RealTool.named(name) {
      if tool.readsLog { try platform().checkEmbedded(name) }
      return try journaled(trimmed, isOperational: tool.isOperational(rest)) {
        try tool.run(self, rest)
      }
    }
    throw unknown(name, line: trimmed)
  }

  /// The words of an `answer` line: what follows is one word with its quotes, which are the query's
  /// own; a pair of quotes round the whole says nothing. Nil for any other line.
  private static func answerWords(_ line: String) -> [String]? {
    let parts = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    guard let name = parts.first?.lowercased(), name == "answer" else { return nil }
    guard var text = parts.dropFirst().first else { return [name] }
    while text.last?.isWhitespace == true { text.removeLast() }
    if let quote = text.first, "\"'".contains(quote), text.count > 1, text.last == quote {
      let inside = text.dropFirst().dropLast()
      if !inside.contains(quote) { text = inside }
    }
    return [name, String(text)]
  }

  func unknown(_ name: String, line: String) -> CommandError {
    let names = CommandTable.all.flatMap(\.names) + RealTool.all.flatMap(\.names)
    let latin = KoreanLayout.toLatin(name)
    let isKoreanLayout =
      latin.map { names.contains($0) || StatementShape.looksLikeSQL($0 + " ") } == true
    if isKoreanLayout, let meant = KoreanLayout.toLatin(line) {
      return CommandError(.koreanLayout, ["line": meant])
    }
    let spoken = SpokenCommand(line: line)
    // `시간 45` answers an open question before it asks for the clock; `답은 1:200` says itself that it
    // answers.
    if spoken?.isAnswer != true, let id = exerciseAnswered(by: line) {
      return CommandError(.looksLikeAnswer, ["line": line, "id": id])
    }
    if let spoken { return CommandError(.spokenCommand, ["line": spoken.line]) }
    if let habit = ForeignCommand(line: line, first: name) {
      return CommandError(.foreignCommand, ["word": name, "habit": habit.rawValue])
    }
    let known = names.filter { $0.count > 1 } + ["select"]
    guard let nearest = NearestName.suggest(name.lowercased(), from: known) else {
      return CommandError(.noSuchCommand, ["command": name])
    }
    return CommandError(.unknownCommand, ["command": name, "nearest": nearest])
  }

  /// What a start mended, to be said once.
  private func takeNotices() -> [String] {
    defer { unsaidNotices = [] }
    return unsaidNotices
      + (opened?.takeRecoveries() ?? []).map { text("recovery." + $0.code, $0.fields) }
      + progress.takeNotices().map { text($0.key, $0.fields) }
      + [server?.takeFailure()].compactMap { $0 }.map {
        ErrorText($0, catalogue: catalogue).message
      }
  }

  var courseLanguage: CourseLanguage { settings.language == .ko ? .korean : .english }
}

/// Tells SQL from commands by its first word.
package enum StatementShape {
  private static let words: Set<String> = [
    "select", "with", "values", "explain", "describe", "desc", "create", "insert", "update",
    "delete", "merge", "drop", "alter", "table", "prepare", "execute", "deallocate", "call", "use",
    "truncate", "analyze", "grant", "revoke",
  ]
  /// Words that begin SQL only with one of these behind them.
  private static let pairs: [String: Set<String>] = [
    "set": ["session", "time", "role", "path"], "reset": ["session"], "comment": ["on"],
    "start": ["transaction"], "refresh": ["materialized"],
  ]
  private static let showObjects: Set<String> = [
    "catalogs", "schemas", "tables", "columns", "functions", "session", "create", "stats",
  ]

  /// True where the text begins like a statement of SQL.
  package static func looksLikeSQL(_ text: String) -> Bool {
    var rest = text[...]
    while rest.first == "(" || rest.first?.isWhitespace == true { rest.removeFirst() }
    if rest.hasPrefix("-- ") || rest.hasPrefix("/*") { return true }
    let parts = rest.split(
      maxSplits: 2,
      whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }
    )
    guard let first = parts.first?.lowercased() else { return false }
    // `commit` alone is another tool's word.
    if first == "commit" || first == "rollback" { return rest.contains(";") }
    if let second = first == "show" ? showObjects : pairs[first] {
      return parts.count > 1 && second.contains(parts[1].lowercased())
    }
    return words.contains(first)
  }

  /// True where there is nothing but SQL comments.
  static func isComment(_ text: String) -> Bool {
    guard text.hasPrefix("-- ") || text.hasPrefix("/*") else { return false }
    let split = StatementSplitter.split(text)
    return split.statements.isEmpty && split.rest == nil && split.open == .nothing
  }

  /// True where a statement that began like SQL is not ended by `;` or `\G` yet.
  package static func isOpen(_ text: String) -> Bool {
    looksLikeSQL(text) && vertical(text) == nil && StatementSplitter.split(text).rest != nil
  }

  /// The statement that `\G` ends, with `;` in its place: its rows are asked for as records.
  static func vertical(_ text: String) -> String? {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    let ending = ["\\G", "\\G;"].first { trimmed.hasSuffix($0) }
    return ending.map { trimmed.dropLast($0.count) + ";" }
  }
}
