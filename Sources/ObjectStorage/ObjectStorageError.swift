public import Diagnostics

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What can go wrong between a key and its bytes.
public struct ObjectStorageError: DiagnosableError {
  public enum Kind: String, Sendable {
    case notFound, invalidKey, outsideRoot, keyIsDirectory, rangeOutside, readOnly, noPermission
    case diskFull, tooManyOpenFiles, discarded, failed
    /// A condition of a put, a copy or a removal does not hold.
    case preconditionFailed
    /// What was asked for is the version that says that the object was deleted.
    case deleteMarker
    case noSuchVersion, noSuchUpload, invalidPart, invalidPartOrder, partTooSmall
    case noSuchBucket, bucketExists, bucketNotEmpty, invalidBucketName, bucketIsGiven
    case invalidLifecycle, invalidVersioning, damagedIndex
  }

  public var kind: Kind
  /// The key, which is also the path below the store's root; empty for the root itself.
  public var key: String
  public var message: String
  public var advice: String?

  public init(_ kind: Kind, key: String, _ message: String, advice: String? = nil) {
    self.kind = kind
    self.key = key
    self.message = message
    self.advice = advice
  }

  public var code: String { "objectStorage.\(kind.rawValue)" }
  public var place: String? { key.isEmpty ? nil : key }
  public var fields: [String: String] { ["key": key, "message": message] }

  static func notFound(_ key: String) -> ObjectStorageError {
    system(ENOENT, "read", key: key)
  }

  static func noSuchBucket(_ name: String) -> ObjectStorageError {
    ObjectStorageError(
      .noSuchBucket, key: name, "There is no bucket \"\(name)\".",
      advice: "List the buckets, or create it.")
  }

  static func preconditionFailed(_ key: String, _ reason: String) -> ObjectStorageError {
    ObjectStorageError(
      .preconditionFailed, key: key, "\"\(key)\" \(reason).",
      advice: "Read the object again, and decide anew.")
  }

  static func discarded(_ key: String) -> ObjectStorageError {
    ObjectStorageError(
      .discarded,
      key: key,
      "An object was written after it was published or discarded."
    )
  }

  static func rangeOutside(
    _ key: String, _ range: Range<Int>, byteCount: Int
  ) -> ObjectStorageError {
    ObjectStorageError(
      .rangeOutside,
      key: key,
      "Bytes \(range.lowerBound) to \(range.upperBound) of \"\(key)\" were asked for; it has "
        + "\(byteCount).",
      advice: "The object may have been cut short; restore it, or write it again."
    )
  }

  /// The error for what the system answered, such as `ENOSPC`, to an attempt to `verb` a key.
  static func system(_ number: Int32, _ verb: String, key: String) -> ObjectStorageError {
    let name = key.isEmpty ? "the store's directory" : "\"\(key)\""
    let reason = String(cString: strerror(number))
    let message = "\(name) could not be \(verb): \(reason)."
    switch number {
    case ENOENT:
      return ObjectStorageError(
        .notFound,
        key: key,
        "There is no object \(name).",
        advice: "List the keys around it, and check that nothing deleted it."
      )
    case EROFS:
      return ObjectStorageError(
        .readOnly,
        key: key,
        message,
        advice: "The disk is mounted read-only; use a home on a disk that can be written."
      )
    case EACCES, EPERM:
      return ObjectStorageError(
        .noPermission,
        key: key,
        message,
        advice: "Give yourself the right to write there, or use another home."
      )
    case ENOSPC, EDQUOT:
      return ObjectStorageError(
        .diskFull,
        key: key,
        message,
        advice: "Free some space, then repeat the command."
      )
    case EMFILE, ENFILE:
      return ObjectStorageError(
        .tooManyOpenFiles,
        key: key,
        message,
        advice: "Raise `ulimit -n`, or close programs."
      )
    case EXDEV:
      return ObjectStorageError(
        .failed,
        key: key,
        message,
        advice: "Keep a store and its bucket's own directory on one file system."
      )
    case ENAMETOOLONG:
      return ObjectStorageError(.invalidKey, key: key, message, advice: "Use shorter names.")
    case EISDIR, ENOTDIR, ENOTEMPTY:
      return ObjectStorageError(
        .keyIsDirectory,
        key: key,
        message,
        advice: "Something else is in the place of a file or directory of the store; move it away."
      )
    default:
      return ObjectStorageError(.failed, key: key, message)
    }
  }
}
