// Learners' worlds for `course check`, `course grade` and `course shell`: the real program over a
// copy of a made world, as it stands when an exercise begins.
//
// 1. A made world per seed is kept in HOME/cache/worlds, as graders' are.
// 2. `open` copies it into HOME/grading/<uuid>, a home with a progress of its own, and puts a learner's
//    shell over it.
// 3. Where answers begin with the same lines, the world after them is kept as well and copied: with the
//    learner's progress, in which an incident is open, and with the forks that were taken.

internal import Collector
internal import Course
package import CourseAuthoring
internal import Foundation
package import Grading
package import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL
package import World

/// The bench of the real program.
///
/// `@unchecked Sendable`: what changes is touched only while `condition` is held.
package final class LearnerBench: AuthoringBench, @unchecked Sendable {
  private let home: Home
  private let content: ContentRoot
  private let made: MadeWorlds
  private let condition = NSCondition()
  /// Worlds after some lines.
  private var kept: [Key: Kept] = [:]
  private var making: Set<Key> = []
  private var useCount = 0

  private struct Key: Hashable {
    var seed: UInt64
    var size: WorldSize
    var lines: [String]
    /// The session's zone where an incident begins, whose queries ask in it; nil elsewhere.
    var zone: String?
  }

  /// A home whose world is closed.
  struct Kept {
    var path: String
    /// What a restart would have forgotten, and whoever types on remembers.
    var memory: CollectorMemory
    /// How many are copying it just now.
    var userCount = 0
    /// Later ones have higher numbers.
    var lastUse = 0
  }

  /// How many worlds in which an incident has begun are kept: each is three worlds with its forks. Ten
  /// settings play an answer, at two levels. A world that is larger than xs counts for several.
  private static let begunMax = 24

  private static func weight(_ key: Key) -> Int { key.size == .xs ? 1 : 6 }

  /// The day before the story's today, as for every learner.
  private static let yesterday = CivilDate(year: 2024, month: 1, day: 15)

  /// `content` holds the exercises that are played; worlds are made in `home`.
  /// `made` are the home's made worlds, where another bench uses them at the same time.
  package init(home: Home, content: ContentRoot, made: MadeWorlds? = nil) {
    self.home = home
    self.content = content
    self.made = made ?? MadeWorlds(home: home)
  }

  deinit {
    for state in kept.values { GradingHomes.remove(state.path) }
  }

  package func prepare(_ requests: [WorldRequest]) {
    for seed in RunSetting.seeds.prefix(2) { made.begin(options(seed, .xs)) }
    for request in requests {
      if let (options, play) = try? Shell.making(request, content, .en, .utc) {
        made.begin(options, playing: play)
      }
    }
  }

  package func isCommand(_ line: String) -> Bool {
    guard !StatementShape.looksLikeSQL(line) else { return true }
    let first = String(line.prefix { !$0.isWhitespace })
    return CommandTable.named(first) != nil || RealTool.named(first) != nil
  }

  package func columns(of line: String) -> Int { TextWidth.columns(line) }

  package func open(
    _ setting: RunSetting, size: String, after lines: [String]
  ) throws -> any BenchWorld {
    let begins = lines.contains { $0.hasPrefix("incident start ") }
    let key = Key(
      seed: setting.seed, size: WorldSize(rawValue: size) ?? .xs, lines: lines,
      zone: begins ? setting.zone : nil)
    return try copy(key, setting)
  }

  // MARK: States

  private func options(_ seed: UInt64, _ size: WorldSize) -> Platform.Options {
    Platform.Options(
      seed: seed, size: size, yesterday: Self.yesterday, contentRoot: content.path)
  }

  /// A world that stands where the lines have brought it.
  private func copy(_ key: Key, _ setting: RunSetting) throws -> LearnerWorld {
    guard !key.lines.isEmpty else {
      return try world(setting, copying: try made.path(for: options(key.seed, key.size)))
    }
    let state = try use(key)
    defer { release(key) }
    return try world(setting, copying: state.path, memory: state.memory)
  }

  /// The state after the lines, made where it is not there yet. It stays until it is released.
  private func use(_ key: Key) throws -> Kept {
    let known = condition.withLock { () -> Kept? in
      while making.contains(key) { condition.wait() }
      if let known = taken(key) { return known }
      making.insert(key)
      return nil
    }
    if let known { return known }
    let result = Result { try make(key) }
    let (state, surplus) = try condition.withLock { () throws -> (Kept, [String]) in
      making.remove(key)
      condition.broadcast()
      let state = try result.get()
      kept[key] = state
      return (taken(key) ?? state, forgetOldest())
    }
    for path in surplus { GradingHomes.remove(path) }
    return state
  }

  private func release(_ key: Key) {
    condition.lock()
    defer { condition.unlock() }
    kept[key]?.userCount -= 1
  }

  /// The state, with one more who uses it; `condition` is held.
  private func taken(_ key: Key) -> Kept? {
    guard var state = kept[key] else { return nil }
    useCount += 1
    state.userCount += 1
    state.lastUse = useCount
    kept[key] = state
    return state
  }

  /// Forgets begun incidents beyond those that are kept, the least recently used first; `condition` is
  /// held. Their homes are the caller's to remove.
  private func forgetOldest() -> [String] {
    let begun = kept.filter { $0.key.zone != nil }
    let idle = begun.filter { $0.value.userCount == 0 }
      .sorted { $0.value.lastUse < $1.value.lastUse }
    var paths: [String] = []
    var weight = begun.keys.reduce(0) { $0 + Self.weight($1) }
    for (key, state) in idle where weight > Self.begunMax {
      weight -= Self.weight(key)
      kept[key] = nil
      paths.append(state.path)
    }
    return paths
  }

  private func make(_ key: Key) throws -> Kept {
    // The longest state that is known is gone on from.
    let begun = condition.withLock {
      kept.keys.filter {
        $0.seed == key.seed && $0.size == key.size && ($0.zone == nil || $0.zone == key.zone)
          && key.lines.starts(with: $0.lines)
      }
        .max { $0.lines.count < $1.lines.count }
    }
    let begin = begun ?? Key(seed: key.seed, size: key.size, lines: [])
    let setting = RunSetting(seed: key.seed, language: .english, zone: key.zone ?? "UTC")
    let world = try copy(begin, setting)
    for index in begin.lines.count..<key.lines.count {
      let reply = world.json(key.lines[index])
      guard reply.exit == 0 else {
        world.close()
        throw PrefixError(index: index, output: reply.text)
      }
    }
    return try world.closeKeepingHome()
  }

  private func world(
    _ setting: RunSetting, copying path: String, memory: CollectorMemory? = nil
  ) throws -> LearnerWorld {
    let copy = try GradingHomes.make(
      below: home.path, copying: path + "/worlds/sandbox", secret: Home.secret(of: path))
    do {
      try WorldForks(home: copy, worldName: options(setting.seed, .xs).worldName)
        .takeOver(from: path)
      // Only a world that somebody lived in has one.
      let progress = path + LearnerWorld.keptProgress
      if FileManager.default.fileExists(atPath: progress) {
        try FileManager.default.copyItem(atPath: progress, toPath: copy.path + "/progress.sqlite")
      }
      return try LearnerWorld(
        home: copy, content: content, made: made, setting: setting, contentRoot: content.path,
        memory: memory)
    } catch {
      GradingHomes.remove(copy.path)
      throw error
    }
  }
}

/// One learner's world with a prompt.
final class LearnerWorld: BenchWorld {
  private let path: String
  private var opened: Shell?
  let shell: Shell
  let host: any IncidentHost

  init(
    home: Home, content: ContentRoot, made: MadeWorlds, setting: RunSetting, contentRoot: String,
    memory: CollectorMemory? = nil
  ) throws {
    path = home.path
    shell = try Shell(
      home: home, content: content,
      options: Platform.Options(
        sessionZone: SessionZone(parsing: setting.zone) ?? .utc, contentRoot: contentRoot),
      language: setting.language == .korean ? .ko : .en, output: CapturedOutput(),
      purpose: .learner, madeWorlds: made)
    opened = shell
    host = ShellHost(shell)
    try shell.progress.setSetting("learner.seed", String(setting.seed))
    if let memory { try shell.withPlatform { $0.collector.remember(memory) } }
  }

  deinit { close() }

  var progress: ProgressStore { shell.progress }

  func now() throws -> Int64 { try shell.withPlatform { $0.now.milliseconds } }

  func json(_ line: String) -> (text: String, exit: Int32) {
    let output = CapturedOutput()
    let status = shell.run(Shell.Request(line: line, isJSON: true), output: output)
    return (output.text, status.rawValue)
  }

  func screen(_ line: String, _ look: ScreenLook) -> String {
    let output = Self.output(look)
    _ = shell.run(Shell.Request(line: line), output: output)
    return output.text
  }

  func screen(text: String, _ look: ScreenLook) -> String {
    let output = Self.output(look)
    shell.lockedly {
      ReplyPrinter(output: output, isJSON: false, texts: shell.catalogue)
        .print(Reply(shell.told(text)), line: "")
    }
    return output.text
  }

  private static func output(_ look: ScreenLook) -> CapturedOutput {
    CapturedOutput(
      width: look.width,
      style: Style(usesColour: look.mode == .colour, isAccessible: look.mode == .accessible))
  }

  func close() {
    guard let opened else { return }
    self.opened = nil
    opened.abandon()
    GradingHomes.remove(path)
  }

  /// The learner's progress as one file of a home that is kept.
  static let keptProgress = "/kept-progress.sqlite"

  /// Closes the world so that it can be copied; its home stays.
  func closeKeepingHome() throws -> LearnerBench.Kept {
    // The store has its own file open until the shell is gone.
    try shell.progress.export(to: path + Self.keptProgress)
    let memory = try shell.withPlatform { $0.collector.memory }
    try shell.closeWorld()
    opened = nil
    return LearnerBench.Kept(path: path, memory: memory)
  }
}
