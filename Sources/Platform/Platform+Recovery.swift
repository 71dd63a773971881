internal import EventLog
internal import Lake

extension Platform {
  /// The recoveries that have not been read yet; each is told once.
  package func takeRecoveries() -> [Recovery] {
    defer { recoveries = [] }
    return recoveries
  }
}
