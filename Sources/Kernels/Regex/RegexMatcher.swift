// Runs a program over a text in time linear in the text: by a table of states that is built as it is
// walked (where a yes or no is asked), or by threads that carry their groups (Pike).
//
// No input makes it backtrack: each byte is looked at once a step of the program at most.

/// One pattern with the scratch to match it; not thread-safe, made once a batch.
final class RegexMatcher {
  let program: RegexProgram
  private let slotCount: Int
  /// Byte offsets of the groups of the last match, begin and end; -1: a group that took no part.
  private(set) var slots: [Int]

  // Threads: a sparse set of steps in order of preference, and their slots.
  private var current: ThreadList
  private var following: ThreadList
  private var states: RegexStates?
  private var stack: [(step: Int32, slot: Int, value: Int)] = []

  init(_ program: RegexProgram) {
    self.program = program
    slotCount = 2 * (program.groupCount + 1)
    slots = [Int](repeating: -1, count: slotCount)
    current = ThreadList(program.steps.count, slotCount)
    following = ThreadList(program.steps.count, slotCount)
    states = program.needsContext ? nil : RegexStates(program)
  }

  /// True where the pattern occurs anywhere in the text.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    if program.prefix.count > 1, !program.isAnchored, find(program.prefix, in: text, from: 0) == nil {
      return false
    }
    if let answer = states?.matches(text) { return answer }
    return firstMatch(text, from: 0)
  }

  /// Finds the leftmost match at or after `start`, and fills `slots`.
  func firstMatch(_ text: UnsafeRawBufferPointer, from start: Int) -> Bool {
    var position = start
    if program.prefix.count > 0, !program.isAnchored {
      guard let found = find(program.prefix, in: text, from: start) else { return false }
      position = found
    }
    if program.isAnchored, start > 0 { return false }
    var matched = false
    current.clear()
    var empty = [Int](repeating: -1, count: slotCount)
    while true {
      if !matched, !(program.isAnchored && position > 0) {
        follow(program.start, position, text, &current, &empty)
      }
      if current.count == 0 {
        if matched || position >= text.count || program.isAnchored { break }
        if program.prefix.count > 0 {
          guard let next = find(program.prefix, in: text, from: position + 1) else { break }
          position = next
          continue
        }
      }
      following.clear()
      let byte: UInt8? = position < text.count ? text[position] : nil
      for index in 0..<current.count {
        let step = current.steps[index]
        switch program.steps[Int(step)] {
        case .bytes(let low, let high, let next):
          if let byte, byte >= low, byte <= high {
            var carried = current.slots(index, slotCount)
            follow(next, position + 1, text, &following, &carried)
          }
        case .match:
          matched = true
          slots = current.slots(index, slotCount)
        default: continue
        }
        // Threads after a match are less wanted than it.
        if case .match = program.steps[Int(step)] { break }
      }
      swap(&current, &following)
      if byte == nil { break }
      position += 1
      if current.count == 0, matched { break }
    }
    return matched
  }

  /// Adds a step and those that follow it without a byte, in order of preference.
  private func follow(
    _ step: Int32, _ position: Int, _ text: UnsafeRawBufferPointer, _ list: inout ThreadList,
    _ carried: inout [Int]
  ) {
    stack.removeAll(keepingCapacity: true)
    stack.append((step, -1, 0))
    while let entry = stack.popLast() {
      if entry.slot >= 0 {
        // Back from a save: the slot gets its old value.
        carried[entry.slot] = entry.value
        continue
      }
      var place = entry.step
      walk: while !list.contains(place) {
        list.mark(place)
        switch program.steps[Int(place)] {
        case .split(let first, let second):
          stack.append((second, -1, 0))
          place = first
        case .save(let slot, let next):
          stack.append((0, Int(slot), carried[Int(slot)]))
          carried[Int(slot)] = position
          place = next
        case .assert(let kind, let next):
          guard holds(kind, position, text) else { break walk }
          place = next
        case .bytes, .match:
          list.append(place, carried)
          break walk
        }
      }
    }
  }

  private func holds(
    _ kind: RegexAssertion, _ position: Int, _ text: UnsafeRawBufferPointer
  ) -> Bool {
    func isWord(_ index: Int) -> Bool {
      guard index >= 0, index < text.count else { return false }
      switch text[index] {
      case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
      default: return false
      }
    }
    switch kind {
    case .textBegin: return position == 0
    case .textEnd: return position == text.count
    case .lineBegin: return position == 0 || text[position - 1] == 0x0A
    case .lineEnd: return position == text.count || text[position] == 0x0A
    case .lastLineEnd:
      return position == text.count || (position == text.count - 1 && text[position] == 0x0A)
    case .wordBoundary: return isWord(position - 1) != isWord(position)
    case .noWordBoundary: return isWord(position - 1) == isWord(position)
    }
  }

  private func find(_ needle: [UInt8], in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    needle.withUnsafeBytes { needle in
      Kernels.find(needle, in: text, from: start)
    }
  }
}

/// Steps in order of preference, each once, with their slots.
private struct ThreadList {
  private(set) var steps: [Int32] = []
  private var all: [Int] = []
  private var marks: [Int32]
  private var generation: Int32 = 0

  init(_ stepCount: Int, _ slotCount: Int) {
    marks = [Int32](repeating: -1, count: stepCount)
  }

  var count: Int { steps.count }

  mutating func clear() {
    steps.removeAll(keepingCapacity: true)
    all.removeAll(keepingCapacity: true)
    generation &+= 1
    if generation == .max {
      for index in marks.indices { marks[index] = -1 }
      generation = 0
    }
  }

  func contains(_ step: Int32) -> Bool { marks[Int(step)] == generation }
  mutating func mark(_ step: Int32) { marks[Int(step)] = generation }

  mutating func append(_ step: Int32, _ slots: [Int]) {
    steps.append(step)
    all.append(contentsOf: slots)
  }

  func slots(_ index: Int, _ slotCount: Int) -> [Int] {
    Array(all[index * slotCount..<(index + 1) * slotCount])
  }
}

/// States of a program, each a set of steps, and the state after each byte, filled in as needed.
private final class RegexStates {
  private let program: RegexProgram
  private var sets: [[Int32]] = []
  private var isMatch: [Bool] = []
  private var isMatchAtEnd: [Bool] = []
  private var numbers: [[Int32]: Int32] = [:]
  /// 256 a state; -1: not known yet.
  private var next: [Int32] = []
  private var begin: Int32 = 0

  /// Beyond this many states the table begins again.
  private static let statesMax = 2_000

  init(_ program: RegexProgram) {
    self.program = program
    reset()
  }

  private func reset() {
    sets = []
    isMatch = []
    isMatchAtEnd = []
    numbers = [:]
    next = []
    begin = state(closure([program.start], atBegin: true, atEnd: false))
  }

  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    var state = begin
    if isMatch[Int(state)] { return true }
    for index in 0..<text.count {
      let byte = text[index]
      var following = next[Int(state) << 8 | Int(byte)]
      if following < 0 {
        if sets.count >= Self.statesMax {
          let here = sets[Int(state)]
          reset()
          state = self.state(here)
        }
        following = step(state, byte)
        next[Int(state) << 8 | Int(byte)] = following
      }
      state = following
      if isMatch[Int(state)] { return true }
    }
    return isMatchAtEnd[Int(state)]
  }

  private func step(_ state: Int32, _ byte: UInt8) -> Int32 {
    var targets: [Int32] = []
    for step in sets[Int(state)] {
      if case .bytes(let low, let high, let next) = program.steps[Int(step)], byte >= low, byte <= high {
        targets.append(next)
      }
    }
    // A match may begin at any byte.
    if !program.isAnchored { targets.append(program.start) }
    return self.state(closure(targets, atBegin: false, atEnd: false))
  }

  private func state(_ set: [Int32]) -> Int32 {
    if let known = numbers[set] { return known }
    let number = Int32(truncatingIfNeeded: sets.count)
    numbers[set] = number
    sets.append(set)
    isMatch.append(containsMatch(set))
    isMatchAtEnd.append(containsMatch(closure(set, atBegin: false, atEnd: true)))
    next.append(contentsOf: repeatElement(-1, count: 256))
    return number
  }

  private func containsMatch(_ set: [Int32]) -> Bool {
    set.contains { if case .match = program.steps[Int($0)] { true } else { false } }
  }

  /// The byte steps, ends and matches reached without a byte, sorted.
  private func closure(_ steps: [Int32], atBegin: Bool, atEnd: Bool) -> [Int32] {
    var seen: Set<Int32> = []
    var result: [Int32] = []
    var stack = steps
    while let step = stack.popLast() {
      guard seen.insert(step).inserted else { continue }
      switch program.steps[Int(step)] {
      case .split(let first, let second):
        stack.append(second)
        stack.append(first)
      case .save(_, let next): stack.append(next)
      case .assert(.textBegin, let next): if atBegin { stack.append(next) }
      case .assert(_, let next):
        // The text's end: kept, and followed when the end is there.
        result.append(step)
        if atEnd { stack.append(next) }
      case .bytes, .match: result.append(step)
      }
    }
    return result.sorted()
  }
}
