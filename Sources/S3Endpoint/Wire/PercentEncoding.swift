// Percent-encoding as S3 reads and writes it.
//
// Read: in a path, and in `x-amz-copy-source`, `+` is a plus sign; in a query it is a space, as in HTML
// forms. Every `%` begins two hexadecimal digits, and what comes out is UTF-8; else the URI is refused.
// Nothing is decoded twice.
//
// Written, in lists with `encoding-type=url`: as HTML forms do it, but with the slash left alone.
// A space is `+`, a plus sign `%2B`, and only `A-Z a-z 0-9 - _ . * /` stay as they are; what is not
// ASCII is the bytes of its UTF-8, in capitals.

/// Whether keys in a list are percent-encoded: the parameter `encoding-type`.
package enum KeyEncoding: Sendable, Hashable {
  case plain, url
}

/// Percent-encoding in both directions.
enum PercentEncoding {
  /// The text that `encoded` stands for; nil for a broken escape, or what is not UTF-8.
  static func decoded(_ encoded: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.count)
    var rest = encoded[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble)
        else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+"): bytes.append(plusIsSpace ? UInt8(ascii: " ") : byte)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Appends `key` as lists have it with `encoding-type=url`.
  static func append(listed key: String, to bytes: inout [UInt8]) {
    for byte in key.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "*"), UInt8(ascii: "/"):
        bytes.append(byte)
      case UInt8(ascii: " "): bytes.append(UInt8(ascii: "+"))
      default:
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digit(byte >> 4))
        bytes.append(digit(byte & 15))
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
