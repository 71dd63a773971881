/// A read of a configuration that no bucket or object here has.
///
/// Tools ask such things before they begin: whether a bucket has a policy, is encrypted, is locked. Each
/// has one true answer, which is S3's for a bucket where nothing was configured.
package enum S3Probe: String, Sendable, Hashable, CaseIterable {
  case accelerate, acl, cors, encryption, logging, notification
  case objectLock = "object-lock"
  case ownershipControls, policy, policyStatus, publicAccessBlock, replication, requestPayment
  case tagging, website
  case objectACL = "object acl"
  case objectTagging = "object tagging"
  case legalHold = "object legal-hold"
  case retention = "object retention"

  /// Nil for a sub-resource of a bucket that is no probe.
  init?(ofBucket name: String) {
    guard !name.contains(" ") else { return nil }
    self.init(rawValue: name)
  }

  /// Nil for a sub-resource of an object that is no probe.
  init?(ofObject name: String) {
    self.init(rawValue: "object " + name)
  }

  /// The body of a 200; `owner` may do everything.
  ///
  /// Throws `S3Error` where the true answer is that there is no such configuration.
  package func xml(bucket: String, owner: WireOwner) throws -> [UInt8] {
    switch self {
    case .accelerate: return Self.empty("AccelerateConfiguration")
    case .acl, .objectACL: return Self.accessControl(owner)
    case .logging: return Self.empty("BucketLoggingStatus")
    case .notification: return Self.empty("NotificationConfiguration")
    case .objectTagging: return Self.document("Tagging") { $0.element("TagSet", "") }
    case .requestPayment:
      return Self.document("RequestPaymentConfiguration") { $0.element("Payer", "BucketOwner") }
    case .cors: throw Self.missing(.noSuchCORSConfiguration, bucket)
    case .encryption: throw Self.missing(.encryptionConfigurationNotFound, bucket)
    case .legalHold, .retention: throw S3Error(.noSuchObjectLockConfiguration)
    case .objectLock: throw Self.missing(.objectLockConfigurationNotFound, bucket)
    case .ownershipControls: throw Self.missing(.ownershipControlsNotFound, bucket)
    case .policy, .policyStatus: throw Self.missing(.noSuchBucketPolicy, bucket)
    case .publicAccessBlock: throw Self.missing(.noSuchPublicAccessBlock, bucket)
    case .replication: throw Self.missing(.replicationConfigurationNotFound, bucket)
    case .tagging: throw Self.missing(.noSuchTagSet, bucket)
    case .website: throw Self.missing(.noSuchWebsiteConfiguration, bucket)
    }
  }

  private static func missing(_ code: S3ErrorCode, _ bucket: String) -> S3Error {
    S3Error(code, elements: ["BucketName": bucket])
  }

  private static func empty(_ root: StaticString) -> [UInt8] {
    document(root) { _ in }
  }

  private static func document(
    _ root: StaticString,
    _ content: (inout XMLWriter) -> Void
  ) -> [UInt8] {
    var writer = XMLWriter(capacity: 512)
    writer.openRoot(root)
    content(&writer)
    writer.close(root)
    return writer.bytes
  }

  private static func accessControl(_ owner: WireOwner) -> [UInt8] {
    document("AccessControlPolicy") { writer in
      writer.element("Owner", owner: owner)
      writer.open("AccessControlList")
      writer.open("Grant")
      writer.append(
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">"
      )
      writer.element("ID", owner.id)
      writer.element("DisplayName", ifPresent: owner.displayName)
      writer.close("Grantee")
      writer.element("Permission", "FULL_CONTROL")
      writer.close("Grant")
      writer.close("AccessControlList")
    }
  }
}
