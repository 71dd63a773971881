// Being in a consumer group: find its coordinator, join, get an assignment, stay, leave.

/// Asks which broker keeps a group's state.
public struct FindCoordinatorRequest: KafkaRequest {
  public typealias Response = FindCoordinatorResponse
  public static let api = KafkaAPI.findCoordinator

  public var key = ""
  public var keyType: Int8 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&key)
    try wire.field(&keyType, from: 1)
    try wire.end()
  }
}

/// The broker that keeps a group's state.
public struct FindCoordinatorResponse: KafkaResponse {
  public static let api = KafkaAPI.findCoordinator

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var errorMessage: String?
  public var nodeID: Int32 = 0
  public var host = ""
  public var port: Int32 = 0

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.field(&errorCode)
    try wire.field(&errorMessage, from: 1)
    try wire.field(&nodeID)
    try wire.field(&host)
    try wire.field(&port)
    try wire.end()
  }
}

/// A member asks to belong to the next generation of a group.
public struct JoinGroupRequest: KafkaRequest {
  public typealias Response = JoinGroupResponse
  public static let api = KafkaAPI.joinGroup

  public var groupID = ""
  public var sessionTimeoutMilliseconds: Int32 = 0
  public var rebalanceTimeoutMilliseconds: Int32 = -1
  public var memberID = ""
  public var groupInstanceID: String?
  public var protocolType = ""
  public var protocols: [GroupProtocol] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&sessionTimeoutMilliseconds)
    try wire.field(&rebalanceTimeoutMilliseconds, from: 1)
    try wire.field(&memberID)
    try wire.field(&groupInstanceID, from: 5)
    try wire.field(&protocolType)
    try wire.field(&protocols)
    try wire.end()
  }

  /// A way to assign that a member knows, with its subscription.
  public struct GroupProtocol: WireValue {
    public var name = ""
    public var metadata: [UInt8] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&name)
      try wire.field(&metadata)
      try wire.end()
    }
  }
}

/// The generation; its leader also gets the members, and assigns.
public struct JoinGroupResponse: KafkaResponse {
  public static let api = KafkaAPI.joinGroup

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var generationID: Int32 = -1
  public var protocolType: String?
  public var protocolName: String?
  public var leader = ""
  public var memberID = ""
  public var members: [Member] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 2)
    try wire.field(&errorCode)
    try wire.field(&generationID)
    try wire.field(&protocolType, from: 7)
    try wire.field(&protocolName)
    try wire.field(&leader)
    try wire.field(&memberID)
    try wire.field(&members)
    try wire.end()
  }

  /// One member of a group.
  public struct Member: WireValue {
    public var memberID = ""
    public var groupInstanceID: String?
    public var metadata: [UInt8] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&memberID)
      try wire.field(&groupInstanceID, from: 5)
      try wire.field(&metadata)
      try wire.end()
    }
  }
}

/// A member asks for its assignment; the leader brings everyone's.
public struct SyncGroupRequest: KafkaRequest {
  public typealias Response = SyncGroupResponse
  public static let api = KafkaAPI.syncGroup

  public var groupID = ""
  public var generationID: Int32 = 0
  public var memberID = ""
  public var groupInstanceID: String?
  public var protocolType: String?
  public var protocolName: String?
  public var assignments: [Assignment] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&generationID)
    try wire.field(&memberID)
    try wire.field(&groupInstanceID, from: 3)
    try wire.field(&protocolType, from: 5)
    try wire.field(&protocolName, from: 5)
    try wire.field(&assignments)
    try wire.end()
  }

  /// What goes where.
  public struct Assignment: WireValue {
    public var memberID = ""
    public var assignment: [UInt8] = []

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&memberID)
      try wire.field(&assignment)
      try wire.end()
    }
  }
}

/// What a member is to read, in the leader's own bytes.
public struct SyncGroupResponse: KafkaResponse {
  public static let api = KafkaAPI.syncGroup

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var protocolType: String?
  public var protocolName: String?
  public var assignment: [UInt8] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.field(&errorCode)
    try wire.field(&protocolType, from: 5)
    try wire.field(&protocolName, from: 5)
    try wire.field(&assignment)
    try wire.end()
  }
}

/// A member says that it lives.
public struct HeartbeatRequest: KafkaRequest {
  public typealias Response = HeartbeatResponse
  public static let api = KafkaAPI.heartbeat

  public var groupID = ""
  public var generationID: Int32 = 0
  public var memberID = ""
  public var groupInstanceID: String?

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&generationID)
    try wire.field(&memberID)
    try wire.field(&groupInstanceID, from: 3)
    try wire.end()
  }
}

/// Whether the generation still stands.
public struct HeartbeatResponse: KafkaResponse {
  public static let api = KafkaAPI.heartbeat

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.field(&errorCode)
    try wire.end()
  }
}

/// Members go, of their own will or removed by an administrator.
public struct LeaveGroupRequest: KafkaRequest {
  public typealias Response = LeaveGroupResponse
  public static let api = KafkaAPI.leaveGroup

  public var groupID = ""
  public var memberID = ""
  public var members: [Member] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&groupID)
    try wire.field(&memberID, through: 2)
    try wire.field(&members, from: 3)
    try wire.end()
  }

  /// One member of a group.
  public struct Member: WireValue {
    public var memberID = ""
    public var groupInstanceID: String?

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&memberID, from: 3)
      try wire.field(&groupInstanceID, from: 3)
      try wire.end()
    }
  }
}

/// Whether they were members.
public struct LeaveGroupResponse: KafkaResponse {
  public static let api = KafkaAPI.leaveGroup

  public var throttleTimeMilliseconds: Int32 = 0
  public var errorCode = KafkaErrorCode.none
  public var members: [Member] = []

  public init() {}

  public mutating func code(_ wire: inout WireCoder) throws {
    try wire.field(&throttleTimeMilliseconds, from: 1)
    try wire.field(&errorCode)
    try wire.field(&members, from: 3)
    try wire.end()
  }

  /// One member of a group.
  public struct Member: WireValue {
    public var memberID = ""
    public var groupInstanceID: String?
    public var errorCode = KafkaErrorCode.none

    public init() {}

    public mutating func code(_ wire: inout WireCoder) throws {
      try wire.field(&memberID, from: 3)
      try wire.field(&groupInstanceID, from: 3)
      try wire.field(&errorCode, from: 3)
      try wire.end()
    }
  }
}
