import S3Endpoint
import Testing

struct CopySourceTests {
  @Test(arguments: [
    ("src/k", "k", nil), ("/src/k", "k", nil), ("src/a/b/", "a/b/", nil), ("/src//k", "/k", nil),
    ("src/a%20b%2Bc", "a b+c", nil), ("src/a+b", "a+b", nil), ("src%2Fk", "k", nil),
    ("%2Fsrc%2Fa%2Fb", "a/b", nil), ("src/%ED%95%9C", "한", nil), ("src/%CC%81x", "\u{301}x", nil),
    ("src/k?versionId=v1", "k", "v1"), ("src/k?versionId=a%2Bb", "k", "a+b"),
    ("src/foo%3Fbar?versionId=v", "foo?bar", "v"), ("src/%3FversionId", "?versionId", nil),
    ("src/%3FversionId%3Dx", "?versionId=x", nil), ("src/a?b", "a?b", nil), ("src/..", "..", nil),
    ("src/ ", " ", nil),
  ] as [(String, String, String?)]) func `a source is a bucket, a key and sometimes a version`(
    header: String,
    key: String,
    versionID: String?
  ) throws {
    #expect(
      try CopySource(header: header) == CopySource(bucket: "src", key: key, versionID: versionID)
    )
  }

  @Test(arguments: [
    "", "/", "src", "src/", "/src/", "src/%zz", "src/%FF", "../k", "Src/k", "src/k?versionId=",
    "arn:aws:s3:::src/k",
  ]) func `anything else is refused as the header's value`(header: String) {
    let error = refusal { try CopySource(header: header) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.element("ArgumentName") == "x-amz-copy-source")
    #expect(error?.element("ArgumentValue") == header)
  }
}
