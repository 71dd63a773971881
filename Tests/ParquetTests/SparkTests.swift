// Our files in Spark's own hands. A JVM starts for it, so it runs with `./tapline test --all`.

import Columnar
import Foundation
import Parquet
import TestSupport
import Testing

@Suite(
  .enabled(
    if: InteropPython.interpreter != nil
      && ProcessInfo.processInfo.environment["TAPLINE_TEST_ALL"] == "1",
    "Spark is asked by ./tapline test --all only"),
  .enabled(if: InteropPython.hasSpark, "this Python has no pyspark, or there is no Java"))
struct SparkTests {
  /// Reads each file and writes it again.
  private static let program = """
    import sys
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')
    builder = builder.config('spark.sql.session.timeZone', 'UTC')
    builder = builder.config('spark.driver.bindAddress', '127.0.0.1')
    builder = builder.config('spark.driver.host', '127.0.0.1')
    builder = builder.config('spark.sql.parquet.outputTimestampType', 'TIMESTAMP_MICROS')
    spark = builder.getOrCreate()
    for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
        frame = spark.read.parquet(source)
        frame.coalesce(1).write.parquet(target)
        print(frame.count(), frame.filter('id >= 100').count())
    spark.stop()
    """

  /// Spark has no time of day and no nanoseconds.
  private static let nested = Schema(
    NestedSamples.schema.fields.filter { field in
      switch field.type {
      case .time, .uuid, .timestamp(precision: 9), .timestampWithTimeZone(precision: 9): false
      default: true
      }
    })

  private struct Sample {
    var name: String
    var rows: [[Scalar]]
    var bytes: [UInt8]
  }

  private func samples() throws -> [Sample] {
    let flat = Samples.rows(3_000, nullEvery: 4)
    let nested = NestedSamples.rows(700, seed: 3, schema: Self.nested)
    var samples: [Sample] = []
    for version in [ParquetPageVersion.v1, .v2] {
      for compression in [ParquetCompression.snappy, .zstd, .gzip, .lz4Raw] {
        let options = ParquetWriterOptions(
          compression: compression, rowGroupRowCountMax: 1_300, pageVersion: version)
        samples.append(
          Sample(
            name: "flat-\(version)-\(compression)", rows: flat,
            bytes: try Samples.write([Samples.batch(flat)], options: options)))
        samples.append(
          Sample(
            name: "nested-\(version)-\(compression)", rows: nested,
            bytes: try Samples.write(
              [Samples.batch(nested, schema: Self.nested)], schema: Self.nested, options: options)))
      }
    }
    return samples
  }

  @Test func `Spark reads what is written here, and what it then writes reads the same`() throws {
    let scratch = try ScratchDirectory("spark")
    let samples = try samples()
    var arguments: [String] = []
    for sample in samples {
      try scratch.write(sample.bytes, to: sample.name + ".parquet")
      arguments += [
        scratch.path + "/" + sample.name + ".parquet", scratch.path + "/" + sample.name + ".spark",
      ]
    }
    let counts = try InteropPython.run(Self.program, arguments).split(separator: "\n")
    #expect(
      counts.suffix(samples.count).map(String.init)
        == samples.map { "\($0.rows.count) \($0.rows.count - 100)" })
    for sample in samples {
      let folder = sample.name + ".spark"
      let part = try #require(
        scratch.names(folder).first { $0.hasPrefix("part-") && $0.hasSuffix(".parquet") })
      let file = try ParquetFile(
        FileBytes(path: scratch.path + "/" + folder + "/" + part), name: part)
      #expect(file.createdBy?.hasPrefix("parquet-mr") == true)
      let read = try Samples.readRows(file).map { $0.map(InteropScript.cell) }
      let written = sample.rows.map { $0.map(InteropScript.cell) }
      let place = zip(read, written).first { $0 != $1 }
      #expect(read == written, "\(sample.name): \(String(describing: place))")
    }
  }
}

extension InteropPython {
  /// Whether Spark can be started.
  fileprivate static var hasSpark: Bool {
    let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return places.contains { FileManager.default.isExecutableFile(atPath: $0 + "/java") }
      && has(module: "pyspark")
  }
}
