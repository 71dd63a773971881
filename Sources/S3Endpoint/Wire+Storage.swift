internal import ObjectStorage

// The wire's values and the storage's, turned into each other.

extension ListedObject {
  init(_ record: ObjectRecord, owner: WireOwner?) {
    self.init(
      key: record.key, modifiedMilliseconds: record.modifiedMilliseconds,
      entityTag: record.entityTag, size: record.size,
      storageClass: record.attributes.storageClass.rawValue, owner: owner,
      checksumAlgorithm: record.attributes.checksum?.algorithm.rawValue,
      checksumType: record.attributes.checksum?.typeName)
  }
}

extension WireChecksum {
  init(_ checksum: ObjectChecksum) {
    self.init(algorithm: checksum.algorithm.rawValue, value: checksum.value)
  }
}

extension ObjectChecksum {
  init(_ wire: WireChecksum) throws {
    guard let algorithm = ChecksumAlgorithm(rawValue: wire.algorithm),
      let checksum = ObjectChecksum(algorithm, value: wire.value)
    else { throw S3Error.invalidArgument("Checksum", wire.value, "This is no checksum.") }
    self = checksum
  }
}

extension S3Error {
  /// What an error of the storage is for S3's clients.
  init(storage error: ObjectStorageError) {
    switch error.kind {
    case .notFound: self = .noSuchKey(error.key)
    case .invalidKey where error.key.utf8.count > ObjectKey.bytesMax:
      self = .keyTooLong(bytes: error.key.utf8.count, maximum: ObjectKey.bytesMax)
    case .deleteMarker:
      self = .methodNotAllowed("GET", resourceType: "DeleteMarker", allowed: ["DELETE"])
    default:
      let code = Self.codes[error.kind] ?? .internalError
      self.init(code, code == .internalError ? error.message : nil)
      if code == .internalError || code == .invalidArgument || code == .serviceUnavailable {
        message = error.message
      }
      if !error.key.isEmpty { elements = [Element("Key", error.key)] }
    }
  }

  private static let codes: [ObjectStorageError.Kind: S3ErrorCode] = [
    .invalidKey: .invalidArgument, .preconditionFailed: .preconditionFailed,
    .noSuchVersion: .noSuchVersion, .noSuchUpload: .noSuchUpload, .invalidPart: .invalidPart,
    .invalidPartOrder: .invalidPartOrder, .partTooSmall: .entityTooSmall,
    .noSuchBucket: .noSuchBucket, .bucketExists: .bucketAlreadyOwnedByYou,
    .bucketNotEmpty: .bucketNotEmpty, .invalidBucketName: .invalidBucketName,
    .bucketIsGiven: .accessDenied, .invalidLifecycle: .invalidArgument,
    .invalidVersioning: .illegalVersioningConfiguration, .diskFull: .serviceUnavailable,
    .tooManyOpenFiles: .serviceUnavailable,
  ]
}
