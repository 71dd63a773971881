internal import Columnar
internal import Connector
internal import ObjectStorage

/// What a commit is to do, and what must not have happened meanwhile.
struct CommitPlan {
  /// The operation's name in the table's history, and what it was asked.
  var operation: String
  var parameters: [String: String] = [:]
  /// What it did; the counts of files are added.
  var metrics: [String: String] = [:]
  /// Milliseconds since the Unix epoch.
  var timestamp: Int64
  /// Positions to record, by application.
  var transactions: [String: Int64] = [:]
  /// A new schema or new properties.
  var metadata: TableMetadata?
  /// The files that the commit takes out.
  var removed: [AddFile] = []
  /// False where rows are only rearranged.
  var changesData = true
  var isBlindAppend = false
  /// Why the commit cannot go on top of another, besides for changed metadata and for the loss of a
  /// file of `removed`; nil where it can.
  var conflict: (DeltaCommit) -> String? = { _ in nil }
  var conflictKind = DeltaLogError.Kind.conflict
}

/// Puts a commit on top of whatever others committed since the version it was prepared on.
///
/// The commit file of the next version is put if absent. Where another writer was faster, its commit
/// is read and compared with the plan; if the two go together, the version after is tried.
final class DeltaCommitter {
  private let base: DeltaSnapshot
  private let plan: CommitPlan

  private static let attemptsMax = 1_000

  init(base: DeltaSnapshot, plan: CommitPlan) {
    self.base = base
    self.plan = plan
  }

  private var table: DeltaTable { base.table }

  /// Throws `alreadyCommitted` where the table has recorded one of the positions, or a later one.
  func checkTransactions() throws {
    try checkTransactions(base.transactions, version: base.version)
  }

  private func checkTransactions(_ recorded: [String: Int64], version: Int64) throws {
    for appID in plan.transactions.keys.sorted() {
      guard let mine = plan.transactions[appID], let theirs = recorded[appID] else { continue }
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

  /// Commits, and answers the version.
  ///
  /// On a conflict the new ones among the added files are removed again: all of them, unless they are
  /// `kept`, as files are that lay there before.
  func commit(adds: [AddFile], kept: Bool = false) throws -> Int64 {
    let actions = actions(adds)
    let bytes = actions.encoded()
    var checked = base.version
    for _ in 0..<Self.attemptsMax {
      let state: LogState
      do {
        state = try checkCommits(after: checked)
      } catch {
        if !kept {
          for add in adds { try? table.store.delete(table.path + "/" + add.path) }
        }
        throw error
      }
      checked = state.version
      if try table.store.putIfAbsent(table.commitKey(state.version + 1), bytes) {
        table.maintain(after: actions, on: state, now: plan.timestamp)
        return state.version + 1
      }
    }
    throw DeltaLogError(
      plan.conflictKind,
      table: table.path,
      "\(Self.attemptsMax) commits by others came first.",
      version: checked,
      advice: "Run it again when fewer writers are at work."
    )
  }

  /// Compares with the commits after `version`, and answers the latest state.
  private func checkCommits(after version: Int64) throws -> LogState {
    let (state, commits) = try table.log(after: version)
    let removed = Set(plan.removed.map(\.key))
    for commit in commits {
      try checkTransactions(commit.transactions, version: commit.version)
      if let reason = conflict(with: commit, removed) {
        throw DeltaLogError(
          plan.conflictKind,
          table: table.path,
          "Another writer's commit \(commit.version) (\(commit.operation)) to \(table.path) "
            + reason + ".",
          version: commit.version,
          advice: "Read the table again and repeat the write; nothing of it was kept."
        )
      }
    }
    guard state.version >= version, state.metadata?.id == base.metadata.id else {
      throw DeltaLogError(
        plan.conflictKind,
        table: table.path,
        "Another table has been made at \(table.path) since version \(version) was read.",
        version: state.version,
        advice: "Open the table again and repeat the write; nothing of it was kept."
      )
    }
    return state
  }

  private func conflict(with commit: DeltaCommit, _ removed: Set<String>) -> String? {
    if commit.changesMetadata { return "changed the table's schema or properties" }
    if !removed.isEmpty, let file = commit.removes.first(where: { removed.contains($0.key) }) {
      return "removed \(file.path), which this write replaces"
    }
    return plan.conflict(commit)
  }

  private func actions(_ adds: [AddFile]) -> CommitActions {
    var metrics = plan.metrics
    metrics["numFiles"] = String(adds.count)
    metrics["numRemovedFiles"] = String(plan.removed.count)
    return CommitActions(
      info: CommitInfo(
        timestamp: plan.timestamp,
        operation: plan.operation,
        operationParameters: plan.parameters,
        operationMetrics: metrics,
        isBlindAppend: plan.isBlindAppend
      ),
      metadata: plan.metadata,
      transactions: plan.transactions.mapValues {
        TransactionPosition(version: $0, lastUpdated: plan.timestamp)
      },
      removes: plan.removed.map {
        RemoveFile(of: $0, deletionTimestamp: plan.timestamp, dataChange: plan.changesData)
      },
      adds: adds
    )
  }
}

extension CommitPlan {
  /// A write of rows in one of the sink's modes.
  ///
  /// An append goes on top of anything but a change of schema; an overwrite goes on top only if
  /// nothing it replaces, and nothing in the partitions it replaces, has changed.
  init(
    writing mode: WriteMode,
    on base: DeltaSnapshot,
    options: DeltaWriteOptions,
    rowsAdded: Int
  ) {
    self.init(operation: options.operation, timestamp: options.timestamp)
    transactions = options.transactions
    removed = base.files.filter { base.replaces($0.partitionValues, mode) }
    isBlindAppend = mode == .append
    metrics["numOutputRows"] = String(rowsAdded)
    parameters["mode"] = mode == .append ? "Append" : "Overwrite"
    parameters["partitionBy"] = DeltaSink.jsonList(base.partitionColumns)
    if case .overwritePartitions(let partitions) = mode {
      parameters["predicate"] = Self.predicate(partitions)
    }
    guard mode != .append else { return }
    conflict = { commit in
      commit.adds.first { base.replaces($0.partitionValues, mode) }.map {
        "added \($0.path) to what this write replaces"
      }
    }
  }

  /// Partitions as SQL says them.
  static func predicate(_ partitions: [[String: String?]]) -> String {
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
