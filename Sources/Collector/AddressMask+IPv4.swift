// Four numbers of one to three digits joined by dots, wherever they stand: in a version string, in
// a host name, before a port, inside a longer chain of numbers.

extension AddressMask {
  /// The first IPv4-looking token that begins at `start` or later.
  ///
  /// A first number of more than three digits lends its last three, a last one its first three:
  /// rather a mangled number than an address that survives inside one.
  static func nextIPv4(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Match? {
    var index = start
    while index < bytes.count {
      guard isDigit(bytes[index]) else {
        index += 1
        continue
      }
      var end = index
      while end < bytes.count, isDigit(bytes[end]) { end += 1 }
      let first = max(index, end - 3)
      if let match = dottedQuad(bytes, from: first) { return match }
      index = end
    }
    return nil
  }

  /// The quad that begins exactly at `start`; nil where there is none.
  static func dottedQuad(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Match? {
    var numbers: [Int] = []
    var index = start
    for position in 0..<4 {
      if position > 0 {
        guard index < bytes.count, bytes[index] == 0x2E else { return nil }
        index += 1
      }
      var value = 0
      var digits = 0
      while index < bytes.count, digits < 3, isDigit(bytes[index]) {
        value = value * 10 + Int(bytes[index] - 0x30)
        digits += 1
        index += 1
      }
      guard digits > 0 else { return nil }
      numbers.append(value)
    }
    let canonical = numbers.map(String.init).joined(separator: ".")
    return Match(range: start..<index, canonical: canonical)
  }
}
