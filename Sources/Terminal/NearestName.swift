// Did you mean …: the valid name nearest to what was typed.

/// Finds near names by the edits between them (a swap of neighbours counts as one).
package enum NearestName {
  /// The best match of `input` among `names`, or nil if none is near.
  ///
  /// Case does not count. Text typed with the Korean layout on is also tried as the Latin letters
  /// of the same keys. An exact match is returned as it is spelled in `names`.
  package static func suggest(_ input: String, from names: [String]) -> String? {
    suggestions(input, from: names, countMax: 1).first
  }

  /// Up to `countMax` near names, nearest first, then in the order given.
  package static func suggestions(
    _ input: String,
    from names: [String],
    countMax: Int
  ) -> [String] {
    let typed = Array(input.lowercased())
    guard !typed.isEmpty, typed.count <= 64 else { return [] }
    let latin = KoreanLayout.toLatin(input).map { Array($0.lowercased()) }
    var found: [(distance: Int, index: Int)] = []
    for (index, name) in names.enumerated() {
      let candidate = Array(name.lowercased())
      var best = distance(typed, candidate)
      if let latin { best = min(best, distance(latin, candidate)) }
      let isCompletion = typed.count >= 3 && candidate.starts(with: typed)
      if isCompletion { best = min(best, 1) }
      if best <= threshold(min(typed.count, candidate.count)) || isCompletion {
        found.append((best, index))
      }
    }
    found.sort { ($0.distance, $0.index) < ($1.distance, $1.index) }
    return found.prefix(countMax).map { names[$0.index] }
  }

  /// How many edits still look like a slip: none in two letters, one in five, at most three.
  static func threshold(_ count: Int) -> Int {
    count <= 2 ? (count == 2 ? 1 : 0) : count <= 5 ? 1 : count <= 9 ? 2 : 3
  }

  /// The least number of insertions, deletions, substitutions and swaps of neighbours.
  static func distance(_ first: [Character], _ second: [Character]) -> Int {
    if abs(first.count - second.count) > 3 { return Int.max }
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for i in first.indices {
      var row = [i + 1]
      row.reserveCapacity(second.count + 1)
      for j in second.indices {
        let isSame = first[i] == second[j]
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (isSame ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          best = min(best, beforeLast[j - 1] + 1)
        }
        row.append(best)
      }
      beforeLast = last
      last = row
    }
    return last[second.count]
  }
}
