internal import Crypto

/// Everything that S3 wants to know of a body, computed while it passes by once.
///
/// Each piece stays in the processor's cache while one hash after the other reads it.
public struct ObjectHasher: Sendable {
  private static let pieceSize = 64 * 1_024

  private var md5 = Insecure.MD5()
  private var checksums: [RunningChecksum]
  private let wanted: Set<ChecksumAlgorithm>
  private let wantsPayloadHash: Bool
  public private(set) var byteCount = 0

  /// - Parameters:
  ///   - checksums: The checksums to compute; MD5, the entity tag, always is.
  ///   - payloadHash: Whether to compute SHA-256 for `x-amz-content-sha256`.
  public init(checksums: Set<ChecksumAlgorithm> = [], payloadHash: Bool = false) {
    wanted = checksums
    wantsPayloadHash = payloadHash
    let computed = payloadHash ? checksums.union([.sha256]) : checksums
    self.checksums = ChecksumAlgorithm.allCases.filter(computed.contains).map(RunningChecksum.init)
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var start = 0
    while start < bytes.count {
      let end = start + min(Self.pieceSize, bytes.count - start)
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      md5.update(bufferPointer: piece)
      for index in checksums.indices { checksums[index].update(piece) }
      start = end
    }
    byteCount += bytes.count
  }

  /// The digests of what has been fed so far; more may follow.
  public func finalize() -> ObjectDigests {
    let hash = wantsPayloadHash ? checksums.first { $0.algorithm == .sha256 } : nil
    return ObjectDigests(
      byteCount: byteCount,
      md5: Array(md5.finalize()),
      sha256: hash.map { Hexadecimal.text($0.digest) },
      checksums: checksums.filter { wanted.contains($0.algorithm) }.map { $0.finalize() }
    )
  }
}

/// What an `ObjectHasher` has found.
public struct ObjectDigests: Sendable, Hashable {
  public let byteCount: Int
  /// 16 bytes.
  public let md5: [UInt8]
  /// The payload's hash as `x-amz-content-sha256` writes it; nil where it was not asked for.
  public let sha256: String?
  /// The checksums that were asked for, in the order of `ChecksumAlgorithm`.
  public let checksums: [ObjectChecksum]

  /// The entity tag of an object that was sent whole, without quotes.
  public var entityTag: String { Hexadecimal.text(md5) }

  /// MD5 as the header `content-md5` writes it.
  public var contentMD5: String { Base64.text(md5) }

  /// The checksum by one algorithm; nil where it was not asked for.
  public func checksum(_ algorithm: ChecksumAlgorithm) -> ObjectChecksum? {
    checksums.first { $0.algorithm == algorithm }
  }
}
