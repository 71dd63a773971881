/// A world of a check's own, as a manifest asks for it: `{seed: 12, day: 2024-02-29, size: xs}`.
package struct MadeWorld: Sendable, Hashable {
  package var seed: UInt64
  /// Its yesterday, `2024-02-29`.
  package var day: String
  package var size: String
  package var versionShift: Int
  package var faults: [Fault]

  package init(
    seed: UInt64,
    day: String,
    size: String = "xs",
    versionShift: Int = 0,
    faults: [Fault] = []
  ) {
    self.seed = seed
    self.day = day
    self.size = size
    self.versionShift = versionShift
    self.faults = faults
  }

  /// The hidden worlds where a check names none: one crosses a year, one begins after 29 February,
  /// and app versions of the second are others.
  package static let usual = [
    MadeWorld(seed: 1_001, day: "2023-12-31"),
    MadeWorld(seed: 1_002, day: "2024-02-29", versionShift: 1),
  ]

  package var request: WorldRequest {
    WorldRequest(
      origin: .made(seed: seed, day: day, size: size, versionShift: versionShift),
      faults: faults
    )
  }

  static func parse(_ node: ManifestNode) throws -> MadeWorld {
    try node.allowKeys(["seed", "day", "size", "version_shift", "faults"])
    let dayNode = try node.required("day", example: "2024-02-29")
    return MadeWorld(
      seed: UInt64(
        try node.required("seed", example: "12").integer(1...1_000_000_000, example: "12")
      ),
      day: try parseDay(dayNode),
      size: try node.optional("size")?.choice(Size.self).rawValue ?? "xs",
      versionShift: try node.optional("version_shift")?.integer(0...50, example: "1") ?? 0,
      faults: try node.optional("faults").map(parseFaults) ?? []
    )
  }

  private enum Size: String, CaseIterable {
    case xs, s, m
  }

  /// `2024-02-29`, a day that there is.
  static func parseDay(_ node: ManifestNode) throws -> String {
    let text = try node.text(example: "2024-02-29")
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ Int($0) != nil }),
      let month = Int(parts[1]), let date = Int(parts[2]), (1...12).contains(month),
      (1...31).contains(date),
      // The day before it leads to it: 30 February does not.
      date == 1 || nextDay("\(parts[0])-\(parts[1])-\(String(format2: date - 1))") == text
    else {
      throw node.wrongType("a day", example: "2024-02-29")
    }
    return text
  }

  /// `[{name: late-events, hour: 3}]`; what a fault may say is the world's business.
  static func parseFaults(_ node: ManifestNode) throws -> [Fault] {
    try node.elements(example: "- {name: late-events}").map { element in
      let name = try element.required("name", example: "late-events").text(example: "late-events")
      var parameters: [String: String] = [:]
      for key in element.keyNames ?? [] where key != "name" {
        parameters[key] = try element.required(key, example: "3").text(example: "3")
      }
      return Fault(name: name, parameters: parameters)
    }
  }
}

extension String {
  fileprivate init(format2 number: Int) { self = number < 10 ? "0\(number)" : "\(number)" }
}
