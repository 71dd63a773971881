internal import TrinoSQL

/// What the statements of one prompt or script have changed of their session.
final class StatementSession {
  /// In the order in which they were made.
  var changes: [SessionChange] = []
}
