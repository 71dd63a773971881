/// How a key that is no path lies on a disk: its bytes in hexadecimal digits, below one directory.
///
/// ```
///  .tapline-keys/
///    6469722f                  dir/          the last piece of a key: digits only, a file
///    2e2e2f…2f61+/             the first 64 bytes of a longer key, a directory
///      6263                    its last two
/// ```
/// Digits are lower-case, so that no file system takes two keys for one, and names are never longer
/// than 129 characters. The bytes of names come in the order of the bytes of keys, because `+` comes
/// before all digits. Nothing else is kept about a key: the name says it.
struct EscapedKey {
  /// How many bytes of a key one name holds.
  static let pieceBytes = 64
  private static let inner = UInt8(ascii: "+")

  /// The directories below `.tapline-keys`, from the outermost.
  let directories: [String]
  /// The file's name in the last of them.
  let name: String

  init(_ key: String) {
    var copy = key
    (directories, name) = copy.withUTF8 { bytes in
      var directories: [String] = []
      var start = 0
      while bytes.count - start > Self.pieceBytes {
        let piece = bytes[start..<start + Self.pieceBytes]
        directories.append(Self.spell(UnsafeBufferPointer(rebasing: piece), isDirectory: true))
        start += Self.pieceBytes
      }
      let last = UnsafeBufferPointer(rebasing: bytes[start...])
      return (directories, Self.spell(last, isDirectory: false))
    }
  }

  /// The name of a piece of a key.
  static func spell(_ piece: UnsafeBufferPointer<UInt8>, isDirectory: Bool) -> String {
    let count = piece.count * 2
    return String(unsafeUninitializedCapacity: count + 1) { name in
      for (index, byte) in piece.enumerated() {
        name[2 * index] = digit(byte >> 4)
        name[2 * index + 1] = digit(byte & 0xF)
      }
      guard isDirectory else { return count }
      name[count] = inner
      return count + 1
    }
  }

  /// The piece that a name holds; false where it is no name of ours, and nothing is appended then.
  static func read(
    _ name: UnsafeBufferPointer<UInt8>, isDirectory: Bool, into bytes: inout [UInt8]
  ) -> Bool {
    let count = isDirectory ? name.count - 1 : name.count
    guard count > 0, count % 2 == 0, count <= 2 * pieceBytes else { return false }
    if isDirectory, name[count] != inner || count != 2 * pieceBytes { return false }
    let before = bytes.count
    for index in stride(from: 0, to: count, by: 2) {
      guard let high = value(name[index]), let low = value(name[index + 1]), high | low != 0 else {
        bytes.removeLast(bytes.count - before)
        return false
      }
      bytes.append(high << 4 | low)
    }
    return true
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
