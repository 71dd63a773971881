// gzip, whole and broken: the short way into memory of the stated size and the long way in pieces say
// the same.

import Codecs
import Testing

struct GzipTests {
  private static let text = Array(String(repeating: "tap, tap, tap. ", count: 20).utf8)

  /// What is unpacked piece by piece, whatever the last four bytes say.
  private static func inPieces(_ bytes: [UInt8], bytesMax: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    try bytes.withUnsafeBufferPointer { input in
      try Gzip.decompress(input, bytesMax: bytesMax) { result.append(contentsOf: $0) }
    }
    return result
  }

  private static func kind(_ body: () throws -> [UInt8]) -> CodecsError.Kind? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? CodecsError)?.kind
    }
  }

  /// What is wrong with bytes: told at once, and told piece by piece.
  private static func kinds(
    _ bytes: [UInt8], bytesMax: Int = 1 << 20
  ) -> (atOnce: CodecsError.Kind?, inPieces: CodecsError.Kind?) {
    (
      kind { try Gzip.decompress(bytes, bytesMax: bytesMax) },
      kind { try inPieces(bytes, bytesMax: bytesMax) }
    )
  }

  @Test(arguments: [0, 1, 15, 300, 65_536, 200_000])
  func `what was packed is unpacked, and its size is stated`(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    let packed = try Gzip.compress(bytes)
    #expect(Gzip.statedSize(of: packed) == count)
    #expect(try Gzip.decompress(packed, bytesMax: count) == bytes)
    #expect(try Self.inPieces(packed, bytesMax: count) == bytes)
  }

  @Test func `several members are one text, and the last one's size is stated`() throws {
    let packed = try Gzip.compress(Self.text) + Gzip.compress(Array("end".utf8))
    #expect(Gzip.statedSize(of: packed) == 3)
    #expect(try Gzip.decompress(packed, bytesMax: 1_000) == Self.text + Array("end".utf8))
    let longer = try Gzip.compress(Array("begin".utf8)) + Gzip.compress(Self.text)
    #expect(try Gzip.decompress(longer, bytesMax: 1_000) == Array("begin".utf8) + Self.text)
  }

  @Test func `bytes that are too few state nothing`() {
    #expect(Gzip.statedSize(of: []) == nil)
    #expect(Gzip.statedSize(of: [UInt8](repeating: 0x1F, count: 17)) == nil)
    #expect(Gzip.statedSize(of: [UInt8](repeating: 0xFF, count: 18)) == 0xFFFF_FFFF)
  }

  /// The packed text, its last four bytes naming another size.
  private static func lying(_ size: UInt32) throws -> [UInt8] {
    var packed = try Gzip.compress(text)
    for place in 0..<4 {
      packed[packed.count - 4 + place] = UInt8(truncatingIfNeeded: size >> (8 * UInt32(place)))
    }
    return packed
  }

  @Test(arguments: [0, 1, 299, 301, 5_000, .max] as [UInt32])
  func `a size that is a lie is no whole gzip, and reserves no memory`(size: UInt32) throws {
    let packed = try Self.lying(size)
    #expect(Gzip.statedSize(of: packed) == Int(size))
    let told = Self.kinds(packed)
    #expect(told.atOnce == .corrupt && told.inPieces == .corrupt, "\(told)")
  }

  @Test func `too large is told as such, whatever is stated`() throws {
    let packed = try Gzip.compress(Self.text)
    #expect(Self.kinds(packed, bytesMax: 299).atOnce == .tooLarge)
    #expect(Self.kinds(packed, bytesMax: 300).atOnce == nil)
    let lying = try Self.lying(10)
    #expect(Self.kinds(lying, bytesMax: 299).atOnce == .tooLarge)
  }

  @Test func `cut anywhere or changed anywhere, both ways say the same`() throws {
    let whole = try Gzip.compress(Self.text)
    for count in whole.indices {
      let told = Self.kinds(Array(whole.prefix(count)))
      #expect(told.atOnce == .truncated && told.inPieces == .truncated, "\(count) bytes: \(told)")
    }
    for place in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[place] ^= 1 << UInt8(bit)
        let told = Self.kinds(changed)
        #expect(told.atOnce == told.inPieces, "bit \(bit) of byte \(place): \(told)")
      }
    }
    let told = Self.kinds(whole + [1, 2, 3])
    #expect(told.atOnce == .corrupt && told.inPieces == .corrupt, "\(told)")
  }
}
