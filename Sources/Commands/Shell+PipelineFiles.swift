internal import Foundation
internal import Platform

// Files of `pipeline/` that an editor saves while the program runs.
extension Shell {
  /// What the files directly in `pipeline/` are: the collector, the phone and the topics are set up by
  /// them when a world is opened.
  ///
  /// Models, DAGs and the settings of the ingest are read at each run, and are not part of it.
  struct PipelineStamp: Equatable {
    struct File: Equatable {
      var name: String
      var size: UInt64
      var modified: Date
      var number: UInt64
    }

    var files: [File]

    init(root: String) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
      files = names.filter { !$0.hasPrefix(".") && !$0.hasSuffix("~") }.sorted().compactMap { name in
        guard let found = try? FileManager.default.attributesOfItem(atPath: root + "/" + name),
          found[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return File(
          name: name, size: found[.size] as? UInt64 ?? 0,
          modified: found[.modificationDate] as? Date ?? .distantPast,
          number: (found[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0)
      }
    }

    /// The first file that is not what it was.
    func firstChange(since other: PipelineStamp) -> String? {
      (files + other.files).first { file in !(files.contains(file) && other.files.contains(file)) }?.name
    }
  }

  /// Opens the world anew where an editor has saved a file that it was set up by, so that the line about
  /// to run sees what the file says. While ports are open, they hold the world as it is: that is said.
  func followPipelineFiles() throws {
    guard let opened, let stamp = pipelineStamp else { return }
    let now = PipelineStamp(root: opened.pipeline.root)
    guard let file = now.firstChange(since: stamp) else { return }
    pipelineStamp = now
    guard server == nil else {
      unsaidNotices.append(text("pipeline.served", ["file": file]))
      isPipelineWaiting = true
      return
    }
    try closeWorld()
  }
}
