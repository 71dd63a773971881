/// When planned sessions really happen, and when a phone has nothing left to send.
///
/// A visit waits until the one before it is over; a phone without network holds what it has. Both
/// follow from the plans alone, so that a world can find out, without playing a single event, which
/// phones are busy at a moment and with which `seq` each session begins.
struct Schedule {
  /// The pause between two visits of one user.
  static let breakMilliseconds: Int64 = 60_000

  struct Placement {
    var start: Int64
    var end: Int64
    /// The seq of the session's first event.
    var firstSeq: Int64
    /// True where the phone has nothing to send and nothing to do when the session begins.
    var startsSettled: Bool
  }

  /// Events tracked so far, by user.
  private(set) var eventCounts: [Int64]
  /// The end of the last visit, by user.
  private(set) var lastEnds: [Int64]
  private var offlineUntil: [Int64]
  private let population: Population
  /// The phone that stands first in the arrays.
  private let first: Int

  /// The first seq of an install.
  static let firstSeq: Int64 = 1

  init(population: Population) {
    self.population = population
    first = 0
    eventCounts = Array(repeating: 0, count: population.phoneCount)
    lastEnds = Array(repeating: .min / 2, count: population.phoneCount)
    offlineUntil = lastEnds
  }

  /// A schedule of one phone alone, which is placed for itself.
  init(population: Population, phone: Int) {
    self.population = population
    first = phone
    eventCounts = [0]
    lastEnds = [.min / 2]
    offlineUntil = lastEnds
  }

  /// The end of the time without network that the phone's last visits fall into.
  func offlineEnd(_ user: Int) -> Int64 { offlineUntil[user - first] }

  /// The moment from which a user's phone has nothing to send, as far as sessions were placed.
  func settledFrom(_ user: Int) -> Int64 {
    max(lastEnds[user - first], offlineUntil[user - first])
  }

  /// Places the next session; sessions come in order of their planned starts.
  mutating func place(_ session: Session) -> Placement {
    place(session, SessionScript(session, population: population))
  }

  /// The same for a session whose script the caller has made.
  mutating func place(_ session: Session, _ script: SessionScript) -> Placement {
    let user = session.user - first
    let start = Self.start(of: session, lastEnd: lastEnds[user])
    let settled = settledFrom(session.user)
    let startsSettled = settled <= session.plannedStart && start == session.plannedStart
    let end = start + script.durationMilliseconds
    let firstSeq = Self.firstSeq + eventCounts[user]
    if session.offlineMilliseconds > 0, offlineUntil[user] <= start {
      offlineUntil[user] = start + session.offlineMilliseconds
    }
    eventCounts[user] += Int64(session.eventCount)
    lastEnds[user] = end
    return Placement(start: start, end: end, firstSeq: firstSeq, startsSettled: startsSettled)
  }

  static func start(of session: Session, lastEnd: Int64) -> Int64 {
    max(session.plannedStart, lastEnd + breakMilliseconds)
  }
}
