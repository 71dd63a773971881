// The lines typed before, on disk: one entry per line, oldest first, UTF-8, with `\n` and `\\` for
// the line breaks and backslashes of an entry.
//
// Several sessions may use one file at once. Each entry is appended by one write under a lock, so
// none overwrites another's; only a start that finds far too many entries writes the file anew, and
// whoever waited for the lock meanwhile sees that the file was replaced and opens the new one.

import Foundation

/// Something the learner should hear about the history; it never stops a session.
package enum HistoryNotice: Sendable, Hashable {
  /// The file was no history; it was renamed and a new one begun.
  case putAside(path: String)
  /// The file cannot be read or written; this session's lines are not kept.
  case notKept(path: String)
}

/// Entries of one history file.
package struct LineHistory: Sendable {
  /// The oldest entries beyond this are dropped.
  package static let entriesMax = 5_000
  private static let bytesMax = 16_000_000

  /// Oldest first.
  package private(set) var entries: [String] = []
  /// What happened while loading or saving, once each.
  package private(set) var notices: [HistoryNotice] = []

  /// A longer entry is kept for the session and not on disk.
  package static let entryBytesMax = 64_000

  private let path: String?
  private var isKept = true

  /// Loads `path`; nil, or a file that cannot be used, gives an empty history.
  ///
  /// Single lines that are no text, such as one torn by a crash, are left out; a file that is mostly
  /// such lines is no history, and is put aside.
  package init(path: String?) {
    self.path = path
    guard let path, access(path, F_OK) == 0 else { return }
    guard let data = FileManager.default.contents(atPath: path) else {
      stopKeeping(path)
      return
    }
    let bytes = [UInt8](data.suffix(LineHistory.bytesMax))
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    let good = lines.filter { LineHistory.isText($0) }
    guard good.count * 2 > lines.count || lines.isEmpty else {
      putAside(path)
      return
    }
    entries = good.suffix(LineHistory.entriesMax).compactMap { line in
      let entry = LineHistory.unescaped(line)
      return entry.isEmpty ? nil : entry
    }
    let isOversized = good.count > LineHistory.entriesMax * 6 / 5
    if good.count < lines.count || isOversized || data.count > bytes.count { rewrite(path) }
  }

  private static func isText(_ line: ArraySlice<UInt8>) -> Bool {
    !line.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0D }
      && String(validating: line, as: UTF8.self) != nil
  }

  /// An entry as it is kept: without trailing white space and NUL.
  static func kept(_ entry: String) -> String {
    var entry = entry.replacing("\0", with: "")
    while entry.last?.isWhitespace == true { entry.removeLast() }
    return entry
  }

  /// Adds an entry and saves; an empty one, or one equal to the last, changes nothing.
  ///
  /// - Returns: whether it was added.
  @discardableResult
  package mutating func add(_ entry: String) -> Bool {
    let entry = LineHistory.kept(entry)
    guard !entry.isEmpty, entry != entries.last else { return false }
    entries.append(entry)
    if entries.count > LineHistory.entriesMax { entries.removeFirst() }
    if entry.utf8.count <= LineHistory.entryBytesMax { append(entry) }
    return true
  }

  /// The first entry, from the one `from` lines back, that holds `pattern`; case does not count.
  ///
  /// - Parameters:
  ///   - from: 0 is the newest entry.
  ///   - step: 1 goes to older entries, -1 to newer ones.
  /// - Returns: the entry and how far back it is; nil if there is none.
  package func search(_ pattern: String, from: Int, step: Int) -> (index: Int, entry: String)? {
    let wanted = Normalization.composed(pattern).lowercased()
    var index = from
    while index >= 0, index < entries.count {
      let entry = entries[entries.count - 1 - index]
      if entry.lowercased().contains(wanted) { return (index, entry) }
      index += step < 0 ? -1 : 1
    }
    return nil
  }

  /// The notices so far, which it forgets.
  package mutating func takeNotices() -> [HistoryNotice] {
    defer { notices = [] }
    return notices
  }

  /// Appends one entry to the file as it is now, whatever other sessions have added.
  private mutating func append(_ entry: String) {
    guard let path, isKept else { return }
    let directory = (path as NSString).deletingLastPathComponent
    if !directory.isEmpty {
      try? FileManager.default.createDirectory(
        atPath: directory,
        withIntermediateDirectories: true
      )
    }
    guard let descriptor = LineHistory.openLocked(path) else {
      stopKeeping(path)
      return
    }
    defer { close(descriptor) }
    var line: [UInt8] = []
    // A session that crashed inside a write left its line open.
    let end = lseek(descriptor, 0, SEEK_END)
    var last: UInt8 = 0
    if end > 0, pread(descriptor, &last, 1, end - 1) == 1, last != UInt8(ascii: "\n") {
      line.append(UInt8(ascii: "\n"))
    }
    LineHistory.appendEscaped(entry, to: &line)
    if !line.withUnsafeBytes({ writeAll(descriptor, $0) }) { stopKeeping(path) }
  }

  /// The file, opened for appending and locked; the lock ends when it is closed. nil if it cannot be
  /// opened. A lock that is not to be had in a fifth of a second is gone without: an append is one
  /// write.
  private static func openLocked(_ path: String) -> Int32? {
    for _ in 0..<8 {
      let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { return nil }
      for _ in 0..<100 where flock(descriptor, LOCK_EX | LOCK_NB) != 0 { usleep(2_000) }
      var opened = stat()
      var named = stat()
      if fstat(descriptor, &opened) == 0, stat(path, &named) == 0, opened.st_ino == named.st_ino {
        return descriptor
      }
      // The file was replaced while we waited.
      close(descriptor)
    }
    return nil
  }

  /// Replaces the file by the entries that were read, and those that came after: a temporary file
  /// and a rename, so that a crash leaves the old history or the new one.
  private mutating func rewrite(_ path: String) {
    guard let lock = LineHistory.openLocked(path) else { return }
    defer { close(lock) }
    // Another session may have appended between our reading and our lock: read it again under it.
    guard let data = FileManager.default.contents(atPath: path) else { return }
    let lines = [UInt8](data.suffix(LineHistory.bytesMax)).split(separator: UInt8(ascii: "\n"))
    var bytes: [UInt8] = []
    for line in lines.filter({ LineHistory.isText($0) }).suffix(LineHistory.entriesMax) {
      bytes += line + [UInt8(ascii: "\n")]
    }
    let temporary = path + ".\(getpid()).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let isWritten = bytes.withUnsafeBytes { writeAll(descriptor, $0) }
    close(descriptor)
    if !isWritten || rename(temporary, path) != 0 { unlink(temporary) }
  }

  private mutating func putAside(_ path: String) {
    let broken = path + ".broken"
    if rename(path, broken) == 0 {
      notices.append(.putAside(path: broken))
    } else {
      stopKeeping(path)
    }
  }

  private mutating func stopKeeping(_ path: String) {
    isKept = false
    notices.append(.notKept(path: path))
  }

  /// Appends an entry as a line of the file.
  private static func appendEscaped(_ entry: String, to bytes: inout [UInt8]) {
    for byte in entry.utf8 {
      switch byte {
      case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
      case UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
      case UInt8(ascii: "\r"): break
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  private static func unescaped(_ line: ArraySlice<UInt8>) -> String {
    guard line.contains(UInt8(ascii: "\\")) else { return String(decoding: line, as: UTF8.self) }
    var bytes: [UInt8] = []
    var isEscaped = false
    for byte in line {
      if isEscaped {
        if byte == UInt8(ascii: "n") {
          bytes.append(UInt8(ascii: "\n"))
        } else if byte == UInt8(ascii: "\\") {
          bytes.append(byte)
        } else {
          bytes += [UInt8(ascii: "\\"), byte]
        }
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        bytes.append(byte)
      }
    }
    if isEscaped { bytes.append(UInt8(ascii: "\\")) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
