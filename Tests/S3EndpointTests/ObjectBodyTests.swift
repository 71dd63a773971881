import S3Endpoint
import Testing

struct ObjectBodyTests {
  @Test func `a copy answers its tag and time`() {
    let copy = CopyBody(entityTag: "abc", modifiedMilliseconds: 1_705_363_800_000)
    #expect(
      text(copy.xml())
        == "<CopyObjectResult \(namespace)><LastModified>2024-01-16T00:10:00.000Z</LastModified><ETag>"
        + "&quot;abc&quot;</ETag></CopyObjectResult>"
    )
    let part = CopyBody(
      entityTag: "abc",
      modifiedMilliseconds: 0,
      checksum: WireChecksum(algorithm: "CRC32C", value: "AAAAAA==")
    )
    #expect(
      text(part.xml(isPart: true))
        == "<CopyPartResult \(namespace)><LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>"
        + "&quot;abc&quot;</ETag><ChecksumCRC32C>AAAAAA==</ChecksumCRC32C></CopyPartResult>"
    )
  }

  @Test func `an upload begins with its id and ends with the object's tag`() {
    #expect(
      text(CreateUploadBody.xml(bucket: "bkt", key: "a b", uploadID: "u1"))
        == "<InitiateMultipartUploadResult \(namespace)><Bucket>bkt</Bucket><Key>a b</Key><UploadId>u1"
        + "</UploadId></InitiateMultipartUploadResult>"
    )
    #expect(
      text(
        CompletedUploadBody(
          location: "http://localhost:9000/bkt/a%20b",
          bucket: "bkt",
          key: "a b",
          entityTag: "abc-2",
          checksum: WireChecksum(algorithm: "CRC64NVME", value: "AAAAAAAAAAA="),
          checksumType: "FULL_OBJECT"
        ).xml()
      )
        == "<CompleteMultipartUploadResult \(namespace)><Location>http://localhost:9000/bkt/a%20b"
        + "</Location><Bucket>bkt</Bucket><Key>a b</Key><ETag>&quot;abc-2&quot;</ETag>"
        + "<ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>"
        + "</CompleteMultipartUploadResult>"
    )
  }

  @Test func `a bulk delete tells what became of each key`() {
    let outcomes: [BulkDeleteResultBody.Outcome] = [
      .deleted(key: "a<b", versionID: nil),
      .deleted(key: "b", versionID: nil, deleteMarkerVersionID: "m1"),
      .deleted(key: "c", versionID: "v1"),
      .deleted(key: "d", versionID: "m0", isDeleteMarker: true),
      .failed(key: "e", versionID: "v2", S3Error(.accessDenied)),
    ]
    let failure = "<Error><Key>e</Key><VersionId>v2</VersionId><Code>AccessDenied</Code><Message>"
      + "Access Denied</Message></Error></DeleteResult>"
    #expect(
      text(BulkDeleteResultBody(outcomes).xml())
        == "<DeleteResult \(namespace)><Deleted><Key>a&lt;b</Key></Deleted><Deleted><Key>b</Key>"
        + "<DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m1</DeleteMarkerVersionId></Deleted>"
        + "<Deleted><Key>c</Key><VersionId>v1</VersionId></Deleted><Deleted><Key>d</Key><VersionId>m0"
        + "</VersionId><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m0"
        + "</DeleteMarkerVersionId></Deleted>" + failure
    )
    #expect(
      text(BulkDeleteResultBody(outcomes, isQuiet: true).xml())
        == "<DeleteResult \(namespace)>" + failure
    )
  }
}
