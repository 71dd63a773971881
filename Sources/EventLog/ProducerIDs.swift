// The identities of idempotent producers, each given once.

internal import Synchronization

/// `producer_ids`: the first id of a block that nobody has been given yet.
///
/// A block is written down before its first id is given, so a crash skips ids and repeats none.
final class ProducerIDs: Sendable {
  static let path = "producer_ids"
  private static let blockSize: Int64 = 1_000

  private struct State: Sendable {
    var next: Int64 = 0
    var blockEnd: Int64 = 0
    var isLoaded = false
  }

  private let storage: LogStorage
  private let state = Mutex(State())

  init(storage: LogStorage) {
    self.storage = storage
  }

  /// Durable when this returns.
  func next() throws -> Int64 {
    try state.withLock { state in
      if !state.isLoaded {
        let text = try storage.contents(of: Self.path).map { String(decoding: $0, as: UTF8.self) }
        let saved = text.flatMap { Int64($0.split(separator: "\n").first ?? "") }
        state = State(next: saved ?? 1_000, blockEnd: saved ?? 1_000, isLoaded: true)
      }
      if state.next == state.blockEnd {
        let end = state.blockEnd + Self.blockSize
        try storage.replace(Self.path, with: Array("\(end)\n".utf8))
        state.blockEnd = end
      }
      defer { state.next += 1 }
      return state.next
    }
  }
}
