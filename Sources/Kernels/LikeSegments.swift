// LIKE patterns without `_`: literals with `%` between them, found one after another.
//
// ```
// 'PROMO%'              first literal at the start
// '%special%requests%'  literals anywhere, in order: the leftmost place of each is enough
// '%BRASS'              last literal at the end
// ```
// UTF-8 keeps this right on bytes: one code point's bytes never begin inside another's.

import Columnar

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A pattern of literals and `%` alone, its literals one after another in one array.
struct LikeSegments {
  private let bytes: [UInt8]
  /// The literals' places in `bytes`.
  private let ranges: [Range<Int>]
  /// The first literal stands at the text's start.
  private let isAnchoredAtStart: Bool
  /// The last literal stands at the text's end.
  private let isAnchoredAtEnd: Bool

  /// Nil where the pattern has a `_`, or no `%`.
  init?(_ pattern: LikePattern) {
    guard !pattern.pieces.contains(.anyOne), pattern.pieces.contains(.anyText) else { return nil }
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    for case .literal(let literal) in pattern.pieces {
      ranges.append(bytes.count..<bytes.count + literal.count)
      bytes += literal
    }
    self.bytes = bytes
    self.ranges = ranges
    isAnchoredAtStart = pattern.pieces.first != .anyText
    isAnchoredAtEnd = pattern.pieces.last != .anyText
  }

  /// Writes 1 for each row whose text matches, else 0; rows that are not valid are left out.
  func match(
    _ lane: TextLane, count: Int, validity: ValidityBitmap?, into out: UnsafeMutablePointer<UInt8>
  ) {
    bytes.withUnsafeBytes { literals in
      ranges.withUnsafeBufferPointer { ranges in
        for row in 0..<count {
          if let validity, !validity.isValid(row) { continue }
          out[row] = matches(lane[row], literals, ranges) ? 1 : 0
        }
      }
    }
  }

  @inline(__always)
  private func matches(
    _ text: UnsafeRawBufferPointer, _ literals: UnsafeRawBufferPointer,
    _ ranges: UnsafeBufferPointer<Range<Int>>
  ) -> Bool {
    // An empty text has no address: it matches where there is no literal.
    guard let start = text.baseAddress, let literal = literals.baseAddress, text.count > 0 else {
      return ranges.isEmpty
    }
    var from = 0
    var end = text.count
    var first = 0
    var last = ranges.count
    if isAnchoredAtStart {
      let range = ranges[0]
      guard range.count <= end, memcmp(start, literal + range.lowerBound, range.count) == 0 else {
        return false
      }
      from = range.count
      first = 1
    }
    if isAnchoredAtEnd {
      // A pattern with `%` has no literal that is both first and last.
      let range = ranges[last - 1]
      guard from + range.count <= end,
        memcmp(start + (end - range.count), literal + range.lowerBound, range.count) == 0
      else { return false }
      end -= range.count
      last -= 1
    }
    while first < last {
      let range = ranges[first]
      guard from + range.count <= end,
        let found = find(literal + range.lowerBound, range.count, in: start + from, end - from)
      else { return false }
      from += found + range.count
      first += 1
    }
    return true
  }

  /// The first place of `count` bytes, at least one, in a text of `length` bytes.
  @inline(__always)
  private func find(
    _ literal: UnsafeRawPointer, _ count: Int, in text: UnsafeRawPointer, _ length: Int
  ) -> Int? {
    let first = Int32(literal.load(as: UInt8.self))
    var place = 0
    let last = length - count
    while place <= last {
      // From `place` there is room for the literal: at least one byte is searched.
      guard let found = memchr(text + place, first, last - place + 1) else { return nil }
      place = UnsafeRawPointer(found) - text
      if memcmp(text + place, literal, count) == 0 { return place }
      place += 1
    }
    return nil
  }
}
