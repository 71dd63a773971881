// The names of partition directories as Hive writes them: `dt=2024-01-15/country=KR`.

/// Between partition values and the names of their directories.
package enum HivePartitionName {
  /// What stands for NULL in a name.
  package static let null = "__HIVE_DEFAULT_PARTITION__"

  package static func text(columns: [String], values: [String?]) -> String {
    zip(columns, values).map { column, value in
      escaped(column) + "=" + (value.map(escaped) ?? null)
    }.joined(separator: "/")
  }

  /// The column and the value of one directory's name; nil where it has no `=`.
  static func parts(of segment: String) -> (column: String, value: String?)? {
    guard let sign = segment.firstIndex(of: "=") else { return nil }
    let value = unescaped(String(segment[segment.index(after: sign)...]))
    return (unescaped(String(segment[..<sign])), value == null ? nil : value)
  }

  /// Hive's own list: what a path or a URL would read otherwise, and control characters.
  private static let special = Set("\"#%'*/:=?\\{[]^".utf8)

  private static func escaped(_ text: String) -> String {
    func isPlain(_ byte: UInt8) -> Bool {
      byte >= 0x20 && byte != 0x7F && !special.contains(byte)
    }
    guard !text.utf8.allSatisfy(isPlain) else { return text }
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A `%` that starts no escape stands for itself.
  private static func unescaped(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    var index = 0
    while index < source.count {
      if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
        let high = hexadecimal(source[index + 1]), let low = hexadecimal(source[index + 2])
      {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(source[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
