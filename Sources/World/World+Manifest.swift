import EventSDK
package import Simulation

/// One class of planted imperfections, as a day of a world has it.
package struct ManifestEntry: Sendable, Hashable {
  package var name: String
  /// Events of the day that carry it.
  package var eventCount: Int
  /// Ids of the first of them, by time; at most `World.manifestIDsMax`.
  package var eventIDs: [String]
}

extension World {
  package static let manifestIDsMax = 5

  /// What a day of this world has planted in it, every class in its order: for instructors, and for
  /// the check that no world is without one.
  ///
  /// `lost-answer`, `batch-twice` and `other-payload` count the events of the visits in which the
  /// network did so once; how many came twice depends on what was in that request.
  package func manifest(day: CivilDate) -> [ManifestEntry] {
    let events = truth(day: day).events
    return Imperfections.classes.map { name, members in
      let marked = events.filter { !$0.marks.isDisjoint(with: members) }
      return ManifestEntry(
        name: name, eventCount: marked.count,
        eventIDs: marked.prefix(Self.manifestIDsMax).map(\.eventID))
    }
  }

  /// The share of each app version on a day by platform, newest first, in thousandths of the
  /// platform's phones.
  package func adoption(
    day: CivilDate
  ) -> [(platform: String, versions: [(version: String, permille: Int)])] {
    population.specification.platforms.map { platform in
      (
        platform.name,
        population.adoption(platform, on: day).map { (version: $0.0, permille: $0.1) }
      )
    }
  }

  /// Phones of one platform and version, and what waits on them.
  package struct DeviceGroup: Sendable, Hashable {
    package var platform: String
    package var version: String
    package var phones: Int
    /// Phones on which events wait.
    package var waitingPhones: Int
    package var waitingEvents: Int
    /// When the event that has waited longest was made, by its phone's clock, in milliseconds; nil
    /// where none waits.
    package var oldestEventTime: Int64?
  }

  /// Every phone there is, by platform and version as of a day, in the order of the specification.
  package func deviceGroups(day: CivilDate) throws -> [DeviceGroup] {
    let waiting = Dictionary(
      try waitingPhones().map { ($0.user, $0) }, uniquingKeysWith: { $1 })
    var groups: [String: DeviceGroup] = [:]
    for phone in 0..<phoneCount {
      let device = population.device(phone, on: day)
      let key = device.platform + " " + device.appVersion
      var group =
        groups[key]
        ?? DeviceGroup(
          platform: device.platform, version: device.appVersion, phones: 0, waitingPhones: 0,
          waitingEvents: 0)
      group.phones += 1
      if let waiting = waiting[phone] {
        group.waitingPhones += 1
        group.waitingEvents += waiting.waitingCount
        if let time = try waiting.oldestEventTime() {
          group.oldestEventTime = min(group.oldestEventTime ?? time, time)
        }
      }
      groups[key] = group
    }
    return adoption(day: day).flatMap { platform, versions in
      versions.compactMap { groups[platform + " " + $0.version] }
    }
  }
}
