// An object in parts: each is a file below `uploads/<id>/`, and nothing is seen of it before
// `completeUpload` gives all of them together one key.

internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension Bucket {
  /// The most parts that an upload has, as in S3.
  public static let partsMax = 10_000
  /// What every part has at least but for the last, in bytes, as in S3.
  public static let partBytesMin = 5 << 20

  /// Begins an upload.
  ///
  /// `checksumAlgorithm` and `isComposite` are what the client asks for; they are only kept.
  public func createUpload(
    _ key: String, attributes: ObjectAttributes = ObjectAttributes(),
    checksumAlgorithm: ChecksumAlgorithm? = nil, isComposite: Bool = false
  ) throws -> UploadRecord {
    try ObjectKey.check(key)
    try checkOpen()
    let created = now
    let text = attributes == ObjectAttributes() ? nil : try IndexJSON.text(attributes)
    let id = try index.write { db in
      try db.execute(
        sql: """
          INSERT INTO uploads (id, key, created, attributes, checksum, is_composite)
          VALUES ('', ?, ?, ?, ?, ?)
          """, arguments: [key, created, text, checksumAlgorithm?.rawValue, isComposite])
      let id = uploadIDs.text(db.lastInsertedRowID)
      try db.execute(
        sql: "UPDATE uploads SET id = ? WHERE sequence = ?",
        arguments: [id, db.lastInsertedRowID])
      return id
    }
    return UploadRecord(
      id: id, key: key, createdMilliseconds: created, attributes: attributes,
      checksumAlgorithm: checksumAlgorithm, isComposite: isComposite)
  }

  /// The open upload of an id. Throws `noSuchUpload`.
  public func upload(_ id: String) throws -> UploadRecord {
    try openUpload(id).record
  }

  func openUpload(_ id: String) throws -> UploadRow {
    guard let row = try index.read({ try UploadRow.find($0, id: id) }) ?? nil, row.result == nil
    else { throw Self.noSuchUpload(id) }
    return row
  }

  static func noSuchUpload(_ id: String) -> ObjectStorageError {
    ObjectStorageError(
      .noSuchUpload, key: "", "There is no open upload \(id).",
      advice: "It was completed or aborted, or its parts were removed by a lifecycle rule; begin a "
        + "new one.")
  }

  /// Ends an upload and removes its parts. Throws `noSuchUpload`.
  public func abortUpload(_ id: String) throws {
    try uploadLocks.with([id]) {
      let row = try openUpload(id)
      try index.write { db in
        try db.execute(sql: "DELETE FROM parts WHERE upload = ?", arguments: [row.sequence])
        try db.execute(sql: "DELETE FROM uploads WHERE sequence = ?", arguments: [row.sequence])
      }
      removeParts(of: id)
    }
  }

  func removeParts(of id: String) {
    let directory = sidePath(BucketSide.uploads, id)
    for file in (try? DirectoryNames.files(in: directory)) ?? [] { unlink(directory + "/" + file) }
    rmdir(directory)
  }

  // MARK: Parts

  /// Keeps a part, in the place of one of the same number; durable when this returns.
  ///
  /// `entityTag` is the MD5 of the bytes in hexadecimal digits.
  ///
  /// - Throws: `noSuchUpload`, and `invalidPart` for a number that is not from 1 to 10,000 or a tag that
  ///   is no MD5.
  public func putPart(
    _ id: String, number: Int, writer: any ObjectWriter, entityTag: String,
    checksum: ObjectChecksum? = nil
  ) throws -> PartRecord {
    let entityTag = EntityTag.plain(entityTag)
    guard (1...Self.partsMax).contains(number), EntityTag.isMD5(entityTag) else {
      throw ObjectStorageError(
        .invalidPart, key: "",
        "Part \(number) with the entity tag \(entityTag) cannot be a part of an upload.",
        advice: "Number parts from 1 to \(Self.partsMax), and tag them with the MD5 of their bytes.")
    }
    try checkOpen()
    let key = try openUpload(id).record.key
    let file = store.writer(of: StagedObject(key: key, writer: writer))
    let part = PartRecord(
      number: number, size: file.byteCount, modifiedMilliseconds: now, entityTag: entityTag,
      checksum: checksum)
    try file.seal(key: key, time: FileTime(milliseconds: part.modifiedMilliseconds)) {
      try store.sync($0, key: key)
    }
    try uploadLocks.with([id]) {
      let upload = try openUpload(id)
      let old = try index.read {
        try PartRow.all($0, upload: upload.sequence, after: number - 1, limit: 1)
          .first { $0.record.number == number }
      } ?? nil
      let row = PartRow(record: part, file: Self.partFile(number, replacing: old?.file))
      try namePart(file, row.file, id, key: key)
      try index.write { try row.save($0, upload: upload.sequence) }
      if let old { unlink(sidePath(BucketSide.uploads, id) + "/" + old.file) }
    }
    return part
  }

  /// `00007.2` of part 7 where it is put the third time: the row says which file counts.
  private static func partFile(_ number: Int, replacing old: String?) -> String {
    let turn = old.flatMap { $0.split(separator: ".").last.flatMap { Int($0) } }.map { $0 &+ 1 } ?? 0
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits + ".\(turn)"
  }

  private func namePart(
    _ file: LocalObjectWriter, _ name: String, _ id: String, key: String
  ) throws {
    let uploads = side + "/" + BucketSide.uploads
    let directory = uploads + "/" + id
    if mkdir(directory, 0o777) != 0, errno != EEXIST {
      try LocalPath.makeDirectories(directory)
      try syncDirectory(side)
    }
    let place = FilePlace(path: directory + "/" + name)
    guard try file.name(at: place, key: key, ifAbsent: false) == .named else {
      throw ObjectStorageError.system(EISDIR, "written", key: key)
    }
    try syncDirectory(uploads)
    try syncDirectory(directory)
  }

  /// Parts of an upload by number, behind `after`. Throws `noSuchUpload`.
  public func parts(_ id: String, after: Int = 0, limit: Int = 1_000) throws -> PartPage {
    let upload = try openUpload(id)
    guard limit > 0 else { return PartPage() }
    let rows = try index.read {
      try PartRow.all($0, upload: upload.sequence, after: after, limit: min(limit, Int.max - 1) + 1)
    } ?? []
    var page = PartPage(parts: rows.prefix(limit).map(\.record))
    page.isTruncated = rows.count > limit
    page.nextAfter = page.isTruncated ? page.parts.last?.number : nil
    return page
  }

  // MARK: Listing

  /// Open uploads, as ListMultipartUploads has them: by key, and the earliest first for each.
  ///
  /// The page goes on behind `keyMarker`, or with an `uploadMarker` behind that upload of it.
  public func uploads(
    prefix: String = "", delimiter: String? = nil, keyMarker: String? = nil,
    uploadMarker: String? = nil, limit: Int = 1_000
  ) throws -> UploadPage {
    var page = UploadPage()
    guard limit > 0, index.exists else { return page }
    let last = prefix + KeyUnion.behindAll
    var (from, behind): (String, Int64) = (prefix, 0)
    if let keyMarker, !keyMarker.precedesInUTF8(prefix) {
      let bound = CommonPrefix.bound(behind: keyMarker, prefix: prefix, delimiter: delimiter)
      let text = String(decoding: bound.bytes, as: UTF8.self)
      let number = uploadMarker.flatMap(VersionID.number)
      (from, behind) =
        bound.coversPrefix ? (text + KeyUnion.behindAll, .max) : (keyMarker, number ?? .max)
    }
    let separator = delimiter.map { Array($0.utf8) } ?? []
    while true {
      let chunk = min(limit, 1_000) + 1
      let rows = try index.read {
        try UploadRow.open($0, from: from, behind: behind, to: last, limit: chunk)
      } ?? []
      var skips = false
      for row in rows {
        if page.uploads.count + page.commonPrefixes.count == limit {
          page.isTruncated = true
          return page
        }
        let key = row.record.key
        if let common = CommonPrefix(of: key, delimiter: separator, from: prefix.utf8.count) {
          page.commonPrefixes.append(common.text)
          (page.nextKeyMarker, page.nextUploadMarker) = (common.text, nil)
          (from, behind) = (common.text + KeyUnion.behindAll, .max)
          skips = true
          break
        }
        page.uploads.append(row.record)
        (page.nextKeyMarker, page.nextUploadMarker) = (key, row.record.id)
        (from, behind) = (key, row.sequence)
      }
      if !skips, rows.count < chunk {
        (page.nextKeyMarker, page.nextUploadMarker) = (nil, nil)
        return page
      }
    }
  }
}
