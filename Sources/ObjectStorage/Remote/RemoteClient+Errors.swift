// What a failed call is told as: what happened, where, and what to do next.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension RemoteClient {
  /// The error for a call that was not answered as it should be.
  ///
  /// `key` is the store's own key, or empty; `verb` says what could not be done to it: "read".
  func error(_ outcome: RemoteOutcome, _ verb: String, key: String) -> ObjectStorageError {
    switch outcome.result {
    case .success(let answer): error(answer, verb, key: key, attempts: outcome.attempts)
    case .failure(let failure): error(failure, verb, key: key, attempts: outcome.attempts)
    }
  }

  func name(_ key: String) -> String {
    key.isEmpty ? "The bucket \"\(configuration.bucket)\"" : "\"\(key)\""
  }

  /// The error for an answer that makes no sense.
  func unreadable(_ reason: String, key: String) -> ObjectStorageError {
    ObjectStorageError(
      .failed,
      key: key,
      "The answer of \(endpoint.text) cannot be read: \(reason).",
      advice: "Check that the endpoint is an S3 API and not a web page or a proxy." + proxyAdvice
    )
  }

  // MARK: Without an answer

  private func error(
    _ failure: RemoteTransportError,
    _ verb: String,
    key: String,
    attempts: Int
  ) -> ObjectStorageError {
    let tried = attempts > 1 ? ", \(attempts) times" : ""
    var advice: String
    let message: String
    switch failure {
    case .refused:
      message = "Nothing listens at \(endpoint.text): the connection was refused\(tried)."
      if let command = configuration.startCommand {
        advice = "Start it with `\(command)`, then repeat the command."
      } else if endpoint.isLoopback {
        advice = "Start the S3 server of this machine, or correct the endpoint's port."
      } else {
        advice = "Check the endpoint's address and port, and that its server runs."
      }
    case .hostNotFound:
      message = "There is no host \"\(endpoint.host)\"\(tried)."
      advice = "Check the endpoint's name, and this machine's network."
    case .timedOut(let seconds):
      message = "\(endpoint.text) did not answer within \(Self.text(seconds)) seconds\(tried)."
      advice = "Check the endpoint's address and the network; a slow one needs longer time-outs."
    case .lost(let reason):
      message = "The connection to \(endpoint.text) was lost\(tried): \(reason)."
      advice = "Check that the endpoint runs, and the network; then repeat the command."
    case .notTrusted(let reason):
      message = "\(endpoint.text) cannot be trusted: \(reason)."
      advice =
        "Use the name that its certificate is for, let the system trust its issuer, or use http:// "
        + "where the endpoint does not encrypt."
    case .tooLarge:
      message = "\(name(key)) could not be \(verb): \(endpoint.text) sent more than was asked for."
      advice = "Check that the endpoint answers requests for ranges, as S3 does."
    case .encoded(let encoding):
      message =
        "\(name(key)) could not be \(verb): it is stored as \"\(encoding)\", and \(endpoint.text) "
        + "does not give it without saying so."
      advice = "Store the object again without Content-Encoding."
    }
    if case .notTrusted = failure {} else { advice += proxyAdvice }
    return ObjectStorageError(.failed, key: key, message, advice: advice)
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() && seconds < 1e6 ? String(Int(seconds)) : String(seconds)
  }

  /// Said where requests to this machine may go to a proxy, which curl lets the environment decide.
  private var proxyAdvice: String {
    guard endpoint.isLoopback, endpoint.scheme == "http", let proxy = getenv("http_proxy"),
      proxy.pointee != 0
    else { return "" }
    let exceptions = getenv("no_proxy").map { String(cString: $0) } ?? ""
    let isExcepted = exceptions.split(separator: ",").contains {
      let name = $0.drop { $0 == " " }
      return name == "*" || name == endpoint.host
    }
    return isExcepted ? "" : " Or set no_proxy=\(endpoint.host): http_proxy is set."
  }

  // MARK: With an answer

  private func error(
    _ answer: RemoteAnswer,
    _ verb: String,
    key: String,
    attempts: Int
  ) -> ObjectStorageError {
    let document = S3ErrorDocument(answer)
    let code = document?.code ?? Self.code(answer.status)
    let words = [code, document?.message ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
    let identifier = document?.requestID ?? answer.headers["x-amz-request-id"] ?? ""
    let request = identifier.isEmpty ? "" : " (request \(identifier))"
    let tried = attempts > 1 ? " after \(attempts) attempts" : ""
    let could = "\(name(key)) could not be \(verb)"
    let said = "\(endpoint.text) says \(words)\(tried)\(request)"
    if let error = regionError(answer, document, key: key) { return error }

    func made(
      _ kind: ObjectStorageError.Kind,
      _ message: String,
      _ advice: String?
    ) -> ObjectStorageError {
      ObjectStorageError(kind, key: key, message, advice: advice)
    }
    switch code {
    case "NoSuchKey", "NoSuchVersion":
      return .notFound(key)
    case "NoSuchBucket":
      return made(
        .failed,
        "There is no bucket \"\(configuration.bucket)\" at \(endpoint.text)\(request).",
        "Create it, for example with `aws s3 mb s3://\(configuration.bucket) --endpoint-url "
          + "\(endpoint.text)`, or correct the bucket's name."
      )
    case "InvalidAccessKeyId":
      return made(
        .noPermission,
        "\(could): \(endpoint.text) does not know the access key "
          + "\"\(configuration.credentials.accessKeyID)\"\(request).",
        "Correct the access key; it belongs to this endpoint only."
      )
    case "SignatureDoesNotMatch":
      return made(
        .noPermission,
        "\(could): \(endpoint.text) finds the signature wrong\(request).",
        "Correct the secret key. If it is right, something between changes requests, such as a proxy."
      )
    case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
      return made(
        .noPermission,
        "\(could): \(said).",
        "Get new credentials; these were good for a while only."
      )
    case "AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden":
      return made(
        .noPermission,
        "\(could): \(said).",
        "Allow this access key to read, write, list and delete in the bucket (s3:GetObject, "
          + "s3:PutObject, s3:DeleteObject, s3:ListBucket)."
      )
    case "RequestTimeTooSkewed":
      let minutes = (clockDifference(in: answer) ?? 0) / 60_000
      return made(
        .failed,
        "\(could): this machine's clock and that of \(endpoint.text) differ by "
          + "\(minutes.magnitude) minutes\(request).",
        "Set the clock of the one that is wrong."
      )
    case "KeyTooLongError":
      return made(.invalidKey, "\(could): \(said).", "Use shorter names.")
    case "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull",
      "XMinioAdminBucketQuotaExceeded":
      return made(
        .diskFull,
        "\(could): \(said).",
        "Free some space there, then repeat the command."
      )
    case "NotImplemented":
      return made(
        .failed,
        "\(could): \(said).",
        "Use an S3 API that knows conditional writes (If-None-Match) and multipart uploads."
      )
    default:
      break
    }
    if document == nil, answer.status < 500, isForeign(answer) {
      return made(
        .failed,
        "\(could): what answers at \(endpoint.text) is no S3 API; it says \(words).",
        "Correct the endpoint: its port may be that of a console or of another server."
          + proxyAdvice
      )
    }
    if answer.status >= 500 {
      return made(
        .failed,
        "\(could): \(said).",
        "Try again later, or look into the endpoint's log."
      )
    }
    return made(
      .failed,
      "\(could): \(said).",
      document.map { "\($0.code) is S3's own name of the error, by which it can be looked up." }
    )
  }

  /// Whether nothing in an answer looks like S3's.
  private func isForeign(_ answer: RemoteAnswer) -> Bool {
    answer.headers["x-amz-request-id"] == nil && answer.headers["x-amz-bucket-region"] == nil
      && !answer.body.isEmpty
  }

  /// The error for a bucket that is somewhere else; nil where the answer is about something else.
  private func regionError(
    _ answer: RemoteAnswer,
    _ document: S3ErrorDocument?,
    key: String
  ) -> ObjectStorageError? {
    let codes = [
      "PermanentRedirect", "TemporaryRedirect", "Redirect", "IllegalLocationConstraintException",
      "IncorrectEndpoint",
    ]
    let ours = configuration.credentials.region
    let region = document?.region ?? answer.headers["x-amz-bucket-region"]
    let isElsewhere = codes.contains(document?.code ?? "") || (300..<400).contains(answer.status)
    // Signed for another region; a HEAD has no words for that but the header.
    let isMisread = document?.code == "AuthorizationHeaderMalformed"
    let isOther = isMisread || document == nil && answer.status == 400
    if isElsewhere || isOther, let region, region != ours {
      return ObjectStorageError(
        .failed,
        key: key,
        "The bucket \"\(configuration.bucket)\" is in the region \(region), not in \(ours).",
        advice: "Set the region to \(region), and the endpoint to the one of that region."
      )
    }
    guard isElsewhere else { return nil }
    let place = answer.headers["location"].map { " (to \($0))" } ?? ""
    let reason = document.map { ": \($0.code), \($0.message)" } ?? place
    return ObjectStorageError(
      .failed,
      key: key,
      "\(endpoint.text) sends the request for bucket \"\(configuration.bucket)\" elsewhere\(reason).",
      advice: "Set the region and the endpoint that the bucket has."
    )
  }

  /// The name of a status that came without S3's own words.
  private static func code(_ status: Int) -> String {
    switch status {
    case 403: "Forbidden"
    case 507: "InsufficientStorage"
    default: "HTTP status \(status)"
    }
  }
}
