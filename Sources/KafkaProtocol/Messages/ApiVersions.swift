// The first exchange of a connection: which requests, in which versions.

/// Asks which requests the broker takes.
public struct ApiVersionsRequest: KafkaRequest {
  public typealias Response = ApiVersionsResponse
  public static let api = KafkaAPI.apiVersions

  public var clientSoftwareName = ""
  public var clientSoftwareVersion = ""

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&clientSoftwareName, from: 3)
    try wire.field(&clientSoftwareVersion, from: 3)
    try wire.end()
  }
}

/// The range of versions of every request that the broker takes.
public struct ApiVersionsResponse: KafkaResponse {
  public static let api = KafkaAPI.apiVersions

  public var errorCode = KafkaErrorCode.none
  public var apiKeys: [VersionRange] = []
  public var throttleTimeMilliseconds: Int32 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&errorCode)
    try wire.field(&apiKeys)
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.end()
  }

  /// One request and the versions of it that are taken.
  public struct VersionRange: WireValue {
    public var apiKey: Int16 = 0
    public var minVersion: Int16 = 0
    public var maxVersion: Int16 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&apiKey)
      try wire.field(&minVersion)
      try wire.field(&maxVersion)
      try wire.end()
    }
  }
}
