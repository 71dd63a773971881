package import Columnar
import EventModel
package import Simulation

/// What is kept of the year before a world: totals of each month, and the events of some phones on
/// some days, as the collector of that time received them.
///
/// 1. The shop grows: a member of today was there by some month, or was not yet.
/// 2. On each kept day the crowd is planned as on any day. The visits of the kept phones whose
///    members were there become lines, in the order of their arrival.
/// 3. The totals of a month are those of everybody, from the numbers that plans are made of, never
///    from the lines.
///
/// The same configuration gives the same bytes. `seq` leaves a thousand numbers to each day, so that
/// it ascends over the days and shows that others lie between; the installs are not those of the
/// world's phones, which begin to count anew.
package struct HistoryArchive: Sendable {
  private let population: Population
  private let archive: ArchiveSpecification
  private let kept: [Int]

  /// One day's events, a JSON object a line.
  package struct Day: Sendable {
    package var date: CivilDate
    package var eventCount: Int
    package var lines: [UInt8]
  }

  /// The columns of `monthlyRows`.
  package static let monthlySchema = Schema([
    Field("month", .date, isNullable: false), Field("platform", .varchar, isNullable: false),
    Field("active_user_days", .bigint, isNullable: false),
    Field("members", .bigint, isNullable: false), Field("sessions", .bigint, isNullable: false),
    Field("events", .bigint, isNullable: false), Field("purchases", .bigint, isNullable: false),
    Field("revenue_krw", .bigint, isNullable: false),
  ])

  init(_ population: Population, _ archive: ArchiveSpecification) {
    self.population = population
    self.archive = archive
    // Of each layer of equally busy phones one from its middle, so that those few stand for all.
    let layer = max(1, population.userCount / archive.phones)
    kept = (0..<min(archive.phones, population.userCount)).map { index in
      var generator = SeededGenerator(
        seed: population.seed,
        label: "archived-phone",
        UInt64(index)
      )
      return index * layer + generator.within(layer / 4...(layer - 1) - layer / 4)
    }
  }

  /// The days whose events were kept, in order.
  package var days: [CivilDate] { archive.days }

  /// True where the member behind a phone was there by a month.
  private func isMember(_ user: Int, joinedPermille: Int) -> Bool {
    var generator = SeededGenerator(seed: population.seed, label: "joined", UInt64(user))
    return generator.below(1_000) < joinedPermille
  }

  /// The events of a kept day, by arrival; nil for a day that was not kept.
  ///
  /// Cost: planning the day for everybody, and writing about `phones` × 12 events.
  package func day(_ date: CivilDate) -> Day? {
    guard archive.days.contains(date), let place = archive.place(of: date) else { return nil }
    let members = Set(kept.filter { isMember($0, joinedPermille: place.joinedPermille) })
    let visits = DayPlan(date, population: population).sessions.filter {
      members.contains($0.user)
    }
    let age = date.daysSinceEpoch - archive.months[0].daysSinceEpoch
    var writer = EventWriter(population: population)
    var stamps: [EventWriter.Stamp] = []
    for (user, visits) in Dictionary(grouping: visits, by: \.user).sorted(by: { $0.key < $1.key }) {
      let phone = EventWriter.PhoneBytes(user, on: date, population, installID: install(user))
      var schedule = Schedule(population: population, phone: user)
      var seq = Int64(age) * 1_000 + Schedule.firstSeq
      for visit in visits {
        let start = schedule.place(visit).start
        seq += Int64(
          writer.write(
            visit,
            startingAt: start,
            firstSeq: seq,
            offlineUntil: schedule.offlineEnd(user),
            phone,
            stamps: &stamps
          )
        )
      }
    }
    return Day(date: date, eventCount: stamps.count, lines: writer.lines(by: stamps))
  }

  private func install(_ user: Int) -> String {
    var generator = SeededGenerator(seed: population.seed, label: "old-install", UInt64(user))
    return generator.uuid()
  }

  /// What each month came to on each platform, over all members.
  package func monthlyRows() -> [[Scalar]] {
    let specification = population.specification
    let platforms = specification.platforms
    var rows: [[Scalar]] = []
    for (index, month) in archive.months.enumerated() {
      let joined = archive.joinedPermille[index]
      let active = ArchiveSpecification.days(of: month).reduce(0) {
        $0 + population.activeUsers(on: $1) * joined / 1_000
      }
      var generator = SeededGenerator(seed: population.seed, label: "month", UInt64(index))
      for (number, platform) in platforms.enumerated() {
        let share = specification.platformShare(number)
        // Months differ by some hundredths from what the year would have them be.
        func varied(_ value: Int) -> Int { value * generator.within(970...1_030) / 1_000 }
        let days = max(1, varied(active * share / 10_000))
        let purchases = varied(days * specification.rate(.purchaseCompleted) / 1_000)
        rows.append([
          .integer(Int64(month.daysSinceEpoch)), .text(platform.name), .integer(Int64(days)),
          .integer(Int64(population.userCount * joined / 1_000 * share / 10_000)),
          .integer(Int64(days * specification.sessionsPerUserDayMilli / 1_000)),
          .integer(Int64(varied(days * specification.eventsPerUserDayMilli / 1_000))),
          .integer(Int64(purchases)), .integer(Int64(varied(purchases * meanOrder))),
        ])
      }
    }
    return rows
  }

  /// What an order is worth on average, in won.
  private var meanOrder: Int {
    let weights = Zipf.weights(
      count: population.prices.count,
      exponentCenti: population.specification.productExponentCenti
    )
    let total = weights.reduce(0, +)
    let price = zip(weights, population.prices).reduce(0) { $0 + $1.0 / 1_024 * $1.1 }
    let quantities = population.specification.quantities.weightList
    let pieces = quantities.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element }
    return price / (total / 1_024) * pieces / quantities.reduce(0, +)
  }
}

extension World {
  /// The year before this world; nil for an app whose specification has none.
  package var historyArchive: HistoryArchive? {
    population.specification.archive.map { HistoryArchive(population, $0) }
  }
}
