// What differs between two `pipeline/` directories: for `pipeline diff`, and for graders, who lay a
// learner's files over another world.

internal import Foundation
internal import Grading

/// The files of two pipeline directories, side by side.
enum PipelineChanges {
  /// Files larger than this are no pipeline's.
  static let bytesMax = 1 << 20

  /// One file that differs; nil where it does not exist on that side.
  struct File: Equatable {
    /// Below `pipeline/`.
    var path: String
    var old: String?
    var new: String?
  }

  /// The files that differ, by path. Hidden files and what is no text are passed over.
  static func files(from old: String, to new: String) -> [File] {
    let before = texts(below: old)
    let after = texts(below: new)
    return Set(before.keys).union(after.keys).sorted().compactMap { path in
      before[path] == after[path]
        ? nil : File(path: path, old: before[path], new: after[path])
    }
  }

  private static func texts(below root: String) -> [String: String] {
    var texts: [String: String] = [:]
    for path in FileManager.default.subpaths(atPath: root) ?? [] {
      let file = root + "/" + path
      var isDirectory: ObjCBool = false
      guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
        FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory),
        !isDirectory.boolValue, let data = FileManager.default.contents(atPath: file),
        data.count <= bytesMax, let text = String(data: data, encoding: .utf8)
      else { continue }
      texts[path.precomposedStringWithCanonicalMapping] = text
    }
    return texts
  }

  /// Lays a learner's files over a pipeline directory.
  ///
  /// - Throws: `grading.change` for a path that leads out of it, and what the disk refuses.
  static func lay(_ files: [LearnerChanges.File], over root: String) throws {
    for file in files {
      let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
      guard !parts.isEmpty, !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
        throw GradingWorldError("change", "\(file.path) is no path below pipeline/")
      }
      let path = root + "/" + file.path
      do {
        if let content = file.content {
          try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
          try Data(content.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } else if FileManager.default.fileExists(atPath: path) {
          try FileManager.default.removeItem(atPath: path)
        }
      } catch {
        throw GradingWorldError("change", "\(file.path) cannot be written: \(error)")
      }
    }
  }
}
