// What the learner runs at the prompt while an exercise is open: its last query is what a bare `check`
// judges, so that nobody types it twice.

internal import Course
internal import Grading

extension Shell {
  /// Remembers a query that was run as the answer to the exercise that is open.
  func rememberQuery(_ sql: String) {
    guard purpose == .learner, !incidents.isBusy, let id = exercises.current,
      SQLAnswer.looksLikeQuery(sql),
      let session = try? exercises.session(id, progress: progress, host: lessonHost())
    else { return }
    session.remember(query: sql)
  }
}
