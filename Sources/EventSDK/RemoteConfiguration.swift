import EventModel

/// Settings that the server hands out, so that a million installed apps can be told something new
/// without a release:
///
///     {"version": 7, "flush_at": 30, "flush_interval_seconds": 60, "priority_events": ["purchase_completed"]}
///
/// A phone obeys within bounds only. A value out of them, of the wrong type or under an unknown key is
/// left aside with its name, and the rest holds: one slip must not silence an app, nor make a million
/// phones send every event alone.
public struct RemoteConfiguration: Sendable, Hashable {
  /// A value that was not taken.
  public struct Refusal: Sendable, Hashable {
    public var key: String
    public var reason: String
  }

  /// Rises with every change; an older one than the phone has is ignored.
  public var version: Int
  public private(set) var refused: [Refusal] = []
  private var numbers: [String: Int] = [:]
  private var priorityEvents: Set<String>?
  private var maskedProperties: Set<String>?

  static let bounds: [String: ClosedRange<Int>] = [
    "flush_at": 5...200, "flush_interval_seconds": 5...600, "batch_events_max": 1...500,
    "queue_events_max": 100...100_000, "retry_base_milliseconds": 200...60_000,
    "retry_cap_seconds": 1...3_600,
  ]

  /// Reads an answer of the server; throws `sdk.remote.syntax` for what is no JSON object with a
  /// `version`.
  public init(json: [UInt8]) throws {
    guard let value = try? json.withUnsafeBytes({ try JSONValue(parsing: $0) }),
      case .object(let members) = value, let version = value["version"]?.integer,
      version >= 0, version <= 1 << 40
    else {
      throw EventSDKError(
        code: "sdk.remote.syntax",
        message: "the remote configuration is no JSON object with a version",
        advice: "The settings that the app has stay in force.")
    }
    self.version = Int(version)
    for member in members where member.key != "version" { read(member) }
  }

  private mutating func read(_ member: JSONMember) {
    switch member.key {
    case "priority_events", "masked_properties":
      guard case .array(let values) = member.value, values.count <= 50 else {
        return refuse(member.key, "must be a list of at most 50 texts")
      }
      let texts = values.compactMap(\.string)
      guard texts.count == values.count else {
        return refuse(member.key, "must be a list of at most 50 texts")
      }
      if member.key == "priority_events" {
        priorityEvents = Set(texts)
      } else {
        maskedProperties = Set(texts)
      }
    default:
      guard let range = Self.bounds[member.key] else {
        return refuse(member.key, "is no setting that a server may change")
      }
      guard let number = member.value.integer, range.contains(Int(clamping: number)) else {
        return refuse(
          member.key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      numbers[member.key] = Int(number)
    }
  }

  private mutating func refuse(_ key: String, _ reason: String) {
    refused.append(Refusal(key: key, reason: reason))
  }

  /// The app's own configuration with what the server says on top.
  public func applied(to configuration: Configuration) -> Configuration {
    var result = configuration
    if let value = numbers["flush_at"] { result.flushAt = value }
    if let value = numbers["flush_interval_seconds"] {
      result.flushIntervalMilliseconds = Int64(value) * 1_000
    }
    if let value = numbers["batch_events_max"] { result.batchEventsMax = value }
    if let value = numbers["queue_events_max"] { result.queueEventsMax = value }
    if let value = numbers["retry_base_milliseconds"] {
      result.backoff.baseMilliseconds = Int64(value)
    }
    if let value = numbers["retry_cap_seconds"] {
      result.backoff.capMilliseconds = Int64(value) * 1_000
    }
    if let priorityEvents { result.priorityEvents = priorityEvents }
    if let maskedProperties { result.maskedProperties.formUnion(maskedProperties) }
    return result
  }
}
