// A seam for tests: what was done to the log's files, so that a disk without its unsynced bytes can be
// rebuilt.

/// One thing that was done to the log's files; paths are below the log's root.
package enum LogStorageOperation: Sendable, Hashable {
  /// A file was opened that may be new.
  case created(String)
  case wrote(String)
  case truncated(String)
  /// The bytes and the size of the file are on the disk itself.
  case synced(String)
  case renamed(String, to: String)
  case removed(String)
  case madeDirectory(String)
  /// The names in the directory are on the disk itself.
  case directorySynced(String)
}

/// Hears of every change of a log's files, after it was made and before the log goes on.
///
/// Called on the thread that made the change, from several at once.
package protocol LogStorageObserver: Sendable {
  func storage(did operation: LogStorageOperation)
}
