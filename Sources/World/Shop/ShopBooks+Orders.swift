package import Columnar
import EventSDK
import Simulation

/// One order, as far as it does not change.
struct ShopOrder: Sendable {
  struct Line: Sendable {
    var product: Int
    var quantity: Int
    var unitPrice: Int
  }

  var id: String
  /// Nil for somebody who was not logged in.
  var userID: String?
  var lines: [Line]
  var paymentMethod: String?
  /// Nil where no app was there.
  var appVersion: String?

  var amount: Int { lines.reduce(0) { $0 + $1.quantity * $1.unitPrice } }
}

/// A paid order of a visit, for what else follows from it.
struct Sale: Sendable {
  var user: Int
  var order: ShopOrder
  var paidAt: Int64
  /// True for the one purchase of a visit of the crowd, which nothing else is told of.
  var isOrdinary: Bool
  var seed: UInt64
}

extension ShopBooks {
  /// Notes a day's orders and what becomes of them; answers the paid ones.
  mutating func planOrders(_ day: CivilDate, _ tills: [Placed]) -> [Sale] {
    planSubscriptions(day)
    let abandoned = tills.filter {
      $0.session.outcome == .abandoned && $0.session.stepCount > 0 && !$0.session.isGuest
    }
    let evening = midnight(day) + 17 * 3_600_000
    let lost = Set(
      chosen(
        abandoned.map { ($0.session.seed, $0.start < evening) }, permyriad: shop.eventLost,
        label: "event-lost"
      ).map { abandoned[$0].session.seed })
    var sales: [Sale] = []
    for till in tills {
      let isLost = till.session.outcome == .abandoned && lost.contains(till.session.seed)
      guard till.session.outcome != .abandoned || isLost else { continue }
      settle(till, isLost: isLost, &sales)
    }
    let candidates = sales.filter(\.isOrdinary)
    for index in chosen(
      candidates.map { ($0.seed, $0.paidAt < evening) }, permyriad: shop.cancelledByShop,
      label: "undeliverable")
    {
      let sale = candidates[index]
      var generator = SeededGenerator(seed: sale.seed, label: "undeliverable-at")
      let time = sale.paidAt + Int64(generator.within(30 * 60_000...240 * 60_000))
      note(sale.order, "cancelled", paidAt: sale.paidAt, at: time, .orderCancelledByShop)
    }
    planErasures(candidates, evening)
    return sales
  }

  /// Which of some things are chosen at a rate, by their seeds; one of those that are early enough for
  /// what follows to happen on the same day always is.
  func chosen(_ things: [(seed: UInt64, isEarly: Bool)], permyriad: Int, label: String) -> [Int] {
    guard permyriad > 0 else { return [] }
    let draws = things.map { thing in
      var generator = SeededGenerator(seed: thing.seed, label: label)
      return generator.next()
    }
    let least = zip(draws, things).filter(\.1.isEarly).map(\.0).min()
    let limit = UInt64.max / 10_000 * UInt64(permyriad)
    return draws.indices.filter { draws[$0] < limit || draws[$0] == least }
  }

  // MARK: - At the till

  /// Plays a visit and notes what its till does.
  private mutating func settle(_ till: Placed, isLost: Bool, _ sales: inout [Sale]) {
    let session = till.session
    var player = SessionPlayer(
      session, startingAt: till.start, population: population, withMistakes: false)
    var sink = SilentSink()
    let version = population.device(session.user, on: session.plannedDay).appVersion
    var last: Sale?
    var lastStep: (time: Int64, state: VisitState)?
    func order(_ id: String, _ state: VisitState, _ method: String?, isKnown: Bool) -> ShopOrder {
      ShopOrder(
        id: id, userID: isKnown ? population.userID(session.user) : nil,
        lines: [
          ShopOrder.Line(
            product: state.product, quantity: state.quantity,
            unitPrice: population.prices[state.product])
        ], paymentMethod: method, appVersion: version)
    }
    while let time = player.nextTime {
      guard case .track(let kind) = player.play(into: &sink) else { continue }
      let state = player.state
      switch kind {
      case .checkoutStepCompleted: lastStep = (time, state)
      case .purchaseCompleted:
        let made = order(
          "ord_" + hexadecimal(state.orderNumber, 16), state,
          population.specification.paymentMethods.names[state.paymentMethod], isKnown: true)
        let sale = Sale(
          user: session.user, order: made, paidAt: time,
          isOrdinary: session.outcome == .purchased && population.role(session.user) == nil,
          seed: session.seed)
        notePaid(sale, from: till.start)
        sales.append(sale)
        last = sale
      case .refundRequested:
        if let last { noteRefund(last, requestedAt: time) }
      case .purchaseFailed:
        var generator = SeededGenerator(seed: session.seed, label: "unpaid-order")
        let made = order(
          "ord_" + hexadecimal(generator.next(), 16), state, nil, isKnown: player.isKnown)
        noteNew(made, at: time, .orderUnpaid)
      default: break
      }
    }
    if isLost, let lastStep {
      var generator = SeededGenerator(seed: session.seed, label: "order-event-lost")
      let made = order(
        "ord_" + hexadecimal(generator.next(), 16), lastStep.state,
        population.specification.paymentMethods.pick(&generator), isKnown: true)
      let sale = Sale(
        user: session.user, order: made,
        paidAt: lastStep.time + Int64(generator.within(1_500...9_000)), isOrdinary: false,
        seed: session.seed)
      notePaid(sale, from: lastStep.time, .orderEventLost)
      sales.append(sale)
    }
  }

  /// An order is made some moments before it is paid, but not before `start`.
  private mutating func notePaid(_ sale: Sale, from start: Int64, _ marks: ShopMarks = []) {
    var generator = SeededGenerator(seed: sale.seed, label: "order-made", UInt64(sale.paidAt))
    let made = max(start, sale.paidAt - Int64(generator.within(400...3_000)))
    noteNew(sale.order, at: made)
    note(
      sale.order, "paid", paidAt: sale.paidAt, at: sale.paidAt,
      marks.union(isMidnight(sale.paidAt) ? .orderMidnight : []))
  }

  private func isMidnight(_ time: Int64) -> Bool {
    StoryTime(milliseconds: time).millisecondOfDay(offsetSeconds: TimeZones.seoul) == 0
  }

  /// What the app asks for is cancelled within minutes; the money is back some hours later.
  private mutating func noteRefund(_ sale: Sale, requestedAt time: Int64) {
    var generator = SeededGenerator(seed: sale.seed, label: "refund")
    let cancelled = time + Int64(generator.within(60_000...600_000))
    let refunded = cancelled + Int64(generator.within(20 * 60_000...360 * 60_000))
    note(sale.order, "cancelled", paidAt: sale.paidAt, at: cancelled, .orderCancelled)
    note(sale.order, "refunded", paidAt: sale.paidAt, at: refunded, .orderRefunded)
  }

  /// Orders that repeat by themselves: at midnight, by card, without an app.
  private mutating func planSubscriptions(_ day: CivilDate) {
    let time = midnight(day)
    guard time >= population.start, shop.subscriptions > 0 else { return }
    let purchases =
      population.dailyActiveUsers * population.specification.rate(.purchaseCompleted) / 1_000
    var generator = SeededGenerator(
      seed: population.seed, label: "subscriptions",
      day.seedNumber)
    var taken: Set<Int> = []
    for _ in 0..<max(2, purchases * shop.subscriptions / 10_000) {
      var user = generator.below(population.userCount)
      while members.isNew(user) || !taken.insert(user).inserted {
        user = (user + 1) % population.userCount
      }
      let lines = (0..<generator.within(1...2)).map { _ in
        let product = population.products.pick(&generator)
        return ShopOrder.Line(
          product: product, quantity: generator.within(1...2),
          unitPrice: population.prices[product])
      }
      let order = ShopOrder(
        id: "ord_" + hexadecimal(generator.next(), 16), userID: population.userID(user),
        lines: lines, paymentMethod: "card", appVersion: nil)
      noteLines(of: order, at: time)
      note(order, "paid", paidAt: time, at: time, [.orderSubscription, .orderMidnight])
    }
  }

  // MARK: - Rows

  private mutating func noteNew(_ order: ShopOrder, at time: Int64, _ marks: ShopMarks = []) {
    note(order, "created", paidAt: nil, at: time, marks)
    noteLines(of: order, at: time)
  }

  private mutating func noteLines(of order: ShopOrder, at time: Int64) {
    for (number, line) in order.lines.enumerated() {
      note(time, .orderItems, [
        .text(order.id), .integer(Int64(number + 1)), .text(population.productID(line.product)),
        .integer(Int64(line.quantity)), .integer(Int64(line.unitPrice)),
      ])
    }
  }

  private mutating func note(
    _ order: ShopOrder, _ status: String, paidAt: Int64?, at time: Int64, _ marks: ShopMarks = []
  ) {
    note(
      time, .orders,
      Self.orderRow(
        id: order.id, userID: order.userID, status: status, amount: Int64(order.amount),
        paidAt: paidAt, paymentMethod: order.paymentMethod, appVersion: order.appVersion,
        updatedAt: max(time, floor)), marks)
  }

  /// A row of `orders`; moments in milliseconds.
  package static func orderRow(
    id: String, userID: String?, status: String, amount: Int64, paidAt: Int64?,
    paymentMethod: String?, appVersion: String?, updatedAt: Int64
  ) -> [Scalar] {
    func text(_ value: String?) -> Scalar { value.map(Scalar.text) ?? .null }
    return [
      .text(id), text(userID), .text(status), .integer(amount), .text("KRW"),
      // A wall clock in Seoul that does not say so.
      paidAt.map { .integer(($0 + Int64(TimeZones.seoul) * 1_000) * 1_000) } ?? .null,
      text(paymentMethod), text(appVersion), .integer(updatedAt * 1_000),
    ]
  }
}

/// Takes properties and forgets them: for who wants to know only what a visit comes to.
struct SilentSink: PropertySink {
  mutating func name(_ key: PropertyKey, _ table: NameTable, _ index: Int) {}
  mutating func text(_ key: PropertyKey, _ value: String) {}
  mutating func number(_ key: PropertyKey, _ value: Int) {}
  mutating func bool(_ key: PropertyKey, _ value: Bool) {}
  mutating func padded(_ key: PropertyKey, _ prefix: StaticString, _ value: Int, _ digits: Int) {}
  mutating func hex(_ key: PropertyKey, _ prefix: StaticString, _ value: UInt64, _ digits: Int) {}
}
