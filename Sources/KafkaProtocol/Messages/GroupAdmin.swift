// Groups seen from outside: list, describe, delete, and forget offsets.

/// Asks for the names of groups.
public struct ListGroupsRequest: KafkaRequest {
  public typealias Response = ListGroupsResponse
  public static let api = KafkaAPI.listGroups

  public var statesFilter: [String] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&statesFilter, from: 4)
    try wire.end()
  }
}

/// The groups that this broker coordinates.
public struct ListGroupsResponse: KafkaResponse {
  public static let api = KafkaAPI.listGroups

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var groups: [Group] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.field(&errorCode)
    try wire.field(&groups)
    try wire.end()
  }

  /// One group.
  public struct Group: WireValue {
    public var groupID = ""
    public var protocolType = ""
    public var groupState = ""

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&groupID)
      try wire.field(&protocolType)
      try wire.field(&groupState, from: 4)
      try wire.end()
    }
  }
}

/// Asks for the members of groups.
public struct DescribeGroupsRequest: KafkaRequest {
  public typealias Response = DescribeGroupsResponse
  public static let api = KafkaAPI.describeGroups

  public var groups: [String] = []
  public var includeAuthorizedOperations = false

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groups)
    try wire.field(&includeAuthorizedOperations, from: 3)
    try wire.end()
  }
}

/// Groups with their state, members and assignments.
public struct DescribeGroupsResponse: KafkaResponse {
  public static let api = KafkaAPI.describeGroups

  public var throttleTimeMilliseconds: Int32 = 0
  public var groups: [Group] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.field(&groups)
    try wire.end()
  }

  /// One group.
  public struct Group: WireValue {
    public var errorCode = KafkaErrorCode.none
    public var groupID = ""
    public var groupState = ""
    public var protocolType = ""
    public var protocolData = ""
    public var members: [Member] = []
    public var authorizedOperations: Int32 = Int32.min

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&errorCode)
      try wire.field(&groupID)
      try wire.field(&groupState)
      try wire.field(&protocolType)
      try wire.field(&protocolData)
      try wire.field(&members)
      try wire.field(&authorizedOperations, from: 3)
      try wire.end()
    }
  }

  /// One member of a group.
  public struct Member: WireValue {
    public var memberID = ""
    public var groupInstanceID: String?
    public var clientID = ""
    public var clientHost = ""
    public var memberMetadata: [UInt8] = []
    public var memberAssignment: [UInt8] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&memberID)
      try wire.field(&groupInstanceID, from: 4)
      try wire.field(&clientID)
      try wire.field(&clientHost)
      try wire.field(&memberMetadata)
      try wire.field(&memberAssignment)
      try wire.end()
    }
  }
}

/// Forgets groups that have no members.
public struct DeleteGroupsRequest: KafkaRequest {
  public typealias Response = DeleteGroupsResponse
  public static let api = KafkaAPI.deleteGroups

  public var groupNames: [String] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupNames)
    try wire.end()
  }
}

/// Which groups were forgotten.
public struct DeleteGroupsResponse: KafkaResponse {
  public static let api = KafkaAPI.deleteGroups

  public var throttleTimeMilliseconds: Int32 = 0
  public var results: [Group] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&results)
    try wire.end()
  }

  /// One group.
  public struct Group: WireValue {
    public var groupID = ""
    public var errorCode = KafkaErrorCode.none

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&groupID)
      try wire.field(&errorCode)
      try wire.end()
    }
  }
}

/// Forgets a group's offsets of partitions that it does not read any more.
public struct OffsetDeleteRequest: KafkaRequest {
  public typealias Response = OffsetDeleteResponse
  public static let api = KafkaAPI.offsetDelete

  public var groupID = ""
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&topics)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitions: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitions)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var partitionIndex: Int32 = 0

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.end()
    }
  }
}

/// Which offsets were forgotten.
public struct OffsetDeleteResponse: KafkaResponse {
  public static let api = KafkaAPI.offsetDelete

  public var errorCode = KafkaErrorCode.none
  public var throttleTimeMilliseconds: Int32 = 0
  public var topics: [Topic] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&errorCode)
    try wire.field(&throttleTimeMilliseconds)
    try wire.field(&topics)
    try wire.end()
  }

  /// One topic and what concerns it.
  public struct Topic: WireValue {
    public var name = ""
    public var partitions: [PartitionData] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&partitions)
      try wire.end()
    }
  }

  /// One partition and what concerns it.
  public struct PartitionData: WireValue {
    public var partitionIndex: Int32 = 0
    public var errorCode = KafkaErrorCode.none

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&partitionIndex)
      try wire.field(&errorCode)
      try wire.end()
    }
  }
}
