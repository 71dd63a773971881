/// Where a `RemoteObjectStore` keeps its objects, and how patient it is.
public struct RemoteStoreConfiguration: Sendable, CustomStringConvertible,
  CustomDebugStringConvertible
{
  /// How a request names its bucket.
  public enum Addressing: Sendable, Hashable {
    /// `http://host/bucket/key`: what MinIO and an endpoint on this machine understand.
    case path
    /// `https://bucket.host/key`: what AWS asks for.
    case virtualHost
  }

  /// Such as `https://s3.eu-central-1.amazonaws.com` or `http://127.0.0.1:9000`, without a path.
  public var endpoint: String
  public var addressing: Addressing
  public var bucket: String
  /// What stands before every key in the bucket, such as `lake/`; not shown in the store's own keys.
  public var keyPrefix = ""
  public var credentials: S3Credentials
  /// The third part of credentials that are good for a while only; nil where they have none.
  public var sessionToken: String?
  /// Lets requests go unencrypted to another machine; to this one they may in any case.
  public var allowsPlainHTTP = false

  /// Objects of more bytes than this are sent in parts.
  public var multipartThreshold = 8 << 20
  /// Bytes of a part, and of what is read at once; S3 takes no part below 5 MiB but the last.
  public var partSize = 8 << 20

  /// How long an endpoint that has not answered yet may show no sign of life.
  public var connectTimeoutSeconds = 10.0
  /// How long nothing may move in a request to an endpoint that has answered before.
  public var readTimeoutSeconds = 60.0
  public var retry = RemoteRetryPolicy()

  /// Where objects wait that are too large for memory; nil takes the system's temporary directory.
  public var stagingDirectory: String?
  /// The command that starts the endpoint, said where nothing listens at it; nil where there is none.
  public var startCommand: String?

  /// A bucket of any S3 API.
  public init(
    endpoint: String,
    bucket: String,
    credentials: S3Credentials,
    addressing: Addressing = .path
  ) {
    self.endpoint = endpoint
    self.bucket = bucket
    self.credentials = credentials
    self.addressing = addressing
  }

  /// A bucket of AWS, in the region of the credentials.
  public static func aws(bucket: String, credentials: S3Credentials) -> RemoteStoreConfiguration {
    let region = credentials.region
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    return RemoteStoreConfiguration(
      endpoint: "https://s3.\(region).\(domain)",
      bucket: bucket,
      credentials: credentials,
      addressing: bucket.contains(".") ? .path : .virtualHost
    )
  }

  /// Without the credentials, so that no log ever has them.
  public var description: String { "RemoteStoreConfiguration(\(endpoint), \(bucket)/\(keyPrefix))" }
  public var debugDescription: String { description }

  static let partSizeMin = 5 << 20
  static let partSizeMax = 512 << 20

  /// Throws `objectStorage.failed` for what cannot work, before anything is sent.
  func check() throws {
    guard !credentials.accessKeyID.isEmpty, !credentials.secretAccessKey.isEmpty else {
      throw Self.refused(
        "The bucket \"\(bucket)\" at \(endpoint) has no access key or no secret key.",
        advice: "Give both; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are their usual names."
      )
    }
    guard !credentials.region.isEmpty else {
      throw Self.refused(
        "The bucket \"\(bucket)\" at \(endpoint) has no region.",
        advice: "Give the bucket's region; where there are none, us-east-1 is the usual one."
      )
    }
    let isName = { (byte: UInt8) in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
      default: false
      }
    }
    guard !bucket.isEmpty, bucket != ".", bucket != "..", bucket.utf8.allSatisfy(isName) else {
      throw Self.refused(
        "\"\(bucket)\" cannot be the name of a bucket.",
        advice: "Use 3 to 63 lower-case letters, digits and hyphens."
      )
    }
    guard keyPrefix.utf8.count < ObjectKey.bytesMax, !keyPrefix.utf8.contains(0) else {
      throw Self.refused("The key prefix \"\(keyPrefix)\" leaves no room for keys.", advice: nil)
    }
    guard (Self.partSizeMin...Self.partSizeMax).contains(partSize), multipartThreshold >= 0,
      multipartThreshold <= Self.partSizeMax
    else {
      throw Self.refused(
        "Parts of \(partSize) bytes from \(multipartThreshold) bytes on cannot be sent.",
        advice: "Choose a part size between 5 MiB and 512 MiB, and a threshold up to 512 MiB."
      )
    }
    guard connectTimeoutSeconds > 0, readTimeoutSeconds > 0, retry.attemptsMax >= 1 else {
      throw Self.refused(
        "A remote store needs time-outs above zero and at least one attempt.",
        advice: nil
      )
    }
  }

  static func refused(_ message: String, advice: String?) -> ObjectStorageError {
    ObjectStorageError(.failed, key: "", message, advice: advice)
  }
}
