internal import Columnar
internal import Connector
internal import ObjectStorage

/// Puts a commit on top of whatever others committed since the version it was prepared on.
///
/// The commit file of the next version is put if absent. Where another writer was faster, its commit
/// is read and compared: an append goes on top of anything but a change of schema; an overwrite
/// goes on top only if nothing it replaces, and nothing in the partitions it replaces, has changed.
final class DeltaCommitter {
  private let base: DeltaSnapshot
  private let mode: WriteMode
  private let options: DeltaWriteOptions
  private let rowsAdded: Int
  /// The files that the commit takes out.
  let removed: [AddFile]

  private static let attemptsMax = 1_000

  init(base: DeltaSnapshot, mode: WriteMode, options: DeltaWriteOptions, rowsAdded: Int) {
    self.base = base
    self.mode = mode
    self.options = options
    self.rowsAdded = rowsAdded
    removed = base.files.filter { base.replaces($0.partitionValues, mode) }
  }

  private var table: DeltaTable { base.table }

  /// Throws `alreadyCommitted` where the table has recorded one of the positions, or a later one.
  func checkTransactions() throws {
    try checkTransactions(base.transactions, version: base.version)
  }

  private func checkTransactions(_ recorded: [String: Int64], version: Int64) throws {
    for appID in options.transactions.keys.sorted() {
      guard let mine = options.transactions[appID], let theirs = recorded[appID] else { continue }
      if theirs >= mine {
        throw DeltaLogError(
          .alreadyCommitted,
          table: table.path,
          "\(table.path) has already recorded position \(theirs) of \"\(appID)\"; this write "
            + "is for \(mine).",
          version: version,
          advice: "The rows are in the table; go on with the position the table names."
        )
      }
    }
  }

  /// Commits, and answers the version; on a conflict the added files are removed again.
  func commit(adds: [AddFile]) throws -> Int64 {
    var checked = base.version
    for _ in 0..<Self.attemptsMax {
      let latest: Int64
      do {
        latest = try checkCommits(after: checked)
      } catch {
        for add in adds { try? table.store.delete(table.path + "/" + add.path) }
        throw error
      }
      checked = latest
      if try table.store.putIfAbsent(table.commitKey(latest + 1), encoded(adds)) {
        return latest + 1
      }
    }
    throw DeltaLogError(
      .conflict,
      table: table.path,
      "\(Self.attemptsMax) commits by others came first.",
      version: checked,
      advice: "Run it again when fewer writers are at work."
    )
  }

  /// Compares with the commits after `version`, and answers the latest version.
  private func checkCommits(after version: Int64) throws -> Int64 {
    let commits = try table.commits(after: version)
    let removedPaths = Set(removed.map(\.path))
    for commit in commits {
      try checkTransactions(commit.transactions, version: commit.version)
      if let reason = conflict(with: commit, removedPaths) {
        throw DeltaLogError(
          .conflict,
          table: table.path,
          "Another writer's commit \(commit.version) (\(commit.operation)) to \(table.path) "
            + reason + ".",
          version: commit.version,
          advice: "Read the table again and repeat the write; nothing of it was kept."
        )
      }
    }
    return commits.last?.version ?? version
  }

  private func conflict(with commit: DeltaCommit, _ removedPaths: Set<String>) -> String? {
    if commit.changesMetadata { return "changed the table's schema or properties" }
    if let file = commit.removes.first(where: { removedPaths.contains($0.path) }) {
      return "removed \(file.path), which this write replaces"
    }
    guard mode != .append else { return nil }
    if let file = commit.adds.first(where: { base.replaces($0.partitionValues, mode) }) {
      return "added \(file.path) to what this write replaces"
    }
    return nil
  }

  private func encoded(_ adds: [AddFile]) -> [UInt8] {
    let (name, predicate): (String, String?) =
      switch mode {
      case .append: ("Append", nil)
      case .overwrite: ("Overwrite", nil)
      case .overwritePartitions(let partitions): ("Overwrite", Self.predicate(partitions))
      }
    var parameters = ["mode": name, "partitionBy": DeltaSink.jsonList(base.partitionColumns)]
    parameters["predicate"] = predicate
    let info = CommitInfo(
      timestamp: options.timestamp,
      operation: options.operation,
      operationParameters: parameters,
      operationMetrics: [
        "numFiles": String(adds.count), "numRemovedFiles": String(removed.count),
        "numOutputRows": String(rowsAdded),
        "numOutputBytes": String(adds.reduce(0) { $0 + $1.size }),
      ],
      isBlindAppend: mode == .append
    )
    return CommitActions(
      info: info,
      transactions: options.transactions.mapValues {
        TransactionPosition(version: $0, lastUpdated: options.timestamp)
      },
      removes: removed.map {
        RemoveFile(of: $0, deletionTimestamp: options.timestamp, dataChange: true)
      },
      adds: adds
    ).encoded()
  }

  private static func predicate(_ partitions: [[String: String?]]) -> String {
    partitions.map { values in
      values.keys.sorted().map { name in
        guard let value = values[name] ?? nil else { return "\(name) IS NULL" }
        return "\(name) = '"
          + value.split(separator: "'", omittingEmptySubsequences: false)
          .joined(separator: "''") + "'"
      }.joined(separator: " AND ")
    }.joined(separator: " OR ")
  }
}

extension DeltaSnapshot {
  /// True where a write of `mode` replaces the files of a partition.
  func replaces(_ partition: [String: String?], _ mode: WriteMode) -> Bool {
    switch mode {
    case .append: false
    case .overwrite: true
    case .overwritePartitions(let wanted): wanted.contains { matches(partition, $0) }
    }
  }

  /// True where a partition has all the values listed, compared as values of the columns' types.
  func matches(_ partition: [String: String?], _ wanted: [String: String?]) -> Bool {
    wanted.allSatisfy { name, value in
      guard let field = schema.fields.first(where: { $0.name == name }),
        let left = PartitionValue.scalar(partition[name] ?? nil, type: field.type),
        let right = PartitionValue.scalar(value, type: field.type)
      else { return false }
      if left.isNull || right.isNull { return left.isNull && right.isNull }
      return ScalarOrder.compare(left, right) == 0
    }
  }
}
