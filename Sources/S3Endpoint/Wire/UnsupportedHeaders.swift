package import HTTPServer

/// Headers that ask for what is not done here, and would be a lie to pass over in silence.
package enum UnsupportedHeaders {
  private static let prefixes = [
    "x-amz-server-side-encryption", "x-amz-copy-source-server-side-encryption",
    "x-amz-object-lock-", "x-amz-grant-",
  ]
  private static let names = [
    "x-amz-website-redirect-location", "x-amz-tagging", "x-amz-write-offset-bytes",
    "x-amz-rename-source", "x-amz-mfa", "x-amz-if-match-size", "x-amz-if-match-last-modified-time",
    "x-amz-bucket-namespace",
  ]
  /// What every bucket grants anyway.
  private static let grants = ["private", "bucket-owner-full-control", "bucket-owner-read"]

  /// Throws `S3Error`: `notImplemented` with the header's name, or `accessControlListNotSupported` for an
  /// ACL that would let others in.
  package static func check(_ headers: [HTTPHeader]) throws {
    for header in headers where header.begins(with: "x-amz-") {
      let value = header.value[...].trimmingSpaces()
      if header.isCalled("x-amz-acl"), !grants.contains(String(value)) {
        throw S3Error(.accessControlListNotSupported)
      }
      let isOff =
        value.isEmpty
        || header.isCalled("x-amz-bucket-object-lock-enabled") && value.lowercased() == "false"
      guard !isOff else { continue }
      if prefixes.contains(where: { header.begins(with: $0) })
        || names.contains(where: { header.isCalled($0) })
        || header.isCalled("x-amz-bucket-object-lock-enabled")
      {
        throw S3Error.unsupportedHeader(header.name.lowercased())
      }
    }
  }
}
