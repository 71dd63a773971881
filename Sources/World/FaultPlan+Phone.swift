import EventModel
import EventSDK
import Simulation

extension FaultPlan {
  /// The faults that one phone meets.
  struct Share: Sendable {
    let entries: [Entry]
    let seed: UInt64

    var isEmpty: Bool { entries.isEmpty }

    private func active(_ kind: WorldFault.Kind, at time: Int64) -> Entry? {
      entries.first { $0.kind == kind && $0.time.contains(time) }
    }

    /// A share of the phones, the same ones for as long as the fault lasts.
    func isUnreachable(phone: Int, at time: Int64) -> Bool {
      guard let entry = active(.unreachable, at: time) else { return false }
      var generator = SeededGenerator(
        seed: seed, label: WorldFault.Kind.unreachable.rawValue, UInt64(phone))
      return generator.below(100) < entry.number("percent")
    }

    func makesNewIDs(at time: Int64) -> Bool { active(.newIDOnRetry, at: time) != nil }

    func losesAnswer(phone: Int, at time: Int64) -> Bool {
      happens(.lostAnswers, phone, time)
    }

    func sendsTwice(phone: Int, at time: Int64) -> Bool { happens(.batchTwice, phone, time) }

    /// A fault of some of a hundred, by the seed, the phone and the moment alone.
    private func happens(_ kind: WorldFault.Kind, _ phone: Int, _ time: Int64) -> Bool {
      guard let entry = active(kind, at: time) else { return false }
      var generator = SeededGenerator(
        seed: seed, label: kind.rawValue, UInt64(phone), UInt64(bitPattern: time))
      return generator.below(100) < entry.number("percent")
    }

    /// When the app dies in a visit that goes from one moment to another; nil where it lives on.
    ///
    /// By the seed, the phone and the visit: killed again wherever the visit is played again.
    func killMoment(phone: Int, visit: Int64, from start: Int64, to end: Int64) -> Int64? {
      var first: Int64?
      for (index, entry) in entries.enumerated() where entry.kind == .killApp {
        let moment = entry.numbers["after"].map { start + Int64($0) * 1_000 } ?? end
        guard moment <= end, entry.time.contains(moment) else { continue }
        var generator = SeededGenerator(
          seed: seed, label: entry.kind.rawValue, UInt64(phone), UInt64(bitPattern: visit),
          UInt64(index))
        guard generator.below(100) < entry.number("percent") else { continue }
        first = min(first ?? .max, moment)
      }
      return first
    }

    /// Milliseconds that the phone's clock is wrong by, on top of its own error.
    func clockError(at time: Int64) -> Int64 {
      Int64(active(.wrongClock, at: time)?.number("minutes") ?? 0) * 60_000
    }

    /// The device as the phone reports it.
    func device(_ device: DeviceContext, phone: Int, at time: Int64) -> DeviceContext {
      guard let entry = active(.hotDevice, at: time) else { return device }
      var generator = SeededGenerator(seed: seed, label: "hot-device", UInt64(phone))
      guard generator.below(100) < entry.number("percent") else { return device }
      var device = device
      device.deviceID = "00000000-0000-0000-0000-000000000000"
      return device
    }

    /// The event as the phone sends it.
    func sent(
      _ name: String, _ properties: [JSONMember], at time: Int64
    ) -> (name: String, properties: [JSONMember]) {
      var name = name
      var properties = properties
      let original = name
      for entry in entries where entry.time.contains(time) {
        let isMeant = (entry.texts["event"] ?? original) == original
        switch entry.kind {
        case .priceAsText: properties = Self.withText(properties)
        case .renameEvent where isMeant: name = entry.texts["to"] ?? name
        case .dropProperty where isMeant:
          properties.removeAll { $0.key == entry.texts["property"] }
        case .wrongUnit where isMeant:
          properties = properties.map { member in
            guard member.key == entry.texts["property"], let value = member.value.integer else {
              return member
            }
            let (product, overflow) = value.multipliedReportingOverflow(
              by: Int64(entry.number("factor")))
            return JSONMember(member.key, .integer(overflow ? value : product))
          }
        case .oversizedEvent where isMeant:
          let filler = String(repeating: "x", count: entry.number("bytes"))
          properties.append(JSONMember("debug_dump", .string(filler)))
        case .invalidEvent where isMeant: name = ""
        case .personalData where isMeant:
          properties = properties.map { member in
            member.key == entry.texts["property"]
              ? JSONMember(member.key, .string("010-0000-1234 minji.kim@example.com")) : member
          }
        default: break
        }
      }
      return (name, properties)
    }

    private static func withText(_ properties: [JSONMember]) -> [JSONMember] {
      properties.map { member in
        guard ["price", "amount"].contains(member.key), let value = member.value.integer else {
          return member
        }
        return JSONMember(member.key, .string(grouped(value)))
      }
    }
  }
}
