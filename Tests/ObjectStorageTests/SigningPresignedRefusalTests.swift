import ObjectStorage
import Testing

/// Each reason to refuse a presigned URL, beside the URL that is let through.
@Suite struct SigningPresignedRefusalTests {
  typealias Example = SigningExample

  private func url() throws -> String {
    try Example.signer.presign(
      method: "GET",
      host: "h",
      path: "/b/k",
      expiresSeconds: 60,
      date: Example.moment
    ).target
  }

  private func refusal(_ text: String, _ other: String, now: Int64 = Example.moment) throws
    -> S3SignatureError?
  {
    let parts = try url().split(separator: text, omittingEmptySubsequences: false)
    #expect(parts.count == 2, "\(text) is not in the URL")
    return Example.refusal("GET", parts.joined(separator: other), [("host", "h")], now: now)
  }

  @Test func `a URL as it was made is let through`() throws {
    #expect(Example.refusal("GET", try url(), [("host", "h")]) == nil)
  }

  @Test func `each missing, doubled or odd parameter is said`() throws {
    for (text, other) in [
      ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), ("X-Amz-Date=20130524T000000Z&", ""),
      ("X-Amz-Expires=60&", ""), ("X-Amz-SignedHeaders=host&", ""),
      ("X-Amz-Credential", "X-Amz-Cred"),
      ("X-Amz-Expires=60", "X-Amz-Expires=0"), ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
      ("X-Amz-Expires=60", "X-Amz-Expires=-1"),
      ("X-Amz-Expires=60", "X-Amz-Expires=99999999999999999999"),
      ("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=6000"),
      ("X-Amz-Date=2013", "X-Amz-Date=2o13"),
      ("Headers=host", "Headers=host%3Ba%0Ab"), ("Headers=host", "Headers="),
      ("us-east-1", "eu-west-1"), ("%2Fs3%2F", "%2Fsts%2F"),
      ("X-Amz-Date=20130524", "X-Amz-Date=20130525"),
    ] {
      #expect(
        try refusal(text, other)?.s3Code == .authorizationQueryParametersError,
        "\(text) by \(other)"
      )
    }
    #expect(try refusal("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")?.s3Code == .invalidRequest)
    #expect(try refusal("AKIAIOSFODNN7EXAMPLE", "AKIANOBODY")?.s3Code == .invalidAccessKeyID)
    #expect(try refusal("Expires=60", "Expires=61")?.s3Code == .signatureDoesNotMatch)
    #expect(try refusal("/b/k", "/b/l")?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `a URL from the future is not valid yet`() throws {
    let skew = S3Verifier.skewMillisecondsMax
    let target = try url()
    #expect(Example.refusal("GET", target, [("host", "h")], now: Example.moment - skew) == nil)
    let early = Example.refusal("GET", target, [("host", "h")], now: Example.moment - skew - 1)
    #expect(early?.s3Code == .accessDenied)
    #expect(early?.message == "Request is not valid yet")
  }

  @Test func `an order that the URL's maker did not sign is denied`() throws {
    let target = try url()
    let headers = [("host", "h"), ("x-amz-acl", "public-read")]
    #expect(Example.refusal("GET", target, headers)?.s3Code == .accessDenied)
    let hash = [("host", "h"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]
    #expect(Example.refusal("GET", target, hash) == nil)
  }

  @Test func `no URL is made for less than a second or more than a week`() throws {
    for seconds in [0, -1, 604_801, Int64.max] {
      #expect(throws: S3SignatureError.self) {
        try Example.signer.presign(
          method: "GET",
          host: "h",
          path: "/",
          expiresSeconds: seconds,
          date: Example.moment
        )
      }
    }
  }
}
