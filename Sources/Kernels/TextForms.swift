// Forms of a text: Unicode normalization, soundex, the Luhn check, and bytes read as UTF-8.

public import Columnar
import Foundation

/// A Unicode normalization form.
public enum NormalForm: String, Sendable, Hashable, CaseIterable { case nfc, nfd, nfkc, nfkd }

/// Texts in a normal form; ASCII stays as it is.
public func normalized(_ vector: ColumnVector, _ form: NormalForm) -> ColumnVector {
  mapEachBytes(vector, to: .varchar) { bytes, out in
    guard bytes.contains(where: { $0 >= 0x80 }) else {
      out.append(contentsOf: bytes)
      return
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let made =
      switch form {
      case .nfc: text.precomposedStringWithCanonicalMapping
      case .nfd: text.decomposedStringWithCanonicalMapping
      case .nfkc: text.precomposedStringWithCompatibilityMapping
      case .nfkd: text.decomposedStringWithCompatibilityMapping
      }
    out.append(contentsOf: made.utf8)
  }
}

/// The American Soundex code of each text: a letter and three digits; empty for a text without
/// letters. Throws `invalidArgument` for letters outside of ASCII.
public func soundex(_ vector: ColumnVector) throws -> ColumnVector {
  // For A to Z: the digit, 0 for vowels and Y, 7 for H and W, which do not part equal digits.
  let codes: [UInt8] = [
    0, 1, 2, 3, 0, 1, 2, 7, 0, 2, 2, 4, 5, 5, 0, 1, 2, 6, 2, 3, 0, 1, 7, 2, 0, 2,
  ]
  return try mapEachBytes(vector, to: .varchar) { bytes, out in
    let start = out.count
    var last: UInt8 = 0
    for byte in bytes {
      guard byte < 0x80 else {
        throw KernelError.invalidArgument(
          "The character is not mapped: \(String(decoding: bytes, as: UTF8.self))")
      }
      let letter = byte & 0xDF
      guard (0x41...0x5A).contains(letter), byte >= 0x41 else { continue }
      let code = codes[Int(letter - 0x41)]
      if out.count == start {
        out.append(letter)
      } else if code >= 1, code <= 6, code != last {
        out.append(0x30 + code)
        if out.count - start == 4 { break }
      }
      if code != 7 { last = code }
    }
    while out.count > start, out.count - start < 4 { out.append(0x30) }
  }
}

/// Whether the digits of each text pass the Luhn check of card numbers.
///
/// Throws `invalidArgument` for a text with anything but digits.
public func luhnCheck(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return try makeFixed(.boolean, source.count, source.validity, as: UInt8.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      var sum = 0
      for (index, byte) in lane[row].reversed().enumerated() {
        guard byte &- 0x30 <= 9 else {
          throw KernelError.invalidArgument("Input must only contain digits")
        }
        let digit = Int(byte - 0x30) << (index & 1)
        sum += digit > 9 ? digit - 9 : digit
      }
      out[row] = sum % 10 == 0 && !lane[row].isEmpty ? 1 : 0
    }
  }
}

/// Bytes as text; what is no UTF-8 becomes `replacement`.
public func textFromUTF8(_ vector: ColumnVector, replacement: String = "\u{FFFD}") -> ColumnVector {
  mapEachBytes(vector, to: .varchar) { bytes, out in
    if bytes.allSatisfy({ $0 < 0x80 }) {
      out.append(contentsOf: bytes)
      return
    }
    var index = 0
    while index < bytes.count {
      let length = sequenceLength(bytes, index)
      if length > 0 {
        out.append(contentsOf: bytes[index..<index + length])
        index += length
      } else {
        out.append(contentsOf: replacement.utf8)
        index += 1
        while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
      }
    }
  }
}

/// The first byte that is no UTF-8; nil where all are.
func firstWrongUTF8(_ bytes: UnsafeRawBufferPointer) -> Int? {
  guard let base = bytes.baseAddress else { return nil }
  var index = 0
  while index < bytes.count {
    if index + 8 <= bytes.count,
      (base + index).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      index += 8
      continue
    }
    let length = sequenceLength(bytes, index)
    guard length > 0 else { return index }
    index += length
  }
  return nil
}

/// The bytes of the code point that begins at `index`; 0 where there is none by UTF-8's rules.
private func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
  let first = bytes[index]
  if first < 0x80 { return 1 }
  let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
  guard (0xC2...0xF4).contains(first), index + length <= bytes.count else { return 0 }
  for place in index + 1..<index + length where bytes[place] & 0xC0 != 0x80 { return 0 }
  let second = bytes[index + 1]
  switch first {
  case 0xE0: return second >= 0xA0 ? length : 0
  case 0xED: return second < 0xA0 ? length : 0
  case 0xF0: return second >= 0x90 ? length : 0
  case 0xF4: return second < 0x90 ? length : 0
  default: return length
  }
}
