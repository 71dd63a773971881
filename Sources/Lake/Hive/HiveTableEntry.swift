package import Columnar

/// How the files of a Hive-style table are read.
package enum HiveFormat: String, Hashable, Sendable, CaseIterable {
  case parquet = "PARQUET"
  /// One JSON object a line. A value that does not fit its column ends the query.
  case json = "JSON"
  /// One JSON object a line. A value that does not fit its column is NULL, and nothing says so.
  case openXJSON = "OPENX_JSON"
  /// Quoted text between commas; every column is `varchar`.
  case csv = "CSV"
  /// Text between separators. A value that does not fit its column is NULL, and nothing says so.
  case textFile = "TEXTFILE"
}

/// What the catalog says of a table: what its columns are, and where its partitions lie.
///
/// A table without partition columns has one partition without values, whose location holds its files.
package struct HiveTableEntry: Hashable, Sendable {
  /// The columns that files hold, in order; partition columns follow them.
  package var columns: [Field]
  package var partitionColumns: [Field]
  package var format: HiveFormat
  /// Below the lake's directory, without a slash at its end: where new partitions go.
  package var location: String
  /// True where the files belong to somebody else: dropping the table leaves them.
  package var isExternal: Bool
  package var comment: String?
  /// What else `WITH (…)` said, such as `csv_separator`.
  package var properties: [String: String]
  /// Milliseconds since the Unix epoch, story time.
  package var createdMilliseconds: Int64
  /// By name, each once.
  package var partitions: [HivePartition]
  /// Which change of the table made this entry; the first is 0.
  package internal(set) var version: Int64 = -1

  package init(
    columns: [Field],
    partitionColumns: [Field] = [],
    format: HiveFormat = .parquet,
    location: String,
    isExternal: Bool,
    comment: String? = nil,
    properties: [String: String] = [:],
    createdMilliseconds: Int64
  ) {
    self.columns = columns
    self.partitionColumns = partitionColumns
    self.format = format
    self.location = location
    self.isExternal = isExternal
    self.comment = comment
    self.properties = properties
    self.createdMilliseconds = createdMilliseconds
    partitions =
      partitionColumns.isEmpty
      ? [
        HivePartition(
          values: [], location: location, createdMilliseconds: createdMilliseconds,
          parameters: isExternal ? [:] : HivePartition.counts(rows: 0, files: 0, bytes: 0))
      ]
      : []
  }

  /// The table's columns as SQL sees them.
  package var schema: Schema { Schema(columns + partitionColumns) }

  /// The partition of these values; nil where none is registered.
  package func partition(_ values: [String?]) -> HivePartition? {
    partitions.first { $0.values == values }
  }

  /// `dt=2024-01-15/country=KR`; empty for the one partition of a table without partition columns.
  package func name(of values: [String?]) -> String {
    HivePartitionName.text(columns: partitionColumns.map(\.name), values: values)
  }

  /// Where a partition goes that nobody gave a location.
  package func standardLocation(of values: [String?]) -> String {
    values.isEmpty ? location : location + "/" + name(of: values)
  }

  /// Takes a partition in, in place of one of the same values.
  mutating func put(_ partition: HivePartition) {
    put([partition])
  }

  /// Takes several partitions in, each in place of one of the same values.
  mutating func put(_ fresh: [HivePartition]) {
    let replaced = Set(fresh.map(\.values))
    let all = partitions.filter { !replaced.contains($0.values) } + fresh
    let named = all.map { (name: name(of: $0.values), partition: $0) }
    partitions = named.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      .map(\.partition)
  }

  @discardableResult
  mutating func remove(_ values: [String?]) -> HivePartition? {
    partitions.firstIndex { $0.values == values }.map { partitions.remove(at: $0) }
  }
}

/// One registered partition: its values and where its files lie, anywhere in the lake.
package struct HivePartition: Hashable, Sendable {
  /// As the names of directories say them, by partition column; nil for NULL.
  package var values: [String?]
  /// Below the lake's directory, without a slash at its end.
  package var location: String
  /// When it was registered, in milliseconds since the Unix epoch, story time.
  package var createdMilliseconds: Int64
  /// What a writer said of it, by the metastore's own names: `numRows`, `numFiles`, `totalSize`.
  package var parameters: [String: String]

  package init(
    values: [String?],
    location: String,
    createdMilliseconds: Int64,
    parameters: [String: String] = [:]
  ) {
    self.values = values
    self.location = location
    self.createdMilliseconds = createdMilliseconds
    self.parameters = parameters
  }

  /// Rows, as its writers counted them; nil where files came in that nobody counted.
  package var rowCount: Int? { count("numRows") }

  /// A number that nothing can have says nothing; sums of others never overflow.
  private func count(_ name: String) -> Int? {
    parameters[name].flatMap { Int($0) }.flatMap { (0..<1 << 50).contains($0) ? $0 : nil }
  }

  /// The same with what a writer added; counts that were unknown stay so.
  func adding(rows: Int, files: Int, bytes: Int) -> HivePartition {
    var result = self
    for (name, added) in [("numRows", rows), ("numFiles", files), ("totalSize", bytes)] {
      result.parameters[name] = count(name).map { String($0 + added) }
    }
    return result
  }

  /// The parameters of a partition whose files one writer has written all.
  static func counts(rows: Int, files: Int, bytes: Int) -> [String: String] {
    ["numRows": String(rows), "numFiles": String(files), "totalSize": String(bytes)]
  }
}
