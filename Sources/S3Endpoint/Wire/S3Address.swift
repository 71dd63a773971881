internal import ObjectStorage

// Which bucket and which key a request is about.
//
//     Host: localhost:9000           /bucket/a/key    path style
//     Host: 127.0.0.1:9000           /bucket/         path style: the bucket itself
//     Host: bucket.localhost:9000    /a/key           virtual-host style
//     Host: bucket.s3.localhost      /                virtual-host style: the bucket itself
//
// A host that ends in none of the domains is taken for a name of this machine. Only the first slash of a
// path, or the one behind a bucket, separates; whatever follows is the key: `//`, `.`, `..` and a slash at
// the end stay in it, and it is decoded once.

/// A bucket and a key, each empty where the request names none.
package struct S3Address: Sendable, Hashable {
  package static let keyBytesMax = ObjectKey.bytesMax

  package var bucket: String
  package var key: String
  /// The bucket stands in the name of the host.
  package var isVirtualHosted: Bool

  /// - Parameters:
  ///   - host: the header `Host`, with or without a port; nil without the header.
  ///   - path: as sent, percent-encoded.
  ///   - domains: the names of this endpoint below which buckets are hosts.
  /// - Throws: `S3Error`: `invalidURI`, `invalidBucketName` or `keyTooLong`.
  package init(host: String?, path: String, domains: [String]) throws {
    guard path.utf8.first == UInt8(ascii: "/") else { throw S3Error(.invalidURI) }
    let path = path.utf8.dropFirst()
    let encodedKey: Substring.UTF8View
    if let bucket = host.flatMap({ Self.bucket(of: $0, domains: domains) }) {
      self.bucket = bucket
      encodedKey = path
      isVirtualHosted = true
    } else {
      let slash = path.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
      guard let bucket = PercentEncoding.decoded(path[..<slash], plusIsSpace: false) else {
        throw S3Error(.invalidURI)
      }
      self.bucket = bucket
      encodedKey = path[slash...].dropFirst()
      isVirtualHosted = false
    }
    guard let key = PercentEncoding.decoded(encodedKey, plusIsSpace: false) else {
      throw S3Error(.invalidURI)
    }
    self.key = key
    if !path.isEmpty || isVirtualHosted { try Self.checkBucket(bucket) }
    guard key.utf8.count <= Self.keyBytesMax else {
      throw S3Error.keyTooLong(bytes: key.utf8.count, maximum: Self.keyBytesMax)
    }
  }

  /// Throws `S3Error` of the code `invalidBucketName` with the reason.
  package static func checkBucket(_ name: String) throws {
    guard let problem = BucketName.problem(name) else { return }
    throw S3Error(
      .invalidBucketName,
      "The specified bucket is not valid: \(problem).",
      elements: ["BucketName": name]
    )
  }

  /// What stands before the longest domain that the host ends in; nil where it is none or nothing does.
  private static func bucket(of host: String, domains: [String]) -> String? {
    var name = host.lowercased()[...]
    // An address of IPv6 has brackets, and is no domain.
    guard name.first != "[" else { return nil }
    if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
    if name.last == "." { name.removeLast() }
    let domain = domains.filter { name == $0 || name.hasSuffix("." + $0) }
      .max { $0.utf8.count < $1.utf8.count }
    guard let domain, name.utf8.count > domain.utf8.count + 1 else { return nil }
    return String(name.dropLast(domain.count + 1))
  }
}
