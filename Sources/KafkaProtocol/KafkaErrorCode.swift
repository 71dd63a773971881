/// What a broker says about a request, or about one topic or partition of it.
///
/// Numbers and names are Kafka's, and so is what clients do about them; the few that this program
/// answers are listed.
public struct KafkaErrorCode: RawRepresentable, Hashable, Sendable {
  public var rawValue: Int16

  public init(rawValue: Int16) {
    self.rawValue = rawValue
  }

  public static let unknownServerError = KafkaErrorCode(rawValue: -1)
  public static let none = KafkaErrorCode(rawValue: 0)
  public static let offsetOutOfRange = KafkaErrorCode(rawValue: 1)
  public static let corruptMessage = KafkaErrorCode(rawValue: 2)
  public static let unknownTopicOrPartition = KafkaErrorCode(rawValue: 3)
  public static let leaderNotAvailable = KafkaErrorCode(rawValue: 5)
  public static let notLeaderOrFollower = KafkaErrorCode(rawValue: 6)
  public static let requestTimedOut = KafkaErrorCode(rawValue: 7)
  public static let messageTooLarge = KafkaErrorCode(rawValue: 10)
  public static let offsetMetadataTooLarge = KafkaErrorCode(rawValue: 12)
  public static let coordinatorNotAvailable = KafkaErrorCode(rawValue: 15)
  public static let notCoordinator = KafkaErrorCode(rawValue: 16)
  public static let invalidTopic = KafkaErrorCode(rawValue: 17)
  public static let notEnoughReplicas = KafkaErrorCode(rawValue: 19)
  public static let notEnoughReplicasAfterAppend = KafkaErrorCode(rawValue: 20)
  public static let invalidRequiredAcks = KafkaErrorCode(rawValue: 21)
  public static let illegalGeneration = KafkaErrorCode(rawValue: 22)
  public static let inconsistentGroupProtocol = KafkaErrorCode(rawValue: 23)
  public static let invalidGroupID = KafkaErrorCode(rawValue: 24)
  public static let unknownMemberID = KafkaErrorCode(rawValue: 25)
  public static let invalidSessionTimeout = KafkaErrorCode(rawValue: 26)
  public static let rebalanceInProgress = KafkaErrorCode(rawValue: 27)
  public static let invalidTimestamp = KafkaErrorCode(rawValue: 32)
  public static let unsupportedVersion = KafkaErrorCode(rawValue: 35)
  public static let topicAlreadyExists = KafkaErrorCode(rawValue: 36)
  public static let invalidPartitions = KafkaErrorCode(rawValue: 37)
  public static let invalidReplicationFactor = KafkaErrorCode(rawValue: 38)
  public static let invalidReplicaAssignment = KafkaErrorCode(rawValue: 39)
  public static let invalidConfig = KafkaErrorCode(rawValue: 40)
  public static let invalidRequest = KafkaErrorCode(rawValue: 42)
  public static let unsupportedForMessageFormat = KafkaErrorCode(rawValue: 43)
  public static let policyViolation = KafkaErrorCode(rawValue: 44)
  public static let outOfOrderSequenceNumber = KafkaErrorCode(rawValue: 45)
  public static let duplicateSequenceNumber = KafkaErrorCode(rawValue: 46)
  public static let invalidProducerEpoch = KafkaErrorCode(rawValue: 47)
  public static let transactionalIDAuthorizationFailed = KafkaErrorCode(rawValue: 53)
  public static let kafkaStorageError = KafkaErrorCode(rawValue: 56)
  public static let unknownProducerID = KafkaErrorCode(rawValue: 59)
  public static let nonEmptyGroup = KafkaErrorCode(rawValue: 68)
  public static let groupIDNotFound = KafkaErrorCode(rawValue: 69)
  public static let fetchSessionIDNotFound = KafkaErrorCode(rawValue: 70)
  public static let topicDeletionDisabled = KafkaErrorCode(rawValue: 73)
  public static let fencedLeaderEpoch = KafkaErrorCode(rawValue: 74)
  public static let unknownLeaderEpoch = KafkaErrorCode(rawValue: 75)
  public static let unsupportedCompressionType = KafkaErrorCode(rawValue: 76)
  public static let memberIDRequired = KafkaErrorCode(rawValue: 79)
  public static let groupMaxSizeReached = KafkaErrorCode(rawValue: 81)
  public static let fencedInstanceID = KafkaErrorCode(rawValue: 82)
  public static let groupSubscribedToTopic = KafkaErrorCode(rawValue: 86)
  public static let invalidRecord = KafkaErrorCode(rawValue: 87)
  public static let throttlingQuotaExceeded = KafkaErrorCode(rawValue: 89)
  public static let unknownTopicID = KafkaErrorCode(rawValue: 100)
}
