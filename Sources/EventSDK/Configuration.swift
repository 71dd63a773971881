/// The numbers an app may choose: how eagerly events leave the phone.
///
/// Every default trades battery and radio time against freshness. Small batches show events sooner
/// and cost more requests; large ones lose more when an install is deleted.
public struct Configuration: Sendable, Hashable {
  /// A flush starts as soon as this many events wait.
  public var flushAt = 20
  /// A flush starts at the latest this long after the first waiting event.
  public var flushIntervalMilliseconds: Int64 = 30_000
  /// The most events in one request; a long queue leaves in several.
  public var batchEventsMax = 100
  /// The most events kept on the phone; beyond it the oldest go, and are reported as dropped.
  public var queueEventsMax = 10_000
  /// The first wait after a failure; each further failure doubles it.
  public var retryBaseMilliseconds: Int64 = 1_000
  /// The longest wait between two attempts.
  public var retryCapMilliseconds: Int64 = 300_000
  /// True to compress request bodies.
  public var usesGzip = true

  public init() {}
}

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

/// What the SDK could not do, with the same shape as every other error of the course.
public struct EventSDKError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A stable dotted name, such as `sdk.queue.locked`.
  public var code: String
  public var message: String
  /// The file it happened in.
  public var place: String?
  /// What to do next.
  public var advice: String?

  public init(code: String, message: String, place: String? = nil, advice: String? = nil) {
    self.code = code
    self.message = message
    self.place = place
    self.advice = advice
  }

  public var description: String {
    var text = "\(code): \(message)"
    if let place { text += " (\(place))" }
    if let advice { text += " \(advice)" }
    return text
  }
}
