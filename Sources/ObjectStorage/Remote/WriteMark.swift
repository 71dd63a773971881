/// What an object carries to be known again by who wrote it.
///
/// Two writers of the same bytes under the same key are told apart by it: an entity tag would say to
/// both that the object is theirs.
struct WriteMark: Sendable, Hashable {
  static let headerName = "x-amz-meta-tapline-write"

  /// 32 hexadecimal digits, never the same twice.
  let text: String

  init() {
    var bytes: [UInt8] = []
    for _ in 0..<2 { bytes += bigEndianBytes(UInt64.random(in: 0 ... .max)) }
    text = Hexadecimal.text(bytes)
  }

  /// Whose an object is.
  enum Owner {
    case us, others
    /// The endpoint keeps no marks, and nothing else tells.
    case unknown
  }

  /// Whose the object is that a `HEAD` found.
  ///
  /// Where the endpoint keeps no marks its checksum of all bytes decides, then its entity tag;
  /// `checksum` and `entityTag`, without quotes, are what ours has.
  func owner(
    of head: RemoteHead,
    byteCount: Int,
    checksum: ObjectChecksum?,
    entityTag: String?
  ) -> Owner {
    if head.size != byteCount { return .others }
    if let mark = head.answer.headers[Self.headerName] { return mark == text ? .us : .others }
    if let checksum, let value = head.answer.headers[checksum.algorithm.headerName],
      let stated = ObjectChecksum(checksum.algorithm, value: value), !stated.isComposite
    {
      return stated == checksum ? .us : .others
    }
    guard let entityTag, let found = head.entityTag?.filter({ $0 != "\"" }) else { return .unknown }
    if found == entityTag { return .us }
    // Encrypted objects have tags that say nothing of their bytes.
    let isDigest = found.utf8.count == 32 && Hexadecimal.bytes(found.utf8) != nil
    let isEncrypted = head.answer.headers["x-amz-server-side-encryption"] != nil
    return isDigest && !isEncrypted && !entityTag.contains("-") ? .others : .unknown
  }
}
