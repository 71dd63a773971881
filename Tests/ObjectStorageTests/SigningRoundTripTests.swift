import ObjectStorage
import Testing

/// What one side signs the other accepts, whatever a key, a query or a header looks like.
@Suite struct SigningRoundTripTests {
  typealias Example = SigningExample

  static let oddKeys = [
    "한글/파일 이름.parquet", "a b", "a+b", "100%", "%41", "~tilde", "star*", "double//slash/",
    "/leading",
    "emoji-🦊", "dt=2026-01-01/part&1?.json", "a/./b/../c", "quote'\"", "semi;colon,comma", "#1",
    "\u{1}",
    "é", "e\u{301}", "",
  ]

  @Test(arguments: oddKeys) func `an odd key is signed, sent and accepted`(key: String) throws {
    let path = "/bucket/" + key
    let request = Example.signer.sign(
      method: "PUT",
      host: "127.0.0.1:9000",
      path: path,
      query: [.init("partNumber", "1"), .init("uploadId", "a/b+c=d e~" + key)],
      headers: [("x-amz-meta-key", "fixed")],
      payload: .unsigned,
      date: Example.moment
    )
    #expect(request.target.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    let verified = try Example.verify("PUT", request.target, request.headers)
    #expect(verified.payload == .unsigned)

    let parts = request.target.split(separator: "?", maxSplits: 1).map(String.init)
    #expect(PercentEncoding.decode(parts[0]).utf8.elementsEqual(path.utf8))
    let items = PercentEncoding.queryItems(parts[1])
    #expect(items.map(\.name) == ["partNumber", "uploadId"])
    #expect(items[1].value.utf8.elementsEqual(("a/b+c=d e~" + key).utf8))
    #expect(Example.refusal("PUT", parts[0] + "x?" + parts[1], request.headers) != nil)
    #expect(Example.refusal("PUT", request.target + "x", request.headers) != nil)
  }

  @Test(arguments: oddKeys) func `a presigned URL of an odd key is accepted`(key: String) throws {
    let url = try Example.signer.presign(
      method: "PUT",
      host: "localhost",
      path: "/bucket/" + key,
      query: [.init("response-content-disposition", "attachment; filename=\"a b.csv\"")],
      headers: [("content-type", "text/csv")],
      expiresSeconds: 1,
      date: Example.moment
    )
    _ = try Example.verify("PUT", url.target, url.headers)
    let other = url.headers.map { $0.name == "host" ? ("host", "localhost:81") : $0 }
    #expect(Example.refusal("PUT", url.target, other)?.s3Code == .signatureDoesNotMatch)
    let bare = url.headers.filter { $0.name != "content-type" }
    #expect(Example.refusal("PUT", url.target, bare)?.s3Code == .signatureDoesNotMatch)
  }

  /// What is sent may be encoded more or less than what is signed; the bytes meant are the same.
  @Test func `a path is the same however a client has encoded it, and a plus in it is a plus`()
    throws
  {
    let request = Example.signer.sign(
      method: "GET",
      host: "h",
      path: "/b/a+b c~(1)",
      payload: .empty,
      date: Example.moment
    )
    #expect(request.target == "/b/a%2Bb%20c~%281%29")
    for spelling in ["/b/a+b%20c~(1)", "/b/a%2bb%20c%7E%281%29", "/%62/a+b%20c~(1%29"] {
      _ = try Example.verify("GET", spelling, request.headers)
    }
    for other in ["/b/a%20b%20c~(1)", "/b/a%252Bb%20c~(1)", "/b//a+b%20c~(1)"] {
      #expect(Example.refusal("GET", other, request.headers)?.s3Code == .signatureDoesNotMatch)
    }
  }

  @Test func `in a query %2B is a plus and a bare plus a space, signed and read alike`() throws {
    func signed(_ value: String) -> SignedS3Request {
      Example.signer.sign(
        method: "GET",
        host: "h",
        path: "/b",
        query: [.init("prefix", value)],
        payload: .empty,
        date: Example.moment
      )
    }
    #expect(signed("a+b").target == "/b?prefix=a%2Bb")
    #expect(signed("a b").target == "/b?prefix=a%20b")
    _ = try Example.verify("GET", "/b?prefix=a+b", signed("a b").headers)
    #expect(Example.refusal("GET", "/b?prefix=a+b", signed("a+b").headers) != nil)
    #expect(
      PercentEncoding.queryItems("prefix=a+b&x=%2B&&y") == [
        .init("prefix", "a b"), .init("x", "+"), .init("y", ""),
      ]
    )
  }

  @Test func `queries are sorted by what is encoded, first by name and then by value`() throws {
    let query: [PercentEncoding.QueryItem] = [
      .init("b", "2"), .init("b", "10"), .init("a-b", "1"), .init("a", "z"), .init("한", "글"),
      .init("B", ""), .init("a", "%"),
    ]
    let request = Example.signer.sign(
      method: "GET",
      host: "h",
      path: "/",
      query: query,
      payload: .empty,
      date: Example.moment
    )
    let shuffled = PercentEncoding.query(query.reversed())
    _ = try Example.verify("GET", "/?" + shuffled, request.headers)
    let refusal = Example.refusal("GET", "/?a=1", request.headers)
    #expect(
      refusal?.canonicalRequest?.split(separator: "\n", omittingEmptySubsequences: false)[2]
        == "a=1"
    )
    let full = Example.refusal("POST", "/?" + shuffled, request.headers)
    let line = full?.canonicalRequest?.split(separator: "\n")[2]
    #expect(line == "%ED%95%9C=%EA%B8%80&B=&a=%25&a=z&a-b=1&b=10&b=2")
  }

  @Test func `headers are folded, and those of one name are joined in their order`() throws {
    let request = Example.signer.sign(
      method: "GET",
      host: "h",
      path: "/",
      headers: [("X-Amz-Meta-A", "  one \t two  "), ("x-amz-meta-b", "1"), ("x-amz-meta-b", "2")],
      payload: .empty,
      date: Example.moment
    )
    let rest = request.headers.filter { !$0.name.lowercased().hasPrefix("x-amz-meta") }
    let folded = [("x-amz-meta-a", "one two"), ("x-amz-meta-b", " 1 , 2")] + rest
    #expect(Example.refusal("GET", "/", folded)?.s3Code == .signatureDoesNotMatch)
    let joined = [("x-amz-meta-b", "1,2"), ("x-amz-meta-a", "one two")] + rest
    _ = try Example.verify("GET", "/", joined)
    let swapped =
      [("x-amz-meta-b", "2"), ("x-amz-meta-b", "1"), ("x-amz-meta-a", "one two")] + rest
    #expect(Example.refusal("GET", "/", swapped)?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `a header that proxies change is not signed, and may change`() throws {
    let request = Example.signer.sign(
      method: "PUT",
      host: "h",
      path: "/b/k",
      headers: [("User-Agent", "tapline"), ("Expect", "100-continue"), ("If-None-Match", "*")],
      payload: .unsigned,
      date: Example.moment
    )
    let changed = request.headers.filter { $0.name != "Expect" }
      .map { $0.name == "User-Agent" ? ($0.name, "proxy") : $0 }
    _ = try Example.verify("PUT", "/b/k", changed)
    let dropped = request.headers.filter { $0.name != "If-None-Match" }
    #expect(Example.refusal("PUT", "/b/k", dropped)?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `dates of all ages are written and read`() throws {
    for (moment, text) in [
      (0, "19700101T000000Z"), (951_782_400_000, "20000229T000000Z"),
      (951_868_799_999, "20000229T235959Z"), (4_107_542_399_000, "21000228T235959Z"),
      (-1_000, "19691231T235959Z"), (253_402_300_799_000, "99991231T235959Z"),
    ] as [(Int64, String)] {
      let request = Example.signer.sign(
        method: "GET",
        host: "h",
        path: "/",
        payload: .empty,
        date: moment
      )
      #expect(request.header("x-amz-date") == text)
      let verified = try Example.verify("GET", "/", request.headers, now: moment)
      #expect(verified.signedMilliseconds == moment - (moment % 1_000 + 1_000) % 1_000)
    }
  }
}
