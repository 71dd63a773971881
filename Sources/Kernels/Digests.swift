// Digests of bytes: md5, sha1, sha256, sha512, their keyed forms (HMAC), and crc32, over whole columns.
//
// One `Hasher` a batch holds the scratch; nothing is allocated per row.

public import Columnar

/// A cryptographic digest.
public enum Digest: String, Sendable, Hashable {
  case md5, sha1, sha256, sha512

  /// The bytes of a digest.
  public var byteCount: Int {
    switch self {
    case .md5: 16
    case .sha1: 20
    case .sha256: 32
    case .sha512: 64
    }
  }

  fileprivate var blockByteCount: Int { self == .sha512 ? 128 : 64 }
}

/// The digest of each text or binary value, as varbinary.
public func digests(_ vector: ColumnVector, _ digest: Digest) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  var hasher = DigestHasher(digest)
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    hasher.begin()
    hasher.add(lane[row])
    hasher.finish(into: &output.row)
    output.finishRow()
  }
  return output.column(.varbinary, validity: source.validity)
}

/// The keyed digest (HMAC) of each value under the key of its row, as varbinary.
public func keyedDigests(
  _ vector: ColumnVector, key: ColumnVector, _ digest: Digest
) -> ColumnVector {
  let source = vector.plain
  let keys = key.plain
  let lane = TextLane(source)
  let keyLane = TextLane(keys)
  let validity = mergedValidity(source.validity, keys.validity, count: source.count)
  var hasher = DigestHasher(digest)
  var output = TextOutput(capacity: source.count)
  var padded: [UInt8] = []
  var inner: [UInt8] = []
  for row in 0..<source.count {
    guard validity?.isValid(row) ?? true else {
      output.appendEmpty()
      continue
    }
    padded.removeAll(keepingCapacity: true)
    if keyLane[row].count > digest.blockByteCount {
      hasher.begin()
      hasher.add(keyLane[row])
      hasher.finish(into: &padded)
    } else {
      padded.append(contentsOf: keyLane[row])
    }
    while padded.count < digest.blockByteCount { padded.append(0) }
    for index in padded.indices { padded[index] ^= 0x36 }
    inner.removeAll(keepingCapacity: true)
    hasher.begin()
    padded.withUnsafeBytes { hasher.add($0) }
    hasher.add(lane[row])
    hasher.finish(into: &inner)
    for index in padded.indices { padded[index] ^= 0x36 ^ 0x5C }
    hasher.begin()
    padded.withUnsafeBytes { hasher.add($0) }
    inner.withUnsafeBytes { hasher.add($0) }
    hasher.finish(into: &output.row)
    output.finishRow()
  }
  return output.column(.varbinary, validity: validity)
}

/// The CRC-32 of zip and PNG of each value, as `bigint`.
public func crc32(_ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return makeFixed(.bigint, source.count, source.validity, as: Int64.self) { out in
    crcTable.withUnsafeBufferPointer { table in
      for row in 0..<source.count where !source.isNull(row) {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in lane[row] {
          crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
        }
        out[row] = Int64(~crc)
      }
    }
  }
}

private let crcTable: [UInt32] = (0..<256).map { index in
  var crc = UInt32(index)
  for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  return crc
}

/// Takes bytes in pieces and gives one digest after the other.
private struct DigestHasher {
  private let digest: Digest
  private var state: [UInt64]
  private var words: [UInt64]
  private var block: [UInt8]
  private var used = 0
  private var total: UInt64 = 0

  init(_ digest: Digest) {
    self.digest = digest
    state = Self.initial(digest)
    words = [UInt64](repeating: 0, count: 80)
    block = [UInt8](repeating: 0, count: digest.blockByteCount)
  }

  private static func initial(_ digest: Digest) -> [UInt64] {
    switch digest {
    case .md5: [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
    case .sha1: [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    case .sha256:
      [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
      ]
    case .sha512: sha512Initial
    }
  }

  mutating func begin() {
    switch digest {
    case .md5, .sha1:
      state[0] = 0x6745_2301
      state[1] = 0xEFCD_AB89
      state[2] = 0x98BA_DCFE
      state[3] = 0x1032_5476
      if digest == .sha1 { state[4] = 0xC3D2_E1F0 }
    case .sha256:
      for index in 0..<8 { state[index] = sha512Initial[index] >> 32 }
    case .sha512: for index in 0..<8 { state[index] = sha512Initial[index] }
    }
    used = 0
    total = 0
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    total &+= UInt64(bytes.count)
    for byte in bytes {
      block[used] = byte
      used += 1
      if used == block.count {
        compress()
        used = 0
      }
    }
  }

  mutating func finish(into out: inout [UInt8]) {
    let bits = total &* 8
    let lengthBytes = digest == .sha512 ? 16 : 8
    block[used] = 0x80
    used += 1
    if used > block.count - lengthBytes {
      while used < block.count {
        block[used] = 0
        used += 1
      }
      compress()
      used = 0
    }
    while used < block.count {
      block[used] = 0
      used += 1
    }
    for index in 0..<8 {
      let byte = UInt8(truncatingIfNeeded: bits >> UInt64(8 * index))
      block[digest == .md5 ? block.count - 8 + index : block.count - 1 - index] = byte
    }
    compress()
    let width = digest == .sha512 ? 8 : 4
    for index in 0..<(digest.byteCount / width) {
      for byte in 0..<width {
        let shift = UInt64(8 * (digest == .md5 ? byte : width - 1 - byte))
        out.append(UInt8(truncatingIfNeeded: state[index] >> shift))
      }
    }
  }

  private mutating func compress() {
    switch digest {
    case .md5: compressMD5()
    case .sha1: compressSHA1()
    case .sha256: compressSHA256()
    case .sha512: compressSHA512()
    }
  }

  @inline(__always)
  private func word32(_ index: Int, isBigEndian: Bool) -> UInt32 {
    let at = index * 4
    let value =
      UInt32(block[at]) << 24 | UInt32(block[at + 1]) << 16 | UInt32(block[at + 2]) << 8
      | UInt32(block[at + 3])
    return isBigEndian ? value : value.byteSwapped
  }

  private mutating func compressMD5() {
    var a = UInt32(truncatingIfNeeded: state[0])
    var b = UInt32(truncatingIfNeeded: state[1])
    var c = UInt32(truncatingIfNeeded: state[2])
    var d = UInt32(truncatingIfNeeded: state[3])
    for round in 0..<64 {
      let f: UInt32
      let g: Int
      switch round >> 4 {
      case 0:
        f = (b & c) | (~b & d)
        g = round
      case 1:
        f = (d & b) | (~d & c)
        g = (5 * round + 1) & 15
      case 2:
        f = b ^ c ^ d
        g = (3 * round + 5) & 15
      default:
        f = c ^ (b | ~d)
        g = (7 * round) & 15
      }
      let sum: UInt32 = f &+ a &+ md5Constants[round] &+ word32(g, isBigEndian: false)
      let shift = md5Shifts[(round >> 4) * 4 + (round & 3)]
      a = d
      d = c
      c = b
      b = b &+ (sum << shift | sum >> (32 - shift))
    }
    for (index, value) in [a, b, c, d].enumerated() { add32(value, at: index) }
  }

  @inline(__always)
  private mutating func add32(_ value: UInt32, at index: Int) {
    state[index] = UInt64(UInt32(truncatingIfNeeded: state[index]) &+ value)
  }

  private mutating func compressSHA1() {
    @inline(__always)
    func rotated(_ value: UInt32, _ by: UInt32) -> UInt32 { value << by | value >> (32 - by) }
    for index in 0..<16 { words[index] = UInt64(word32(index, isBigEndian: true)) }
    for index in 16..<80 {
      let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
      words[index] = UInt64(rotated(UInt32(truncatingIfNeeded: mixed), 1))
    }
    var a = UInt32(truncatingIfNeeded: state[0])
    var b = UInt32(truncatingIfNeeded: state[1])
    var c = UInt32(truncatingIfNeeded: state[2])
    var d = UInt32(truncatingIfNeeded: state[3])
    var e = UInt32(truncatingIfNeeded: state[4])
    for round in 0..<80 {
      let f: UInt32
      let k: UInt32
      switch round {
      case 0..<20:
        f = (b & c) | (~b & d)
        k = 0x5A82_7999
      case 20..<40:
        f = b ^ c ^ d
        k = 0x6ED9_EBA1
      case 40..<60:
        f = (b & c) | (b & d) | (c & d)
        k = 0x8F1B_BCDC
      default:
        f = b ^ c ^ d
        k = 0xCA62_C1D6
      }
      let next = rotated(a, 5) &+ f &+ e &+ k &+ UInt32(truncatingIfNeeded: words[round])
      e = d
      d = c
      c = rotated(b, 30)
      b = a
      a = next
    }
    for (index, value) in [a, b, c, d, e].enumerated() { add32(value, at: index) }
  }

  private mutating func compressSHA256() {
    @inline(__always)
    func rotated(_ value: UInt32, _ by: UInt32) -> UInt32 { value >> by | value << (32 - by) }
    for index in 0..<16 { words[index] = UInt64(word32(index, isBigEndian: true)) }
    for index in 16..<64 {
      let x = UInt32(truncatingIfNeeded: words[index - 15])
      let y = UInt32(truncatingIfNeeded: words[index - 2])
      let low = rotated(x, 7) ^ rotated(x, 18) ^ (x >> 3)
      let high = rotated(y, 17) ^ rotated(y, 19) ^ (y >> 10)
      let before = UInt32(truncatingIfNeeded: words[index - 16] &+ words[index - 7])
      words[index] = UInt64(before &+ low &+ high)
    }
    var (a, b) = (UInt32(truncatingIfNeeded: state[0]), UInt32(truncatingIfNeeded: state[1]))
    var (c, d) = (UInt32(truncatingIfNeeded: state[2]), UInt32(truncatingIfNeeded: state[3]))
    var (e, f) = (UInt32(truncatingIfNeeded: state[4]), UInt32(truncatingIfNeeded: state[5]))
    var (g, h) = (UInt32(truncatingIfNeeded: state[6]), UInt32(truncatingIfNeeded: state[7]))
    for round in 0..<64 {
      let high = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let choice = (e & f) ^ (~e & g)
      let first =
        h &+ high &+ choice &+ sha256Constants[round] &+ UInt32(truncatingIfNeeded: words[round])
      let low = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      h = g
      g = f
      f = e
      e = d &+ first
      d = c
      c = b
      b = a
      a = first &+ low &+ majority
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { add32(value, at: index) }
  }

  private mutating func compressSHA512() {
    @inline(__always)
    func rotated(_ value: UInt64, _ by: UInt64) -> UInt64 { value >> by | value << (64 - by) }
    for index in 0..<16 {
      words[index] =
        UInt64(word32(2 * index, isBigEndian: true)) << 32
        | UInt64(word32(2 * index + 1, isBigEndian: true))
    }
    for index in 16..<80 {
      let x = words[index - 15]
      let y = words[index - 2]
      let low = rotated(x, 1) ^ rotated(x, 8) ^ (x >> 7)
      let high = rotated(y, 19) ^ rotated(y, 61) ^ (y >> 6)
      words[index] = words[index - 16] &+ words[index - 7] &+ low &+ high
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for round in 0..<80 {
      let high = rotated(e, 14) ^ rotated(e, 18) ^ rotated(e, 41)
      let choice = (e & f) ^ (~e & g)
      let first = h &+ high &+ choice &+ sha512Constants[round] &+ words[round]
      let low = rotated(a, 28) ^ rotated(a, 34) ^ rotated(a, 39)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      h = g
      g = f
      f = e
      e = d &+ first
      d = c
      c = b
      b = a
      a = first &+ low &+ majority
    }
    for (index, value) in [a, b, c, d, e, f, g, h].enumerated() {
      state[index] = state[index] &+ value
    }
  }
}

private let md5Shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

/// `floor(2^32 |sin(i + 1)|)`, as the standard lists them.
private let md5Constants: [UInt32] = [
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]

private let sha256Constants: [UInt32] = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]

/// Fractions of the cube roots of the first eighty primes.
private let sha512Constants: [UInt64] = [
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
  0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
  0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
  0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
  0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
  0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
  0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
  0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
  0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
  0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
  0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
  0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
  0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
  0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
  0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
  0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
]

/// Fractions of the square roots of the first eight primes; their upper halves begin SHA-256.
private let sha512Initial: [UInt64] = [
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]
