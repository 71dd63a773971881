import S3Endpoint
import Testing

struct ListBodyTests {
  private let owner = WireOwner(id: "tapline")

  private func object(_ key: String, owner: WireOwner? = nil) -> ListedObject {
    ListedObject(
      key: key,
      modifiedMilliseconds: 1_705_363_800_999,
      entityTag: "9b2cf535f27731c974343645a3985328",
      size: 10,
      owner: owner
    )
  }

  /// What every object of `object` has after its key.
  private let details = "<LastModified>2024-01-16T00:10:00.000Z</LastModified>"
    + "<ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag><Size>10</Size>"

  @Test func `the first version of a list has a marker, and owners`() {
    var query = ListObjectsQuery()
    #expect(
      text(ListObjectsBody(bucket: "bkt", query: query, objects: [object("a", owner: owner)]).xml())
        == "<ListBucketResult \(namespace)><Name>bkt</Name><Prefix></Prefix><Marker></Marker>"
        + "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>a</Key>\(details)"
        + "<Owner><ID>tapline</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>"
        + "</ListBucketResult>"
    )
    query.prefix = "p/"
    query.delimiter = "/"
    query.marker = "p/a"
    query.maxKeys = 2
    #expect(
      text(
        ListObjectsBody(
          bucket: "bkt",
          query: query,
          objects: [object("p/b")],
          commonPrefixes: ["p/c/"],
          isTruncated: true,
          nextMarker: "p/c/"
        ).xml()
      )
        == "<ListBucketResult \(namespace)><Name>bkt</Name><Prefix>p/</Prefix><Marker>p/a</Marker>"
        + "<NextMarker>p/c/</NextMarker><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter>"
        + "<IsTruncated>true</IsTruncated><Contents><Key>p/b</Key>\(details)<StorageClass>STANDARD"
        + "</StorageClass></Contents><CommonPrefixes><Prefix>p/c/</Prefix></CommonPrefixes>"
        + "</ListBucketResult>"
    )
  }

  @Test func `the second version of a list counts its keys and has tokens`() {
    var query = ListObjectsV2Query()
    query.delimiter = "/"
    query.startAfter = "a"
    query.continuationToken = "t1"
    query.maxKeys = 3
    #expect(
      text(
        ListObjectsV2Body(
          bucket: "bkt",
          query: query,
          objects: [object("b"), object("c")],
          commonPrefixes: ["d/"],
          nextContinuationToken: "t2"
        ).xml()
      )
        == "<ListBucketResult \(namespace)><Name>bkt</Name><Prefix></Prefix><StartAfter>a</StartAfter>"
        + "<ContinuationToken>t1</ContinuationToken><NextContinuationToken>t2</NextContinuationToken>"
        + "<KeyCount>3</KeyCount><MaxKeys>3</MaxKeys><Delimiter>/</Delimiter>"
        + "<IsTruncated>true</IsTruncated><Contents><Key>b</Key>\(details)<StorageClass>STANDARD"
        + "</StorageClass></Contents><Contents><Key>c</Key>\(details)<StorageClass>STANDARD"
        + "</StorageClass></Contents><CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>"
        + "</ListBucketResult>"
    )
    #expect(
      text(ListObjectsV2Body(bucket: "bkt", query: ListObjectsV2Query(), objects: []).xml())
        == "<ListBucketResult \(namespace)><Name>bkt</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
        + "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>"
    )
  }

  @Test func `an object's checksum and class are told`() {
    var cold = object("a")
    cold.storageClass = "GLACIER"
    cold.checksumAlgorithm = "CRC64NVME"
    cold.checksumType = "FULL_OBJECT"
    let body = text(ListObjectsV2Body(bucket: "bkt", query: ListObjectsV2Query(), objects: [cold]).xml())
    #expect(
      body.contains(
        "&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT"
          + "</ChecksumType><Size>10</Size><StorageClass>GLACIER</StorageClass>"
      )
    )
  }

  @Test(arguments: [
    ("a b.txt", "a+b.txt"), ("a+b.txt", "a%2Bb.txt"), ("a+ b.txt", "a%2B+b.txt"),
    ("100%.csv", "100%25.csv"), ("dir/sub/", "dir/sub/"), ("a//b", "a//b"),
    ("한글/x", "%ED%95%9C%EA%B8%80/x"),
    ("test_file(3).png", "test_file%283%29.png"), ("dt=2024-01-16", "dt%3D2024-01-16"),
    ("A-z_0.9*~", "A-z_0.9*%7E"), ("<&>\"'", "%3C%26%3E%22%27"), ("\u{1}\n\r", "%01%0A%0D"),
    ("é", "%C3%A9"), ("😀", "%F0%9F%98%80"), ("a?b#c", "a%3Fb%23c"), ("%41", "%2541"),
  ]) func `keys in a list are percent-encoded as S3 does it`(key: String, encoded: String) {
    var query = ListObjectsV2Query()
    query.encoding = .url
    let body = text(
      ListObjectsV2Body(bucket: "bkt", query: query, objects: [object(key)]).xml()
    )
    #expect(body.contains("<Contents><Key>\(encoded)</Key>"), "\(body)")
    #expect(body.contains("<EncodingType>url</EncodingType><IsTruncated>"))
  }

  @Test func `with encoding-type=url whatever is a key or a part of one is encoded, and no token is`() {
    var first = ListObjectsQuery()
    first.encoding = .url
    first.prefix = "a b/"
    first.delimiter = "+"
    first.marker = "a b/1"
    #expect(
      text(
        ListObjectsBody(
          bucket: "bkt",
          query: first,
          objects: [],
          commonPrefixes: ["a b/c+"],
          isTruncated: true,
          nextMarker: "a b/c+"
        ).xml()
      )
        == "<ListBucketResult \(namespace)><Name>bkt</Name><Prefix>a+b/</Prefix><Marker>a+b/1</Marker>"
        + "<NextMarker>a+b/c%2B</NextMarker><MaxKeys>1000</MaxKeys><Delimiter>%2B</Delimiter>"
        + "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><CommonPrefixes><Prefix>"
        + "a+b/c%2B</Prefix></CommonPrefixes></ListBucketResult>"
    )
    var second = ListObjectsV2Query()
    second.encoding = .url
    second.prefix = "a b/"
    second.startAfter = "k m"
    second.continuationToken = "t+1"
    let body = text(ListObjectsV2Body(bucket: "bkt", query: second, objects: []).xml())
    #expect(body.contains("<Prefix>a+b/</Prefix><StartAfter>k+m</StartAfter>"))
    #expect(body.contains("<ContinuationToken>t+1</ContinuationToken>"))
  }

  @Test func `without it keys are escaped, and what XML cannot carry is a reference`() {
    let body = text(
      ListObjectsV2Body(
        bucket: "bkt",
        query: ListObjectsV2Query(),
        objects: [object("<a> & \"b\" 'c' \t\n\r\u{1}\u{1B}\u{FFFE}\u{FFFF}\u{FFFD}é한😀+%")]
      ).xml()
    )
    #expect(
      body.contains(
        "<Key>&lt;a&gt; &amp; &quot;b&quot; 'c' \t\n&#xd;&#x1;&#x1b;&#xfffe;&#xffff;\u{FFFD}é한😀+%</Key>"
      ),
      "\(body)"
    )
    #expect(!body.contains("EncodingType"))
  }

  @Test func `versions and delete markers stand in one order`() {
    var query = ListVersionsQuery()
    query.maxKeys = 2
    query.keyMarker = "a"
    query.versionIDMarker = "v0"
    let versions = [
      ListedVersion(object("b", owner: owner), versionID: "m", isLatest: true, isDeleteMarker: true),
      ListedVersion(object("b", owner: owner), versionID: "null", isLatest: false),
    ]
    #expect(
      text(
        ListVersionsBody(
          bucket: "bkt",
          query: query,
          versions: versions,
          nextKeyMarker: "b",
          nextVersionIDMarker: "null"
        ).xml()
      )
        == "<ListVersionsResult \(namespace)><Name>bkt</Name><Prefix></Prefix><KeyMarker>a</KeyMarker>"
        + "<VersionIdMarker>v0</VersionIdMarker><NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>"
        + "null</NextVersionIdMarker><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated><DeleteMarker>"
        + "<Key>b</Key><VersionId>m</VersionId><IsLatest>true</IsLatest><LastModified>"
        + "2024-01-16T00:10:00.000Z</LastModified><Owner><ID>tapline</ID></Owner></DeleteMarker>"
        + "<Version><Key>b</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>\(details)<Owner>"
        + "<ID>tapline</ID></Owner><StorageClass>STANDARD</StorageClass></Version></ListVersionsResult>"
    )
    #expect(
      text(ListVersionsBody(bucket: "bkt", query: ListVersionsQuery(), versions: []).xml())
        == "<ListVersionsResult \(namespace)><Name>bkt</Name><Prefix></Prefix><KeyMarker></KeyMarker>"
        + "<VersionIdMarker></VersionIdMarker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
        + "</ListVersionsResult>"
    )
  }

  @Test func `uploads are listed with who began them`() {
    var query = ListUploadsQuery()
    query.prefix = "a b"
    query.delimiter = "/"
    query.encoding = .url
    let upload = ListedUpload(
      key: "a b.csv",
      uploadID: "u1",
      owner: owner,
      initiatedMilliseconds: 1_705_363_800_000,
      checksumAlgorithm: "CRC32",
      checksumType: "COMPOSITE"
    )
    #expect(
      text(
        ListUploadsBody(
          bucket: "bkt",
          query: query,
          uploads: [upload],
          commonPrefixes: ["a b/"],
          nextKeyMarker: "a b.csv",
          nextUploadIDMarker: "u1"
        ).xml()
      )
        == "<ListMultipartUploadsResult \(namespace)><Bucket>bkt</Bucket><KeyMarker></KeyMarker>"
        + "<UploadIdMarker></UploadIdMarker><NextKeyMarker>a+b.csv</NextKeyMarker><NextUploadIdMarker>"
        + "u1</NextUploadIdMarker><Prefix>a+b</Prefix><Delimiter>/</Delimiter><EncodingType>url"
        + "</EncodingType><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated><Upload><Key>"
        + "a+b.csv</Key><UploadId>u1</UploadId><Initiator><ID>tapline</ID></Initiator><Owner><ID>tapline"
        + "</ID></Owner><StorageClass>STANDARD</StorageClass><Initiated>2024-01-16T00:10:00.000Z"
        + "</Initiated><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE"
        + "</ChecksumType></Upload><CommonPrefixes><Prefix>a+b/</Prefix></CommonPrefixes>"
        + "</ListMultipartUploadsResult>"
    )
  }

  @Test func `parts are listed with their checksums`() {
    var query = ListPartsQuery(uploadID: "u1")
    query.maxParts = 1
    let part = ListedPart(
      number: 3,
      modifiedMilliseconds: 1_705_363_800_000,
      entityTag: "abc",
      size: 5 << 20,
      checksum: WireChecksum(algorithm: "SHA256", value: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    )
    #expect(
      text(
        ListPartsBody(
          bucket: "bkt",
          key: "a&b",
          query: query,
          owner: owner,
          parts: [part],
          isTruncated: true,
          checksumAlgorithm: "SHA256",
          checksumType: "COMPOSITE"
        ).xml()
      )
        == "<ListPartsResult \(namespace)><Bucket>bkt</Bucket><Key>a&amp;b</Key><UploadId>u1</UploadId>"
        + "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>"
        + "<Initiator><ID>tapline</ID></Initiator><Owner><ID>tapline</ID></Owner><StorageClass>STANDARD"
        + "</StorageClass><PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>3"
        + "</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated><Part>"
        + "<PartNumber>3</PartNumber><LastModified>2024-01-16T00:10:00.000Z</LastModified><ETag>"
        + "&quot;abc&quot;</ETag><Size>5242880</Size><ChecksumSHA256>"
        + "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ChecksumSHA256></Part></ListPartsResult>"
    )
  }
}
