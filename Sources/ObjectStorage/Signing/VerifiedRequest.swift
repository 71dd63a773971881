internal import Crypto

/// A request whose signature is right, and whose body is still to be held against `payload`.
public struct VerifiedRequest: Sendable, Hashable {
  public let accessKeyID: String
  public let payload: PayloadHash
  /// True where the signature stood in the query: a link that somebody was given.
  public let isPresigned: Bool
  /// The headers that the signature covers, in lower case; others may have been changed on the way.
  public let signedHeaders: [String]
  /// When it was signed: milliseconds since the Unix epoch.
  public let signedMilliseconds: Int64
}

/// How a request's body is protected, by `x-amz-content-sha256`.
public enum PayloadHash: Sendable, Hashable {
  /// The SHA-256 of the body in 64 lower-case digits; see `check`.
  case sha256(String)
  /// Nothing is said of the body.
  case unsigned
  /// `aws-chunked` with a signature in every chunk, each over the one before it.
  case streamingSigned(seed: ChunkSigningSeed)
  /// The same, and signed headers behind the last chunk.
  case streamingSignedTrailer(seed: ChunkSigningSeed)
  /// `aws-chunked` without signatures, and headers behind the last chunk.
  case streamingUnsignedTrailer

  /// Whether the body is `aws-chunked` and must go through an `AWSChunkedDecoder`.
  public var isStreaming: Bool {
    switch self {
    case .sha256, .unsigned: false
    case .streamingSigned, .streamingSignedTrailer, .streamingUnsignedTrailer: true
    }
  }

  /// Throws `XAmzContentSHA256Mismatch` where the body's SHA-256 is not the signed one.
  ///
  /// `bodyHash` is 64 lower-case digits. Bodies without a signed hash pass.
  public func check(bodyHash: String) throws(S3SignatureError) {
    guard case .sha256(let signed) = self, signed != bodyHash else { return }
    throw .bodyHashDiffers(signed: signed, computed: bodyHash)
  }
}

/// What the first chunk's signature is built on: that of the headers, its key and its scope.
public struct ChunkSigningSeed: Sendable, Hashable, CustomStringConvertible {
  /// The signature of the headers, 64 lower-case digits.
  public let signature: String
  let timestamp: String
  let scope: String
  let key: SymmetricKey

  public static func == (one: ChunkSigningSeed, other: ChunkSigningSeed) -> Bool {
    one.signature == other.signature && one.timestamp == other.timestamp
      && one.scope == other.scope && one.key == other.key
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(signature)
  }

  /// Without the key.
  public var description: String { "ChunkSigningSeed(\(signature))" }
}
