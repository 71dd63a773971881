// Faults: what can be made wrong in a world, by name and with parameters, so that the same world can
// be had with a fault and without it.
//
// 1. A `WorldFault` is what an author writes, and what `world.yaml` keeps.
// 2. `FaultPlan` checks it against the shop's specification, and answers in which phones and when.
// 3. `World` and `Phone` ask the plan at their seams: `World.answer` before a request reaches the
//    server, `Phone.track` before an event is recorded.
//
// No fault draws from a generator of the world: taken away, it leaves the world of the same seed.

import EventModel
package import Simulation

/// A fault as it is written: a known name and its parameters.
package struct WorldFault: Sendable, Hashable {
  package var name: String
  package var parameters: [String: String]

  package init(name: String, parameters: [String: String] = [:]) {
    self.name = name
    self.parameters = parameters
  }

  /// The names that a world knows, each with its parameters.
  ///
  /// Both faults there are take the same position: `version` and `platform` say on which phones
  /// (without them, on all), `from` and `until` say when. A version is one of the specification's,
  /// before the world's shift. A moment is `13` or `13:30`, hours and minutes since the midnight with
  /// which the world begins (`33:00` is nine o'clock of its second day), or ISO-8601 with a zone.
  package static let known: [(name: String, parameters: [String])] = [
    (Kind.unreachable.rawValue, Position.parameters),
    (Kind.priceAsText.rawValue, Position.parameters),
  ]

  enum Kind: String, CaseIterable {
    /// Phones get no answer: their events wait on them.
    case unreachable
    /// Phones send amounts and prices as text, `"29,900"` for 29900.
    case priceAsText = "price-as-text"
  }

  /// On which phones and when.
  struct Position {
    static let parameters = ["version", "platform", "from", "until"]
    /// As phones report it, after the world's shift.
    var version: String?
    var platform: String?
    var from: Int64
    /// Not included.
    var until: Int64

    func holds(version: String, platform: String) -> Bool {
      (self.version ?? version) == version && (self.platform ?? platform) == platform
    }
  }
}

/// The faults of one world, checked.
struct FaultPlan: Sendable {
  private var unreachable: [WorldFault.Position] = []
  private var priceAsText: [WorldFault.Position] = []

  /// The faults that one phone meets.
  struct Share: Sendable {
    fileprivate var unreachable: [Range<Int64>] = []
    fileprivate var priceAsText: [Range<Int64>] = []

    func isUnreachable(at time: Int64) -> Bool { unreachable.contains { $0.contains(time) } }

    /// The properties as the phone sends them.
    func sent(_ properties: [JSONMember], at time: Int64) -> [JSONMember] {
      guard priceAsText.contains(where: { $0.contains(time) }) else { return properties }
      return properties.map { member in
        guard ["price", "amount"].contains(member.key), let value = member.value.integer else {
          return member
        }
        return JSONMember(member.key, .string(grouped(value)))
      }
    }

    /// `29,900`.
    private func grouped(_ value: Int64) -> String {
      var text = ""
      for (index, digit) in String(value.magnitude).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append(",") }
        text.append(digit)
      }
      return (value < 0 ? "-" : "") + String(text.reversed())
    }
  }

  /// - Throws: `world.fault…` for a name, parameter, version, platform or moment that is none; the
  ///   error lists those there are.
  init(_ configuration: WorldConfiguration, _ specification: WorldSpecification) throws {
    for fault in configuration.faults {
      guard let kind = WorldFault.Kind(rawValue: fault.name) else {
        throw WorldError(
          "fault.unknown", "there is no fault \"\(fault.name)\"", place: "faults",
          advice: "Known faults: " + WorldFault.known.map(\.name).joined(separator: ", ") + ".")
      }
      let position = try Self.position(of: fault, configuration, specification)
      switch kind {
      case .unreachable: unreachable.append(position)
      case .priceAsText: priceAsText.append(position)
      }
    }
  }

  func share(version: String, platform: String) -> Share {
    func spans(_ positions: [WorldFault.Position]) -> [Range<Int64>] {
      positions.filter { $0.holds(version: version, platform: platform) }
        .map { $0.from..<$0.until }
    }
    return Share(unreachable: spans(unreachable), priceAsText: spans(priceAsText))
  }

  private static func position(
    of fault: WorldFault,
    _ configuration: WorldConfiguration,
    _ specification: WorldSpecification
  ) throws -> WorldFault.Position {
    func known(_ parameter: String, _ value: String?, among names: [String]) throws {
      guard let value, !names.contains(value) else { return }
      throw WorldError(
        "fault.value", "the fault \(fault.name) names the \(parameter) \"\(value)\"",
        place: "faults", advice: "Known: " + names.joined(separator: ", ") + ".")
    }
    let parameters = WorldFault.Position.parameters
    if let stranger = fault.parameters.keys.sorted().first(where: { !parameters.contains($0) }) {
      throw WorldError(
        "fault.parameter", "the fault \(fault.name) has no parameter \"\(stranger)\"",
        place: "faults", advice: "Known: " + parameters.joined(separator: ", ") + ".")
    }
    try known("version", fault.parameters["version"], among: specification.appVersions)
    try known("platform", fault.parameters["platform"], among: specification.platformNames)
    let from = try moment("from", of: fault, configuration) ?? configuration.start.milliseconds
    let until = try moment("until", of: fault, configuration) ?? .max
    guard from < until else {
      throw WorldError(
        "fault.value", "the fault \(fault.name) ends before it begins", place: "faults",
        advice: "Give a moment for until that is later than from.")
    }
    return WorldFault.Position(
      version: fault.parameters["version"].map {
        WorldSpecification.shifted(version: $0, by: configuration.versionShift)
      },
      platform: fault.parameters["platform"], from: from, until: until)
  }

  /// A moment of the story in milliseconds; nil where the parameter is absent.
  private static func moment(
    _ parameter: String, of fault: WorldFault, _ configuration: WorldConfiguration
  ) throws -> Int64? {
    guard let text = fault.parameters[parameter] else { return nil }
    if let micros = StoryTime.microseconds(iso8601: text) { return micros / 1_000 }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let hours = parts[0], (0...1_000).contains(hours),
      let minutes = parts.count == 2 ? parts[1] : 0, (0...59).contains(minutes)
    else {
      throw WorldError(
        "fault.value", "\(parameter) of the fault \(fault.name) is \"\(text)\"", place: "faults",
        advice: "Write hours since the world's first midnight, such as 13:30, or ISO-8601.")
    }
    return configuration.start.milliseconds + Int64(hours * 60 + minutes) * 60_000
  }
}
