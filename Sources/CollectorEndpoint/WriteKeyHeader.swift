// Where a request carries its write key: `X-Write-Key: KEY`, or HTTP Basic with the key as the user and
// no password, which is what `curl -u KEY:` sends.

internal import HTTPServer

enum WriteKeyHeader {
  /// The key; nil where the request has none, and empty for credentials that cannot be read.
  static func key(of request: HTTPRequest) -> String? {
    if let key = request.header("x-write-key") { return key }
    guard let credentials = request.header("authorization") else { return nil }
    let parts = credentials.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic", let plain = decoded(parts[1]) else {
      return "?"
    }
    let user = plain.prefix { $0 != UInt8(ascii: ":") }
    return String(decoding: user, as: UTF8.self)
  }

  /// The bytes of Base64 with or without padding; nil for anything else.
  private static func decoded(_ text: Substring) -> [UInt8]? {
    var output: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in text.utf8 {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="), UInt8(ascii: " "): continue
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return output
  }
}
