/// What may name a bucket, by S3's rules.
public enum BucketName {
  private static let prefixes = ["xn--", "sthree-", "amzn-s3-demo-"]
  private static let suffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]

  /// Throws `invalidBucketName` with what is wrong.
  public static func check(_ name: String) throws {
    func refuse(_ reason: String) -> ObjectStorageError {
      ObjectStorageError(
        .invalidBucketName, key: name, "\"\(name)\" cannot name a bucket: it \(reason).",
        advice: "Use 3 to 63 lower-case letters, digits and hyphens, such as app-events-raw.")
    }
    let bytes = Array(name.utf8)
    guard (3...63).contains(bytes.count) else { throw refuse("has \(bytes.count) characters") }
    guard bytes.allSatisfy({ isLetterOrDigit($0) || $0 == dot || $0 == hyphen }) else {
      throw refuse("has other characters than lower-case letters, digits, hyphens and dots")
    }
    guard let first = bytes.first, let last = bytes.last, isLetterOrDigit(first),
      isLetterOrDigit(last)
    else { throw refuse("does not begin and end with a letter or digit") }
    if zip(bytes, bytes.dropFirst()).contains(where: { $0 == dot && $1 == dot }) {
      throw refuse("has two dots side by side")
    }
    let parts = name.split(separator: ".")
    if parts.count == 4, parts.allSatisfy({ $0.utf8.allSatisfy(isDigit) }) {
      throw refuse("looks like an IP address")
    }
    if let taken = prefixes.first(where: name.hasPrefix) ?? suffixes.first(where: name.hasSuffix) {
      throw refuse("has \"\(taken)\", which S3 keeps for itself")
    }
  }

  private static let dot = UInt8(ascii: ".")
  private static let hyphen = UInt8(ascii: "-")

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
  }
}
