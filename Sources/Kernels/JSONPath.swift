public import Columnar

/// A parsed path to one place in a JSON text, such as `$.a.b[0]` or `$["a b"]`.
///
/// `extractScalar` scans each text once, without building a tree. Text that is not JSON, a missing
/// place, a JSON null and an object or array all give NULL. Numbers come back as they are written.
public struct JSONPath: Sendable, Hashable {
  enum Step: Hashable, Sendable {
    case member([UInt8])
    case element(Int)
  }

  let steps: [Step]

  /// Throws `invalidArgument` for what is no such path.
  public init(_ text: String) throws {
    let bytes = Array(text.utf8)
    let wrong = KernelError.invalidArgument("Invalid JSON path: '\(text)'")
    guard bytes.first == 0x24 else { throw wrong }
    var steps: [Step] = []
    var index = 1
    while index < bytes.count {
      if bytes[index] == 0x2E {
        let start = index + 1
        index = start
        while index < bytes.count, bytes[index] != 0x2E, bytes[index] != 0x5B { index += 1 }
        let name = bytes[start..<index]
        guard !name.isEmpty,
          name.allSatisfy({ $0 >= 0x80 || $0 == 0x5F || $0 == 0x2D || isLetterOrDigit($0) })
        else { throw wrong }
        steps.append(.member(Array(name)))
      } else if bytes[index] == 0x5B {
        index += 1
        guard index < bytes.count else { throw wrong }
        if bytes[index] == 0x22 || bytes[index] == 0x27 {
          let quote = bytes[index]
          index += 1
          let start = index
          while index < bytes.count, bytes[index] != quote { index += 1 }
          guard index + 1 < bytes.count, bytes[index + 1] == 0x5D else { throw wrong }
          steps.append(.member(Array(bytes[start..<index])))
          index += 2
        } else {
          let start = index
          while index < bytes.count, bytes[index] != 0x5D { index += 1 }
          guard index < bytes.count,
            let number = Int(String(decoding: bytes[start..<index], as: UTF8.self)), number >= 0
          else { throw wrong }
          steps.append(.element(number))
          index += 1
        }
      } else {
        throw wrong
      }
    }
    guard steps.count <= 64 else { throw wrong }
    self.steps = steps
  }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
}

/// The scalar at `path` in each JSON text, as varchar.
public func extractScalar(_ json: ColumnVector, _ path: JSONPath) -> ColumnVector {
  let source = json.plain
  let lane = TextLane(source)
  var output = TextOutput(capacity: source.count)
  var known = [UInt8](repeating: 0, count: source.count)
  for row in 0..<source.count {
    guard !source.isNull(row) else {
      output.appendEmpty()
      continue
    }
    var scanner = JSONScanner(bytes: lane[row])
    if let place = scanner.find(path.steps), scanner.appendScalar(place, to: &output.row) {
      known[row] = 1
      output.finishRow()
    } else {
      output.row.removeAll(keepingCapacity: true)
      output.appendEmpty()
    }
  }
  return output.column(validity: ValidityBitmap.make(count: source.count) { known[$0] != 0 })
}

/// Walks JSON bytes; every `skip` answers false for what is not JSON.
struct JSONScanner {
  let bytes: UnsafeRawBufferPointer
  var index = 0
  static let depthMax = 64

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func skipSpace() {
    while index < bytes.count,
      bytes[index] == 0x20 || bytes[index] == 0x0A || bytes[index] == 0x0D || bytes[index] == 0x09
    {
      index += 1
    }
  }

  /// The start of the value at the end of `steps`; validates the whole text.
  mutating func find(_ steps: [JSONPath.Step]) -> Int? {
    var found: Int?
    guard walk(steps[...], depth: 0, isOnPath: true, found: &found) else { return nil }
    skipSpace()
    return index == bytes.count ? found : nil
  }

  /// Passes over one value, and remembers the place of the wanted one; the first match wins.
  private mutating func walk(
    _ steps: ArraySlice<JSONPath.Step>,
    depth: Int,
    isOnPath: Bool,
    found: inout Int?
  ) -> Bool {
    skipSpace()
    guard index < bytes.count, depth <= Self.depthMax else { return false }
    if isOnPath, steps.isEmpty, found == nil { found = index }
    switch bytes[index] {
    case 0x7B: return walkObject(steps, depth: depth, isOnPath: isOnPath, found: &found)
    case 0x5B: return walkArray(steps, depth: depth, isOnPath: isOnPath, found: &found)
    case 0x22: return skipString()
    case 0x74: return skipWord("true")
    case 0x66: return skipWord("false")
    case 0x6E: return skipWord("null")
    default: return skipNumber()
    }
  }

  private mutating func walkObject(
    _ steps: ArraySlice<JSONPath.Step>,
    depth: Int,
    isOnPath: Bool,
    found: inout Int?
  ) -> Bool {
    var wanted: [UInt8]?
    if isOnPath, case .member(let name)? = steps.first { wanted = name }
    index += 1
    skipSpace()
    if index < bytes.count, bytes[index] == 0x7D {
      index += 1
      return true
    }
    while true {
      skipSpace()
      let keyStart = index
      guard index < bytes.count, bytes[index] == 0x22, skipString() else { return false }
      var isMatch = false
      if let wanted {
        var key: [UInt8] = []
        isMatch = unescape(keyStart + 1..<index - 1, to: &key) && key == wanted
      }
      skipSpace()
      guard index < bytes.count, bytes[index] == 0x3A else { return false }
      index += 1
      guard walk(steps.dropFirst(), depth: depth + 1, isOnPath: isMatch, found: &found) else {
        return false
      }
      skipSpace()
      guard index < bytes.count else { return false }
      index += 1
      if bytes[index - 1] == 0x7D { return true }
      if bytes[index - 1] != 0x2C { return false }
    }
  }

  private mutating func walkArray(
    _ steps: ArraySlice<JSONPath.Step>,
    depth: Int,
    isOnPath: Bool,
    found: inout Int?
  ) -> Bool {
    var wanted = -1
    if isOnPath, case .element(let number)? = steps.first { wanted = number }
    index += 1
    skipSpace()
    if index < bytes.count, bytes[index] == 0x5D {
      index += 1
      return true
    }
    var element = 0
    while true {
      guard
        walk(steps.dropFirst(), depth: depth + 1, isOnPath: element == wanted, found: &found)
      else { return false }
      element += 1
      skipSpace()
      guard index < bytes.count else { return false }
      index += 1
      if bytes[index - 1] == 0x5D { return true }
      if bytes[index - 1] != 0x2C { return false }
    }
  }

  private mutating func skipString() -> Bool {
    index += 1
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x22 {
        index += 1
        return true
      }
      if byte < 0x20 { return false }
      index += byte == 0x5C ? 2 : 1
    }
    return false
  }

  private mutating func skipWord(_ word: StaticString) -> Bool {
    guard index + word.utf8CodeUnitCount <= bytes.count else { return false }
    for place in 0..<word.utf8CodeUnitCount where bytes[index + place] != word.utf8Start[place] {
      return false
    }
    index += word.utf8CodeUnitCount
    return true
  }

  private mutating func skipNumber() -> Bool {
    let start = index
    if index < bytes.count, bytes[index] == 0x2D { index += 1 }
    let digits = index
    while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
    guard index > digits, bytes[digits] != 0x30 || index == digits + 1 else { return false }
    if index < bytes.count, bytes[index] == 0x2E {
      index += 1
      let fraction = index
      while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
      guard index > fraction else { return false }
    }
    if index < bytes.count, bytes[index] | 0x20 == 0x65 {
      index += 1
      if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
      let exponent = index
      while index < bytes.count, bytes[index] &- 0x30 < 10 { index += 1 }
      guard index > exponent else { return false }
    }
    return index > start
  }

  /// Writes the scalar at `place`; false for null, objects and arrays.
  mutating func appendScalar(_ place: Int, to target: inout [UInt8]) -> Bool {
    index = place
    switch bytes[place] {
    case 0x7B, 0x5B, 0x6E: return false
    case 0x22: return skipString() && unescape(place + 1..<index - 1, to: &target)
    case 0x74, 0x66:
      target.append(contentsOf: Array((bytes[place] == 0x74 ? "true" : "false").utf8))
      return true
    default:
      guard skipNumber() else { return false }
      target.append(contentsOf: bytes[place..<index])
      return true
    }
  }

  private func hex(_ at: Int, _ end: Int) -> UInt32? {
    guard at + 4 <= end else { return nil }
    var value: UInt32 = 0
    for place in at..<at + 4 {
      let byte = bytes[place]
      let digit: UInt8 = byte &- 0x30 < 10 ? byte &- 0x30 : (byte | 0x20) &- 0x61 &+ 10
      guard digit < 16 else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private func unescape(_ range: Range<Int>, to target: inout [UInt8]) -> Bool {
    var at = range.lowerBound
    while at < range.upperBound {
      let byte = bytes[at]
      guard byte == 0x5C else {
        target.append(byte)
        at += 1
        continue
      }
      guard at + 1 < range.upperBound else { return false }
      let kind = bytes[at + 1]
      at += 2
      switch kind {
      case 0x22, 0x5C, 0x2F: target.append(kind)
      case 0x62: target.append(0x08)
      case 0x66: target.append(0x0C)
      case 0x6E: target.append(0x0A)
      case 0x72: target.append(0x0D)
      case 0x74: target.append(0x09)
      case 0x75:
        guard var unit = hex(at, range.upperBound) else { return false }
        at += 4
        if unit >= 0xD800, unit < 0xDC00, at + 1 < range.upperBound, bytes[at] == 0x5C,
          bytes[at + 1] == 0x75, let low = hex(at + 2, range.upperBound), low >= 0xDC00,
          low < 0xE000
        {
          unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
          at += 6
        }
        target.append(contentsOf: Array(String(UnicodeScalar(unit) ?? "\u{FFFD}").utf8))
      default: return false
      }
    }
    return true
  }
}
