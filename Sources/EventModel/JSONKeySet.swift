/// A few known keys, told apart at one look: how an object's members find their columns in one pass.
///
///     keys:   ["event_id", "event_name", …]        scanner: {"event_name":…, "zzz":…, "event_id":…}
///     places: [     2    ,      0      , …]  ◀── fill: the first member of each key; -1 for none
public struct JSONKeySet: Sendable {
  private let keys: [[UInt8]]
  /// By `slot(of:)`: the first key to compare with; -1 for none.
  private var firsts = [Int](repeating: -1, count: 256)
  /// By key: the next one that has the same slot; -1 for none.
  private var nexts: [Int]

  /// The keys by their numbers: the first is 0.
  public init(_ keys: [String]) {
    self.keys = keys.map { Array($0.utf8) }
    nexts = [Int](repeating: -1, count: keys.count)
    for number in self.keys.indices {
      let slot = self.keys[number].withUnsafeBytes { Self.slot(of: $0) }
      nexts[number] = firsts[slot]
      firsts[slot] = number
    }
  }

  /// How many keys there are.
  public var count: Int { keys.count }

  /// The number of a key, compared byte by byte; nil for one that is not in the set.
  public func number(of key: UnsafeRawBufferPointer) -> Int? {
    var number = firsts[Self.slot(of: key)]
    while number >= 0 {
      let isSame = keys[number].withUnsafeBytes { candidate in
        guard candidate.count == key.count else { return false }
        for index in 0..<key.count where candidate[index] != key[index] { return false }
        return true
      }
      if isSame { return number }
      number = nexts[number]
    }
    return nil
  }

  @inline(__always)
  private static func slot(of key: UnsafeRawBufferPointer) -> Int {
    guard let first = key.first, let last = key.last else { return 0 }
    let middle = key[key.count / 2]
    return (key.count &* 41 &+ Int(first) &* 7 &+ Int(middle) &* 13 &+ Int(last)) & 255
  }
}

extension JSONObjectScanner {
  /// Puts the place of each key's first member into `places`, by the key's number; -1 where the
  /// object has no such member.
  public func find(
    _ keys: JSONKeySet,
    in bytes: UnsafeRawBufferPointer,
    places: inout [Int]
  ) {
    if places.count != keys.count { places = [Int](repeating: -1, count: keys.count) }
    for number in places.indices { places[number] = -1 }
    for index in members.indices {
      let member = members[index]
      guard member.key.upperBound <= bytes.count else { continue }
      let number: Int?
      if member.keyHasEscapes {
        let text = Array(JSONText.unescaped(bytes, in: member.key).utf8)
        number = text.withUnsafeBytes { keys.number(of: $0) }
      } else {
        number = keys.number(of: UnsafeRawBufferPointer(rebasing: bytes[member.key]))
      }
      if let number, places[number] < 0 { places[number] = index }
    }
  }
}
