internal import Crypto

/// Names for versions and uploads: the same story gives the same ones, and their order is that of time.
///
/// Ten digits of a number, in an alphabet whose order is that of bytes, and 22 that follow from a seed,
/// so that nobody guesses the next one.
struct VersionID {
  /// How S3 names the version that has no id.
  static let null = "null"

  private static let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)
  private static let numberDigits = 10
  private static let digits = 32

  /// Whose ids these are.
  let seed: UInt64
  let bucket: String
  let kind: String

  func text(_ number: Int64) -> String {
    var text: [UInt8] = []
    for digit in 0..<Self.numberDigits {
      let shift = UInt64(5 * (Self.numberDigits - 1 - digit))
      text.append(Self.alphabet[Int(UInt64(bitPattern: number) >> shift & 31)])
    }
    var hash = SHA256()
    hash.update(data: Array("\(seed)/\(kind)/\(number)/\(bucket)".utf8))
    for byte in hash.finalize().prefix(Self.digits - Self.numberDigits) {
      text.append(Self.alphabet[Int(byte & 31)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Sixteen hexadecimal digits that stand for a key in the name of a file.
  static func shortHash(_ key: String) -> String {
    Hexadecimal.text(SHA256.hash(data: Array(key.utf8)).prefix(8))
  }

  /// The number of an id, which need not exist any more; nil where it is none of ours.
  static func number(of text: String) -> Int64? {
    guard text.utf8.count == digits else { return nil }
    var number: Int64 = 0
    for byte in text.utf8.prefix(numberDigits) {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      number = number << 5 | Int64(value)
    }
    return number
  }
}
