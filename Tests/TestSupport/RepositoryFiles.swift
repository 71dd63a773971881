import Foundation

/// Reads the checkout that this test was built from.
package enum RepositoryFiles {
  /// The directory that holds Package.swift.
  package static let root: String = {
    var directory = URL(fileURLWithPath: #filePath)
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      let manifest = directory.appendingPathComponent("Package.swift").path
      if FileManager.default.fileExists(atPath: manifest) { break }
    }
    return directory.path
  }()

  package static func text(_ relative: String) throws -> String {
    try String(contentsOfFile: root + "/" + relative, encoding: .utf8)
  }

  /// Files below a directory with an ending, sorted, relative to the root.
  package static func files(below directory: String, ending: String) -> [String] {
    let found = FileManager.default.subpaths(atPath: root + "/" + directory) ?? []
    return found.filter { $0.hasSuffix(ending) }.map { directory + "/" + $0 }.sorted()
  }
}
