/// S3's rules for names of buckets, which must also do as names of hosts and of directories.
public enum BucketName {
  private static let reservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"]
  private static let reservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]

  /// Why a bucket cannot have this name; nil where it can.
  public static func problem(_ name: String) -> String? {
    let bytes = Array(name.utf8)
    guard (3...63).contains(bytes.count) else { return "it must have 3 to 63 characters" }
    guard bytes.allSatisfy({ isLetterOrDigit($0) || isDot($0) || isHyphen($0) }) else {
      return "it may have small letters, digits, dots and hyphens only"
    }
    guard isLetterOrDigit(bytes[0]), isLetterOrDigit(bytes[bytes.count - 1]) else {
      return "it must begin and end with a letter or a digit"
    }
    for (left, right) in zip(bytes, bytes.dropFirst())
    where isDot(left) && !isLetterOrDigit(right) || isDot(right) && !isLetterOrDigit(left) {
      return "letters or digits must stand on both sides of a dot"
    }
    let labels = name.split(separator: ".")
    guard labels.count != 4 || !labels.allSatisfy({ $0.allSatisfy(\.isNumber) }) else {
      return "it must not look like an IP address"
    }
    if let prefix = reservedPrefixes.first(where: name.hasPrefix) {
      return "names that begin with \(prefix) are reserved"
    }
    if let suffix = reservedSuffixes.first(where: name.hasSuffix) {
      return "names that end with \(suffix) are reserved"
    }
    return nil
  }

  /// Throws `invalidBucketName` with what is wrong.
  public static func check(_ name: String) throws {
    guard let problem = problem(name) else { return }
    throw ObjectStorageError(
      .invalidBucketName, key: name, "\"\(name)\" cannot name a bucket: \(problem).",
      advice: "Use 3 to 63 lower-case letters, digits and hyphens, such as app-events-raw.")
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  private static func isDot(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") }
  private static func isHyphen(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") }
}
