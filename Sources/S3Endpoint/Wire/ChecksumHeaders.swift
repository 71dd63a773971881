package import HTTPServer
internal import ObjectStorage

/// What a request says of checksums in its headers.
package struct ChecksumHeaders: Sendable, Hashable {
  /// The value of the one header `x-amz-checksum-…`; nil where there is none, or it follows the body.
  package var checksum: WireChecksum?
  /// `x-amz-checksum-algorithm` or `x-amz-sdk-checksum-algorithm`, in capitals; nil for neither.
  package var algorithm: String?
  /// `FULL_OBJECT` or `COMPOSITE`; nil where it was not said.
  package var type: String?
  /// `x-amz-checksum-mode: ENABLED`: the answer shall tell the object's checksum.
  package var isAskedFor: Bool
  /// The MD5 of the body, 16 bytes; nil without the header.
  package var contentMD5: [UInt8]?

  /// Throws `S3Error`: `invalidRequest` for two checksums or an algorithm that is not computed here,
  /// `invalidArgument` for a value of another length, `invalidDigest` for an MD5 that is none.
  package init(_ headers: [HTTPHeader]) throws {
    let prefix = "x-amz-checksum-"
    let others = ["algorithm", "mode", "type"]
    for header in headers where header.begins(with: prefix) {
      let name = header.name.dropFirst(prefix.count).lowercased()
      guard !others.contains(name) else { continue }
      guard checksum == nil else {
        throw S3Error(
          .invalidRequest,
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
      }
      checksum = try WireChecksum(
        checking: String(header.value[...].trimmingSpaces()),
        algorithm: name.uppercased()
      )
    }
    let algorithm =
      headers.value("x-amz-checksum-algorithm") ?? headers.value("x-amz-sdk-checksum-algorithm")
    self.algorithm = algorithm?.uppercased()
    if let name = self.algorithm, ChecksumAlgorithm(rawValue: name) == nil {
      throw WireChecksum.unknownAlgorithm()
    }
    type = headers.value("x-amz-checksum-type")?.uppercased()
    guard [nil, "FULL_OBJECT", "COMPOSITE"].contains(type) else {
      throw S3Error(.invalidRequest, "Value for x-amz-checksum-type header is invalid.")
    }
    isAskedFor = headers.value("x-amz-checksum-mode")?.uppercased() == "ENABLED"
    if let text = headers.value("content-md5") {
      guard let digest = Base64.bytes(text), digest.count == 16 else {
        throw S3Error(.invalidDigest, elements: ["Content-MD5": text])
      }
      contentMD5 = digest
    }
  }
}
