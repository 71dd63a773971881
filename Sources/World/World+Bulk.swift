import Dispatch
package import Simulation
import Synchronization

extension World {
  /// A share of a day's events: every event of some phones, one JSON object a line, by phone and then
  /// in the order of each phone.
  package struct BulkChunk: Sendable {
    package var eventCount: Int
    package var bytes: [UInt8]
  }

  /// Generates the visits that begin on a day, as the phones would record their events, on several
  /// threads; no fault of the network and no SDK is in it.
  ///
  /// `take` is called with one chunk of some megabytes after the other, never two at once, in an
  /// order that depends on the threads; the lines of one phone come in one chunk. It throws what
  /// `take` throws. Memory: the plan of the day, about 200 bytes a visit, and a chunk for each
  /// thread. The days before are planned too, for the phones' `seq`; a world's first day is cheapest.
  package func bulk(
    day: CivilDate, threadCount: Int = 2, take: @Sendable (BulkChunk) throws -> Void
  ) throws {
    let visits = visitsByPhone(through: day)
    let population = population
    let blockCount = max(1, (visits.starts.count + Self.phonesInBlock - 1) / Self.phonesInBlock)
    let next = Atomic(0)
    let outcome = Mutex<(any Error)?>(nil)
    let gate = Mutex(())
    DispatchQueue.concurrentPerform(iterations: max(1, threadCount)) { _ in
      var writer = EventWriter(population: population)
      var events = 0
      func hand() {
        let chunk = BulkChunk(eventCount: events, bytes: writer.bytes)
        writer.removeAll()
        events = 0
        gate.withLock { _ in
          guard outcome.withLock({ $0 == nil }) else { return }
          do {
            try take(chunk)
          } catch {
            outcome.withLock { $0 = $0 ?? error }
          }
        }
      }
      while outcome.withLock({ $0 == nil }) {
        let block = next.add(1, ordering: .relaxed).oldValue
        guard block < blockCount else { break }
        let from = block * Self.phonesInBlock
        for phone in from..<min(visits.starts.count - 1, from + Self.phonesInBlock) {
          events += visits.write(phone, day: day, population, &writer)
          if writer.count > Self.chunkBytes { hand() }
        }
      }
      if events > 0 { hand() }
    }
    if let error = outcome.withLock({ $0 }) { throw error }
  }

  private static let phonesInBlock = 512
  private static let chunkBytes = 4 << 20

  /// The visits of all days up to one, phone after phone, each in order.
  private func visitsByPhone(through day: CivilDate) -> VisitsByPhone {
    var all: [Session] = []
    var planned = configuration.start.date(offsetSeconds: TimeZones.seoul)
    while planned <= day {
      all += plan(planned)
      planned = planned.adding(days: 1)
    }
    return VisitsByPhone(all, phoneCount: population.phoneCount)
  }
}

/// Visits sorted by phone, with where each phone's begin: a counting sort keeps their order in time.
private struct VisitsByPhone: Sendable {
  /// One more than there are phones.
  let starts: [Int32]
  private let visits: [Session]
  private let order: [Int32]

  init(_ visits: [Session], phoneCount: Int) {
    var starts = [Int32](repeating: 0, count: phoneCount + 1)
    for visit in visits { starts[visit.user + 1] += 1 }
    for phone in 0..<phoneCount { starts[phone + 1] += starts[phone] }
    var places = starts
    var order = [Int32](repeating: 0, count: visits.count)
    for index in visits.indices {
      let user = visits[index].user
      order[Int(places[user])] = Int32(index)
      places[user] += 1
    }
    self.starts = starts
    self.visits = visits
    self.order = order
  }

  /// Appends the events of a phone's visits that were planned for a day.
  func write(
    _ phone: Int, day: CivilDate, _ population: Population, _ writer: inout EventWriter
  ) -> Int {
    let range = Int(starts[phone])..<Int(starts[phone + 1])
    guard !range.isEmpty else { return 0 }
    var schedule = Schedule(population: population, phone: phone)
    var bytes: EventWriter.PhoneBytes?
    var events = 0
    for position in range {
      let visit = visits[Int(order[position])]
      let placement = schedule.place(visit)
      guard visit.plannedDay == day else { continue }
      let phoneBytes = bytes ?? EventWriter.PhoneBytes(phone, on: day, population)
      bytes = phoneBytes
      events += writer.write(
        visit, startingAt: placement.start, firstSeq: placement.firstSeq,
        offlineUntil: schedule.offlineEnd(phone), phoneBytes)
    }
    return events
  }
}
