public import Columnar
public import Connector

/// One partition of a table at a version: what the log says of its files together.
public struct DeltaPartition: Sendable {
  /// By partition column.
  public var values: [Scalar]
  public var fileCount: Int
  /// Bytes.
  public var size: Int64
  /// By position in the table's schema, of the columns that data files hold.
  public var columns: [Int: ColumnStatistics]
}

extension DeltaSnapshot {
  /// The partitions that have files, in the order of their first one; one for a table without
  /// partition columns that has any.
  ///
  /// - Throws: `invalidPartitionValue` where a file's partition is no value of the column's type.
  public func partitions() throws -> [DeltaPartition] {
    var order: [[Scalar]] = []
    var groups: [[Scalar]: [AddFile]] = [:]
    for file in files {
      let scalars = try partitionScalars(of: file)
      let values = partitionIndices.map { scalars[$0] ?? .null }
      if groups[values] == nil { order.append(values) }
      groups[values, default: []].append(file)
    }
    return order.map { values in
      let files = groups[values] ?? []
      var columns: [Int: ColumnStatistics] = [:]
      for index in dataIndices where files.allSatisfy({ $0.numRecords != nil }) {
        columns[index] = ColumnStatistics(
          pieces: files.map {
            $0.statistics.piece(
              physical[index].name, schema[index].type, rowCount: $0.numRecords ?? 0)
          })
      }
      return DeltaPartition(
        values: values, fileCount: files.count, size: DeltaTable.size(files), columns: columns)
    }
  }
}
