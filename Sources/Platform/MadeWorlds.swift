// Worlds that nobody has seen: made from a seed once, kept, and copied for each use.
//
// ```
// HOME/cache/worlds/<key>/            a home of its own: secret, worlds/sandbox/ …
// HOME/cache/worlds/<key>-played/     a copy of one, in which something was done since
// HOME/cache/worlds/<key>.building/   one on its way; a crash leaves it, the next making removes it
// HOME/grading/<uuid>/                a copy in use; what a crash leaves, the next start removes
// ```
// The key says everything that the world depends on: what was asked for, what was done, the shop's
// specification, the starting pipeline and the program itself.

internal import Crypto
internal import Foundation
internal import World

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Makes and keeps the worlds of one home; safe to share among threads.
package final class MadeWorlds: Sendable {
  private let home: String
  private let condition = NSCondition()
  private let state = State()

  /// How many are kept; an xs world takes some ten megabytes.
  package static let countMax = 24

  /// `@unchecked Sendable`: touched only while `condition` is held.
  private final class State: @unchecked Sendable {
    var building: Set<String> = []
    var failures: [String: any Error] = [:]
  }

  /// What is done in a made world before it is kept as a world of its own.
  package struct Play: Sendable {
    /// Says everything that is done.
    var text: String
    /// Does it in a home whose world is closed, and closes the world again.
    var run: @Sendable (Home) throws -> Void

    package init(_ text: String, run: @escaping @Sendable (Home) throws -> Void) {
      self.text = text
      self.run = run
    }
  }

  package init(home: Home) {
    self.home = home.path
  }

  /// Begins to make a world on a thread of its own, where it is not there yet.
  ///
  /// `options` name the seed; an error waits for the next `path(for:)`.
  package func begin(_ options: Platform.Options, playing play: Play? = nil) {
    guard let key = try? Self.key(of: options, playing: play?.text) else { return }
    let starts = condition.withLock {
      guard !isReady(key) else { return false }
      return state.building.insert(key).inserted
    }
    guard starts else { return }
    let thread = Thread { [self] in
      let result = Result { try make(key, options, play) }
      condition.withLock {
        state.building.remove(key)
        if case .failure(let error) = result { state.failures[key] = error }
        condition.broadcast()
      }
    }
    // As much as the main thread has: a model's SQL may be deep.
    thread.stackSize = 8 << 20
    thread.name = "world"
    thread.start()
  }

  /// The home of the world, made where it is not there yet; waits for one that is being made.
  ///
  /// - Throws: what kept it from being made or played in; the next call tries again.
  package func path(for options: Platform.Options, playing play: Play? = nil) throws -> String {
    let key = try Self.key(of: options, playing: play?.text)
    begin(options, playing: play)
    let failure = condition.withLock {
      while state.building.contains(key) { condition.wait() }
      return state.failures.removeValue(forKey: key)
    }
    if let failure { throw failure }
    // The least recently used one goes first.
    try? FileManager.default.setAttributes(
      [.modificationDate: Date()], ofItemAtPath: directory(key))
    return directory(key)
  }

  private func directory(_ key: String) -> String { home + "/cache/worlds/" + key }

  private func isReady(_ key: String) -> Bool {
    FileManager.default.fileExists(atPath: directory(key) + "/worlds/sandbox/world.yaml")
  }

  private func make(_ key: String, _ options: Platform.Options, _ play: Play?) throws {
    // What is played in is a copy: others ask for the world as it was made.
    let made = try play.map { _ in try path(for: options) }
    let target = directory(key)
    let building = target + ".building"
    try Home.makeDirectory(home + "/cache/worlds")
    try WorldCopy.remove(building)
    do {
      try Home.makeDirectory(building)
      // The same seed gives the same pseudonyms, in every home.
      let secret = SHA256.hash(data: Data("tapline made world \(options.seed ?? 0)".utf8))
      try Home.write(Array(secret), to: building + "/secret", mode: 0o600)
      if let made, let play {
        try Home.makeDirectory(building + "/worlds")
        try WorldCopy.make(from: made + "/worlds/sandbox", to: building + "/worlds/sandbox")
        try play.run(try Home(path: building))
      } else {
        let platform = try Platform(home: try Home(path: building), options: options)
        try platform.prepare { _ in }
        try platform.close()
      }
      try WorldCopy.remove(target)
      guard rename(building, target) == 0 else { throw Home.unusable(target, errno) }
    } catch {
      try? WorldCopy.remove(building)
      throw error
    }
    removeOldest()
  }

  private func removeOldest() {
    let root = home + "/cache/worlds"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let dated = names.filter { !$0.hasSuffix(".building") }.map { name -> (Date, String) in
      let attributes = try? FileManager.default.attributesOfItem(atPath: root + "/" + name)
      return (attributes?[.modificationDate] as? Date ?? .distantPast, name)
    }.sorted { $0.0 < $1.0 }
    for (_, name) in dated.dropLast(Self.countMax) { try? WorldCopy.remove(root + "/" + name) }
  }

  /// The name of a world in the cache; `played` says what is done in it.
  ///
  /// - Throws: `platform.contentMissing` where the specification cannot be read.
  static func key(of options: Platform.Options, playing played: String? = nil) throws -> String {
    var hash = SHA256()
    func mix(_ text: String) { hash.update(data: Data((text + "\u{0}").utf8)) }
    mix("\(options.seed ?? 0) \(options.yesterday) \(options.size.rawValue) \(options.versionShift)")
    for fault in options.faults {
      mix(fault.name)
      for (key, value) in fault.parameters.sorted(by: { $0.key < $1.key }) { mix("\(key)=\(value)") }
    }
    let root = options.contentRoot + "/Datasets/shop"
    let files = (FileManager.default.subpaths(atPath: root + "/pipeline") ?? []).sorted()
    for file in ["spec.json"] + files.map({ "pipeline/" + $0 }) {
      mix(file)
      var isDirectory: ObjCBool = false
      let path = root + "/" + file
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
        !isDirectory.boolValue
      else { continue }
      guard let data = FileManager.default.contents(atPath: path) else {
        throw PlatformError(
          .contentMissing, "\(path) cannot be read", place: path,
          advice: "Set TAPLINE_CONTENT to the directory that holds Lessons and Datasets.")
      }
      hash.update(data: data)
    }
    mix(program)
    if let played { mix(played) }
    let digest = hash.finalize().prefix(8).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
    let name = "\(options.yesterday)-\(options.size.rawValue)-\(digest)"
    return played == nil ? name : name + "-played"
  }

  /// The program's size and time: another build may make another world of the same seed.
  package static let program: String = {
    let attributes = Bundle.main.executablePath.flatMap {
      try? FileManager.default.attributesOfItem(atPath: $0)
    }
    let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(attributes?[.size] ?? 0) \(date)"
  }()
}

/// The copies of worlds that graders use, each a home of its own.
package enum GradingHomes {
  /// A home whose one world is a copy of a closed world; `home` is the path of the learner's.
  ///
  /// `secret` is the one of the home that the world was lived in: pseudonyms must go on as they were.
  package static func make(
    below home: String, copying world: String, secret: [UInt8]
  ) throws -> Home {
    try make(below: home, secret: secret) { try WorldCopy.make(from: world, to: $0) }
  }

  /// A home whose one world is a copy of a running one.
  package static func make(
    below home: String, copying platform: Platform, secret: [UInt8]
  ) throws -> Home {
    try make(below: home, secret: secret) { try platform.copy(to: $0) }
  }

  private static func make(
    below home: String, secret: [UInt8], _ copy: (String) throws -> WorldCopy.Summary
  ) throws -> Home {
    let path = home + "/grading/" + UUID().uuidString.lowercased()
    do {
      try Home.makeDirectory(path + "/worlds")
      _ = try copy(path + "/worlds/sandbox")
      guard
        FileManager.default.createFile(
          atPath: path + "/secret", contents: Data(secret), attributes: [.posixPermissions: 0o600])
      else { throw Home.unusable(path, errno) }
      return try Home(path: path)
    } catch {
      try? WorldCopy.remove(path)
      throw error
    }
  }

  /// Removes a home that is no longer used.
  package static func remove(_ home: String) { try? WorldCopy.remove(home) }

  /// Removes what a process that ended early has left; the caller owns the home.
  package static func removeLeftovers(of home: Home) {
    try? WorldCopy.remove(home.path + "/grading")
  }
}
