import Codecs
import Testing

@Suite struct CRC32CTests {
  @Test func `agrees with the value that RFC 3720 prints`() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8]()) == 0)
  }

  /// Lengths around eight and every alignment: where an instruction for words and one for bytes meet.
  @Test func `the processor's instruction and the tables agree on every length and alignment`() {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<4_096).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    bytes.withUnsafeBytes { raw in
      for start in 0..<9 {
        for count in Array(0..<70) + [255, 1_024, 4_000] {
          let slice = UnsafeRawBufferPointer(rebasing: raw[start..<(start + count)])
          #expect(CRC32C.checksum(slice) == CRC32C.checksumByTables(slice))
        }
      }
    }
  }
}
