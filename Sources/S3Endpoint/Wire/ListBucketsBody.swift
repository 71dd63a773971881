/// One bucket in the list of all.
package struct ListedBucket: Sendable, Hashable {
  package var name: String
  /// Milliseconds since the Unix epoch.
  package var createdMilliseconds: Int64

  package init(name: String, createdMilliseconds: Int64) {
    self.name = name
    self.createdMilliseconds = createdMilliseconds
  }
}

/// One page of ListBuckets.
package struct ListBucketsBody: Sendable {
  package var owner: WireOwner
  package var query: ListBucketsQuery
  /// The region of all of them.
  package var region: String
  /// By name.
  package var buckets: [ListedBucket]
  /// Where the next page begins; nil for the last page.
  package var nextContinuationToken: String?

  package init(
    owner: WireOwner,
    query: ListBucketsQuery,
    region: String,
    buckets: [ListedBucket],
    nextContinuationToken: String? = nil
  ) {
    self.owner = owner
    self.query = query
    self.region = region
    self.buckets = buckets
    self.nextContinuationToken = nextContinuationToken
  }

  package func xml() -> [UInt8] {
    var writer = XMLWriter(capacity: 512 + buckets.count * 192)
    writer.openRoot("ListAllMyBucketsResult")
    writer.element("Owner", owner: owner)
    writer.open("Buckets")
    for bucket in buckets {
      writer.open("Bucket")
      writer.element("Name", bucket.name)
      writer.element("CreationDate", moment: bucket.createdMilliseconds)
      // S3 tells it where a page or a part was asked for.
      if query.isPaged { writer.element("BucketRegion", region) }
      writer.close("Bucket")
    }
    writer.close("Buckets")
    if !query.prefix.isEmpty { writer.element("Prefix", query.prefix) }
    writer.element("ContinuationToken", ifPresent: nextContinuationToken)
    writer.close("ListAllMyBucketsResult")
    return writer.bytes
  }
}
