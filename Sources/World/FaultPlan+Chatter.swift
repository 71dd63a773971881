import EventModel
import EventSDK
import Simulation

extension FaultPlan {
  /// One event on top of a visit's own, of an app that logs too much.
  struct Chatter: Sendable {
    var time: Int64
    var event: String
  }

  /// True where an app of this world logs too much.
  var hasChatter: Bool { entries.contains { $0.kind == .chatter } }

  /// The events that a visit has on top, ascending: at equal distances for as long as the app is on the
  /// screen, and before what the visitor does at the same moment.
  ///
  /// They take seqs as all events do. Whatever counts a visit's events counts these by this function.
  func chatter(
    of session: Session, _ script: SessionScript, startingAt start: Int64, _ population: Population
  ) -> [Chatter] {
    guard hasChatter else { return [] }
    let device = population.device(session.user, on: session.plannedDay)
    var chatter: [Chatter] = []
    for entry in entries
    where entry.kind == .chatter
      && entry.holds(version: device.appVersion, platform: device.platform)
    {
      let perMinute = Int64(entry.number("per-minute"))
      for span in script.foreground(from: start) {
        let part = span.clamped(to: entry.time)
        guard !part.isEmpty else { continue }
        // The first that is not before the fault, and then on until the app is left.
        var number = ((part.lowerBound - span.lowerBound) * perMinute + 59_999) / 60_000
        while case let time = span.lowerBound + number * 60_000 / perMinute, time < part.upperBound {
          if number > 0 {
            chatter.append(Chatter(time: time, event: entry.texts["event"] ?? ""))
          }
          number += 1
        }
      }
    }
    return chatter.sorted { $0.time < $1.time }
  }

  /// The id and properties of one of a phone's chatter, by its seq.
  func content(ofChatter seq: Int64, phone: Int) -> (id: String, properties: [JSONMember]) {
    var generator = SeededGenerator(
      seed: seed, label: WorldFault.Kind.chatter.rawValue, UInt64(phone), UInt64(bitPattern: seq))
    let id = generator.uuid()
    let part = ["ImageCache", "Network", "Layout", "Store"][generator.below(4)]
    let message =
      "[\(part)] \(["hit", "miss", "retry", "done"][generator.below(4)]) in "
      + "\(generator.within(1...480)) ms, \(generator.within(1...96)) entries"
    return (id, [JSONMember("message", .string(message))])
  }
}
