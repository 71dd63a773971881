extension Bucket {
  /// What S3 knows of a version of a key; nil where there is none.
  ///
  /// `version` is an id, `"null"` for the null version, or nil for the latest, which may be a delete
  /// marker.
  public func record(_ key: String, version: String? = nil) throws -> ObjectRecord? {
    try ObjectKey.check(key)
    let state = try state(key, .version(version))
    return Self.find(version, in: state.timeline).map { place in
      state.record(state.timeline.versions[place], isLatest: place == 0)
    }
  }

  /// The place of a version in a timeline. The latest counts only if it is at the key or a marker.
  static func find(_ version: String?, in timeline: VersionTimeline) -> Int? {
    if let version { return timeline.index(of: version) }
    guard let latest = timeline.latest, latest.isAtKey || latest.isMarker else { return nil }
    return 0
  }

  /// Opens a version of a key; what the reader gives does not change if the key does.
  ///
  /// - Throws: `notFound` where there is no object, `noSuchVersion` where there is no such version, and
  ///   `deleteMarker` where the version, or the latest for nil, says that the object was deleted.
  public func open(
    _ key: String, version: String?
  ) throws -> (record: ObjectRecord, reader: any ObjectReader) {
    try ObjectKey.check(key)
    // A file moves when its version is hidden or uncovered, and may be back where it was a moment later.
    for _ in 0..<Self.looksMax {
      let state = try state(key, .version(version))
      guard let place = Self.find(version, in: state.timeline) else {
        throw version.map { noSuchVersion(key, $0) } ?? ObjectStorageError.notFound(key)
      }
      let found = state.timeline.versions[place]
      if found.isMarker {
        throw ObjectStorageError(
          .deleteMarker, key: key, "\"\(key)\" was deleted; this version only says so.",
          advice: "List its versions, and ask for an earlier one.")
      }
      let record = state.record(found, isLatest: place == 0)
      if found.isAtKey {
        // Another object may have got the key since, or a delete marker.
        if let reader = try store.openFileIfThere(key), reader.status == state.status {
          return (record, reader)
        }
      } else if let file = found.row?.file {
        let place = FilePlace(path: sidePath(BucketSide.versions, file))
        if let reader = try LocalObjectReader(place: place, key: key) { return (record, reader) }
      }
    }
    // Somebody has taken the file away.
    throw version.map { noSuchVersion(key, $0) } ?? ObjectStorageError.notFound(key)
  }

  /// How often a reader looks for a file that others move meanwhile.
  private static let looksMax = 200

  func noSuchVersion(_ key: String, _ version: String) -> ObjectStorageError {
    ObjectStorageError(
      .noSuchVersion, key: key, "\"\(key)\" has no version \(version).",
      advice: "List its versions.")
  }
}
