// The two halves of a record's address: which log it is in, and where.

/// One ordered log of a topic; written `app-events-3`, as Kafka names its directory.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var topic: String
  /// 0-based.
  public var partition: Int32

  public init(_ topic: String, _ partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
    left.topic == right.topic ? left.partition < right.partition : left.topic < right.topic
  }

  public var description: String { "\(topic)-\(partition)" }
}

/// The position of a record in its partition; the first record of a new log has 0.
public struct Offset: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public var rawValue: Int64

  @inlinable
  public init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  @inlinable
  public init(_ rawValue: Int64) {
    self.rawValue = rawValue
  }

  @inlinable
  public static func < (left: Offset, right: Offset) -> Bool { left.rawValue < right.rawValue }

  /// The offset `distance` records later; stops at the largest offset there is.
  @inlinable
  public func advanced(by distance: Int64) -> Offset {
    let (sum, overflow) = rawValue.addingReportingOverflow(distance)
    return Offset(overflow ? (distance < 0 ? .min : .max) : sum)
  }

  public var description: String { String(rawValue) }
}
