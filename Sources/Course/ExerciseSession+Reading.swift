internal import Grading

extension ExerciseSession {
  /// True where the text, typed without `answer`, would be read as an answer to the part that is
  /// open. A text without a digit is none: it is rather a mistyped command or a file's name.
  package func looksLikeAnswer(_ text: String) -> Bool {
    guard text.contains(where: \.isNumber), let part = openPart else { return false }
    switch part.question {
    case .checks(let form, _, _): return form?.read(text) != nil
    case .choice(let pool): return choice(pool, part: part.id)?.read(text) != nil
    case .order(let question): return order(question, part: part.id).read(text) != nil
    }
  }
}
