// The names of a table's files: the directory of a partition, and how the log spells a path.

internal import ObjectStorage

/// Paths inside a table: percent-encoded in the log, and partition directories as Hive names them.
enum TablePath {
  /// A path as `add.path` spells it: every byte that is not plain becomes `%XX`.
  static func encode(_ path: String) -> String {
    PercentEncoding.encode(path) { byte in
      isAlphanumeric(byte) || [0x2D, 0x2E, 0x5F, 0x7E, 0x2F, 0x3D].contains(byte)
    }
  }

  /// The path that `add.path` means; a `%` that starts no escape stands for itself.
  static func decode(_ text: String) -> String { PercentEncoding.decode(text) }

  /// True for `/…` and for a URI with a scheme, such as `s3://…`.
  static func isAbsolute(_ path: String) -> Bool {
    for byte in path.utf8 {
      if byte == UInt8(ascii: ":") { return true }
      if byte == UInt8(ascii: "/") { break }
    }
    return path.utf8.first == UInt8(ascii: "/")
  }

  /// `dt=2024-01-15`, `p=a%2Fb`, `p=__HIVE_DEFAULT_PARTITION__`.
  ///
  /// Only for people and tools that look at files: the values that count stand in the log. So a name
  /// too long for a disk is cut, and a hash keeps it apart from others.
  static func partitionDirectory(column: String, value: String?) -> String {
    let name = escapeForHive(column)
    guard let value else { return name + "=__HIVE_DEFAULT_PARTITION__" }
    let full = name + "=" + escapeForHive(value)
    guard full.utf8.count > 200 else { return full }
    let kept = String(
      decoding: full.utf8.prefix(150).filter { $0 < 0x80 && $0 != 0x25 },
      as: UTF8.self
    )
    return kept + "~" + SeededName.hex(of: [full])
  }

  private static func escapeForHive(_ text: String) -> String {
    let special = Array("\"#%'*/:=?\\{[]^}".utf8)
    return PercentEncoding.encode(text) { $0 >= 0x20 && $0 != 0x7F && !special.contains($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}

/// Names that follow from their inputs alone, so that the same story gives the same files.
enum SeededName {
  /// 32 hexadecimal digits.
  static func hex(of parts: [String]) -> String {
    let (high, low) = hash(parts)
    return padded(high) + padded(low)
  }

  /// The same as a UUID is written: `xxxxxxxx-xxxx-8xxx-bxxx-xxxxxxxxxxxx` (version 8, custom).
  static func uuid(of parts: [String]) -> String {
    var (high, low) = hash(parts)
    high = high & ~0xF000 | 0x8000
    low = low & ~(0xC << 60) | 0x8 << 60
    let text = Array(padded(high) + padded(low))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }
      .joined(separator: "-")
  }

  /// Two FNV-1a sums with different starts, finished by SplitMix64's mixer.
  private static func hash(_ parts: [String]) -> (UInt64, UInt64) {
    var high: UInt64 = 0xCBF2_9CE4_8422_2325
    var low: UInt64 = 0x9E37_79B9_7F4A_7C15
    for part in parts {
      for byte in part.utf8 {
        high = (high ^ UInt64(byte)) &* 0x100_0000_01B3
        low = (low ^ UInt64(byte)) &* 0x100_0000_01B3
      }
      // Ends each part, so that ("a", "bc") and ("ab", "c") differ.
      high = (high ^ 0xFF) &* 0x100_0000_01B3
      low = (low ^ 0xFF) &* 0x100_0000_01B3
    }
    return (mixed(high), mixed(low &+ high))
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  private static func padded(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
