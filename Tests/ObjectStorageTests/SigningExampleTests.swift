// The requests whose signatures AWS publishes with the S3 API's reference.

import ObjectStorage
import Testing

/// The published key and moment, and verification with them.
enum SigningExample {
  static let credentials = S3Credentials(
    accessKeyID: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region: "us-east-1"
  )
  /// 2013-05-24 00:00:00 UTC.
  static let moment: Int64 = 1_369_353_600_000
  static let host = "examplebucket.s3.amazonaws.com"
  static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  static let scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"

  static let signer = S3Signer(credentials: credentials)
  static let verifier = S3Verifier(credentials: [credentials])

  static func authorization(_ signedHeaders: String, _ signature: String) -> String {
    "AWS4-HMAC-SHA256 Credential=\(scope),SignedHeaders=\(signedHeaders),Signature=\(signature)"
  }

  /// Verifies a request as it would come off the wire.
  static func verify(
    _ method: String = "GET",
    _ target: String,
    _ headers: [(name: String, value: String)],
    now: Int64 = moment,
    verifier: S3Verifier = verifier
  ) throws(S3SignatureError) -> VerifiedRequest {
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return try verifier.verify(
      method: method,
      rawPath: String(parts[0]),
      rawQuery: parts.count > 1 ? String(parts[1]) : "",
      headers: headers,
      now: now
    )
  }

  /// The refusal of a request; nil where it is let through.
  static func refusal(
    _ method: String = "GET",
    _ target: String,
    _ headers: [(name: String, value: String)],
    now: Int64 = moment,
    verifier: S3Verifier = verifier
  ) -> S3SignatureError? {
    do throws(S3SignatureError) {
      _ = try verify(method, target, headers, now: now, verifier: verifier)
      return nil
    } catch {
      return error
    }
  }
}

@Suite struct SigningExampleTests {
  typealias Example = SigningExample

  private func signature(_ request: SignedS3Request) -> String? {
    request.header("authorization")?.split(separator: "=").last.map(String.init)
  }

  @Test func `signs and accepts the published GET of a range`() throws {
    let request = Example.signer.sign(
      method: "GET",
      host: Example.host,
      path: "/test.txt",
      headers: [("Range", "bytes=0-9")],
      payload: .empty,
      date: Example.moment
    )
    let expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    #expect(signature(request) == expected)
    let verified = try Example.verify("GET", request.target, request.headers)
    #expect(verified.accessKeyID == "AKIAIOSFODNN7EXAMPLE")
    #expect(verified.payload == .sha256(Example.emptyHash))
    #expect(verified.signedHeaders == ["host", "range", "x-amz-content-sha256", "x-amz-date"])
    #expect(!verified.isPresigned)
    #expect(verified.signedMilliseconds == Example.moment)
    let other = request.headers.map { $0.name == "Range" ? ($0.name, "bytes=0-8") : $0 }
    #expect(Example.refusal("GET", request.target, other)?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `signs and accepts the published PUT of a key with a dollar sign`() throws {
    let hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    var hasher = ObjectHasher(payloadHash: true)
    Array("Welcome to Amazon S3.".utf8).withUnsafeBytes { hasher.update($0) }
    #expect(hasher.finalize().sha256 == hash)
    let request = Example.signer.sign(
      method: "PUT",
      host: Example.host,
      path: "/test$file.text",
      headers: [
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      ],
      payload: .sha256(hash),
      date: Example.moment
    )
    #expect(request.target == "/test%24file.text")
    let expected = "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    #expect(signature(request) == expected)
    let verified = try Example.verify("PUT", request.target, request.headers)
    #expect(verified.payload == .sha256(hash))
    #expect(try Example.verify("PUT", "/test$file.text", request.headers) == verified)
    let refusal = Example.refusal("PUT", "/test%25file.text", request.headers)
    #expect(refusal?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `signs and accepts the published queries, one without a value and two to be sorted`()
    throws
  {
    let lifecycle = Example.signer.sign(
      method: "GET",
      host: Example.host,
      path: "/",
      query: [.init("lifecycle", "")],
      payload: .empty,
      date: Example.moment
    )
    let first = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    #expect(signature(lifecycle) == first)
    _ = try Example.verify("GET", "/?lifecycle", lifecycle.headers)
    _ = try Example.verify("GET", "/?lifecycle=", lifecycle.headers)
    #expect(Example.refusal("GET", "/", lifecycle.headers)?.s3Code == .signatureDoesNotMatch)

    let list = Example.signer.sign(
      method: "GET",
      host: Example.host,
      path: "/",
      query: [.init("prefix", "J"), .init("max-keys", "2")],
      payload: .empty,
      date: Example.moment
    )
    let second = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    #expect(signature(list) == second)
    _ = try Example.verify("GET", "/?prefix=J&max-keys=2", list.headers)
    _ = try Example.verify("GET", "/?max-keys=2&prefix=J", list.headers)
    let refusal = Example.refusal("GET", "/?max-keys=3&prefix=J", list.headers)
    #expect(refusal?.s3Code == .signatureDoesNotMatch)
  }

  @Test func `makes and accepts the published presigned URL until it expires`() throws {
    let url = try Example.signer.presign(
      method: "GET",
      host: Example.host,
      path: "/test.txt",
      expiresSeconds: 86_400,
      date: Example.moment
    )
    let expected =
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
      + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
      + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    #expect(url.target == expected)
    let last = Example.moment + 86_400_000
    let verified = try Example.verify("GET", url.target, [("Host", Example.host)], now: last)
    #expect(verified.isPresigned)
    #expect(verified.payload == .unsigned)
    let late = Example.refusal("GET", url.target, [("Host", Example.host)], now: last + 1)
    #expect(late?.s3Code == .accessDenied)
    #expect(late?.message == "Request has expired")
    let put = Example.refusal("PUT", url.target, [("Host", Example.host)])
    #expect(put?.s3Code == .signatureDoesNotMatch)
  }
}
