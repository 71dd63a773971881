internal import Connector
internal import DeltaLog
internal import EventModel
internal import Lake
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

// `catalog rollback|expire|compact`: what keeps a table small and right, at the price of its past.
extension Shell {
  /// Files of readers and writers that may still be at work are not touched by `expire`.
  private static let expireDays: Int64 = 7
  private static let day: Int64 = 86_400_000

  /// `rollback TABLE VERSION`: the table as it was, by a commit on top.
  func catalogRollback(
    _ table: LakeTableSummary, _ words: [String], _ lake: Lake
  ) throws -> Reply {
    guard let word = words.first, words.count == 1 else { throw catalogUsage("rollback") }
    guard let delta = try deltaTable(table, lake) else {
      throw CatalogChangeError.notSupported(
        "going back to a version of \(table.name): its catalog entry can be changed, its files are "
          + "what they are; register the earlier directory of a partition instead")
    }
    let known = try delta.availableVersions()
    guard let version = Int64(word), known.contains(version) else {
      throw CommandError(
        .badNumber,
        [
          "option": "rollback", "value": word, "low": String(known.lowerBound),
          "high": String(known.upperBound),
        ])
    }
    let report = try delta.restore(to: version, timestamp: try platform().now.milliseconds)
    let values = [
      "table": table.name, "from": String(version), "version": String(report.version),
      "restored": NumberText.grouped(report.filesRestored),
      "removed": NumberText.grouped(report.filesRemoved),
    ]
    return Reply(
      [.text(text("catalog.rollback.done", values))],
      data: .record([
        "table": .string(table.name), "restored_version": .integer(version),
        "version": .integer(report.version), "files_restored": .count(report.filesRestored),
        "files_removed": .count(report.filesRemoved),
      ]))
  }

  private func deltaTable(_ table: LakeTableSummary, _ lake: Lake) throws -> DeltaTable? {
    table.kind == .delta ? try lake.deltaTable(table.name) : nil
  }

  /// `expire TABLE [--older-than 7d] [--dry-run] [--force]`: removes files that no version of that age
  /// or younger has.
  func catalogExpire(
    _ table: LakeTableSummary, _ arguments: RealToolArguments, _ lake: Lake
  ) throws -> Reply {
    guard arguments.positions.count == 1 else { throw catalogUsage("expire") }
    let age = try arguments["age"].map(age)
    let now = try platform().now.milliseconds
    let isDryRun = arguments.has("dry-run")
    let files: [ObjectMetadata]
    if let delta = try deltaTable(table, lake) {
      files = try delta.vacuum(
        DeltaVacuumOptions(
          now: now, retentionMilliseconds: age, allowsShortRetention: arguments.has("force"),
          isDryRun: isDryRun)
      ).files
    } else {
      let name = try lake.hiveName(table, "old files")
      let age = age ?? Shell.expireDays * Shell.day
      guard age >= Shell.expireDays * Shell.day || arguments.has("force") else {
        throw CatalogChangeError.invalidArgument(
          "files younger than \(Shell.expireDays) days may be of a writer or a reader that is at work")
      }
      files = try lake.hive.unreferenced(name, changedBefore: now - age)
      if !isDryRun { try lake.hive.removeUnreferenced(name, changedBefore: now - age) }
    }
    let bytes = files.reduce(0) { $0 &+ $1.size }
    let shown = files.prefix(20).map { "  " + TextWidth.printable($0.key) }
    let values = [
      "count": NumberText.grouped(files.count), "bytes": NumberText.bytes(Int64(bytes)),
      "table": table.name,
    ]
    let key =
      files.isEmpty ? "catalog.expire.none" : isDryRun ? "catalog.expire.dry" : "catalog.expire.done"
    return Reply(
      (shown.isEmpty ? [] : [.verbatim(shown.joined(separator: "\n"))]) + [.text(text(key, values))],
      data: .record([
        "table": .string(table.name), "dry_run": .bool(isDryRun),
        "files": .array(files.map { .string($0.key) }), "bytes": .count(bytes),
      ]))
  }

  /// `7d`, `36h`: milliseconds.
  private func age(_ text: String) throws -> Int64 {
    let units: [Character: Int64] = ["d": Shell.day, "h": 3_600_000, "m": 60_000, "s": 1_000]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      (0...100_000).contains(count)
    else { throw CommandError(.badDuration, ["text": text]) }
    return count * unit
  }

  private func rowCount(_ text: String) throws -> Int {
    guard let count = Int(text), (1...1_000_000).contains(count) else {
      throw CommandError(
        .badNumber, ["option": "--rows", "value": text, "low": "1", "high": "1000000"])
    }
    return count
  }

  /// `compact TABLE [PARTITION]`: many small files become few, and no row changes.
  ///
  /// `--rows N` puts so many rows into a file, and takes partitions of a single file as well.
  func catalogCompact(
    _ table: LakeTableSummary, _ words: [String], _ arguments: RealToolArguments, _ lake: Lake
  ) throws -> Reply {
    guard words.count < 2 else { throw catalogUsage("compact") }
    let rows = try arguments["rows"].map(rowCount)
    let wanted = try words.first.map { try lake.partitionValues($0, of: table) }
    var done = Compacted()
    if let delta = try deltaTable(table, lake) {
      let filter = wanted.map { wanted in
        [Dictionary(zip(wanted.columns, wanted.values), uniquingKeysWith: { first, _ in first })]
      }
      let report = try delta.optimize(
        DeltaOptimizeOptions(timestamp: try platform().now.milliseconds, partitions: filter))
      done = Compacted(
        partitions: report.partitionCount, filesBefore: report.filesRemoved,
        filesAfter: report.filesAdded, bytesBefore: report.removedSize,
        bytesAfter: report.addedSize)
    } else {
      let name = try lake.hiveName(table, "compaction")
      let several = try lake.partitionSummaries(table).filter {
        $0.fileCount > (rows == nil ? 1 : 0)
      }
      for one in several where wanted == nil || one.name == words.first {
        let values = one.name.isEmpty ? [] : try lake.partitionValues(one.name, of: table).values
        let report = try lake.hive.compactPartition(
          name, values: values, targetRowsPerFile: rows ?? 1_000_000)
        done.partitions += 1
        done.filesBefore += report.filesBefore
        done.filesAfter += report.filesAfter
        done.bytesBefore += Int64(report.bytesBefore)
        done.bytesAfter += Int64(report.bytesAfter)
      }
    }
    let values = [
      "table": table.name, "partitions": NumberText.grouped(done.partitions),
      "before": NumberText.grouped(done.filesBefore), "after": NumberText.grouped(done.filesAfter),
      "bytesBefore": NumberText.bytes(done.bytesBefore),
      "bytesAfter": NumberText.bytes(done.bytesAfter),
    ]
    let key = done.filesBefore == 0 ? "catalog.compact.none" : "catalog.compact.done"
    return Reply(
      [.text(text(key, values))],
      data: .record([
        "table": .string(table.name), "partitions": .count(done.partitions),
        "files_before": .count(done.filesBefore), "files_after": .count(done.filesAfter),
        "bytes_before": .integer(done.bytesBefore), "bytes_after": .integer(done.bytesAfter),
      ]))
  }

  private struct Compacted {
    var partitions = 0
    var filesBefore = 0
    var filesAfter = 0
    var bytesBefore: Int64 = 0
    var bytesAfter: Int64 = 0
  }
}
