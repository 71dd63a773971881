// The refusals of a request's headers or query, one function each.

extension S3SignatureError {
  static var unsignedRequest: S3SignatureError {
    S3SignatureError(
      .accessDenied,
      "The request is not signed.",
      advice: "Give the client an access key and its secret."
    )
  }

  static var severalMechanisms: S3SignatureError {
    S3SignatureError(
      .invalidArgument,
      "The request is signed in more than one way: one Authorization header or one signed query.",
      advice: "Do not send an Authorization header with a presigned URL."
    )
  }

  /// Signature Version 2, in a header or in a presigned URL.
  static var oldVersion: S3SignatureError {
    S3SignatureError(
      .invalidRequest,
      "The request is signed with the old Signature Version 2; only AWS4-HMAC-SHA256 is accepted.",
      advice: "In boto3 use Config(signature_version=\"s3v4\"); in the AWS CLI's configuration set "
        + "s3.signature_version to s3v4."
    )
  }

  static func unknownAlgorithm(_ name: String) -> S3SignatureError {
    S3SignatureError(
      .invalidRequest,
      "The signing algorithm \"\(name)\" is not supported; only AWS4-HMAC-SHA256 is accepted.",
      advice: "Let the client sign with Signature Version 4 and a plain access key."
    )
  }

  static func malformed(_ reason: String, isPresigned: Bool) -> S3SignatureError {
    isPresigned
      ? S3SignatureError(
        .authorizationQueryParametersError,
        "The parameters of the presigned URL are malformed: \(reason).",
        advice: "Use the URL exactly as it was made."
      )
      : S3SignatureError(
        .authorizationHeaderMalformed,
        "The authorization header is malformed: \(reason).",
        advice: "It is AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…."
      )
  }

  static func wrongRegion(_ region: String, expected: String, isPresigned: Bool) -> S3SignatureError
  {
    S3SignatureError(
      isPresigned ? .authorizationQueryParametersError : .authorizationHeaderMalformed,
      "The region \"\(region)\" is wrong; expecting \"\(expected)\".",
      advice: "Set the client's region to \(expected).",
      elements: [Element("Region", expected)]
    )
  }

  static func unknownKey(_ accessKeyID: String) -> S3SignatureError {
    S3SignatureError(
      .invalidAccessKeyID,
      "There is no access key \"\(accessKeyID)\" here.",
      advice: "Check the access key that the client was given.",
      elements: [Element("AWSAccessKeyId", accessKeyID)]
    )
  }

  static func noDate(_ text: String?) -> S3SignatureError {
    let reason = text.map { "\"\($0)\" is no date" } ?? "neither x-amz-date nor date is there"
    return S3SignatureError(
      .accessDenied,
      "A signed request needs a valid x-amz-date or date: \(reason).",
      advice: "Write x-amz-date as 20130524T000000Z, in UTC."
    )
  }

  static func skewed(signed: Int64, now: Int64, skewMax: Int64) -> S3SignatureError {
    S3SignatureError(
      .requestTimeTooSkewed,
      "It was signed at \(SigningTime.text(signed)), and here it is \(SigningTime.text(now)).",
      advice: "Set the clock of the client's machine; \(skewMax / 60_000) minutes are allowed.",
      elements: [
        Element("RequestTime", SigningTime.text(signed)),
        Element("ServerTime", SigningTime.text(now)),
        Element("MaxAllowedSkewMilliseconds", String(skewMax)),
      ]
    )
  }

  static func expired(at moment: Int64, now: Int64) -> S3SignatureError {
    S3SignatureError(
      .accessDenied,
      "Request has expired",
      advice: "Have a new URL made; this one was good until \(SigningTime.text(moment)).",
      elements: [
        Element("Expires", SigningTime.text(moment)), Element("ServerTime", SigningTime.text(now)),
      ]
    )
  }

  static func notYetValid(from moment: Int64, now: Int64) -> S3SignatureError {
    S3SignatureError(
      .accessDenied,
      "Request is not valid yet",
      advice: "It was signed at \(SigningTime.text(moment)); check the clock of who made it.",
      elements: [Element("ServerTime", SigningTime.text(now))]
    )
  }

  static func notSigned(_ names: [String]) -> S3SignatureError {
    S3SignatureError(
      .accessDenied,
      "The signature does not cover these headers: \(names.joined(separator: ", ")).",
      advice: "host and every x-amz- header must be among SignedHeaders.",
      elements: [Element("HeadersNotSigned", names.joined(separator: ", "))]
    )
  }

  static func payloadHash(_ value: String?) -> S3SignatureError {
    guard let value else {
      return S3SignatureError(
        .invalidRequest,
        "The header x-amz-content-sha256 is missing.",
        advice: "Send the SHA-256 of the body in lower-case digits, or UNSIGNED-PAYLOAD."
      )
    }
    if value.hasPrefix("STREAMING-") {
      return S3SignatureError(
        .notImplemented,
        "Bodies of the kind \(value) are not supported.",
        advice: "Let the client sign with AWS4-HMAC-SHA256."
      )
    }
    return S3SignatureError(
      .invalidArgument,
      "x-amz-content-sha256 is \"\(value)\".",
      advice: "Send the SHA-256 of the body in lower-case digits, or UNSIGNED-PAYLOAD.",
      elements: [
        Element("ArgumentName", "x-amz-content-sha256"), Element("ArgumentValue", value),
      ]
    )
  }

  static func signatureDiffers(
    _ claim: S3Authorization,
    canonicalRequest: String,
    stringToSign: String
  ) -> S3SignatureError {
    S3SignatureError(
      .signatureDoesNotMatch,
      "The signature of the request does not match the one calculated here.",
      advice: "Check the secret; if it is right, compare CanonicalRequest with the client's.",
      elements: [
        Element("AWSAccessKeyId", claim.accessKeyID),
        Element("StringToSign", stringToSign),
        Element("SignatureProvided", claim.signature),
        Element("StringToSignBytes", spaced(stringToSign)),
        Element("CanonicalRequest", canonicalRequest),
        Element("CanonicalRequestBytes", spaced(canonicalRequest)),
      ]
    )
  }

  static func bodyHashDiffers(signed: String, computed: String) -> S3SignatureError {
    S3SignatureError(
      .xAmzContentSHA256Mismatch,
      "The SHA-256 of the body is not the one in x-amz-content-sha256.",
      advice: "The body was changed on its way, or the client hashed other bytes; send it again.",
      elements: [
        Element("ClientComputedContentSHA256", signed),
        Element("S3ComputedContentSHA256", computed),
      ]
    )
  }

  /// The bytes as S3 lists them: pairs of digits between spaces.
  private static func spaced(_ text: String) -> String {
    text.utf8.map { Hexadecimal.text(CollectionOfOne($0)) }.joined(separator: " ")
  }
}
