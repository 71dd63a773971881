// `system.s3`: what was asked of the world's buckets, and what rests in them and is paid for.

internal import Columnar
package import Connector
internal import Lake
internal import ObjectStorage

extension Platform {
  /// The providers of the tables, by name.
  static func bucketTables(_ buckets: BucketSet) -> [String: ComposedCatalog.Provider] {
    ["requests": { requestTable(buckets) }, "storage": { storageTable(buckets) }]
  }

  /// A row for each operation in each hour; for each day where it is more than a week ago.
  private static func requestTable(_ buckets: BucketSet) -> ComputedTable {
    let schema = Schema([
      // NULL for what was asked of no bucket, such as their list.
      Field("bucket", .varchar),
      Field("operation", .varchar, isNullable: false),
      Field("tier", .varchar, isNullable: false),
      Field("started_at", .timestampWithTimeZone, isNullable: false),
      Field("hours", .integer, isNullable: false),
      Field("requests", .bigint, isNullable: false),
      Field("bytes_in", .bigint, isNullable: false),
      Field("bytes_out", .bigint, isNullable: false),
    ])
    return ComputedTable(label: "system.s3.requests", schema: schema) { _ in
      var ledgers: [(name: String?, entries: [RequestLedger.Entry])] = [
        (nil, buckets.ledger.entries())
      ]
      for entry in try buckets.list() {
        ledgers.append((entry.name, try buckets.bucket(entry.name).ledger.entries()))
      }
      let rows = ledgers.flatMap { ledger in
        ledger.entries.map { entry -> [Scalar] in
          [
            ledger.name.map { .text($0) } ?? .null, .text(entry.operation.rawValue),
            .text(entry.operation.tier.rawValue), .integer(entry.startMilliseconds * 1_000),
            .integer(Int64(entry.hours)), .integer(Int64(entry.requests)),
            .integer(Int64(entry.bytesIn)), .integer(Int64(entry.bytesOut)),
          ]
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  /// A row for each first segment of the keys, storage class and kind. Looking costs no request.
  private static func storageTable(_ buckets: BucketSet) -> ComputedTable {
    let schema = Schema([
      Field("bucket", .varchar, isNullable: false),
      Field("layer", .varchar, isNullable: false),
      Field("prefix", .varchar, isNullable: false),
      Field("storage_class", .varchar, isNullable: false),
      Field("kind", .varchar, isNullable: false),
      Field("objects", .bigint, isNullable: false),
      Field("bytes", .bigint, isNullable: false),
    ])
    return ComputedTable(label: "system.s3.storage", schema: schema) { _ in
      let rows = try buckets.list().flatMap { entry in
        try buckets.bucket(entry.name).usage().map { usage -> [Scalar] in
          [
            .text(entry.name), .text(layer(of: usage.prefix, in: entry.name)),
            .text(usage.prefix), .text(usage.storageClass.rawValue), .text(usage.kind.rawValue),
            .integer(Int64(usage.count)), .integer(Int64(usage.bytes)),
          ]
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  /// Which layer a key belongs to: one of the lake's, `warehouse`, or `other`.
  package static func layer(of key: String, in bucket: String) -> String {
    switch bucket {
    case "lake": Lake.layer(of: key)
    case "warehouse": "warehouse"
    default: "other"
    }
  }
}
