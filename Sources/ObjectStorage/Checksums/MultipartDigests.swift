internal import Codecs
internal import Crypto

/// What an object of several parts is known by, from what its parts are known by.
///
/// Parts are given in the order of their numbers.
public enum MultipartDigests {
  /// The entity tag of the object: MD5 of the parts' MD5s, a hyphen and how many there are.
  ///
  /// Nil where there are no parts, or one's tag is not the MD5 of its bytes. Quotes are left away.
  public static func entityTag(partTags: [String]) -> String? {
    guard !partTags.isEmpty else { return nil }
    var md5 = Insecure.MD5()
    for tag in partTags {
      var digits = Array(tag.utf8)[...]
      if digits.count == 34, digits.first == UInt8(ascii: "\""), digits.last == digits.first {
        digits = digits.dropFirst().dropLast()
      }
      guard digits.count == 32, let bytes = Hexadecimal.bytes(digits) else { return nil }
      md5.update(data: bytes)
    }
    return "\(Hexadecimal.text(md5.finalize()))-\(partTags.count)"
  }

  /// The checksum of the parts' checksums (`COMPOSITE`).
  ///
  /// Nil where there are no parts, the algorithm has none, or a part's checksum is by another one or
  /// itself composite.
  public static func compositeChecksum(
    _ algorithm: ChecksumAlgorithm,
    of parts: [ObjectChecksum]
  ) -> ObjectChecksum? {
    guard algorithm.canBeComposite, !parts.isEmpty else { return nil }
    var sum = RunningChecksum(algorithm)
    for part in parts {
      guard let digest = digest(of: part, algorithm) else { return nil }
      digest.withUnsafeBytes { sum.update($0) }
    }
    return ObjectChecksum(algorithm, digest: sum.digest, partCount: parts.count)
  }

  /// The checksum of the whole object's bytes (`FULL_OBJECT`), without reading them again.
  ///
  /// Nil where there are no parts, the algorithm is no CRC, or a part does not fit.
  public static func fullObjectChecksum(
    _ algorithm: ChecksumAlgorithm,
    of parts: [(checksum: ObjectChecksum, byteCount: Int)]
  ) -> ObjectChecksum? {
    guard algorithm.canCoverMultipartObject, !parts.isEmpty else { return nil }
    var whole: UInt64 = 0
    for part in parts {
      guard part.byteCount >= 0, let digest = digest(of: part.checksum, algorithm) else {
        return nil
      }
      let sum = digest.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      whole = combined(algorithm, whole, sum, secondByteCount: part.byteCount)
    }
    return ObjectChecksum(
      algorithm,
      digest: Array(bigEndianBytes(whole).suffix(algorithm.byteCount))
    )
  }

  private static func combined(
    _ algorithm: ChecksumAlgorithm,
    _ first: UInt64,
    _ second: UInt64,
    secondByteCount count: Int
  ) -> UInt64 {
    let (short, shortSecond) = (
      UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: second)
    )
    return switch algorithm {
    case .crc32: UInt64(CRC32.combine(short, shortSecond, secondByteCount: count))
    case .crc32c: UInt64(CRC32C.combine(short, shortSecond, secondByteCount: count))
    case .crc64nvme: CRC64NVME.combine(first, second, secondByteCount: count)
    case .sha1, .sha256: second
    }
  }

  private static func digest(
    of part: ObjectChecksum,
    _ algorithm: ChecksumAlgorithm
  ) -> [UInt8]? {
    guard part.algorithm == algorithm, !part.isComposite else { return nil }
    let digest = part.digest
    return digest.count == algorithm.byteCount ? digest : nil
  }
}
