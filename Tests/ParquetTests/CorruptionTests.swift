// Damaged files are refused with a place, or read; they never stop the program.

import Columnar
import Connector
import Parquet
import Testing

struct CorruptionTests {
  /// A small file with dictionaries, PLAIN pages, NULLs and two row groups.
  private func sample(_ compression: ParquetCompression) throws -> [UInt8] {
    try Samples.write(
      [Samples.batch(Samples.rows(60))],
      options: ParquetWriterOptions(compression: compression, rowGroupRowCountMax: 40))
  }

  /// True where the file was read to its end; anything thrown must be ours and name a place.
  private func isReadable(_ bytes: [UInt8]) -> Bool {
    do {
      let file = try Samples.open(bytes)
      // A flipped row count may ask for many rows of one cheap run: some are enough.
      let reader = try file.reader(columns: Array(file.schema.fields.indices))
      var rows = 0
      while rows < 100_000, let batch = try reader.next() {
        rows += batch.rowCount
        for row in stride(from: 0, to: batch.rowCount, by: 7) { _ = batch.row(row) }
      }
      return true
    } catch let error as ParquetError {
      #expect(error.place?.hasPrefix("sample.parquet") == true)
      #expect(!error.message.isEmpty)
      return false
    } catch {
      Issue.record("an error of another kind: \(error)")
      return false
    }
  }

  @Test(arguments: [ParquetCompression.uncompressed, .zstd])
  func `refuses a file cut at any length`(compression: ParquetCompression) throws {
    let bytes = try sample(compression)
    #expect(isReadable(bytes))
    var readable = 0
    for length in 0..<bytes.count where isReadable(Array(bytes[..<length])) { readable += 1 }
    #expect(readable == 0)
  }

  @Test(arguments: [ParquetCompression.uncompressed, .snappy, .zstd, .gzip, .lz4Raw])
  func `survives random damage`(compression: ParquetCompression) throws {
    let bytes = try sample(compression)
    var generator = SampleGenerator(seed: 20_240_115)
    var refused = 0
    for round in 0..<3_000 {
      var damaged = bytes
      for _ in 0..<(round % 3 + 1) {
        let place = Int(generator.next() % UInt64(bytes.count))
        damaged[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      if !isReadable(damaged) { refused += 1 }
    }
    #expect(refused > 300)
  }

  @Test(arguments: [ParquetCompression.uncompressed, .zstd, .lz4Raw])
  func `never takes a damaged page for a good one, and says which`(
    compression: ParquetCompression
  ) throws {
    let rows = Samples.rows(60)
    let bytes = try sample(compression)
    let pages = try Samples.open(bytes).rowGroups.reduce(4) { $0 + $1.compressedByteCount }
    var refused = 0
    for place in 4..<pages {
      var damaged = bytes
      damaged[place] ^= UInt8(1 << (place % 8))
      do {
        // A header may lose what nobody reads, such as its name for an encoding of no levels.
        #expect(try Samples.readRows(Samples.open(damaged)) == rows, "byte \(place)")
      } catch let error as ParquetError {
        refused += 1
        #expect(error.column != nil && error.page != nil && error.byteOffset != nil)
      }
    }
    #expect(refused > (pages - 4) * 9 / 10)
  }

  @Test func `survives damage to the footer alone`() throws {
    let bytes = try sample(.snappy)
    let size = bytes.dropLast(4).suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    var generator = SampleGenerator(seed: 7)
    var refused = 0
    for _ in 0..<3_000 {
      var damaged = bytes
      let place = bytes.count - 8 - size + Int(generator.next() % UInt64(size + 8))
      damaged[place] = UInt8(truncatingIfNeeded: generator.next())
      if !isReadable(damaged) { refused += 1 }
    }
    #expect(refused > 1_000)
  }

  @Test func `tells what is no Parquet, cut, or encrypted`() throws {
    func kind(_ bytes: [UInt8]) -> ParquetError.Kind? {
      do {
        _ = try Samples.open(bytes)
        return nil
      } catch { return (error as? ParquetError)?.kind }
    }
    #expect(kind([]) == .notParquet)
    #expect(kind(Array("{\"not\": \"parquet\"}".utf8)) == .notParquet)
    #expect(kind(Array("PAR1".utf8) + [0xFF, 0xFF, 0xFF, 0x7F] + Array("PAR1".utf8)) == .truncated)
    #expect(kind(Array("PAR1".utf8) + [0, 0, 0, 0] + Array("PAR1".utf8)) == .corrupt)
    #expect(kind(Array("PARE____".utf8) + Array("PARE".utf8)) == .unsupported)
  }
}
