// Two texts as a unified diff, line by line, as `diff -u` and `git diff` print it.

/// A unified diff of two files; empty where they are the same.
struct UnifiedDiff {
  /// Lines that stand around a change.
  static let contextLines = 3
  /// Beyond this many lines a file is shown as replaced whole: the search is quadratic in what differs.
  static let linesMax = 4_000

  private enum Edit { case keep(String), remove(String), add(String) }

  /// Headers and hunks, without line feeds; a text is nil where the file does not exist.
  let lines: [String]

  init(path: String, old: String?, new: String?) {
    guard old != new else {
      lines = []
      return
    }
    let edits = Self.edits(Self.split(old ?? ""), Self.split(new ?? ""))
    var lines = [
      old == nil ? "--- /dev/null" : "--- a/" + path, new == nil ? "+++ /dev/null" : "+++ b/" + path,
    ]
    lines += Self.hunks(edits)
    self.lines = lines
  }

  private static func split(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// The shortest way from one to the other, by Myers' greedy search; equal ends are cut off first.
  private static func edits(_ old: [String], _ new: [String]) -> [Edit] {
    let first = zip(old, new).prefix { $0 == $1 }.count
    let last = min(
      zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.count,
      min(old.count, new.count) - first)
    let head = old[..<first].map(Edit.keep)
    let tail = old[(old.count - last)...].map(Edit.keep)
    let before = Array(old[first..<(old.count - last)])
    let after = Array(new[first..<(new.count - last)])
    guard before.count + after.count <= linesMax else {
      return head + before.map(Edit.remove) + after.map(Edit.add) + tail
    }
    return head + shortest(before, after) + tail
  }

  private static func shortest(_ old: [String], _ new: [String]) -> [Edit] {
    let most = old.count + new.count
    guard most > 0 else { return [] }
    // `reach[most + k]`: how far along `old` the best path on diagonal k has come.
    var reach = [Int](repeating: 0, count: 2 * most + 2)
    var trace: [[Int]] = []
    search: for distance in 0...most {
      trace.append(reach)
      for k in stride(from: -distance, through: distance, by: 2) {
        let isDown =
          k == -distance || k != distance && reach[most + k - 1] < reach[most + k + 1]
        var x = isDown ? reach[most + k + 1] : reach[most + k - 1] + 1
        while x < old.count, x - k < new.count, old[x] == new[x - k] { x += 1 }
        reach[most + k] = x
        if x >= old.count, x - k >= new.count { break search }
      }
    }
    var edits: [Edit] = []
    var x = old.count
    var y = new.count
    for (distance, reach) in trace.enumerated().reversed() {
      let k = x - y
      let isDown = k == -distance || k != distance && reach[most + k - 1] < reach[most + k + 1]
      let previous = k + (isDown ? 1 : -1)
      let fromX = distance == 0 ? 0 : reach[most + previous]
      let fromY = distance == 0 ? 0 : fromX - previous
      while x > fromX, y > fromY {
        x -= 1
        y -= 1
        edits.append(.keep(old[x]))
      }
      guard distance > 0 else { break }
      if isDown {
        y -= 1
        edits.append(.add(new[y]))
      } else {
        x -= 1
        edits.append(.remove(old[x]))
      }
    }
    return edits.reversed()
  }

  /// Changes with what stands around them; those that lie close together share a hunk.
  private static func hunks(_ edits: [Edit]) -> [String] {
    let changed = edits.indices.filter { if case .keep = edits[$0] { false } else { true } }
    var ranges: [Range<Int>] = []
    for index in changed {
      let range = max(0, index - contextLines)..<min(edits.count, index + contextLines + 1)
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    var lines: [String] = []
    var index = 0
    var oldLine = 1
    var newLine = 1
    for range in ranges {
      while index < range.lowerBound {
        advance(edits[index], &oldLine, &newLine)
        index += 1
      }
      var body: [String] = []
      let start = (old: oldLine, new: newLine)
      while index < range.upperBound {
        switch edits[index] {
        case .keep(let text): body.append(" " + text)
        case .remove(let text): body.append("-" + text)
        case .add(let text): body.append("+" + text)
        }
        advance(edits[index], &oldLine, &newLine)
        index += 1
      }
      let counts = (old: oldLine - start.old, new: newLine - start.new)
      // A side without lines is named by the line before it.
      let from = (
        old: counts.old == 0 ? start.old - 1 : start.old,
        new: counts.new == 0 ? start.new - 1 : start.new
      )
      lines.append("@@ -\(from.old),\(counts.old) +\(from.new),\(counts.new) @@")
      lines += body
    }
    return lines
  }

  private static func advance(_ edit: Edit, _ old: inout Int, _ new: inout Int) {
    switch edit {
    case .keep:
      old += 1
      new += 1
    case .remove: old += 1
    case .add: new += 1
    }
  }
}
