internal import ObjectStorage

/// Between keys below the lake's directory and the URIs that clients write: `s3://lake/processed/t`.
package struct HiveLocations: Hashable, Sendable {
  /// The bucket that the lake is to S3's clients.
  package var bucket: String

  package init(bucket: String = "lake") {
    self.bucket = bucket
  }

  package func uri(_ key: String) -> String { "s3://\(bucket)/\(key)" }

  /// The key that a URI means, without slashes at its end; nil for another bucket, another scheme,
  /// or the bucket as a whole.
  package func key(_ uri: String) -> String? {
    guard let scheme = ["s3://", "s3a://", "s3n://"].first(where: { uri.hasPrefix($0) }),
      uri.dropFirst(scheme.count).hasPrefix(bucket + "/")
    else { return nil }
    var key = uri.dropFirst(scheme.count + bucket.count + 1)
    while key.last == "/" { key.removeLast() }
    return ObjectKey.isPlain(String(key)) ? String(key) : nil
  }
}
