// Who may come in: the one place where load is turned away, before anything is unpacked.
//
// 1. Bytes in flight: a body counts from its arrival to its answer, and once more unpacked. Beyond the
//    limit the answer is 503: the machine is full, whoever asks.
// 2. Events a second by key, as a bucket that fills with time. A request is let in while the bucket
//    holds anything, and takes its events out when they are counted; the bucket may go below zero,
//    and then the key waits: 429, with the seconds until it is above zero again.

internal import Synchronization

/// Bounds what is worked on at once, and what one key may send. Safe to share.
final class Admission: Sendable {
  enum Verdict: Equatable {
    case admitted
    /// The machine holds as much as it may.
    case full
    /// This key has sent more than it may; it may come again after so many seconds.
    case tooFast(seconds: Int)
  }

  private struct Bucket {
    /// Thousandths of events; negative while the key is in debt.
    var level: Int64
    var filledAt: Int64
  }

  private struct State {
    var bytes = 0
    var bytesPeak = 0
    var buckets: [String: Bucket] = [:]
  }

  private let bytesMax: Int
  private let eventsPerSecond: Int64?
  private let state = Mutex(State())

  init(bytesMax: Int, eventsPerSecond: Int?) {
    self.bytesMax = bytesMax
    self.eventsPerSecond = eventsPerSecond.map { Int64($0) }
  }

  /// Lets a body in, or says why not; what was let in is given back with `leave`.
  ///
  /// `now` is in milliseconds of whatever clock the collector lives by.
  func enter(bytes: Int, key: String, now: Int64) -> Verdict {
    state.withLock { state in
      if let rate = eventsPerSecond {
        let level = Self.fill(&state.buckets[key], rate: rate, now: now)
        if level <= 0 {
          // One event must be there; a thousandth of one each millisecond per event a second.
          let milliseconds = (1_000 - level + rate - 1) / rate
          return .tooFast(seconds: Int(max(1, (milliseconds + 999) / 1_000)))
        }
      }
      return Self.take(bytes, from: &state, max: bytesMax) ? .admitted : .full
    }
  }

  /// Counts more bytes to a body that is in; false where there is no room.
  func grow(bytes: Int) -> Bool {
    state.withLock { Self.take(bytes, from: &$0, max: bytesMax) }
  }

  func leave(bytes: Int) {
    state.withLock { $0.bytes -= bytes }
  }

  /// Takes a request's events out of its key's bucket.
  func charge(events: Int, key: String) {
    guard eventsPerSecond != nil, events > 0 else { return }
    state.withLock { $0.buckets[key]?.level -= Int64(events) * 1_000 }
  }

  var bytesInFlight: Int { state.withLock { $0.bytes } }
  /// The most bytes that were in flight at once.
  var bytesPeak: Int { state.withLock { $0.bytesPeak } }

  private static func take(_ bytes: Int, from state: inout State, max: Int) -> Bool {
    guard state.bytes + bytes <= max else { return false }
    state.bytes += bytes
    state.bytesPeak = Swift.max(state.bytesPeak, state.bytes)
    return true
  }

  /// Fills a bucket up to now; it holds one second's events at most.
  private static func fill(_ bucket: inout Bucket?, rate: Int64, now: Int64) -> Int64 {
    var full = bucket ?? Bucket(level: rate * 1_000, filledAt: now)
    if now > full.filledAt {
      let elapsed = min(now - full.filledAt, 3_600_000)
      full.level = min(rate * 1_000, full.level + elapsed * rate)
      full.filledAt = now
    }
    bucket = full
    return full.level
  }
}
