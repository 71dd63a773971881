internal import Crypto
internal import Synchronization

/// The fixed words of AWS Signature Version 4 for S3.
enum SignatureV4 {
  static let algorithm = "AWS4-HMAC-SHA256"
  static let service = "s3"
  static let terminator = "aws4_request"
  static let unsignedPayload = "UNSIGNED-PAYLOAD"

  static func scope(day: String, region: String) -> String {
    "\(day)/\(region)/\(service)/\(terminator)"
  }

  static func signature(of stringToSign: String, key: SymmetricKey) -> String {
    let code = HMAC<SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: key)
    return Hexadecimal.text(code)
  }

  /// Compares in a time that does not tell how much of a guess was right.
  static func areEqual(_ one: String, _ other: String) -> Bool {
    let (left, right) = (Array(one.utf8), Array(other.utf8))
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }
}

/// Signing keys by secret, day and region, kept for the next request of the day.
///
/// Safe to share.
final class SigningKeys: Sendable {
  private struct Name: Hashable {
    var secret: String
    var day: String
    var region: String
  }

  private let known = Mutex<[Name: SymmetricKey]>([:])
  private static let knownMax = 64

  /// The key of a day such as `20130524`.
  func key(_ credentials: S3Credentials, day: String) -> SymmetricKey {
    let name = Name(secret: credentials.secretAccessKey, day: day, region: credentials.region)
    if let key = known.withLock({ $0[name] }) { return key }
    var key = SymmetricKey(data: Array("AWS4\(name.secret)".utf8))
    for word in [day, name.region, SignatureV4.service, SignatureV4.terminator] {
      key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(word.utf8), using: key))
    }
    known.withLock {
      if $0.count >= Self.knownMax { $0.removeAll(keepingCapacity: true) }
      $0[name] = key
    }
    return key
  }
}
