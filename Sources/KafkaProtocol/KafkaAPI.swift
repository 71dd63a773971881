// Which requests there are, in which versions, and the frame and header that they travel in.
//
// ```
//  frame     Int32 size, then so many bytes
//  request   Int16 API key, Int16 version, Int32 correlation id, client id, [tagged fields,] body
//  response  Int32 correlation id, [tagged fields,] body
// ```
// A client's id is an old nullable string even where the rest is flexible, and the answer to
// ApiVersions has no tagged fields in its header, because a client reads it before it knows more.

/// A kind of request; the raw value is its key on the wire.
public enum KafkaAPI: Int16, Sendable, CaseIterable {
  case produce = 0
  case fetch = 1
  case listOffsets = 2
  case metadata = 3
  case offsetCommit = 8
  case offsetFetch = 9
  case findCoordinator = 10
  case joinGroup = 11
  case heartbeat = 12
  case leaveGroup = 13
  case syncGroup = 14
  case describeGroups = 15
  case listGroups = 16
  case apiVersions = 18
  case createTopics = 19
  case deleteTopics = 20
  case deleteRecords = 21
  case initProducerID = 22
  case offsetForLeaderEpoch = 23
  case describeConfigs = 32
  case createPartitions = 37
  case deleteGroups = 42
  case incrementalAlterConfigs = 44
  case offsetDelete = 47
  case describeCluster = 60

  /// What a broker of ours advertises.
  ///
  /// Some begin lower than what is of use: clients take the old versions as a sign of features, such
  /// as Produce 0 for compression.
  public var versions: ClosedRange<Int16> { layout.versions }

  /// The first version with compact lengths and tagged fields.
  public var firstFlexibleVersion: Int16 { layout.flexible }

  public func isFlexible(_ version: Int16) -> Bool { version >= layout.flexible }

  private var layout: (versions: ClosedRange<Int16>, flexible: Int16) {
    switch self {
    case .produce: (0...9, 9)
    case .fetch: (4...12, 12)
    case .listOffsets: (1...7, 6)
    case .metadata: (0...12, 9)
    case .offsetCommit: (2...8, 8)
    case .offsetFetch: (1...7, 6)
    case .findCoordinator: (0...3, 3)
    case .joinGroup: (0...7, 6)
    case .heartbeat: (0...4, 4)
    case .leaveGroup: (0...4, 4)
    case .syncGroup: (0...5, 4)
    case .describeGroups: (0...5, 5)
    case .listGroups: (0...4, 3)
    case .apiVersions: (0...4, 3)
    case .createTopics: (2...7, 5)
    case .deleteTopics: (1...6, 4)
    case .deleteRecords: (0...2, 2)
    case .initProducerID: (0...4, 2)
    case .offsetForLeaderEpoch: (2...4, 4)
    case .describeConfigs: (1...4, 4)
    case .createPartitions: (0...3, 2)
    case .deleteGroups: (0...2, 2)
    case .incrementalAlterConfigs: (0...1, 1)
    case .offsetDelete: (0...0, .max)
    case .describeCluster: (0...1, 0)
    }
  }
}

/// A request's body.
public protocol KafkaRequest: WireValue {
  associatedtype Response: KafkaResponse
  static var api: KafkaAPI { get }
}

/// A response's body.
public protocol KafkaResponse: WireValue {
  static var api: KafkaAPI { get }
}

/// What stands before a request's body.
public struct RequestHeader: Hashable, Sendable {
  /// Any number; not all have a `KafkaAPI`.
  public var key: Int16
  public var version: Int16
  /// Comes back with the response.
  public var correlationID: Int32
  public var clientID: String?

  public init(key: Int16, version: Int16, correlationID: Int32, clientID: String?) {
    self.key = key
    self.version = version
    self.correlationID = correlationID
    self.clientID = clientID
  }

  /// Reads the header of a frame; `bodyStart` says where the body begins.
  ///
  /// Of an unknown key or version only the part that all have is read.
  /// - Throws: `kafka.truncated`, `kafka.corrupt`.
  public init(reading frame: [UInt8], bodyStart: inout Int) throws {
    var wire = WireCoder(reading: frame, version: 1, isFlexible: false)
    (key, version, correlationID, clientID) = (0, 0, 0, nil)
    try wire.field(&key)
    try wire.field(&version)
    try wire.field(&correlationID)
    bodyStart = wire.position
    guard let api = KafkaAPI(rawValue: key), api.versions.contains(version) else { return }
    try wire.field(&clientID)
    bodyStart = wire.position
    guard api.isFlexible(version) else { return }
    var tags = WireCoder(reading: frame, at: bodyStart, version: 2, isFlexible: true)
    try tags.end()
    bodyStart = tags.position
  }

  func write(isFlexible: Bool) throws -> [UInt8] {
    var wire = WireCoder(version: 1, isFlexible: false)
    var copy = self
    try wire.field(&copy.key)
    try wire.field(&copy.version)
    try wire.field(&copy.correlationID)
    try wire.field(&copy.clientID)
    return isFlexible ? wire.bytes + [0] : wire.bytes
  }
}

extension KafkaRequest {
  /// The body of a frame whose header was read; bytes behind it are ignored, as Kafka does.
  ///
  /// - Throws: `KafkaProtocolError` for bytes that are not this request in this version.
  public init(reading frame: [UInt8], at bodyStart: Int, version: Int16) throws {
    var wire = WireCoder(
      reading: frame,
      at: bodyStart,
      version: version,
      isFlexible: Self.api.isFlexible(version)
    )
    self.init()
    try code(&wire)
  }

  /// Header and body, without the frame's size.
  public func frame(version: Int16, correlationID: Int32, clientID: String?) throws -> [UInt8] {
    let isFlexible = Self.api.isFlexible(version)
    let header = RequestHeader(
      key: Self.api.rawValue,
      version: version,
      correlationID: correlationID,
      clientID: clientID
    )
    var wire = WireCoder(
      writingAfter: try header.write(isFlexible: isFlexible),
      version: version,
      isFlexible: isFlexible
    )
    var copy = self
    try copy.code(&wire)
    return wire.bytes
  }
}

extension KafkaResponse {
  /// Size, header and body: what goes on the wire.
  ///
  /// - Throws: `kafka.tooLarge` for a text or a response beyond what its length field can say.
  public func frame(version: Int16, correlationID: Int32) throws -> [UInt8] {
    try frameWithGaps(version: version, correlationID: correlationID).bytes
  }

  /// The same, and where bytes belong that the sender puts between; its size counts them.
  public func frameWithGaps(
    version: Int16, correlationID: Int32
  ) throws -> (bytes: [UInt8], gaps: [WireCoder.Gap]) {
    let isFlexible = Self.api.isFlexible(version)
    var head = WireCoder(version: version, isFlexible: isFlexible && Self.api != .apiVersions)
    var (size, id): (Int32, Int32) = (0, correlationID)
    try head.field(&size)
    try head.field(&id)
    try head.end()
    var wire = WireCoder(writingAfter: head.bytes, version: version, isFlexible: isFlexible)
    var copy = self
    try copy.code(&wire)
    var bytes = wire.takeBytes()
    let elsewhere = wire.gaps.reduce(0) { $0 + $1.byteCount }
    guard let length = Int32(exactly: bytes.count + elsewhere - 4) else {
      throw KafkaProtocolError(.tooLarge, byteOffset: 0, "a response is larger than 2 GiB")
    }
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: length.bigEndian, as: Int32.self) }
    return (bytes, wire.gaps)
  }

  /// Reads a response without the frame's size; gives its correlation id too.
  public init(reading frame: [UInt8], version: Int16, correlationID: inout Int32) throws {
    let isFlexible = Self.api.isFlexible(version)
    var head = WireCoder(
      reading: frame,
      version: version,
      isFlexible: isFlexible && Self.api != .apiVersions
    )
    try head.field(&correlationID)
    try head.end()
    var wire = WireCoder(
      reading: frame,
      at: head.position,
      version: version,
      isFlexible: isFlexible
    )
    self.init()
    try code(&wire)
  }
}
