// Digests and encodings of bytes: md5, sha1, sha256, crc32, hexadecimal, base64.

/// The MD5 digest, 16 bytes.
public func md5(_ message: [UInt8]) -> [UInt8] {
  let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
  var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476]
  for block in padded(message, isBigEndian: false) {
    let words = bigEndianWords(block).map(\.byteSwapped)
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    for round in 0..<64 {
      let f: UInt32
      let g: Int
      switch round / 16 {
      case 0:
        f = (b & c) | (~b & d)
        g = round
      case 1:
        f = (d & b) | (~d & c)
        g = (5 * round + 1) % 16
      case 2:
        f = b ^ c ^ d
        g = (3 * round + 5) % 16
      default:
        f = c ^ (b | ~d)
        g = (7 * round) % 16
      }
      let mixed: UInt32 = a &+ f
      let sum: UInt32 = mixed &+ md5Constants[round] &+ words[g]
      let shift = shifts[round / 16 * 4 + round % 4]
      let turned: UInt32 = sum << shift | sum >> (32 - shift)
      (a, d, c, b) = (d, c, b, b &+ turned)
    }
    state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d]
  }
  return bytes(state.map(\.byteSwapped))
}

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

/// The message in blocks of 64 bytes, with a 1 bit, zeros and its length in bits at the end.
private func padded(_ message: [UInt8], isBigEndian: Bool) -> [[UInt8]] {
  var bytes = message + [0x80]
  while bytes.count % 64 != 56 { bytes.append(0) }
  let bits = UInt64(message.count) &* 8
  for index in 0..<8 {
    let place = isBigEndian ? 7 - index : index
    let shift = UInt64(8 * place)
    bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
  }
  return stride(from: 0, to: bytes.count, by: 64).map { Array(bytes[$0..<$0 + 64]) }
}

private func bigEndianWords(_ block: [UInt8]) -> [UInt32] {
  var words: [UInt32] = []
  for start in stride(from: 0, to: 64, by: 4) {
    var word: UInt32 = 0
    for byte in block[start..<start + 4] { word = word << 8 | UInt32(byte) }
    words.append(word)
  }
  return words
}

private func bytes(_ words: [UInt32]) -> [UInt8] {
  var result: [UInt8] = []
  for word in words {
    for shift: UInt32 in [24, 16, 8, 0] { result.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
  return result
}

/// The SHA-1 digest, 20 bytes.
public func sha1(_ message: [UInt8]) -> [UInt8] {
  var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
  func rotated(_ value: UInt32, _ by: UInt32) -> UInt32 { value << by | value >> (32 - by) }
  for block in padded(message, isBigEndian: true) {
    var words = bigEndianWords(block)
    for index in 16..<80 {
      let mixed = words[index - 3] ^ words[index - 8]
      words.append(rotated(mixed ^ words[index - 14] ^ words[index - 16], 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for round in 0..<80 {
      let f: UInt32
      let k: UInt32
      switch round / 20 {
      case 0:
        f = (b & c) | (~b & d)
        k = 0x5A82_7999
      case 1:
        f = b ^ c ^ d
        k = 0x6ED9_EBA1
      case 2:
        f = (b & c) | (d & (b | c))
        k = 0x8F1B_BCDC
      default:
        f = b ^ c ^ d
        k = 0xCA62_C1D6
      }
      let sum: UInt32 = rotated(a, 5) &+ f
      let next: UInt32 = sum &+ e &+ k &+ words[round]
      (a, b, c, d, e) = (next, a, rotated(b, 30), c, d)
    }
    state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d, state[4] &+ e]
  }
  return bytes(state)
}

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

/// The SHA-256 digest, 32 bytes.
public func sha256(_ message: [UInt8]) -> [UInt8] {
  var state: [UInt32] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]
  func rotated(_ value: UInt32, _ by: UInt32) -> UInt32 { value >> by | value << (32 - by) }
  for block in padded(message, isBigEndian: true) {
    var words = bigEndianWords(block)
    for index in 16..<64 {
      let x = words[index - 15]
      let y = words[index - 2]
      let low = rotated(x, 7) ^ rotated(x, 18) ^ (x >> 3)
      let high = rotated(y, 17) ^ rotated(y, 19) ^ (y >> 10)
      let before: UInt32 = words[index - 16] &+ words[index - 7]
      words.append(before &+ low &+ high)
    }
    var h = state
    for round in 0..<64 {
      let high = rotated(h[4], 6) ^ rotated(h[4], 11) ^ rotated(h[4], 25)
      let choice = (h[4] & h[5]) ^ (~h[4] & h[6])
      let start: UInt32 = h[7] &+ high &+ choice
      let first: UInt32 = start &+ sha256Constants[round] &+ words[round]
      let low = rotated(h[0], 2) ^ rotated(h[0], 13) ^ rotated(h[0], 22)
      let majority = (h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2])
      let second = low &+ majority
      h = [first &+ second, h[0], h[1], h[2], h[3] &+ first, h[4], h[5], h[6]]
    }
    for index in 0..<8 { state[index] = state[index] &+ h[index] }
  }
  return bytes(state)
}

/// The CRC-32 of zip and PNG.
public func crc32(_ message: [UInt8]) -> UInt32 {
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in message {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  return ~crc
}

/// `6A6B`
public func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
  let digits = Array("0123456789ABCDEF".utf8)
  return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
}

/// The bytes of hexadecimal digits; nil where they are none.
public func fromHexadecimal(_ text: [UInt8]) -> [UInt8]? {
  guard text.count % 2 == 0 else { return nil }
  var result: [UInt8] = []
  for index in stride(from: 0, to: text.count, by: 2) {
    let pair = String(decoding: text[index..<index + 2], as: UTF8.self)
    guard !pair.contains("+"), !pair.contains("-"), let value = UInt8(pair, radix: 16) else {
      return nil
    }
    result.append(value)
  }
  return result
}

private let base64Digits = Array(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// Base64 with padding.
public func base64(_ bytes: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let part = bytes[start..<min(start + 3, bytes.count)]
    var value: UInt32 = 0
    for (index, byte) in part.enumerated() {
      let shift = UInt32(16 - 8 * index)
      value |= UInt32(byte) << shift
    }
    for index in 0..<4 {
      let shift = UInt32(18 - 6 * index)
      let digit = base64Digits[Int((value >> shift) & 63)]
      result.append(index <= part.count ? digit : 0x3D)
    }
  }
  return result
}

/// The bytes of base64 text; nil where it is none.
public func fromBase64(_ text: [UInt8]) -> [UInt8]? {
  var result: [UInt8] = []
  var value: UInt32 = 0
  var bits: UInt32 = 0
  var digits = text[...]
  while digits.last == 0x3D { digits = digits.dropLast() }
  for byte in digits {
    guard let digit = base64Digits.firstIndex(of: byte) else { return nil }
    value = value << 6 | UInt32(digit)
    bits += 6
    if bits >= 8 {
      bits -= 8
      result.append(UInt8(truncatingIfNeeded: value >> bits))
      value &= (1 << bits) - 1
    }
  }
  return bits < 6 ? result : nil
}
