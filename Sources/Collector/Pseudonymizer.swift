// Pseudonyms: the same value gives the same name in one home, and nobody without the home's secret
// can go back or try values out.

internal import Crypto
internal import EventModel
internal import Synchronization

/// Makes `anon_` and 16 hexadecimal digits of HMAC-SHA256 over a value. Safe to share.
final class Pseudonymizer: Sendable {
  private let key: SymmetricKey
  private let known = Mutex<[String: String]>([:])
  private static let knownMax = 65_536

  init(secret: [UInt8]) {
    key = SymmetricKey(data: secret)
  }

  /// The pseudonym of a value; remembered, so that a repeated one costs a look-up.
  func pseudonym(_ value: String) -> String {
    if let name = known.withLock({ $0[value] }) { return name }
    let code = HMAC<SHA256>.authenticationCode(for: Array(value.utf8), using: key)
    var digits: [UInt8] = Array("anon_".utf8)
    for byte in code.prefix(8) { appendHex(byte, to: &digits) }
    let name = String(decoding: digits, as: UTF8.self)
    known.withLock {
      if $0.count >= Self.knownMax { $0.removeAll(keepingCapacity: true) }
      $0[value] = name
    }
    return name
  }

  /// The pseudonym of a field: an address counts in its canonical spelling, so that one person has
  /// one name whether it stood in a field or in a text.
  func pseudonym(ofField value: String) -> String {
    let bytes = Array(value.utf8)
    let canonical = bytes.withUnsafeBufferPointer { input in
      [AddressMask.nextIPv6(input, from: 0), AddressMask.nextIPv4(input, from: 0)]
        .compactMap { $0 }.first { $0.range == 0..<input.count }?.canonical
    }
    return pseudonym(canonical ?? value)
  }

  /// The mask that puts these pseudonyms in the place of addresses.
  var mask: AddressMask { AddressMask { self.pseudonym($0) } }
}

/// A UUID of version 8 made of SHA-256 over a source's name and one line of it.
func deterministicEventID(source: String, line: UnsafeRawBufferPointer) -> [UInt8] {
  var hash = SHA256()
  hash.update(data: Array(source.utf8))
  hash.update(data: [0])
  hash.update(bufferPointer: line)
  var bytes = Array(hash.finalize().prefix(16))
  bytes[6] = bytes[6] & 0x0F | 0x80
  bytes[8] = bytes[8] & 0x3F | 0x80
  var text: [UInt8] = []
  text.reserveCapacity(36)
  for (index, byte) in bytes.enumerated() {
    if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
    appendHex(byte, to: &text)
  }
  return text
}

@inline(__always)
private func appendHex(_ byte: UInt8, to output: inout [UInt8]) {
  let high = byte >> 4
  let low = byte & 15
  output.append(high < 10 ? high + 0x30 : high + 0x57)
  output.append(low < 10 ? low + 0x30 : low + 0x57)
}
