// What footers say about columns, and which row groups that lets a reader skip.

import Columnar
import Connector
import Parquet
import Testing

struct StatisticsTests {
  private static let schema = Schema([
    Field("n", .bigint), Field("t", .varchar), Field("x", .double), Field("b", .boolean),
  ])

  /// Three row groups of ten: n 0…9, 10…19, 20…29; t in step; x with NaN; the last group b is NULL.
  private func file() throws -> ParquetFile {
    let rows = (0..<30).map { row -> [Scalar] in
      let text: Scalar = row == 5 ? .null : .text("t\(10 + row)")
      let double = row % 10 == 3 ? Double.nan : Double(row)
      let flag: Scalar = row >= 20 ? .null : .boolean(row >= 10)
      return [.integer(Int64(row)), text, .double(double), flag]
    }
    return try Samples.open(
      Samples.write(
        [Samples.batch(rows, schema: Self.schema)], schema: Self.schema,
        options: ParquetWriterOptions(rowGroupRowCountMax: 10)))
  }

  @Test func `states bounds and NULLs by row group`() throws {
    let groups = try file().rowGroups
    #expect(groups.map { $0.statistics[0].min } == [.integer(0), .integer(10), .integer(20)])
    #expect(groups.map { $0.statistics[0].max } == [.integer(9), .integer(19), .integer(29)])
    #expect(groups.map { $0.statistics[1].nullCount } == [1, 0, 0])
    #expect(groups[1].statistics[1].min == .text("t20"))
    #expect(groups[0].statistics[2].max == .double(9))
    #expect(groups.map { $0.statistics[3].nullCount } == [0, 0, 10])
    #expect(groups[2].statistics[3].min == nil)
  }

  @Test(arguments: [
    (0, .equal(.integer(15)), [1]), (0, .less(.integer(10)), [0]),
    (0, .lessOrEqual(.integer(10)), [0, 1]), (0, .greater(.integer(19)), [2]),
    (0, .greaterOrEqual(.integer(19)), [1, 2]), (0, .equal(.integer(99)), []),
    (0, .isIn([.integer(3), .integer(25)]), [0, 2]), (0, .notEqual(.integer(3)), [0, 1, 2]),
    (0, .isNull, []), (1, .isNull, [0]), (3, .isNull, [2]), (3, .isNotNull, [0, 1]),
    (3, .equal(.boolean(true)), [1]), (3, .notEqual(.boolean(true)), [0, 1]),
    (1, .equal(.text("t20")), [1]), (1, .greater(.text("t2")), [1, 2]),
    (2, .equal(.double(20)), [2]), (2, .less(.double(0.5)), [0]),
    // Kinds that do not compare skip nothing.
    (0, .equal(.text("15")), [0, 1, 2]), (0, .equal(.null), [0, 1, 2]),
    (2, .equal(.double(.nan)), [0, 1, 2]),
  ] as [(Int, ColumnPredicate.Comparison, [Int])])
  func `skips exactly the row groups that cannot match`(
    column: Int, comparison: ColumnPredicate.Comparison, groups: [Int]
  ) throws {
    let rows = try Samples.readRows(
      file(), columns: [0], predicates: [ColumnPredicate(column: column, comparison)])
    let expected = groups.flatMap { group in (0..<10).map { [Scalar.integer(Int64(group * 10 + $0))] } }
    #expect(rows == expected)
  }

  @Test(arguments: [
    ["event-00-b", "event-00-a", "event-00-c", "event-00-aa"], ["가나다라-2", "가나다라-1", "가나다라-3"],
    ["same", "same\0", "sam", "same\0\0"], ["", "\0", "a", "\u{10FFFF}", "\u{FFFF}"],
  ])
  func `finds the bounds of texts that begin alike, in any order`(texts: [String]) throws {
    let schema = Schema([Field("t", .varchar)])
    // By bytes, which is the order of the format.
    let sorted = texts.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    for order in [texts, texts.reversed(), sorted, sorted.reversed()] {
      for usesDictionaries in [false, true] {
        let file = try Samples.open(
          Samples.write(
            [Samples.batch(order.map { [.text($0)] }, schema: schema)], schema: schema,
            options: ParquetWriterOptions(usesDictionaries: usesDictionaries)))
        let found = file.rowGroups[0].statistics[0]
        #expect(found.min == sorted.first.map { .text($0) }, "\(order)")
        #expect(found.max == sorted.last.map { .text($0) }, "\(order)")
      }
    }
  }

  @Test func `cuts long text and raises its maximum`() throws {
    let schema = Schema([Field("t", .varchar), Field("v", .varbinary)])
    let low = String(repeating: "가", count: 100)
    let high = String(repeating: "나", count: 100)
    let rows: [[Scalar]] = [
      [.text(low), .binary([UInt8](repeating: 0xFF, count: 100))],
      [.text(high), .binary([UInt8](repeating: 1, count: 100))],
    ]
    let file = try Samples.open(
      Samples.write([Samples.batch(rows, schema: schema)], schema: schema))
    let text = file.rowGroups[0].statistics[0]
    #expect(text.min == .text(String(repeating: "가", count: 21)))
    #expect(text.max == .text(String(repeating: "나", count: 20) + "낙"))
    // No short value lies above 0xFF…; then there is no maximum.
    #expect(file.rowGroups[0].statistics[1].max == nil)
    for value in [low, high] {
      let found = try Samples.readRows(
        file, predicates: [ColumnPredicate(column: 0, .equal(.text(value)))])
      #expect(found == rows)
    }
  }

  @Test func `sums up the whole file`() throws {
    let rows = Samples.rows(5_000)
    let writer = try ParquetWriter(
      schema: Samples.schema, options: ParquetWriterOptions(rowGroupRowCountMax: 999)
    ) { _ in }
    try writer.write(Samples.batch(rows))
    let summary = try writer.finish()
    #expect(summary.rowCount == 5_000)
    for index in [1, 2, 4, 5, 9, 10, 11, 12] {
      let values = rows.compactMap { row -> Int64? in
        guard case .integer(let value) = row[index] else { return nil }
        return value
      }
      let least = try #require(values.min())
      let greatest = try #require(values.max())
      #expect(
        summary.columns[index].min == .integer(least)
          && summary.columns[index].max == .integer(greatest)
          && summary.columns[index].nullCount == rows.count - values.count)
    }
    let names = rows.compactMap { row -> String? in
      guard case .text(let value) = row[6] else { return nil }
      return value
    }
    let first = try #require(names.min { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(summary.columns[6].min == .text(first))
  }

  @Test func `widens zero bounds and leaves NaN out`() throws {
    let schema = Schema([Field("x", .double), Field("nan", .double)])
    let rows: [[Scalar]] = [[.double(0), .double(.nan)], [.double(-0.0), .double(.nan)]]
    let file = try Samples.open(
      Samples.write([Samples.batch(rows, schema: schema)], schema: schema))
    let statistics = file.rowGroups[0].statistics
    guard case .double(let min) = statistics[0].min, case .double(let max) = statistics[0].max else {
      Issue.record("no bounds")
      return
    }
    #expect(min.sign == .minus)
    #expect(max.sign == .plus)
    #expect(statistics[1].min == nil)
    #expect(statistics[1].nullCount == 0)
  }
}
