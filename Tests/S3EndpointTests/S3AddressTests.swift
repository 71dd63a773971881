import HTTPServer
import S3Endpoint
import Testing

struct S3AddressTests {
  private func address(_ host: String?, _ path: String) throws -> S3Address {
    try S3Address(host: host, path: path, domains: S3Request.localDomains)
  }

  @Test(arguments: [
    ("localhost:9000", "/", "", ""),
    ("localhost:9000", "/bkt", "bkt", ""),
    ("localhost:9000", "/bkt/", "bkt", ""),
    ("localhost:9000", "/bkt/a/b.csv", "bkt", "a/b.csv"),
    ("127.0.0.1:9000", "/bkt/k", "bkt", "k"),
    ("[::1]:9000", "/bkt/k", "bkt", "k"),
    ("s3.localhost:9000", "/bkt/k", "bkt", "k"),
    ("lake.example", "/bkt/k", "bkt", "k"),
    ("LOCALHOST.", "/bkt/k", "bkt", "k"),
    ("bkt.localhost:9000", "/", "bkt", ""),
    ("bkt.localhost:9000", "/k", "bkt", "k"),
    ("bkt.localhost", "/bkt/k", "bkt", "bkt/k"),
    ("my.bkt.localhost:9000", "/k", "my.bkt", "k"),
    ("bkt.s3.localhost:9000", "/k/", "bkt", "k/"),
    ("BKT.s3.LocalHost", "/K", "bkt", "K"),
  ]) func `bucket and key stand in path or host`(
    host: String,
    path: String,
    bucket: String,
    key: String
  ) throws {
    let address = try address(host, path)
    #expect(address.bucket == bucket)
    #expect(address.key == key)
    #expect(try self.address(nil, "/bkt/k").bucket == "bkt")
  }

  @Test(arguments: [
    ("/bkt//a", "/a"), ("/bkt//", "/"), ("/bkt/a//b/", "a//b/"), ("/bkt/../x", "../x"),
    ("/bkt/a/./b/..", "a/./b/.."), ("/bkt/a%20b", "a b"), ("/bkt/a+b", "a+b"), ("/bkt/a%2Bb", "a+b"),
    ("/bkt/a%2Fb", "a/b"), ("/bkt/%2e%2e/x", "../x"), ("/bkt/%2541", "%41"), ("/bkt/%ED%95%9C", "한"),
    ("/bkt/%00%01", "\0\u{1}"), ("/bkt/a%3Fb%23", "a?b#"), ("/b%6Bt/k", "k"),
    ("/bkt/%CC%81x", "\u{301}x"), ("/bkt/e%CC%81", "e\u{301}"),
  ]) func `a key is decoded once and otherwise left alone`(path: String, key: String) throws {
    let address = try address("localhost", path)
    #expect(address.bucket == "bkt")
    #expect(Array(address.key.utf8) == Array(key.utf8))
  }

  @Test func `a host that begins with a bucket is told from a path that does`() throws {
    #expect(try address("bkt.localhost", "/k").isVirtualHosted)
    #expect(try !address("localhost", "/bkt/k").isVirtualHosted)
  }

  @Test func `a path that cannot be decoded is refused`() {
    for path in ["/bkt/%", "/bkt/%4", "/bkt/%zz", "/bkt/%FF", "/%C3/k", "bkt/k", "", "/bkt/%+1"] {
      #expect(refusal { try address("localhost", path) }?.code == .invalidURI, "\(path)")
    }
  }

  @Test func `a name that no bucket can have is refused before anything is looked up`() {
    for path in ["/..", "/../etc/passwd", "/%2e%2e/x", "/a%2Fb/k", "//k", "/Bkt/k", "/ab", "/.hidden"] {
      let error = refusal { try address("localhost", path) }
      #expect(error?.code == .invalidBucketName, "\(path)")
    }
    #expect(refusal { try address("a_b.localhost", "/k") }?.code == .invalidBucketName)
  }

  @Test func `a key has at most 1,024 bytes`() throws {
    let longest = String(repeating: "한", count: 341) + "a"
    let encoded = longest.utf8.map { "%" + String($0, radix: 16, uppercase: true) }.joined()
    #expect(try address("localhost", "/bkt/" + encoded).key == longest)
    let error = refusal { try address("localhost", "/bkt/a" + encoded) }
    #expect(error?.code == .keyTooLong)
    #expect(error?.element("Size") == "1025")
    #expect(error?.element("MaxSizeAllowed") == "1024")
  }
}
