// What a topic or broker is set to, and changing it.

/// Asks how topics or brokers are set; null keys stand for all.
public struct DescribeConfigsRequest: KafkaRequest {
  public typealias Response = DescribeConfigsResponse
  public static let api = KafkaAPI.describeConfigs

  public var resources: [Resource] = []
  public var includeSynonyms = false
  public var includeDocumentation = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&resources)
    try wire.field(&includeSynonyms)
    try wire.field(&includeDocumentation, from: 3)
    try wire.end()
  }

  /// A topic or a broker.
  public struct Resource: WireValue {
    public var resourceType: Int8 = 0
    public var resourceName = ""
    public var configurationKeys: [String]?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&resourceType)
      try wire.field(&resourceName)
      try wire.field(&configurationKeys)
      try wire.end()
    }
  }
}

/// Settings with where each comes from.
public struct DescribeConfigsResponse: KafkaResponse {
  public static let api = KafkaAPI.describeConfigs

  public var throttleTimeMilliseconds: Int32 = 0
  public var results: [Resource] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&results)
    try wire.end()
  }

  /// A topic or a broker.
  public struct Resource: WireValue {
    public var errorCode = KafkaErrorCode.none
    public var errorMessage: String?
    public var resourceType: Int8 = 0
    public var resourceName = ""
    public var configs: [Config] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&errorCode)
      try wire.field(&errorMessage)
      try wire.field(&resourceType)
      try wire.field(&resourceName)
      try wire.field(&configs)
      try wire.end()
    }
  }

  /// One setting.
  public struct Config: WireValue {
    public var name = ""
    public var value: String?
    public var readOnly = false
    public var configSource: Int8 = -1
    public var isSensitive = false
    public var synonyms: [Synonym] = []
    public var configType: Int8 = 0
    public var documentation: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&value)
      try wire.field(&readOnly)
      try wire.field(&configSource)
      try wire.field(&isSensitive)
      try wire.field(&synonyms)
      try wire.field(&configType, from: 3)
      try wire.field(&documentation, from: 3)
      try wire.end()
    }
  }

  /// The same setting as another level has it.
  public struct Synonym: WireValue {
    public var name = ""
    public var value: String?
    public var source: Int8 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&value)
      try wire.field(&source)
      try wire.end()
    }
  }
}

/// Changes single settings: 0 set, 1 delete, 2 append, 3 subtract.
public struct IncrementalAlterConfigsRequest: KafkaRequest {
  public typealias Response = IncrementalAlterConfigsResponse
  public static let api = KafkaAPI.incrementalAlterConfigs

  public var resources: [Resource] = []
  public var validateOnly = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&resources)
    try wire.field(&validateOnly)
    try wire.end()
  }

  /// A topic or a broker.
  public struct Resource: WireValue {
    public var resourceType: Int8 = 0
    public var resourceName = ""
    public var configs: [Config] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&resourceType)
      try wire.field(&resourceName)
      try wire.field(&configs)
      try wire.end()
    }
  }

  /// One setting.
  public struct Config: WireValue {
    public var name = ""
    public var configOperation: Int8 = 0
    public var value: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&configOperation)
      try wire.field(&value)
      try wire.end()
    }
  }
}

/// Which resources were changed.
public struct IncrementalAlterConfigsResponse: KafkaResponse {
  public static let api = KafkaAPI.incrementalAlterConfigs

  public var throttleTimeMilliseconds: Int32 = 0
  public var responses: [Resource] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&responses)
    try wire.end()
  }

  /// A topic or a broker.
  public struct Resource: WireValue {
    public var errorCode = KafkaErrorCode.none
    public var errorMessage: String?
    public var resourceType: Int8 = 0
    public var resourceName = ""

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&errorCode)
      try wire.field(&errorMessage)
      try wire.field(&resourceType)
      try wire.field(&resourceName)
      try wire.end()
    }
  }
}
