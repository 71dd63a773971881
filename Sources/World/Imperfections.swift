// What is wrong with real data, and is wrong here too: a share of phones with wrong clocks, answers
// that get lost, bots, texts where numbers belong. The rates stand in the specification; on top of
// them the cast of `Cast.swift` brings at least one of each into every day.
//
// Nothing here draws from a generator of the world: each thing that may be imperfect has a stream of
// its own, so that a rate can change and leave the rest of the world as it was.

import Simulation

/// Classes of planted imperfections: what a visit, a phone or an event may have.
package struct Imperfections: OptionSet, Sendable, Hashable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The phone's clock is 1 to 10 minutes off.
  package static let clockMinutes = Imperfections(rawValue: 1 << 0)
  /// The phone's clock is 10 minutes to 3 hours off.
  package static let clockHours = Imperfections(rawValue: 1 << 1)
  /// The phone's clock is 9 hours off: the wrong zone.
  package static let clockZone = Imperfections(rawValue: 1 << 2)
  /// The phone believes it is 1970, or 2030 and later.
  package static let clockAbsurd = Imperfections(rawValue: 1 << 3)
  /// The server took a batch, and the phone did not hear so: it comes again with the same ids.
  package static let lostAnswer = Imperfections(rawValue: 1 << 4)
  /// The network delivered a request twice.
  package static let batchTwice = Imperfections(rawValue: 1 << 5)
  /// An event comes again under its id and says something else.
  package static let otherPayload = Imperfections(rawValue: 1 << 6)
  /// Arrived 2 to 24 hours after it was made.
  package static let lateHours = Imperfections(rawValue: 1 << 7)
  /// Arrived 1 to 3 days after it was made.
  package static let lateDay = Imperfections(rawValue: 1 << 8)
  /// Arrived more than 3 days after it was made.
  package static let lateDays = Imperfections(rawValue: 1 << 9)
  /// Made by a bot.
  package static let bot = Imperfections(rawValue: 1 << 10)
  /// Made on a device of the company's own testers, flagged `is_test`.
  package static let testDevice = Imperfections(rawValue: 1 << 11)
  /// A search text with a telephone number or an e-mail address.
  package static let personalData = Imperfections(rawValue: 1 << 12)
  /// A property of the wrong type.
  package static let schemaError = Imperfections(rawValue: 1 << 13)
  /// An envelope that the collector refuses: the name is not snake_case.
  package static let envelopeError = Imperfections(rawValue: 1 << 14)
  /// A purchase at 00:00:00.000 in Seoul.
  package static let midnightOrder = Imperfections(rawValue: 1 << 15)
  /// A visit that begins exactly 30 minutes after the last event of the one before.
  package static let exactGap = Imperfections(rawValue: 1 << 16)
  /// Two purchases that differ in nothing but their ids and some seconds: both are meant.
  package static let repeatPurchase = Imperfections(rawValue: 1 << 17)
  /// The same tap twice in the same millisecond: both happened.
  package static let doubleTap = Imperfections(rawValue: 1 << 18)
  /// Recorded in a visit before its app was killed: what had not left by then was in the queue
  /// alone. A phone without network may hold events of earlier visits too; they are not marked.
  package static let forceQuit = Imperfections(rawValue: 1 << 19)

  /// Every class with the name that the manifest gives it, in order.
  package static let classes: [(name: String, members: Imperfections)] = [
    ("clock-minutes", .clockMinutes), ("clock-hours", .clockHours), ("clock-zone", .clockZone),
    ("clock-absurd", .clockAbsurd), ("lost-answer", .lostAnswer), ("batch-twice", .batchTwice),
    ("other-payload", .otherPayload), ("late-hours", .lateHours), ("late-day", .lateDay),
    ("late-days", .lateDays), ("bot", .bot), ("test-device", .testDevice),
    ("personal-data", .personalData), ("schema-error", .schemaError),
    ("envelope-error", .envelopeError), ("midnight-order", .midnightOrder),
    ("exact-gap", .exactGap), ("repeat-purchase", .repeatPurchase), ("double-tap", .doubleTap),
    ("force-quit", .forceQuit),
  ]

  /// The names of the classes in this set.
  package var names: [String] {
    Self.classes.filter { !isDisjoint(with: $0.members) }.map(\.name)
  }

  package static let clocks: Imperfections = [.clockMinutes, .clockHours, .clockZone, .clockAbsurd]
}

/// How often each imperfection happens by chance, as the specification says: parts of 10,000.
struct ImperfectionRates: Sendable {
  var clockMinutes = 0
  var clockHours = 0
  var clockZone = 0
  var clockAbsurd = 0
  var testDevices = 0
  /// The share of all events that bots make.
  var botEvents = 0
  /// The mean number of a bot visit's events.
  var botVisitEvents = 120
  /// Of the visits.
  var lostAnswers = 0
  var batchTwice = 0
  var otherPayload = 0
  var schemaErrors = 0
  var envelopeErrors = 0
  var personalData = 0
  var doubleTaps = 0
  /// Of the visits with a purchase.
  var repeatPurchases = 0
  /// Of the visits whose visitor leaves the app and comes back.
  var forceQuits = 0
}

/// How wrong a phone's clock is.
struct ClockError: Sendable {
  var members: Imperfections
  /// What the phone's clock shows beyond the true time, milliseconds.
  var milliseconds: Int64

  /// The clock of a phone, by its class.
  ///
  /// The error does not change while the phone lives: that is what the correction by `sent_at`
  /// relies on.
  init(_ members: Imperfections, start: Int64, _ generator: inout SeededGenerator) {
    self.members = members
    let sign: Int64 = generator.below(2) == 0 ? 1 : -1
    switch members {
    case .clockMinutes: milliseconds = sign * Int64(generator.within(60_000...600_000))
    case .clockHours: milliseconds = sign * Int64(generator.within(600_001...10_800_000))
    case .clockZone: milliseconds = sign * 9 * 3_600_000
    case .clockAbsurd:
      // 1970 counts from the epoch at the world's start; 2030 and later are whole years ahead.
      let years = Int64(6 + generator.below(20))
      milliseconds = sign < 0 ? -start : years * 366 * 86_400_000
    default:
      self.members = []
      milliseconds = sign * Int64(generator.below(2_000))
    }
  }
}

extension Population {
  /// The clock of a phone, always the same.
  func clockError(_ user: Int) -> ClockError {
    var generator = SeededGenerator(seed: seed, label: "clock", UInt64(user))
    if let role = role(user) {
      return ClockError(role.imperfections.intersection(.clocks), start: start, &generator)
    }
    guard !isBot(user) else { return ClockError([], start: start, &generator) }
    let rates = specification.imperfections
    var draw = generator.below(10_000)
    for (rate, members) in [
      (rates.clockAbsurd, Imperfections.clockAbsurd), (rates.clockZone, .clockZone),
      (rates.clockHours, .clockHours), (rates.clockMinutes, .clockMinutes),
    ] {
      if draw < rate { return ClockError(members, start: start, &generator) }
      draw -= rate
    }
    return ClockError([], start: start, &generator)
  }

  /// True for phones whose events carry `is_test`.
  func isTestDevice(_ user: Int) -> Bool {
    if let role = role(user) { return role == .tester }
    guard !isBot(user) else { return false }
    var generator = SeededGenerator(seed: seed, label: "test-device", UInt64(user))
    return generator.below(10_000) < specification.imperfections.testDevices
  }

  /// What a visit of the crowd has by chance.
  func imperfections(of session: Session) -> Imperfections {
    let rates = specification.imperfections
    var generator = SeededGenerator(seed: session.seed ^ 0x1A2B_3C4D_5E6F_7081)
    var members: Imperfections = []
    func draw(_ rate: Int, _ member: Imperfections) {
      if generator.below(10_000) < rate { members.insert(member) }
    }
    draw(rates.lostAnswers, .lostAnswer)
    draw(rates.batchTwice, .batchTwice)
    draw(rates.otherPayload, .otherPayload)
    draw(rates.schemaErrors, .schemaError)
    draw(rates.envelopeErrors, .envelopeError)
    draw(rates.personalData, .personalData)
    draw(rates.doubleTaps, .doubleTap)
    if session.outcome == .purchased { draw(rates.repeatPurchases, .repeatPurchase) }
    if session.reopenCount > 0 { draw(rates.forceQuits, .forceQuit) }
    // The first thing a visitor does carries at most one of these.
    if members.contains(.schemaError) { members.subtract([.doubleTap, .personalData]) }
    if members.contains(.personalData) { members.remove(.doubleTap) }
    return members
  }
}
