// Random damage to random files for a bounded time: an error with a place, or rows; never a crash.

import Columnar
import Connector
import Parquet
import TestSupport
import Testing

struct ParquetFuzzTests {
  @Test func `survives random damage to random files`() throws {
    var run = FuzzRun("Parquet")
    let compressions: [ParquetCompression] = [.uncompressed, .snappy, .zstd, .gzip, .lz4Raw]
    var refused = 0
    while run.goesOn() {
      let rows = Samples.rows(
        1 + run.pick(40), seed: run.next(), nullEvery: [0, 1, 2, 5][run.pick(4)])
      let bytes = try Samples.write(
        [Samples.batch(rows)],
        options: ParquetWriterOptions(
          compression: compressions[run.pick(5)], rowGroupRowCountMax: 1 + run.pick(40)))
      #expect(try Samples.readRows(Samples.open(bytes)) == rows)
      for _ in 0..<20 {
        let damaged = run.damaged(bytes)
        do {
          let file = try Samples.open(damaged)
          let reader = try file.reader(columns: Array(file.schema.fields.indices))
          var count = 0
          while count < 10_000, let batch = try reader.next() {
            count += batch.rowCount
            for row in stride(from: 0, to: batch.rowCount, by: 7) { _ = batch.row(row) }
          }
        } catch let error as ParquetError {
          refused += 1
          #expect(error.place?.hasPrefix("sample.parquet") == true && !error.message.isEmpty)
        } catch {
          Issue.record("an error of another kind, seed \(run.seed): \(error)")
        }
      }
    }
    print("fuzz Parquet: \(run.rounds) files, 20 times damaged each, \(refused) refused")
    #expect(refused > 0)
  }
}
