/// Signs requests to S3 with AWS Signature Version 4.
///
/// Safe to share; keys are derived once a day.
public struct S3Signer: Sendable {
  /// What the signature says of the body.
  public enum Payload: Sendable, Hashable {
    /// Its SHA-256 in 64 lower-case digits; `ObjectHasher` makes it.
    case sha256(String)
    /// Nothing: for a body that is not known yet, over a connection that is trusted.
    case unsigned

    /// The body of requests that have none.
    public static let empty = Payload.sha256(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )

    var text: String {
      switch self {
      case .sha256(let digits): digits
      case .unsigned: SignatureV4.unsignedPayload
      }
    }
  }

  private let credentials: S3Credentials
  private let keys = SigningKeys()

  public init(credentials: S3Credentials) {
    self.credentials = credentials
  }

  /// Headers that a proxy or an HTTP library may change or add; they are sent and not signed.
  private static let unsignedHeaders: Set<String> = [
    "accept-encoding", "authorization", "connection", "content-length", "expect", "te",
    "transfer-encoding", "user-agent", "x-amzn-trace-id",
  ]

  /// What a signature brings along itself; a caller's own are left away.
  private static let ownHeaders: Set<String> = [
    "authorization", "host", "x-amz-content-sha256", "x-amz-date",
  ]

  /// Signs a request and returns it as it must be sent.
  ///
  /// - Parameters:
  ///   - method: Such as `PUT`.
  ///   - host: As the header `host` will say it, with the port unless it is the scheme's own.
  ///   - path: Not encoded, from the first slash on: `/bucket/dt=2026-01-01/a b.parquet`.
  ///   - query: Not encoded; a parameter without a value has an empty one.
  ///   - headers: What else will be sent.
  ///   - payload: What is said of the body.
  ///   - date: The wall clock, in milliseconds since the Unix epoch.
  /// - Returns: The request line's target, and all headers with `authorization` among them.
  public func sign(
    method: String,
    host: String,
    path: String,
    query: [PercentEncoding.QueryItem] = [],
    headers: [(name: String, value: String)] = [],
    payload: Payload,
    date: Int64
  ) -> SignedS3Request {
    let timestamp = SigningTime.text(date)
    var sent: [(name: String, value: String)] = [("host", host)]
    sent += headers.filter { !Self.ownHeaders.contains($0.name.lowercased()) }
    sent.append(("x-amz-date", timestamp))
    sent.append(("x-amz-content-sha256", payload.text))
    let names = Self.signedNames(sent)
    let (encodedPath, rawQuery) = Self.encoded(path, query)
    let scope = scope(timestamp)
    let signature = signature(
      CanonicalRequest(
        method: method,
        rawPath: encodedPath,
        rawQuery: rawQuery,
        headers: HeaderTable(sent),
        signedHeaders: names,
        payloadHash: payload.text
      ),
      timestamp: timestamp
    )
    let authorization =
      "\(SignatureV4.algorithm) Credential=\(credentials.accessKeyID)/\(scope), "
      + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
    sent.append(("authorization", authorization))
    return SignedS3Request(
      method: method,
      target: Self.target(encodedPath, rawQuery),
      headers: sent
    )
  }

  /// Makes a URL's path and query that let whoever has them do one thing for a while.
  ///
  /// The bearer must send `headers` just so, besides `host`. It is good for `expiresSeconds`, up to a
  /// week, from `date` on; the other parameters are as for `sign`. Throws
  /// `AuthorizationQueryParametersError` for a time that S3 does not take.
  public func presign(
    method: String,
    host: String,
    path: String,
    query: [PercentEncoding.QueryItem] = [],
    headers: [(name: String, value: String)] = [],
    expiresSeconds: Int64,
    date: Int64
  ) throws(S3SignatureError) -> SignedS3Request {
    guard (1...S3Verifier.expiresSecondsMax).contains(expiresSeconds) else {
      throw S3SignatureError(
        .authorizationQueryParametersError,
        "A presigned URL cannot be good for \(expiresSeconds) seconds.",
        advice: "Choose between 1 second and \(S3Verifier.expiresSecondsMax), a week."
      )
    }
    let timestamp = SigningTime.text(date)
    var sent: [(name: String, value: String)] = [("host", host)]
    sent += headers.filter { !Self.ownHeaders.contains($0.name.lowercased()) }
    let names = Self.signedNames(sent)
    let parameters: [PercentEncoding.QueryItem] = [
      .init("X-Amz-Algorithm", SignatureV4.algorithm),
      .init("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(timestamp))"),
      .init("X-Amz-Date", timestamp),
      .init("X-Amz-Expires", String(expiresSeconds)),
      .init("X-Amz-SignedHeaders", names.joined(separator: ";")),
    ]
    let (encodedPath, rawQuery) = Self.encoded(path, query + parameters)
    let signature = signature(
      CanonicalRequest(
        method: method,
        rawPath: encodedPath,
        rawQuery: rawQuery,
        headers: HeaderTable(sent),
        signedHeaders: names,
        payloadHash: SignatureV4.unsignedPayload
      ),
      timestamp: timestamp
    )
    return SignedS3Request(
      method: method,
      target: Self.target(encodedPath, rawQuery + "&X-Amz-Signature=" + signature),
      headers: sent
    )
  }

  private static func signedNames(_ headers: [(name: String, value: String)]) -> [String] {
    Set(headers.map { $0.name.lowercased() }).subtracting(unsignedHeaders).sorted()
  }

  private static func encoded(
    _ path: String,
    _ query: [PercentEncoding.QueryItem]
  ) -> (path: String, query: String) {
    let encodedPath = PercentEncoding.encode(path, keepingSlashes: true)
    return (encodedPath.isEmpty ? "/" : encodedPath, PercentEncoding.query(query))
  }

  private static func target(_ path: String, _ query: String) -> String {
    query.isEmpty ? path : path + "?" + query
  }

  private func scope(_ timestamp: String) -> String {
    SignatureV4.scope(day: String(timestamp.prefix(8)), region: credentials.region)
  }

  private func signature(_ request: CanonicalRequest, timestamp: String) -> String {
    SignatureV4.signature(
      of: request.stringToSign(timestamp: timestamp, scope: scope(timestamp)),
      key: keys.key(credentials, day: String(timestamp.prefix(8)))
    )
  }
}

/// A request as it must be sent, for the signature covers it as it is.
public struct SignedS3Request: Sendable {
  public let method: String
  /// What stands in the request line: path and query, encoded.
  public let target: String
  /// All headers, `host` among them.
  public let headers: [(name: String, value: String)]

  /// The value of a header by its lower-case name; nil where there is none.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name }?.value
  }
}
