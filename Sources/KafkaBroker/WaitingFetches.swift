// Consumers that have read everything and wait for more, without a thread for any of them.

internal import KafkaProtocol
internal import Synchronization

/// Fetches that are tried again when enough bytes came for them, or when their time is up.
final class WaitingFetches: Sendable {
  private struct Waiting {
    let partitions: [TopicPartition]
    var bytesMissing: Int
    let tryAgain: @Sendable () -> Void
  }

  private struct State {
    var fetches: [UInt64: Waiting] = [:]
    var byPartition: [TopicPartition: Set<UInt64>] = [:]
    var last: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  /// Remembers a fetch; `tryAgain` is called once, by `appended`, or by the caller after `take`.
  ///
  /// - Returns: its number; nil where nothing waits any more.
  func add(
    _ partitions: [TopicPartition],
    bytesMissing: Int,
    _ tryAgain: @escaping @Sendable () -> Void
  ) -> UInt64? {
    state.withLock { state in
      guard !state.isClosed else { return nil }
      state.last += 1
      state.fetches[state.last] = Waiting(
        partitions: partitions,
        bytesMissing: bytesMissing,
        tryAgain: tryAgain
      )
      for partition in partitions { state.byPartition[partition, default: []].insert(state.last) }
      return state.last
    }
  }

  /// True for the one caller that may go on with the fetch.
  func take(_ number: UInt64) -> Bool {
    state.withLock { Self.remove(number, &$0) } != nil
  }

  /// Bytes came to a partition.
  func appended(_ partition: TopicPartition, bytes: Int) {
    let ready = state.withLock { state -> [Waiting] in
      guard let numbers = state.byPartition[partition] else { return [] }
      return numbers.compactMap { number in
        state.fetches[number]?.bytesMissing -= bytes
        guard let waiting = state.fetches[number], waiting.bytesMissing <= 0 else { return nil }
        return Self.remove(number, &state)
      }
    }
    for waiting in ready { waiting.tryAgain() }
  }

  /// Lets every fetch go on; later ones do not wait.
  func close() {
    let all = state.withLock { state in
      defer { (state.fetches, state.byPartition) = ([:], [:]) }
      state.isClosed = true
      return Array(state.fetches.values)
    }
    for waiting in all { waiting.tryAgain() }
  }

  private static func remove(_ number: UInt64, _ state: inout State) -> Waiting? {
    guard let waiting = state.fetches.removeValue(forKey: number) else { return nil }
    for partition in waiting.partitions {
      state.byPartition[partition]?.remove(number)
      if state.byPartition[partition]?.isEmpty == true { state.byPartition[partition] = nil }
    }
    return waiting
  }
}
