internal import Columnar

/// What a table is at one version: the result of replaying its commits in order, from nothing or
/// from a checkpoint.
struct LogState: Sendable {
  private(set) var version: Int64 = -1
  /// The version of the checkpoint that the replay began with; nil where it began with nothing.
  private(set) var checkpointVersion: Int64?
  private(set) var tableProtocol: TableProtocol?
  private(set) var metadata: TableMetadata?
  private(set) var transactions: [String: TransactionPosition] = [:]
  /// The commits replayed, in order, up to `version`.
  ///
  /// After a checkpoint its own commit may stand before them, for what it says of itself.
  private(set) var commits: [DeltaCommit] = []

  /// Files in the order of their adding; nil where one was removed again.
  private var slots: [AddFile?] = []
  private var slotByKey: [String: Int] = [:]
  /// What the checkpoint knew to be removed.
  private var olderRemoves: [RemoveFile] = []

  var files: [AddFile] { slots.compactMap { $0 } }
  var fileCount: Int { slotByKey.count }

  /// The removed files that nothing has brought back, in the order of their removal.
  var tombstones: [RemoveFile] {
    let removes = olderRemoves + commits.flatMap(\.removes)
    // The last of several removals counts.
    var places: [String: Int] = [:]
    for (index, remove) in removes.enumerated() { places[remove.key] = index }
    return removes.enumerated().compactMap { index, remove in
      let key = remove.key
      return places[key] == index && slotByKey[key] == nil ? remove : nil
    }
  }

  /// Nothing.
  init() {}

  /// What a checkpoint says.
  init(checkpoint actions: CommitActions, version: Int64) {
    self.version = version
    checkpointVersion = version
    tableProtocol = actions.tableProtocol
    metadata = actions.metadata
    transactions = actions.transactions
    olderRemoves = actions.removes
    slots.reserveCapacity(actions.adds.count)
    for add in actions.adds { place(add) }
  }

  mutating func apply(_ actions: CommitActions, version: Int64) {
    self.version = version
    if let tableProtocol = actions.tableProtocol { self.tableProtocol = tableProtocol }
    if let metadata = actions.metadata { self.metadata = metadata }
    transactions.merge(actions.transactions) { _, newer in newer }
    let removes = actions.removes.map { remove(withValues: $0) }
    for remove in removes {
      if let slot = slotByKey.removeValue(forKey: remove.key) { slots[slot] = nil }
    }
    for add in actions.adds { place(add) }
    if slots.count > 2 * slotByKey.count + 64 { compact() }
    commits.append(DeltaCommit(version: version, actions: actions, removes: removes))
  }

  /// Keeps what the commit of the checkpoint's own version says of itself.
  mutating func describe(by actions: CommitActions) {
    guard commits.isEmpty else { return }
    commits = [DeltaCommit(version: version, actions: actions, removes: actions.removes)]
  }

  private mutating func place(_ add: AddFile) {
    let key = add.key
    if let slot = slotByKey[key] {
      slots[slot] = add
    } else {
      slotByKey[key] = slots.count
      slots.append(add)
    }
  }

  /// A remove that knows its partition, from the add where the commit itself does not say it.
  private func remove(withValues remove: RemoveFile) -> RemoveFile {
    guard remove.partitionValues == nil || remove.size == nil,
      let slot = slotByKey[remove.key], let add = slots[slot]
    else { return remove }
    var remove = remove
    remove.partitionValues = remove.partitionValues ?? add.partitionValues
    remove.size = remove.size ?? add.size
    return remove
  }

  private mutating func compact() {
    slots = slots.filter { $0 != nil }
    for (slot, file) in slots.enumerated() {
      if let file { slotByKey[file.key] = slot }
    }
  }
}

/// One version's change: which files came and went, and so which partitions changed.
public struct DeltaCommit: Sendable {
  public let version: Int64
  /// Milliseconds since the Unix epoch, as the writer says; 0 where it does not.
  public var timestamp: Int64 { statedTime ?? 0 }
  public let operation: String
  /// What the writer says of the operation, free-form: what it was asked, and what it counted.
  public let operationParameters: [String: String]
  public let operationMetrics: [String: String]
  /// True where the writer says that it only added rows and read none.
  public let isBlindAppend: Bool
  public let adds: [AddFile]
  public let removes: [RemoveFile]
  /// The positions of applications that the commit set.
  public let transactions: [String: Int64]
  /// True where the commit set the schema or the protocol.
  public let changesMetadata: Bool

  /// The timestamp, where the writer gave one.
  let statedTime: Int64?

  init(version: Int64, actions: CommitActions, removes: [RemoveFile]) {
    self.version = version
    statedTime = actions.info?.inCommitTimestamp ?? actions.info?.timestamp
    operation = actions.info?.operation ?? "UNKNOWN"
    operationParameters = actions.info?.operationParameters ?? [:]
    operationMetrics = actions.info?.operationMetrics ?? [:]
    isBlindAppend = actions.info?.isBlindAppend ?? false
    adds = actions.adds
    self.removes = removes
    transactions = actions.transactions.mapValues(\.version)
    changesMetadata = actions.metadata != nil || actions.tableProtocol != nil
  }
}
