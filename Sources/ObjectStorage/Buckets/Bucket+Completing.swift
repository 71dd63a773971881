internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension Bucket {
  /// Makes one object of an upload's parts, in the order of their numbers.
  ///
  /// Parts that are not named are dropped. The entity tag is the MD5 of the parts' MD5s and their count;
  /// `checksum` is the object's, which the caller has made of the parts'. An upload that is complete
  /// answers once more what it answered first.
  ///
  /// - Throws: `noSuchUpload`; `invalidPartOrder` unless numbers ascend; `invalidPart` for a part that is
  ///   not there, or has another tag or checksum; `partTooSmall` below 5 MiB, but for the last; what `put`
  ///   throws for the condition. The upload stays open then.
  public func completeUpload(
    _ id: String, parts: [CompletedPart], checksum: ObjectChecksum? = nil,
    condition: PutCondition = .none
  ) throws -> ObjectRecord {
    try checkOpen()
    return try uploadLocks.with([id]) {
      guard let upload = try index.read({ try UploadRow.find($0, id: id) }) ?? nil else {
        throw Self.noSuchUpload(id)
      }
      if let record = try upload.result ?? finished(upload) { return record }
      let rows = try checkedParts(parts, of: upload)
      var attributes = upload.record.attributes
      attributes.entityTag = MultipartDigests.entityTag(partTags: rows.map(\.record.entityTag))
      attributes.partSizes = rows.map(\.record.size)
      attributes.checksum = checksum
      let object = Pending(
        key: upload.record.key, writer: try joined(rows, id, key: upload.record.key),
        attributes: attributes, condition: condition
      ) { db, status in
        try db.execute(
          sql: "UPDATE uploads SET target_size = ?, target_modified = ? WHERE sequence = ?",
          arguments: [status.size, status.modifiedNanoseconds, upload.sequence])
      }
      let record = try put(object)
      try finish(upload, record)
      return record
    }
  }

  /// What an upload has become whose completion was cut off at its end; nil where it has not.
  private func finished(_ upload: UploadRow) throws -> ObjectRecord? {
    guard let target = upload.target else { return nil }
    let state = try state(upload.record.key, .all)
    for (place, version) in state.timeline.versions.enumerated() {
      guard let row = version.row, row.size == target.size,
        row.modifiedNanoseconds == target.modifiedNanoseconds
      else { continue }
      let record = state.record(version, isLatest: place == 0)
      try finish(upload, record)
      return record
    }
    return nil
  }

  private func finish(_ upload: UploadRow, _ record: ObjectRecord) throws {
    let result = try IndexJSON.text(record)
    try index.write { db in
      try db.execute(
        sql: "UPDATE uploads SET result = ? WHERE sequence = ?",
        arguments: [result, upload.sequence])
      try db.execute(sql: "DELETE FROM parts WHERE upload = ?", arguments: [upload.sequence])
    }
    removeParts(of: upload.record.id)
  }

  // MARK: Parts

  private func checkedParts(
    _ parts: [CompletedPart], of upload: UploadRow
  ) throws -> [PartRow] {
    let key = upload.record.key
    func invalid(_ reason: String) -> ObjectStorageError {
      ObjectStorageError(
        .invalidPart, key: key, "The upload of \"\(key)\" cannot be completed: \(reason).",
        advice: "List its parts, and name those that are there with their entity tags.")
    }
    if parts.isEmpty { throw invalid("no part was named") }
    for (before, part) in zip(parts, parts.dropFirst()) where part.number <= before.number {
      throw ObjectStorageError(
        .invalidPartOrder, key: key,
        "Part \(part.number) of \"\(key)\" was named behind part \(before.number).",
        advice: "Name each part once, in the order of the numbers.")
    }
    var known: [Int: PartRow] = [:]
    for row in try index.read({ try PartRow.all($0, upload: upload.sequence) }) ?? [] {
      known[row.record.number] = row
    }
    let rows = try parts.map { part in
      guard let row = known[part.number] else { throw invalid("there is no part \(part.number)") }
      guard EntityTag.matches(row.record.entityTag.lowercased(), part.entityTag.lowercased()) else {
        throw invalid(
          "part \(part.number) has the entity tag \(row.record.entityTag), not "
            + EntityTag.plain(part.entityTag))
      }
      if let checksum = part.checksum, checksum != row.record.checksum {
        throw invalid("part \(part.number) has another checksum than \(checksum.value)")
      }
      return row
    }
    for row in rows.dropLast() where row.record.size < Self.partBytesMin {
      throw ObjectStorageError(
        .partTooSmall, key: key,
        "Part \(row.record.number) of \"\(key)\" has \(row.record.size) bytes; all but the last need "
          + "\(Self.partBytesMin).",
        advice: "Upload larger parts.")
    }
    return rows
  }

  /// A writer that holds the bytes of all parts; a single one is not copied.
  private func joined(_ rows: [PartRow], _ id: String, key: String) throws -> LocalObjectWriter {
    let directory = sidePath(BucketSide.uploads, id)
    if rows.count == 1, let row = rows.first {
      return try LocalObjectWriter(
        root: store.root, linking: directory + "/" + row.file, key: key)
    }
    let writer = try LocalObjectWriter(root: store.root)
    for row in rows {
      let place = FilePlace(path: directory + "/" + row.file)
      guard let part = try LocalObjectReader(place: place, key: key),
        part.byteCount == row.record.size
      else {
        throw ObjectStorageError(
          .invalidPart, key: key,
          "The file of part \(row.record.number) of \"\(key)\" is gone, or not what it was.",
          advice: "Upload the part again.")
      }
      try writer.append(part, range: 0..<part.byteCount)
    }
    return writer
  }
}
