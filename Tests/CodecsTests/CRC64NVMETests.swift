import Codecs
import Testing

/// The three CRCs that S3's clients send: one way against another, parts against the whole.
@Suite struct CRC64NVMETests {
  private static let bytes: [UInt8] = {
    var generator = SystemRandomNumberGenerator()
    return (0..<70_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }()

  @Test func `gives the check value of the standard, whole and in pieces`() {
    Array("123456789".utf8).withUnsafeBytes { all in
      #expect(CRC64NVME.checksum(all) == 0xAE8B_1486_0A79_9888)
      #expect(CRC64NVME.checksumByTables(all) == 0xAE8B_1486_0A79_9888)
      let head = CRC64NVME.checksum(UnsafeRawBufferPointer(rebasing: all[..<4]))
      let rest = UnsafeRawBufferPointer(rebasing: all[4...])
      #expect(CRC64NVME.checksum(rest, previous: head) == 0xAE8B_1486_0A79_9888)
    }
    #expect(CRC64NVME.checksum(UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
    // NVM Express prints this one, of 4,096 zero bytes.
    [UInt8](repeating: 0, count: 4_096).withUnsafeBytes {
      #expect(CRC64NVME.checksum($0) == 0x6482_D367_EB22_B64E)
    }
  }

  /// Around 16, 64 and 128 bytes and at every alignment: where blocks, rounds and tables meet.
  @Test func `carry-less multiplication and tables agree on every length and alignment`() {
    Self.bytes.withUnsafeBytes { raw in
      for start in 0..<17 {
        for count in Array(0..<300) + [1_023, 4_096, 65_549] {
          let slice = UnsafeRawBufferPointer(rebasing: raw[start..<(start + count)])
          let previous = UInt64(start) &* 0x9E37_79B9_7F4A_7C15
          let short = UInt32(truncatingIfNeeded: previous >> 20)
          #expect(
            CRC64NVME.checksum(slice, previous: previous)
              == CRC64NVME.checksumByTables(slice, previous: previous)
          )
          #expect(
            CRC32.checksum(slice, previous: short) == CRC32.checksumByZlib(slice, previous: short)
          )
          #expect(
            CRC32C.checksum(slice, previous: short)
              == CRC32C.checksumByTables(slice, previous: short)
          )
        }
      }
    }
  }

  @Test func `the checksums of two parts give that of the whole, and only in their order`() {
    var generator = SystemRandomNumberGenerator()
    Self.bytes.withUnsafeBytes { raw in
      for round in 0..<200 {
        let count = Int.random(in: 0...raw.count, using: &generator)
        let cut = round == 0 ? 0 : round == 1 ? count : Int.random(in: 0...count, using: &generator)
        let whole = UnsafeRawBufferPointer(rebasing: raw[..<count])
        let first = UnsafeRawBufferPointer(rebasing: raw[..<cut])
        let second = UnsafeRawBufferPointer(rebasing: raw[cut..<count])
        #expect(
          CRC64NVME.combine(
            CRC64NVME.checksum(first),
            CRC64NVME.checksum(second),
            secondByteCount: second.count
          )
            == CRC64NVME.checksum(whole),
          "cut \(cut) of \(count)"
        )
        #expect(
          CRC32.combine(
            CRC32.checksum(first),
            CRC32.checksum(second),
            secondByteCount: second.count
          )
            == CRC32.checksum(whole),
          "cut \(cut) of \(count)"
        )
        #expect(
          CRC32C.combine(
            CRC32C.checksum(first),
            CRC32C.checksum(second),
            secondByteCount: second.count
          )
            == CRC32C.checksum(whole),
          "cut \(cut) of \(count)"
        )
      }
      let (one, two) = (
        UnsafeRawBufferPointer(rebasing: raw[..<10]), UnsafeRawBufferPointer(rebasing: raw[10..<30])
      )
      #expect(
        CRC64NVME.combine(CRC64NVME.checksum(two), CRC64NVME.checksum(one), secondByteCount: 10)
          != CRC64NVME.checksum(UnsafeRawBufferPointer(rebasing: raw[..<30]))
      )
    }
  }

  @Test func `parts of any length are combined in a few steps`() {
    // Zero bytes behind a stretch: one length twice is twice the length.
    let half = CRC64NVME.combine(1, 0, secondByteCount: 1 << 40)
    #expect(
      CRC64NVME.combine(half, 0, secondByteCount: 1 << 40)
        == CRC64NVME.combine(1, 0, secondByteCount: 1 << 41)
    )
    #expect(CRC64NVME.combine(1, 0, secondByteCount: .max) != 1)
    #expect(CRC32.combine(7, 9, secondByteCount: 0) == 7 ^ 9)
  }
}
