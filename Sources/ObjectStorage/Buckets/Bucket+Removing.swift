internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a removal came to.
public struct RemovedObject: Sendable, Hashable {
  /// The version that was removed, or the delete marker that was made; nil is the null version.
  public var versionID: String?
  /// True where a delete marker was made, or was what was removed.
  public var isDeleteMarker: Bool

  public init(versionID: String?, isDeleteMarker: Bool) {
    self.versionID = versionID
    self.isDeleteMarker = isDeleteMarker
  }
}

extension Bucket {
  /// Removes an object; one that is not there is no error.
  ///
  /// Without a `version`, an unversioned bucket removes the object, and another one hides it behind a
  /// delete marker: there, a key without an object gets one as well. With a version, an id or `"null"`,
  /// that one is gone for good, and the one before it is the current one if it was.
  ///
  /// `ifMatch` is an entity tag, or `*` for any.
  ///
  /// - Throws: `notFound` and `preconditionFailed` for `ifMatch`.
  @discardableResult
  public func remove(
    _ key: String, version: String? = nil, ifMatch: String? = nil
  ) throws -> RemovedObject {
    try ObjectKey.check(key)
    return try locks.with([key]) {
      try checkOpen()
      guard let version else {
        return try hide([key], ifMatch: ifMatch).first
          ?? RemovedObject(versionID: nil, isDeleteMarker: false)
      }
      return try removeVersion(key, version, ifMatch: ifMatch)
    }
  }

  /// Removes several objects as `remove` does without a version, with one transaction.
  @discardableResult
  public func remove(_ keys: [String]) throws -> [RemovedObject] {
    for key in keys { try ObjectKey.check(key) }
    guard Set(keys.map(ExactKey.init)).count == keys.count else {
      return try keys.map { try remove($0) }
    }
    return try locks.with(keys) {
      try checkOpen()
      return try hide(keys, ifMatch: nil)
    }
  }

  private func check(_ record: ObjectRecord?, _ key: String, ifMatch: String?) throws {
    guard let ifMatch else { return }
    guard let record, !record.isDeleteMarker else { throw ObjectStorageError.notFound(key) }
    if EntityTag.plain(ifMatch) == "*" || EntityTag.matches(record.entityTag, ifMatch) { return }
    throw ObjectStorageError.preconditionFailed(
      key, "has the entity tag \(record.entityTag), not \(EntityTag.plain(ifMatch))")
  }

  // MARK: The current object

  /// Removes current objects, or hides them behind delete markers. The caller has the keys' locks.
  /// `time` is that of the markers, nil for the present.
  func hide(
    _ keys: [String], ifMatch: String?, time: FileTime? = nil
  ) throws -> [RemovedObject] {
    let versioning = try versioning()
    if versioning == .unversioned {
      var rows: [VersionRow] = []
      for key in keys {
        if index.exists || ifMatch != nil {
          let state = try lockedState(key)
          try check(state.recordAtKey, key, ifMatch: ifMatch)
          rows += state.rows
        }
        try store.delete(key)
      }
      try forget(rows)
      return keys.map { _ in RemovedObject(versionID: nil, isDeleteMarker: false) }
    }
    let time = time ?? FileTime(milliseconds: store.now?())
    var states: [KeyState] = []
    var kept: [Int: VersionRow] = [:]
    for (position, key) in keys.enumerated() {
      let state = try lockedState(key)
      try check(state.recordAtKey, key, ifMatch: ifMatch)
      states.append(state)
      guard let atKey = state.timeline.atKey, versioning == .enabled || atKey.versionID != nil
      else { continue }
      let since = FileStatus.milliseconds(time.nanoseconds)
      kept[position] = try keptRow(state, atKey, since: since)
    }
    if !kept.isEmpty { try syncVersions() }
    var markers: [VersionRow] = []
    let ids = versionIDs
    let makeID: ((Int64) -> String)? = versioning == .enabled ? { ids.text($0) } : nil
    try index.write { db in
      for (position, state) in states.enumerated() {
        for row in state.timeline.dead where row.file == nil { try row.delete(db) }
        if var row = kept[position] {
          try row.save(db)
          kept[position] = row
        }
        var marker = VersionRow(
          key: state.key, isMarker: true, modifiedNanoseconds: state.freeTime(time).nanoseconds)
        try marker.insert(db, makeID: makeID)
        markers.append(marker)
      }
    }
    for key in keys { try store.delete(key) }
    var dead: [VersionRow] = []
    for (position, state) in states.enumerated() {
      let old = state.rows.filter { $0.sequence != kept[position]?.sequence }
      let rows = old + [kept[position], markers[position]].compactMap { $0 }
      dead += VersionTimeline(status: nil, rows: rows).dead
    }
    try forget(dead)
    return markers.map { RemovedObject(versionID: $0.versionID, isDeleteMarker: true) }
  }

  // MARK: One version

  /// Removes a version for good. The caller has the key's lock.
  func removeVersion(
    _ key: String, _ version: String, ifMatch: String?
  ) throws -> RemovedObject {
    var state = try lockedState(key, .version(version))
    if state.timeline.index(of: version) == 0, state.timeline.versions.count == 1 {
      // What it uncovers may lie further back.
      state = try lockedState(key, .all)
    }
    let place = state.timeline.index(of: version)
    let record = place.map { state.record(state.timeline.versions[$0], isLatest: $0 == 0) }
    try check(record, key, ifMatch: ifMatch)
    guard let place, let record else {
      let id = version == VersionID.null ? nil : version
      return RemovedObject(versionID: id, isDeleteMarker: false)
    }
    let removed = RemovedObject(
      versionID: record.versionID, isDeleteMarker: record.isDeleteMarker)
    let found = state.timeline.versions[place]
    var own = found.row
    if found.isAtKey, let row = own, row.file != nil {
      // Somebody was cut off before it was an earlier version; it must not be one afterwards.
      own = try detached(row)
    }
    let rows = [own].compactMap { $0 } + state.timeline.dead
    if place == 0 {
      if var next = state.timeline.versions.dropFirst().first?.row, next.file != nil {
        try uncover(&next, in: state)
        let row = next
        try index.write { db in
          try row.update(db)
          for row in rows { try row.delete(db) }
        }
        rows.forEach(removeFile)
        return removed
      }
      if found.isAtKey { try store.delete(key) }
    }
    try forget(rows)
    return removed
  }

  private func detached(_ row: VersionRow) throws -> VersionRow {
    removeFile(of: row)
    var row = row
    row.file = nil
    let changed = row
    try index.write { try changed.update($0) }
    return row
  }

  /// Puts an earlier version back to its key, in one step; on the disk when this returns.
  private func uncover(_ row: inout VersionRow, in state: KeyState) throws {
    guard let file = row.file else { return }
    let path = sidePath(BucketSide.versions, file)
    if let place = try store.file(state.key)?.place {
      guard renameat(AT_FDCWD, path, place.descriptor, place.name) == 0 else {
        throw ObjectStorageError.system(errno, "written", key: state.key)
      }
      if let directory = place.directory {
        try store.sync(directory.descriptor, key: state.key)
      } else {
        try syncDirectory(LocalPath.parent(of: place.name))
      }
    } else {
      var group = PublishGroup(store: store)
      let writer = LocalObjectWriter(adopting: path)
      // Where another program has made the object meanwhile, it is the current one.
      guard try group.name(writer, state.key, ifAbsent: true) else { return }
      try group.syncDirectories()
    }
    row.file = nil
    row.noncurrentSince = nil
  }
}
