import Simulation

extension SessionPlayer {
  /// What an event says, drawn in a fixed order.
  mutating func properties<Sink: PropertySink>(
    of kind: EventKind, at time: Int64, _ sink: inout Sink
  ) {
    let specification = population.specification
    switch kind {
    case .screenView:
      let previous = state.screen
      state.screen = specification.screens.pickIndex(&generator)
      sink.name(.screen, specification.screens, state.screen)
      sink.name(.previousScreen, specification.screens, previous)
    case .productViewed:
      pickProduct(&sink)
      sink.number(.price, population.prices[state.product])
      sink.text(.currency, "KRW")
      sink.number(.position, generator.within(1...40))
      pick(.source, specification.productSources, &sink)
    case .productClicked:
      pickProduct(&sink)
      sink.number(.position, generator.within(1...40))
      pick(.listID, specification.lists, &sink)
    case .appOpen:
      sink.bool(
        .cold, position <= session.pushCount + 3 || session.imperfections.contains(.forceQuit))
      if session.opensPush {
        sink.text(.referrer, "push")
      } else {
        pick(.referrer, specification.referrers, &sink)
      }
    case .sessionStart: break
    case .sessionEnd: sink.number(.durationMilliseconds, Int(time - start))
    case .search:
      sink.text(.query, specification.searchQueries[population.queries.pick(&generator)])
      sink.number(
        .resultCount, generator.below(4) == 0 ? generator.below(12) : generator.below(900))
    case .addToCart:
      let added = pickQuantity()
      state.cartValue += added * population.prices[state.product]
      sink.padded(.productID, "SKU", state.product, 5)
      sink.number(.quantity, added)
      sink.number(.price, population.prices[state.product])
    case .cartViewed: sink.number(.cartValue, state.cartValue)
    case .adImpression:
      sink.padded(.adID, "ad_", generator.below(specification.adCount), 4)
      pick(.placement, specification.adPlacements, &sink)
    case .pushReceived, .pushOpened:
      sink.padded(.campaignID, "camp_", generator.below(specification.campaignCount), 3)
    case .login:
      setKnown()
      pick(.method, specification.loginMethods, &sink)
    case .checkoutStarted, .checkoutStepCompleted, .purchaseCompleted, .purchaseFailed,
      .refundRequested:
      tillProperties(of: kind, &sink)
    case .gameStart, .stageClear, .itemPurchase, .adWatch, .currencyEarned, .currencySpent:
      gameProperties(of: kind, &sink)
    }
  }

  private mutating func tillProperties<Sink: PropertySink>(
    of kind: EventKind, _ sink: inout Sink
  ) {
    let specification = population.specification
    switch kind {
    case .checkoutStarted:
      state.cartNumber = generator.next()
      state.quantity = pickQuantity()
      state.amount = state.quantity * population.prices[state.product]
      sink.hex(.cartID, "cart_", state.cartNumber, 12)
      sink.number(.value, state.amount)
    case .checkoutStepCompleted:
      state.checkoutStep += 1
      sink.hex(.cartID, "cart_", state.cartNumber, 12)
      sink.number(.step, state.checkoutStep)
    case .purchaseCompleted:
      state.orderNumber = generator.next()
      state.cartValue = 0
      if !state.hasBought { state.paymentMethod = specification.paymentMethods.pickIndex(&generator) }
      state.hasBought = true
      sink.hex(.orderID, "ord_", state.orderNumber, 16)
      sink.padded(.productID, "SKU", state.product, 5)
      sink.number(.price, population.prices[state.product])
      sink.number(.quantity, state.quantity)
      sink.number(.amount, state.amount)
      sink.text(.currency, "KRW")
      sink.name(.paymentMethod, specification.paymentMethods, state.paymentMethod)
    case .purchaseFailed:
      sink.hex(.cartID, "cart_", state.cartNumber, 12)
      pick(.reason, specification.failureReasons, &sink)
      sink.number(.amount, state.amount)
    default:
      sink.hex(.orderID, "ord_", state.orderNumber, 16)
      sink.number(.amount, state.amount)
    }
  }

  private mutating func pickProduct<Sink: PropertySink>(_ sink: inout Sink) {
    state.product = population.products.pick(&generator)
    sink.padded(.productID, "SKU", state.product, 5)
  }

  mutating func pick<Sink: PropertySink>(
    _ key: PropertyKey, _ table: NameTable, _ sink: inout Sink
  ) {
    sink.name(key, table, table.pickIndex(&generator))
  }

  private mutating func pickQuantity() -> Int {
    1 + population.specification.quantities.pickIndex(&generator)
  }
}
