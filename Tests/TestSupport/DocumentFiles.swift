import Foundation

/// Files that a document of the repository holds as blocks, taken out as a reader would copy them.
package enum DocumentFiles {
  /// The blocks that name a file, ```` ```yaml file=NAME ````, by that name.
  package static func files(of document: String) throws -> [String: String] {
    let text = try RepositoryFiles.text(document)
    var files: [String: String] = [:]
    var name: String?
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("````"), let open = name {
        files[open] = lines.joined(separator: "\n") + "\n"
        name = nil
      } else if line.hasPrefix("````"), let mark = line.range(of: "file=") {
        name = String(line[mark.upperBound...])
        lines = []
      } else if name != nil {
        lines.append(line)
      }
    }
    return files
  }
}
