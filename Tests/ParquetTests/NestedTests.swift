// Lists, maps and rows through our own writer and reader, in every way that rows can be cut.

import Columnar
import Connector
import Parquet
import Testing

struct NestedTests {
  private static let rows = NestedSamples.rows(4_000, seed: 1)
  private static let options = [
    ParquetWriterOptions(rowGroupRowCountMax: 1_500),
    ParquetWriterOptions(compression: .uncompressed, pageVersion: .v2, usesDictionaries: false),
    ParquetWriterOptions(compression: .lz4Raw, pageVersion: .v2, writesPageIndex: false),
  ]

  @Test(arguments: 0..<3)
  func `reads back every type, and lists, maps and rows with NULLs at each level`(
    option: Int
  ) throws {
    let bytes = try Samples.write(
      [Samples.batch(Self.rows, schema: NestedSamples.schema)], schema: NestedSamples.schema,
      options: Self.options[option])
    let file = try Samples.open(bytes)
    #expect(file.schema == NestedSamples.schema)
    #expect(file.omittedColumns.isEmpty)
    let read = try Samples.readRows(file)
    #expect(read.count == 4_000)
    for (index, field) in NestedSamples.schema.fields.enumerated() {
      let place = read.indices.first { read[$0][index] != Self.rows[$0][index] }
      #expect(place == nil, "\(field.name): \(place.map { "\(read[$0][index])" } ?? "")")
    }
  }

  @Test(arguments: 0..<3)
  func `keeps nested columns in step with skipped rows`(option: Int) throws {
    var schema = NestedSamples.schema
    schema.fields = Array(schema.fields[13...]) + [Field("id", .bigint, isNullable: false)]
    let rows = NestedSamples.rows(60_000, seed: 2, schema: schema)
    var options = Self.options[option]
    options.rowGroupRowCountMax = 50_000
    let file = try Samples.open(
      Samples.write([Samples.batch(rows, schema: schema)], schema: schema, options: options))
    let last = schema.count - 1
    let counters = ParquetScanCounters()
    let reader = try file.reader(
      columns: Array(schema.fields.indices),
      predicates: [ColumnPredicate(column: last, .greaterOrEqual(.integer(44_000)))],
      counters: counters)
    var read: [[Scalar]] = []
    while let count = try reader.advance() {
      // Two columns of each stretch by turns, and the last.
      _ = count
      let batch = try (0...last).map { try reader.column($0) }
      for row in 0..<batch[0].count { read.append(batch.map { $0.scalar(row) }) }
    }
    if options.writesPageIndex {
      #expect(counters.pagesSkipped > 0)
      #expect(read.count < 25_000)
    }
    #expect(read == Array(rows.suffix(read.count)))
    // Late, and only some rows.
    let late = try file.reader(columns: Array(schema.fields.indices))
    var seen = 0
    while let count = try late.advance() {
      defer { seen += count }
      guard seen / 5_000 % 3 == 1 else { continue }
      let wanted = stride(from: Int32(7), to: Int32(count), by: 61).map { $0 }
      let columns = try wanted.withUnsafeBufferPointer { wanted in
        try (0...last).map { try late.column($0, rows: wanted) }
      }
      for (index, row) in wanted.enumerated() {
        #expect(columns.map { $0.scalar(index) } == rows[seen + Int(row)])
      }
    }
    #expect(seen == 60_000)
  }

  @Test func `writes sliced, constant and dictionary vectors of lists`() throws {
    let type = DataType.array(.varchar)
    let builder = ColumnBuilder(type: type)
    var generator = SampleGenerator(seed: 9)
    let scalars = (0..<500).map { _ in NestedSamples.value(type, &generator) }
    for scalar in scalars { builder.append(scalar) }
    let vector = builder.finish()
    let slice = vector.slice(100..<400)
    let constant = ColumnVector(constant: scalars[3], type: type, count: 300)
    let codes = (0..<300).map { Int32(($0 * 7) % 300) }
    let flat = ColumnBuilder(type: type)
    let distinct = (0..<300).map { _ in
      NestedSamples.value(type, isNullable: false, &generator)
    }
    for scalar in distinct { flat.append(scalar) }
    let coded = ColumnVector(
      dictionary: VectorDictionary(flat.finish()),
      codes: codes.withUnsafeBytes { Buffer(copying: $0) }, count: 300)
    let schema = Schema([Field("a", type), Field("b", type), Field("c", type)])
    let batch = ColumnarBatch(schema: schema, columns: [slice, constant, coded])
    let read = try Samples.readRows(Samples.open(Samples.write([batch], schema: schema)))
    #expect(read.map { $0[0] } == Array(scalars[100..<400]))
    #expect(read.allSatisfy { $0[1] == scalars[3] })
    #expect(read.map { $0[2] } == codes.map { distinct[Int($0)] })
  }

  @Test func `reads a row of very many elements, and an empty file`() throws {
    let schema = Schema([Field("l", .array(.bigint)), Field("n", .bigint)])
    let rows: [[Scalar]] = [
      [.list([]), .integer(1)], [.list((0..<300_000).map { .integer($0 % 1_000) }), .integer(2)],
      [.null, .integer(3)], [.list([.null]), .integer(4)],
    ]
    for version in [ParquetPageVersion.v1, .v2] {
      let options = ParquetWriterOptions(pageVersion: version)
      let file = try Samples.open(
        Samples.write([Samples.batch(rows, schema: schema)], schema: schema, options: options))
      #expect(try Samples.readRows(file) == rows)
      let empty = try Samples.open(Samples.write([], schema: NestedSamples.schema, options: options))
      #expect(empty.schema == NestedSamples.schema)
      #expect(try Samples.readRows(empty).isEmpty)
    }
  }

  @Test func `refuses a NULL key, and types without a form`() throws {
    let map = Schema([Field("m", .map(key: .varchar, value: .bigint))])
    let rows: [[Scalar]] = [[.map(keys: [.null], values: [.integer(1)])]]
    #expect(throws: ParquetError.self) {
      try Samples.write([Samples.batch(rows, schema: map)], schema: map)
    }
    for type in [DataType.intervalDayToSecond, .timestamp(precision: 12), .row([]), .unknown] {
      let error = #expect(throws: ParquetError.self) {
        try Samples.write([], schema: Schema([Field("deep", .array(type))]))
      }
      #expect(error?.code == "parquet.unsupported")
      #expect(error?.column?.hasPrefix("deep.list.element") == true)
    }
  }
}
