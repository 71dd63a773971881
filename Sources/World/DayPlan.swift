import Simulation

/// Who comes when, and what for: one KST day of sessions, without a single event.
///
/// A plan is cheap (some hundred bytes for a session's header) and says exactly how many events each
/// session will have. That is what lets a world be opened at any moment: the `seq` of every phone is
/// a sum over the plans of the days before.
struct DayPlan {
  let date: CivilDate
  /// In order of planned start, then of user.
  let sessions: [Session]

  /// Plans a day; depends on nothing but the population and the date.
  init(_ date: CivilDate, population: Population, extra: [Session] = []) {
    self.date = date
    var generator = SeededGenerator(
      seed: population.seed,
      label: "day",
      date.seedNumber
    )
    let users = Self.users(of: date, population, &generator)
    var sessions = Self.sessions(of: users, date, population, &generator)
    sessions += population.specialVisits(on: date) + extra
    sessions.sort {
      $0.plannedStart == $1.plannedStart
        ? $0.user < $1.user : $0.plannedStart < $1.plannedStart
    }
    self.sessions = sessions
  }

  /// The user of each session of the day.
  ///
  /// The day's number of active users is exact: a user is active with a chance that follows Zipf's
  /// law up to certainty, by systematic sampling over a shuffled list. Each comes once; the rest of
  /// the sessions go to active users by what their weight still lacks.
  private static func users(
    of date: CivilDate,
    _ population: Population,
    _ generator: inout SeededGenerator
  ) -> [Int] {
    let specification = population.specification
    let wanted = population.activeUsers(on: date)
    let (chances, scale) = activityChances(population.userWeights, wanted: wanted)
    var order = Array(0..<population.userCount)
    for index in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(index, generator.below(index + 1))
    }
    var active: [Int] = []
    active.reserveCapacity(wanted + 1)
    var threshold = generator.below(1 << 20)
    var passed = 0
    for user in order {
      passed += chances[user]
      if passed > threshold {
        active.append(user)
        threshold += 1 << 20
      }
    }
    var users = active
    let sessionCount =
      (active.count * specification.sessionsPerUserDayMilli + generator.below(1_000)) / 1_000
    // Beyond certainty (2^20) the weight turns into more sessions.
    let extra = WeightTable(
      active.map { user in
        let multiple = max(1 << 20, (population.userWeights[user] &* scale) >> 20)
        return multiple * specification.sessionsPerUserDayMilli / 1_000 - (1 << 20)
      }
    )
    while users.count < sessionCount, extra.total > 0 {
      users.append(active[extra.pick(&generator)])
    }
    return users
  }

  /// Each user's chance to be active as a fraction of 2^20, so that they sum to about `wanted`; and
  /// the scale between weight and chance, as a fraction of 2^20.
  private static func activityChances(_ weights: [Int], wanted: Int) -> ([Int], Int) {
    func chances(_ scale: Int) -> [Int] { weights.map { min(1 << 20, ($0 &* scale) >> 20) } }
    var low = 0
    var high = 1 << 32
    while low + 1 < high {
      let middle = (low + high) / 2
      if chances(middle).reduce(0, +) < wanted << 20 { low = middle } else { high = middle }
    }
    return (chances(high), high)
  }

  private static func sessions(
    of users: [Int],
    _ date: CivilDate,
    _ population: Population,
    _ generator: inout SeededGenerator
  ) -> [Session] {
    let count = users.count
    let midnight = StoryTime(date, offsetSeconds: TimeZones.seoul).milliseconds
    var draws = SessionDraws(count: count, population, &generator)
    let starts = Strata(count: count, &generator)
    var sessions: [Session] = []
    sessions.reserveCapacity(count)
    for index in 0..<count {
      var session = draws.session(index, user: users[index], &generator)
      let minute = population.minutes.index(quantile: starts.quantile(index, &generator))
      session.plannedStart = midnight + Int64(minute * 60_000 + generator.below(60_000))
      session.seed = generator.next()
      session.imperfections = population.imperfections(of: session)
      if session.imperfections.contains(.repeatPurchase) { session.outcome = .purchasedTwice }
      sessions.append(session)
    }
    return sessions
  }
}

/// The evenly spread draws of a day's sessions, one table for each property.
private struct SessionDraws {
  private let population: Population
  private let bodies: Strata
  private let pushes: Strata
  private let reopens: Strata
  private let guests: Strata
  private let ends: Strata
  private let checkouts: Strata
  private let networks: Strata

  init(count: Int, _ population: Population, _ generator: inout SeededGenerator) {
    self.population = population
    bodies = Strata(count: count, &generator)
    pushes = Strata(count: count, &generator)
    reopens = Strata(count: count, &generator)
    guests = Strata(count: count, &generator)
    ends = Strata(count: count, &generator)
    checkouts = Strata(count: count, &generator)
    networks = Strata(count: count, &generator)
  }

  mutating func session(
    _ index: Int,
    user: Int,
    _ generator: inout SeededGenerator
  ) -> Session {
    let specification = population.specification
    var session = Session(user: user)
    session.paysAtOnce = !population.hasCheckout
    session.bodyCount = 1 + population.bodyCounts.count(quantile: bodies.quantile(index, &generator))
    session.reopenCount = population.reopenCounts.count(quantile: reopens.quantile(index, &generator))
    session.pushCount = population.pushCounts.count(quantile: pushes.quantile(index, &generator))
    session.endsItself = ends.quantile(index, &generator) < population.share(.sessionEnd)
    let guest = guests.quantile(index, &generator)
    session.isGuest = guest < UInt64(specification.guestSessionPermille) << 32 / 1_000
    checkOut(&session, checkouts.quantile(index, &generator), &generator)
    openPush(&session, &generator)
    logIn(&session, &generator)
    let offline = specification.offline[
      specification.offlineWeights.index(quantile: networks.quantile(index, &generator))
    ]
    session.offlineMilliseconds = Int64(
      generator.within((offline.from * 1_000)...(offline.to * 1_000))
    )
    return session
  }

  /// Checkout, its steps and its end, by one share: the funnel is nested slices of it.
  private func checkOut(
    _ session: inout Session,
    _ share: UInt64,
    _ generator: inout SeededGenerator
  ) {
    let purchased = population.share(population.purchaseKind)
    let failed = population.share(.purchaseFailed)
    let started = population.hasCheckout ? population.share(.checkoutStarted) : purchased + failed
    if share < purchased {
      session.outcome = share < population.share(.refundRequested) ? .refunded : .purchased
      session.stepCount = population.hasCheckout ? 3 : 0
    } else if share < purchased + failed {
      session.outcome = .failed
      session.stepCount = 2
    } else if share < started {
      session.outcome = .abandoned
      // What the whole rate of steps leaves for those who give up.
      let steps = Int(population.share(.checkoutStepCompleted)) - Int(3 * purchased + 2 * failed)
      let mean = max(0, steps) * 1_000 / max(1, Int(started - purchased - failed))
      session.stepCount = min(3, (mean + generator.below(1_000)) / 1_000)
    }
  }

  private func openPush(_ session: inout Session, _ generator: inout SeededGenerator) {
    guard session.pushCount > 0 else { return }
    // The share of sessions with a push is m / (1 + m) for a geometric count of mean m.
    let mean = Int(population.share(.pushReceived))
    let withPush = ((mean << 16) / (mean + (1 << 32))) << 16
    session.opensPush = generator.below(max(1, withPush)) < Int(population.share(.pushOpened))
  }

  /// Guests who buy log in first; the rest of the logins are other guests.
  private func logIn(_ session: inout Session, _ generator: inout SeededGenerator) {
    guard session.isGuest else { return }
    let paid = session.outcome == .purchased || session.outcome == .refunded
    let guest = Int(UInt64(population.specification.guestSessionPermille) << 32 / 1_000)
    let buyers = (guest * (Int(population.share(population.purchaseKind)) >> 16)) >> 16
    let others = max(0, Int(population.share(.login)) - buyers)
    session.logsIn = paid || generator.below(max(1, guest - buyers)) < others
  }
}
