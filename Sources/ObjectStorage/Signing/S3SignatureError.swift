public import Diagnostics

/// Why a request is refused before anything is done: who sent it is not proved, or its bytes are not
/// what was signed.
public struct S3SignatureError: DiagnosableError {
  /// S3's own names, which clients know.
  public enum Code: String, Sendable, CaseIterable {
    case accessDenied = "AccessDenied"
    case authorizationHeaderMalformed = "AuthorizationHeaderMalformed"
    case authorizationQueryParametersError = "AuthorizationQueryParametersError"
    case incompleteBody = "IncompleteBody"
    case invalidAccessKeyID = "InvalidAccessKeyId"
    case invalidArgument = "InvalidArgument"
    case invalidChunkSizeError = "InvalidChunkSizeError"
    case invalidRequest = "InvalidRequest"
    case malformedTrailerError = "MalformedTrailerError"
    case missingContentLength = "MissingContentLength"
    case notImplemented = "NotImplemented"
    case requestTimeTooSkewed = "RequestTimeTooSkewed"
    case signatureDoesNotMatch = "SignatureDoesNotMatch"
    case xAmzContentSHA256Mismatch = "XAmzContentSHA256Mismatch"

    /// The status of the answer.
    public var httpStatus: Int {
      switch self {
      case .accessDenied, .invalidAccessKeyID, .requestTimeTooSkewed, .signatureDoesNotMatch: 403
      case .missingContentLength: 411
      case .notImplemented: 501
      default: 400
      }
    }
  }

  /// One more element of the error document.
  public struct Element: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public var s3Code: Code
  public var message: String
  public var advice: String?
  /// What S3 adds to the error document for this code, in its order; none of it is secret.
  public var elements: [Element]

  public init(_ code: Code, _ message: String, advice: String? = nil, elements: [Element] = []) {
    s3Code = code
    self.message = message
    self.advice = advice
    self.elements = elements
  }

  /// What was signed as this side sees it; nil but for `SignatureDoesNotMatch` of headers or a query.
  public var canonicalRequest: String? { element("CanonicalRequest") }

  /// What the signing key was applied to on this side; nil but for `SignatureDoesNotMatch`.
  public var stringToSign: String? { element("StringToSign") }

  public var code: String { "s3.\(s3Code.rawValue)" }
  public var fields: [String: String] { ["message": message] }

  private func element(_ name: String) -> String? {
    elements.first { $0.name == name }?.value
  }
}
