/// A checksum as a client gives it: an algorithm's name, and a value in Base64.
package struct WireChecksum: Sendable, Hashable {
  /// The algorithms that are computed here, with the bytes of their values.
  package static let algorithms: KeyValuePairs<String, Int> = [
    "CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32,
  ]

  /// In capitals, such as `CRC64NVME`.
  package var algorithm: String
  package var value: String

  package init(algorithm: String, value: String) {
    self.algorithm = algorithm
    self.value = value
  }

  /// A value from outside.
  ///
  /// Throws `S3Error`: `invalidRequest` for an algorithm that is not computed here, `invalidArgument`
  /// for a value that is not Base64 of the algorithm's length.
  package init(checking value: String, algorithm: String) throws {
    guard let length = Self.algorithms.first(where: { $0.key == algorithm })?.value else {
      throw Self.unknownAlgorithm()
    }
    guard Base64.decoded(value)?.count == length else {
      throw S3Error.invalidArgument(
        "x-amz-checksum-\(algorithm.lowercased())",
        value,
        "Value for x-amz-checksum-\(algorithm.lowercased()) header is invalid."
      )
    }
    self.init(algorithm: algorithm, value: value)
  }

  static func unknownAlgorithm() -> S3Error {
    let names = algorithms.map(\.key).joined(separator: ", ")
    return S3Error(
      .invalidRequest,
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        + "[\(names)]"
    )
  }
}

/// Base64 with its padding, as digests in headers have it.
enum Base64 {
  /// The bytes; nil for anything that is not whole Base64 without white space.
  static func decoded(_ text: String) -> [UInt8]? {
    let utf8 = Array(text.utf8)
    guard utf8.count % 4 == 0 else { return nil }
    let padding = utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(utf8.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    for byte in utf8.dropLast(padding) {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return output
  }
}
