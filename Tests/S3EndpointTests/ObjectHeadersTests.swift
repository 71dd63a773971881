import HTTPServer
import S3Endpoint
import Testing

struct ObjectHeadersTests {
  private func headers(_ pairs: (String, String)...) -> [HTTPHeader] {
    pairs.map { HTTPHeader($0.0, $0.1) }
  }

  @Test func `what a client gives with an object is kept and answered`() throws {
    let object = try ObjectHeaders(
      headers(
        ("Content-Type", "text/csv"), ("Content-Encoding", "aws-chunked,gzip"),
        ("Content-Language", "ko"), ("Content-Disposition", "attachment; filename=\"a.csv\""),
        ("Cache-Control", "no-cache"), ("Expires", "Thu, 01 Jan 2030 00:00:00 GMT"),
        ("X-Amz-Meta-Owner", " shop "), ("x-amz-meta-a", "1"), ("x-amz-meta-A", "2"),
        ("x-amz-metadata-directive", "REPLACE")
      )
    )
    #expect(object.contentEncoding == "gzip")
    #expect(object.metadata == ["owner": "shop", "a": "1,2"])
    #expect(
      object.answer()
        == headers(
          ("content-type", "text/csv"), ("content-encoding", "gzip"), ("content-language", "ko"),
          ("content-disposition", "attachment; filename=\"a.csv\""), ("cache-control", "no-cache"),
          ("expires", "Thu, 01 Jan 2030 00:00:00 GMT"), ("x-amz-meta-a", "1,2"),
          ("x-amz-meta-owner", "shop")
        )
    )
  }

  @Test func `an object of which nothing is said is a stream of bytes`() throws {
    let object = try ObjectHeaders(headers(("content-encoding", "aws-chunked"), ("content-type", "")))
    #expect(object.contentEncoding == nil)
    #expect(object.answer() == headers(("content-type", "binary/octet-stream")))
  }

  @Test func `metadata has at most 2 KiB, names and values together`() throws {
    let most = try ObjectHeaders(headers(("x-amz-meta-ab", String(repeating: "x", count: 2_046))))
    #expect(most.metadata["ab"]?.count == 2_046)
    let error = refusal {
      try ObjectHeaders(
        headers(("x-amz-meta-ab", String(repeating: "x", count: 2_040)), ("x-amz-meta-c", "한글"))
      )
    }
    #expect(error?.code == .metadataTooLarge)
    #expect(error?.element("Size") == "2049")
    #expect(error?.element("MaxSizeAllowed") == "2048")
  }

  @Test func `a storage class is one of S3's`() throws {
    #expect(try StorageClassName.asked(by: []) == "STANDARD")
    #expect(try StorageClassName.asked(by: headers(("X-Amz-Storage-Class", "GLACIER_IR"))) == "GLACIER_IR")
    for name in ["", "standard", "REDUCED", "OUTPOSTS"] {
      #expect(
        refusal { try StorageClassName.asked(by: headers(("x-amz-storage-class", name))) }?.code
          == .invalidStorageClass
      )
    }
  }

  @Test func `a GET may ask for other headers, but for none that splits the answer`() throws {
    let parameters = try QueryParameters(
      "response-content-type=text%2Fplain&response-cache-control=&response-expires=soon&x=1"
    )
    let overrides = try parameters.responseOverrides()
    #expect(overrides == headers(("content-type", "text/plain"), ("expires", "soon")))
    let object = try ObjectHeaders(headers(("content-type", "text/csv")))
    #expect(object.answer(overrides: overrides) == overrides)
    let error = refusal {
      try QueryParameters("response-content-type=a%0D%0AX-Evil:+1").responseOverrides()
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test func `checksums of a request are one, of a known algorithm and the right length`() throws {
    let sums = try ChecksumHeaders(
      headers(
        ("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-sdk-checksum-algorithm", "crc32"),
        ("x-amz-checksum-mode", "ENABLED"), ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
      )
    )
    #expect(sums.checksum == WireChecksum(algorithm: "CRC32", value: "AAAAAA=="))
    #expect(sums.algorithm == "CRC32")
    #expect(sums.type == nil)
    #expect(sums.isAskedFor)
    #expect(sums.contentMD5?.count == 16)
    let create = try ChecksumHeaders(
      headers(("x-amz-checksum-algorithm", "CRC64NVME"), ("x-amz-checksum-type", "FULL_OBJECT"))
    )
    #expect(create.algorithm == "CRC64NVME")
    #expect(create.type == "FULL_OBJECT")
    #expect(create.checksum == nil)
    #expect(try ChecksumHeaders([]).contentMD5 == nil)
  }

  @Test(arguments: [
    ([("x-amz-checksum-crc32", "AAAA")], S3ErrorCode.invalidArgument),
    ([("x-amz-checksum-sha256", "no base64")], .invalidArgument),
    ([("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")], .invalidRequest),
    ([("x-amz-checksum-xxhash3", "AAAA")], .invalidRequest),
    ([("x-amz-checksum-algorithm", "MD4")], .invalidRequest),
    ([("x-amz-checksum-type", "HALF")], .invalidRequest),
    ([("content-md5", "")], .invalidDigest), ([("content-md5", "YWJyYWNhZGFicmE=")], .invalidDigest),
    ([("content-md5", "====")], .invalidDigest),
  ] as [([(String, String)], S3ErrorCode)]) func `checksums that cannot be are refused`(
    pairs: [(String, String)],
    code: S3ErrorCode
  ) {
    #expect(
      refusal { try ChecksumHeaders(pairs.map { HTTPHeader($0.0, $0.1) }) }?.code == code
    )
  }

  @Test func `a header that asks for what is not done is refused by its name`() throws {
    for name in [
      "x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-key",
      "X-Amz-Object-Lock-Mode", "x-amz-grant-read", "x-amz-tagging", "x-amz-website-redirect-location",
      "x-amz-bucket-object-lock-enabled",
    ] {
      let error = refusal { try UnsupportedHeaders.check(headers((name, "value"))) }
      #expect(error?.code == .notImplemented, "\(name)")
      #expect(error?.element("Header") == name.lowercased())
    }
    #expect(
      refusal { try UnsupportedHeaders.check(headers(("x-amz-acl", "public-read"))) }?.code
        == .accessControlListNotSupported
    )
    try UnsupportedHeaders.check(
      headers(
        ("x-amz-acl", "private"), ("x-amz-tagging", ""), ("x-amz-meta-a", "1"), ("x-amz-date", "now"),
        ("x-amz-bucket-object-lock-enabled", "False"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
      )
    )
  }
}
