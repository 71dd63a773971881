// The named forks of a world: taken at a quiet moment, kept beside the worlds, and put back by a rewind.
//
// ```
// HOME/worlds/sandbox/                 the world
// HOME/forks/sandbox/exercise%2001-3/  a fork of it, named `exercise 01-3`
// HOME/worlds/sandbox.rewound          a fork's copy, about to take the world's place
// HOME/worlds/sandbox.before           the world it takes the place of, about to be removed
// ```

internal import Foundation
internal import ShopDatabase
package import Simulation

/// The forks of one world of one home.
package struct WorldForks: Sendable {
  private let home: String
  private let worldName: String

  package init(home: Home, worldName: String) {
    self.home = home.path
    self.worldName = worldName
  }

  /// A fork, as a list shows it.
  package struct Entry: Sendable, Equatable {
    package var name: String
    /// The world's directory.
    package var path: String
    /// The story's time at which it was taken.
    package var at: StoryTime
    /// When it was taken, by this machine's clock: seconds since 1970.
    package var takenAt: Int
    /// The same in all copies of a fork and in no other; nil in one from before forks had it.
    package var id: String?
  }

  /// All forks, the oldest first.
  package func all() -> [Entry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.compactMap { file in
      let path = directory + "/" + file
      guard !file.hasSuffix(".new"), !file.hasSuffix(".old"),
        let name = file.removingPercentEncoding,
        let world = try? WorldFile.read(path + "/world.yaml"),
        let attributes = try? FileManager.default.attributesOfItem(
          atPath: path + "/" + Self.mark),
        let made = attributes[.modificationDate] as? Date
      else { return nil }
      let id = FileManager.default.contents(atPath: path + "/" + Self.mark) ?? Data()
      return Entry(
        name: name, path: path, at: world.now, takenAt: Int(made.timeIntervalSince1970),
        id: id.isEmpty ? nil : String(decoding: id, as: UTF8.self))
    }.sorted { ($0.takenAt, $0.name) < ($1.takenAt, $1.name) }
  }

  /// The fork of that name; nil where there is none.
  package func named(_ name: String) -> Entry? { all().first { $0.name == name } }

  /// Takes a fork of the running world, in place of one of that name.
  ///
  /// - Throws: `platform.forkName` for a name that is none, and what keeps the disk from being written.
  @discardableResult
  package func take(_ name: String, of platform: Platform) throws -> WorldCopy.Summary {
    let path = directory + "/" + (try Self.fileName(name))
    try Home.makeDirectory(directory)
    let fresh = path + ".fresh.new"
    try WorldCopy.remove(fresh)
    let summary = try platform.copy(to: fresh, isDurable: true)
    try Home.write(Array(UUID().uuidString.utf8), to: fresh + "/" + Self.mark)
    let old = path + ".old"
    try WorldCopy.remove(old)
    if rename(path, old) != 0, errno != ENOENT { throw Home.unusable(path, errno) }
    guard rename(fresh, path) == 0 else { throw Home.unusable(path, errno) }
    try WorldCopy.remove(old)
    return summary
  }

  /// Forgets a fork; nothing happens where there is none.
  package func remove(_ name: String) throws {
    try WorldCopy.remove(directory + "/" + (try Self.fileName(name)))
  }

  /// Takes over the forks of another home, in which nobody works; there must be none of their names.
  ///
  /// - Throws: what keeps the disk from being read or written.
  package func takeOver(from other: String) throws {
    let source = other + "/forks/" + worldName
    guard FileManager.default.fileExists(atPath: source) else { return }
    try Home.makeDirectory(directory)
    for file in try FileManager.default.contentsOfDirectory(atPath: source)
    where !file.hasSuffix(".new") && !file.hasSuffix(".old") {
      try WorldCopy.make(from: source + "/" + file, to: directory + "/" + file)
    }
  }

  /// Puts a fork's copy in the world's place. The world must be closed.
  ///
  /// A crash in between is mended by `finishRewind`, which every opening calls.
  package func restore(_ fork: Entry) throws {
    let world = home + "/worlds/" + worldName
    try finishRewind()
    try WorldCopy.make(from: fork.path, to: world + ".rewound", isDurable: true)
    unlink(world + ".rewound/" + Self.mark)
    guard rename(world, world + ".before") == 0 || errno == ENOENT else {
      throw Home.unusable(world, errno)
    }
    try finishRewind()
  }

  /// Brings a rewind that was begun to its end, and removes what is left of one.
  package func finishRewind() throws {
    let world = home + "/worlds/" + worldName
    let hasWorld = FileManager.default.fileExists(atPath: world)
    if !hasWorld {
      for candidate in [world + ".rewound", world + ".before"]
      where FileManager.default.fileExists(atPath: candidate) {
        guard rename(candidate, world) == 0 else { throw Home.unusable(world, errno) }
        break
      }
    }
    for leftover in [".before", ".rewound", ".rewound.new"] {
      try WorldCopy.remove(world + leftover)
    }
  }

  private var directory: String { home + "/forks/" + worldName }

  /// A file in a fork with its id, whose modification time says when it was taken.
  private static let mark = ".fork"

  /// A file's name for a fork's: 1 to 80 bytes once letters other than ASCII are escaped.
  private static func fileName(_ name: String) throws -> String {
    var allowed = CharacterSet(charactersIn: "-_")
    allowed.insert(charactersIn: "a"..."z")
    allowed.insert(charactersIn: "A"..."Z")
    allowed.insert(charactersIn: "0"..."9")
    let encoded =
      name.precomposedStringWithCanonicalMapping
      .addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    guard (1...80).contains(encoded.utf8.count) else {
      throw PlatformError(
        .forkName,
        "a fork cannot be named \"\(name)\"",
        advice: "Give it a name of 1 to 80 letters.",
        fields: ["name": name]
      )
    }
    return encoded
  }
}

extension Platform {
  /// Copies the world as it stands to a directory; nothing may be served meanwhile.
  ///
  /// - Throws: what keeps the world or the disk from being written.
  @discardableResult
  package func copy(to target: String, isDurable: Bool = false) throws -> WorldCopy.Summary {
    try checkEmbedded("fork")
    try checkpoint()
    // While a process has the file open, it must not open it a second time: closing the one would take
    // the other's locks away.
    try shop.close()
    return try WorldCopy.make(from: directory, to: target, isDurable: isDurable)
  }
}
