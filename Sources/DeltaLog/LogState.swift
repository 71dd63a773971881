internal import Columnar

/// What a table is at one version: the result of replaying its commits in order.
///
/// Replay starts from nothing. A reader of checkpoints would start from a state that a checkpoint
/// gives, and `apply` the commits behind it.
struct LogState: Sendable {
  private(set) var version: Int64 = -1
  private(set) var tableProtocol: TableProtocol?
  private(set) var metadata: TableMetadata?
  private(set) var transactions: [String: Int64] = [:]
  private(set) var commits: [DeltaCommit] = []

  /// Files in the order of their adding; nil where one was removed again.
  private var slots: [AddFile?] = []
  private var slotByPath: [String: Int] = [:]

  var files: [AddFile] { slots.compactMap { $0 } }
  var fileCount: Int { slotByPath.count }

  mutating func apply(_ actions: CommitActions, version: Int64) {
    self.version = version
    if let tableProtocol = actions.tableProtocol { self.tableProtocol = tableProtocol }
    if let metadata = actions.metadata { self.metadata = metadata }
    transactions.merge(actions.transactions) { _, newer in newer }
    let removes = actions.removes.map { remove(withValues: $0) }
    for remove in removes {
      if let slot = slotByPath.removeValue(forKey: remove.path) { slots[slot] = nil }
    }
    for add in actions.adds {
      if let slot = slotByPath[add.path] {
        slots[slot] = add
      } else {
        slotByPath[add.path] = slots.count
        slots.append(add)
      }
    }
    if slots.count > 2 * slotByPath.count + 64 { compact() }
    commits.append(DeltaCommit(version: version, actions: actions, removes: removes))
  }

  /// A remove that knows its partition, from the add where the commit itself does not say it.
  private func remove(withValues remove: RemoveFile) -> RemoveFile {
    guard remove.partitionValues == nil || remove.size == nil,
      let slot = slotByPath[remove.path], let add = slots[slot]
    else { return remove }
    var remove = remove
    remove.partitionValues = remove.partitionValues ?? add.partitionValues
    remove.size = remove.size ?? add.size
    return remove
  }

  private mutating func compact() {
    slots = slots.filter { $0 != nil }
    for (slot, file) in slots.enumerated() {
      if let file { slotByPath[file.path] = slot }
    }
  }
}

/// One version's change: which files came and went, and so which partitions changed.
public struct DeltaCommit: Sendable {
  public let version: Int64
  /// Milliseconds since the Unix epoch, as the writer says; 0 where it does not.
  public let timestamp: Int64
  public let operation: String
  public let adds: [AddFile]
  public let removes: [RemoveFile]
  /// The positions of applications that the commit set.
  public let transactions: [String: Int64]
  /// True where the commit set the schema or the protocol.
  public let changesMetadata: Bool

  init(version: Int64, actions: CommitActions, removes: [RemoveFile]) {
    self.version = version
    timestamp = actions.info?.timestamp ?? 0
    operation = actions.info?.operation ?? "UNKNOWN"
    adds = actions.adds
    self.removes = removes
    transactions = actions.transactions
    changesMetadata = actions.metadata != nil || actions.tableProtocol != nil
  }
}
