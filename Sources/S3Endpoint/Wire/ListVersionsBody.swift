/// One page of ListObjectVersions.
///
/// Versions and delete markers stand in one order: keys ascending, the newest of a key first.
package struct ListVersionsBody: Sendable {
  package var bucket: String
  package var query: ListVersionsQuery
  package var versions: [ListedVersion]
  /// Each with its delimiter.
  package var commonPrefixes: [String]
  /// Where the next page begins; nil for the last page.
  package var nextKeyMarker: String?
  /// The version of that key; nil where the next page begins with another key.
  package var nextVersionIDMarker: String?

  package init(
    bucket: String,
    query: ListVersionsQuery,
    versions: [ListedVersion],
    commonPrefixes: [String] = [],
    nextKeyMarker: String? = nil,
    nextVersionIDMarker: String? = nil
  ) {
    self.bucket = bucket
    self.query = query
    self.versions = versions
    self.commonPrefixes = commonPrefixes
    self.nextKeyMarker = nextKeyMarker
    self.nextVersionIDMarker = nextVersionIDMarker
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 1_024 + versions.count * 448 + commonPrefixes.count * 128)
    writer.openRoot("ListVersionsResult")
    writer.element("Name", bucket)
    writer.element("Prefix", query.prefix, query.encoding)
    writer.element("KeyMarker", query.keyMarker, query.encoding)
    writer.element("VersionIdMarker", query.versionIDMarker ?? "")
    if let nextKeyMarker { writer.element("NextKeyMarker", nextKeyMarker, query.encoding) }
    writer.element("NextVersionIdMarker", ifPresent: nextVersionIDMarker)
    writer.element("MaxKeys", query.maxKeys)
    writer.elements(delimiter: query.delimiter, query.encoding)
    writer.element("IsTruncated", nextKeyMarker != nil)
    for version in versions { write(version, to: &writer) }
    writer.commonPrefixes(commonPrefixes, query.encoding)
    writer.close("ListVersionsResult")
    return writer.bytes
  }

  private func write(_ version: ListedVersion, to writer: inout XMLWriter) {
    let name: StaticString = version.isDeleteMarker ? "DeleteMarker" : "Version"
    writer.open(name)
    writer.element("Key", version.object.key, query.encoding)
    writer.element("VersionId", version.versionID)
    writer.element("IsLatest", version.isLatest)
    if version.isDeleteMarker {
      writer.element("LastModified", moment: version.object.modifiedMilliseconds)
      writer.element("Owner", owner: version.object.owner)
    } else {
      writer.elements(of: version.object)
    }
    writer.close(name)
  }
}
