/// What is asked of an S3 endpoint, before it is signed.
struct RemoteCall: Sendable {
  var method: String
  /// The key in the bucket, prefix included; nil for the bucket itself.
  var key: String?
  var query: [PercentEncoding.QueryItem] = []
  var headers: [(name: String, value: String)] = []
  var body = RemoteBody.none
  /// The body's SHA-256, as it is signed.
  var payload = S3Signer.Payload.empty
  var answerBytesMax = RemoteAnswer.errorBytesMax
  /// Whether a conflict with another writer is a reason to ask again; else it is an answer.
  var repeatsConflicts = true
  /// Whether a success may turn out to be an error in the answer's body, as S3 does it where it takes
  /// long and has said 200 already.
  var mayFailLate = false
  /// Attempts in all; nil for as many as the policy has.
  var attemptsMax: Int?

  /// The bytes of a key as a download: `range` in it, or all of it.
  static func read(_ key: String, range: Range<Int>? = nil, bytesMax: Int) -> RemoteCall {
    var call = RemoteCall(method: "GET", key: key, answerBytesMax: bytesMax)
    if let range {
      call.headers = [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
    } else {
      call.headers = [("x-amz-checksum-mode", "ENABLED")]
    }
    return call
  }
}

/// What came of a call, after all attempts.
struct RemoteOutcome: Sendable {
  var result: Result<RemoteAnswer, RemoteTransportError>
  /// True where an attempt's answer was lost or said nothing of what was done.
  var isUncertain: Bool
  /// Attempts that were made.
  var attempts: Int

  /// The answer; nil where none arrived.
  var answer: RemoteAnswer? { try? result.get() }

  /// Whether the last attempt did not even find anybody to talk to.
  var hasNotBegun: Bool {
    switch result {
    case .failure(.refused), .failure(.hostNotFound): true
    default: false
    }
  }
}

extension RemoteAnswer {
  /// The status that goes with an error in the body of a success; itself where there is none.
  var withLateStatus: RemoteAnswer {
    guard isSuccess, let document = S3ErrorDocument(self) else { return self }
    var answer = self
    switch document.code {
    case "PreconditionFailed": answer.status = 412
    case "ConditionalRequestConflict", "OperationAborted": answer.status = 409
    case "NoSuchUpload", "NoSuchBucket", "NoSuchKey": answer.status = 404
    case "AccessDenied": answer.status = 403
    case "InternalError", "ServiceUnavailable", "SlowDown": answer.status = 500
    default: answer.status = 400
    }
    return answer
  }
}

/// What S3 says of a request that it refuses.
struct S3ErrorDocument: Sendable {
  /// Such as `NoSuchKey`.
  var code: String
  var message: String
  /// The endpoint's name of the request; empty where it gives none.
  var requestID: String
  /// The region that the bucket is in; nil where the endpoint does not say.
  var region: String?
  /// The size of an object that a range lies outside of.
  var objectSize: Int?

  /// Nil where the body is no error of S3.
  init?(_ answer: RemoteAnswer) {
    guard !answer.body.isEmpty, let root = try? RemoteXML.parse(answer.body),
      root.name == "Error", let code = root.value("Code")
    else { return nil }
    self.code = Self.printable(code)
    message = Self.printable(root.value("Message") ?? "")
    requestID = Self.printable(root.value("RequestId") ?? answer.headers["x-amz-request-id"] ?? "")
    region = (root.value("Region") ?? answer.headers["x-amz-bucket-region"]).map(Self.printable)
    objectSize = root.value("ActualObjectSize").flatMap { Int($0) }
  }
  private static let textMax = 400

  /// A text of somebody else's as a message may show it: not endless, and nothing that moves a cursor.
  private static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(textMax).map { scalar in
      scalar.properties.generalCategory == .control ? " " : scalar
    }
    return String(String.UnicodeScalarView(scalars))
  }
}
