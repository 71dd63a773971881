import EventModel
package import EventSDK

/// A phone of the crowd as it stands: what waits on it and what it has lost.
package struct PhoneStanding: Sendable, Hashable {
  package var phone: Int
  /// As its events report it.
  package var deviceID: String
  package var appVersion: String
  package var platform: String
  package var waitingCount: Int
  /// The events' bytes as they wait, without those of a request.
  package var waitingBytes: Int
  /// The seq of the event that has waited longest; nil where none waits.
  package var oldestSeq: Int64?
  /// When that event was made by the phone's clock, milliseconds; nil where none waits.
  package var oldestEventTime: Int64?
  /// What its client has dropped, by reason.
  package var dropped: [EventClient.DropReason: Int]
  /// Events that were in memory alone when the app died.
  package var killedCount: Int
  /// True after an answer that asks for another key.
  package var isStopped: Bool
}

extension World {
  /// Every phone that has an app in this world, by its number: those that have come since the world was
  /// opened, and those on which something waited then. What was dropped is counted from there on.
  package func phoneStandings() throws -> [PhoneStanding] {
    try standingPhones().map { try $0.standing() }
  }
}

extension Phone {
  /// Nothing moves: the events are read as they wait.
  func standing() throws -> PhoneStanding {
    let events = try queuedEvents()
    let device = client?.device ?? device
    return PhoneStanding(
      phone: user, deviceID: device.deviceID, appVersion: device.appVersion,
      platform: device.platform, waitingCount: events.count,
      waitingBytes: events.reduce(0) { $0 + $1.json.count }, oldestSeq: events.first?.seq,
      oldestEventTime: events.first.flatMap { Self.time(of: $0.json) },
      dropped: earlierDrops.merging(client?.droppedCounts ?? [:], uniquingKeysWith: +),
      killedCount: killedCount, isStopped: client?.isStopped ?? false)
  }

  /// When the event that has waited longest was made, by this phone's clock, in milliseconds.
  func oldestEventTime() throws -> Int64? { try oldestEvent().flatMap { Self.time(of: $0.json) } }

  private static func time(of event: [UInt8]) -> Int64? {
    let json = try? event.withUnsafeBytes { try JSONValue(parsing: $0) }
    return json?["event_time"]?.string.flatMap { EventTimestamp.parse($0) }
  }
}
