// Lines from a descriptor without editing: pipes, files, dumb terminals.

import CLibEdit
import Foundation

/// Cuts a stream of bytes into lines; bytes that are not UTF-8 become U+FFFD.
struct PlainLineReader {
  private let descriptor: Int32
  private var bytes: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// The next line; blocks until there is one.
  ///
  /// A last line without a line break counts.
  mutating func next() -> LineResult {
    var searched = start
    while true {
      if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return .line(text(start..<end))
      }
      searched = bytes.count
      if isAtEnd {
        guard start < bytes.count else { return .endOfInput }
        defer { start = bytes.count }
        return .line(text(start..<bytes.count))
      }
      let moved = start
      if !fill() { return .interrupted }
      searched -= moved - start
    }
  }

  /// Reads more; false when interrupted, which drops what was typed of this line.
  private mutating func fill() -> Bool {
    bytes.removeFirst(start)
    start = 0
    if tapline_wait_readable(descriptor) == -2 {
      bytes = []
      return false
    }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &chunk, chunk.count)
    if count > 0 {
      bytes += chunk[..<count]
    } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
      isAtEnd = true
    }
    return true
  }

  private func text(_ range: Range<Int>) -> String {
    var line = bytes[range]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return Normalization.composed(String(decoding: line, as: UTF8.self))
  }
}
