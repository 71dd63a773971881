import S3Endpoint
import Testing

struct BucketBodyTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `a bucket is made where the body says, or here`() throws {
    #expect(try CreateBucketBody.read([]) == nil)
    #expect(
      try CreateBucketBody.read(
        bytes(
          "<CreateBucketConfiguration \(namespace)><LocationConstraint>ap-northeast-2"
            + "</LocationConstraint></CreateBucketConfiguration>"
        )
      ) == "ap-northeast-2"
    )
    #expect(try CreateBucketBody.read(bytes("<CreateBucketConfiguration/>")) == nil)
    let tags = refusal {
      try CreateBucketBody.read(
        bytes("<CreateBucketConfiguration><Tags><Tag/></Tags></CreateBucketConfiguration>")
      )
    }
    #expect(tags?.code == .notImplemented)
    #expect(refusal { try CreateBucketBody.read(bytes("{}")) }?.code == .malformedXML)
  }

  @Test func `versioning is enabled or suspended`() throws {
    func read(_ content: String) throws -> Bool {
      try VersioningBody.read(
        bytes("<VersioningConfiguration \(namespace)>\(content)</VersioningConfiguration>")
      )
    }
    #expect(try read("<Status>Enabled</Status>"))
    #expect(try !read("<Status>Suspended</Status><MfaDelete>Disabled</MfaDelete>"))
    #expect(refusal { try read("") }?.code == .illegalVersioningConfiguration)
    #expect(refusal { try read("<Status>enabled</Status>") }?.code == .malformedXML)
    #expect(
      refusal { try read("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>") }?.code
        == .notImplemented
    )
  }

  @Test func `versioning and location are written as S3 writes them`() {
    #expect(
      text(VersioningBody.xml(isEnabled: true))
        == "<VersioningConfiguration \(namespace)><Status>Enabled</Status></VersioningConfiguration>"
    )
    #expect(
      text(VersioningBody.xml(isEnabled: false))
        == "<VersioningConfiguration \(namespace)><Status>Suspended</Status></VersioningConfiguration>"
    )
    #expect(
      text(VersioningBody.xml(isEnabled: nil))
        == "<VersioningConfiguration \(namespace)></VersioningConfiguration>"
    )
    #expect(
      text(LocationBody.xml(region: "us-east-1"))
        == "<LocationConstraint \(namespace)></LocationConstraint>"
    )
    #expect(
      text(LocationBody.xml(region: "ap-northeast-2"))
        == "<LocationConstraint \(namespace)>ap-northeast-2</LocationConstraint>"
    )
  }

  @Test func `all buckets are listed with their owner, a part of them with their region`() {
    var query = ListBucketsQuery()
    let buckets = [
      ListedBucket(name: "lake", createdMilliseconds: 1_705_363_800_123),
      ListedBucket(name: "raw", createdMilliseconds: 0),
    ]
    let owner = WireOwner(id: "tapline", displayName: "Tapline")
    #expect(
      text(ListBucketsBody(owner: owner, query: query, region: "us-east-1", buckets: buckets).xml())
        == "<ListAllMyBucketsResult \(namespace)><Owner><ID>tapline</ID><DisplayName>Tapline"
        + "</DisplayName></Owner><Buckets><Bucket><Name>lake</Name><CreationDate>"
        + "2024-01-16T00:10:00.000Z</CreationDate></Bucket><Bucket><Name>raw</Name><CreationDate>"
        + "1970-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>"
    )
    query.prefix = "la"
    query.isPaged = true
    #expect(
      text(
        ListBucketsBody(
          owner: WireOwner(id: "tapline"),
          query: query,
          region: "us-east-1",
          buckets: [buckets[0]],
          nextContinuationToken: "bGFrZQ"
        ).xml()
      )
        == "<ListAllMyBucketsResult \(namespace)><Owner><ID>tapline</ID></Owner><Buckets><Bucket>"
        + "<Name>lake</Name><CreationDate>2024-01-16T00:10:00.000Z</CreationDate><BucketRegion>"
        + "us-east-1</BucketRegion></Bucket></Buckets><Prefix>la</Prefix><ContinuationToken>bGFrZQ"
        + "</ContinuationToken></ListAllMyBucketsResult>"
    )
  }
}
