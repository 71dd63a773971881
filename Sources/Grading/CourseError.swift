/// What went wrong with the course's own files or with the learner's progress.
///
/// The shape is that of every other target's error (code, message, place, advice, fields), so that
/// `Commands` prints it the same way; `Course` imports nothing of the pipeline, hence its own type.
/// A learner's wrong answer is never an error: that is a `Verdict`.
package struct CourseError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A stable dotted name, such as `course.missing-key`; the catalogue key is `error.` + this.
  package var code: String
  /// One English sentence that says what happened, values included.
  package var message: String
  /// The file, and line or key, it happened at; nil where the message says it all.
  package var place: String?
  /// One English sentence that says what to write or do instead.
  package var advice: String?
  /// The values that the catalogue's sentence names, by placeholder.
  package var fields: [String: String]

  package init(
    code: String,
    message: String,
    place: String? = nil,
    advice: String? = nil,
    fields: [String: String] = [:]
  ) {
    self.code = code
    self.message = message
    self.place = place
    self.advice = advice
    self.fields = fields
  }

  package var description: String {
    var text = "\(code): \(message)"
    if let place { text += " (\(place))" }
    if let advice { text += " \(advice)" }
    return text
  }
}

/// The nearest of the valid names, for "did you mean"; nil where none is near.
///
/// Near means an edit distance of at most a third of the longer name, and never more than three.
package func nearestName(to name: String, in candidates: [String]) -> String? {
  let scored = candidates.map { ($0, editDistance(Array(name), Array($0))) }
  guard let best = scored.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return nil }
  let limit = min(3, max(1, max(name.count, best.0.count) / 3))
  return best.1 <= limit ? best.0 : nil
}

/// Insertions, deletions, substitutions and swaps of two neighbours, each counting one.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...right.count)
  for (row, character) in left.enumerated() {
    var current = [row + 1]
    for (column, other) in right.enumerated() {
      let substituted = previous[column] + (character == other ? 0 : 1)
      var best = min(substituted, previous[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
        best = min(best, beforePrevious[column - 1] + 1)
      }
      current.append(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}
