internal import Columnar
internal import Connector
internal import ObjectStorage

/// `"purchases$partitions"`: the registered partitions, by the values of their columns, as Trino has it.
///
/// Hidden columns say what the catalog and the lake know of each: `$location`, `$created`, `$row_count`
/// (NULL where nobody counted), `$file_count` and `$size`. A partition whose files are gone is there, with
/// 0 files.
struct HivePartitionsTable: TableSource {
  private let table: HiveTable
  let schema: Schema

  static let suffix = "$partitions"

  /// nil for a table without partition columns, which has no such table in Trino either.
  init?(_ table: HiveTable) {
    guard !table.entry.partitionColumns.isEmpty else { return nil }
    self.table = table
    schema = Schema(table.entry.partitionColumns)
  }

  var hiddenFields: [Field] { Self.facts }

  static let facts = [
    Field("$location", .varchar, isNullable: false),
    Field("$created", .timestampWithTimeZone(precision: 3), isNullable: false),
    Field("$row_count", .bigint),
    Field("$file_count", .bigint, isNullable: false),
    Field("$size", .bigint, isNullable: false),
  ]

  var rowCount: Int? { table.entry.partitions.count }

  func splits(for request: ScanRequest) throws -> [any Split] {
    let listsFiles = request.columns.contains { $0 > schema.count + 3 }
    let entry = table.entry
    let files =
      listsFiles
      ? try HiveFiles(store: table.catalog.store).list(entry.partitions, below: entry.location)
      : entry.partitions.map { _ in [] }
    let rows = try zip(entry.partitions, files).map { partition, files in
      let known =
        try table.values(of: partition) + [.null] + Self.facts(partition, files, table.catalog)
      return request.columns.map { known[$0] }
    }
    return [
      PartitionsSplit(
        label: "\(table.name)\(Self.suffix)", schema: schema(of: request.columns), rows: rows)
    ]
  }

  /// The values of `facts`.
  static func facts(
    _ partition: HivePartition, _ files: [ObjectMetadata], _ catalog: HiveCatalog
  ) -> [Scalar] {
    [
      .text(catalog.places.uri(partition.location)),
      .integer(partition.createdMilliseconds.multipliedReportingOverflow(by: 1_000).partialValue),
      partition.rowCount.map { .integer(Int64($0)) } ?? .null,
      .integer(Int64(files.count)), .integer(files.reduce(0) { $0 + Int64($1.size) }),
    ]
  }

  private struct PartitionsSplit: Split {
    let label: String
    let schema: Schema
    let rows: [[Scalar]]

    func open() throws -> any BatchReader {
      guard !rows.isEmpty else { return ArrayBatchReader([]) }
      guard schema.count > 0 else {
        return ArrayBatchReader([
          ColumnarBatch(schema: schema, columns: [], rowCount: rows.count)
        ])
      }
      return ArrayBatchReader([ColumnarBatch(schema: schema, rows: rows)])
    }
  }
}
