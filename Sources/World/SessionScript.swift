import Simulation

/// What one visitor does, step by step, and how long they think in between.
///
/// The script is drawn from the session's seed alone. It has the events that the plan counted, in a
/// plausible order; what each event says is drawn later, by `SessionPlayer`.
struct SessionScript: Sendable {
  enum Action: Sendable {
    case event(EventKind)
    /// The app goes to the background for a while; the session goes on afterwards.
    case leave
    /// The app comes back to the screen and is opened again.
    case comeBack
    /// The app goes to the background for good.
    case finish
  }

  struct Step: Sendable {
    /// Milliseconds after the step before.
    var pause: Int32
    var action: Action
  }

  private(set) var steps: [Step] = []

  init(_ session: Session, shop: Shop) {
    var generator = SeededGenerator(seed: session.seed)
    steps.reserveCapacity(session.eventCount + 2 * session.reopenCount + 1)
    for _ in 0..<session.pushCount { add(.pushReceived, 20...400, &generator) }
    if session.opensPush { add(.pushOpened, 200...1_500, &generator) }
    add(.appOpen, 50...300, &generator)
    add(.sessionStart, 1...20, &generator)
    addBody(session, shop, &generator)
    if session.endsItself { add(.sessionEnd, 500...4_000, &generator) }
    // The system gives a leaving app a moment to end.
    steps.append(Step(pause: Int32(generator.within(10...60)), action: .finish))
  }

  /// The time from the start to the last step.
  var durationMilliseconds: Int64 { steps.reduce(0) { $0 + Int64($1.pause) } }

  /// The body, with the returns, the login and the checkout somewhere in it.
  private mutating func addBody(
    _ session: Session,
    _ shop: Shop,
    _ generator: inout SeededGenerator
  ) {
    let checksOut = session.outcome != .noCheckout
    // Buyers come to the till late; the login is at the till, or anywhere.
    let till =
      checksOut ? session.bodyCount * 2 / 3 + generator.below(session.bodyCount / 3 + 1) : -1
    let login = session.logsIn ? (checksOut ? till : generator.below(session.bodyCount)) : -1
    var returns = session.reopenCount
    for index in 0..<session.bodyCount {
      think(EventKind.body[shop.bodyKinds.pick(&generator)], shop, &generator)
      if returns > 0, generator.below(session.bodyCount - index) < returns {
        goAway(shop, &generator)
        returns -= 1
      }
      if index == login, index != till { think(.login, shop, &generator) }
      if index == till {
        if index == login { think(.login, shop, &generator) }
        checkOut(session, shop, &generator)
      }
    }
    if till >= session.bodyCount {
      if login >= session.bodyCount { think(.login, shop, &generator) }
      checkOut(session, shop, &generator)
    }
    for _ in 0..<returns { goAway(shop, &generator) }
  }

  private mutating func checkOut(
    _ session: Session,
    _ shop: Shop,
    _ generator: inout SeededGenerator
  ) {
    think(.checkoutStarted, shop, &generator)
    for _ in 0..<session.stepCount { think(.checkoutStepCompleted, shop, &generator) }
    switch session.outcome {
    case .noCheckout, .abandoned: break
    case .failed: think(.purchaseFailed, shop, &generator)
    case .purchased: think(.purchaseCompleted, shop, &generator)
    case .refunded:
      think(.purchaseCompleted, shop, &generator)
      think(.refundRequested, shop, &generator)
    }
  }

  private mutating func goAway(_ shop: Shop, _ generator: inout SeededGenerator) {
    let away = shop.specification.reopenAfter
    steps.append(Step(pause: Int32(generator.within(300...3_000)), action: .leave))
    steps.append(Step(pause: Int32(generator.within(away.from...away.to)), action: .comeBack))
  }

  private mutating func think(
    _ kind: EventKind,
    _ shop: Shop,
    _ generator: inout SeededGenerator
  ) {
    let span = shop.specification.thinkTimes[
      shop.specification.thinkTimeWeights.pick(&generator)
    ]
    add(kind, span.from...span.to, &generator)
  }

  private mutating func add(
    _ kind: EventKind,
    _ pause: ClosedRange<Int>,
    _ generator: inout SeededGenerator
  ) {
    steps.append(Step(pause: Int32(generator.within(pause)), action: .event(kind)))
  }
}
