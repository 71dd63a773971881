// A regular expression as a program over bytes: what the two matchers run.
//
// Code points become sequences of byte ranges, so that UTF-8 is matched without decoding.

/// One step of a program.
enum RegexStep {
  case bytes(low: UInt8, high: UInt8, next: Int32)
  /// Both ways; the first is preferred.
  case split(Int32, Int32)
  case save(slot: Int32, next: Int32)
  case assert(RegexAssertion, next: Int32)
  case match
}

/// Compiled once a pattern; immutable.
final class RegexProgram: Sendable {
  let steps: [RegexStep]
  let start: Int32
  let groupCount: Int
  let groupNames: [String: Int]
  /// True where asserts other than the text's begin and end occur: only the slower matcher knows them.
  let needsContext: Bool
  /// True where every match begins at the text's begin.
  let isAnchored: Bool
  /// The bytes that every match begins with; may be empty.
  let prefix: [UInt8]

  init(_ pattern: String) throws {
    var parser = RegexParser(pattern)
    let tree = try parser.parse()
    var compiler = RegexCompiler()
    start = try compiler.compile(
      .sequence([.group(tree, index: 0)]), next: compiler.add(.match))
    steps = compiler.steps
    groupCount = parser.groupCount
    groupNames = parser.groupNames
    needsContext = steps.contains { step in
      if case .assert(let kind, _) = step { return kind != .textBegin && kind != .textEnd }
      return false
    }
    (prefix, isAnchored) = RegexProgram.beginning(compiler.steps, start)
  }

  private static func beginning(_ steps: [RegexStep], _ start: Int32) -> ([UInt8], Bool) {
    var prefix: [UInt8] = []
    var isAnchored = false
    var place = start
    while prefix.count < 64 {
      switch steps[Int(place)] {
      case .bytes(let low, let high, let next) where low == high:
        prefix.append(low)
        place = next
      case .save(_, let next): place = next
      case .assert(.textBegin, let next) where prefix.isEmpty:
        isAnchored = true
        place = next
      default: return (prefix, isAnchored)
      }
    }
    return (prefix, isAnchored)
  }
}

/// Turns a syntax tree into steps, from the end to the beginning.
struct RegexCompiler {
  private(set) var steps: [RegexStep] = []

  static let stepsMax = 100_000

  mutating func add(_ step: RegexStep) -> Int32 {
    steps.append(step)
    return Int32(truncatingIfNeeded: steps.count - 1)
  }

  mutating func compile(_ node: RegexNode, next: Int32) throws -> Int32 {
    guard steps.count < Self.stepsMax else {
      throw KernelError.invalidArgument("the regular expression is too large")
    }
    switch node {
    case .empty: return next
    case .set(let set): return compile(set, next: next)
    case .sequence(let parts):
      var place = next
      for part in parts.reversed() { place = try compile(part, next: place) }
      return place
    case .choice(let choices):
      var place = try compile(choices[choices.count - 1], next: next)
      for choice in choices.dropLast().reversed() {
        let first = try compile(choice, next: next)
        place = add(.split(first, place))
      }
      return place
    case .group(let inner, let index):
      let end = add(.save(slot: Int32(2 * index + 1), next: next))
      let body = try compile(inner, next: end)
      return add(.save(slot: Int32(2 * index), next: body))
    case .assertion(let kind): return add(.assert(kind, next: next))
    case .repetition(let inner, let least, let most, let isGreedy):
      var place = next
      if let most {
        for _ in 0..<(most - least) {
          let body = try compile(inner, next: place)
          place = add(isGreedy ? .split(body, next) : .split(next, body))
        }
      } else {
        let loop = add(.match)
        let body = try compile(inner, next: loop)
        steps[Int(loop)] = isGreedy ? .split(body, next) : .split(next, body)
        place = loop
      }
      for _ in 0..<least { place = try compile(inner, next: place) }
      return place
    }
  }

  private mutating func compile(_ set: CodePointSet, next: Int32) -> Int32 {
    var sequences: [[ClosedRange<UInt8>]] = []
    for range in set.ranges { Self.split(range.lowerBound, range.upperBound, into: &sequences) }
    var place: Int32?
    for sequence in sequences.reversed() {
      var step = next
      for bytes in sequence.reversed() {
        step = add(.bytes(low: bytes.lowerBound, high: bytes.upperBound, next: step))
      }
      place = place.map { add(.split(step, $0)) } ?? step
    }
    // An empty class matches nothing.
    return place ?? add(.bytes(low: 1, high: 0, next: next))
  }

  /// Splits a range of code points into ranges of UTF-8 byte sequences of one length each.
  private static func split(_ low: UInt32, _ high: UInt32, into out: inout [[ClosedRange<UInt8>]]) {
    guard low <= high else { return }
    // Surrogates have no UTF-8.
    if low < 0xD800, high >= 0xD800 {
      split(low, 0xD7FF, into: &out)
      split(0xE000, high, into: &out)
      return
    }
    if (0xD800...0xDFFF).contains(low) { return split(0xE000, high, into: &out) }
    for limit in [0x7F, 0x7FF, 0xFFFF] as [UInt32] where low <= limit && high > limit {
      split(low, limit, into: &out)
      split(limit + 1, high, into: &out)
      return
    }
    if high <= 0x7F {
      out.append([UInt8(low)...UInt8(high)])
      return
    }
    for count in 1..<4 {
      let mask = UInt32(1) << UInt32(6 * count) - 1
      guard low & ~mask != high & ~mask else { continue }
      if low & mask != 0 {
        split(low, low | mask, into: &out)
        split((low | mask) + 1, high, into: &out)
        return
      }
      if high & mask != mask {
        split(low, (high & ~mask) - 1, into: &out)
        split(high & ~mask, high, into: &out)
        return
      }
    }
    out.append(zip(utf8(low), utf8(high)).map { $0...$1 })
  }

  private static func utf8(_ value: UInt32) -> [UInt8] {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | (value >> shift & 0x3F)) }
    if value <= 0x7F { return [UInt8(value)] }
    if value <= 0x7FF { return [UInt8(0xC0 | value >> 6), tail(0)] }
    if value <= 0xFFFF { return [UInt8(0xE0 | value >> 12), tail(6), tail(0)] }
    return [UInt8(0xF0 | value >> 18), tail(12), tail(6), tail(0)]
  }
}
