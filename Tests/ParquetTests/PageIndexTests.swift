// Which pages a reader leaves aside, what it counts, and that no row is lost by it.

import Columnar
import Connector
import Parquet
import Testing

struct PageIndexTests {
  private static let schema = Schema([
    Field("n", .bigint), Field("t", .varchar), Field("x", .double), Field("word", .varchar),
    Field("pad", .bigint),
  ])

  /// n ascends; t sorts like it, with NULL pages at its head; x falls; word repeats; pad is noise.
  private static let rows: [[Scalar]] = {
    var generator = SampleGenerator(seed: 3)
    return (0..<150_000).map { row -> [Scalar] in
      let text: Scalar = row < 45_000 ? .null : .text("t\(1_000_000 + row)")
      let pad: Scalar = row % 5 == 0 ? .null : .integer(Int64(bitPattern: generator.next()))
      let double: Scalar = .double(-Double(row / 10))
      return [.integer(Int64(row)), text, double, .text("word \(row / 30_000)"), pad]
    }
  }()

  private static func bytes(_ options: ParquetWriterOptions) throws -> [UInt8] {
    try Samples.write([Samples.batch(rows, schema: schema)], schema: schema, options: options)
  }

  private static let options = [
    ParquetWriterOptions(),
    ParquetWriterOptions(compression: .uncompressed, pageVersion: .v2, usesDeltas: false),
    ParquetWriterOptions(compression: .snappy, usesDictionaries: false),
  ]

  @Test(arguments: 0..<3)
  func `reads only the pages that can match, and counts them`(option: Int) throws {
    let file = try Samples.open(Self.bytes(Self.options[option]))
    #expect(file.rowGroups.count == 2)
    let counters = ParquetScanCounters()
    let reader = try file.reader(
      columns: [0, 1, 2, 3, 4], predicates: [ColumnPredicate(column: 0, .equal(.integer(70_123)))],
      counters: counters)
    var rows: [[Scalar]] = []
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount { rows.append(batch.row(row)) }
    }
    // Pages of 20,000 rows, or of 1 MiB where text is written out.
    #expect(rows.count <= 20_000)
    #expect(rows.contains(Self.rows[70_123]))
    let first = try #require(rows.first)
    guard case .integer(let start) = first[0] else { return }
    #expect(rows == Array(Self.rows[Int(start)..<(Int(start) + rows.count)]))
    #expect(counters.rowGroupsRead == 1)
    #expect(counters.rowGroupsSkipped == 1)
    #expect(counters.rowsSkipped == 131_072 - rows.count)
    // One data page of each column and the dictionaries; the other six of each are left aside.
    #expect(counters.pagesRead >= 5 && counters.pagesRead <= 10)
    #expect(counters.pagesSkipped >= 20)
    let whole = ParquetScanCounters()
    let all = try file.reader(columns: [0, 1, 2, 3, 4], rowGroups: [0], counters: whole)
    while try all.next() != nil {}
    #expect(counters.bytesRead * 3 < whole.bytesRead)
    #expect(whole.pagesSkipped == 0)
  }

  @Test func `skips a row group where every page is excluded, though its bounds are not`() throws {
    // 0 and 100,000 in turn by page: no page holds 5.
    let schema = Schema([Field("n", .bigint)])
    let rows = (0..<60_000).map { row -> [Scalar] in
      [.integer(row / 20_000 % 2 == 0 ? Int64(row % 3) : 100_000)]
    }
    let file = try Samples.open(
      Samples.write([Samples.batch(rows, schema: schema)], schema: schema))
    let counters = ParquetScanCounters()
    let reader = try file.reader(
      columns: [0], predicates: [ColumnPredicate(column: 0, .equal(.integer(5)))],
      counters: counters)
    #expect(try reader.next() == nil)
    #expect(counters.rowGroupsSkipped == 1)
    #expect(counters.pagesRead == 0)
  }

  @Test(arguments: 0..<3)
  func `loses no matching row, whatever is asked`(option: Int) throws {
    let file = try Samples.open(Self.bytes(Self.options[option]))
    var generator = SampleGenerator(seed: 11)
    for round in 0..<60 {
      let row = Self.rows[Int(generator.next() % 150_000)]
      let column = Int(generator.next() % 4)
      let value = row[column]
      let other = Self.rows[Int(generator.next() % 150_000)][column]
      let comparisons: [ColumnPredicate.Comparison] = [
        .equal(value), .less(value), .lessOrEqual(value), .greater(value), .greaterOrEqual(value),
        .isIn([value, other]), .isNull, .isNotNull, .notEqual(value),
      ]
      let comparison = comparisons[Int(generator.next() % 9)]
      let predicates = [
        ColumnPredicate(column: column, comparison),
        ColumnPredicate(column: 0, .less(.integer(Int64(generator.next() % 200_000)))),
      ]
      func matches(_ row: [Scalar]) -> Bool {
        predicates.allSatisfy { Self.holds(row[$0.column], $0.comparison) }
      }
      // `pad` comes too, so that a column without bounds has to keep in step.
      let read = try Samples.readRows(file, predicates: predicates).filter(matches)
      #expect(read == Self.rows.filter(matches), "round \(round): \(predicates)")
    }
  }

  private static func holds(_ value: Scalar, _ comparison: ColumnPredicate.Comparison) -> Bool {
    func order(_ other: Scalar) -> Int? {
      switch (value, other) {
      case (.integer(let a), .integer(let b)): a < b ? -1 : a > b ? 1 : 0
      case (.double(let a), .double(let b)): a < b ? -1 : a > b ? 1 : 0
      case (.text(let a), .text(let b)): a < b ? -1 : a > b ? 1 : 0
      default: nil
      }
    }
    return switch comparison {
    case .equal(let other): order(other) == 0
    case .notEqual(let other): order(other).map { $0 != 0 } ?? false
    case .less(let other): order(other).map { $0 < 0 } ?? false
    case .lessOrEqual(let other): order(other).map { $0 <= 0 } ?? false
    case .greater(let other): order(other).map { $0 > 0 } ?? false
    case .greaterOrEqual(let other): order(other).map { $0 >= 0 } ?? false
    case .isIn(let others): others.contains { order($0) == 0 }
    case .isNull: value.isNull
    case .isNotNull: !value.isNull
    }
  }

  @Test(arguments: 0..<3)
  func `reads columns late, for the rows that are left`(option: Int) throws {
    let bytes = try Self.bytes(Self.options[option])
    let file = try Samples.open(bytes)
    let counters = ParquetScanCounters()
    let reader = try file.reader(columns: [0, 1, 2, 3, 4], counters: counters)
    var seen = 0
    var found: [[Scalar]] = []
    var generator = SampleGenerator(seed: 5)
    var expected: [[Scalar]] = []
    while let count = try reader.advance() {
      defer { seen += count }
      // The last column is wanted in few stretches, and there in few rows.
      guard seen / 16_384 % 4 == 1 else { continue }
      var rows: [Int32] = []
      var row = Int32(generator.next() % 3_000)
      while row < Int32(count) {
        rows.append(row)
        row += Int32(generator.next() % 3_000) + 1
      }
      let columns = try rows.withUnsafeBufferPointer { rows in
        try (0..<5).map { try reader.column($0, rows: rows) }
      }
      for index in rows.indices {
        found.append(columns.map { $0.scalar(index) })
        expected.append(Self.rows[seen + Int(rows[index])])
      }
    }
    #expect(seen == 150_000)
    #expect(found == expected)
    #expect(counters.pagesSkipped > 0)
    #expect(counters.bytesSkipped > 0)
  }

  @Test func `counts rows without reading a column`() throws {
    let counters = ParquetScanCounters()
    let reader = try Samples.open(Self.bytes(Self.options[0])).reader(
      columns: [], counters: counters)
    var rows = 0
    while let batch = try reader.next() { rows += batch.rowCount }
    #expect(rows == 150_000)
    #expect(counters.bytesRead == 0)
  }

  @Test func `refuses an index that misplaces pages, and reads without it`() throws {
    // A column whose offset index has been given the places of another's pages.
    let rows = (0..<60_000).map { [Scalar.integer(Int64($0)), .integer(Int64($0))] }
    let schema = Schema([Field("a", .bigint), Field("b", .bigint)])
    let bytes = try Samples.write(
      [Samples.batch(rows, schema: schema)], schema: schema,
      options: ParquetWriterOptions(compression: .uncompressed, usesDeltas: false))
    let file = try Samples.open(bytes)
    #expect(try Samples.readRows(file) == rows)
    let indexStart = try #require(try Samples.pageIndexStart(bytes))
    let footerStart = Samples.footerStart(bytes)
    var refused = 0
    for place in indexStart..<footerStart {
      var damaged = bytes
      damaged[place] ^= 0x11
      let predicates = [ColumnPredicate(column: 0, .greaterOrEqual(.integer(40_000)))]
      do {
        let read = try Samples.readRows(Samples.open(damaged), predicates: predicates)
        // Bounds have no checksum: damaged ones may leave pages out, but never mix rows up.
        #expect(read.allSatisfy { $0[0] == $0[1] }, "byte \(place)")
      } catch is ParquetError { refused += 1 }
    }
    #expect(refused > 0)
  }
}

extension Samples {
  static func footerStart(_ bytes: [UInt8]) -> Int {
    bytes.count - 8 - bytes.dropLast(4).suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Where the page index begins: at the first byte after the last row group.
  static func pageIndexStart(_ bytes: [UInt8]) throws -> Int? {
    let file = try open(bytes)
    let size = file.rowGroups.reduce(4) { $0 + $1.compressedByteCount }
    return size < footerStart(bytes) ? size : nil
  }
}
