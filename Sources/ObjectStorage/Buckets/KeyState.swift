internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What there is of a key: the file at it, and the rows of the index.
struct KeyState {
  let key: String
  let rows: [VersionRow]
  let timeline: VersionTimeline

  init(key: String, status: FileStatus?, rows: [VersionRow]) {
    self.key = key
    self.rows = rows
    timeline = VersionTimeline(status: status, rows: rows)
  }

  var status: FileStatus? { timeline.status }

  /// The record of one of the timeline's versions.
  func record(_ version: VersionTimeline.Version, isLatest: Bool) -> ObjectRecord {
    Self.record(key, version, status: version.isAtKey ? status : nil, isLatest: isLatest)
  }

  /// The record of the object at the key; nil where there is none.
  var recordAtKey: ObjectRecord? {
    timeline.atKey.map { record($0, isLatest: true) }
  }

  /// `status` is that of the file, for the version at the key.
  static func record(
    _ key: String, _ version: VersionTimeline.Version, status: FileStatus?, isLatest: Bool
  ) -> ObjectRecord {
    let row = version.row
    let attributes = row?.attributes ?? ObjectAttributes()
    let isMarker = row?.isMarker ?? false
    return ObjectRecord(
      key: key,
      size: status?.size ?? row?.size ?? 0,
      modifiedMilliseconds: status?.modifiedMilliseconds
        ?? FileStatus.milliseconds(row?.modifiedNanoseconds ?? 0),
      versionID: row?.versionID,
      isLatest: isLatest,
      isDeleteMarker: isMarker,
      entityTag: isMarker
        ? "" : attributes.entityTag ?? row?.derivedTag ?? status.map(EntityTag.derived) ?? "",
      attributes: attributes
    )
  }

  /// A modification time for a new version that neither the file nor a row has: a row tells its file
  /// by it.
  func freeTime(_ time: FileTime) -> FileTime {
    let taken = Set(
      rows.map(\.modifiedNanoseconds) + (status.map { [$0.modifiedNanoseconds] } ?? []))
    var free = time
    let millisecond = FileStatus.milliseconds(time.nanoseconds)
    while taken.contains(free.nanoseconds) {
      free.nanoseconds &+= 1
      if FileStatus.milliseconds(free.nanoseconds) != millisecond {
        free.nanoseconds &-= 1_000_000
      }
    }
    return free
  }
}

extension Bucket {
  /// How much of a key's history is asked for.
  enum Depth {
    /// What a reader or writer of its newest versions needs.
    case recent
    /// That, and the version of an id.
    case version(String?)
    case all
  }

  /// What there is of a key, for a writer who has its lock.
  func lockedState(_ key: String, _ depth: Depth = .recent) throws -> KeyState {
    let status = try store.file(key)?.status
    return KeyState(key: key, status: status, rows: try rows(of: key, depth))
  }

  /// What there is of a key, seen while others may write to it. The caller must not have its lock.
  func state(_ key: String, _ depth: Depth = .recent) throws -> KeyState {
    while true {
      let state = try lockedState(key, depth)
      guard index.exists else { return state }
      if let atKey = state.timeline.atKey {
        if atKey.row != nil { return state }
      } else if state.rows.isEmpty {
        return state
      } else if state.timeline.latest == nil || !state.timeline.dead.isEmpty {
        // A row without its file: a version that is coming to its key, or was there between the two
        // looks and has been hidden again, so that a third look would say the same.
        return try locks.with([key]) { try lockedState(key, depth) }
      }
      // A file without its row may have been replaced between the two looks, or have come since.
      if try store.file(key)?.status == state.status { return state }
    }
  }

  private func rows(of key: String, _ depth: Depth) throws -> [VersionRow] {
    try index.read { db in
      if case .all = depth { return try VersionRow.all(db, key: key) }
      let recent = try VersionRow.recent(db, key: key)
      guard case .version(let version?) = depth,
        !recent.contains(where: { $0.versionID == version }),
        let row = try VersionRow.find(db, key: key, version: version)
      else { return recent }
      return [row] + recent
    } ?? []
  }

  /// Gives the object at a key a second name among the earlier versions, and answers that name.
  func keepFile(_ state: KeyState) throws -> String {
    guard let (place, status) = try store.file(state.key), status == state.status else {
      throw ObjectStorageError(
        .failed, key: state.key,
        "\"\(state.key)\" was changed by another program while it was overwritten.",
        advice: "Repeat it.")
    }
    let directory = side + "/" + BucketSide.versions
    try LocalPath.makeDirectories(directory)
    for attempt in 0... {
      var name = "\(VersionID.shortHash(state.key))-\(status.modifiedNanoseconds)"
      if attempt > 0 { name += "-\(attempt)" }
      let path = directory + "/" + name
      if linkat(place.descriptor, place.name, AT_FDCWD, path, 0) == 0 { return name }
      guard errno == EEXIST else {
        throw ObjectStorageError.system(errno, "kept", key: state.key)
      }
      // Somebody who was cut off has made the name before us.
      if try FilePlace(path: path).status(key: state.key)?.inode == status.inode { return name }
    }
    preconditionFailure("the loop ends by an answer or an error")
  }

  func syncVersions() throws {
    try syncDirectory(side + "/" + BucketSide.versions)
  }

  func syncDirectory(_ path: String) throws {
    guard let directory = OpenDirectory(path: path) else {
      throw ObjectStorageError.system(errno, "synced", key: "")
    }
    try store.sync(directory.descriptor, key: "")
  }

  /// Removes rows that count for nothing any more, and their files.
  func forget(_ rows: [VersionRow]) throws {
    if rows.isEmpty { return }
    try index.write { db in for row in rows { try row.delete(db) } }
    for row in rows { removeFile(of: row) }
  }

  func removeFile(of row: VersionRow) {
    if let file = row.file { unlink(sidePath(BucketSide.versions, file)) }
  }
}
