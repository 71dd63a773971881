// Writing: a producer sends whole record batches and is told where they begin.

/// Records to be appended; no response follows where `acks` is 0.
public struct ProduceRequest: KafkaRequest {
  public typealias Response = ProduceResponse
  public static let api = KafkaAPI.produce

  public var transactionalID: String?
  public var acks: Int16 = 0
  public var timeoutMilliseconds: Int32 = 0
  public var topicData: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&transactionalID, from: 3)
    try wire.field(&acks)
    try wire.field(&timeoutMilliseconds)
    try wire.field(&topicData)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitionData: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitionData)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var index: Int32 = 0
    public var records: ArraySlice<UInt8>?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&index)
      try wire.field(&records)
      try wire.end()
    }
  }
}

/// Where the records were put, or why not.
public struct ProduceResponse: KafkaResponse {
  public static let api = KafkaAPI.produce

  public var responses: [Topic] = []
  public var throttleTimeMilliseconds: Int32 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&responses)
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitionResponses: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitionResponses)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var index: Int32 = 0
    public var errorCode = KafkaErrorCode.none
    public var baseOffset: Int64 = 0
    public var logAppendTimeMilliseconds: Int64 = -1
    public var logStartOffset: Int64 = -1
    public var recordErrors: [RecordError] = []
    public var errorMessage: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&index)
      try wire.field(&errorCode)
      try wire.field(&baseOffset)
      try wire.field(&logAppendTimeMilliseconds, from: 2)
      try wire.field(&logStartOffset, from: 5)
      try wire.field(&recordErrors, from: 8)
      try wire.field(&errorMessage, from: 8)
      try wire.end()
    }
  }

  /// Why one record of a batch was refused.
  public struct RecordError: WireValue {
    public var batchIndex: Int32 = 0
    public var batchIndexErrorMessage: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&batchIndex, from: 8)
      try wire.field(&batchIndexErrorMessage, from: 8)
      try wire.end()
    }
  }
}

/// Asks for an identity under which resent batches are recognised.
public struct InitProducerIDRequest: KafkaRequest {
  public typealias Response = InitProducerIDResponse
  public static let api = KafkaAPI.initProducerID

  public var transactionalID: String?
  public var transactionTimeoutMilliseconds: Int32 = 0
  public var producerID: Int64 = -1
  public var producerEpoch: Int16 = -1

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&transactionalID)
    try wire.field(&transactionTimeoutMilliseconds)
    try wire.field(&producerID, from: 3)
    try wire.field(&producerEpoch, from: 3)
    try wire.end()
  }
}

/// The identity of an idempotent producer.
public struct InitProducerIDResponse: KafkaResponse {
  public static let api = KafkaAPI.initProducerID

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var producerID: Int64 = -1
  public var producerEpoch: Int16 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&errorCode)
    try wire.field(&producerID)
    try wire.field(&producerEpoch)
    try wire.end()
  }
}
