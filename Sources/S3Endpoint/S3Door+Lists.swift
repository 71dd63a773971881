internal import HTTPServer
internal import ObjectStorage

// Lists of objects and of versions, a page at a time.
extension S3Door {
  func listObjects(_ call: S3Call, _ query: ListObjectsQuery) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.listObjects)
    let page = try bucket.list(
      prefix: query.prefix, delimiter: query.delimiter.orNil,
      startAfter: query.marker.orNil, limit: query.maxKeys)
    return call.answers.document(
      ListObjectsBody(
        bucket: bucket.name, query: query,
        objects: page.objects.map { ListedObject($0, owner: Self.owner) },
        commonPrefixes: page.commonPrefixes, isTruncated: page.isTruncated,
        nextMarker: query.delimiter.isEmpty ? nil : page.nextAfter
      ).xml())
  }

  func listObjects(_ call: S3Call, _ query: ListObjectsV2Query) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.listObjects)
    var startAfter = query.startAfter
    if let token = query.continuationToken {
      guard let after = ContinuationToken.read(token) else {
        throw ListObjectsV2Query.wrongContinuationToken()
      }
      startAfter = after
    }
    let page = try bucket.list(
      prefix: query.prefix, delimiter: query.delimiter.orNil, startAfter: startAfter,
      limit: query.maxKeys)
    return call.answers.document(
      ListObjectsV2Body(
        bucket: bucket.name, query: query,
        objects: page.objects.map {
          ListedObject($0, owner: query.fetchesOwner ? Self.owner : nil)
        },
        commonPrefixes: page.commonPrefixes,
        nextContinuationToken: page.isTruncated ? page.nextAfter.map(ContinuationToken.text) : nil
      ).xml())
  }

  func listVersions(_ call: S3Call, _ query: ListVersionsQuery) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.listObjectVersions)
    let page = try bucket.listVersions(
      prefix: query.prefix, delimiter: query.delimiter.orNil,
      keyMarker: query.keyMarker.orNil, versionMarker: query.versionIDMarker, limit: query.maxKeys)
    return call.answers.document(
      ListVersionsBody(
        bucket: bucket.name, query: query,
        versions: page.versions.map { record in
          ListedVersion(
            ListedObject(record, owner: Self.owner), versionID: record.versionID ?? "null",
            isLatest: record.isLatest, isDeleteMarker: record.isDeleteMarker)
        },
        commonPrefixes: page.commonPrefixes, nextKeyMarker: page.nextKeyMarker,
        nextVersionIDMarker: page.nextVersionMarker
      ).xml())
  }
}

extension String {
  /// Nil for an empty text, which is how a query says that there is none.
  var orNil: String? { isEmpty ? nil : self }
}

/// Where the next page of a list begins, in letters that survive every client's escaping: the key's
/// bytes in hexadecimal behind a sign of ours, so that what somebody made up is told apart.
enum ContinuationToken {
  private static let mark = "t1"

  static func text(_ key: String) -> String { mark + Hexadecimal.text(key.utf8) }

  static func read(_ text: String) -> String? {
    guard text.hasPrefix(mark), let bytes = Hexadecimal.bytes(text.utf8.dropFirst(mark.utf8.count)),
      !bytes.isEmpty
    else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}
