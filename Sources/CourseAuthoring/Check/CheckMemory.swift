// What was checked in full and found good, so that the next check need not do it again.
//
// A course keeps it in `Exercises/checked.lock`, which is committed: whoever clones it, CI as well, looks
// at one seed of what is as it was, and in full at what was changed. An author's own folders are
// remembered in the author's home, for one version of the program.

internal import Foundation
internal import Grading

/// The memory of `course check`, a JSON file of fingerprints by folder.
package struct CheckMemory: Sendable {
  private let file: String
  private let version: String
  private let root: String?
  private var known: [String: String]
  /// What was set since it was read; nil forgets.
  private var changes: [String: String?] = [:]

  /// Reads the file; one that is not there or not understood is an empty memory.
  ///
  /// `version` is that of the program: another one judges anew. Folders below `root` are named from
  /// there.
  package init(file: String, version: String, root: String? = nil) {
    self.file = file
    self.version = version
    self.root = root
    known = Self.read(file)
  }

  private static func read(_ file: String) -> [String: String] {
    let data = FileManager.default.contents(atPath: file) ?? Data()
    return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
  }

  /// True where the folder is as it was when it was last checked in full without a finding.
  package func knows(_ folder: String) -> Bool { known[name(folder)] == fingerprint(folder) }

  /// Remembers that the folder, as it stands, is good, or forgets it.
  package mutating func set(_ folder: String, isGood: Bool) {
    let value = isGood ? fingerprint(folder) : nil
    known[name(folder)] = value
    changes[name(folder)] = .some(value)
  }

  private func name(_ folder: String) -> String {
    guard let root, folder.hasPrefix(root + "/") else { return folder }
    return String(folder.dropFirst(root.count + 1))
  }

  /// Writes the file in one step; a memory that cannot be written is only slower.
  ///
  /// A check takes minutes: what the file has learned meanwhile stays in it.
  package func write() {
    var current = Self.read(file)
    for (name, value) in changes { current[name] = value }
    // Folders that are gone need not be remembered.
    let kept = current.filter { entry in
      let isWhole = entry.key.hasPrefix("/")
      return FileManager.default.fileExists(
        atPath: isWhole ? entry.key : (root ?? "") + "/" + entry.key)
    }
    // Nothing to remember makes no file.
    guard !kept.isEmpty || FileManager.default.fileExists(atPath: file) else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(kept) + Data("\n".utf8),
      data != FileManager.default.contents(atPath: file)
    else { return }
    try? data.write(to: URL(filePath: file), options: .atomic)
  }

  /// FNV-1a over the version and over the names and bytes of all files.
  func fingerprint(_ folder: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01B3
    }
    mix(version.utf8)
    if MarkdownExercise.isFile(folder) {
      mix(FileManager.default.contents(atPath: folder) ?? Data())
    }
    for path in (FileManager.default.subpaths(atPath: folder) ?? []).sorted() {
      var isFolder: ObjCBool = false
      let full = folder + "/" + path
      guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder),
        !isFolder.boolValue, !path.hasSuffix("~"),
        !(path as NSString).lastPathComponent.hasPrefix(".")
      else { continue }
      mix(path.utf8)
      mix(FileManager.default.contents(atPath: full) ?? Data())
    }
    return String(hash, radix: 16)
  }
}
