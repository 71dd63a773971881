internal import GRDB

extension Bucket {
  /// The rules in force; nil where there are none.
  public func lifecycle() throws -> LifecycleConfiguration? {
    IndexJSON.value(LifecycleConfiguration.self, try index.setting("lifecycle"))
  }

  /// Sets all rules at once; nil removes them. Rules without an id get one.
  ///
  /// - Throws: `invalidLifecycle` for what S3 refuses; the rules from before stay in force then.
  public func setLifecycle(_ configuration: LifecycleConfiguration?) throws {
    try checkOpen()
    try configuration?.check()
    try index.set("lifecycle", to: try configuration.map { try IndexJSON.text($0.named()) })
  }

  /// Does what the rules ask for at a moment, in milliseconds since the Unix epoch.
  ///
  /// S3 looks once a day. Who jumps over several days gets what there is at their end: an object that
  /// two rules would have moved one after the other is moved once.
  public func applyLifecycle(now: Int64) throws -> LifecycleReport {
    try checkOpen()
    guard let configuration = try lifecycle() else { return LifecycleReport() }
    let plan = LifecyclePlan(configuration, now: now)
    if plan.isEmpty { return LifecycleReport() }
    var run = LifecycleRun(bucket: self, plan: plan, versioning: try versioning())
    try run.treatCurrent()
    try run.treatEarlier()
    try run.abortUploads()
    ledger.count(.lifecycleTransition, run.report.count(.moved))
    return run.report
  }
}

/// One application of a bucket's rules, some hundred keys at a time.
private struct LifecycleRun {
  private static let chunk = 256

  let bucket: Bucket
  let plan: LifecyclePlan
  let versioning: BucketVersioning
  var report = LifecycleReport()

  init(bucket: Bucket, plan: LifecyclePlan, versioning: BucketVersioning) {
    self.bucket = bucket
    self.plan = plan
    self.versioning = versioning
  }

  // MARK: Current versions

  mutating func treatCurrent() throws {
    var listing = try bucket.store.listing(prefix: "", bound: nil, limit: nil)
    var files: [ListedFile] = []
    while let file = try listing.nextFile() {
      files.append(file)
      if files.count == Self.chunk {
        try treat(files)
        files = []
      }
    }
    try treat(files)
  }

  private func expiration(_ record: ObjectRecord) -> LifecyclePlan.Demand<Void>? {
    plan.expiration(record.key, size: record.size, created: record.modifiedMilliseconds)
  }

  private func transition(_ record: ObjectRecord) -> LifecyclePlan.Demand<StorageClass>? {
    plan.transition(
      record.key, size: record.size, from: record.attributes.storageClass,
      created: record.modifiedMilliseconds)
  }

  private mutating func treat(_ files: [ListedFile]) throws {
    let due = try bucket.records(of: files).filter {
      expiration($0) != nil || transition($0) != nil
    }
    if due.isEmpty { return }
    let keys = due.map(\.key)
    report.actions += try bucket.locks.with(keys) {
      // What has changed since it was listed is judged as it is now.
      let states = try keys.map { try bucket.lockedState($0) }
      return try move(states) + expire(states)
    }
  }

  private func move(_ states: [KeyState]) throws -> [LifecycleReport.Action] {
    var actions: [LifecycleReport.Action] = []
    var rows: [VersionRow] = []
    for state in states {
      guard let status = state.status, let record = state.recordAtKey,
        let demand = transition(record)
      else { continue }
      // What is removed for good is not moved before.
      if versioning == .unversioned, expiration(record) != nil { continue }
      var row =
        state.timeline.atKey?.row
        ?? VersionRow(
          key: state.key, size: status.size, modifiedNanoseconds: status.modifiedNanoseconds)
      row.derivedTag = row.derivedTag ?? EntityTag.derived(status)
      row.attributes.storageClass = demand.value
      rows.append(row)
      actions.append(
        LifecycleReport.Action(
          kind: .moved, rule: demand.rule, key: state.key, versionID: record.versionID,
          size: record.size, from: record.attributes.storageClass, to: demand.value))
    }
    if rows.isEmpty { return [] }
    let moved = rows
    try bucket.index.write { db in for var row in moved { try row.save(db) } }
    return actions
  }

  private func expire(_ states: [KeyState]) throws -> [LifecycleReport.Action] {
    var actions: [LifecycleReport.Action] = []
    for state in states {
      guard let record = state.recordAtKey, let demand = expiration(record) else { continue }
      actions.append(
        LifecycleReport.Action(
          kind: versioning == .unversioned ? .expired : .hidden, rule: demand.rule, key: state.key,
          versionID: record.versionID, size: record.size, from: record.attributes.storageClass))
    }
    if !actions.isEmpty {
      _ = try bucket.hide(
        actions.map(\.key), ifMatch: nil, time: FileTime(milliseconds: plan.now))
    }
    return actions
  }

  // MARK: Earlier versions and delete markers

  mutating func treatEarlier() throws {
    var from = ""
    while let keys = try bucket.index.read({
      try VersionRow.keysWithEarlier($0, behind: from, limit: Self.chunk)
    }), let last = keys.last {
      from = last
      report.actions += try bucket.locks.with(keys) {
        var dead: [VersionRow] = []
        var moved: [VersionRow] = []
        var actions: [LifecycleReport.Action] = []
        for key in keys { try judge(key, &dead, &moved, &actions) }
        if !moved.isEmpty {
          let rows = moved
          try bucket.index.write { db in for row in rows { try row.update(db) } }
        }
        try bucket.forget(dead)
        return actions
      }
    }
  }

  private func judge(
    _ key: String, _ dead: inout [VersionRow], _ moved: inout [VersionRow],
    _ actions: inout [LifecycleReport.Action]
  ) throws {
    let timeline = try bucket.lockedState(key, .all).timeline
    dead += timeline.dead
    var left = timeline.versions.count
    // The first is the current one, unless its file was removed by hand.
    let hasCurrent = Bucket.find(nil, in: timeline) != nil
    var successor = hasCurrent ? timeline.latest : nil
    for (newer, version) in timeline.versions.dropFirst(hasCurrent ? 1 : 0).enumerated() {
      defer { successor = version }
      guard var row = version.row else { continue }
      let time = successor?.row ?? row
      let since = row.noncurrentSince ?? FileStatus.milliseconds(time.modifiedNanoseconds)
      let storageClass = row.attributes.storageClass
      var action = LifecycleReport.Action(
        kind: row.isMarker ? .markerRemoved : .versionRemoved, rule: "", key: key,
        versionID: row.versionID, size: row.size, from: storageClass)
      if let demand = plan.noncurrentExpiration(
        key, size: row.isMarker ? nil : row.size, since: since, newer: newer)
      {
        action.rule = demand.rule
        dead.append(row)
        left -= 1
        actions.append(action)
      } else if !row.isMarker,
        let demand = plan.noncurrentTransition(
          key, size: row.size, from: storageClass, since: since, newer: newer)
      {
        (action.kind, action.rule, action.to) = (.moved, demand.rule, demand.value)
        row.attributes.storageClass = demand.value
        moved.append(row)
        actions.append(action)
      }
    }
    if left == 1, let row = timeline.latest?.row, row.isMarker,
      let demand = plan.markerRemoval(
        key, created: FileStatus.milliseconds(row.modifiedNanoseconds))
    {
      dead.append(row)
      actions.append(
        LifecycleReport.Action(
          kind: .markerRemoved, rule: demand.rule, key: key, versionID: row.versionID, size: 0,
          from: .standard))
    }
  }

  // MARK: Uploads

  mutating func abortUploads() throws {
    var (key, upload): (String?, String?) = (nil, nil)
    repeat {
      let page = try bucket.uploads(keyMarker: key, uploadMarker: upload, limit: Self.chunk)
      for record in page.uploads {
        guard let demand = plan.abort(record.key, created: record.createdMilliseconds) else {
          continue
        }
        var size = 0
        var after: Int? = 0
        while let number = after {
          let parts = try? bucket.parts(record.id, after: number, limit: 1_000)
          size = parts?.parts.reduce(size) { $0 + $1.size } ?? size
          after = parts?.nextAfter
        }
        do { try bucket.abortUpload(record.id) } catch let error as ObjectStorageError
        where error.kind == .noSuchUpload { continue }
        report.actions.append(
          LifecycleReport.Action(
            kind: .uploadAborted, rule: demand.rule, key: record.key, size: size,
            from: record.attributes.storageClass))
      }
      (key, upload) = (page.nextKeyMarker, page.nextUploadMarker)
    } while key != nil
  }
}
