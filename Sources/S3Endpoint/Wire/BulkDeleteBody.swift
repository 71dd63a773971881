/// The body of DeleteObjects: up to 1,000 keys at once.
package struct BulkDeleteBody: Sendable, Hashable {
  /// One object, or one version of it, that shall go.
  package struct Entry: Sendable, Hashable {
    package var key: String
    package var versionID: String?
    /// The entity tag that the object must have, without quotes; `*` for any; nil for no condition.
    package var entityTag: String?

    package init(key: String, versionID: String? = nil, entityTag: String? = nil) {
      self.key = key
      self.versionID = versionID
      self.entityTag = entityTag
    }
  }

  package static let entriesMax = 1_000
  private static let bytesMax = 8 << 20

  /// In the order they were sent.
  package var entries: [Entry]
  /// Only what could not be deleted is answered.
  package var isQuiet: Bool

  package init(entries: [Entry], isQuiet: Bool = false) {
    self.entries = entries
    self.isQuiet = isQuiet
  }

  /// Reads a request's body.
  ///
  /// A key may be longer than a key can be: that is answered for it alone, not for all. Throws `S3Error`:
  /// `malformedXML` also for no entry or more than 1,000.
  package init(reading body: [UInt8]) throws {
    self = try XMLReader.read(body, root: "Delete", bytesMax: Self.bytesMax) { xml in
      var entries: [Entry] = []
      var isQuiet: Bool?
      while let name = try xml.child() {
        switch name {
        case "Object":
          guard entries.count < Self.entriesMax else { throw xml.malformed("more than 1,000 keys") }
          entries.append(try Self.readEntry(&xml))
        case "Quiet": isQuiet = try xml.flag(onlyAfter: isQuiet)
        default: throw xml.unknown()
        }
      }
      guard !entries.isEmpty else { throw xml.malformed("at least one Object is expected") }
      return BulkDeleteBody(entries: entries, isQuiet: isQuiet ?? false)
    }
  }

  private static func readEntry(_ xml: inout XMLReader) throws -> Entry {
    var key: String?
    var versionID: String?
    var entityTag: String?
    while let name = try xml.child() {
      switch name {
      case "Key": key = try xml.text(onlyAfter: key)
      case "VersionId": versionID = try xml.text(onlyAfter: versionID)
      case "ETag": entityTag = try xml.text(onlyAfter: entityTag)
      // Conditions of S3's directory buckets.
      case "LastModifiedTime", "Size": throw xml.unsupported()
      default: throw xml.unknown()
      }
    }
    guard let key, !key.isEmpty else { throw xml.malformed("an Object has a Key") }
    return Entry(
      key: key,
      versionID: versionID.flatMap { $0.isEmpty ? nil : $0 },
      entityTag: entityTag.map(EntityTag.unquoted)
    )
  }
}
