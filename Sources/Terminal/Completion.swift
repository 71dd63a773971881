// Which names a learner may mean by what is typed so far, and how many names are shown.

/// Finds the names that begin as what was typed.
package enum Completion {
  /// The names that `prefix` may be the beginning of, in the order given.
  ///
  /// Case and normal form do not count. Where no name begins so, three more readings are tried, in
  /// this order: a Hangul syllable that is not finished yet (`수지` for 수집), initial consonants
  /// (`ㅅㅈ` for 수집), and keys pressed with the Korean layout on (`ㅏㅁㄹ` for `kafka`).
  ///
  /// Time is linear in the names: 10,000 take a millisecond or two.
  package static func matches(_ prefix: String, in names: [String]) -> [String] {
    let wanted = folded(prefix)
    if wanted.isEmpty { return names }
    let bytes = Array(wanted.utf8)
    let isASCII = bytes.allSatisfy { $0 < 0x80 }
    let found = names.filter { begins($0, with: bytes, isASCII: isASCII) }
    if !found.isEmpty || isASCII { return found }
    if let letters = hangulLetters(wanted) {
      let found = names.filter { hangulLetters(folded($0))?.starts(with: letters) ?? false }
      if !found.isEmpty { return found }
    }
    if let initials = initials(wanted) {
      let found = names.filter { self.initials(of: $0).starts(with: initials) }
      if !found.isEmpty { return found }
    }
    guard let latin = KoreanLayout.toLatin(wanted).map({ Array(folded($0).utf8) }) else { return [] }
    return names.filter { begins($0, with: latin, isASCII: true) }
  }

  private static func folded(_ text: String) -> String {
    Normalization.composed(text).lowercased()
  }

  private static func begins(_ name: String, with bytes: [UInt8], isASCII: Bool) -> Bool {
    if isASCII {
      // An ASCII prefix is compared byte by byte; a mark that combines with its last letter makes
      // another letter of it.
      var rest = name.utf8.makeIterator()
      for byte in bytes {
        guard let next = rest.next() else { return false }
        let lower = next >= 0x41 && next <= 0x5A ? next | 0x20 : next
        if lower != byte { return false }
      }
      guard let next = rest.next(), next >= 0x80 else { return true }
    }
    return folded(name).utf8.starts(with: bytes)
  }

  /// A Hangul text as its letters; nil if it holds none.
  private static func hangulLetters(_ text: String) -> [UInt32]? {
    var result: [UInt32] = []
    var hasSyllable = false
    for scalar in text.unicodeScalars {
      guard (0xAC00...0xD7A3).contains(scalar.value) else {
        result.append(scalar.value)
        continue
      }
      hasSyllable = true
      let index = scalar.value - 0xAC00
      result += [0x1100 + index / 588, 0x1161 + index / 28 % 21]
      if index % 28 > 0 { result.append(0x11A7 + index % 28) }
    }
    return hasSyllable ? result : nil
  }

  private static let initialLetters: [UInt32] = [
    0x3131, 0x3132, 0x3134, 0x3137, 0x3138, 0x3139, 0x3141, 0x3142, 0x3143, 0x3145, 0x3146, 0x3147,
    0x3148, 0x3149, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E,
  ]

  /// The code points of a text that is all consonants; nil for any other.
  private static func initials(_ text: String) -> [UInt32]? {
    let points = text.unicodeScalars.map(\.value)
    return points.allSatisfy { initialLetters.contains($0) } ? points : nil
  }

  /// The initial consonants of a name's syllables; other characters stand for themselves.
  private static func initials(of name: String) -> [UInt32] {
    Normalization.composed(name).unicodeScalars.map { scalar in
      guard (0xAC00...0xD7A3).contains(scalar.value) else { return scalar.value }
      return initialLetters[Int((scalar.value - 0xAC00) / 588)]
    }
  }

  /// The longest text that all candidates begin with, in whole characters; case does not count, and
  /// the first candidate's is kept.
  package static func commonPrefix(of candidates: [String]) -> String {
    guard let first = candidates.first else { return "" }
    // What the first and the last in order share, all share; both are found in one pass.
    let keys = candidates.lazy.map { $0.lowercased() }
    guard let least = keys.min(), let greatest = keys.max() else { return "" }
    let count = zip(least, greatest).prefix { $0 == $1 }.count
    return String(first.prefix(count))
  }
}

/// Candidates in columns, read downwards, as many as fit.
package enum CandidateList {
  /// More than this are never listed at once, whatever the screen.
  package static let listedMax = 240

  /// One page of candidates in at most `rowsMax` rows, and how many there are besides: `... +9,880`.
  ///
  /// - Parameter page: which page, counted from 0; after the last one the first comes again.
  package static func lines(
    _ candidates: [String],
    width: Int,
    rowsMax: Int = 40,
    page: Int = 0
  ) -> [String] {
    guard !candidates.isEmpty else { return [] }
    let pages = pages(of: candidates, width: width, rowsMax: max(rowsMax, 2))
    let range = pages(page)
    let listed = candidates[range].map { TextWidth.printable($0) }
    let layout = CandidateList.layout(listed, width: width)
    var lines = (0..<layout.rows).map { row in
      let cells = stride(from: row, to: listed.count, by: layout.rows).map { listed[$0] }
      let padded = cells.dropLast().map { TextWidth.pad($0, to: layout.columnWidth) }
      return TextWidth.truncate(padded.joined() + (cells.last ?? ""), to: max(width - 1, 1))
    }
    if range.count < candidates.count {
      let rest = NumberText.grouped(candidates.count - range.count)
      lines.append("... +" + rest)
    }
    return lines
  }

  private static func layout(_ listed: [String], width: Int) -> (rows: Int, columnWidth: Int) {
    let widest = listed.reduce(1) { max($0, TextWidth.columns($1)) }
    let columnCount = max(1, (width - 1) / (widest + 2))
    return ((listed.count + columnCount - 1) / columnCount, widest + 2)
  }

  /// Answers which candidates a page holds.
  private static func pages(
    of candidates: [String],
    width: Int,
    rowsMax: Int
  ) -> (Int) -> Range<Int> {
    { page in
      var start = 0
      var number = 0
      while true {
        let end = end(of: start, candidates, width, rowsMax)
        if number == page { return start..<end }
        number += 1
        start = end
        if start >= candidates.count {
          // Round again.
          let first = CandidateList.end(of: 0, candidates, width, rowsMax)
          if first >= candidates.count || number == 0 { return 0..<first }
          return pages(of: candidates, width: width, rowsMax: rowsMax)(page % number)
        }
      }
    }
  }

  /// Where a page that begins at `start` ends: the most candidates whose columns fit.
  private static func end(of start: Int, _ candidates: [String], _ width: Int, _ rowsMax: Int) -> Int {
    let rest = candidates.count - start
    let isWhole = start == 0 && rest <= listedMax
    var count = min(rest, listedMax)
    while count > 1 {
      let listed = candidates[start..<(start + count)].map { TextWidth.printable($0) }
      let rows = layout(listed, width: width).rows
      // One row is for the count, unless everything fits.
      if rows <= (isWhole && count == rest ? rowsMax : rowsMax - 1) { break }
      count = min(count - 1, count * (rowsMax - 1) / max(rows, 1) + 1)
    }
    return start + max(count, 1)
  }
}
