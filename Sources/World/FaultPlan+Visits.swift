import Simulation

extension FaultPlan {
  /// The visits that faults bring into a day, in no order.
  ///
  /// A burst brings people of the crowd; a wave brings bots under the numbers of the bots there are.
  func visits(on date: CivilDate, _ population: Population) -> [Session] {
    let midnight = StoryTime(date, offsetSeconds: TimeZones.seoul).milliseconds
    var visits: [Session] = []
    for (index, entry) in entries.enumerated() {
      var generator = SeededGenerator(
        seed: seed, label: entry.kind.rawValue, UInt64(index), date.seedNumber)
      switch entry.kind {
      case .pushBurst:
        // Everybody comes within some minutes of the push, which is where the fault begins.
        guard (midnight..<midnight + 86_400_000).contains(entry.time.lowerBound) else { continue }
        let span = max(1, entry.number("minutes")) * 60_000
        for _ in 0..<entry.number("visits") {
          var visit = Session(user: generator.below(population.userCount))
          visit.seed = generator.next()
          visit.pushCount = 1
          visit.opensPush = true
          visit.bodyCount = generator.within(4...16)
          visit.paysAtOnce = !population.hasCheckout
          // Most come at once, and fewer and fewer later.
          let late = generator.below(span) * generator.below(span) / span
          visit.plannedStart = entry.time.lowerBound + Int64(late)
          visits.append(visit)
        }
      case .botWave:
        let day = entry.time.clamped(to: midnight..<midnight + 86_400_000)
        guard !day.isEmpty, population.botCount > 0 else { continue }
        for _ in 0..<entry.number("visits") {
          var visit = population.botVisit(
            user: population.botStart + generator.below(population.botCount), on: date)
          visit.seed = generator.next()
          visit.plannedStart = day.lowerBound + Int64(generator.below(Int(day.upperBound - day.lowerBound)))
          visits.append(visit)
        }
      default: break
      }
    }
    return visits
  }
}
