// Join keys that are whole numbers of a small range: looked up by the number itself.

import Columnar

/// The keys of a join's build side as places of a range.
///
/// `@unchecked Sendable`: the memory is written in `init` alone.
final class DenseKeys: @unchecked Sendable {
  /// The smallest key's tag.
  let base: UInt64
  /// How many numbers there are from the smallest to the greatest key.
  let range: UInt64
  /// Rows with a key.
  let entryCount: Int
  /// The row of each number that is a key; nil where a key comes twice.
  let places: UnsafeMutablePointer<Int32>?
  /// One bit a number, and a last one that is never set.
  private let bits: UnsafeMutablePointer<UInt64>

  /// As many numbers a key at most: a table of places is then no larger than one of hashes.
  private static let numbersPerKeyMax = 8
  /// Ranges that are worth it for however few keys.
  private static let rangeAlwaysDense: UInt64 = 65_536

  /// Nil where the keys lie too far apart. Rows that are not valid are left out. A tag has its key's
  /// sign in all of its upper bits.
  init?(_ tags: UnsafePointer<UInt64>, _ count: Int, _ validity: ValidityBitmap?) {
    var least = Int64.max
    var greatest = Int64.min
    var entryCount = 0
    for row in 0..<count where validity?.isValid(row) ?? true {
      let key = Int64(bitPattern: tags[row])
      least = min(least, key)
      greatest = max(greatest, key)
      entryCount += 1
    }
    // Modulo 2⁶⁴ right for any two numbers.
    let low = UInt64(bitPattern: least)
    let width = UInt64(bitPattern: greatest) &- low
    guard entryCount > 0, width < UInt64(Int32.max),
      width < max(Self.rangeAlwaysDense, UInt64(entryCount * Self.numbersPerKeyMax))
    else { return nil }
    base = low
    range = width + 1
    self.entryCount = entryCount
    let words = Int(range >> 6) + 1
    bits = .allocate(capacity: words)
    bits.initialize(repeating: 0, count: words)
    let found = UnsafeMutablePointer<Int32>.allocate(capacity: Int(range))
    var isUnique = true
    for row in 0..<count where validity?.isValid(row) ?? true {
      let place = tags[row] &- low
      let word = Int(place >> 6)
      let bit = UInt64(1) << (place & 63)
      if bits[word] & bit != 0 { isUnique = false }
      bits[word] |= bit
      found[Int(place)] = Int32(truncatingIfNeeded: row)
    }
    if isUnique {
      places = found
    } else {
      places = nil
      found.deallocate()
    }
  }

  deinit {
    bits.deallocate()
    places?.deallocate()
  }

  /// Bytes held.
  var byteCount: Int { Int(range) / 8 + 8 + (places == nil ? 0 : Int(range) * 4) }

  /// Whether a row has this key.
  @inline(__always)
  func contains(_ tag: UInt64) -> Bool {
    let place = min(tag &- base, range)
    return bits[Int(truncatingIfNeeded: place >> 6)] >> (place & 63) & 1 != 0
  }

  /// Writes those of `rows` whose tag is a key, ascending; returns how many. Writes one more place than
  /// it counts.
  func rows(
    _ tags: UnsafePointer<UInt64>, _ rows: Range<Int>, _ validity: ValidityBitmap?,
    into out: UnsafeMutablePointer<Int32>
  ) -> Int {
    let base = base
    let range = range
    let bits = bits
    var made = 0
    for row in rows {
      // Beyond the range is the last bit, which is never set.
      let place = min(tags[row] &- base, range)
      out[made] = Int32(truncatingIfNeeded: row)
      made += Int(truncatingIfNeeded: bits[Int(truncatingIfNeeded: place >> 6)] >> (place & 63) & 1)
    }
    guard let validity else { return made }
    var kept = 0
    for index in 0..<made where validity.isValid(Int(out[index])) {
      out[kept] = out[index]
      kept += 1
    }
    return kept
  }
}
