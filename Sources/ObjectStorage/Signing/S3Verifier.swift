// Who a request is from, by AWS Signature Version 4.
//
// 1. `S3Authorization` is read from the Authorization header or from a presigned URL's query.
// 2. It must name a known key, the right region and a time near enough; a URL must not be too old.
// 3. `CanonicalRequest` is built of what was sent, signed with the key of that day, and compared.
// 4. What the body must be is told by `VerifiedRequest.payload`: `AWSChunkedDecoder` and `ObjectHasher`
//    hold the bytes against it while they come in.

/// Verifies signed requests and presigned URLs.
///
/// Safe to share; keys are derived once a day.
public struct S3Verifier: Sendable {
  /// How far a signature's time may be from the server's, in milliseconds.
  public static let skewMillisecondsMax: Int64 = 15 * 60 * 1_000
  /// How long a presigned URL may be good for, in seconds.
  public static let expiresSecondsMax: Int64 = 7 * 86_400

  private let credentials: [String: S3Credentials]
  private let keys = SigningKeys()

  /// A verifier that knows these keys; of several with one access key the last counts.
  public init(credentials: [S3Credentials]) {
    self.credentials = Dictionary(
      credentials.map { ($0.accessKeyID, $0) },
      uniquingKeysWith: { $1 }
    )
  }

  /// Finds out who signed a request, without its body.
  ///
  /// - Parameters:
  ///   - method: Such as `GET`.
  ///   - rawPath: The path of the request line as it was sent.
  ///   - rawQuery: What follows the question mark, as it was sent; empty for none.
  ///   - headers: All headers as they were sent, `host` with its port among them.
  ///   - now: The wall clock, in milliseconds since the Unix epoch.
  /// - Returns: Who sent it, and what its body must be.
  /// - Throws: The refusal, with S3's code.
  public func verify(
    method: String,
    rawPath: String,
    rawQuery: String,
    headers: [(name: String, value: String)],
    now: Int64
  ) throws(S3SignatureError) -> VerifiedRequest {
    let table = HeaderTable(headers)
    let claim = try S3Authorization.read(headers: table, rawQuery: rawQuery)
    guard let owner = credentials[claim.accessKeyID] else { throw .unknownKey(claim.accessKeyID) }
    if claim.region != owner.region {
      throw .wrongRegion(claim.region, expected: owner.region, isPresigned: claim.isPresigned)
    }
    try checkTime(claim, now: now)
    let unsigned = Self.unsignedHeaders(table, claim)
    if !unsigned.isEmpty { throw .notSigned(unsigned) }

    let payloadText = try Self.payloadText(table, claim, rawQuery: rawQuery)
    let canonical = CanonicalRequest(
      method: method,
      rawPath: rawPath,
      rawQuery: rawQuery,
      headers: table,
      signedHeaders: claim.signedHeaders,
      payloadHash: payloadText,
      leavingOut: claim.isPresigned ? "X-Amz-Signature" : nil
    )
    let stringToSign = canonical.stringToSign(timestamp: claim.timestamp, scope: claim.scope)
    let key = keys.key(owner, day: claim.day)
    let signature = SignatureV4.signature(of: stringToSign, key: key)
    guard SignatureV4.areEqual(signature, claim.signature) else {
      throw .signatureDiffers(
        claim,
        canonicalRequest: canonical.text,
        stringToSign: stringToSign
      )
    }
    let seed = ChunkSigningSeed(
      signature: signature,
      timestamp: claim.timestamp,
      scope: claim.scope,
      key: key
    )
    return VerifiedRequest(
      accessKeyID: claim.accessKeyID,
      payload: try PayloadHash.read(payloadText, seed: seed),
      isPresigned: claim.isPresigned,
      signedHeaders: claim.signedHeaders,
      signedMilliseconds: claim.milliseconds
    )
  }

  private func checkTime(_ claim: S3Authorization, now: Int64) throws(S3SignatureError) {
    let skewMax = Self.skewMillisecondsMax
    if let expires = claim.expires {
      let end = claim.milliseconds + expires * 1_000
      if now > end { throw .expired(at: end, now: now) }
      if claim.milliseconds - skewMax > now {
        throw .notYetValid(from: claim.milliseconds, now: now)
      }
    } else if claim.milliseconds - skewMax > now || claim.milliseconds + skewMax < now {
      throw .skewed(signed: claim.milliseconds, now: now, skewMax: skewMax)
    }
  }

  /// What must be signed and is not: the host, and what S3 takes orders from.
  ///
  /// The payload's hash is part of what is signed wherever it stands.
  private static func unsignedHeaders(_ table: HeaderTable, _ claim: S3Authorization) -> [String] {
    let signed = Set(claim.signedHeaders)
    var names = table.names.filter {
      $0.hasPrefix("x-amz-") && $0 != "x-amz-content-sha256" && !signed.contains($0)
    }
    if !signed.contains("host") { names.append("host") }
    return names.sorted()
  }

  /// What stands for the body in the signature; a URL is made before its body is known.
  private static func payloadText(
    _ table: HeaderTable,
    _ claim: S3Authorization,
    rawQuery: String
  ) throws(S3SignatureError) -> String {
    let header = table["x-amz-content-sha256"]
    guard claim.isPresigned else {
      guard let header else { throw .payloadHash(nil) }
      return header
    }
    let items = PercentEncoding.queryItems(rawQuery)
    if let value = items.first(where: { $0.name == "X-Amz-Content-Sha256" })?.value { return value }
    if let header, claim.signedHeaders.contains("x-amz-content-sha256") { return header }
    return SignatureV4.unsignedPayload
  }
}

extension PayloadHash {
  /// Reads `x-amz-content-sha256`.
  static func read(
    _ text: String,
    seed: ChunkSigningSeed
  ) throws(S3SignatureError) -> PayloadHash {
    switch text {
    case SignatureV4.unsignedPayload: return .unsigned
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": return .streamingUnsignedTrailer
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": return .streamingSigned(seed: seed)
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": return .streamingSignedTrailer(seed: seed)
    default:
      guard text.utf8.count == 64, Hexadecimal.bytes(text.utf8) != nil, text == text.lowercased()
      else { throw .payloadHash(text) }
      return .sha256(text)
    }
  }
}
