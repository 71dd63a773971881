// Learners' worlds for `course check`, `course grade` and `course shell`: the real program over a
// copy of a made world, as it stands when an exercise begins.
//
// 1. A made world per seed is kept in HOME/cache/worlds, as graders' are.
// 2. `open` copies it into HOME/grading/<uuid>, a home with a progress of its own, and puts a learner's
//    shell over it.
// 3. Where answers begin with the same lines, the world after them is kept as well and copied.

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
  /// Worlds after some lines, as homes whose world is closed.
  private var kept: [Key: String] = [:]
  private var making: Set<Key> = []

  private struct Key: Hashable {
    var seed: UInt64
    var size: WorldSize
    var lines: [String]
  }

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
    for path in kept.values { GradingHomes.remove(path) }
  }

  package func prepare(_ requests: [WorldRequest]) {
    for seed in RunSetting.seeds.prefix(2) { made.begin(options(seed, .xs)) }
    for request in requests {
      if let options = try? Shell.madeOptions(request, contentRoot: content.path) {
        made.begin(options)
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
    let key = Key(seed: setting.seed, size: WorldSize(rawValue: size) ?? .xs, lines: lines)
    return try world(setting, copying: try state(key))
  }

  // MARK: States

  private func options(_ seed: UInt64, _ size: WorldSize) -> Platform.Options {
    Platform.Options(
      seed: seed, size: size, yesterday: Self.yesterday, contentRoot: content.path)
  }

  /// The home whose world stands where the lines have brought it.
  private func state(_ key: Key) throws -> String {
    guard !key.lines.isEmpty else { return try made.path(for: options(key.seed, key.size)) }
    let known = condition.withLock { () -> String? in
      while making.contains(key) { condition.wait() }
      if kept[key] == nil { making.insert(key) }
      return kept[key]
    }
    if let known { return known }
    let result = Result { try make(key) }
    return try condition.withLock {
      making.remove(key)
      condition.broadcast()
      let path = try result.get()
      kept[key] = path
      return path
    }
  }

  private func make(_ key: Key) throws -> String {
    // The longest state that is known is gone on from.
    let begun = condition.withLock {
      kept.keys.filter {
        $0.seed == key.seed && $0.size == key.size && key.lines.starts(with: $0.lines)
      }
        .max { $0.lines.count < $1.lines.count }
    }
    let begin = begun ?? Key(seed: key.seed, size: key.size, lines: [])
    let world = try world(RunSetting(seed: key.seed, language: .english), copying: state(begin))
    for index in begin.lines.count..<key.lines.count {
      let reply = world.json(key.lines[index])
      guard reply.exit == 0 else {
        world.close()
        throw PrefixError(index: index, output: reply.text)
      }
    }
    return try world.closeKeepingHome()
  }

  private func world(_ setting: RunSetting, copying path: String) throws -> LearnerWorld {
    let copy = try GradingHomes.make(
      below: home.path, copying: path + "/worlds/sandbox", secret: Home.secret(of: path))
    // Only a world that somebody lived in has one.
    let file = path + "/progress.sqlite"
    let progress = FileManager.default.fileExists(atPath: file) ? file : nil
    do {
      return try LearnerWorld(
        home: copy, content: content, made: made, setting: setting, contentRoot: content.path,
        progressPath: progress)
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
    progressPath: String? = nil
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
    // What earlier lines entered on paper is no part of the world.
    if let progressPath { _ = try shell.progress.merge(progressPath) }
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

  /// Closes the world so that it can be copied; its home stays.
  func closeKeepingHome() throws -> String {
    opened = nil
    try shell.closeWorld()
    return path
  }
}
