// Worlds for graders: copies of the learner's, and made ones.
//
// 1. `Shell.prepareWorlds` begins to make what an exercise will need, while the learner still reads: the
//    world, and a copy of it in which the request's script was played.
// 2. `Shell.openWorld` copies a world into `HOME/grading/<uuid>`, a home of its own with the secret of
//    the home it was lived in, and puts a shell over it: a `CopiedWorld`.
// 3. `CopiedWorld.query` asks an engine that knows `truth`, `answer` and `baseline` beside the pipeline;
//    `run` types at the copy's prompt, which knows none of them.
// 4. `close` removes the copy. What a crash leaves, the next start removes.

internal import Connector
internal import Course
internal import Diagnostics
internal import Foundation
package import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL
internal import World

/// Why a world for grading cannot be had; the reader is the author of the exercise.
struct GradingWorldError: DiagnosableError {
  var code: String
  var message: String
  var advice: String?

  init(_ code: String, _ message: String, advice: String? = nil) {
    self.code = "grading." + code
    self.message = message
    self.advice = advice
  }
}

extension Shell {
  /// Begins to make worlds that are not there yet, beside what the learner does; never waits.
  package func prepareWorlds(_ requests: [WorldRequest]) {
    for request in requests {
      guard
        let (options, play) = try? Self.making(
          request, content, settings.language, self.options.sessionZone)
      else { continue }
      madeWorlds.begin(options, playing: play)
    }
  }

  /// A copy of the world that was asked for.
  ///
  /// - Throws: `grading.request` for a day or size that is none, `world.fault…` for a fault that is
  ///   none, `incident.…` for a script that fails, `command.noSuchFork`, `platform.onlyEmbedded` for
  ///   the learner's world where its log is a cluster, and what the disk refuses.
  func openWorld(_ request: WorldRequest) throws -> CopiedWorld {
    let faults = request.faults.map(WorldFault.init)
    switch request.origin {
    case .made:
      let (options, play) = try Self.making(
        request, content, settings.language, self.options.sessionZone)
      let played = try play.map { try madeWorlds.path(for: options, playing: $0) }
      let made = try madeWorlds.path(for: options)
      return try CopiedWorld(
        below: home.path, of: .directory((played ?? made) + "/worlds/sandbox"),
        baseline: .directory(made + "/worlds/sandbox"), secret: try Home.secret(of: made),
        faults: [], kind: "made",
        attempts: try AttemptLedger(reading: (played ?? made) + Self.attemptsFile), self)
    case .learner(let name):
      // A cluster's records cannot be copied with the world.
      try platform().checkEmbedded("check")
      let secret = try home.secret()
      let fork = try name.map { name in
        guard let fork = worldForks.named(name) else {
          throw noSuch(.noSuchFork, name, among: worldForks.all().map(\.name))
        }
        return fork
      }
      let origin =
        try fork.map { CopiedWorld.Origin.directory($0.path) } ?? .running(try platform())
      // What an exercise began with, where it is not said; else the newest fork; else the world.
      let forks = worldForks.all()
      let begun = forks.last { $0.name.hasPrefix("exercise ") || $0.name.hasPrefix("incident ") }
      let baseline = (fork ?? begun ?? forks.last).map { CopiedWorld.Origin.directory($0.path) }
      // Answers that begin alike have copies of one fork, and ask the same of it; a learner asks once.
      if let fork, let id = fork.id, let script = request.script, sharesMadeWorlds {
        let played = try madeWorlds.path(
          of: fork.path, id: id, secret: secret,
          playing: Self.playing(script, faults, content, settings.language, options.sessionZone))
        return try CopiedWorld(
          below: home.path, of: .directory(played + "/worlds/sandbox"),
          baseline: baseline ?? origin, secret: secret, faults: [], kind: "learner",
          attempts: try AttemptLedger(reading: played + Self.attemptsFile), self)
      }
      let world = try CopiedWorld(
        below: home.path, of: origin, baseline: baseline ?? origin, secret: secret, faults: faults,
        kind: "learner", self)
      try request.script?.play(in: world)
      return world
    }
  }

  /// The attempts of a world's phones while a script was played in it, in the home that is kept.
  private static let attemptsFile = "/attempts.json"

  /// What a made world is made of, and what is done in it before it is copied.
  ///
  /// `language` and `zone` are those of whoever asks: what is done is the same in all languages, and in all
  /// zones but for queries.
  ///
  /// - Throws: `grading.request` for a request of a learner's world, and for a day, a size or a shift that
  ///   is none.
  static func making(
    _ request: WorldRequest, _ content: ContentRoot, _ language: Language, _ zone: SessionZone
  ) throws -> (options: Platform.Options, play: MadeWorlds.Play?) {
    let options = try madeOptions(request, contentRoot: content.path)
    return (options, request.script.map { playing($0, [], content, language, zone) })
  }

  /// A script as it is played in a closed world, once faults are part of it.
  private static func playing(
    _ script: WorldScript, _ faults: [WorldFault], _ content: ContentRoot, _ language: Language,
    _ zone: SessionZone
  ) -> MadeWorlds.Play {
    let asks = script.steps.contains { step in
      step.lines.contains { line in
        StatementShape.looksLikeSQL(line)
          || RealTool.named(String(line.prefix { !$0.isWhitespace })) != nil
      }
    }
    var parts = faults.map { fault in
      let parameters = fault.parameters.sorted { $0.key < $1.key }
      return "fault " + fault.name + parameters.map { " \($0.key)=\($0.value)" }.joined()
    }
    parts.append(script.text)
    if asks { parts.append("zone " + zone.name) }
    return MadeWorlds.Play(parts.joined(separator: "\u{0}")) { home in
      if !faults.isEmpty { try CopiedWorld.plant(faults, in: home.path) }
      let attempts = AttemptLedger()
      let shell = try CopiedWorld.makeShell(home, content, language, zone, attempts)
      _ = try shell.platform()
      try script.play(in: ShellHost(shell))
      try shell.closeWorld()
      try attempts.write(to: home.path + Shell.attemptsFile)
    }
  }

  /// What a made world is made of.
  ///
  /// - Throws: `grading.request` for a day, a size or a shift that is none.
  static func madeOptions(
    _ request: WorldRequest, contentRoot: String
  ) throws -> Platform.Options {
    guard case .made(let seed, let day, let size, let shift) = request.origin else {
      throw GradingWorldError("request", "only a made world has options")
    }
    guard let yesterday = CivilDate(day) else {
      throw GradingWorldError(
        "request", "\"\(day)\" is no day", advice: "Write the world's yesterday as 2024-01-15.")
    }
    guard let worldSize = WorldSize(rawValue: size) else {
      throw GradingWorldError(
        "request", "\"\(size)\" is no size",
        advice: "Known: " + WorldSize.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }
    guard (0...1_000).contains(shift) else {
      throw GradingWorldError("request", "a version shift is 0 to 1000, not \(shift)")
    }
    return Platform.Options(
      seed: seed, size: worldSize, yesterday: yesterday, versionShift: shift,
      faults: request.faults.map(WorldFault.init), contentRoot: contentRoot)
  }
}

extension WorldFault {
  init(_ fault: Fault) {
    self.init(name: fault.name, parameters: fault.parameters)
  }
}

/// A copy of a world in a home of its own.
///
/// Used by one thread at a time: its caller's.
final class CopiedWorld: GradingWorld {
  /// What is copied.
  enum Origin {
    /// A closed world's directory.
    case directory(String)
    case running(Platform)
  }

  /// The path of the learner's home. Not the home itself: a world that is not closed yet must not keep
  /// its lock.
  private let parent: String
  private let content: ContentRoot
  private let secret: [UInt8]
  private let kind: String
  private let spoken: Language
  private let sessionZone: SessionZone
  private let baselineOrigin: Origin
  /// What the learner worked out on paper: it belongs to no world.
  private let worksheets: WorksheetBook
  /// Nil once the world is closed.
  private var shell: Shell?
  private let path: String
  private var baselineHome: (home: Home, platform: Platform)?
  private var answers: [String: any TableSource] = [:]
  /// What the phones have tried since this copy was opened, and before it in the one it is a fork of, or
  /// while the script was played.
  private let attempts: AttemptLedger

  init(
    below parent: String, of origin: Origin, baseline: Origin, secret: [UInt8],
    faults: [WorldFault], kind: String, content: ContentRoot, language: Language,
    sessionZone: SessionZone, worksheets: WorksheetBook, attempts: AttemptLedger = AttemptLedger()
  ) throws {
    self.parent = parent
    self.worksheets = worksheets
    self.secret = secret
    self.kind = kind
    self.content = content
    spoken = language
    self.sessionZone = sessionZone
    baselineOrigin = baseline
    self.attempts = attempts
    let home = try Self.copy(origin, below: parent, secret)
    path = home.path
    do {
      if !faults.isEmpty { try Self.plant(faults, in: home.path) }
      shell = try Self.makeShell(home, content, language, sessionZone, attempts)
      _ = try shell?.platform()
    } catch {
      shell = nil
      GradingHomes.remove(path)
      throw error
    }
  }

  convenience init(
    below parent: String, of origin: Origin, baseline: Origin, secret: [UInt8],
    faults: [WorldFault], kind: String, attempts: AttemptLedger = AttemptLedger(), _ shell: Shell
  ) throws {
    try self.init(
      below: parent, of: origin, baseline: baseline, secret: secret, faults: faults, kind: kind,
      content: shell.content, language: shell.settings.language,
      sessionZone: shell.options.sessionZone, worksheets: shell.worksheetBook, attempts: attempts)
  }

  deinit { close() }

  private static func copy(
    _ origin: Origin, below parent: String, _ secret: [UInt8]
  ) throws -> Home {
    switch origin {
    case .directory(let world):
      try GradingHomes.make(below: parent, copying: world, secret: secret)
    case .running(let platform):
      try GradingHomes.make(below: parent, copying: platform, secret: secret)
    }
  }

  /// A grader's shell over a home of its own.
  fileprivate static func makeShell(
    _ home: Home, _ content: ContentRoot, _ language: Language, _ zone: SessionZone,
    _ attempts: AttemptLedger
  ) throws -> Shell {
    var options = Platform.Options(sessionZone: zone, contentRoot: content.path)
    options.attempts = attempts
    return try Shell(
      home: home, content: content, options: options, language: language,
      output: CapturedOutput(), purpose: .grading)
  }

  /// Adds faults to a closed world: they act from its present on.
  fileprivate static func plant(_ faults: [WorldFault], in home: String) throws {
    let file = home + "/worlds/sandbox/world.yaml"
    guard var world = try WorldFile.read(file) else {
      throw GradingWorldError("request", "the world has no world.yaml")
    }
    world.faults += faults
    try world.write(file)
  }

  private func opened() throws -> (shell: Shell, platform: Platform) {
    guard let shell else { throw GradingWorldError("closed", "the world was closed") }
    return (shell, try shell.platform())
  }

  // MARK: LessonHost

  var language: CourseLanguage { spoken == .ko ? .korean : .english }

  func text(_ key: String, _ values: [String: String]) -> String {
    shell?.text(key, values) ?? key
  }

  func run(_ line: String) throws -> HostReply {
    let captured = CapturedOutput()
    let status = try opened().shell.run(Shell.Request(line: line), output: captured)
    return HostReply(output: captured.text, exitCode: status.rawValue)
  }

  func query(_ sql: String) throws -> HostTable {
    try GradingNames.checkReads(sql)
    let platform = try opened().platform
    let baseline = sql.lowercased().contains("baseline") ? try baselineCatalogs() : []
    let events = platform.truthTable()
    let attempts = attempts
    var truth: [String: ComposedCatalog.Provider] = [
      "events": { events }, "attempts": { attempts.table() },
    ]
    if sql.lowercased().contains("phones") {
      let phones = try platform.phoneTable()
      truth["phones"] = { phones }
    }
    let tables = answers
    let own = ComposedCatalog(
      name: GradingNames.catalog,
      tables: [
        "truth": truth,
        "answer": tables.mapValues { table in { table } },
        "baseline": GradingNames.flat(baseline),
      ])
    let whole = ComposedCatalog(name: "baseline", tables: GradingNames.bySchema(baseline))
    let rules = Result { try platform.lifecycleRules() }
    let catalogs = CourseTables.forGraders(
      platform.catalogs, worksheets, language: language, rules: { try rules.get() })
    let engine = QueryEngine(catalogs: catalogs + [own, whole])
    var session = platform.session()
    session.catalog = GradingNames.catalog
    session.schema = GradingNames.schema
    return HostTable(try engine.execute(sql, session: session))
  }

  /// The catalogs of the world as it stood, opened when they are first asked for.
  private func baselineCatalogs() throws -> [any CatalogProvider] {
    if let baselineHome { return baselineHome.platform.catalogs }
    let home = try Self.copy(baselineOrigin, below: parent, secret)
    let platform = try Platform(
      home: home, options: Platform.Options(contentRoot: content.path))
    baselineHome = (home, platform)
    return platform.catalogs
  }

  // MARK: GradingWorld

  var description: WorldDescription {
    guard let platform = try? opened().platform else {
      return WorldDescription(seed: 0, day: "", origin: kind)
    }
    return WorldDescription(
      seed: platform.world.seed, day: platform.today.adding(days: -1).description, origin: kind,
      faults: platform.world.faults.map { Fault(name: $0.name, parameters: $0.parameters) })
  }

  func save(_ files: [LearnerChanges.File]) throws {
    try opened().shell.savePipeline(files)
  }

  func apply(_ changes: LearnerChanges, rebinding: [String: String]) throws -> [HostReply] {
    try save(changes.base + changes.files)
    return try changes.commands.map { command in
      let platform = try opened().platform
      let line = Rebinding.replace(rebinding, in: command.line)
      if line.hasPrefix("collect"), line.split(separator: " ").contains("-") {
        throw GradingWorldError(
          "change", "`\(line)` read the learner's standard input, which is gone")
      }
      let moment = platform.world.start.adding(milliseconds: command.offset)
      if platform.now < moment { try platform.advance(to: moment) }
      return try run(line)
    }
  }

  func fork() throws -> any GradingWorld {
    let copy = try CopiedWorld(
      below: parent, of: .running(try opened().platform), baseline: baselineOrigin,
      secret: secret, faults: [], kind: kind, content: content, language: spoken,
      sessionZone: sessionZone, worksheets: worksheets,
      attempts: AttemptLedger(copying: attempts))
    copy.answers = answers
    return copy
  }

  func setAnswer(_ name: String, _ table: GradingTable) throws {
    answers[name.lowercased()] = try TypedRows.source(table)
  }

  func close() {
    guard let shell else { return }
    self.shell = nil
    shell.abandon()
    GradingHomes.remove(path)
    if let baselineHome {
      self.baselineHome = nil
      GradingHomes.remove(baselineHome.home.path)
    }
  }
}

/// The names that graders' queries may use besides the pipeline's own.
enum GradingNames {
  /// Throws `grading.readOnly` for a statement that changes data: a world changes by lines that are
  /// typed at its prompt, and the queries of its grader only look.
  static func checkReads(_ sql: String) throws {
    guard StatementEffect.changesData(sql) else { return }
    throw GradingWorldError(
      "readOnly", "a grader's query may not change data: \(sql)",
      advice: "Ask with SELECT; what is to be done is typed as a line.")
  }

  /// Where names of two parts are looked up.
  static let catalog = "grading"
  /// Where names of one part are looked up.
  static let schema = "default"
  /// What really happened, by tables.
  static let truth = ["truth.events", "truth.attempts", "truth.phones"]

  /// Every table of a world by its bare name, and by `schema_table`; of two with one name, the one
  /// that is further along the pipeline has it.
  static func flat(_ catalogs: [any CatalogProvider]) -> [String: ComposedCatalog.Provider] {
    var tables: [String: ComposedCatalog.Provider] = [:]
    for (schema, name, provider) in all(catalogs) {
      if tables[name] == nil { tables[name] = provider }
      tables[schema + "_" + name] = provider
    }
    return tables
  }

  /// The same by schema, for names of three parts.
  static func bySchema(
    _ catalogs: [any CatalogProvider]
  ) -> [String: [String: ComposedCatalog.Provider]] {
    var schemas: [String: [String: ComposedCatalog.Provider]] = [:]
    for (schema, name, provider) in all(catalogs) where schemas[schema]?[name] == nil {
      schemas[schema, default: [:]][name] = provider
    }
    return schemas
  }

  private static func all(
    _ catalogs: [any CatalogProvider]
  ) -> [(schema: String, name: String, provider: ComposedCatalog.Provider)] {
    let order = ["silver", "gold", "mart", "bronze"]
    var found: [(schema: String, name: String, provider: ComposedCatalog.Provider)] = []
    for catalog in catalogs where ["lake", "warehouse", "live", "system"].contains(catalog.name) {
      for schema in (try? catalog.schemaNames()) ?? [] {
        for name in (try? catalog.tableNames(schema: schema)) ?? [] {
          found.append((schema, name, { try catalog.table(schema: schema, name: name) }))
        }
      }
    }
    func rank(_ schema: String) -> Int { order.firstIndex(of: schema) ?? order.count }
    return found.enumerated().sorted {
      (rank($0.element.schema), $0.offset) < (rank($1.element.schema), $1.offset)
    }.map(\.element)
  }
}
