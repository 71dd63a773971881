// Network addresses in free text. An IP address is personal data; a wiki's comments, page titles and
// links are full of them. The mask finds everything that looks like one and puts a pseudonym there.
//
// 1. `mayHoldAddress` looks at the bytes once; nearly all texts end here.
// 2. IPv6 first (eight groups, `::` forms, a dotted tail, cut-off ones of four groups and more),
//    then IPv4 (any four numbers of up to three digits joined by dots).
// 3. What is left of an address that was cut at the end of the text, where the same text names the
//    whole one before.
//
// It errs on masking: a four-part version number is masked, a three-part one is not; `12:30:45` is
// not, a MAC address is. Percent-encoded colons and dots are understood. It does not know
// addresses written as one number, in octal, with other separators, or with full-width digits.

/// Replaces what looks like an IPv4 or IPv6 address in UTF-8 (or any ASCII-compatible) bytes.
struct AddressMask {
  /// Makes the pseudonym of an address in its canonical spelling.
  let pseudonym: (String) -> String

  /// False only where the bytes hold nothing that the mask would replace.
  static func mayHoldAddress(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var dots = 0
    var colons = 0
    for index in 0..<bytes.count {
      switch bytes[index] {
      case 0x2E where index > 0 && isDigit(bytes[index - 1]):
        dots += 1
        if dots == 3 { return true }
      case 0x3A:
        colons += 1
        if colons == 2 { return true }
      case 0x25 where isEncodedMark(bytes, at: index):
        return true
      default:
        continue
      }
    }
    return false
  }

  /// The bytes with every address replaced; nil where there is none.
  func masked(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    guard Self.mayHoldAddress(bytes) else { return nil }
    var plain = Self.withoutEncodedMarks(bytes)
    var found: [Found] = []
    if let result = replaced(plain, by: Self.nextIPv6, &found) { plain = result }
    if let result = replaced(plain, by: Self.nextIPv4, &found) { plain = result }
    guard !found.isEmpty else { return nil }
    return withoutCutOffs(plain, of: found)
  }

  /// Addresses of one text whose cut-off repetitions are looked for.
  private static let cutOffsMax = 16

  /// An address as it was written, and what stands in its place.
  private struct Found {
    var text: [UInt8]
    var pseudonym: String
  }

  /// Where an address stands and what its pseudonym is made of.
  struct Match {
    var range: Range<Int>
    var canonical: String
  }

  private func replaced(
    _ bytes: [UInt8],
    by next: (UnsafeBufferPointer<UInt8>, Int) -> Match?,
    _ found: inout [Found]
  ) -> [UInt8]? {
    bytes.withUnsafeBufferPointer { input in
      guard var match = next(input, 0) else { return nil }
      var output: [UInt8] = []
      output.reserveCapacity(input.count + 16)
      var copied = 0
      while true {
        output.append(contentsOf: input[copied..<match.range.lowerBound])
        let name = pseudonym(match.canonical)
        output.append(contentsOf: name.utf8)
        found.append(Found(text: Array(input[match.range]), pseudonym: name))
        copied = match.range.upperBound
        guard let following = next(input, copied) else { break }
        match = following
      }
      output.append(contentsOf: input[copied...])
      return output
    }
  }

  /// Replaces beginnings of two groups and more of addresses that the same text named in full.
  private func withoutCutOffs(_ bytes: [UInt8], of found: [Found]) -> [UInt8] {
    var output = bytes
    var seen: Set<[UInt8]> = []
    for address in found where seen.count < Self.cutOffsMax {
      guard let head = Self.headLength(address.text), seen.insert(address.text).inserted else {
        continue
      }
      var index = 0
      while index + head <= output.count {
        guard Self.matchLength(output, at: index, address.text) >= head,
          index == 0 || !isHexDigit(output[index - 1])
        else {
          index += 1
          continue
        }
        let end = index + Self.matchLength(output, at: index, address.text)
        guard end == output.count || !isHexDigit(output[end]) else {
          index = end
          continue
        }
        output.replaceSubrange(index..<end, with: address.pseudonym.utf8)
        index += address.pseudonym.utf8.count
      }
    }
    return output
  }

  /// The length of an address's first two groups with their separators; nil where it has fewer.
  private static func headLength(_ address: [UInt8]) -> Int? {
    var separators = 0
    for (index, byte) in address.enumerated() where byte == 0x2E || byte == 0x3A {
      separators += 1
      if separators == 2 { return index + 1 }
    }
    return nil
  }

  private static func matchLength(_ bytes: [UInt8], at index: Int, _ address: [UInt8]) -> Int {
    var length = 0
    while length < address.count, index + length < bytes.count,
      lowercased(bytes[index + length]) == lowercased(address[length])
    {
      length += 1
    }
    return length
  }

  // MARK: - Percent-encoded marks

  private static func isEncodedMark(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Bool {
    guard index + 2 < bytes.count else { return false }
    let high = bytes[index + 1]
    let low = lowercased(bytes[index + 2])
    return (high == 0x33 && low == 0x61) || (high == 0x32 && low == 0x65)
  }

  /// A copy with `%3A` as a colon and `%2E` as a dot.
  private static func withoutEncodedMarks(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    guard bytes.contains(0x25) else { return Array(bytes) }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x25, isEncodedMark(bytes, at: index) {
        output.append(bytes[index + 1] == 0x33 ? 0x3A : 0x2E)
        index += 3
      } else {
        output.append(bytes[index])
        index += 1
      }
    }
    return output
  }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

@inline(__always)
func isHexDigit(_ byte: UInt8) -> Bool {
  byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 {
  byte &- 0x41 < 26 ? byte | 0x20 : byte
}
