/// One checksum of an object or of a part.
public struct ObjectChecksum: Sendable, Hashable, Codable {
  public let algorithm: ChecksumAlgorithm
  /// As S3 writes it: base64 of the digest, and `-N` behind it for the checksum of N parts' checksums.
  public let value: String
  /// False where the digest is of the bytes themselves.
  public let isComposite: Bool

  /// The most parts that an object may have.
  public static let partsMax = 10_000

  /// The checksum of bytes; the digest has the algorithm's `byteCount`.
  init(_ algorithm: ChecksumAlgorithm, digest: [UInt8]) {
    self.algorithm = algorithm
    value = Base64.text(digest)
    isComposite = false
  }

  /// The checksum of the checksums of `partCount` parts.
  init(_ algorithm: ChecksumAlgorithm, digest: [UInt8], partCount: Int) {
    self.algorithm = algorithm
    value = "\(Base64.text(digest))-\(partCount)"
    isComposite = true
  }

  /// Reads a header's or a document's value; nil where it is no checksum of this algorithm.
  public init?(_ algorithm: ChecksumAlgorithm, value: String) {
    let parts = value.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let digest = Base64.bytes(String(first)),
      digest.count == algorithm.byteCount
    else { return nil }
    guard parts.count == 2 else {
      self.init(algorithm, digest: digest)
      return
    }
    guard algorithm.canBeComposite, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let count = Int(parts[1]), (1...Self.partsMax).contains(count)
    else { return nil }
    self.init(algorithm, digest: digest, partCount: count)
  }

  /// The bytes of the digest, most significant first.
  ///
  /// Empty where `value` was decoded from a file that does not hold base64.
  public var digest: [UInt8] {
    Base64.bytes(String(value.prefix { $0 != "-" })) ?? []
  }

  /// What `x-amz-checksum-type` says of it.
  public var typeName: String { isComposite ? "COMPOSITE" : "FULL_OBJECT" }
}
