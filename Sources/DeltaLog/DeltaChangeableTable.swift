public import Columnar
public import Connector
internal import Synchronization

// Changing rows, step by step:
//
// 1. `DeltaSnapshot.changeable()` is a table whose scans give each row's identity on demand, and that
//    remembers what was asked of it: the read set.
// 2. The engine, or a caller of `DeltaTable.rewrite`, decides which rows go and which come.
// 3. A `DeltaRowChange` over the same table takes both: new rows go into data files at once, deleted
//    ones are marked per file.
// 4. Its commit writes what is left of the touched files into new ones (copy on write) and puts one
//    commit. It goes on top of what others committed unless that changes what was read: a file that
//    was read is gone, or a new one may hold rows that would have been read.

/// A table at one version whose rows can be changed.
///
/// A catalog that changes rows answers its tables as these: `WritableCatalog.beginChange` gets the
/// same object back as its `source`, with the reads that the statement made of it.
public struct DeltaChangeableTable: TableSource {
  public let snapshot: DeltaSnapshot
  let reads = ReadSet()

  init(snapshot: DeltaSnapshot) {
    self.snapshot = snapshot
  }

  public var schema: Schema { snapshot.schema }
  /// Where the row lies: which file of the snapshot, and which row of it.
  public var rowIDField: Field? { RowIdentity.field }
  public var hiddenFields: [Field] { snapshot.hiddenFields }
  public var rowCount: Int? { snapshot.rowCount }

  public func splits(for request: ScanRequest) throws -> [any Split] {
    reads.insert(request.predicates)
    return try snapshot.splits(for: request)
  }

  public func statistics() throws -> TableStatistics { try snapshot.statistics() }

  public func remarks(on request: ScanRequest) throws -> [String] {
    try snapshot.remarks(on: request)
  }

  /// A change over this version, by what its scans have read until it commits.
  ///
  /// Its commit throws where that has changed meanwhile. A change without a scan counts as one that
  /// has read everything.
  public func makeChange(options: DeltaWriteOptions) -> DeltaRowChange {
    DeltaRowChange(table: self, options: options)
  }
}

extension DeltaSnapshot {
  /// This version as a table whose rows can be changed.
  public func changeable() -> DeltaChangeableTable { DeltaChangeableTable(snapshot: self) }
}

/// What the scans of one statement have asked for.
final class ReadSet: Sendable {
  /// One list of predicates a scan; a scan has read no row for which one of its list does not hold.
  private let scans = Mutex<[[ColumnPredicate]]>([])

  func insert(_ predicates: [ColumnPredicate]) {
    scans.withLock { scans in
      if !scans.contains(predicates) { scans.append(predicates) }
    }
  }

  /// Whether scans of a snapshot have read, or would have read, a file.
  func rule(for snapshot: DeltaSnapshot) throws -> (AddFile) throws -> Bool {
    let lists = scans.withLock { $0 }
    let wanted = lists.isEmpty ? [[]] : lists
    let matchers = try wanted.map { predicates in
      try DeltaScan(snapshot: snapshot, request: ScanRequest(columns: [], predicates: predicates))
    }
    return { file in
      let values = try snapshot.scanValues(of: file)
      return matchers.contains { $0.canMatch(file, partition: values) }
    }
  }
}
