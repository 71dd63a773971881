// The answers of ListObjects and ListObjectsV2. With `encoding-type=url` the keys, the prefixes and the
// delimiter are encoded, and what a client sent to say where the list begins (marker, start-after); the
// name of the bucket and continuation tokens never are. An empty delimiter is left out, an empty prefix
// is not.

/// One page of ListObjects, the first version.
package struct ListObjectsBody: Sendable {
  package var bucket: String
  package var query: ListObjectsQuery
  package var objects: [ListedObject]
  /// Each with its delimiter.
  package var commonPrefixes: [String]
  package var isTruncated: Bool
  /// The last key or common prefix of a truncated page; S3 writes it only where there is a delimiter.
  package var nextMarker: String?

  package init(
    bucket: String,
    query: ListObjectsQuery,
    objects: [ListedObject],
    commonPrefixes: [String] = [],
    isTruncated: Bool = false,
    nextMarker: String? = nil
  ) {
    self.bucket = bucket
    self.query = query
    self.objects = objects
    self.commonPrefixes = commonPrefixes
    self.isTruncated = isTruncated
    self.nextMarker = nextMarker
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 1_024 + objects.count * 384 + commonPrefixes.count * 128)
    writer.openRoot("ListBucketResult")
    writer.element("Name", bucket)
    writer.element("Prefix", query.prefix, query.encoding)
    writer.element("Marker", query.marker, query.encoding)
    if let nextMarker { writer.element("NextMarker", nextMarker, query.encoding) }
    writer.element("MaxKeys", query.maxKeys)
    writer.elements(delimiter: query.delimiter, query.encoding)
    writer.element("IsTruncated", isTruncated)
    writer.contents(objects, query.encoding)
    writer.commonPrefixes(commonPrefixes, query.encoding)
    writer.close("ListBucketResult")
    return writer.bytes
  }
}

/// One page of ListObjectsV2.
package struct ListObjectsV2Body: Sendable {
  package var bucket: String
  package var query: ListObjectsV2Query
  package var objects: [ListedObject]
  /// Each with its delimiter.
  package var commonPrefixes: [String]
  /// Where the next page begins; nil for the last page.
  ///
  /// Some clients read it without unescaping, so it should be of `A-Z a-z 0-9 - _ =`.
  package var nextContinuationToken: String?

  package init(
    bucket: String,
    query: ListObjectsV2Query,
    objects: [ListedObject],
    commonPrefixes: [String] = [],
    nextContinuationToken: String? = nil
  ) {
    self.bucket = bucket
    self.query = query
    self.objects = objects
    self.commonPrefixes = commonPrefixes
    self.nextContinuationToken = nextContinuationToken
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 1_024 + objects.count * 384 + commonPrefixes.count * 128)
    writer.openRoot("ListBucketResult")
    writer.element("Name", bucket)
    writer.element("Prefix", query.prefix, query.encoding)
    if let start = query.startAfter { writer.element("StartAfter", start, query.encoding) }
    writer.element("ContinuationToken", ifPresent: query.continuationToken)
    writer.element("NextContinuationToken", ifPresent: nextContinuationToken)
    writer.element("KeyCount", objects.count + commonPrefixes.count)
    writer.element("MaxKeys", query.maxKeys)
    writer.elements(delimiter: query.delimiter, query.encoding)
    writer.element("IsTruncated", nextContinuationToken != nil)
    writer.contents(objects, query.encoding)
    writer.commonPrefixes(commonPrefixes, query.encoding)
    writer.close("ListBucketResult")
    return writer.bytes
  }
}

extension XMLWriter {
  fileprivate mutating func contents(_ objects: [ListedObject], _ encoding: KeyEncoding) {
    for object in objects {
      open("Contents")
      element("Key", object.key, encoding)
      elements(of: object)
      close("Contents")
    }
  }
}
