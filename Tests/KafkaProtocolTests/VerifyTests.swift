import KafkaProtocol
import Testing

/// The quick check of a batch says of every batch what reading all its records says.
@Suite struct VerifyTests {
  private static let records = (0..<40).map { number in
    Record(
      key: number % 3 == 0 ? nil : Array("key-\(number)".utf8),
      value: number % 5 == 0 ? nil : [UInt8](repeating: UInt8(number), count: number * 7))
  }

  private static func isRead(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { (try? RecordBatch.forEachRecord(in: $0) { _ in }) != nil }
  }

  private static func isVerified(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { (try? RecordBatch.verify($0)) != nil }
  }

  @Test(arguments: RecordCompression.allCases)
  func `whole batches of every codec are right`(_ codec: RecordCompression) throws {
    let bytes = try RecordBatch.encodeAppend(
      Self.records[...], baseOffset: Offset(0), appendTime: 1_705_302_000_000, compression: codec)
    #expect(Self.isVerified(bytes))
    #expect(!Self.isVerified(Array(bytes.dropLast())))
  }

  @Test(arguments: [RecordCompression.none, .zstd])
  func `changed bytes are judged as by reading, under a right checksum`(
    _ codec: RecordCompression
  ) throws {
    let whole = try RecordBatch.encodeAppend(
      Self.records[...], baseOffset: Offset(0), appendTime: 1_705_302_000_000, compression: codec)
    var draw: UInt64 = 42
    func next(_ bound: Int) -> Int {
      draw = draw &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((draw >> 33) % UInt64(bound))
    }
    let verifier = RecordBatchVerifier()
    func again(_ bytes: [UInt8]) -> Bool {
      bytes.withUnsafeBytes { (try? verifier.verify($0)) != nil }
    }
    var refused = 0
    for _ in 0..<4_000 {
      var bytes = whole
      for _ in 0...next(3) {
        // From the last offset delta on: what a client may get wrong.
        bytes[23 + next(bytes.count - 23)] = UInt8(next(256))
      }
      guard (try? RecordBatch.stamp(appendTime: 1_705_302_000_000, into: &bytes)) != nil else {
        continue
      }
      let isRead = Self.isRead(bytes)
      #expect(Self.isVerified(bytes) == isRead)
      #expect(again(bytes) == isRead)
      refused += isRead ? 0 : 1
    }
    #expect(refused > 100)
  }

  @Test func `one verifier checks small, large and broken batches in any order`() throws {
    let verifier = RecordBatchVerifier()
    for count in [1, 40, 3, 400, 2, 20_000, 5] {
      let records = (0..<count).map { Record(key: nil, value: [UInt8](repeating: UInt8($0 & 63), count: 90)) }
      var bytes = try RecordBatch.encodeAppend(
        records[...], baseOffset: Offset(0), appendTime: 1, compression: .zstd)
      let header = try bytes.withUnsafeBytes { try verifier.verify($0) }
      #expect(Int(header.recordCount) == count)
      bytes[bytes.count - 1] ^= 1
      #expect(throws: KafkaProtocolError.self) {
        try bytes.withUnsafeBytes { try verifier.verify($0) }
      }
      bytes[bytes.count - 1] ^= 1
      #expect(throws: KafkaProtocolError.self) {
        try bytes.withUnsafeBytes { _ = try verifier.verify($0, unpackedBytesMax: 10) }
      }
    }
  }
}
