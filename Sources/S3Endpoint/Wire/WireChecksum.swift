internal import ObjectStorage

/// A checksum as a client gives it: an algorithm's name, and a value in Base64.
package struct WireChecksum: Sendable, Hashable {
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
    guard let known = ChecksumAlgorithm(rawValue: algorithm) else { throw Self.unknownAlgorithm() }
    guard Base64.bytes(value)?.count == known.byteCount else {
      throw S3Error.invalidArgument(
        "x-amz-checksum-\(algorithm.lowercased())",
        value,
        "Value for x-amz-checksum-\(algorithm.lowercased()) header is invalid."
      )
    }
    self.init(algorithm: algorithm, value: value)
  }

  static func unknownAlgorithm() -> S3Error {
    let names = ChecksumAlgorithm.allCases.map(\.rawValue).sorted().joined(separator: ", ")
    return S3Error(
      .invalidRequest,
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        + "[\(names)]"
    )
  }
}
