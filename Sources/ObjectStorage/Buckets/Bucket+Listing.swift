/// One page of a bucket's current objects.
public struct ListPage: Sendable {
  /// Sorted by the bytes of their keys.
  public var objects: [ObjectRecord] = []
  /// Beginnings of keys up to and with the delimiter, each once, sorted; each stands for its keys.
  public var commonPrefixes: [String] = []
  public var isTruncated = false
  /// Where the next page starts after: the last key or common prefix of this one. Nil for the last page.
  public var nextAfter: String?
}

/// One page of a bucket's versions and delete markers.
public struct VersionPage: Sendable {
  /// Sorted by key, and the newest first for each.
  public var versions: [ObjectRecord] = []
  public var commonPrefixes: [String] = []
  public var isTruncated = false
  /// Where the next page goes on; nil for the last page.
  public var nextKeyMarker: String?
  /// The last version of this page, `"null"` for a null version; nil behind a common prefix.
  public var nextVersionMarker: String?
}

extension Bucket {
  /// Current objects in the order of their keys, as ListObjectsV2 has them.
  ///
  /// With a `delimiter`, of any length, keys that have it behind `prefix` are shown by their common
  /// prefix. A key or common prefix counts only if it comes behind `startAfter`. A page holds `limit` of
  /// both together, and costs what lies before its end.
  public func list(
    prefix: String, delimiter: String?, startAfter: String? = nil, limit: Int = 1_000
  ) throws -> ListPage {
    let page = try store.page(
      prefix: prefix, delimiter: delimiter, startAfter: startAfter, limit: limit)
    return ListPage(
      objects: try records(of: page.files), commonPrefixes: page.commonPrefixes,
      isTruncated: page.isTruncated, nextAfter: page.nextAfter)
  }

  /// The records of files that a listing came by.
  func records(of files: [ListedFile]) throws -> [ObjectRecord] {
    func record(_ file: ListedFile, _ rows: [VersionRow]) -> ObjectRecord {
      let row = rows.last { $0.matches(file.status) }
      let version = VersionTimeline.Version(row: row, isAtKey: true)
      return KeyState.record(file.key, version, status: file.status, isLatest: true)
    }
    let withRows = try index.read { db in
      try files.map { record($0, try VersionRow.recent(db, key: $0.key)) }
    }
    return withRows ?? files.map { record($0, []) }
  }

  // MARK: Versions

  /// Versions and delete markers, as ListObjectVersions has them; current objects of an unversioned
  /// bucket are null versions.
  ///
  /// The page goes on behind `keyMarker`, or with a `versionMarker` behind that version of it.
  public func listVersions(
    prefix: String, delimiter: String? = nil, keyMarker: String? = nil,
    versionMarker: String? = nil, limit: Int = 1_000
  ) throws -> VersionPage {
    var page = VersionPage()
    guard limit > 0 else { return page }
    let isInside = keyMarker != nil && versionMarker != nil
    var bound = keyMarker.map {
      CommonPrefix.bound(behind: $0, prefix: prefix, delimiter: delimiter)
    }
    if isInside, bound?.coversPrefix == false { bound?.includesKey = true }
    var keys = try KeyUnion(bucket: self, prefix: prefix, bound: bound)
    let start = prefix.utf8.count
    let separator = delimiter.map { Array($0.utf8) } ?? []
    while let key = try keys.next() {
      if let common = CommonPrefix(of: key, delimiter: separator, from: start) {
        guard try !versions(of: key).isEmpty else { continue }
        if page.count == limit { return page.truncated() }
        page.commonPrefixes.append(common.text)
        page.nextKeyMarker = common.text
        page.nextVersionMarker = nil
        keys.skip(to: KeyBound(bytes: common.bytes, coversPrefix: true))
        continue
      }
      var records = try versions(of: key)
      if isInside, let keyMarker, let versionMarker, ExactKey(key) == ExactKey(keyMarker) {
        records = Self.behind(versionMarker, records)
      }
      for record in records {
        if page.count == limit { return page.truncated() }
        page.versions.append(record)
        page.nextKeyMarker = key
        page.nextVersionMarker = record.versionID ?? VersionID.null
      }
    }
    page.nextKeyMarker = nil
    page.nextVersionMarker = nil
    return page
  }

  /// All versions of a key, newest first.
  func versions(of key: String) throws -> [ObjectRecord] {
    let state = try state(key, .all)
    return state.timeline.versions.enumerated().map { place, version in
      state.record(version, isLatest: place == 0)
    }
  }

  /// The versions behind a marker, which may be gone by now.
  private static func behind(_ marker: String, _ records: [ObjectRecord]) -> [ObjectRecord] {
    let wanted = marker == VersionID.null ? nil : marker
    if let place = records.firstIndex(where: { $0.versionID == wanted }) {
      return Array(records[(place + 1)...])
    }
    guard let number = VersionID.number(of: marker) else { return records }
    // Ids tell their order; a null version comes behind the ids that were listed before it.
    let place = records.firstIndex { record in
      record.versionID.flatMap(VersionID.number).map { $0 < number } ?? false
    }
    return place.map { Array(records[$0...]) } ?? records.filter { $0.versionID == nil }
  }
}

extension VersionPage {
  fileprivate var count: Int { versions.count + commonPrefixes.count }

  fileprivate func truncated() -> VersionPage {
    var page = self
    page.isTruncated = true
    return page
  }
}
