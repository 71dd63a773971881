// What is written is read: every type, size, codec and encoding of vectors.

import Columnar
import Connector
import Parquet
import TestSupport
import Testing

struct RoundTripTests {
  @Test(arguments: [ParquetCompression.uncompressed, .snappy, .zstd, .gzip, .lz4Raw])
  func `reads back all types with NULLs in every codec`(compression: ParquetCompression) throws {
    let rows = Samples.rows(3_000)
    let bytes = try Samples.write(
      [Samples.batch(rows)], options: ParquetWriterOptions(compression: compression))
    let file = try Samples.open(bytes)
    #expect(file.schema == Samples.schema)
    #expect(file.rowCount == 3_000)
    #expect(file.createdBy == "tapline version 0.1.0 (build 0)")
    #expect(try Samples.readRows(file) == rows)
  }

  @Test(arguments: [0, 1, 2, 7, 8, 9, 1_023, 1_024, 1_025])
  func `reads back any number of rows`(count: Int) throws {
    let rows = Samples.rows(count, seed: UInt64(count))
    let file = try Samples.open(try Samples.write([Samples.batch(rows)]))
    #expect(file.rowCount == count)
    #expect(try Samples.readRows(file) == rows)
  }

  @Test func `reads back many pages, batches and row groups`() throws {
    let rows = Samples.rows(50_000, nullEvery: 3)
    let batches = stride(from: 0, to: rows.count, by: 7_777).map {
      Samples.batch(Array(rows[$0..<min(rows.count, $0 + 7_777)]))
    }
    let bytes = try Samples.write(
      batches, options: ParquetWriterOptions(rowGroupRowCountMax: 23_000))
    let file = try Samples.open(bytes)
    #expect(file.rowGroups.map(\.rowCount) == [23_000, 23_000, 4_000])
    #expect(try Samples.readRows(file) == rows)
  }

  @Test(arguments: [2, 3, 16])
  func `writes the same bytes with several threads as with one`(threads: Int) throws {
    let rows = Samples.rows(50_000, nullEvery: 3)
    let batches = stride(from: 0, to: rows.count, by: 20_000).map {
      Samples.batch(Array(rows[$0..<min(rows.count, $0 + 20_000)]))
    }
    var options = ParquetWriterOptions(rowGroupRowCountMax: 23_000)
    let alone = try Samples.write(batches, options: options)
    options.threadCountMax = threads
    #expect(try Samples.write(batches, options: options) == alone)
  }

  @Test func `tells what is wrong with a batch whoever meets it`() throws {
    let schema = Schema((0..<8).map { Field("c\($0)", .varchar, isNullable: $0 != 5) })
    let rows = (0..<10_000).map { row in (0..<8).map { Scalar.text("\(row) \($0)") } }
    var bad = rows
    bad[9_000][5] = .null
    let loose = Schema(schema.fields.map { Field($0.name, $0.type) })
    var options = ParquetWriterOptions()
    options.threadCountMax = 4
    let error = #expect(throws: ParquetError.self) {
      try Samples.write([Samples.batch(bad, schema: loose)], schema: schema, options: options)
    }
    #expect("\(try #require(error))".contains("c5"))
  }

  @Test func `reads back columns without NULLs, and columns of nothing else`() throws {
    let full = Samples.rows(25_000, nullEvery: 0)
    #expect(try Samples.readRows(Samples.open(Samples.write([Samples.batch(full)]))) == full)
    let empty = (0..<25_000).map { row in
      [Scalar](repeating: .null, count: 12) + [.integer(Int64(row))]
    }
    #expect(try Samples.readRows(Samples.open(Samples.write([Samples.batch(empty)]))) == empty)
  }

  @Test func `hands out the columns asked for, in that order, or none`() throws {
    let rows = Samples.rows(100)
    let file = try Samples.open(Samples.write([Samples.batch(rows)]))
    #expect(try Samples.readRows(file, columns: [7, 2]) == rows.map { [$0[7], $0[2]] })
    let reader = try file.reader(columns: [])
    var count = 0
    while let batch = try reader.next() { count += batch.rowCount }
    #expect(count == 100)
  }

  @Test func `reads back text longer than a page`() throws {
    let schema = Schema([Field("text", .varchar)])
    let long = String(repeating: "가나다 abc ", count: 200_000)
    let rows: [[Scalar]] = (0..<40).map { row in
      row % 7 == 3 ? [.null] : row % 5 == 0 ? [.text(long + "\(row)")] : [.text("short \(row)")]
    }
    let file = try Samples.open(
      Samples.write([Samples.batch(rows, schema: schema)], schema: schema))
    #expect(try Samples.readRows(file) == rows)
  }

  @Test func `keeps few values as a dictionary, whole chunk, and unique ones flat`() throws {
    let schema = Schema([Field("country", .varchar), Field("unique", .varchar)])
    let rows: [[Scalar]] = (0..<30_000).map {
      [.text("country number \($0 % 50)"), .text("a value of its own, number \($0)")]
    }
    let bytes = try Samples.write(
      [Samples.batch(rows, schema: schema)], schema: schema,
      options: ParquetWriterOptions(compression: .uncompressed))
    // Codes of six bits instead of 21 bytes and more.
    #expect(bytes.count < 30_000 * 40)
    let reader = try Samples.open(bytes).reader(columns: [0, 1])
    var batchCount = 0
    while let batch = try reader.next() {
      batchCount += 1
      guard case .dictionary(_, let dictionary) = batch.columns[0].encoding else {
        Issue.record("the country is not a dictionary")
        return
      }
      #expect(dictionary.values.count == 50)
      guard case .flat = batch.columns[1].encoding else {
        Issue.record("the unique text is not flat")
        return
      }
    }
    #expect(batchCount == 2)
  }

  @Test func `falls back from a dictionary that grows, within one vector too`() throws {
    // Repeats pay on the first page; later values are new, and the dictionary passes its limit.
    let schema = Schema([Field("text", .varchar), Field("number", .bigint)])
    let rows: [[Scalar]] = (0..<100_000).map { row in
      let value = row < 20_000 ? row % 100 : row
      if row % 11 == 0 { return [.null, .null] }
      return [.text("a text that is longer than twelve bytes \(value)"), .integer(Int64(value))]
    }
    let file = try Samples.open(
      Samples.write([Samples.batch(rows, schema: schema)], schema: schema))
    #expect(try Samples.readRows(file) == rows)
  }

  @Test func `writes dictionary and constant vectors as the rows they stand for`() throws {
    let schema = Schema([
      Field("d", .varchar), Field("c", .varchar), Field("n", .bigint), Field("k", .bigint),
    ])
    func vector(_ type: DataType, _ scalars: [Scalar]) -> ColumnVector {
      let builder = ColumnBuilder(type: type)
      for scalar in scalars { builder.append(scalar) }
      return builder.finish()
    }
    let texts: [Scalar] = [.text("one"), .text("two, which is longer"), .text("unused"), .text("3")]
    let numbers: [Scalar] = [.integer(7), .integer(-1), .integer(1 << 40), .integer(0)]
    let codes: [Int32] = (0..<3_000).map { [0, 3, 1][$0 % 3] }
    let buffer = codes.withUnsafeBytes { Buffer(copying: $0) }
    let validity = ValidityBitmap.make(count: 3_000) { $0 % 10 != 4 }
    let batch = ColumnarBatch(
      schema: schema,
      columns: [
        ColumnVector(
          dictionary: VectorDictionary(vector(.varchar, texts)), codes: buffer, count: 3_000,
          validity: validity),
        ColumnVector(constant: .text("a constant of some length"), type: .varchar, count: 3_000),
        ColumnVector(
          dictionary: VectorDictionary(vector(.bigint, numbers)), codes: buffer, count: 3_000,
          validity: validity),
        ColumnVector(constant: .null, type: .bigint, count: 3_000),
      ])
    let file = try Samples.open(Samples.write([batch, batch], schema: schema))
    let expected = (0..<6_000).map { row -> [Scalar] in
      let row = row % 3_000
      let code = Int(codes[row])
      return [
        row % 10 == 4 ? .null : texts[code], .text("a constant of some length"),
        row % 10 == 4 ? .null : numbers[code], .null,
      ]
    }
    #expect(try Samples.readRows(file) == expected)
  }

  @Test func `keeps doubles bit by bit`() throws {
    let schema = Schema([Field("x", .double)])
    let values = [0.0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, 1.5, .nan]
    let batch = Samples.batch(values.map { [.double($0)] }, schema: schema)
    let rows = try Samples.readRows(Samples.open(Samples.write([batch], schema: schema)))
    let bits = rows.map { row -> UInt64 in
      guard case .double(let value) = row[0] else { return 0 }
      return value.bitPattern
    }
    #expect(bits == values.map(\.bitPattern))
  }

  @Test func `keeps key-value metadata`() throws {
    let bytes = try Samples.write(
      [], options: ParquetWriterOptions(keyValueMetadata: [("k", "v"), ("두", "둘")]))
    let pairs = try Samples.open(bytes).keyValueMetadata
    #expect(pairs.map(\.key) == ["k", "두"])
    #expect(pairs.map(\.value) == ["v", "둘"])
  }

  @Test func `refuses a NULL in a required column, and a column without a type`() throws {
    let schema = Schema([Field("id", .bigint, isNullable: false)])
    let error = #expect(throws: ParquetError.self) {
      try Samples.write([Samples.batch([[.null]], schema: schema)], schema: schema)
    }
    #expect(error?.code == "parquet.unsupported")
    let untyped = Schema([Field("nothing", .unknown)])
    #expect(throws: ParquetError.self) { try Samples.write([], schema: untyped) }
  }

  @Test func `reads from a file by position`() throws {
    let rows = Samples.rows(500)
    let bytes = try Samples.write([Samples.batch(rows)])
    let scratch = try ScratchDirectory()
    let path = scratch.path + "/sample.parquet"
    try scratch.write(bytes, to: "sample.parquet")
    let file = try ParquetFile(FileBytes(path: path), name: path)
    #expect(try Samples.readRows(file) == rows)
    let missing = #expect(throws: ParquetError.self) { try FileBytes(path: path + ".no") }
    #expect(missing?.code == "parquet.io")
  }
}
