// Files of another writer, recorded: encodings that are read here and not written.

import Columnar
import Connector
import Foundation
import Parquet
import Testing

struct RecordedFileTests {
  private func bytes(_ base64: String) throws -> [UInt8] {
    Array(try #require(Data(base64Encoded: base64)))
  }

  @Test func `reads deltas, byte streams, runs and v2 pages`() throws {
    let file = try Samples.open(bytes(ForeignFiles.encodings))
    let rows = try Samples.readRows(file)
    let codes = ["KR", "US", "JP"]
    let expected = (0..<300).map { row -> [Scalar] in
      let number: Scalar = row % 10 == 7 ? .null : .integer(Int64(row * row - 50))
      let name: Scalar = row % 9 == 4 ? .null : .text("event name \(row / 3)")
      let flag: Scalar = row % 6 == 5 ? .null : .boolean(row % 4 == 0)
      return [
        number, .integer(Int64(row % 5)), name, .text("v\(row % 40)"), flag,
        .double(Double(row) / 4), .integer(Int64(row * 7 - 900)), .text(codes[row % 3]),
      ]
    }
    #expect(rows == expected)
    #expect(file.schema[6].type == .decimal(precision: 10, scale: 2))
    #expect(file.rowGroups[0].statistics[6].min == .integer(-900))
    #expect(file.rowGroups[0].statistics[0].nullCount == 30)
  }

  @Test func `reads timestamps of 96 bits, and no statistics from them`() throws {
    let file = try Samples.open(bytes(ForeignFiles.int96))
    #expect(file.schema[0].type == .timestampWithTimeZone)
    #expect(
      try Samples.readRows(file) == [[.integer(1_705_363_800_123_456)], [.null], [.integer(-1)]])
    #expect(file.rowGroups[0].statistics[0].min == nil)
  }

  @Test func `survives damage to every byte`() throws {
    let whole = try bytes(ForeignFiles.encodings)
    var generator = SampleGenerator(seed: 3)
    var outcomes = (read: 0, refused: 0)
    for place in whole.indices {
      var damaged = whole
      damaged[place] = UInt8(truncatingIfNeeded: generator.next())
      do {
        let file = try Samples.open(damaged)
        let reader = try file.reader(columns: Array(file.schema.fields.indices))
        var rows = 0
        while rows < 100_000, let batch = try reader.next() {
          rows += batch.rowCount
          for row in stride(from: 0, to: batch.rowCount, by: 7) { _ = batch.row(row) }
        }
        outcomes.read += 1
      } catch is ParquetError {
        outcomes.refused += 1
      }
    }
    #expect(outcomes.refused > 200)
    #expect(outcomes.read + outcomes.refused == whole.count)
  }
}
