// Says why bytes are not what Kafka's protocol allows, or why a value cannot be put into its bytes.

public import Diagnostics

/// What is wrong with bytes that claim to be Kafka's, and at which byte.
public struct KafkaProtocolError: DiagnosableError, Hashable {
  public enum Kind: String, Sendable {
    /// The bytes end before the structure does; more bytes may mend it.
    case truncated
    /// The checksum does not match the bytes it covers.
    case crcMismatch
    /// A length, count or delta contradicts the rest.
    case corrupt
    /// A format version other than record batch v2.
    case unsupportedMagic
    /// A codec that this program does not read.
    case unsupportedCompression
    /// More bytes than the caller or the format allows.
    case tooLarge
  }

  public var kind: Kind
  /// Where in the given bytes; inside a compressed batch, where in its unpacked records.
  public var byteOffset: Int
  public var message: String

  public init(_ kind: Kind, byteOffset: Int, _ message: String) {
    self.kind = kind
    self.byteOffset = byteOffset
    self.message = message
  }

  public var code: String { "kafka.\(kind.rawValue)" }
  public var place: String? { "byte \(byteOffset)" }
  public var fields: [String: String] {
    ["byteOffset": String(byteOffset), "message": message]
  }

  /// The error code that a Kafka broker answers for this on the wire.
  public var wireCode: Int16 {
    switch kind {
    case .truncated, .crcMismatch: 2  // CORRUPT_MESSAGE
    case .corrupt: 87  // INVALID_RECORD
    case .unsupportedMagic: 43  // UNSUPPORTED_FOR_MESSAGE_FORMAT
    case .unsupportedCompression: 76  // UNSUPPORTED_COMPRESSION_TYPE
    case .tooLarge: 10  // MESSAGE_TOO_LARGE
    }
  }
}
