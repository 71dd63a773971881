#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Keys as bytes: their order and their beginnings.
enum KeyBytes {
  /// Negative where `left` comes first, zero where both are the same.
  static func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
    let common = min(left.count, right.count)
    if common > 0, let first = left.baseAddress, let second = right.baseAddress {
      let order = memcmp(first, second, common)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }

  static func starts(_ bytes: UnsafeBufferPointer<UInt8>, with prefix: [UInt8]) -> Bool {
    prefix.withUnsafeBufferPointer { prefix in
      guard prefix.count <= bytes.count else { return false }
      guard let first = bytes.baseAddress, let second = prefix.baseAddress else { return true }
      return memcmp(first, second, prefix.count) == 0
    }
  }

  /// Where `wanted` begins in `bytes`, at or behind `start`; nil where it does not.
  static func index(of wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard let first = wanted.first, bytes.count >= wanted.count else { return nil }
    var index = start
    while index + wanted.count <= bytes.count {
      if bytes[index] == first, bytes[index..<index + wanted.count].elementsEqual(wanted) {
        return index
      }
      index += 1
    }
    return nil
  }
}

/// Where a listing goes on: behind a key, at it, or behind all keys that begin with it.
struct KeyBound {
  var bytes: [UInt8]
  /// True where the keys that begin with `bytes` are passed over as well.
  var coversPrefix = false
  /// True where the key `bytes` itself is let through.
  var includesKey = false

  func admits(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
    let order = bytes.withUnsafeBufferPointer { KeyBytes.compare(key, $0) }
    guard order > 0 || includesKey && order == 0 else { return false }
    return !coversPrefix || !KeyBytes.starts(key, with: bytes)
  }

  func admits(_ key: String) -> Bool {
    var key = key
    return key.withUTF8 { admits($0) }
  }

  /// Whether a key that is longer than `beginning` and begins with it can be admitted.
  func mayAdmit(keysBelow beginning: UnsafeBufferPointer<UInt8>) -> Bool {
    let isOnTheWay = bytes.withUnsafeBufferPointer { bytes in
      beginning.count <= bytes.count
        && KeyBytes.compare(beginning, UnsafeBufferPointer(rebasing: bytes[..<beginning.count])) == 0
    }
    if isOnTheWay { return !(coversPrefix && beginning.count == bytes.count) }
    return admits(beginning)
  }
}
