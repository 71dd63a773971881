import Synchronization

/// The one clock that every component of a world reads.
///
/// Only `Platform` sets it. Reading is safe from any thread; it never goes back.
public final class StoryClock: Sendable {
  private let time: Mutex<StoryTime>

  public init(_ start: StoryTime) {
    time = Mutex(start)
  }

  public var now: StoryTime { time.withLock { $0 } }

  /// Moves to `moment`, or stays where a caller asks to go back.
  public func set(_ moment: StoryTime) {
    time.withLock { $0 = max($0, moment) }
  }
}
