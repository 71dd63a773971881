// What was checked in full and found good: by the content of the folder and the program's version, so
// that the next check need not do it again.

internal import Foundation

/// The memory of `course check`, a JSON file in the author's home.
package struct CheckMemory: Sendable {
  private let file: String
  private let version: String
  private var known: [String: String]

  /// Reads the file; one that is not there or not understood is an empty memory. `version` is that of
  /// the program: another one judges anew.
  package init(file: String, version: String) {
    self.file = file
    self.version = version
    let data = FileManager.default.contents(atPath: file) ?? Data()
    known = (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
  }

  /// True where the folder is as it was when it was last checked in full without a finding.
  package func knows(_ folder: String) -> Bool { known[folder] == fingerprint(folder) }

  /// Remembers that the folder, as it stands, is good, or forgets it.
  package mutating func set(_ folder: String, isGood: Bool) {
    known[folder] = isGood ? fingerprint(folder) : nil
  }

  /// Writes the file in one step; a memory that cannot be written is only slower.
  package func write() {
    // Folders that are gone need not be remembered.
    let kept = known.filter { FileManager.default.fileExists(atPath: $0.key) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(kept) else { return }
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
