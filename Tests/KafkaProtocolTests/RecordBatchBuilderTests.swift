import KafkaProtocol
import Testing

/// A batch that grows record by record is the one that is encoded as a whole.
@Suite struct RecordBatchBuilderTests {
  @Test(arguments: [1, 2, 70, 9_000])
  func `a grown batch has the bytes of an encoded one`(_ count: Int) throws {
    let tail = Array(",\"app_id\":\"shop\"}".utf8)
    var builder = RecordBatchBuilder(room: 100)
    var records: [Record] = []
    for number in 0..<count {
      // No key, the empty one, and others: three different things.
      let key: [UInt8]? = number % 3 == 0 ? nil : [UInt8](repeating: 7, count: number % 5)
      let value = [UInt8](repeating: UInt8(number & 63), count: number % 300)
      value.withUnsafeBytes { value in
        if let key {
          key.withUnsafeBytes { builder.append(key: $0, value: value, tail: tail) }
        } else {
          builder.append(key: nil, value: value, tail: tail)
        }
      }
      records.append(Record(key: key, value: value + tail))
    }
    let grown = try builder.sealed(appendTime: 1_705_302_000_000)
    let encoded = try RecordBatch.encodeAppend(
      records[...], baseOffset: Offset(0), appendTime: 1_705_302_000_000)
    #expect(grown == encoded)
    #expect(builder.recordCount == count && builder.size == encoded.count)
    let unpacked = try builder.records()
    #expect(unpacked.map(\.key) == records.map(\.key))
    #expect(unpacked.map(\.value) == records.map(\.value))
  }
}
