// Many phones whose server is away for a while: how they come back, by the rules of the real client.
//
// Nothing of the world takes part: each phone is an `EventClient` with one event to send, and the
// server is a status. What is drawn from it is the herd that comes back, or does not.

package import EventSDK

/// The attempts of phones that have failed together.
package struct OutageDrill: Sendable {
  /// Attempts in each second, from the first second of the outage on.
  package private(set) var attempts: [Int]
  /// Seconds that the server answers 503.
  package let outageSeconds: Int
  package let phoneCount: Int
  /// Seconds after the outage in which the last phone has been served; nil where one has not been by
  /// the end.
  package private(set) var lastServed: Int?

  /// Seconds that are looked at after the server is back.
  package static let secondsAfter = 400
  package static let phonesMax = 5_000
  package static let outageSecondsMax = 3_600

  /// Plays an outage. Every phone has an event at its beginning, in the same second.
  ///
  /// - Parameters:
  ///   - phones: 1 to `phonesMax`.
  ///   - seconds: 1 to `outageSecondsMax`.
  package init(_ configuration: Configuration, phones: Int, seconds: Int) {
    outageSeconds = min(max(seconds, 1), Self.outageSecondsMax)
    phoneCount = min(max(phones, 1), Self.phonesMax)
    let end = Int64(outageSeconds + Self.secondsAfter) * 1_000
    attempts = [Int](repeating: 0, count: outageSeconds + Self.secondsAfter)
    let event: [UInt8] = Array("{}".utf8)
    var served: Int64?
    var isServed = 0
    for phone in 0..<phoneCount {
      var client = EventClient(configuration: configuration, jitterSeed: UInt64(phone))
      // Within the first second, so that an even start is not what keeps them apart.
      var now = Int64(phone) * 1_000 / Int64(phoneCount)
      var actions = client.receive(.track(json: event, isPriority: false), at: now)
      actions += client.receive(.flush, at: now)
      while now < end {
        guard let batch = Self.batch(in: actions) else { break }
        attempts[Int(now / 1_000)] += 1
        let isBack = now >= Int64(outageSeconds) * 1_000
        let answers = client.receive(
          .response(
            batch: batch,
            .answered(status: isBack ? 200 : 503, refused: [], retryAfterSeconds: nil)), at: now)
        if isBack {
          isServed += 1
          served = max(served ?? now, now)
          break
        }
        guard let next = Self.timer(in: answers) else { break }
        now = next
        actions = client.receive(.timer, at: now)
      }
    }
    if isServed == phoneCount, let served { lastServed = Int(served / 1_000) - outageSeconds }
  }

  /// Attempts in each second since the server is back.
  package var after: ArraySlice<Int> { attempts[outageSeconds...] }

  /// The most attempts in one second since the server is back.
  package var peak: Int { after.max() ?? 0 }

  private static func batch(in actions: [EventClient.Action]) -> Int? {
    for case .send(let batch) in actions { return batch.number }
    return nil
  }

  private static func timer(in actions: [EventClient.Action]) -> Int64? {
    var moment: Int64?
    for case .scheduleTimer(let at) in actions { moment = at }
    return moment
  }
}
