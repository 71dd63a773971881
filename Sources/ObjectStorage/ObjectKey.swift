/// The rules that every key keeps, so that no key ever leaves the store's root.
public enum ObjectKey {
  /// The longest segment that local disks take, in UTF-8 bytes.
  public static let segmentBytesMax = 255
  /// The longest key, as in S3, in UTF-8 bytes.
  public static let bytesMax = 1_024

  /// Where a local store keeps what is not published yet; no key may begin with it.
  static let stagingDirectory = ".tapline-staging"

  /// Throws `objectStorage.invalidKey` unless `key` names an object.
  public static func check(_ key: String) throws {
    func refuse(_ reason: String) -> ObjectStorageError {
      ObjectStorageError(
        .invalidKey,
        key: key,
        "The key \"\(key)\" \(reason).",
        advice: "Use relative names separated by single slashes, such as raw/events/a.json.gz."
      )
    }
    var copy = key
    try copy.withUTF8 { bytes in
      if bytes.isEmpty { throw refuse("is empty") }
      if bytes.count > bytesMax { throw refuse("is longer than \(bytesMax) bytes") }
      if bytes.contains(0) { throw refuse("contains a zero byte") }
      for segment in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
        if segment.isEmpty { throw refuse("has an empty segment") }
        if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
          throw refuse("has a \".\" or \"..\" segment")
        }
        if segment.count > segmentBytesMax {
          throw refuse("has a segment longer than \(segmentBytesMax) bytes")
        }
        if isTemporary(segment) { throw refuse("looks like a temporary file") }
      }
    }
  }

  /// True for the names of unfinished files: ours, and those of `object_store` (deltalake), which
  /// end in `#` and digits.
  static func isTemporary(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    if name.elementsEqual(stagingDirectory.utf8) { return true }
    guard let hash = name.lastIndex(of: UInt8(ascii: "#")) else { return false }
    let suffix = name[name.index(after: hash)...]
    return !suffix.isEmpty && suffix.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }
}
