/// What an answer says where nothing more exact is known: short, and where S3's own sentence is what
/// people search for, that sentence.
extension S3ErrorCode {
  /// One English sentence.
  package var defaultMessage: String {
    switch self {
    case .accessDenied: "Access Denied"
    case .authorizationHeaderMalformed: "The authorization header is malformed."
    case .authorizationQueryParametersError: "The query parameters of the signature are not valid."
    case .invalidAccessKeyID: "The AWS Access Key Id you provided does not exist in our records."
    case .invalidToken: "Session tokens are not used here; sign with the access key alone."
    case .missingSecurityHeader: "Your request was missing a required header"
    case .requestTimeTooSkewed:
      "The difference between the request time and the current time is too large."
    case .signatureDoesNotMatch:
      "The request signature we calculated does not match the signature you provided. "
        + "Check your key and signing method."
    case .invalidArgument: "Invalid Argument"
    case .invalidBucketName: "The specified bucket is not valid."
    case .invalidRequest: "Invalid Request"
    case .invalidURI: "Couldn't parse the specified URI."
    case .keyTooLong: "Your key is too long"
    case .methodNotAllowed: "The specified method is not allowed against this resource."
    case .notImplemented: "A header you provided implies functionality that is not implemented"
    case .badDigest: "The digest you specified did not match what was received."
    case .entityTooLarge: "Your proposed upload exceeds the maximum allowed size"
    case .entityTooSmall: "Your proposed upload is smaller than the minimum allowed size"
    case .incompleteBody: "The request body terminated unexpectedly"
    case .invalidChunkSize: "Only the last chunk is allowed to have a size less than 8192 bytes"
    case .invalidDigest: "The Content-MD5 you specified was invalid."
    case .malformedTrailer: "The trailing headers of the body could not be read."
    case .malformedXML:
      "The XML you provided was not well-formed or did not validate against our published schema"
    case .maxMessageLengthExceeded: "Your request was too big."
    case .metadataTooLarge:
      "Your metadata headers exceed the maximum allowed metadata size"
    case .missingContentLength: "You must provide the Content-Length HTTP header."
    case .requestTimeout: "The body did not come within the time-out; the connection is closed."
    case .contentSHA256Mismatch:
      "The provided 'x-amz-content-sha256' header does not match what was computed."
    case .bucketAlreadyExists: "The requested bucket name is not available. Choose another name."
    case .bucketAlreadyOwnedByYou:
      "Your previous request to create the named bucket succeeded and you already own it."
    case .bucketNotEmpty: "The bucket you tried to delete is not empty"
    case .illegalLocationConstraint:
      "The location constraint does not fit the region that this request was sent to."
    case .illegalVersioningConfiguration: "The versioning configuration must have a Status."
    case .invalidBucketState: "The request is not valid with the current state of the bucket."
    case .invalidLocationConstraint: "The specified location-constraint is not valid"
    case .noSuchBucket: "The specified bucket does not exist"
    case .invalidObjectState: "The operation is not valid for the object's storage class"
    case .invalidRange: "The requested range is not satisfiable"
    case .invalidStorageClass: "The storage class you specified is not valid"
    case .noSuchKey: "The specified key does not exist."
    case .noSuchVersion: "The specified version does not exist."
    case .conditionalRequestConflict:
      "Another request changed the object meanwhile. Read it again, then repeat yours."
    case .notModified: "Not Modified"
    case .operationAborted: "Another change to this resource is under way. Try again."
    case .preconditionFailed: "At least one of the pre-conditions you specified did not hold"
    case .invalidPart:
      "One or more of the specified parts could not be found. The part may not have been uploaded, "
        + "or the specified entity tag may not match the part's entity tag."
    case .invalidPartNumber: "The requested partnumber is not satisfiable"
    case .invalidPartOrder:
      "The list of parts was not in ascending order. Parts must be ordered by part number."
    case .noSuchUpload:
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
        + "been aborted or completed."
    case .accessControlListNotSupported: "The bucket does not allow ACLs"
    case .noSuchBucketPolicy: "The bucket policy does not exist"
    case .noSuchCORSConfiguration: "The CORS configuration does not exist"
    case .noSuchLifecycleConfiguration: "The lifecycle configuration does not exist"
    case .noSuchObjectLockConfiguration:
      "The specified object does not have a ObjectLock configuration"
    case .noSuchPublicAccessBlock: "The public access block configuration was not found"
    case .noSuchTagSet: "The TagSet does not exist"
    case .noSuchWebsiteConfiguration:
      "The specified bucket does not have a website configuration"
    case .objectLockConfigurationNotFound:
      "Object Lock configuration does not exist for this bucket"
    case .ownershipControlsNotFound: "The bucket ownership controls were not found"
    case .replicationConfigurationNotFound: "The replication configuration was not found"
    case .encryptionConfigurationNotFound:
      "The server side encryption configuration was not found"
    case .internalError: "We encountered an internal error. Please try again."
    case .serviceUnavailable: "The service cannot take this request now. Please try again."
    case .slowDown: "Please reduce your request rate."
    }
  }
}
