// The envelope's keys, told apart by their bytes once per member.

internal import EventModel

/// A key of the envelope that the collector knows.
enum EnvelopeField: Int, CaseIterable {
  case eventID, eventName, schemaVersion, eventTime, sentAt, receivedAt, userID, deviceID
  case installID, sessionID, seq, platform, osVersion, deviceModel, appVersion, locale, timezone
  case network, consent, properties, appID

  var key: String { "\(literal)" }

  /// Whether a value may be of a JSON kind; `null` counts as absent, and is left to the checks.
  func allows(_ kind: JSONObjectScanner.Kind) -> Bool {
    switch self {
    case .schemaVersion, .seq: kind == .integer
    case .consent, .properties: kind == .object
    default: kind == .string
    }
  }

  /// What a wrong type's message asks for.
  var expected: String {
    switch self {
    case .schemaVersion, .seq: "an integer"
    case .consent, .properties: "an object"
    default: "a string"
    }
  }

  /// The field of a key; nil for a key that the envelope does not know.
  static func named(_ key: UnsafeRawBufferPointer) -> EnvelopeField? {
    switch key.count {
    case 3: match(key, .seq)
    case 6: match(key, .locale) ?? match(key, .appID)
    case 7:
      match(key, .sentAt) ?? match(key, .userID) ?? match(key, .network)
        ?? match(key, .consent)
    case 8: match(key, .eventID) ?? match(key, .platform) ?? match(key, .timezone)
    case 9: match(key, .deviceID)
    case 10:
      match(key, .eventName) ?? match(key, .eventTime) ?? match(key, .installID)
        ?? match(key, .sessionID) ?? match(key, .osVersion) ?? match(key, .properties)
    case 11: match(key, .receivedAt) ?? match(key, .appVersion)
    case 12: match(key, .deviceModel)
    case 14: match(key, .schemaVersion)
    default: nil
    }
  }

  @inline(__always)
  private static func match(
    _ key: UnsafeRawBufferPointer,
    _ field: EnvelopeField
  ) -> EnvelopeField? {
    let name = field.literal
    for index in 0..<key.count where key[index] != name.utf8Start[index] { return nil }
    return field
  }

  private var literal: StaticString {
    switch self {
    case .eventID: "event_id"
    case .eventName: "event_name"
    case .schemaVersion: "schema_version"
    case .eventTime: "event_time"
    case .sentAt: "sent_at"
    case .receivedAt: "received_at"
    case .userID: "user_id"
    case .deviceID: "device_id"
    case .installID: "install_id"
    case .sessionID: "session_id"
    case .seq: "seq"
    case .platform: "platform"
    case .osVersion: "os_version"
    case .deviceModel: "device_model"
    case .appVersion: "app_version"
    case .locale: "locale"
    case .timezone: "timezone"
    case .network: "network"
    case .consent: "consent"
    case .properties: "properties"
    case .appID: "app_id"
    }
  }
}
