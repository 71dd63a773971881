internal import EventModel
internal import Foundation
package import Simulation
package import World
internal import Yams

/// `world.yaml`: which world this is, and how far its story has gone.
package struct WorldFile: Sendable, Equatable {
  package var seed: UInt64
  package var size: WorldSize
  /// The first moment that was simulated.
  package var start: StoryTime
  package var now: StoryTime

  /// A world begins at midnight of the day before the course, so that there is a yesterday.
  package static func new(seed: UInt64, size: WorldSize) -> WorldFile {
    let start = StoryTime(
      CivilDate(year: 2024, month: 1, day: 15),
      offsetSeconds: TimeZones.seoul
    )
    return WorldFile(seed: seed, size: size, start: start, now: start)
  }

  /// Reads the file; nil where there is none.
  ///
  /// - Throws: `platform.worldFile` where it cannot be understood.
  package static func read(_ path: String) throws -> WorldFile? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    guard let root = try? Yams.load(yaml: String(decoding: data, as: UTF8.self)) as? [String: Any],
      let seedText = root["seed"].map({ "\($0)" }), let seed = UInt64(seedText),
      let sizeText = root["size"] as? String, let size = WorldSize(rawValue: sizeText),
      let start = time(root["start"]), let now = time(root["now"])
    else {
      throw PlatformError(
        .worldFile,
        "world.yaml is damaged",
        place: path,
        advice: "Restore seed, size, start and now, or remove the file to begin this world anew.",
        fields: ["file": path]
      )
    }
    return WorldFile(seed: seed, size: size, start: start, now: now)
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
    let text = """
      # The world's seed and story clock. Tapline writes this file.
      seed: \(seed)
      size: \(size.rawValue)
      start: "\(start.iso8601)"
      now: "\(now.iso8601)"

      """
    try Home.write(Array(text.utf8), to: path)
  }
}
