// Worlds that nobody has seen: made from a seed once, kept, and copied for each use.
//
// ```
// HOME/cache/worlds/<key>/            a home of its own: secret, worlds/sandbox/ …
// HOME/cache/worlds/<key>-played/     a copy of one, in which something was done since
// HOME/cache/worlds/<key>-fork/       the same of a fork that many copies of a learner's home have
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

  /// How many of each kind are kept; an xs world takes some ten megabytes.
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
    begin(key) { [self] in try make(key, options, play) }
  }

  private func begin(_ key: String, _ make: @escaping @Sendable () throws -> Void) {
    let starts = condition.withLock {
      guard !isReady(key) else { return false }
      return state.building.insert(key).inserted
    }
    guard starts else { return }
    let thread = Thread { [self] in
      let result = Result { try make() }
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
    return try path(key) { [self] in try make(key, options, play) }
  }

  /// The home of a copy of a closed world in which something was done, likewise.
  ///
  /// `id` says which world it is, and is the same in all copies of it; `secret` is that of its home.
  package func path(
    of world: String, id: String, secret: [UInt8], playing play: Play
  ) throws -> String {
    var hash = SHA256()
    for text in [id, play.text, Self.program] { hash.update(data: Data((text + "\u{0}").utf8)) }
    let key = Self.digits(hash.finalize()) + Self.forkSuffix
    return try path(key) { [self] in
      try fill(key, secret: secret) { try MadeWorlds.play(play, in: $0, copying: world) }
    }
  }

  private func path(
    _ key: String, _ make: @escaping @Sendable () throws -> Void
  ) throws -> String {
    var isThere = false
    while !isThere {
      begin(key, make)
      var failure: (any Error)?
      // An error is told to one of those who waited; the others try again.
      condition.withLock {
        while state.building.contains(key) { condition.wait() }
        failure = state.failures.removeValue(forKey: key)
        isThere = isReady(key)
      }
      if let failure { throw failure }
    }
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
    // The same seed gives the same pseudonyms, in every home.
    let secret = SHA256.hash(data: Data("tapline made world \(options.seed ?? 0)".utf8))
    try fill(key, secret: Array(secret)) { building in
      if let made, let play {
        return try MadeWorlds.play(play, in: building, copying: made + "/worlds/sandbox")
      }
      let platform = try Platform(home: try Home(path: building), options: options)
      try platform.prepare { _ in }
      try platform.close()
    }
  }

  private static func play(_ play: Play, in building: String, copying world: String) throws {
    try Home.makeDirectory(building + "/worlds")
    try WorldCopy.make(from: world, to: building + "/worlds/sandbox")
    try play.run(try Home(path: building))
  }

  /// Makes a home under another name, and gives it its own once its world is there.
  private func fill(
    _ key: String, secret: [UInt8], _ make: (_ building: String) throws -> Void
  ) throws {
    let target = directory(key)
    let building = target + ".building"
    try Home.makeDirectory(home + "/cache/worlds")
    try WorldCopy.remove(building)
    do {
      try Home.makeDirectory(building)
      try Home.write(secret, to: building + "/secret", mode: 0o600)
      try make(building)
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
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
      .filter { !$0.hasSuffix(".building") }
    for kind in Dictionary(grouping: names, by: { Self.kind(of: $0) }).values {
      let dated = kind.map { name -> (Date, String) in
        let attributes = try? FileManager.default.attributesOfItem(atPath: root + "/" + name)
        return (attributes?[.modificationDate] as? Date ?? .distantPast, name)
      }.sorted { $0.0 < $1.0 }
      for (_, name) in dated.dropLast(Self.countMax) { try? WorldCopy.remove(root + "/" + name) }
    }
  }

  private static let playedSuffix = "-played"
  private static let forkSuffix = "-fork"

  /// Worlds of one kind make room for each other.
  private static func kind(of name: String) -> String {
    [playedSuffix, forkSuffix].first { name.hasSuffix($0) } ?? ""
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
    let name = "\(options.yesterday)-\(options.size.rawValue)-\(digits(hash.finalize()))"
    return played == nil ? name : name + playedSuffix
  }

  /// The first 64 bits.
  private static func digits(_ digest: SHA256.Digest) -> String {
    digest.prefix(8).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
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
