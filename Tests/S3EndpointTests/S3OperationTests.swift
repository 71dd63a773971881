import HTTPServer
import S3Endpoint
import Testing

struct S3OperationTests {
  private func request(
    _ method: String,
    _ target: String,
    _ headers: [HTTPHeader] = []
  ) throws -> S3Request {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return try S3Request(
      method: method,
      path: String(parts[0]),
      query: parts.count > 1 ? String(parts[1]) : nil,
      headers: [HTTPHeader("Host", "localhost:9000")] + headers
    )
  }

  private func operation(
    _ method: String,
    _ target: String,
    _ headers: [HTTPHeader] = []
  ) throws -> S3Operation {
    try request(method, target, headers).operation
  }

  @Test(arguments: [
    ("GET", "/", S3Operation.listBuckets(ListBucketsQuery())),
    ("GET", "/?x-id=ListBuckets", .listBuckets(ListBucketsQuery())),
    ("PUT", "/bkt", .createBucket), ("PUT", "/bkt/", .createBucket), ("HEAD", "/bkt", .headBucket),
    ("DELETE", "/bkt", .deleteBucket), ("GET", "/bkt?location", .bucketLocation),
    ("GET", "/bkt/?location=", .bucketLocation), ("GET", "/bkt", .listObjects(ListObjectsQuery())),
    ("GET", "/bkt?list-type=1", .listObjects(ListObjectsQuery())),
    ("GET", "/bkt/?list-type=2", .listObjectsV2(ListObjectsV2Query())),
    ("GET", "/bkt?versions", .listVersions(ListVersionsQuery())),
    ("GET", "/bkt?uploads", .listUploads(ListUploadsQuery())),
    ("GET", "/bkt?versioning", .getVersioning), ("PUT", "/bkt?versioning", .putVersioning),
    ("GET", "/bkt?lifecycle", .getLifecycle), ("PUT", "/bkt?lifecycle", .putLifecycle),
    ("DELETE", "/bkt?lifecycle", .deleteLifecycle), ("POST", "/bkt?delete", .bulkDelete),
    ("PUT", "/bkt/k", .putObject), ("PUT", "/bkt/k?x-id=PutObject", .putObject),
    ("GET", "/bkt/k", .getObject(partNumber: nil, versionID: nil)),
    ("GET", "/bkt/k?partNumber=3&versionId=v", .getObject(partNumber: 3, versionID: "v")),
    ("GET", "/bkt/k?versionId=null", .getObject(partNumber: nil, versionID: "null")),
    ("HEAD", "/bkt/k?partNumber=1", .headObject(partNumber: 1, versionID: nil)),
    ("DELETE", "/bkt/k", .deleteObject(versionID: nil)),
    ("DELETE", "/bkt/k?versionId=v", .deleteObject(versionID: "v")),
    ("POST", "/bkt/k?uploads", .createUpload), ("POST", "/bkt/k?uploads=", .createUpload),
    ("PUT", "/bkt/k?partNumber=7&uploadId=u", .uploadPart(uploadID: "u", number: 7)),
    ("POST", "/bkt/k?uploadId=u", .completeUpload(uploadID: "u")),
    ("DELETE", "/bkt/k?uploadId=u", .abortUpload(uploadID: "u")),
    ("GET", "/bkt/k?uploadId=u", .listParts(ListPartsQuery(uploadID: "u"))),
    ("GET", "/bkt?policy", .probe(.policy)), ("GET", "/bkt?object-lock", .probe(.objectLock)),
    ("GET", "/bkt/k?acl", .probe(.objectACL)), ("GET", "/bkt/k?tagging", .probe(.objectTagging)),
    ("GET", "/bkt/k?retention", .probe(.retention)), ("GET", "/bkt/k?legal-hold", .probe(.legalHold)),
    ("PUT", "/bkt?policy", .unsupported("?policy")), ("PUT", "/bkt?acl", .unsupported("?acl")),
    ("GET", "/bkt?inventory", .unsupported("?inventory")),
    ("GET", "/bkt?retention", .unsupported("?retention")),
    ("GET", "/bkt/k?torrent", .unsupported("?torrent")),
    ("GET", "/bkt/k?attributes", .unsupported("?attributes")),
    ("PUT", "/bkt/k?tagging", .unsupported("?tagging")),
    ("POST", "/bkt/k?select&select-type=2", .unsupported("?select")),
    ("POST", "/bkt/k?restore&versionId=v", .unsupported("?restore")),
    ("GET", "/bkt/k?location", .unsupported("?location")),
    ("POST", "/bkt", .unsupported("An upload by an HTML form")),
    ("GET", "/bkt/k?Uploads", .getObject(partNumber: nil, versionID: nil)),
  ]) func `method, address and sub-resource make an operation`(
    method: String,
    target: String,
    operation: S3Operation
  ) throws {
    #expect(try self.operation(method, target) == operation)
  }

  @Test(arguments: [
    ("POST", "/", S3ErrorCode.methodNotAllowed, "SERVICE"), ("PATCH", "/bkt", .methodNotAllowed, "BUCKET"),
    ("OPTIONS", "/bkt/k", .methodNotAllowed, "OBJECT"), ("POST", "/bkt/k", .methodNotAllowed, "OBJECT"),
    ("HEAD", "/bkt?versioning", .methodNotAllowed, "VERSIONING"),
    ("DELETE", "/bkt?location", .methodNotAllowed, "LOCATION"),
    ("GET", "/bkt?delete", .methodNotAllowed, "DELETE"),
    ("PUT", "/bkt/k?uploads", .methodNotAllowed, "UPLOADS"),
  ]) func `a method that a resource does not have is told with those it has`(
    method: String,
    target: String,
    code: S3ErrorCode,
    resource: String
  ) {
    let error = refusal { try operation(method, target) }
    #expect(error?.code == code)
    #expect(error?.element("ResourceType") == resource)
    #expect(error?.element("Method") == method)
    #expect(error?.headers.first?.name == "allow")
  }

  @Test(arguments: [
    ("GET", "/bkt?acl&policy", S3ErrorCode.invalidArgument),
    ("GET", "/bkt/k?uploads", .invalidRequest), ("GET", "/bkt/k?versions", .invalidRequest),
    ("PUT", "/bkt/k?partNumber=1", .invalidArgument), ("PUT", "/bkt/k?uploadId=u", .invalidArgument),
    ("PUT", "/bkt/k?uploadId=u&partNumber=0", .invalidArgument),
    ("PUT", "/bkt/k?uploadId=u&partNumber=10001", .invalidArgument),
    ("PUT", "/bkt/k?uploadId=u&partNumber=x", .invalidArgument),
    ("PUT", "/bkt/k?uploadId=&partNumber=1", .noSuchUpload),
    ("GET", "/bkt/k?versionId=", .invalidArgument), ("GET", "/bkt/k?partNumber=", .invalidArgument),
    ("GET", "/bkt?prefix=%zz", .invalidURI), ("GET", "/bkt?prefix=%FF", .invalidURI),
  ]) func `a query that cannot be is refused`(method: String, target: String, code: S3ErrorCode) {
    #expect(refusal { try operation(method, target) }?.code == code)
  }

  @Test func `two sub-resources at once are a conflict, one of them twice is not`() throws {
    let error = refusal { try operation("GET", "/bkt?acl&policy") }
    #expect(error?.message == "Conflicting query string parameters: acl, policy")
    #expect(try operation("GET", "/bkt?location&location=1") == .bucketLocation)
  }

  @Test func `a part of an object and a range of it exclude each other`() {
    let error = refusal {
      try operation("GET", "/bkt/k?partNumber=1", [HTTPHeader("Range", "bytes=0-1")])
    }
    #expect(error?.code == .invalidRequest)
  }

  @Test func `a copy's source makes a copy of a PUT`() throws {
    let source = HTTPHeader("x-amz-copy-source", "/src-bkt/a%20b?versionId=v1")
    let expected = CopySource(bucket: "src-bkt", key: "a b", versionID: "v1")
    #expect(try operation("PUT", "/bkt/k", [source]) == .copyObject(expected, .copy))
    #expect(
      try operation("PUT", "/bkt/k", [source, HTTPHeader("x-amz-metadata-directive", "REPLACE")])
        == .copyObject(expected, .replace)
    )
    #expect(
      try operation("PUT", "/bkt/k?partNumber=2&uploadId=u", [source])
        == .uploadPartCopy(expected, uploadID: "u", number: 2, range: nil)
    )
    #expect(
      try operation(
        "PUT",
        "/bkt/k?partNumber=2&uploadId=u",
        [source, HTTPHeader("x-amz-copy-source-range", "bytes=0-9")]
      ) == .uploadPartCopy(expected, uploadID: "u", number: 2, range: try CopyRange("bytes=0-9"))
    )
    let error = refusal {
      try operation("PUT", "/bkt/k", [source, HTTPHeader("x-amz-metadata-directive", "MERGE")])
    }
    #expect(error?.element("ArgumentName") == "x-amz-metadata-directive")
  }

  @Test func `the query of a list is decoded, a plus sign as a space`() throws {
    var expected = ListObjectsV2Query()
    expected.prefix = "run books/x+y%z"
    expected.delimiter = "/"
    expected.startAfter = "k m"
    expected.continuationToken = ""
    expected.maxKeys = 7
    expected.fetchesOwner = true
    expected.encoding = .url
    #expect(
      try operation(
        "GET",
        "/bkt?list-type=2&prefix=run+books/x%2By%25z&delimiter=%2F&start-after=k%20m"
          + "&continuation-token=&max-keys=7&fetch-owner=true&encoding-type=url"
      ) == .listObjectsV2(expected)
    )
    var versions = ListVersionsQuery()
    versions.keyMarker = "a"
    versions.versionIDMarker = "v"
    versions.prefix = "first"
    #expect(
      try operation(
        "GET",
        "/bkt?versions&prefix=first&prefix=second&key-marker=a&version-id-marker=v&delimiter="
      ) == .listVersions(versions)
    )
    var uploads = ListUploadsQuery()
    uploads.maxUploads = 0
    #expect(
      try operation("GET", "/bkt?uploads&max-uploads=0&upload-id-marker=ignored")
        == .listUploads(uploads)
    )
    var parts = ListPartsQuery(uploadID: "u")
    parts.maxParts = 2
    parts.partNumberMarker = 4
    #expect(
      try operation("GET", "/bkt/k?uploadId=u&max-parts=2&part-number-marker=4") == .listParts(parts)
    )
    var buckets = ListBucketsQuery()
    buckets.prefix = "ra"
    buckets.maxBuckets = 5
    buckets.isPaged = true
    #expect(try operation("GET", "/?prefix=ra&max-buckets=5") == .listBuckets(buckets))
  }

  @Test func `a page has at most a thousand keys, and that many where nothing is said`() throws {
    func maxKeys(_ text: String) throws -> Int? {
      guard case .listObjects(let query) = try operation("GET", "/bkt?max-keys=\(text)") else {
        return nil
      }
      return query.maxKeys
    }
    #expect(try maxKeys("") == 1_000)
    #expect(try maxKeys("0") == 0)
    #expect(try maxKeys("999") == 999)
    #expect(try maxKeys("2147483647") == 1_000)
  }

  @Test(arguments: [
    (
      "/bkt?max-keys=-1", "Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys",
      "-1"
    ),
    (
      "/bkt?max-keys=blah", "Provided max-keys not an integer or within integer range", "max-keys", "blah"
    ),
    (
      "/bkt?list-type=2&max-keys=2147483648", "Provided max-keys not an integer or within integer range",
      "max-keys", "2147483648"
    ),
    (
      "/bkt?uploads&max-uploads=2157483647",
      "Provided max-uploads not an integer or within integer range", "max-uploads", "2157483647"
    ),
    (
      "/bkt/k?uploadId=u&part-number-marker=-2",
      "Argument part-number-marker must be an integer between 0 and 2147483647", "part-number-marker",
      "-2"
    ),
    (
      "/bkt/k?uploadId=u&max-parts=1.5", "Provided max-parts not an integer or within integer range",
      "max-parts", "1.5"
    ),
    ("/bkt?encoding-type=xml", "Invalid Encoding Method specified in Request", "encoding-type", "xml"),
    (
      "/bkt?versions&version-id-marker=v",
      "A version-id marker cannot be specified without a key marker.", "version-id-marker", "v"
    ),
    ("/?max-buckets=0", "Argument max-buckets must be an integer between 1 and 10000", "max-buckets", "0"),
    (
      "/bkt/k?partNumber=10001", "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber", "10001"
    ),
  ]) func `a number that cannot be is refused with S3's words`(
    target: String,
    message: String,
    argument: String,
    value: String
  ) {
    let error = refusal { try operation("GET", target) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message == message)
    #expect(error?.element("ArgumentName") == argument)
    #expect(error?.element("ArgumentValue") == value)
  }

  @Test func `the bucket of a host leaves the whole path to the key`() throws {
    let request = try S3Request(
      method: "GET",
      path: "/bkt/k",
      query: nil,
      headers: [HTTPHeader("host", "lake.localhost:9000")]
    )
    #expect(request.bucket == "lake")
    #expect(request.key == "bkt/k")
    #expect(request.operation == .getObject(partNumber: nil, versionID: nil))
    #expect(request.header("HOST") == "lake.localhost:9000")
  }
}
