// Answers of two engines as text, and whether they are the same.

import Foundation

/// The rows of an answer, each value as text; nil for NULL.
package typealias AnswerRows = [[String?]]

/// Compares what two engines gave, row by row and in order.
package enum Answer {
  /// What differs first; nil where the answers are the same.
  ///
  /// Text must be the same. Numbers must be, after the one with more decimals is rounded to those of
  /// the other: Trino's averages and quotients of decimals are decimals, DuckDB's are doubles. Two
  /// numbers of 14 and more digits that differ in the last of a double's are the same.
  package static func difference(_ ours: AnswerRows, _ peers: AnswerRows) -> String? {
    if ours.count != peers.count { return "\(ours.count) rows, the peer has \(peers.count)" }
    for (row, (mine, other)) in zip(ours, peers).enumerated() {
      guard mine.count == other.count else {
        return "row \(row + 1): \(mine.count) columns, the peer has \(other.count)"
      }
      for (column, (a, b)) in zip(mine, other).enumerated() where !isSame(a, b) {
        return "row \(row + 1), column \(column + 1): \(a ?? "NULL"), the peer has \(b ?? "NULL")"
      }
    }
    return nil
  }

  static func isSame(_ a: String?, _ b: String?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    if a == b { return true }
    guard isNumber(a), isNumber(b), let x = Double(a), let y = Double(b) else { return false }
    // Half of the last place that both have.
    let places = min(decimals(a), decimals(b))
    let half = 0.5 * pow(10, -Double(places))
    return abs(x - y) <= (decimals(a) == decimals(b) ? 0 : half) + abs(x) * 1e-13
  }

  private static func isNumber(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x65, 0x45].contains($0) }
  }

  private static func decimals(_ text: String) -> Int {
    guard let dot = text.firstIndex(of: ".") else { return 0 }
    return text[dot...].prefix { $0 != "e" && $0 != "E" }.count - 1
  }
}
