/// What a phone knows about itself and stamps on every event.
public struct DeviceContext: Sendable, Hashable {
  public var deviceID: String
  /// New with every installation; `seq` counts within it.
  public var installID: String
  /// `ios`, `android` or `web`.
  public var platform: String
  public var osVersion: String
  public var deviceModel: String
  public var appVersion: String
  public var locale: String
  public var timezone: String
  /// `wifi`, `cellular` or `none`.
  public var network: String

  public init(
    deviceID: String,
    installID: String,
    platform: String,
    osVersion: String,
    deviceModel: String,
    appVersion: String,
    locale: String,
    timezone: String,
    network: String
  ) {
    self.deviceID = deviceID
    self.installID = installID
    self.platform = platform
    self.osVersion = osVersion
    self.deviceModel = deviceModel
    self.appVersion = appVersion
    self.locale = locale
    self.timezone = timezone
    self.network = network
  }
}
