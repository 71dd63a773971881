import ObjectStorage
import S3Endpoint
import Testing

struct BucketNameTests {
  @Test(arguments: [
    "abc", "a-b", "1-2-3", "my.bucket.name", "raw", String(repeating: "a", count: 63), "1.2.3", "a1.2.3.4",
    "1.2.3.4.5", "xn-a", "s3",
  ]) func `names of S3 buckets`(name: String) {
    #expect((BucketName.problem(name) == nil) == (name != "s3"))
  }

  @Test(arguments: [
    ("ab", "3 to 63"), (String(repeating: "a", count: 64), "3 to 63"), ("", "3 to 63"),
    ("Abc", "small letters"), ("a_b", "small letters"), ("a b", "small letters"), ("aé1", "small letters"),
    ("a/b", "small letters"), ("-abc", "begin and end"), ("abc-", "begin and end"),
    (".abc", "begin and end"), ("abc.", "begin and end"), ("a..b", "both sides"), ("a.-b", "both sides"),
    ("a-.b", "both sides"), ("192.168.5.4", "IP address"), ("999.1.1.1", "IP address"),
    ("xn--abc", "reserved"), ("sthree-abc", "reserved"), ("amzn-s3-demo-abc", "reserved"),
    ("abc-s3alias", "reserved"), ("abc--ol-s3", "reserved"), ("abc--x-s3", "reserved"),
    ("abc.mrap", "reserved"), ("abc--table-s3", "reserved"),
  ]) func `names that no bucket can have, with the reason`(name: String, reason: String) {
    #expect(BucketName.problem(name)?.contains(reason) == true, "\(BucketName.problem(name) ?? "-")")
    let error = refusal { try S3Address.checkBucket(name) }
    #expect(error?.code == .invalidBucketName)
    #expect(error?.element("BucketName") == name)
  }
}
