// The cast: phones beyond the crowd that come every day and do one special thing each, so that no
// day of any world is without it, however small the world and whatever its seed.

import Simulation

/// What one member of the cast does.
enum CastRole: Int, CaseIterable, Sendable {
  case minutesOff, hoursOff, wrongZone, year1970, year2030
  case lateByHours, lateByNight, lateByDays, lateByWeek
  case midnightBuyer, gapVisitor, repeatBuyer, secondRepeatBuyer, doubleTapper, tester
  case tellsTooMuch, losesAnswer, sendsTwice, sendsOther, sendsText, sendsNameless
  case killsTheApp

  var imperfections: Imperfections {
    switch self {
    case .minutesOff: .clockMinutes
    case .hoursOff: .clockHours
    case .wrongZone: .clockZone
    case .year1970, .year2030: .clockAbsurd
    case .lateByHours, .lateByNight: .lateHours
    case .lateByDays: .lateDay
    case .lateByWeek: .lateDays
    case .midnightBuyer: .midnightOrder
    case .gapVisitor: .exactGap
    case .repeatBuyer, .secondRepeatBuyer: .repeatPurchase
    case .doubleTapper: .doubleTap
    case .tester: .testDevice
    case .tellsTooMuch: .personalData
    case .losesAnswer: .lostAnswer
    case .sendsTwice: .batchTwice
    case .sendsOther: .otherPayload
    case .sendsText: .schemaError
    case .sendsNameless: .envelopeError
    case .killsTheApp: .forceQuit
    }
  }

  /// What of it a visit carries; clocks and test flags belong to the phone.
  fileprivate var ofVisit: Imperfections {
    imperfections.intersection([
      .lostAnswer, .batchTwice, .otherPayload, .personalData, .schemaError, .envelopeError,
      .midnightOrder, .exactGap, .repeatPurchase, .doubleTap, .forceQuit,
    ])
  }

  /// True for those who buy something.
  private var buys: Bool {
    switch self {
    case .lateByHours, .lateByNight, .lateByDays, .lateByWeek, .midnightBuyer, .repeatBuyer,
      .secondRepeatBuyer, .wrongZone, .hoursOff, .losesAnswer, .killsTheApp: true
    default: false
    }
  }

  /// How long the phone has no network from the visit's start on.
  fileprivate func offlineMilliseconds(_ generator: inout SeededGenerator) -> Int64 {
    let hours: ClosedRange<Int>
    switch self {
    case .lateByHours: hours = 3...5
    case .lateByNight: hours = 19...23
    case .lateByDays: hours = 26...60
    case .lateByWeek: hours = 80...200
    default: return 0
    }
    return Int64(generator.within(hours)) * 3_600_000 + Int64(generator.below(3_600_000))
  }

  /// The visits of one day, most often one; a phone that is away for days comes on some days only.
  func visits(
    user: Int, on date: CivilDate, _ population: Population
  ) -> [Session] {
    let midnight = StoryTime(date, offsetSeconds: TimeZones.seoul).milliseconds
    var generator = SeededGenerator(
      seed: population.seed, label: "cast", UInt64(user), date.seedNumber)
    var visit = Session(user: user)
    visit.seed = generator.next()
    visit.bodyCount = generator.within(18...30)
    visit.paysAtOnce = !population.hasCheckout
    visit.isGuest = false
    visit.imperfections = ofVisit
    // Twice, so that something waits at one of them whatever the SDK has just sent.
    if self == .killsTheApp { visit.reopenCount = 2 }
    if buys {
      visit.outcome = ofVisit.contains(.repeatPurchase) ? .purchasedTwice : .purchased
      visit.stepCount = population.hasCheckout ? 3 : 0
    }
    visit.plannedStart =
      midnight + Int64(generator.within(10 * 3_600_000...20 * 3_600_000))
    visit.offlineMilliseconds = offlineMilliseconds(&generator)
    switch self {
    case .midnightBuyer:
      // The purchase is made as the day ends.
      let script = SessionScript(visit, population: population)
      visit.plannedStart = midnight + 86_400_000 - script.firstPurchaseMilliseconds
    case .gapVisitor:
      let first = SessionScript(visit, population: population)
      var second = visit
      second.seed = generator.next()
      let script = SessionScript(second, population: population)
      second.plannedStart =
        visit.plannedStart + first.lastEventMilliseconds + 1_800_000
        - script.firstEventMilliseconds
      visit.imperfections = []
      return [visit, second]
    default: break
    }
    return [visit]
  }
}

extension CivilDate {
  /// The day as a part of what a stream is derived from.
  var seedNumber: UInt64 { UInt64(bitPattern: Int64(daysSinceEpoch)) }
}

extension Population {
  /// The cast member behind a phone; nil for the crowd and for bots.
  func role(_ user: Int) -> CastRole? {
    user < userCount ? nil : CastRole(rawValue: user - userCount)
  }

  var botStart: Int { userCount + CastRole.allCases.count }
  func isBot(_ user: Int) -> Bool { user >= botStart }

  /// The day's visits of cast and bots, in no order.
  func specialVisits(on date: CivilDate) -> [Session] {
    let cast = CastRole.allCases.flatMap {
      $0.visits(user: userCount + $0.rawValue, on: date, self)
    }
    return cast + (0..<botCount).map { botVisit(user: botStart + $0, on: date) }
  }

  /// A bot comes once a day, at any hour, looks at everything quickly, and buys nothing.
  func botVisit(user: Int, on date: CivilDate) -> Session {
    var generator = SeededGenerator(
      seed: seed, label: "bot", UInt64(user), date.seedNumber)
    let midnight = StoryTime(date, offsetSeconds: TimeZones.seoul).milliseconds
    var visit = Session(user: user)
    visit.seed = generator.next()
    let mean = specification.imperfections.botVisitEvents
    visit.bodyCount = generator.within(mean / 2...mean * 3 / 2)
    visit.isGuest = true
    visit.isBot = true
    visit.plannedStart = midnight + Int64(generator.below(86_000_000))
    return visit
  }
}
