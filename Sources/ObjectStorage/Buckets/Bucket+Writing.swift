internal import GRDB

/// What must hold for an object to be written.
public enum PutCondition: Sendable, Hashable {
  case none
  /// There is no object at the key. Decided by the file system, also among processes.
  case ifAbsent
  /// The object at the key has this entity tag. Decided among the writers of this process.
  case ifMatch(String)
}

extension Bucket {
  /// An object on its way to its key.
  struct Pending {
    var key: String
    var writer: LocalObjectWriter
    var attributes = ObjectAttributes()
    var condition = PutCondition.none
    /// Called in the transaction before the object gets its name, with what its file will be.
    var beforeNaming: ((Database, FileStatus) throws -> Void)?
  }

  /// Gives a written object its key, durable when this returns; answers what it is then.
  ///
  /// - Throws: `preconditionFailed` where the condition does not hold, `notFound` where there is nothing
  ///   to match. The writer may be used again then.
  public func put(
    _ object: StagedObject, attributes: ObjectAttributes = ObjectAttributes(),
    condition: PutCondition = .none
  ) throws -> ObjectRecord {
    try ObjectKey.check(object.key)
    return try put(
      Pending(
        key: object.key, writer: store.writer(of: object), attributes: attributes,
        condition: condition))
  }

  func put(_ object: Pending) throws -> ObjectRecord {
    guard let record = try write([object]).first ?? nil else {
      throw ObjectStorageError.preconditionFailed(object.key, "exists already")
    }
    return record
  }

  /// Writes several objects with their syncs together; nil for those whose key is taken.
  func write(_ objects: [Pending]) throws -> [ObjectRecord?] {
    guard Set(objects.map { ExactKey($0.key) }).count == objects.count else {
      // The later of two objects of one key replaces the earlier.
      return try objects.flatMap { try write([$0]) }
    }
    return try locks.with(objects.map(\.key)) {
      try checkOpen()
      var write = try BucketWrite(bucket: self, objects: objects)
      return try write.run()
    }
  }
}

/// One group of objects that are written together, by somebody who has the locks of their keys.
private struct BucketWrite {
  let bucket: Bucket
  let objects: [Bucket.Pending]
  private let versioning: BucketVersioning
  /// Nil where nothing needs to be known of the keys; then the files alone tell all.
  private let states: [KeyState]?
  private var isRefused: [Bool]
  /// The rows of the new objects, by the place in `objects`.
  private var rows: [Int: VersionRow] = [:]
  private var kept: [Int: VersionRow] = [:]

  init(bucket: Bucket, objects: [Bucket.Pending]) throws {
    self.bucket = bucket
    self.objects = objects
    versioning = try bucket.versioning()
    let isPlain = !bucket.index.exists && objects.allSatisfy(Self.isPlain)
    states = isPlain ? nil : try objects.map { try bucket.lockedState($0.key) }
    isRefused = objects.map { _ in false }
  }

  private static func isPlain(_ object: Bucket.Pending) -> Bool {
    if case .ifMatch = object.condition { return false }
    return object.attributes == ObjectAttributes() && object.beforeNaming == nil
  }

  mutating func run() throws -> [ObjectRecord?] {
    try checkConditions()
    let going = objects.indices.filter { !isRefused[$0] }
    try seal(going)
    try keep(going)
    try writeRows(going)
    var group = PublishGroup(store: bucket.store)
    for index in going {
      let object = objects[index]
      let ifAbsent = object.condition == .ifAbsent
      isRefused[index] = try !group.name(object.writer, object.key, ifAbsent: ifAbsent)
    }
    try group.syncDirectories()
    try forgetReplaced()
    return objects.indices.map { isRefused[$0] ? nil : record($0) }
  }

  private mutating func checkConditions() throws {
    guard let states else { return }
    for (index, object) in objects.enumerated() {
      switch object.condition {
      case .none: break
      case .ifAbsent: isRefused[index] = states[index].status != nil
      case .ifMatch(let tag):
        guard let record = states[index].recordAtKey else {
          throw ObjectStorageError.notFound(object.key)
        }
        guard EntityTag.matches(record.entityTag, tag) else {
          throw ObjectStorageError.preconditionFailed(
            object.key, "has the entity tag \(record.entityTag), not \(EntityTag.plain(tag))")
        }
      }
    }
  }

  // MARK: Before the names

  private func seal(_ going: [Int]) throws {
    let store = bucket.store
    let modified = store.now?()
    let times = going.map { index in
      let time = FileTime(milliseconds: modified)
      return states?[index].freeTime(time) ?? time
    }
    for (position, index) in going.enumerated() where states != nil {
      let object = objects[index]
      // One that was refused before has the time of then.
      if object.writer.status != nil {
        try object.writer.retime(key: object.key, time: times[position]) {
          try store.sync($0, key: object.key)
        }
      }
    }
    let files = going.map {
      LocalObjectStore.SealedFile(writer: objects[$0].writer, key: objects[$0].key)
    }
    try store.seal(files) { times[$0] }
  }

  /// Gives the objects that go a name among the earlier versions.
  private mutating func keep(_ going: [Int]) throws {
    guard let states, versioning != .unversioned else { return }
    for index in going {
      guard let atKey = states[index].timeline.atKey,
        versioning == .enabled || atKey.versionID != nil
      else { continue }
      let time = objects[index].writer.status?.modifiedMilliseconds
      kept[index] = try bucket.keptRow(states[index], atKey, since: time ?? bucket.now)
    }
    if !kept.isEmpty { try bucket.syncVersions() }
  }

  private mutating func writeRows(_ going: [Int]) throws {
    guard let states else { return }
    let needed = going.filter { index in
      let object = objects[index]
      return versioning != .unversioned || object.attributes != ObjectAttributes()
        || object.beforeNaming != nil
    }
    if needed.isEmpty { return }
    var (rows, kept) = (rows, kept)
    let ids = bucket.versionIDs
    let makeID: ((Int64) -> String)? = versioning == .enabled ? { ids.text($0) } : nil
    try bucket.index.write { db in
      for index in needed {
        for row in states[index].timeline.dead where row.file == nil { try row.delete(db) }
        if var row = kept[index] {
          try row.save(db)
          kept[index] = row
        }
        let object = objects[index]
        guard let status = object.writer.status else { continue }
        try object.beforeNaming?(db, status)
        if versioning == .unversioned, object.attributes == ObjectAttributes() { continue }
        var row = VersionRow(
          key: object.key, size: status.size, modifiedNanoseconds: status.modifiedNanoseconds,
          attributes: object.attributes)
        try row.insert(db, makeID: makeID)
        rows[index] = row
      }
    }
    (self.rows, self.kept) = (rows, kept)
  }

  // MARK: After the names

  /// Removes the rows, and the files of null versions, that the new objects have replaced.
  private func forgetReplaced() throws {
    guard let states else { return }
    var replaced: [VersionRow] = []
    for index in objects.indices {
      if isRefused[index] {
        if let row = rows[index] { replaced.append(row) }
        continue
      }
      // An object's own row is removed with the next one, unless there is nothing else to write.
      if versioning == .unversioned, rows[index] != nil { continue }
      let old = states[index].rows.filter { $0.sequence != kept[index]?.sequence }
      let known = old + [kept[index], rows[index]].compactMap { $0 }
      replaced += VersionTimeline(status: objects[index].writer.status, rows: known).dead
    }
    try bucket.forget(replaced)
  }

  private func record(_ index: Int) -> ObjectRecord {
    let version = VersionTimeline.Version(row: rows[index], isAtKey: true)
    return KeyState.record(
      objects[index].key, version, status: objects[index].writer.status, isLatest: true)
  }
}

extension Bucket {
  /// The row of the object at a key as an earlier version, for which its file has got a name.
  func keptRow(
    _ state: KeyState, _ atKey: VersionTimeline.Version, since: Int64
  ) throws -> VersionRow {
    guard let status = state.status else { throw ObjectStorageError.notFound(state.key) }
    var row =
      atKey.row
      ?? VersionRow(
        key: state.key, size: status.size, modifiedNanoseconds: status.modifiedNanoseconds)
    row.file = try keepFile(state)
    row.noncurrentSince = since
    // What is derived from a file is written down while the file is what it was.
    row.derivedTag = row.derivedTag ?? EntityTag.derived(status)
    return row
  }
}
