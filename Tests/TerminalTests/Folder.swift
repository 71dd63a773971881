// A scratch folder for tests of files.

import Foundation

/// A folder with the given files, removed when the test ends.
final class Folder {
  let path: String

  init(_ files: [String: String] = [:]) throws {
    path = NSTemporaryDirectory() + "tapline-terminal-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try write(name, Data(text.utf8)) }
  }

  func write(_ name: String, _ data: Data) throws {
    try data.write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func read(_ name: String) -> String? {
    FileManager.default.contents(atPath: path + "/" + name).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
