internal import Diagnostics
internal import HTTPServer
internal import ObjectStorage

/// Makes the answers to one request: each carries its id, in the headers and in an error's document.
struct S3Answers: Sendable {
  /// As in `x-amz-request-id`.
  let requestID: String
  private let path: String
  private let isHEAD: Bool

  init(number: UInt64, request: HTTPRequest) {
    let digits = String(number, radix: 16, uppercase: true)
    requestID = String(repeating: "0", count: 16 - digits.count) + digits
    path = request.path
    isHEAD = request.method == "HEAD"
  }

  private var headers: [HTTPHeader] {
    [
      HTTPHeader("x-amz-request-id", requestID), HTTPHeader("x-amz-id-2", requestID),
      HTTPHeader("server", "Tapline"),
    ]
  }

  /// An answer without a body, or with one that is no document.
  func plain(_ status: Int, _ more: [HTTPHeader] = []) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers + more)
  }

  func source(
    _ status: Int, _ source: any HTTPBodySource, _ more: [HTTPHeader]
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers + more, source: source)
  }

  func document(_ xml: [UInt8], _ more: [HTTPHeader] = []) -> HTTPResponse {
    HTTPResponse(
      status: 200, headers: headers + [HTTPHeader("content-type", "application/xml")] + more,
      body: xml)
  }

  /// What S3 answers to a request that is refused.
  func refusal(_ error: any Error) -> HTTPResponse {
    let error = S3Error(refusing: error)
    // A HEAD has no document, so that the status is all that its client learns.
    guard !isHEAD, error.code != .notModified else { return plain(error.status, error.headers) }
    return HTTPResponse(
      status: error.status,
      headers: headers + error.headers + [HTTPHeader("content-type", "application/xml")],
      body: error.xml(requestID: requestID, hostID: requestID, resource: path))
  }
}

extension S3Error {
  /// What any error of a request is for S3.
  init(refusing error: any Error) {
    switch error {
    case let error as S3Error: self = error
    case let error as S3SignatureError:
      self.init(S3ErrorCode(rawValue: error.s3Code.rawValue) ?? .accessDenied, error.message)
      elements = error.elements.map { Element($0.name, $0.value) }
    case let error as ObjectStorageError: self.init(storage: error)
    default: self.init(.internalError, "\(error)")
    }
  }
}
