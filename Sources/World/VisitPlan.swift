import Simulation

/// Who comes when on each day of one world: the crowd, the cast, the bots and what faults bring.
///
/// Depends on nothing but the world's configuration, so that whatever plays a world again, in whole or
/// in part, plays the same visits.
struct VisitPlan: Sendable {
  let population: Population
  let faults: FaultPlan

  /// A day's sessions by planned start, without those before the world began.
  func sessions(on day: CivilDate) -> [Session] {
    let sessions = DayPlan(
      day, population: population, extra: faults.visits(on: day, population)
    ).sessions
    let midnight = StoryTime(day, offsetSeconds: TimeZones.seoul).milliseconds
    return midnight >= population.start
      ? sessions : sessions.filter { $0.plannedStart >= population.start }
  }
}
