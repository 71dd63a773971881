internal import Codecs
internal import Crypto

/// A checksum that is fed piece by piece.
public struct RunningChecksum: Sendable {
  private enum State: Sendable {
    case crc32(UInt32)
    case crc32c(UInt32)
    case crc64nvme(UInt64)
    case sha1(Insecure.SHA1)
    case sha256(SHA256)
    /// While a hash is being fed, so that nothing else refers to it and it is not copied.
    case lent
  }

  public let algorithm: ChecksumAlgorithm
  private var state: State

  public init(_ algorithm: ChecksumAlgorithm) {
    self.algorithm = algorithm
    state =
      switch algorithm {
      case .crc32: .crc32(0)
      case .crc32c: .crc32c(0)
      case .crc64nvme: .crc64nvme(0)
      case .sha1: .sha1(Insecure.SHA1())
      case .sha256: .sha256(SHA256())
      }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .crc32(let sum): state = .crc32(CRC32.checksum(bytes, previous: sum))
    case .crc32c(let sum): state = .crc32c(CRC32C.checksum(bytes, previous: sum))
    case .crc64nvme(let sum): state = .crc64nvme(CRC64NVME.checksum(bytes, previous: sum))
    case .sha1(var hash):
      state = .lent
      hash.update(bufferPointer: bytes)
      state = .sha1(hash)
    case .sha256(var hash):
      state = .lent
      hash.update(bufferPointer: bytes)
      state = .sha256(hash)
    case .lent: break
    }
  }

  /// The checksum of what has been fed so far; more may follow.
  public func finalize() -> ObjectChecksum {
    ObjectChecksum(algorithm, digest: digest)
  }

  var digest: [UInt8] {
    switch state {
    case .crc32(let sum), .crc32c(let sum): bigEndianBytes(sum)
    case .crc64nvme(let sum): bigEndianBytes(sum)
    case .sha1(let hash): Array(hash.finalize())
    case .sha256(let hash): Array(hash.finalize())
    case .lent: []
    }
  }
}

func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.bigEndian) { Array($0) }
}
