// What is left to be done with an exercise or an incident that was begun.

internal import Foundation
package import Grading

extension ContentScaffold {
  /// A line that a template left to be written.
  package struct Unfilled: Sendable, Hashable {
    /// Below the folder; empty for an exercise that is one file.
    package var file: String
    /// 1-based.
    package var line: Int
    /// The line, cut to a length that fits a message.
    package var text: String
  }

  /// Every line that is still marked TODO, in a folder or a single file.
  package static func unfilled(_ path: String) -> [Unfilled] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
    let files =
      isFolder.boolValue ? (FileManager.default.subpaths(atPath: path) ?? []).sorted() : [""]
    return files.flatMap { file -> [Unfilled] in
      guard let data = FileManager.default.contents(atPath: file.isEmpty ? path : path + "/" + file),
        let text = String(validating: data, as: UTF8.self)
      else { return [] }
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      return lines.enumerated().compactMap { index, line in
        // The line that explains the mark is none of them.
        guard line.contains(/\bTODO\b/), !line.contains("TODO marks") else { return nil }
        return Unfilled(
          file: file, line: index + 1,
          text: String(line.trimmingCharacters(in: .whitespaces).prefix(80)))
      }
    }
  }

  /// Something that an exercise lacks for a status.
  package enum Missing: Sendable, Hashable {
    /// Neither checks nor parts ask anything.
    case question
    /// A file that is not there.
    case file(String)
    /// So many more answers that pass, or that do not.
    case accepted(Int), wrong(Int)
  }

  /// What an exercise lacks for a status, beyond what loading it says.
  package static func missing(for status: ContentStatus, _ path: String) -> [Missing] {
    let folder = ContentFolder(path: path)
    func absent(_ name: String) -> [String] {
      ["ko", "en"].map { "\(name).\($0).md" }.filter { !folder.exists($0) }
    }
    var missing: [Missing] = []
    let hasQuestion = folder.isFolder("checks") || folder.isFolder("items")
    if status != .draft, !hasQuestion { missing.append(.question) }
    let needed: (accepted: Int, wrong: Int)
    switch status {
    case .draft: needed = (0, 0)
    case .local:
      needed = (0, 1)
      missing += ["task", "feedback"].filter { absent($0).count == 2 }.map { .file($0 + ".ko.md") }
    case .core:
      needed = (2, 3)
      missing += ["task", "feedback", "hints"].flatMap(absent).map { .file($0) }
    }
    let accepted = needed.accepted - folder.names(in: "answers/accepted").count
    let wrong = needed.wrong - folder.names(in: "answers/wrong").count
    if accepted > 0 { missing.append(.accepted(accepted)) }
    if wrong > 0 { missing.append(.wrong(wrong)) }
    return missing
  }
}
