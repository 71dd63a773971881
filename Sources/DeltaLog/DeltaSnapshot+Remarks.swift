public import Connector

extension DeltaSnapshot {
  /// `partitions: 1 of 31`, for a table that has partitions, and
  /// `files: 2 of 4, 1 ruled out by statistics`.
  public func remarks(on request: ScanRequest) throws -> [String] {
    let scan = try DeltaScan(snapshot: self, request: request)
    var all: Set<[String?]> = []
    var kept: Set<[String?]> = []
    var read = 0
    var ruledOut = 0
    for file in files {
      let key = partitionColumns.map { file.partitionValues[$0] ?? nil }
      all.insert(key)
      let values = try scanValues(of: file)
      guard scan.canMatch(partition: values) else { continue }
      kept.insert(key)
      if scan.canMatch(file, partition: values) { read += 1 } else { ruledOut += 1 }
    }
    let statistics = ruledOut > 0 ? ", \(ruledOut) ruled out by statistics" : ""
    let line = "files: \(read) of \(files.count)\(statistics)"
    return partitionColumns.isEmpty ? [line] : ["partitions: \(kept.count) of \(all.count)", line]
  }
}
