/// Who a request is from: a name, the secret that proves it, and the region it is proved for.
public struct S3Credentials: Sendable, Hashable, CustomStringConvertible,
  CustomDebugStringConvertible
{
  public var accessKeyID: String
  public var secretAccessKey: String
  /// Such as `us-east-1`; a part of every signature.
  public var region: String

  public init(accessKeyID: String, secretAccessKey: String, region: String) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.region = region
  }

  /// Without the secret, so that no log ever has it.
  public var description: String { "S3Credentials(\(accessKeyID), \(region))" }
  public var debugDescription: String { description }
}
