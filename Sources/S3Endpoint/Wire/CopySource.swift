package import HTTPServer
internal import ObjectStorage

/// What a copy is made from: the header `x-amz-copy-source`.
package struct CopySource: Sendable, Hashable {
  package var bucket: String
  package var key: String
  /// Nil for the current version.
  package var versionID: String?

  package init(bucket: String, key: String, versionID: String? = nil) {
    self.bucket = bucket
    self.key = key
    self.versionID = versionID
  }

  /// Reads `bucket/key`, `/bucket/key` or either with `?versionId=…`, percent-encoded.
  ///
  /// Some SDKs encode the slash as well. A question mark of the key is encoded, so the version begins at
  /// the last one that is not.
  ///
  /// Throws `S3Error` of the code `invalidArgument`.
  package init(header: String) throws {
    var path = header[...]
    if let question = path.lastIndex(of: "?"), path[question...].hasPrefix("?versionId=") {
      versionID = PercentEncoding.decoded(
        path[question...].utf8.dropFirst("?versionId=".utf8.count),
        plusIsSpace: false
      )
      guard versionID?.isEmpty == false else {
        throw Self.refused(header, "Version id cannot be the empty string")
      }
      path = path[..<question]
    }
    guard let decoded = PercentEncoding.decoded(path.utf8, plusIsSpace: false)?.utf8 else {
      throw Self.refused(header, "Invalid copy source encoding")
    }
    let names = decoded.first == UInt8(ascii: "/") ? decoded.dropFirst() : decoded[...]
    guard let slash = names.firstIndex(of: UInt8(ascii: "/")),
      names.index(after: slash) < names.endIndex
    else {
      throw Self.refused(
        header,
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
      )
    }
    bucket = String(Substring(names[..<slash]))
    key = String(Substring(names[slash...].dropFirst()))
    guard BucketName.problem(bucket) == nil else {
      throw Self.refused(header, "Invalid copy source bucket name")
    }
    guard key.utf8.count <= S3Address.keyBytesMax else {
      throw S3Error.keyTooLong(bytes: key.utf8.count, maximum: S3Address.keyBytesMax)
    }
  }

  private static func refused(_ header: String, _ message: String) -> S3Error {
    S3Error.invalidArgument("x-amz-copy-source", header, message)
  }
}

/// Whose metadata the copy of an object has: the header `x-amz-metadata-directive`.
package enum MetadataDirective: String, Sendable, Hashable {
  /// The source's.
  case copy = "COPY"
  /// The request's.
  case replace = "REPLACE"

  /// Reads the header; without it the source's are copied.
  ///
  /// Throws `S3Error` of the code `invalidArgument`.
  package init(_ headers: [HTTPHeader]) throws {
    guard let text = headers.value("x-amz-metadata-directive") else {
      self = .copy
      return
    }
    guard let directive = MetadataDirective(rawValue: text) else {
      throw S3Error.invalidArgument(
        "x-amz-metadata-directive",
        text,
        "Unknown metadata directive."
      )
    }
    self = directive
  }
}
