/// The checksums that S3's clients may send with an object and ask for; raw values as on the wire.
public enum ChecksumAlgorithm: String, Sendable, CaseIterable, Codable {
  case crc32 = "CRC32"
  case crc32c = "CRC32C"
  case sha1 = "SHA1"
  case sha256 = "SHA256"
  case crc64nvme = "CRC64NVME"

  /// The header or trailer that carries a value, in lower case: `x-amz-checksum-crc32`.
  public var headerName: String { Self.headerPrefix + rawValue.lowercased() }

  /// The element that carries a value in S3's documents: `ChecksumCRC32`.
  public var elementName: String { "Checksum" + rawValue }

  /// What the names of all checksum headers begin with.
  public static let headerPrefix = "x-amz-checksum-"

  /// The algorithm whose values a header carries, in any case; nil for other headers.
  public init?(headerName: String) {
    let name = headerName.lowercased()
    guard let found = Self.allCases.first(where: { $0.headerName == name }) else { return nil }
    self = found
  }

  /// Bytes of a digest.
  public var byteCount: Int {
    switch self {
    case .crc32, .crc32c: 4
    case .crc64nvme: 8
    case .sha1: 20
    case .sha256: 32
    }
  }

  /// Whether an object of several parts may carry the checksum of its whole bytes (`FULL_OBJECT`).
  ///
  /// Only where that follows from the checksums of the parts.
  public var canCoverMultipartObject: Bool {
    switch self {
    case .crc32, .crc32c, .crc64nvme: true
    case .sha1, .sha256: false
    }
  }

  /// Whether an object of several parts may carry a checksum of their checksums (`COMPOSITE`).
  public var canBeComposite: Bool { self != .crc64nvme }
}
