import Foundation

/// A directory that a test may fill, removed with this object.
package final class ScratchDirectory {
  package let path: String

  /// In memory, where asked and where the system has such a place, so that thousands of fsyncs do not
  /// hold up the tests beside it.
  package init(_ label: String = "scratch", inMemory: Bool = false) throws {
    let memory = "/dev/shm"
    let root =
      inMemory && FileManager.default.isWritableFile(atPath: memory)
      ? memory : NSTemporaryDirectory()
    path = root + "/tapline-\(label)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    _ = try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a text file, with the directories that lead to it.
  package func write(_ name: String, _ text: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// Writes a file, with the directories that lead to it.
  package func write(_ bytes: [UInt8], to name: String) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
  }

  /// The names in a directory, sorted; none where there is no such directory.
  package func names(_ directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + directory)) ?? []).sorted()
  }
}
