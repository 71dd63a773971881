// The same files in other programs' hands: pyarrow and DuckDB read ours, and we read theirs.

import Columnar
import Connector
import Foundation
import Parquet
import TestSupport
import Testing

@Suite(
  .enabled(
    if: InteropPython.interpreter != nil,
    "TAPLINE_INTEROP_PYTHON names no Python with pyarrow, so no other reader can be asked"))
struct InteropTests {
  /// Runs the script and answers its output.
  private func run(_ arguments: [String]) throws -> String {
    try InteropPython.run(InteropScript.source, arguments)
  }

  private func lines(_ rows: [[Scalar]]) -> [String] {
    rows.map { $0.map(InteropScript.cell).joined(separator: " ") }
  }

  @Test(
    arguments: [ParquetCompression.uncompressed, .snappy, .zstd, .gzip, .lz4Raw],
    [ParquetPageVersion.v1, .v2])
  func `pyarrow reads what is written here, and its checksums`(
    compression: ParquetCompression, version: ParquetPageVersion
  ) throws {
    let scratch = try ScratchDirectory()
    let rows = Samples.rows(30_000, nullEvery: 4)
    let bytes = try Samples.write(
      [Samples.batch(rows)],
      options: ParquetWriterOptions(
        compression: compression, rowGroupRowCountMax: 26_000, pageVersion: version))
    try scratch.write(bytes, to: "ours.parquet")
    let all = try run(["dump", scratch.path + "/ours.parquet"])
      .split(separator: "\n").map(String.init)
    #expect(
      all.first
        == """
        flag bool | small int32 | big int64 | ratio double | price decimal128(9, 2) | \
        total decimal128(18, 4) | name string | country string | blob binary | \
        day date32[day] | wall timestamp[us] | instant timestamp[us, tz=UTC] | id int64
        """)
    let expected = lines(rows)
    let read = Array(all.dropFirst().prefix(rows.count))
    #expect(read == expected)
    let statistics = all.dropFirst(rows.count + 1)
    #expect(statistics.count == 26)
    for (group, range) in [(0, 0..<26_000), (1, 26_000..<30_000)] {
      for (index, field) in Samples.schema.fields.enumerated() {
        let nulls = rows[range].count { $0[index].isNull }
        #expect(statistics.contains("# \(group) \(field.name) \(nulls) True True True"))
      }
    }
  }

  @Test func `DuckDB finds the same rows in our file as in pyarrow's, by way of us`() throws {
    let scratch = try ScratchDirectory()
    _ = try run(["make", scratch.path])
    let source = scratch.path + "/many.parquet"
    let file = try ParquetFile(FileBytes(path: source), name: source)
    for version in [ParquetPageVersion.v1, .v2] {
      for compression in [ParquetCompression.zstd, .lz4Raw] {
        var bytes: [UInt8] = []
        let options = ParquetWriterOptions(compression: compression, pageVersion: version)
        let writer = try ParquetWriter(schema: file.schema, options: options) {
          bytes.append(contentsOf: $0)
        }
        let reader = try file.reader(columns: Array(file.schema.fields.indices))
        while let batch = try reader.next() { try writer.write(batch) }
        #expect(try writer.finish().rowCount == 60_000)
        try scratch.write(bytes, to: "copy.parquet")
        let answer = try run(["duckdb", source, scratch.path + "/copy.parquet"])
        #expect(answer == "True\n", "\(version) \(compression)")
      }
    }
  }

  @Test func `pyarrow and DuckDB read sorted columns that are written as differences`() throws {
    let scratch = try ScratchDirectory()
    let schema = Schema([
      Field("id", .bigint), Field("day", .date), Field("small", .integer),
      Field("path", .varchar), Field("at", .timestampWithTimeZone),
    ])
    let rows = (0..<50_000).map { row -> [Scalar] in
      let row = Int64(row)
      if row % 97 == 3 { return [.null, .null, .null, .null, .null] }
      return [
        .integer(row * 3 - 1_000_000_000_000), .integer(row / 3),
        .integer(row % 2 == 0 ? 2_147_483_647 - row : -2_147_483_648 + row),
        .text("/some/long/path/of/an/object/\(10_000_000 + row)"),
        .integer(1_700_000_000_000_000 + row * 1_000 + row % 7),
      ]
    }
    for version in [ParquetPageVersion.v1, .v2] {
      let bytes = try Samples.write(
        [Samples.batch(rows, schema: schema)], schema: schema,
        options: ParquetWriterOptions(
          compression: .snappy, pageVersion: version, usesDictionaries: false))
      let plain = try Samples.write(
        [Samples.batch(rows, schema: schema)], schema: schema,
        options: ParquetWriterOptions(
          compression: .snappy, pageVersion: version, usesDictionaries: false, usesDeltas: false))
      #expect(bytes.count * 3 < plain.count)
      try scratch.write(bytes, to: "ours.parquet")
      try scratch.write(plain, to: "plain.parquet")
      let all = try run(["dump", scratch.path + "/ours.parquet"])
        .split(separator: "\n").map(String.init)
      #expect(Array(all.dropFirst().prefix(rows.count)) == lines(rows))
      #expect(try Samples.readRows(Samples.open(bytes)) == rows)
      let answer = try run(
        ["duckdb", scratch.path + "/plain.parquet", scratch.path + "/ours.parquet"])
      #expect(answer == "True\n")
    }
  }

  @Test func `reads what pyarrow and DuckDB write, in every encoding and codec`() throws {
    let scratch = try ScratchDirectory()
    _ = try run(["make", scratch.path])
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
      .filter { $0.hasSuffix(".parquet") }.sorted()
    #expect(names.count == 48)
    for name in names {
      let path = scratch.path + "/" + name
      let dump = try String(contentsOfFile: path.dropLast(8) + ".txt", encoding: .utf8)
      let expected = dump.split(separator: "\n").dropFirst().map(String.init)
      do {
        let file = try ParquetFile(FileBytes(path: path), name: name)
        let rows = try Samples.readRows(file)
        #expect(rows.count == file.rowCount)
        let read = lines(rows)
        if read != expected {
          let place = zip(read, expected).enumerated().first { $0.element.0 != $0.element.1 }
          Issue.record(
            "\(name): \(read.count) rows, \(expected.count) expected; first difference \(String(describing: place))"
          )
        }
        for (index, group) in file.rowGroups.enumerated() where name.hasPrefix("plain") {
          let step = file.schema.index(of: "step") ?? 0
          #expect(group.statistics[step].min == rows[index * 1_300][step])
        }
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
  }

  @Test func `leaves foreign columns out, and says which`() throws {
    let scratch = try ScratchDirectory()
    _ = try run(["make", scratch.path])
    let file = try ParquetFile(FileBytes(path: scratch.path + "/foreign.parquet"), name: "foreign")
    #expect(file.schema.fields.map(\.name) == ["a", "b"])
    #expect(file.omittedColumns.map(\.name) == ["huge", "half", "in"])
    #expect(
      file.omittedColumns.map(\.reason) == [
        "decimal(60,2)", "an annotation that is not read", "decimal(50,0)",
      ])
  }

  @Test(arguments: [ParquetPageVersion.v1, .v2], [true, false])
  func `pyarrow and DuckDB read nested columns and every type that are written here`(
    version: ParquetPageVersion, usesDictionaries: Bool
  ) throws {
    let scratch = try ScratchDirectory()
    let schema = NestedSamples.schema
    let rows = NestedSamples.rows(8_000, seed: 4)
    let bytes = try Samples.write(
      [Samples.batch(rows, schema: schema)], schema: schema,
      options: ParquetWriterOptions(
        compression: .snappy, rowGroupRowCountMax: 5_000, pageVersion: version,
        usesDictionaries: usesDictionaries))
    try scratch.write(bytes, to: "ours.parquet")
    let path = scratch.path + "/ours.parquet"
    let all = try run(["dump", path]).split(separator: "\n").map(String.init)
    let expected = lines(rows)
    let read = Array(all.dropFirst().prefix(rows.count))
    let place = zip(read, expected).first { $0 != $1 }
    #expect(read == expected, "\(all[0]) \(String(describing: place))")
    // DuckDB reads it as it reads what pyarrow makes of it.
    _ = try run(["rewrite", path, scratch.path + "/theirs.parquet"])
    let answer = try run(["duckdb", path, scratch.path + "/theirs.parquet"])
    #expect(answer == "True\n")
  }

  @Test func `refuses a codec by its name`() throws {
    let scratch = try ScratchDirectory()
    _ = try run(["make", scratch.path])
    let file = try ParquetFile(FileBytes(path: scratch.path + "/refused-brotli"), name: "b.parquet")
    let error = #expect(throws: ParquetError.self) { try file.reader(columns: [0]) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("BROTLI") == true)
    _ = try file.reader(columns: [])
  }
}
