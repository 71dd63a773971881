import EventModel
import Simulation

/// Plays a script: each step at its moment, with what the event says.
///
/// The phone, bulk generation and the truth ledger play the same sessions through this type, so that
/// what was meant and what was sent can be compared field by field.
struct SessionPlayer {
  enum Play {
    /// An event of a kind; its properties went into the sink.
    case track(EventKind)
    case leave
    /// The app is opened again and tracks `app_open`.
    case comeBack
    case finish
  }

  /// The two halves of an event's id.
  struct EventID: Equatable {
    var high: UInt64
    var low: UInt64

    var text: String { uuidText(high: high, low: low) }
  }

  let session: Session
  /// The random part of the session's id.
  let sessionNumber: UInt64
  /// The moment of the next step; nil when the script is over.
  private(set) var nextTime: Int64?
  /// True from the login on, and from the start for known users.
  private(set) var isKnown: Bool
  /// The id of the event that was played last.
  private(set) var eventID = EventID(high: 0, low: 0)
  /// The moment of the last step.
  let endTime: Int64
  /// What of the event that was played last is not as it should be.
  private(set) var marks: Imperfections = []
  /// False to play events as they were meant, without the mistakes of the app.
  private let withMistakes: Bool
  private let isTest: Bool

  let population: Population
  private let script: SessionScript
  let start: Int64
  private(set) var position = 0
  var generator: SeededGenerator
  var state = VisitState()
  private var lastKind = EventKind.screenView
  private var stateBefore: (VisitState, SeededGenerator)?
  private var mayBreak: Bool
  /// The index of the last step at which the app is killed; -1 where it is not.
  private let lastKill: Int

  init(
    _ session: Session, startingAt start: Int64, population: Population,
    isTest: Bool = false, withMistakes: Bool = true
  ) {
    self.session = session
    self.population = population
    self.start = start
    self.isTest = isTest
    self.withMistakes = withMistakes
    script = SessionScript(session, population: population)
    endTime = start + script.durationMilliseconds
    generator = SeededGenerator(seed: session.seed ^ 0x5DEE_CE66_D1CE_4E5B)
    sessionNumber = generator.next()
    state.product = population.products.pick(&generator)
    isKnown = !session.isGuest
    mayBreak = !session.imperfections.isDisjoint(with: Self.ofOneEvent)
    lastKill = session.imperfections.contains(.forceQuit) ? script.lastLeave ?? -1 : -1
    nextTime = script.steps.first.map { start + Int64($0.pause) }
  }

  var sessionID: String { "sess_" + hexadecimal(sessionNumber, 16) }

  /// Takes the next step; the caller has seen that there is one.
  mutating func play<Sink: PropertySink>(into sink: inout Sink) -> Play {
    let time = nextTime ?? start
    let action = position < script.steps.count ? script.steps[position].action : .finish
    position += 1
    nextTime = position < script.steps.count ? time + Int64(script.steps[position].pause) : nil
    switch action {
    case .event(let kind):
      track(kind, at: time, &sink)
      return .track(kind)
    case .again:
      if let (state, generator) = stateBefore {
        self.state = state
        let fresh = self.generator
        self.generator = generator
        draw(lastKind, at: time, &sink)
        self.generator = fresh
      }
      marks = atStake.union(.doubleTap)
      takeID()
      return .track(lastKind)
    case .leave: return .leave
    case .comeBack:
      track(.appOpen, at: time, &sink)
      return .comeBack
    case .finish: return .finish
    }
  }

  private mutating func takeID() {
    let high = generator.next()
    let low = generator.next()
    eventID = EventID(
      high: (high & 0xFFFF_FFFF_FFFF_0FFF) | 0x0000_0000_0000_4000,
      low: (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
  }

  private static let ofOneEvent: Imperfections = [
    .schemaError, .envelopeError, .personalData, .doubleTap, .repeatPurchase, .midnightOrder,
    .exactGap,
  ]

  private mutating func track<Sink: PropertySink>(
    _ kind: EventKind, at time: Int64, _ sink: inout Sink
  ) {
    takeID()
    marks = atStake
    if mayBreak { mark(kind) }
    lastKind = kind
    if session.imperfections.contains(.doubleTap) { stateBefore = (state, generator) }
    draw(kind, at: time, &sink)
  }

  private mutating func draw<Sink: PropertySink>(
    _ kind: EventKind, at time: Int64, _ sink: inout Sink
  ) {
    if marks.contains(.personalData), kind == .search {
      sink.text(.query, population.specification.personalQueries.pick(&generator))
      sink.number(.resultCount, 0)
    } else if marks.contains(.schemaError), withMistakes, kind == population.pricedKind {
      var broken = BrokenPriceSink(base: sink)
      properties(of: kind, at: time, &broken)
      sink = broken.base
    } else {
      properties(of: kind, at: time, &sink)
    }
    if isTest { sink.bool(.isTest, true) }
  }

  /// What an event carries that comes before a kill.
  private var atStake: Imperfections { position <= lastKill ? .forceQuit : [] }

  /// Which of the visit's imperfections this event carries.
  private mutating func mark(_ kind: EventKind) {
    let visit = session.imperfections
    let purchase = kind == population.purchaseKind
    if visit.contains(.schemaError), kind == population.pricedKind, !state.hasBroken {
      state.hasBroken = true
      marks.insert(.schemaError)
    }
    if visit.contains(.personalData), kind == population.freeTextKind, !state.hasTold {
      state.hasTold = true
      marks.insert(.personalData)
    }
    if visit.contains(.envelopeError), kind == .sessionStart { marks.insert(.envelopeError) }
    if visit.contains(.repeatPurchase), purchase { marks.insert(.repeatPurchase) }
    if visit.contains(.midnightOrder), purchase { marks.insert(.midnightOrder) }
    if visit.contains(.exactGap), position == 1 { marks.insert(.exactGap) }
  }

  /// What an old tracker calls a `session_start`: no collector takes a name that is not snake_case.
  static let refusedName = "sessionStart"

  /// True where the event that was played last goes under the name that is refused.
  var hasRefusedName: Bool { marks.contains(.envelopeError) && withMistakes }

  mutating func setKnown() { isKnown = true }
}

/// What a visit has come to: drawn values that later events repeat.
struct VisitState {
  var screen = 0
  var product = 0
  var cartNumber: UInt64 = 0
  var cartValue = 0
  var quantity = 1
  var checkoutStep = 0
  var orderNumber: UInt64 = 0
  var amount = 0
  var stage = 1
  var attempt = 1
  var item = -1
  var hasBroken = false
  var hasTold = false
  var hasBought = false
  var paymentMethod = 0
}

/// Passes everything on and turns prices and amounts into text, as an app with the wrong formatter.
private struct BrokenPriceSink<Base: PropertySink>: PropertySink {
  var base: Base

  mutating func name(_ key: PropertyKey, _ table: NameTable, _ index: Int) {
    base.name(key, table, index)
  }
  mutating func text(_ key: PropertyKey, _ value: String) { base.text(key, value) }
  mutating func bool(_ key: PropertyKey, _ value: Bool) { base.bool(key, value) }
  mutating func number(_ key: PropertyKey, _ value: Int) {
    switch key {
    case .price, .amount: base.text(key, grouped(Int64(value)) + "원")
    default: base.number(key, value)
    }
  }
  mutating func padded(_ key: PropertyKey, _ prefix: StaticString, _ value: Int, _ digits: Int) {
    base.padded(key, prefix, value, digits)
  }
  mutating func hex(_ key: PropertyKey, _ prefix: StaticString, _ value: UInt64, _ digits: Int) {
    base.hex(key, prefix, value, digits)
  }
}

/// `29,900`.
func grouped(_ value: Int64) -> String {
  var text = ""
  for (index, digit) in String(value.magnitude).reversed().enumerated() {
    if index > 0, index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return (value < 0 ? "-" : "") + String(text.reversed())
}
