// What of a refused event may rest in the dead letters. It may be no JSON at all, so the mask works on
// raw bytes and undoes the ways in which an address can hide in them.

internal import EventModel

/// Bounds and masks the bytes of a refused event.
struct DeadLetterMask {
  let pseudonymizer: Pseudonymizer
  let bytesMax: Int

  /// The first `bytesMax` bytes, with every address masked and, for a source, its pseudonymised
  /// fields replaced; whether anything was replaced.
  ///
  /// `pseudonymized` are the keys to replace: for a broken line all that the mapping may replace,
  /// since its conditions cannot be read.
  func payload(
    _ bytes: UnsafeRawBufferPointer,
    pseudonymized: [[UInt8]] = []
  ) -> (bytes: [UInt8], isMasked: Bool) {
    let original = Array(bounded(bytes))
    var payload = replacingValues(of: pseudonymized, in: original)
    var plain = withoutHidingPlaces(payload)
    let replaced = replacingValues(of: pseudonymized, in: plain)
    if replaced != plain {
      plain = replaced
      payload = replaced
    }
    if let masked = plain.withUnsafeBytes({ pseudonymizer.mask.masked($0) }) { payload = masked }
    if payload.count > bytesMax { payload.removeSubrange(bytesMax...) }
    return (payload, payload != original)
  }

  /// A prefix that does not end inside something that may be an address.
  private func bounded(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard bytes.count > bytesMax else { return bytes }
    var end = bytesMax
    while end > 0, end > bytesMax - 288, isAddressByte(bytes[end - 1]) { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[0..<end])
  }

  private func isAddressByte(_ byte: UInt8) -> Bool {
    isHexDigit(byte) || byte == 0x2E || byte == 0x3A || byte == 0x25 || byte == 0x5C
      || byte == 0x75 || byte == 0
  }

  /// The bytes without NULs (UTF-16) and with `\u00XX` of visible ASCII undone.
  private func withoutHidingPlaces(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(0) || bytes.contains(0x5C) else { return bytes }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x5C, let plain = escapedMark(bytes, at: index) {
        output.append(plain)
        index += 6
      } else {
        if byte != 0 { output.append(byte) }
        index += 1
      }
    }
    return output
  }

  private func escapedMark(_ bytes: [UInt8], at index: Int) -> UInt8? {
    guard index + 5 < bytes.count, bytes[index + 1] == 0x75, bytes[index + 2] == 0x30,
      bytes[index + 3] == 0x30, isHexDigit(bytes[index + 4]), isHexDigit(bytes[index + 5]),
      let value = UInt8(
        String(decoding: bytes[(index + 4)...(index + 5)], as: UTF8.self),
        radix: 16
      )
    else { return nil }
    return (0x21..<0x7F).contains(value) && value != 0x22 && value != 0x5C ? value : nil
  }

  private func replacingValues(of keys: [[UInt8]], in bytes: [UInt8]) -> [UInt8] {
    keys.reduce(bytes) { replacingValues(of: $1, in: $0) }
  }

  /// Replaces the value after each `"key":`; a value that is not closed goes to the end.
  ///
  /// `true`, `false`, `null` and pseudonyms stay.
  private func replacingValues(of key: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    let needle = [0x22] + key + [0x22]
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == 0x22, bytes[index...].starts(with: needle) else {
        output.append(bytes[index])
        index += 1
        continue
      }
      output.append(contentsOf: needle)
      index += needle.count
      while index < bytes.count, isSpace(bytes[index]) || bytes[index] == 0x3A {
        output.append(bytes[index])
        index += 1
      }
      guard index < bytes.count else { break }
      let end = bytes.withUnsafeBytes { raw in
        var walker = StructureWalker(raw, at: index)
        return (try? walker.skipValue()) == nil ? bytes.count : walker.position
      }
      let token = Array(bytes[index..<max(index, end)])
      output.append(contentsOf: replacement(of: token))
      index += token.count
    }
    return output
  }

  private func replacement(of token: [UInt8]) -> [UInt8] {
    guard let first = token.first, first != 0x74, first != 0x66, first != 0x6E else { return token }
    guard first == 0x22 else {
      let name = pseudonymizer.pseudonym(ofField: String(decoding: token, as: UTF8.self))
      return Array("\"\(name)\"".utf8)
    }
    let isClosed = token.count > 1 && token.last == 0x22
    let content = Array(token.dropFirst().dropLast(isClosed ? 1 : 0))
    if content.starts(with: Array("anon_".utf8)) { return token }
    let name = pseudonymizer.pseudonym(ofField: Self.text(content))
    return Array("\"\(name)\"".utf8)
  }

  /// The text of a string token; its bytes as they are where its escapes are broken.
  private static func text(_ token: [UInt8]) -> String {
    if token.contains(0x5C) {
      let quoted = [0x22] + token + [0x22]
      if let value = try? quoted.withUnsafeBytes({ try JSONValue(parsing: $0) }),
        case .string(let text) = value
      {
        return text
      }
    }
    return String(decoding: token, as: UTF8.self)
  }
}
