import S3Endpoint
import Testing

struct S3ProbeTests {
  private let owner = WireOwner(id: "tapline", displayName: "Tapline")

  @Test(arguments: [
    (S3Probe.policy, S3ErrorCode.noSuchBucketPolicy), (.policyStatus, .noSuchBucketPolicy),
    (.cors, .noSuchCORSConfiguration), (.encryption, .encryptionConfigurationNotFound),
    (.objectLock, .objectLockConfigurationNotFound), (.tagging, .noSuchTagSet),
    (.website, .noSuchWebsiteConfiguration), (.replication, .replicationConfigurationNotFound),
    (.publicAccessBlock, .noSuchPublicAccessBlock), (.ownershipControls, .ownershipControlsNotFound),
    (.retention, .noSuchObjectLockConfiguration), (.legalHold, .noSuchObjectLockConfiguration),
  ]) func `a configuration that nothing has is answered as missing`(probe: S3Probe, code: S3ErrorCode) {
    let error = refusal { try probe.xml(bucket: "bkt", owner: owner) }
    #expect(error?.code == code)
    #expect(error?.status == 404)
  }

  @Test(arguments: [
    (S3Probe.accelerate, "<AccelerateConfiguration \(namespace)></AccelerateConfiguration>"),
    (.logging, "<BucketLoggingStatus \(namespace)></BucketLoggingStatus>"),
    (.notification, "<NotificationConfiguration \(namespace)></NotificationConfiguration>"),
    (
      .requestPayment,
      "<RequestPaymentConfiguration \(namespace)><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"
    ),
    (.objectTagging, "<Tagging \(namespace)><TagSet></TagSet></Tagging>"),
  ]) func `one that is empty is answered as empty`(probe: S3Probe, body: String) throws {
    #expect(text(try probe.xml(bucket: "bkt", owner: owner)) == body)
  }

  @Test(arguments: [S3Probe.acl, .objectACL]) func `the owner may do everything`(probe: S3Probe) throws {
    #expect(
      text(try probe.xml(bucket: "bkt", owner: owner))
        == "<AccessControlPolicy \(namespace)><Owner><ID>tapline</ID><DisplayName>Tapline</DisplayName>"
        + "</Owner><AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
        + " xsi:type=\"CanonicalUser\"><ID>tapline</ID><DisplayName>Tapline</DisplayName></Grantee>"
        + "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
  }
}
