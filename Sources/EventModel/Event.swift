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
    appendJSON(to: &output, device: DeviceJSON(self))
  }

  /// The same with what does not change from event to event encoded before.
  package func appendJSON(to output: inout [UInt8], device: DeviceJSON) {
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
    output.append(contentsOf: device.ids)
    JSONText.append(sessionID, to: &output)
    JSONText.append(literal: ",\"seq\":", to: &output)
    JSONText.append(seq, to: &output)
    output.append(contentsOf: device.facts)
    properties.appendJSON(to: &output)
    output.append(0x7D)
  }

  /// The members that all events of one device share, as they stand in each of them.
  package struct DeviceJSON: Sendable {
    /// From the comma before `device_id` to the colon after `session_id`.
    package let ids: [UInt8]
    /// From the comma before `platform` to the colon after `properties`.
    package let facts: [UInt8]

    /// Takes the device's members of an event; its other members do not matter.
    package init(_ event: Event) {
      var ids: [UInt8] = []
      JSONText.append(literal: ",\"device_id\":", to: &ids)
      JSONText.append(event.deviceID, to: &ids)
      JSONText.append(literal: ",\"install_id\":", to: &ids)
      JSONText.append(event.installID, to: &ids)
      JSONText.append(literal: ",\"session_id\":", to: &ids)
      self.ids = ids
      var facts: [UInt8] = []
      JSONText.append(literal: ",\"platform\":", to: &facts)
      JSONText.append(event.platform, to: &facts)
      JSONText.append(literal: ",\"os_version\":", to: &facts)
      JSONText.append(event.osVersion, to: &facts)
      JSONText.append(literal: ",\"device_model\":", to: &facts)
      JSONText.append(event.deviceModel, to: &facts)
      JSONText.append(literal: ",\"app_version\":", to: &facts)
      JSONText.append(event.appVersion, to: &facts)
      JSONText.append(literal: ",\"locale\":", to: &facts)
      JSONText.append(event.locale, to: &facts)
      JSONText.append(literal: ",\"timezone\":", to: &facts)
      JSONText.append(event.timezone, to: &facts)
      JSONText.append(literal: ",\"network\":", to: &facts)
      JSONText.append(event.network, to: &facts)
      JSONText.append(literal: ",\"properties\":", to: &facts)
      self.facts = facts
    }
  }
}
