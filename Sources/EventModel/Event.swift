/// One event as the phone makes it: the envelope that every event shares, and its own properties.
///
/// Step 1 of the path: `track()` builds an `Event`, `appendJSON(to:)` fixes its bytes, and from then
/// on the bytes travel, not the value. `sent_at` belongs to the request, `received_at` and `app_id`
/// to the collector; none of them is known here.
public struct Event: Sendable, Hashable {
  /// A UUID made at the moment of the event; the same id on every retry.
  public var eventID: String
  public var eventName: String
  public var schemaVersion: Int
  /// Milliseconds since the epoch by the device's clock, which may be wrong.
  public var eventTime: Int64
  /// Nil for a guest.
  public var userID: String?
  public var deviceID: String
  /// New with every installation of the app.
  public var installID: String
  public var sessionID: String
  /// Strictly increasing within an installation; a gap proves a loss on the phone.
  public var seq: Int64
  /// `ios`, `android` or `web`.
  public var platform: String
  public var osVersion: String
  public var deviceModel: String
  public var appVersion: String
  public var locale: String
  public var timezone: String
  /// `wifi`, `cellular` or `none` when the event was made.
  public var network: String
  public var properties: [JSONMember]

  public init(
    eventID: String,
    eventName: String,
    schemaVersion: Int,
    eventTime: Int64,
    userID: String?,
    deviceID: String,
    installID: String,
    sessionID: String,
    seq: Int64,
    platform: String,
    osVersion: String,
    deviceModel: String,
    appVersion: String,
    locale: String,
    timezone: String,
    network: String,
    properties: [JSONMember]
  ) {
    self.eventID = eventID
    self.eventName = eventName
    self.schemaVersion = schemaVersion
    self.eventTime = eventTime
    self.userID = userID
    self.deviceID = deviceID
    self.installID = installID
    self.sessionID = sessionID
    self.seq = seq
    self.platform = platform
    self.osVersion = osVersion
    self.deviceModel = deviceModel
    self.appVersion = appVersion
    self.locale = locale
    self.timezone = timezone
    self.network = network
    self.properties = properties
  }

  /// Appends the event as one compact object: snake_case keys, always in this order.
  public func appendJSON(to output: inout [UInt8]) {
    JSONText.append(literal: "{\"event_id\":", to: &output)
    JSONText.append(eventID, to: &output)
    JSONText.append(literal: ",\"event_name\":", to: &output)
    JSONText.append(eventName, to: &output)
    JSONText.append(literal: ",\"schema_version\":", to: &output)
    JSONText.append(Int64(schemaVersion), to: &output)
    JSONText.append(literal: ",\"event_time\":\"", to: &output)
    EventTimestamp.append(eventTime, to: &output)
    JSONText.append(literal: "\",\"user_id\":", to: &output)
    if let userID {
      JSONText.append(userID, to: &output)
    } else {
      JSONText.append(literal: "null", to: &output)
    }
    JSONText.append(literal: ",\"device_id\":", to: &output)
    JSONText.append(deviceID, to: &output)
    JSONText.append(literal: ",\"install_id\":", to: &output)
    JSONText.append(installID, to: &output)
    JSONText.append(literal: ",\"session_id\":", to: &output)
    JSONText.append(sessionID, to: &output)
    JSONText.append(literal: ",\"seq\":", to: &output)
    JSONText.append(seq, to: &output)
    JSONText.append(literal: ",\"platform\":", to: &output)
    JSONText.append(platform, to: &output)
    JSONText.append(literal: ",\"os_version\":", to: &output)
    JSONText.append(osVersion, to: &output)
    JSONText.append(literal: ",\"device_model\":", to: &output)
    JSONText.append(deviceModel, to: &output)
    JSONText.append(literal: ",\"app_version\":", to: &output)
    JSONText.append(appVersion, to: &output)
    JSONText.append(literal: ",\"locale\":", to: &output)
    JSONText.append(locale, to: &output)
    JSONText.append(literal: ",\"timezone\":", to: &output)
    JSONText.append(timezone, to: &output)
    JSONText.append(literal: ",\"network\":", to: &output)
    JSONText.append(network, to: &output)
    JSONText.append(literal: ",\"properties\":", to: &output)
    properties.appendJSON(to: &output)
    output.append(0x7D)
  }
}
