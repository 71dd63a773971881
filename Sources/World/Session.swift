import Simulation

/// One visit, as planned: everything that decides how many events it has.
struct Session: Sendable {
  enum Outcome: UInt8, Sendable {
    case noCheckout, abandoned, failed, purchased, purchasedTwice, refunded
  }

  var user: Int
  /// Milliseconds; the visit begins later if the one before is not over.
  var plannedStart: Int64 = 0
  /// The seed of its script and of its details.
  var seed: UInt64 = 0
  var bodyCount = 1
  var pushCount = 0
  var opensPush = false
  var reopenCount = 0
  var isGuest = false
  var logsIn = false
  var endsItself = true
  var outcome = Outcome.noCheckout
  var stepCount = 0
  /// How long the phone has no network from the start on; 0 for a phone that has it.
  var offlineMilliseconds: Int64 = 0
  /// What of this visit is not as it should be.
  var imperfections: Imperfections = []
  var isBot = false
  /// True where people pay without a checkout.
  var paysAtOnce = false

  /// The exact number of events that the visit tracks.
  var eventCount: Int {
    var count = pushCount + (opensPush ? 1 : 0) + 2 + bodyCount + reopenCount
    count += (logsIn ? 1 : 0) + (endsItself ? 1 : 0)
    count += imperfections.contains(.doubleTap) ? 1 : 0
    switch outcome {
    case .noCheckout: return count
    case .abandoned: break
    case .failed, .purchased: count += 1
    case .purchasedTwice, .refunded: count += 2
    }
    return count + stepCount + (paysAtOnce ? 0 : 1)
  }
}

extension Session {
  /// The day in Seoul on which the visit was planned to begin.
  var plannedDay: CivilDate {
    StoryTime(milliseconds: plannedStart).date(offsetSeconds: TimeZones.seoul)
  }
}
