import ObjectStorage
import Testing

/// Each reason to refuse a request, beside the request that is let through.
@Suite struct SigningRefusalTests {
  typealias Example = SigningExample

  private let request = SigningExample.signer.sign(
    method: "GET",
    host: "h:9000",
    path: "/b/k",
    payload: .empty,
    date: SigningExample.moment
  )

  private func replacing(_ name: String, _ value: String?) -> [(name: String, value: String)] {
    request.headers.compactMap { header in
      guard header.name == name else { return header }
      return value.map { (name, $0) }
    }
  }

  private func editing(_ text: String, _ other: String) -> [(name: String, value: String)] {
    let header = request.header("authorization") ?? ""
    let parts = header.split(separator: text, maxSplits: 1, omittingEmptySubsequences: false)
    #expect(parts.count == 2, "\(text) is not in \(header)")
    return replacing("authorization", parts.joined(separator: other))
  }

  private func code(_ headers: [(name: String, value: String)]) -> S3SignatureError.Code? {
    Example.refusal("GET", "/b/k", headers)?.s3Code
  }

  @Test func `a request as it was signed is let through`() {
    #expect(code(request.headers) == nil)
  }

  @Test func `an unsigned request is denied`() {
    #expect(code(replacing("authorization", nil)) == .accessDenied)
    #expect(Example.refusal("GET", "/b/k", [])?.s3Code.httpStatus == 403)
  }

  @Test func `another secret does not match, and the refusal shows what was signed but no secret`()
  {
    let other = S3Credentials(
      accessKeyID: Example.credentials.accessKeyID,
      secretAccessKey: "another",
      region: "us-east-1"
    )
    let verifier = S3Verifier(credentials: [other])
    let refusal = Example.refusal("GET", "/b/k?x=1", request.headers, verifier: verifier)
    #expect(refusal?.s3Code == .signatureDoesNotMatch)
    #expect(
      refusal?.canonicalRequest == """
        GET
        /b/k
        x=1
        host:h:9000
        x-amz-content-sha256:\(Example.emptyHash)
        x-amz-date:20130524T000000Z

        host;x-amz-content-sha256;x-amz-date
        \(Example.emptyHash)
        """
    )
    let lines = refusal?.stringToSign?.split(separator: "\n")
    #expect(
      lines?.dropLast() == [
        "AWS4-HMAC-SHA256", "20130524T000000Z", "20130524/us-east-1/s3/aws4_request",
      ]
    )
    #expect(
      refusal?.elements.map(\.name) == [
        "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
      ]
    )
    #expect(refusal.map { "\($0) \($0.elements)".contains("another") } == false)
    #expect("\(other)".contains("another") == false)
    #expect(String(reflecting: other).contains("another") == false)
  }

  @Test func `a flipped digit of the signature and a cut one do not match`() {
    let header = request.header("authorization") ?? ""
    let last = header.last == "0" ? "1" : "0"
    #expect(code(replacing("authorization", header.dropLast() + last)) == .signatureDoesNotMatch)
    #expect(code(replacing("authorization", String(header.dropLast()))) == .signatureDoesNotMatch)
  }

  @Test func `an unknown key, a wrong region, service and day are each said by name`() {
    #expect(code(editing("AKIAIOSFODNN7EXAMPLE", "AKIANOBODY")) == .invalidAccessKeyID)
    let region = Example.refusal("GET", "/b/k", editing("us-east-1", "eu-west-1"))
    #expect(region?.s3Code == .authorizationHeaderMalformed)
    #expect(region?.elements == [.init("Region", "us-east-1")])
    #expect(code(editing("/s3/", "/sts/")) == .authorizationHeaderMalformed)
    #expect(code(editing("aws4_request", "aws5_request")) == .authorizationHeaderMalformed)
    #expect(code(editing("20130524", "20130525")) == .authorizationHeaderMalformed)
    #expect(code(editing("20130524", "20130532")) == .authorizationHeaderMalformed)
  }

  @Test func `malformed authorization headers are refused and never trap`() {
    for (text, other) in [
      ("Credential=", "Credentials="), (", SignedHeaders=", ", Signed="),
      (", Signature=", ", Sig="),
      ("host;", "Host;"), ("host;", ";"), ("host;", "host;host;"), ("host;", "host;a:b;"),
      ("host;", "host;a\nb;"), ("/20130524", "20130524"),
      ("AKIAIOSFODNN7EXAMPLE", ""), (", Signature=", ", Signature=1, Signature="),
      ("Credential=", ""),
    ] {
      #expect(code(editing(text, other)) == .authorizationHeaderMalformed, "\(text) by \(other)")
    }
    for header in [
      "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 ,,,", "AWS4-HMAC-SHA256 =",
    ] {
      #expect(code(replacing("authorization", header)) == .authorizationHeaderMalformed)
    }
    let commas =
      request.header("authorization")?.split(separator: ", ").joined(separator: ",  ") ?? ""
    #expect(code(replacing("authorization", commas)) == nil)
  }

  @Test func `the old signatures are refused with the way to the new one`() {
    let header = Example.refusal("GET", "/b/k", replacing("authorization", "AWS AKIA:c2ln"))
    let url = Example.refusal(
      "GET",
      "/b/k?AWSAccessKeyId=AKIA&Signature=c2ln&Expires=1369353700",
      [("host", "h")]
    )
    for refusal in [header, url] {
      #expect(refusal?.s3Code == .invalidRequest)
      #expect(refusal?.message.contains("AWS4-HMAC-SHA256") == true)
      #expect(refusal?.advice?.contains("s3v4") == true)
    }
    #expect(code(replacing("authorization", "Bearer x")) == .invalidRequest)
    #expect(
      code(replacing("authorization", "AWS4-ECDSA-P256-SHA256 Credential=x")) == .invalidRequest
    )
    #expect(
      Example.refusal("GET", "/b/k?Signature=1", request.headers)?.s3Code == .signatureDoesNotMatch
    )
  }

  @Test func `two ways to sign at once are refused`() throws {
    let url = try Example.signer.presign(
      method: "GET",
      host: "h:9000",
      path: "/b/k",
      expiresSeconds: 60,
      date: Example.moment
    )
    #expect(Example.refusal("GET", url.target, url.headers) == nil)
    #expect(Example.refusal("GET", url.target, request.headers)?.s3Code == .invalidArgument)
    #expect(code(request.headers + request.headers.suffix(1)) == .invalidArgument)
  }

  @Test func `a clock may be off by fifteen minutes and no more`() {
    let allowed = S3Verifier.skewMillisecondsMax
    for offset in [0, allowed, -allowed] {
      #expect(Example.refusal("GET", "/b/k", request.headers, now: Example.moment + offset) == nil)
    }
    for offset in [allowed + 1, -allowed - 1, 1 << 60, -(1 << 60)] {
      let now = Example.moment + offset
      let refusal = Example.refusal("GET", "/b/k", request.headers, now: now)
      #expect(refusal?.s3Code == .requestTimeTooSkewed)
    }
  }

  @Test func `a date is needed and read from either header`() throws {
    #expect(code(replacing("x-amz-date", nil)) == .accessDenied)
    for text in [
      "", "20130524", "20130524T000000", "20130524T240000Z", "20130231T000000Z", "2013052한000000Z",
    ] {
      #expect(code(replacing("x-amz-date", text)) == .accessDenied, "\(text)")
    }
    // Made with another implementation: host and date are signed, and there is no x-amz-date.
    let headers = [
      ("host", "h:9000"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
      ("date", "Fri, 24 May 2013 00:00:00 GMT"),
      (
        "authorization",
        Example.authorization(
          "date;host;x-amz-content-sha256",
          "454f442c8ee0f757a41085ac1e33c2f3fcfaca13951a643935dba1c7d0425401"
        )
      ),
    ]
    #expect(Example.refusal("GET", "/b/k", headers) == nil)
    let wrong = headers.map { $0.0 == "date" ? ($0.0, "Fri, 24 Mai 2013 00:00:00 GMT") : $0 }
    #expect(Example.refusal("GET", "/b/k", wrong)?.s3Code == .accessDenied)
  }

  @Test func `a header that S3 takes orders from must be signed, and so must the host`() {
    let added = request.headers + [("x-amz-copy-source", "/secret/key")]
    let refusal = Example.refusal("GET", "/b/k", added)
    #expect(refusal?.s3Code == .accessDenied)
    #expect(refusal?.elements == [.init("HeadersNotSigned", "x-amz-copy-source")])
    #expect(code(request.headers + [("x-other", "1")]) == nil)
    #expect(code(editing("SignedHeaders=host;", "SignedHeaders=")) == .accessDenied)
  }

  @Test func `a signed header that was taken away does not match`() {
    let signed = Example.signer.sign(
      method: "GET",
      host: "h:9000",
      path: "/b/k",
      headers: [("range", "bytes=0-1")],
      payload: .empty,
      date: Example.moment
    )
    #expect(Example.refusal("GET", "/b/k", signed.headers) == nil)
    let without = signed.headers.filter { $0.name != "range" }
    #expect(Example.refusal("GET", "/b/k", without)?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `the payload's hash is needed and must be one of the known kinds`() {
    #expect(code(replacing("x-amz-content-sha256", nil)) == .invalidRequest)
    for (value, expected) in [
      ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", S3SignatureError.Code.notImplemented),
      ("abc", .invalidArgument), (Example.emptyHash.uppercased(), .invalidArgument),
      (String(Example.emptyHash.dropLast()) + "g", .invalidArgument),
    ] {
      let odd = Example.signer.sign(
        method: "GET",
        host: "h",
        path: "/",
        payload: .sha256(value),
        date: Example.moment
      )
      #expect(Example.refusal("GET", "/", odd.headers)?.s3Code == expected)
    }
  }

  @Test func `a body is held against the hash that was signed`() throws {
    let verified = try Example.verify("GET", "/b/k", request.headers)
    try verified.payload.check(bodyHash: Example.emptyHash)
    let other = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    #expect(throws: S3SignatureError.self) { try verified.payload.check(bodyHash: other) }
    do throws(S3SignatureError) {
      try verified.payload.check(bodyHash: other)
    } catch {
      #expect(error.s3Code == .xAmzContentSHA256Mismatch)
      #expect(error.s3Code.httpStatus == 400)
    }
    try PayloadHash.unsigned.check(bodyHash: other)
  }
}
