internal import Columnar
internal import Connector
internal import ObjectStorage

/// How small files are put together.
public struct DeltaOptimizeOptions: Sendable {
  /// Milliseconds since the Unix epoch: story time of the commit.
  public var timestamp: Int64
  /// Smaller files are put together up to about so many bytes; nil takes the table's
  /// `delta.targetFileSize`, or 128 MiB.
  public var targetFileSize: Int64?
  /// Only these partitions, each by the values of some of its columns (nil for NULL); nil for all.
  public var partitions: [[String: String?]]?
  /// Goes into file names, as in `DeltaWriteOptions`.
  public var seed: UInt64

  public init(
    timestamp: Int64,
    targetFileSize: Int64? = nil,
    partitions: [[String: String?]]? = nil,
    seed: UInt64 = 0
  ) {
    self.timestamp = timestamp
    self.targetFileSize = targetFileSize
    self.partitions = partitions
    self.seed = seed
  }
}

/// What was put together.
public struct DeltaOptimizeReport: Hashable, Sendable {
  /// The table's version after it.
  public var version: Int64
  /// Files of the partitions that were asked for.
  public var filesConsidered: Int
  public var filesRemoved = 0
  public var filesAdded = 0
  /// Bytes.
  public var removedSize: Int64 = 0
  public var addedSize: Int64 = 0
  /// Partitions in which files were put together.
  public var partitionCount = 0
}

extension DeltaTable {
  /// Puts small files of each partition together, in one commit that changes no row.
  ///
  /// 1. The files of a partition are taken in the order of their adding, and those below the target
  ///    fill bins up to it.
  /// 2. Each bin of two files or more is read and written as one file, rows in their order.
  /// 3. The commit goes on top of appends; it loses against whoever has removed one of the files.
  ///
  /// Until the commit nothing is visible, and the old files stay for older versions. Where there is
  /// nothing to do there is no commit.
  ///
  /// - Returns: what was put together, with the table's version now.
  /// - Throws: `conflict`, `unknownPartitionColumn`, `unsupportedWriter`, `invalidProperty`; what
  ///   reading a data file throws.
  public func optimize(_ options: DeltaOptimizeOptions) throws -> DeltaOptimizeReport {
    let snapshot = try snapshot()
    try snapshot.checkWritable()
    if let partitions = options.partitions { try snapshot.checkPartitions(partitions) }
    let target =
      try options.targetFileSize
      ?? snapshot.metadata.properties(of: path).targetFileSize() ?? 128 << 20
    let considered = snapshot.files.filter { file in
      options.partitions?.contains { snapshot.matches(file.partitionValues, $0) } ?? true
    }
    var report = DeltaOptimizeReport(
      version: snapshot.version,
      filesConsidered: considered.count
    )
    let bins = try Compaction.bins(considered, of: snapshot, target: target)
    guard !bins.isEmpty else { return report }
    let adds = try Compaction(snapshot: snapshot, options: options).write(bins)
    let removed = bins.flatMap(\.files)
    report.filesRemoved = removed.count
    report.filesAdded = adds.count
    report.removedSize = Self.size(removed)
    report.addedSize = Self.size(adds)
    report.partitionCount = Set(bins.map(\.partition)).count
    let plan = CommitPlan(
      operation: Compaction.operation,
      parameters: [
        "predicate": options.partitions.map { CommitPlan.predicate($0) } ?? "[]",
        "targetSize": String(target),
      ],
      metrics: [
        "numAddedFiles": String(adds.count), "numAddedBytes": String(report.addedSize),
        "numRemovedBytes": String(report.removedSize),
        "partitionsOptimized": String(report.partitionCount),
        "totalConsideredFiles": String(considered.count),
      ],
      timestamp: options.timestamp,
      removed: removed,
      changesData: false
    )
    report.version = try DeltaCommitter(base: snapshot, plan: plan).commit(adds: adds)
    return report
  }
}

/// Writes bins of data files as one file each.
private struct Compaction {
  /// Files of one partition that become one.
  struct Bin {
    /// By position in the schema.
    var partition: [Int: Scalar]
    var files: [AddFile]
  }

  static let operation = "OPTIMIZE"

  let snapshot: DeltaSnapshot
  let options: DeltaOptimizeOptions

  /// In the order of the partitions' first files; each bin has at least two.
  static func bins(
    _ files: [AddFile],
    of snapshot: DeltaSnapshot,
    target: Int64
  ) throws -> [Bin] {
    var order: [[Int: Scalar]] = []
    var small: [[Int: Scalar]: [AddFile]] = [:]
    for file in files where file.size < target {
      let partition = try snapshot.partitionScalars(of: file)
      if small[partition] == nil { order.append(partition) }
      small[partition, default: []].append(file)
    }
    var bins: [Bin] = []
    for partition in order {
      var bin = Bin(partition: partition, files: [])
      var size: Int64 = 0
      for file in small[partition] ?? [] {
        // A size below 0 is no size; neither sum nor comparison overflows, as both are below target.
        let own = max(0, file.size)
        if own > target - size {
          if bin.files.count > 1 { bins.append(bin) }
          bin.files = []
          size = 0
        }
        bin.files.append(file)
        size += own
      }
      if bin.files.count > 1 { bins.append(bin) }
    }
    return bins
  }

  /// Files that wait for their names; each is open until it has one.
  private static let waitingMax = 64

  /// Writes and publishes the files, and answers their add actions.
  func write(_ bins: [Bin]) throws -> [AddFile] {
    let names = DeltaWriteOptions(
      operation: Self.operation,
      timestamp: options.timestamp,
      seed: options.seed
    )
    let publisher = DataFilePublisher(snapshot: snapshot, options: names, dataChange: false)
    var finished: [FinishedDataFile] = []
    var adds: [AddFile] = []
    do {
      var counts: [[String?]: Int] = [:]
      for bin in bins {
        let values = snapshot.partitionColumns.map { bin.files[0].partitionValues[$0] ?? nil }
        let number = counts[values, default: 0]
        counts[values] = number + 1
        if let file = try write(bin, values, number: number) { finished.append(file) }
        if finished.count == Self.waitingMax {
          adds += try publisher.publish(finished)
          finished = []
        }
      }
      return adds + (try publisher.publish(finished))
    } catch {
      finished.forEach { $0.writer.discard() }
      for add in adds { try? snapshot.table.store.delete(snapshot.table.path + "/" + add.path) }
      throw error
    }
  }

  /// Nil where the bin's files have no row.
  private func write(
    _ bin: Bin,
    _ values: [String?],
    number: Int
  ) throws -> FinishedDataFile? {
    let scan = try DeltaScan(
      snapshot: snapshot,
      request: ScanRequest(columns: snapshot.dataIndices)
    )
    let output = try OpenDataFile(store: snapshot.table.store, schema: snapshot.dataSchema)
    do {
      for file in bin.files {
        let reader = try DeltaSplit(scan: scan, file: file, ordinal: 0, partition: [:]).open()
        while let batch = try reader.next() { try output.write(batch) }
      }
      guard output.rowCount > 0 else {
        output.writer.discard()
        return nil
      }
      return try output.finish(partition: values, number: number)
    } catch {
      output.writer.discard()
      throw error
    }
  }
}
