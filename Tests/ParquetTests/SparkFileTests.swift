// Files that Spark and parquet-mr wrote, recorded in Fixtures: INT96, BIT_PACKED levels, the old
// framings of LZ4, v2 pages with delta encodings, and every old shape of a list.

import Columnar
import Connector
import Foundation
import Parquet
import Testing

struct SparkFileTests {
  private func file(_ name: String) throws -> ParquetFile {
    let path = Self.directory + name + ".parquet"
    return try ParquetFile(FileBytes(path: path), name: name)
  }

  private func expected(_ name: String) throws -> [String] {
    try String(contentsOfFile: Self.directory + name + ".txt", encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  private static let directory = #filePath.replacing("SparkFileTests.swift", with: "Fixtures/")

  @Test(arguments: ["default", "legacy", "gzip", "lz4", "lz4raw", "v2-zstd"])
  func `reads what Spark writes, as pyarrow does`(name: String) throws {
    let file = try file("spark-" + name)
    #expect(file.omittedColumns.isEmpty)
    #expect(file.createdBy?.hasPrefix("parquet-mr version") == true)
    let rows = try Samples.readRows(file)
    let read = rows.map { $0.map(InteropScript.cell).joined(separator: " ") }
    let expected = try expected("spark")
    #expect(expected.count == 200)
    let place = zip(read, expected).first { $0 != $1 }
    #expect(read == expected, "\(String(describing: place))")
    let dec38 = try #require(file.schema.index(of: "dec38"))
    #expect(file.schema[dec38].type == .decimal(precision: 38, scale: 6))
    #expect(file.rowGroups[0].statistics[0].max == .integer(199))
  }

  @Test(arguments: ["default", "v2-zstd"])
  func `skips by the page index that Spark writes`(name: String) throws {
    let file = try file("spark-" + name)
    let counters = ParquetScanCounters()
    let reader = try file.reader(
      columns: Array(file.schema.fields.indices),
      predicates: [ColumnPredicate(column: 0, .greater(.integer(180)))], counters: counters)
    var rows: [[Scalar]] = []
    while let batch = try reader.next() {
      for row in 0..<batch.rowCount { rows.append(batch.row(row)) }
    }
    #expect(rows == Array(try Samples.readRows(file).suffix(rows.count)))
    #expect(rows.count >= 19)
    #expect(counters.rowGroupsRead == 1)
  }

  @Test func `reads the shapes of lists that the format's compatibility rules tell apart`() throws {
    let file = try file("parquet-mr-shapes")
    let read = try Samples.readRows(file).map {
      $0.map(InteropScript.cell).joined(separator: " ")
    }
    #expect(read == (try expected("parquet-mr-shapes")))
    let types = file.schema.fields.map { "\($0.name) \($0.type)" }
    #expect(
      types == [
        "id integer", "numbers array(integer)", "points array(row(x integer, name varchar))",
        "ints array(integer)", "pairs array(row(a integer, b integer))",
        "tuples array(row(a integer))", "arrays array(row(a integer))",
        "lists array(row(inner array(integer)))", "words map(varchar, integer)",
        "deep row(inner row(leaf row(n integer, m integer)))",
      ])
  }
}
