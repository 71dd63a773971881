// The lines typed before, on disk: one entry per line, oldest first, UTF-8, with `\n` and `\\` for
// the line breaks and backslashes of an entry.

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

  private let path: String?
  private var isKept = true
  /// The file's content, so that saving writes it and encodes nothing again.
  private var encoded: [UInt8] = []

  /// Loads `path`; nil, or a file that cannot be used, gives an empty history.
  package init(path: String?) {
    self.path = path
    guard let path, access(path, F_OK) == 0 else { return }
    guard let data = FileManager.default.contents(atPath: path) else {
      stopKeeping(path)
      return
    }
    let bytes = [UInt8](data.prefix(LineHistory.bytesMax + 1))
    guard bytes.count <= LineHistory.bytesMax, !bytes.contains(0),
      let text = String(validating: bytes, as: UTF8.self)
    else {
      putAside(path)
      return
    }
    let lines = text.utf8.split(separator: UInt8(ascii: "\n")).suffix(LineHistory.entriesMax)
    entries = lines.compactMap { line in
      let entry = LineHistory.unescaped(Substring(line))
      return entry.isEmpty ? nil : entry
    }
    for entry in entries { LineHistory.appendEscaped(entry, to: &encoded) }
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
    LineHistory.appendEscaped(entry, to: &encoded)
    if entries.count > LineHistory.entriesMax {
      entries.removeFirst()
      let end = encoded.firstIndex(of: UInt8(ascii: "\n")) ?? encoded.count - 1
      encoded.removeSubrange(...end)
    }
    save()
    return true
  }

  /// The notices so far, which it forgets.
  package mutating func takeNotices() -> [HistoryNotice] {
    defer { notices = [] }
    return notices
  }

  /// Writes a temporary file and renames it, so that a crash leaves the old history or the new one.
  private mutating func save() {
    guard let path, isKept else { return }
    let directory = (path as NSString).deletingLastPathComponent
    if !directory.isEmpty {
      try? FileManager.default.createDirectory(
        atPath: directory,
        withIntermediateDirectories: true
      )
    }
    let temporary = path + ".\(getpid()).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      stopKeeping(path)
      return
    }
    let isWritten = encoded.withUnsafeBytes { writeAll(descriptor, $0) }
    close(descriptor)
    if !isWritten || rename(temporary, path) != 0 {
      unlink(temporary)
      stopKeeping(path)
    }
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

  private static func unescaped(_ line: Substring) -> String {
    guard line.utf8.contains(UInt8(ascii: "\\")) else { return String(line) }
    var bytes: [UInt8] = []
    var isEscaped = false
    for byte in line.utf8 {
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
