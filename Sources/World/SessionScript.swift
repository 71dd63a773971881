import Simulation

/// What one visitor does, step by step, and how long they think in between.
///
/// The script is drawn from the session's seed alone. It has the events that the plan counted, in a
/// plausible order; what each event says is drawn later, by `SessionPlayer`.
struct SessionScript: Sendable {
  enum Action: Sendable {
    case event(EventKind)
    /// The event before once more, under an id of its own.
    case again
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

  init(_ session: Session, population: Population) {
    var generator = SeededGenerator(seed: session.seed)
    steps.reserveCapacity(session.eventCount + 2 * session.reopenCount + 1)
    for _ in 0..<session.pushCount { add(.pushReceived, 20...400, &generator) }
    if session.opensPush { add(.pushOpened, 200...1_500, &generator) }
    add(.appOpen, 50...300, &generator)
    add(.sessionStart, 1...20, &generator)
    addBody(session, population, &generator)
    if session.endsItself { add(.sessionEnd, 500...4_000, &generator) }
    // The system gives a leaving app a moment to end.
    steps.append(Step(pause: Int32(generator.within(10...60)), action: .finish))
  }

  /// The time from the start to the first event.
  var firstEventMilliseconds: Int64 { Int64(steps.first?.pause ?? 0) }

  /// The time from the start to the last event.
  var lastEventMilliseconds: Int64 {
    milliseconds(through: steps.lastIndex { step in
      switch step.action {
      case .event, .again, .comeBack: true
      case .leave, .finish: false
      }
    })
  }

  /// The time from the start to the first purchase; to the end where there is none.
  var firstPurchaseMilliseconds: Int64 {
    milliseconds(through: steps.firstIndex { step in
      if case .event(let kind) = step.action {
        return kind == .purchaseCompleted || kind == .itemPurchase
      }
      return false
    })
  }

  /// The index of the last step that leaves the app for a while; nil where none does.
  var lastLeave: Int? {
    steps.lastIndex { step in
      if case .leave = step.action { return true }
      return false
    }
  }

  /// The time from the start to the login; nil where nobody logs in.
  var loginMilliseconds: Int64? {
    let index = steps.firstIndex { step in
      if case .event(.login) = step.action { return true }
      return false
    }
    return index.map { milliseconds(through: $0) }
  }

  private func milliseconds(through index: Int?) -> Int64 {
    steps.prefix((index ?? steps.count - 1) + 1).reduce(0) { $0 + Int64($1.pause) }
  }

  /// The time from the start to the last step.
  var durationMilliseconds: Int64 { steps.reduce(0) { $0 + Int64($1.pause) } }

  /// When the app is on the screen, for a visit that begins at `start`.
  func foreground(from start: Int64) -> [Range<Int64>] {
    var spans: [Range<Int64>] = []
    var opened: Int64? = start
    var time = start
    for step in steps {
      time += Int64(step.pause)
      switch step.action {
      case .event, .again: continue
      case .comeBack: opened = time
      case .leave, .finish:
        if let opened { spans.append(opened..<time) }
        opened = nil
      }
    }
    return spans
  }

  /// The body, with the returns, the login and the checkout somewhere in it.
  private mutating func addBody(
    _ session: Session,
    _ population: Population,
    _ generator: inout SeededGenerator
  ) {
    let checksOut = session.outcome != .noCheckout
    // Buyers come to the till late; the login is at the till, or anywhere.
    let till =
      checksOut ? session.bodyCount * 2 / 3 + generator.below(session.bodyCount / 3 + 1) : -1
    let login = session.logsIn ? (checksOut ? till : generator.below(session.bodyCount)) : -1
    var returns = session.reopenCount
    for index in 0..<session.bodyCount {
      addThing(index, session, population, &generator)
      if returns > 0, generator.below(session.bodyCount - index) < returns {
        goAway(population, &generator)
        returns -= 1
      }
      if index == login, index != till { think(.login, population, &generator) }
      if index == till {
        if index == login { think(.login, population, &generator) }
        checkOut(session, population, &generator)
      }
    }
    if till >= session.bodyCount {
      if login >= session.bodyCount { think(.login, population, &generator) }
      checkOut(session, population, &generator)
    }
    for _ in 0..<returns { goAway(population, &generator) }
  }

  private mutating func checkOut(
    _ session: Session,
    _ population: Population,
    _ generator: inout SeededGenerator
  ) {
    if population.hasCheckout { think(.checkoutStarted, population, &generator) }
    for _ in 0..<session.stepCount { think(.checkoutStepCompleted, population, &generator) }
    let purchase = population.purchaseKind
    switch session.outcome {
    case .noCheckout, .abandoned: break
    case .failed: think(.purchaseFailed, population, &generator)
    case .purchased: think(purchase, population, &generator)
    case .purchasedTwice:
      think(purchase, population, &generator)
      // The same again, some seconds later, because a second one is wanted.
      add(purchase, 2_000...8_000, &generator)
    case .refunded:
      think(purchase, population, &generator)
      think(.refundRequested, population, &generator)
    }
  }

  /// One thing of the body; the first carries what the visit is to show.
  private mutating func addThing(
    _ index: Int,
    _ session: Session,
    _ population: Population,
    _ generator: inout SeededGenerator
  ) {
    if session.isBot {
      return add(
        population.bodyKinds[population.botKinds.pick(&generator)], 120...450, &generator)
    }
    let drawn = population.bodyKinds[population.bodyWeights.pick(&generator)]
    guard index == 0 else { return think(drawn, population, &generator) }
    if session.imperfections.contains(.schemaError) {
      think(population.pricedKind, population, &generator)
    } else if session.imperfections.contains(.personalData) {
      think(population.freeTextKind, population, &generator)
    } else {
      think(drawn, population, &generator)
    }
    if session.imperfections.contains(.doubleTap) {
      steps.append(Step(pause: 0, action: .again))
    }
  }

  private mutating func goAway(_ population: Population, _ generator: inout SeededGenerator) {
    let away = population.specification.reopenAfter
    steps.append(Step(pause: Int32(generator.within(300...3_000)), action: .leave))
    steps.append(Step(pause: Int32(generator.within(away.from...away.to)), action: .comeBack))
  }

  private mutating func think(
    _ kind: EventKind,
    _ population: Population,
    _ generator: inout SeededGenerator
  ) {
    let span = population.specification.thinkTimes[
      population.specification.thinkTimeWeights.pick(&generator)
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
