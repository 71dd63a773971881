internal import Crypto

/// The chain of signatures through an `aws-chunked` body: each chunk's covers the one before it.
struct ChunkSignatures {
  private let seed: ChunkSigningSeed
  private var previous: String
  private var hash = SHA256()

  private static let emptyHash = S3Signer.Payload.empty.text

  init(seed: ChunkSigningSeed) {
    self.seed = seed
    previous = seed.signature
  }

  /// Takes bytes of the current chunk.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    hash.update(bufferPointer: bytes)
  }

  /// Ends the current chunk, which claims a signature and begins at byte `start` of the object.
  mutating func endChunk(claimed: String, start: Int) throws(S3SignatureError) {
    let digits = Hexadecimal.text(hash.finalize())
    hash = SHA256()
    try check(
      claimed,
      over: "AWS4-HMAC-SHA256-PAYLOAD\n\(seed.timestamp)\n\(seed.scope)\n\(previous)\n"
        + "\(Self.emptyHash)\n\(digits)",
      what: "the chunk at byte \(start) of the object"
    )
  }

  /// Ends the trailing headers; `text` is each as `name:value` and a line feed.
  mutating func endTrailers(claimed: String, text: String) throws(S3SignatureError) {
    let digits = Hexadecimal.text(SHA256.hash(data: Array(text.utf8)))
    try check(
      claimed,
      over: "AWS4-HMAC-SHA256-TRAILER\n\(seed.timestamp)\n\(seed.scope)\n\(previous)\n\(digits)",
      what: "the trailing headers"
    )
  }

  private mutating func check(
    _ claimed: String,
    over stringToSign: String,
    what: String
  ) throws(S3SignatureError) {
    let signature = SignatureV4.signature(of: stringToSign, key: seed.key)
    guard SignatureV4.areEqual(signature, claimed) else {
      throw .chunkDiffers(what, stringToSign: stringToSign, provided: claimed)
    }
    previous = signature
  }
}
