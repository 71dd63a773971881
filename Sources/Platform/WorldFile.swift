internal import EventModel
internal import Foundation
package import Simulation
package import World
internal import Yams

/// `world.yaml`: which world this is, and how far its story has gone.
package struct WorldFile: Sendable, Equatable {
  package var seed: UInt64
  package var size: WorldSize
  /// The first moment that was simulated: midnight in Seoul of the world's "yesterday".
  package var start: StoryTime
  package var now: StoryTime
  /// Added to the first number of every app version.
  package var versionShift = 0
  package var faults: [WorldFault] = []

  /// The day before the story of the course begins.
  package static let courseYesterday = StoryTime.courseStart.date(offsetSeconds: TimeZones.seoul)
    .adding(days: -1)

  /// A world begins at midnight of a day, its "yesterday"; the story begins on the day after.
  package static func new(
    seed: UInt64,
    size: WorldSize,
    yesterday: CivilDate = courseYesterday,
    versionShift: Int = 0,
    faults: [WorldFault] = []
  ) -> WorldFile {
    let start = StoryTime(yesterday, offsetSeconds: TimeZones.seoul)
    return WorldFile(
      seed: seed, size: size, start: start, now: start, versionShift: versionShift, faults: faults)
  }

  /// The first moment a learner sees: a day, nine hours and ten minutes after the start.
  package var storyStart: StoryTime { start.adding(seconds: 86_400 + 9 * 3_600 + 10 * 60) }

  /// The day in Seoul with which the world began.
  package var yesterday: CivilDate { start.date(offsetSeconds: TimeZones.seoul) }

  /// Reads the file; nil where there is none.
  ///
  /// - Throws: `platform.worldFile` where it cannot be understood.
  package static func read(_ path: String) throws -> WorldFile? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    guard let root = try? Yams.load(yaml: String(decoding: data, as: UTF8.self)) as? [String: Any],
      let seedText = root["seed"].map({ "\($0)" }), let seed = UInt64(seedText),
      let sizeText = root["size"] as? String, let size = WorldSize(rawValue: sizeText),
      let start = time(root["start"]), let now = time(root["now"]),
      let shift = root["versionShift"].map({ $0 as? Int }) ?? 0, (0...1_000).contains(shift),
      let faults = faults(root["faults"])
    else {
      throw PlatformError(
        .worldFile,
        "world.yaml is damaged",
        place: path,
        advice: "Restore seed, size, start, now and faults, or remove the file to begin anew.",
        fields: ["file": path]
      )
    }
    return WorldFile(
      seed: seed, size: size, start: start, now: now, versionShift: shift, faults: faults)
  }

  /// Nil for anything but a list of names with parameters; a world checks what they mean.
  private static func faults(_ value: Any?) -> [WorldFault]? {
    guard let value else { return [] }
    guard let list = value as? [[String: Any]] else { return nil }
    var faults: [WorldFault] = []
    for entry in list {
      guard let name = entry["name"] as? String,
        let parameters = (entry["parameters"] ?? [String: String]()) as? [String: String]
      else { return nil }
      faults.append(WorldFault(name: name, parameters: parameters))
    }
    return faults
  }

  private static func time(_ value: Any?) -> StoryTime? {
    if let text = value as? String {
      return EventTimestamp.parse(text).map(StoryTime.init(milliseconds:))
    }
    return (value as? Date).map {
      StoryTime(milliseconds: Int64(($0.timeIntervalSince1970 * 1_000).rounded()))
    }
  }

  package func write(_ path: String) throws {
    var text = """
      # The world's seed and story clock. Tapline writes this file.
      seed: \(seed)
      size: \(size.rawValue)
      start: "\(start.iso8601)"
      now: "\(now.iso8601)"

      """
    if versionShift != 0 { text += "versionShift: \(versionShift)\n" }
    if !faults.isEmpty { text += "faults:\n" }
    for fault in faults {
      // A JSON text is a YAML text too.
      text += "  - name: \(JSONValue.string(fault.name).text)\n"
      guard !fault.parameters.isEmpty else { continue }
      text += "    parameters:\n"
      for (key, value) in fault.parameters.sorted(by: { $0.key < $1.key }) {
        text += "      \(JSONValue.string(key).text): \(JSONValue.string(value).text)\n"
      }
    }
    try Home.write(Array(text.utf8), to: path)
  }
}
