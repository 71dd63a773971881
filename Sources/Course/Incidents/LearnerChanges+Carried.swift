import Grading

extension LearnerChanges {
  /// A learner's files as they would be where the same files hold other values.
  ///
  /// `own` and `other` are what one step wrote in the learner's world and in the other one, by path
  /// below `pipeline/`: line by line the same, but for parameters. A line that the learner left as it
  /// was becomes the other world's; one that was written or changed stays as the learner has it.
  static func carried(
    _ changes: LearnerChanges, from own: [String: String], to other: [String: String]
  ) -> LearnerChanges {
    func carried(_ file: File) -> File {
      guard let content = file.content, let before = own[file.path], let after = other[file.path]
      else { return file }
      let pairs = zip(lines(before), lines(after)).filter { $0 != $1 }
      let there = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
      guard !there.isEmpty else { return file }
      return File(
        path: file.path, content: lines(content).map { there[$0] ?? $0 }.joined(separator: "\n"))
    }
    var changes = changes
    changes.base = changes.base.map(carried)
    changes.files = changes.files.map(carried)
    return changes
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
