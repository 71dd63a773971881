// Batches and files that several suites need, and a form of rows that is easy to compare.

import Columnar
import Connector
import Parquet

/// Values made from a seed, the same on every machine.
struct SampleGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var word = state
    word ^= word >> 33
    word = word &* 0xFF51_AFD7_ED55_8CCD
    return word ^ word >> 33
  }
}

enum Samples {
  /// One column of every type that can be written.
  static let schema = Schema([
    Field("flag", .boolean), Field("small", .integer), Field("big", .bigint),
    Field("ratio", .double), Field("price", .decimal(precision: 9, scale: 2)),
    Field("total", .decimal(precision: 18, scale: 4)), Field("name", .varchar),
    Field("country", .varchar), Field("blob", .varbinary), Field("day", .date),
    Field("wall", .timestamp), Field("instant", .timestampWithTimeZone),
    Field("id", .bigint, isNullable: false),
  ])

  /// Rows with about one NULL in `nullEvery` (0: none) in all nullable columns.
  static func rows(_ count: Int, seed: UInt64 = 1, nullEvery: UInt64 = 5) -> [[Scalar]] {
    var generator = SampleGenerator(seed: seed)
    let countries = ["KR", "US", "JP", "a country with a long name", "독일"]
    return (0..<count).map { row in
      schema.fields.enumerated().map { index, field in
        let word = generator.next()
        if field.isNullable, nullEvery > 0, word % nullEvery == 0 { return .null }
        let signed = Int64(bitPattern: generator.next())
        switch index {
        case 0: return .boolean(signed & 1 == 1)
        case 1: return .integer(Int64(Int32(truncatingIfNeeded: signed)))
        case 2: return .integer(signed)
        case 3: return .double(Double(signed) / 1_000_003)
        case 4: return .integer(signed % 1_000_000_000)
        case 5: return .integer(signed % 1_000_000_000_000_000_000)
        case 6: return .text("name \(signed) \(String(repeating: "é", count: Int((word >> 8) % 4)))")
        case 7: return .text(countries[Int((word >> 16) % 5)])
        case 8: return .binary((0..<Int((word >> 24) % 20)).map { UInt8(truncatingIfNeeded: $0 * 37) })
        case 9: return .integer(signed % 20_000)
        case 10, 11: return .integer(signed % 2_000_000_000_000_000)
        default: return .integer(Int64(row))
        }
      }
    }
  }

  static func batch(_ rows: [[Scalar]], schema: Schema = Samples.schema) -> ColumnarBatch {
    ColumnarBatch(schema: schema, rows: rows)
  }

  static func write(
    _ batches: [ColumnarBatch], schema: Schema = Samples.schema,
    options: ParquetWriterOptions = ParquetWriterOptions()
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = try ParquetWriter(schema: schema, options: options) {
      bytes.append(contentsOf: $0)
    }
    for batch in batches { try writer.write(batch) }
    let summary = try writer.finish()
    precondition(summary.byteCount == bytes.count, "the summary counts other bytes")
    return bytes
  }

  static func open(_ bytes: [UInt8]) throws -> ParquetFile {
    try ParquetFile(ArrayBytes(bytes), name: "sample.parquet")
  }

  static func readRows(
    _ file: ParquetFile, columns: [Int]? = nil, predicates: [ColumnPredicate] = []
  ) throws -> [[Scalar]] {
    let reader = try file.reader(
      columns: columns ?? Array(file.schema.fields.indices), predicates: predicates)
    var rows: [[Scalar]] = []
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount { rows.append(batch.row(row)) }
    }
    return rows
  }
}
