/// What may name an object, and what of that is a path on a disk as it stands.
public enum ObjectKey {
  /// The longest key, as in S3, in UTF-8 bytes.
  public static let bytesMax = 1_024
  /// The longest segment that local disks take, in UTF-8 bytes.
  static let segmentBytesMax = 255

  /// Where a local store keeps what is not published yet.
  static let stagingDirectory = ".tapline-staging"
  /// Where a local store keeps the keys that are no paths; see `EscapedKey`.
  static let escapedDirectory = ".tapline-keys"

  /// Throws `objectStorage.invalidKey` unless `key` names an object: S3's own rules, nothing else.
  public static func check(_ key: String) throws {
    var copy = key
    let reason: String? = copy.withUTF8 { bytes in
      if bytes.isEmpty { return "is empty" }
      if bytes.count > bytesMax { return "is longer than \(bytesMax) bytes" }
      return bytes.contains(0) ? "contains a zero byte" : nil
    }
    if let reason { throw refused(key, reason) }
  }

  private static func refused(_ key: String, _ reason: String) -> ObjectStorageError {
    ObjectStorageError(
      .invalidKey,
      key: key,
      "The key \"\(key)\" \(reason).",
      advice: "Use names separated by single slashes, such as raw/events/a.json.gz."
    )
  }

  /// Throws `objectStorage.invalidKey` unless `key` is plain.
  public static func checkPlain(_ key: String) throws {
    try check(key)
    if !isPlain(key) { throw refused(key, "is no path on every disk") }
  }

  /// True for a key that a local disk may take as a path below a root: relative, without empty, `.`
  /// or `..` segments, none over 255 bytes, and none that looks like an unfinished file.
  ///
  /// A local store keeps such a key at its path and all others elsewhere. Names that people give to
  /// tables and directories should be plain.
  public static func isPlain(_ key: String) -> Bool {
    var copy = key
    return copy.withUTF8 { bytes in
      var start = 0
      for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: "/") {
        let segment = UnsafeBufferPointer(rebasing: bytes[start..<index])
        guard isPlainSegment(segment) else { return false }
        start = index + 1
      }
      return bytes.count <= bytesMax && !bytes.contains(0)
    }
  }

  private static func isPlainSegment(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard !name.isEmpty, name.count <= segmentBytesMax else { return false }
    return !isHidden(name)
  }

  /// True for names that no listing of a directory shows: `.` and `..`, a store's own directories,
  /// and unfinished files of `object_store` (deltalake), which end in `#` and digits.
  static func isHidden(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let last = name.last else { return true }
    if name[0] == UInt8(ascii: "."),
      name.count == 1 || name.count == 2 && last == UInt8(ascii: ".")
        || name.elementsEqual(stagingDirectory.utf8) || name.elementsEqual(escapedDirectory.utf8)
    {
      return true
    }
    guard isDigit(last) else { return false }
    var index = name.count - 1
    while index > 0, isDigit(name[index]) { index -= 1 }
    return name[index] == UInt8(ascii: "#")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}

/// A key as what it is, bytes: Swift's own `==` takes `é` and `e` with an accent for one text.
struct ExactKey: Hashable {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  static func == (left: ExactKey, right: ExactKey) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var copy = text
    copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// The order of S3's listings: by UTF-8 bytes, which is not Swift's own order of strings.
  func precedesInUTF8(_ other: String) -> Bool {
    var (left, right) = (self, other)
    return left.withUTF8 { left in
      right.withUTF8 { right in KeyBytes.compare(left, right) < 0 }
    }
  }

  func hasUTF8Prefix(_ prefix: String) -> Bool {
    utf8.starts(with: prefix.utf8)
  }
}
