import HTTPServer
import ObjectStorage
import S3Endpoint
import Testing

struct S3ErrorTests {
  @Test func `an error is code, message, its own elements and the request's id, in this order`() {
    let error = S3Error.noSuchKey("a/<b>&\"c\".csv")
    #expect(
      text(error.xml(requestID: "4442587FB7D0A2F9", hostID: "host", resource: "/bkt/a"))
        == "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>"
        + "<Resource>/bkt/a</Resource><Key>a/&lt;b&gt;&amp;&quot;c&quot;.csv</Key>"
        + "<RequestId>4442587FB7D0A2F9</RequestId><HostId>host</HostId></Error>"
    )
    #expect(
      text(S3Error.noSuchBucket("bkt").xml(requestID: "1"))
        == "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message>"
        + "<BucketName>bkt</BucketName><RequestId>1</RequestId></Error>"
    )
  }

  @Test(arguments: S3SignatureError.Code.allCases)
  func `a refused signature is answered with its own code and status`(code: S3SignatureError.Code) {
    #expect(S3ErrorCode(rawValue: code.rawValue)?.status == code.httpStatus)
  }

  @Test func `a 304 has no body`() {
    #expect(S3Error(.notModified).xml(requestID: "1").isEmpty)
    #expect(S3Error(.notModified).status == 304)
  }

  @Test func `an error names what it is about`() {
    let range = S3Error.invalidRange("bytes=40-50", size: 11)
    #expect(range.status == 416)
    #expect(range.element("RangeRequested") == "bytes=40-50")
    #expect(range.element("ActualObjectSize") == "11")
    #expect(range.headers == [HTTPHeader("content-range", "bytes */11")])
    let method = S3Error.methodNotAllowed("PATCH", resourceType: "OBJECT", allowed: ["GET", "PUT"])
    #expect(method.headers == [HTTPHeader("allow", "GET, PUT")])
    #expect(method.element("Method") == "PATCH")
    #expect(S3Error.noSuchUpload("u").element("UploadId") == "u")
    #expect(S3Error.invalidArgument("max-keys", nil, "no").element("ArgumentValue") == nil)
  }

  @Test(arguments: [
    (S3ErrorCode.noSuchKey, 404), (.noSuchUpload, 404), (.noSuchLifecycleConfiguration, 404),
    (.bucketAlreadyOwnedByYou, 409), (.bucketNotEmpty, 409), (.conditionalRequestConflict, 409),
    (.accessDenied, 403), (.signatureDoesNotMatch, 403), (.invalidAccessKeyID, 403),
    (.requestTimeTooSkewed, 403), (.invalidObjectState, 403), (.authorizationHeaderMalformed, 400),
    (.badDigest, 400), (.invalidBucketName, 400), (.entityTooLarge, 400), (.malformedXML, 400),
    (.methodNotAllowed, 405), (.missingContentLength, 411), (.preconditionFailed, 412),
    (.invalidRange, 416), (.internalError, 500), (.notImplemented, 501), (.slowDown, 503),
  ]) func `codes have the statuses that S3 documents`(code: S3ErrorCode, status: Int) {
    #expect(code.status == status)
  }

  @Test func `every code has a name of its own and a sentence`() {
    #expect(Set(S3ErrorCode.allCases.map(\.rawValue)).count == S3ErrorCode.allCases.count)
    for code in S3ErrorCode.allCases {
      #expect(!code.defaultMessage.isEmpty)
      #expect((300..<600).contains(code.status))
    }
  }
}
