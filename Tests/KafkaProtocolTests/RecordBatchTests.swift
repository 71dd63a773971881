// Record batches against bytes that kafka-python made, and against bytes nobody should have made.

import Codecs
import Foundation
import KafkaProtocol
import Testing

private let time: Int64 = 1_705_363_800_000

private let smallRecords = [
  Record(
    key: Array("device-0001".utf8),
    value: Array(#"{"event_id":"e1","event_name":"app_open","text":"안녕"}"#.utf8),
    timestamp: time, offset: Offset(0)),
  Record(
    key: nil, value: [],
    headers: [RecordHeader("reason", "bad"), RecordHeader(key: "empty", value: nil)],
    timestamp: time + 7, offset: Offset(1)),
  Record(key: [], value: nil, timestamp: time - 3, offset: Offset(2)),
]

func fixture(_ name: String) throws -> [UInt8] {
  let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/\(name)")
  return Array(try Data(contentsOf: url))
}

/// A generator of its own, so that a failing seed can be repeated.
struct Xorshift {
  var state: UInt64
  mutating func next(below bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
}

@Suite struct RecordBatchTests {
  @Test func `encodes a batch to the very bytes of kafka-python`() throws {
    let plain = RecordBatch(records: smallRecords)
    #expect(try plain.encoded() == fixture("batch-none.bin"))
    let produced = RecordBatch(
      records: smallRecords, producerID: 4711, producerEpoch: 3, baseSequence: 17)
    #expect(try produced.encoded() == fixture("batch-producer.bin"))
  }

  @Test func `decodes a batch of kafka-python`() throws {
    let batch = try RecordBatch.decode(fixture("batch-producer.bin"))
    #expect(batch.records == smallRecords)
    #expect(batch.producerID == 4711)
    #expect(batch.producerEpoch == 3)
    #expect(batch.baseSequence == 17)
    #expect(batch.timestampType == .createTime)
    #expect(batch.compression == .none)
  }

  @Test(arguments: [("batch-gzip.bin", RecordCompression.gzip), ("batch-zstd.bin", .zstd)])
  func `decodes a compressed batch of kafka-python`(
    name: String, compression: RecordCompression
  ) throws {
    let batch = try RecordBatch.decode(fixture(name))
    #expect(batch.compression == compression)
    #expect(batch.records.count == 200)
    for index in [0, 1, 6, 199] {
      let record = batch.records[index]
      let digits = String(index)
      let number = String(repeating: "0", count: 5 - digits.count) + digits
      #expect(record.key == Array("k\(index % 7)".utf8))
      #expect(record.value == Array(String(repeating: "value-\(number) ", count: 8).utf8))
      #expect(record.timestamp == time + Int64(index))
      #expect(record.offset == Offset(Int64(index)))
    }
  }

  @Test(arguments: [RecordCompression.none, .gzip, .zstd])
  func `decodes what it encodes`(compression: RecordCompression) throws {
    var records: [Record] = []
    for index in 0..<300 {
      records.append(
        Record(
          key: index % 3 == 0 ? nil : Array("key-\(index)".utf8),
          value: [UInt8](repeating: UInt8(index & 0xFF), count: index * 7),
          headers: (0..<(index % 4)).map { RecordHeader("h\($0)", "v\(index)") },
          timestamp: time + Int64(index * 31 % 17), offset: Offset(1_000_000_007 + Int64(index) * 2)))
    }
    let batch = RecordBatch(
      baseOffset: Offset(1_000_000_007), records: records, compression: compression,
      partitionLeaderEpoch: 5)
    let bytes = try batch.encoded()
    #expect(try RecordBatch.decode(bytes) == batch)
  }

  @Test func `gives every record of an append the log's time and the next offsets`() throws {
    let bytes = try RecordBatch.encodeAppend(
      smallRecords[...], baseOffset: Offset(40), appendTime: 99)
    let batch = try RecordBatch.decode(bytes)
    #expect(batch.timestampType == .logAppendTime(99))
    #expect(batch.records.map(\.offset.rawValue) == [40, 41, 42])
    #expect(batch.records.map(\.timestamp) == [99, 99, 99])
    #expect(batch.records.map(\.value) == smallRecords.map(\.value))
  }

  @Test func `stamps a base offset without touching the checksum`() throws {
    var bytes = try fixture("batch-none.bin")
    RecordBatch.stamp(baseOffset: Offset(1 << 40), into: &bytes)
    let batch = try RecordBatch.decode(bytes)
    #expect(batch.records.map(\.offset.rawValue) == [1 << 40, 1 << 40 + 1, 1 << 40 + 2])
  }

  @Test func `rejects a batch whose CRC is wrong`() throws {
    var bytes = try fixture("batch-none.bin")
    bytes[80] ^= 1
    let error = #expect(throws: KafkaProtocolError.self) { try RecordBatch.decode(bytes) }
    #expect(error?.kind == .crcMismatch)
    #expect(error?.code == "kafka.crcMismatch")
    #expect(error?.byteOffset == 17)
    #expect(error?.wireCode == 2)
  }

  @Test func `rejects every truncation of a batch`() throws {
    let bytes = try fixture("batch-none.bin")
    for count in 0..<bytes.count {
      let error = #expect(throws: KafkaProtocolError.self) {
        try RecordBatch.decode(Array(bytes[..<count]))
      }
      #expect(error?.kind == .truncated)
    }
  }

  @Test func `rejects message formats before 2 and codecs it cannot read`() throws {
    var old = try fixture("batch-none.bin")
    old[16] = 1
    let magic = #expect(throws: KafkaProtocolError.self) { try RecordBatch.decode(old) }
    #expect(magic?.kind == .unsupportedMagic)
    var foreign = try fixture("batch-none.bin")
    foreign[22] = 5
    reseal(&foreign)
    let codec = #expect(throws: KafkaProtocolError.self) { try RecordBatch.decode(foreign) }
    #expect(codec?.kind == .unsupportedCompression)
  }

  @Test func `stops unpacking at the bound it is given`() throws {
    let bytes = try RecordBatch(
      records: [Record(key: nil, value: [UInt8](repeating: 65, count: 1 << 20))],
      compression: .zstd
    ).encoded()
    #expect(bytes.count < 1_000)
    let error = #expect(throws: KafkaProtocolError.self) {
      try RecordBatch.decode(bytes, unpackedBytesMax: 1 << 19)
    }
    #expect(error?.kind == .tooLarge)
  }

  @Test func `never traps on bytes with any one byte changed and the CRC made right again`() throws {
    for name in ["batch-none.bin", "batch-zstd.bin"] {
      let bytes = try fixture(name)
      for index in 0..<min(bytes.count, 400) where !(17..<21).contains(index) {
        for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFE, 0xFF] {
          var changed = bytes
          changed[index] = value
          reseal(&changed)
          _ = try? RecordBatch.decode(changed, unpackedBytesMax: 1 << 20)
        }
      }
    }
  }

  @Test func `never traps on random records under a right CRC`() throws {
    var random = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
    let header = try fixture("batch-none.bin")[..<61]
    var rejected = 0
    for _ in 0..<20_000 {
      var bytes = Array(header)
      for _ in 0..<random.next(below: 60) {
        bytes.append(UInt8(random.next(below: 3) == 0 ? random.next(below: 256) : random.next(below: 16)))
      }
      withUnsafeBytes(of: Int32(bytes.count - 12).bigEndian) { bytes.replaceSubrange(8..<12, with: $0) }
      reseal(&bytes)
      if (try? RecordBatch.decode(bytes)) == nil { rejected += 1 }
    }
    #expect(rejected > 19_900)
  }

  @Test func `refuses to encode offsets that do not ascend`() {
    let records = [Record(key: nil, value: [], offset: Offset(5)), Record(key: nil, value: [], offset: Offset(5))]
    #expect(throws: KafkaProtocolError.self) { try RecordBatch(records: records).encoded() }
    let overflow = [Record(key: nil, value: [], offset: Offset(.max))]
    #expect(throws: KafkaProtocolError.self) {
      try RecordBatch(baseOffset: Offset(-1), records: overflow).encoded()
    }
  }

  /// Computes the CRC again over changed bytes.
  private func reseal(_ bytes: inout [UInt8]) {
    let crc = CRC32C.checksum(bytes[21...])
    withUnsafeBytes(of: crc.bigEndian) { bytes.replaceSubrange(17..<21, with: $0) }
  }
}

@Suite struct HashTests {
  @Test func `murmur2 and CRC-32C agree with kafka-python and crc32c`() throws {
    let lines = String(decoding: try fixture("hashes.txt"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 13)
    for line in lines {
      let words = line.split(separator: " ")
      let bytes = words[0] == "-" ? [] : hexadecimal(words[0])
      #expect(Murmur2.hash(bytes) == UInt32(words[1]))
      #expect(CRC32C.checksum(bytes) == UInt32(words[2]))
    }
  }

  @Test func `a key goes to the partition that the Java client chooses`() {
    // 0x8000_0000 and above lose their sign bit before the remainder.
    #expect(Murmur2.hash(Array("21".utf8)) == UInt32(bitPattern: -973_932_308))
    #expect(Murmur2.partition(forKey: Array("21".utf8), count: 3) == Int32((3_321_034_988 - 2_147_483_648) % 3))
    #expect(Murmur2.partition(forKey: Array("abc".utf8), count: 6) == Int32(479_470_107 % 6))
    #expect(Murmur2.partition(forKey: [], count: 1) == 0)
  }

  private func hexadecimal(_ text: Substring) -> [UInt8] {
    let digits = text.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
