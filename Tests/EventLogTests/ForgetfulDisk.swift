// A disk as a power cut leaves it: what was not synced is gone, wholly or in part.

import EventLog
import Foundation
import Synchronization

/// Follows a log's files and keeps, from moment to moment, what would be left of them.
///
/// It is stricter than most file systems: a new file's name is there after its directory's sync only.
final class ForgetfulDisk: LogStorageObserver {
  /// What one power cut leaves, and what had been promised before it.
  struct Image: Sendable {
    var files: [String: [UInt8]]
    var directories: Set<String>
    /// Records acknowledged by then, by partition.
    var acknowledged: [Int]
    var after: LogStorageOperation

    /// The image as a directory that a log can be opened in.
    func restored() throws -> ScratchDirectory {
      let scratch = ScratchDirectory()
      for directory in directories.sorted() where !directory.isEmpty {
        try FileManager.default.createDirectory(
          atPath: scratch.file(directory), withIntermediateDirectories: true)
      }
      for (path, bytes) in files where directories.contains(ForgetfulDisk.parent(path)) {
        try scratch.write(bytes, path)
      }
      return scratch
    }
  }

  private struct State {
    /// What is on the disk of each file, by its present name.
    var synced: [String: [UInt8]] = [:]
    /// What a restart would find, by the names that it would find.
    var durable: [String: [UInt8]] = [:]
    var directories: Set<String> = [""]
    var acknowledged: [Int]
    var images: [Image] = []
    var random: Xorshift
  }

  private let root: String
  private let every: Int
  private let keepsPieces: Bool
  private let state: Mutex<State>

  /// - Parameters:
  ///   - every: a cut comes after one change of so many, at random.
  ///   - keepsPieces: true where the beginnings of unsynced bytes may be there all the same.
  init(root: String, partitions: Int, seed: UInt64, every: Int, keepsPieces: Bool) {
    self.root = root
    self.every = every
    self.keepsPieces = keepsPieces
    state = Mutex(
      State(
        acknowledged: Array(repeating: 0, count: partitions), random: Xorshift(state: seed)))
  }

  var images: [Image] { state.withLock { $0.images } }

  func acknowledge(_ counts: [Int]) {
    state.withLock { $0.acknowledged = counts }
  }

  func storage(did operation: LogStorageOperation) {
    state.withLock { state in
      follow(operation, &state)
      if state.random.next(below: every) == 0 {
        state.images.append(image(after: operation, &state))
      }
    }
  }

  private func follow(_ operation: LogStorageOperation, _ state: inout State) {
    switch operation {
    case .created(let path):
      if state.synced[path] == nil { state.synced[path] = [] }
    case .wrote, .truncated, .madeDirectory: break
    case .synced(let path):
      let bytes = contents(path) ?? []
      state.synced[path] = bytes
      if state.durable[path] != nil { state.durable[path] = bytes }
    case .renamed(let from, let to): state.synced[to] = state.synced.removeValue(forKey: from)
    case .removed(let path): state.synced[path] = nil
    case .directorySynced(let directory):
      let names = (try? FileManager.default.contentsOfDirectory(atPath: absolute(directory))) ?? []
      let paths = Set(names.map { directory.isEmpty ? $0 : directory + "/" + $0 })
      for path in state.durable.keys where Self.parent(path) == directory && !paths.contains(path) {
        state.durable[path] = nil
      }
      for path in paths {
        if isDirectory(path) {
          state.directories.insert(path)
        } else {
          state.durable[path] = state.synced[path] ?? []
        }
      }
    }
  }

  private func image(after operation: LogStorageOperation, _ state: inout State) -> Image {
    var files = state.durable
    if keepsPieces {
      for path in Set(files.keys).union(state.synced.keys).sorted() {
        guard let now = contents(path) else { continue }
        // What was synced is whole, also under a name that may still be forgotten.
        let kept = files[path] ?? state.synced[path] ?? []
        guard now.count >= kept.count, now.starts(with: kept) else { continue }
        if files[path] == nil, state.random.next(below: 2) == 0 { continue }
        let more = state.random.next(below: now.count - kept.count + 1)
        files[path] = Array(now[..<(kept.count + more)])
      }
    }
    return Image(
      files: files, directories: state.directories, acknowledged: state.acknowledged,
      after: operation)
  }

  static func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  private func absolute(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  private func contents(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: absolute(path)).map { Array($0) }
  }

  private func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: absolute(path), isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}
