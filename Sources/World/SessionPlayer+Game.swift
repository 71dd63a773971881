import Simulation

extension SessionPlayer {
  /// What the game's own events say.
  mutating func gameProperties<Sink: PropertySink>(of kind: EventKind, _ sink: inout Sink) {
    guard let game = population.specification.game else { return }
    switch kind {
    case .gameStart:
      state.stage = 1 + generator.below(game.stageCount)
      state.attempt = 1
      pick(.mode, game.modes, &sink)
      sink.padded(.stageID, "stage_", state.stage, 3)
    case .stageClear:
      let won = generator.below(1_000) < game.winPermille
      sink.padded(.stageID, "stage_", state.stage, 3)
      sink.number(.attempt, state.attempt)
      sink.number(.durationMilliseconds, generator.within(25_000...240_000))
      sink.number(.stars, won ? generator.within(1...3) : 0)
      sink.text(.result, won ? "win" : "lose")
      state.stage = won ? min(game.stageCount, state.stage + 1) : state.stage
      state.attempt = won ? 1 : state.attempt + 1
    case .itemPurchase:
      if !state.hasBought { state.item = game.items.pickIndex(&generator) }
      state.hasBought = true
      let item = game.prices[state.item]
      sink.name(.itemID, game.items, state.item)
      sink.number(.priceMinor, item.priceMinor)
      sink.text(.currency, item.currency)
      sink.hex(.receiptID, "rcpt_", generator.next(), 16)
      sink.number(.virtualCurrencyDelta, item.gems)
    case .adWatch:
      let completed = generator.below(100) < 82
      pick(.adUnit, game.adUnits, &sink)
      pick(.network, game.adNetworks, &sink)
      sink.bool(.rewarded, generator.below(10) < 7)
      sink.bool(.completed, completed)
      sink.number(.watchMilliseconds, completed ? 30_000 : generator.within(1_000...29_000))
      sink.number(.ecpmMicros, generator.within(800_000...14_000_000))
    default:
      sink.number(.amount, generator.within(1...60) * 10)
      pick(.reason, game.currencyReasons, &sink)
    }
  }
}
