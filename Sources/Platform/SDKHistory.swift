// Which rules the app's event client has had, and since when.
//
// Phones that are played again, after a restart, must be played by the rules of their time; and a
// mistake in `sdk.yaml` must not keep a world from opening. Both need the rules that held before.

internal import EventModel
internal import EventSDK
internal import Foundation
package import Simulation
package import World

/// The settings of the app by the story moment from which they hold, oldest first; kept in
/// `sdk-history.json` of a world.
package struct SDKHistory: Sendable {
  private struct Entry: Codable, Sendable {
    var from: Int64
    var yaml: String
  }

  private var entries: [Entry]
  private let path: String
  /// The text that was taken in last, right or wrong.
  private var lastText: String?
  /// The settings that hold, and those before them.
  package private(set) var settings: [(from: Int64, settings: SDKSettings)]
  /// What is wrong with the file as it stands; nil where it holds.
  package private(set) var problem: PlatformError?

  /// Opens the history of a world and takes the file's present text in, as of `now`.
  ///
  /// - Throws: where the history cannot be written, and for a file that is wrong in a world that has
  ///   no settings yet.
  package init(path: String, yaml: String, now: StoryTime, start: StoryTime) throws {
    self.path = path
    let known = FileManager.default.contents(atPath: path)
    entries = known.flatMap { try? JSONDecoder().decode([Entry].self, from: $0) } ?? []
    settings = entries.compactMap { entry in
      (try? SDKSettings(yaml: entry.yaml)).map { (entry.from, $0) }
    }
    if settings.isEmpty { entries = [] }
    let from = entries.isEmpty ? start : now
    try take(yaml, from: from)
    if settings.isEmpty, let problem { throw problem }
  }

  /// Takes in the file's text, if it says something new; true where other rules hold from now on.
  @discardableResult
  package mutating func take(_ yaml: String, from moment: StoryTime) throws -> Bool {
    // Asked at every step of the clock: the same text is not read again.
    guard yaml != lastText else { return false }
    lastText = yaml
    let fresh: SDKSettings
    do {
      fresh = try SDKSettings(yaml: yaml)
      problem = nil
    } catch let error as PlatformError {
      problem = error
      return false
    }
    guard settings.last?.settings != fresh else { return false }
    settings.append((moment.milliseconds, fresh))
    entries.append(Entry(from: moment.milliseconds, yaml: yaml))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try Home.write([UInt8](try encoder.encode(entries)), to: path)
    return true
  }

  package var current: SDKSettings { settings.last?.settings ?? SDKSettings() }

  /// The same for the phones of a world.
  package var rules: [SDKRules] {
    settings.map {
      SDKRules(
        from: $0.from, configuration: $0.settings.configuration,
        keepsQueue: $0.settings.keepsQueueOnDisk)
    }
  }
}
