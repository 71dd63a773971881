// CRC-32 against its published check value.

import Codecs
import Testing

struct CRC32Tests {
  @Test func `gives the check value of the standard, whole and in pieces`() {
    let bytes = Array("123456789".utf8)
    bytes.withUnsafeBytes { all in
      #expect(CRC32.checksum(all) == 0xCBF4_3926)
      let head = CRC32.checksum(UnsafeRawBufferPointer(rebasing: all[..<4]))
      let rest = UnsafeRawBufferPointer(rebasing: all[4...])
      #expect(CRC32.checksum(rest, previous: head) == 0xCBF4_3926)
    }
    #expect(CRC32.checksum(UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
  }
}
