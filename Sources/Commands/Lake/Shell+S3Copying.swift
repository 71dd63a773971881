internal import EventModel
internal import Foundation
internal import ObjectStorage
internal import Platform
internal import Terminal

// `s3 cp`, `s3 mv` and `s3 rm`, with the addresses of AWS's tool: `s3://bucket/key` is in a bucket, anything
// else is a file of this computer. There is no rename in S3: a move copies and deletes, object by object.
extension Shell {
  /// `s3 cp|mv SOURCE TARGET [--recursive] [--storage-class CLASS]`.
  func s3Copy(_ words: [String], isMove: Bool) throws -> Reply {
    let action = isMove ? "mv" : "cp"
    let arguments = try s3Arguments(
      words, action, values: ["--storage-class": "class"], flags: ["--recursive": "recursive"],
      positions: 2...2)
    let storageClass = try storageClass(arguments["class"])
    let (source, target) = (arguments.positions[0], arguments.positions[1])
    let tally = RequestTally()
    let isRecursive = arguments.has("recursive")
    let moved: [Moved]
    switch (ObjectAddress(uri: source), ObjectAddress(uri: target)) {
    case (let source?, let target?):
      moved = try copy(
        source, to: target, storageClass, isMove: isMove, isRecursive: isRecursive, tally)
    case (nil, let target?):
      // A move takes the file away, and a world needs all of its own.
      if isMove { try checkOutsideWorlds(source) }
      moved = try upload(source, to: target, storageClass, isRecursive: isRecursive, tally)
      if isMove { for one in moved { try? FileManager.default.removeItem(atPath: one.from) } }
    case (let address?, nil) where target == "-" && !isMove:
      return try shownObject(address, tally)
    case (let source?, nil):
      moved = try download(source, to: target, isRecursive: isRecursive, tally)
      if isMove {
        let client = try client(source.bucket, tally)
        for one in moved { try client.delete(one.key) }
      }
    case (nil, nil): throw CommandError(.noBucketNamed, ["source": source, "target": target])
    }
    return movedReply(moved, isMove ? "s3.moved" : "s3.copied", tally)
  }

  /// One object that went somewhere.
  private struct Moved {
    var from: String
    var to: String
    var size: Int
    /// The key that it has, or had, in the bucket it came from; that it has where it came from a file.
    var key: String
  }

  private func storageClass(_ name: String?) throws -> StorageClass {
    guard let name else { return .standard }
    guard let known = StorageClass(rawValue: name.uppercased()) else {
      throw CommandError(
        .badChoice,
        [
          "option": "--storage-class", "value": name,
          "known": StorageClass.allCases.map(\.rawValue).joined(separator: ", "),
        ])
    }
    return known
  }

  private func movedReply(_ moved: [Moved], _ key: String, _ tally: RequestTally) -> Reply {
    let bytes = moved.reduce(0) { $0 &+ $1.size }
    let shown = moved.prefix(5).map {
      "  \(TextWidth.printable($0.from))\n    -> \(TextWidth.printable($0.to))"
    }
    let values = [
      "count": NumberText.grouped(moved.count), "bytes": NumberText.bytes(Int64(bytes)),
    ]
    return Reply(
      [.verbatim(shown.joined(separator: "\n")), .text(text(key, values)), cost(tally)],
      data: .record([
        "objects": .array(
          moved.map {
            .record(["from": .string($0.from), "to": .string($0.to), "size": .count($0.size)])
          }),
        "requests": costData(tally),
      ]))
  }

  // MARK: Between buckets

  private func copy(
    _ source: ObjectAddress, to target: ObjectAddress, _ storageClass: StorageClass, isMove: Bool,
    isRecursive: Bool, _ tally: RequestTally
  ) throws -> [Moved] {
    let (from, to) = (try client(source.bucket, tally), try client(target.bucket, tally))
    let pairs = try pairs(source, target, from, isRecursive: isRecursive)
    var moved: [Moved] = []
    for (record, key) in pairs {
      guard source.bucket != target.bucket || record.key != key else {
        throw CommandError(.ontoItself, ["address": source.text])
      }
    }
    for (record, key) in pairs {
      _ = try to.copy(key, from: from, record.key, storageClass: storageClass)
      if isMove { try from.delete(record.key) }
      moved.append(
        Moved(
          from: ObjectAddress(bucket: source.bucket, key: record.key).text,
          to: ObjectAddress(bucket: target.bucket, key: key).text, size: record.size,
          key: record.key))
    }
    return moved
  }

  /// The objects that are meant, each with the key it gets: of one object by HeadObject, of a folder by
  /// listing it.
  private func pairs(
    _ source: ObjectAddress, _ target: ObjectAddress, _ client: BucketClient, isRecursive: Bool
  ) throws -> [(record: ObjectRecord, key: String)] {
    guard isRecursive else {
      let record = try object(source, client)
      let isFolder = target.key.isEmpty || target.key.hasSuffix("/")
      return [(record, isFolder ? target.key + source.name : target.key)]
    }
    let (from, to) = (source.folder.key, target.folder.key)
    let found = try client.list(from).objects
    guard !found.isEmpty else { throw CommandError(.noSuchObject, ["key": source.text]) }
    return found.map { ($0, to + String(Substring($0.key.utf8.dropFirst(from.utf8.count)))) }
  }

  // MARK: Files

  /// Where a file lies that was named as other commands name theirs: `~`, or from the current directory.
  private func localPath(_ name: String) -> String { Home.absolute(name) }

  /// Throws for what worlds and their forks are made of: it is never written or taken away from here.
  private func checkOutsideWorlds(_ name: String) throws {
    func resolved(_ path: String) -> String { (path as NSString).resolvingSymlinksInPath + "/" }
    let path = resolved(localPath(name))
    for own in ["worlds", "forks"] where path.hasPrefix(resolved(home.path + "/" + own)) {
      throw CommandError(.insideWorld, ["file": name])
    }
  }

  private func upload(
    _ source: String, to target: ObjectAddress, _ storageClass: StorageClass, isRecursive: Bool,
    _ tally: RequestTally
  ) throws -> [Moved] {
    let client = try client(target.bucket, tally)
    let path = localPath(source)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw CommandError(.noLocalFile, ["file": source])
    }
    guard isFolder.boolValue == isRecursive else {
      throw CommandError(isFolder.boolValue ? .folderNeedsRecursive : .noLocalFile, ["file": source])
    }
    var files: [(path: String, key: String)] = []
    if isRecursive {
      let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
      for name in names where Self.isRegularFile(path + "/" + name) {
        files.append((path + "/" + name, target.folder.key + name))
      }
    } else {
      let isPlace = target.key.isEmpty || target.key.hasSuffix("/")
      files.append((path, isPlace ? target.key + (path as NSString).lastPathComponent : target.key))
    }
    guard !files.isEmpty else { throw CommandError(.noLocalFile, ["file": source]) }
    return try files.map { file in
      guard let handle = FileHandle(forReadingAtPath: file.path) else {
        throw CommandError(.noLocalFile, ["file": file.path])
      }
      defer { try? handle.close() }
      let record = try client.put(file.key, storageClass: storageClass) {
        let piece = try handle.read(upToCount: 1 << 20) ?? Data()
        return piece.isEmpty ? nil : Array(piece)
      }
      return Moved(
        from: file.path, to: ObjectAddress(bucket: target.bucket, key: file.key).text,
        size: record.size, key: file.key)
    }
  }

  private static func isRegularFile(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeRegular
  }

  private func download(
    _ source: ObjectAddress, to target: String, isRecursive: Bool, _ tally: RequestTally
  ) throws -> [Moved] {
    let client = try client(source.bucket, tally)
    let path = localPath(target)
    try checkOutsideWorlds(target)
    let records =
      isRecursive ? try client.list(source.folder.key).objects : [try object(source, client)]
    guard !records.isEmpty else { throw CommandError(.noSuchObject, ["key": source.text]) }
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let files = try records.map { record -> (ObjectRecord, String) in
      if !isRecursive {
        let isPlace = exists && isFolder.boolValue || target.hasSuffix("/")
        return (record, isPlace ? path + "/" + source.name : path)
      }
      // A key such as `../x` would leave the directory that was named.
      let rest = String(Substring(record.key.utf8.dropFirst(source.folder.key.utf8.count)))
      guard ObjectKey.isPlain(rest) else { throw CommandError(.keyIsNoPath, ["key": record.key]) }
      return (record, path + "/" + rest)
    }
    for (_, file) in files where FileManager.default.fileExists(atPath: file) {
      throw CommandError(.localFileExists, ["file": file])
    }
    return try files.map { record, file in
      try write(record, from: client, to: file)
      return Moved(
        from: ObjectAddress(bucket: source.bucket, key: record.key).text, to: file,
        size: record.size, key: record.key)
    }
  }

  /// Writes an object beside its file and renames it, so that a half one is never there.
  private func write(_ record: ObjectRecord, from client: BucketClient, to file: String) throws {
    let manager = FileManager.default
    let folder = (file as NSString).deletingLastPathComponent
    let part = file + ".part"
    do {
      try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
      guard manager.createFile(atPath: part, contents: nil),
        let handle = FileHandle(forWritingAtPath: part)
      else { throw CommandError(.fileNotWritten, ["file": file]) }
      defer { try? handle.close() }
      try client.get(record.key) { try handle.write(contentsOf: Data($0)) }
      try manager.moveItem(atPath: part, toPath: file)
    } catch {
      try? manager.removeItem(atPath: part)
      if error is ObjectStorageError || error is CommandError { throw error }
      throw CommandError(.fileNotWritten, ["file": file])
    }
  }

  // MARK: Removing

  /// `s3 rm KEY [--recursive] [--version-id ID]`: one DeleteObject for each.
  func s3Remove(_ words: [String]) throws -> Reply {
    let arguments = try s3Arguments(
      words, "rm", values: ["--version-id": "version"], flags: ["--recursive": "recursive"],
      positions: 1...1)
    let address = address(arguments.positions[0])
    let tally = RequestTally()
    let client = try client(address.bucket, tally)
    let isRecursive = arguments.has("recursive")
    if isRecursive, arguments.has("version") {
      throw CommandError(
        .missingArgument, ["command": "s3 rm", "usage": text("help.s3.usage")])
    }
    let keys = isRecursive ? try client.list(address.key).objects.map(\.key) : [address.key]
    guard !keys.isEmpty else { throw CommandError(.noSuchObject, ["key": arguments.positions[0]]) }
    // S3 deletes what is not there without a word; here it would hide a slip of the hand.
    if !isRecursive, !arguments.has("version"), try client.bucket.record(address.key) == nil {
      _ = try object(address, client)
    }
    var markers = 0
    for key in keys {
      let removed = try client.delete(key, version: arguments["version"])
      if removed.isDeleteMarker, !arguments.has("version") { markers += 1 }
    }
    let values = ["count": NumberText.grouped(keys.count)]
    return Reply(
      [.text(text(markers > 0 ? "s3.hidden" : "s3.removed", values)), cost(tally)],
      data: .record([
        "removed": .array(keys.map(JSONValue.string)), "delete_markers": .count(markers),
        "requests": costData(tally),
      ]))
  }
}
