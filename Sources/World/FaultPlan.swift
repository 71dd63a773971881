import EventModel
import Simulation

/// The faults of one world, checked.
struct FaultPlan: Sendable {
  /// One fault with everything that it needs.
  struct Entry: Sendable {
    var kind: WorldFault.Kind
    /// As phones report it, after the world's shift; nil for all.
    var version: String?
    var platform: String?
    /// When it holds, milliseconds.
    var time: Range<Int64>
    var texts: [String: String]
    var numbers: [String: Int]

    func holds(version: String, platform: String) -> Bool {
      (self.version ?? version) == version && (self.platform ?? platform) == platform
    }

    func number(_ name: String) -> Int { numbers[name] ?? 0 }
  }

  let entries: [Entry]
  let seed: UInt64

  /// - Throws: `world.fault…` for a name, parameter, version, platform, event or moment that is none;
  ///   the error lists those there are.
  init(_ configuration: WorldConfiguration, _ specification: WorldSpecification) throws {
    seed = configuration.seed
    entries = try configuration.faults.map { try Self.entry($0, configuration, specification) }
  }

  /// The faults that a phone meets with a version.
  func share(version: String, platform: String) -> Share {
    Share(
      entries: entries.filter { $0.holds(version: version, platform: platform) }, seed: seed)
  }

  // MARK: - Reading

  private static func entry(
    _ fault: WorldFault,
    _ configuration: WorldConfiguration,
    _ specification: WorldSpecification
  ) throws -> Entry {
    guard let kind = WorldFault.Kind(rawValue: fault.name) else {
      throw WorldError(
        "fault.unknown", "there is no fault \"\(fault.name)\"", place: "faults",
        advice: "Known faults: " + WorldFault.known.map(\.name).joined(separator: ", ") + ".")
    }
    let known = WorldFault.positionParameters + kind.ownParameters
    if let stranger = fault.parameters.keys.sorted().first(where: { !known.contains($0) }) {
      throw WorldError(
        "fault.parameter", "the fault \(fault.name) has no parameter \"\(stranger)\"",
        place: "faults", advice: "Known: " + known.joined(separator: ", ") + ".")
    }
    func demand(_ parameter: String, _ value: String?, among names: [String]) throws {
      guard let value, !names.contains(value) else { return }
      throw WorldError(
        "fault.value", "the fault \(fault.name) names the \(parameter) \"\(value)\"",
        place: "faults", advice: "Known: " + names.joined(separator: ", ") + ".")
    }
    try demand("version", fault.parameters["version"], among: specification.appVersions)
    try demand("platform", fault.parameters["platform"], among: specification.platformNames)
    // Names under which events may reach a server, those that other faults give among them.
    let sentNames = specification.eventNames + configuration.faults.compactMap { fault in
      fault.name == WorldFault.Kind.chatter.rawValue
        ? fault.parameters["event"] ?? WorldFault.Kind.chatter.defaults["event"]
        : fault.parameters["to"]
    }
    let from = try moment("from", of: fault, configuration) ?? configuration.start.milliseconds
    let until = try moment("until", of: fault, configuration) ?? .max
    guard from < until else {
      throw WorldError(
        "fault.value", "the fault \(fault.name) ends before it begins", place: "faults",
        advice: "Give a moment for until that is later than from.")
    }
    var entry = Entry(
      kind: kind,
      version: fault.parameters["version"].map {
        WorldSpecification.shifted(version: $0, by: configuration.versionShift)
      },
      platform: fault.parameters["platform"], time: from..<until, texts: [:], numbers: [:])
    for name in kind.ownParameters {
      guard let value = fault.parameters[name] ?? kind.defaults[name] else {
        if kind.optionalParameters.contains(name) { continue }
        throw WorldError(
          "fault.parameter", "the fault \(fault.name) needs the parameter \(name)",
          place: "faults", advice: "Write \(name) below its parameters.")
      }
      let words = WorldFault.Kind.choices[name] ?? []
      if let range = WorldFault.Kind.numbers[name], !words.contains(value) {
        guard let number = Int(value), range.contains(number) else {
          let other = words.isEmpty ? "" : ", or " + words.joined(separator: ", ")
          throw WorldError(
            "fault.value", "\(name) of the fault \(fault.name) is \"\(value)\"", place: "faults",
            advice: "Write a whole number from \(range.lowerBound) to \(range.upperBound)\(other).")
        }
        entry.numbers[name] = number
      } else {
        if name == "event", kind != .chatter {
          try demand(name, value, among: kind == .answers ? sentNames : specification.eventNames)
        }
        if !words.isEmpty { try demand(name, value, among: words) }
        entry.texts[name] = value
      }
    }
    if entry.texts["names"] == "yes", entry.texts["event"] == nil {
      throw WorldError(
        "fault.parameter", "the fault \(fault.name) names events and says not which",
        place: "faults", advice: "Write event below its parameters, or leave names out.")
    }
    return entry
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
