/// The errors of the S3 protocol that this endpoint answers, by the names that clients act on.
package enum S3ErrorCode: String, Sendable, Hashable, CaseIterable {
  // Who asks.
  case accessDenied = "AccessDenied"
  case authorizationHeaderMalformed = "AuthorizationHeaderMalformed"
  case authorizationQueryParametersError = "AuthorizationQueryParametersError"
  case invalidAccessKeyID = "InvalidAccessKeyId"
  case invalidToken = "InvalidToken"
  case missingSecurityHeader = "MissingSecurityHeader"
  case requestTimeTooSkewed = "RequestTimeTooSkewed"
  case signatureDoesNotMatch = "SignatureDoesNotMatch"

  // What is asked for.
  case invalidArgument = "InvalidArgument"
  case invalidBucketName = "InvalidBucketName"
  case invalidRequest = "InvalidRequest"
  case invalidURI = "InvalidURI"
  case keyTooLong = "KeyTooLongError"
  case methodNotAllowed = "MethodNotAllowed"
  case notImplemented = "NotImplemented"

  // The body and its digests.
  case badDigest = "BadDigest"
  case entityTooLarge = "EntityTooLarge"
  case entityTooSmall = "EntityTooSmall"
  case incompleteBody = "IncompleteBody"
  case invalidChunkSize = "InvalidChunkSizeError"
  case invalidDigest = "InvalidDigest"
  case malformedTrailer = "MalformedTrailerError"
  case malformedXML = "MalformedXML"
  case maxMessageLengthExceeded = "MaxMessageLengthExceeded"
  case metadataTooLarge = "MetadataTooLarge"
  case missingContentLength = "MissingContentLength"
  case requestTimeout = "RequestTimeout"
  case contentSHA256Mismatch = "XAmzContentSHA256Mismatch"

  // Buckets.
  case bucketAlreadyExists = "BucketAlreadyExists"
  case bucketAlreadyOwnedByYou = "BucketAlreadyOwnedByYou"
  case bucketNotEmpty = "BucketNotEmpty"
  case illegalLocationConstraint = "IllegalLocationConstraintException"
  case illegalVersioningConfiguration = "IllegalVersioningConfigurationException"
  case invalidBucketState = "InvalidBucketState"
  case invalidLocationConstraint = "InvalidLocationConstraint"
  case noSuchBucket = "NoSuchBucket"

  // Objects and their versions.
  case invalidObjectState = "InvalidObjectState"
  case invalidRange = "InvalidRange"
  case invalidStorageClass = "InvalidStorageClass"
  case noSuchKey = "NoSuchKey"
  case noSuchVersion = "NoSuchVersion"

  // Conditions.
  case conditionalRequestConflict = "ConditionalRequestConflict"
  /// A 304, which has no body.
  case notModified = "NotModified"
  case operationAborted = "OperationAborted"
  case preconditionFailed = "PreconditionFailed"

  // Multipart uploads.
  case invalidPart = "InvalidPart"
  case invalidPartNumber = "InvalidPartNumber"
  case invalidPartOrder = "InvalidPartOrder"
  case noSuchUpload = "NoSuchUpload"

  // Configurations that a bucket or an object does not have.
  case accessControlListNotSupported = "AccessControlListNotSupported"
  case noSuchBucketPolicy = "NoSuchBucketPolicy"
  case noSuchCORSConfiguration = "NoSuchCORSConfiguration"
  case noSuchLifecycleConfiguration = "NoSuchLifecycleConfiguration"
  case noSuchObjectLockConfiguration = "NoSuchObjectLockConfiguration"
  case noSuchPublicAccessBlock = "NoSuchPublicAccessBlockConfiguration"
  case noSuchTagSet = "NoSuchTagSet"
  case noSuchWebsiteConfiguration = "NoSuchWebsiteConfiguration"
  case objectLockConfigurationNotFound = "ObjectLockConfigurationNotFoundError"
  case ownershipControlsNotFound = "OwnershipControlsNotFoundError"
  case replicationConfigurationNotFound = "ReplicationConfigurationNotFoundError"
  case encryptionConfigurationNotFound = "ServerSideEncryptionConfigurationNotFoundError"

  // The server itself; clients try these again.
  case internalError = "InternalError"
  case serviceUnavailable = "ServiceUnavailable"
  case slowDown = "SlowDown"

  /// The HTTP status of the answer.
  package var status: Int {
    switch self {
    case .notModified: 304
    case .accessDenied, .invalidAccessKeyID, .invalidObjectState, .requestTimeTooSkewed,
      .signatureDoesNotMatch:
      403
    case .noSuchBucket, .noSuchBucketPolicy, .noSuchCORSConfiguration, .noSuchKey,
      .noSuchLifecycleConfiguration, .noSuchObjectLockConfiguration, .noSuchPublicAccessBlock,
      .noSuchTagSet, .noSuchUpload, .noSuchVersion, .noSuchWebsiteConfiguration,
      .objectLockConfigurationNotFound, .ownershipControlsNotFound,
      .replicationConfigurationNotFound, .encryptionConfigurationNotFound:
      404
    case .methodNotAllowed: 405
    case .bucketAlreadyExists, .bucketAlreadyOwnedByYou, .bucketNotEmpty,
      .conditionalRequestConflict, .invalidBucketState, .operationAborted:
      409
    case .missingContentLength: 411
    case .preconditionFailed: 412
    case .invalidPartNumber, .invalidRange: 416
    case .internalError: 500
    case .notImplemented: 501
    case .serviceUnavailable, .slowDown: 503
    default: 400
    }
  }
}
