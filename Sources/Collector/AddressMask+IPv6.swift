// Runs of hexadecimal digits and colons, judged as a whole:
//
//     2001:db8:0:0:0:0:2:1     eight groups; of more than eight, the first eight that fit
//     2001:DB8::2:1            one `::`, with a digit or a group of three letters and more
//     ::ffff:192.0.2.1         a dotted tail; it counts as that IPv4 address
//     2001:db8:11:a2:          cut off: four groups, of hexadecimal look
//
// A word before the run (`User:2001:…`, `Talk:2001:…`) ends at its colon.

extension AddressMask {
  /// The first IPv6-looking token that begins at `start` or later.
  static func nextIPv6(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Match? {
    var index = start
    while index < bytes.count {
      guard isHexDigit(bytes[index]) || bytes[index] == 0x3A else {
        index += 1
        continue
      }
      var end = index
      var colons = 0
      while end < bytes.count, isHexDigit(bytes[end]) || bytes[end] == 0x3A {
        if bytes[end] == 0x3A { colons += 1 }
        end += 1
      }
      if colons >= 2, let match = address(bytes, in: index..<end) { return match }
      index = end
    }
    return nil
  }

  /// A run cut at its colons; `::` leaves an empty group in the middle, or two at an end.
  private struct Run {
    var groups: [Range<Int>] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>) {
      var begin = range.lowerBound
      for index in range where bytes[index] == 0x3A {
        groups.append(begin..<index)
        begin = index + 1
      }
      groups.append(begin..<range.upperBound)
    }
  }

  private static func address(
    _ bytes: UnsafeBufferPointer<UInt8>,
    in range: Range<Int>
  ) -> Match? {
    var followsWord = range.lowerBound > 0 && isWordByte(bytes[range.lowerBound - 1])
    var groups = Run(bytes, in: range).groups
    // A single colon at an end only joins the run to a word or a port.
    if groups.count > 2, groups[0].isEmpty, !groups[1].isEmpty {
      groups.removeFirst()
      followsWord = false
    }
    if groups.count > 2, groups[groups.count - 1].isEmpty, !groups[groups.count - 2].isEmpty {
      groups.removeLast()
    }
    let tail = groups.last.flatMap { last in
      last.count <= 3 && last.upperBound < bytes.count && bytes[last.upperBound] == 0x2E
        ? dottedQuad(bytes, from: last.lowerBound) : nil
    }
    if let full = eightGroups(bytes, groups, tail: tail, followsWord: followsWord) { return full }
    if groups.contains(where: \.isEmpty) {
      return compressed(bytes, groups, tail: tail, followsWord: followsWord)
    }
    return cutOff(bytes, groups, followsWord: followsWord)
  }

  /// The first window of eight filled groups, or of six and a dotted tail.
  private static func eightGroups(
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ groups: [Range<Int>],
    tail: Match?,
    followsWord: Bool
  ) -> Match? {
    if let tail, groups.count == 7, groups.dropFirst().allSatisfy({ 1...4 ~= $0.count }) {
      let range = clippedFront(groups[0]).lowerBound..<tail.range.upperBound
      return Match(range: range, canonical: canonical(bytes, groups, tail: tail))
    }
    guard groups.count >= 8 else { return nil }
    let skipsWord = groups.count > 8 && (followsWord || groups[0].count > 4)
    for first in (skipsWord ? 1 : 0)...(groups.count - 8) {
      var window = Array(groups[first..<(first + 8)])
      guard window.allSatisfy({ !$0.isEmpty }), window[1..<7].allSatisfy({ $0.count <= 4 }) else {
        continue
      }
      window[0] = clippedFront(window[0])
      window[7] = window[7].prefix(4)
      return Match(
        range: window[0].lowerBound..<window[7].upperBound,
        canonical: canonical(bytes, window, tail: nil)
      )
    }
    return nil
  }

  /// A form with `::`; C++ names and wiki prefixes (`std::add`, `c::e`) are left alone.
  private static func compressed(
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ groups: [Range<Int>],
    tail: Match?,
    followsWord: Bool
  ) -> Match? {
    var groups = groups
    if followsWord, groups.count > 2, !groups[0].isEmpty, !groups[1].isEmpty {
      groups.removeFirst()
    }
    guard let first = groups.first, let last = groups.last else { return nil }
    let filled = groups.filter { !$0.isEmpty }
    let hasDigit = filled.contains { $0.contains { isDigit(bytes[$0]) } }
    let isLong = filled.contains { $0.count >= 3 }
    guard !filled.isEmpty, tail != nil || hasDigit || (isLong && !followsWord) else { return nil }
    if followsWord, tail == nil, filled.count == 1 { return nil }
    var parts = groups
    parts[0] = clippedFront(first)
    let range = parts[0].lowerBound..<(tail?.range.upperBound ?? last.upperBound)
    return Match(range: range, canonical: canonical(bytes, parts, tail: tail))
  }

  /// Four to seven groups: an address whose end is missing, unless it looks like a time.
  private static func cutOff(
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ groups: [Range<Int>],
    followsWord: Bool
  ) -> Match? {
    var groups = groups
    if followsWord, groups.count > 4 { groups.removeFirst() }
    guard groups.count >= 4, groups.dropFirst().allSatisfy({ 1...4 ~= $0.count }),
      let first = groups.first, let last = groups.last
    else { return nil }
    let hasLetter = groups.contains { $0.contains { !isDigit(bytes[$0]) } }
    guard hasLetter || groups.filter({ $0.count >= 3 }).count >= 2 else { return nil }
    let range = clippedFront(first).lowerBound..<last.upperBound
    let text = String(decoding: bytes[range].map(lowercased), as: UTF8.self)
    return Match(range: range, canonical: text)
  }

  /// Eight groups in lower case without leading zeros, or the IPv4 address that a mapped one means;
  /// the text in lower case where it is no exact address.
  private static func canonical(
    _ bytes: UnsafeBufferPointer<UInt8>,
    _ groups: [Range<Int>],
    tail: Match?
  ) -> String {
    var values: [Int] = []
    var gap: Int?
    let hexadecimal = tail == nil ? groups[...] : groups.dropLast()
    for (position, group) in hexadecimal.enumerated() {
      if group.isEmpty {
        if position == 0 || (position == groups.count - 1) { continue }
        gap = gap ?? values.count
      } else {
        values.append(group.reduce(0) { ($0 << 4 | hexValue(bytes[$1])) & 0xFFFF })
      }
    }
    if let tail {
      let numbers = tail.canonical.split(separator: ".").map { Int($0) ?? 0 }
      values.append(numbers[0] << 8 | numbers[1])
      values.append(numbers[2] << 8 | numbers[3])
    }
    if let gap, values.count < 8 {
      values.insert(contentsOf: repeatElement(0, count: 8 - values.count), at: gap)
    }
    if let tail, values.count == 8, values[0..<5].allSatisfy({ $0 == 0 }),
      values[5] == 0xFFFF || values[5] == 0
    {
      return tail.canonical
    }
    return values.map { String($0, radix: 16) }.joined(separator: ":")
  }

  private static func clippedFront(_ group: Range<Int>) -> Range<Int> {
    max(group.lowerBound, group.upperBound - 4)..<group.upperBound
  }

  private static func hexValue(_ byte: UInt8) -> Int {
    isDigit(byte) ? Int(byte - 0x30) : Int(lowercased(byte) - 0x61) + 10
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == 0x5F || lowercased(byte) &- 0x61 < 26
  }
}
