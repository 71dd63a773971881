// `regexp_like` and its family on whole columns, for Trino's and Spark's names alike.
//
// Syntax is that of RE2 and Java without what needs backtracking: look-around, back-references,
// possessive and atomic groups are refused by name. A constant pattern is compiled once a batch.

public import Columnar

/// A compiled pattern, to be shared by many batches and threads.
public struct RegexPattern: Sendable {
  let program: RegexProgram

  /// Throws `invalidArgument` with the place of what is wrong.
  public init(_ pattern: String) throws { program = try RegexProgram(pattern) }

  /// Capturing groups, the whole match apart.
  public var groupCount: Int { program.groupCount }
}

/// Gives each row its matcher; one for a constant pattern.
private final class Matchers {
  private let patterns: TextLane
  private let isConstant: Bool
  private var lastText: [UInt8]?
  private var last: RegexMatcher?

  init(_ patterns: ColumnVector) {
    isConstant = patterns.isConstant
    self.patterns = TextLane(patterns.plain)
  }

  func matcher(_ row: Int) throws -> RegexMatcher {
    if isConstant, let last { return last }
    let bytes = patterns[row]
    if let last, let lastText, bytes.elementsEqual(lastText) { return last }
    let matcher = RegexMatcher(try RegexProgram(String(decoding: bytes, as: UTF8.self)))
    lastText = Array(bytes)
    last = matcher
    return matcher
  }
}

/// Runs `body` on the rows where no argument is NULL.
private func eachRow(
  _ text: ColumnVector, _ pattern: ColumnVector, _ others: [ColumnVector] = [],
  valid: (Int, UnsafeRawBufferPointer, RegexMatcher) throws -> Void, null: (Int) -> Void
) throws {
  let source = text.plain
  let lane = TextLane(source)
  let matchers = Matchers(pattern)
  let validity = mergedValidity([text, pattern] + others, count: text.count)
  for row in 0..<text.count {
    if validity?.isValid(row) ?? true {
      try valid(row, lane[row], try matchers.matcher(row))
    } else {
      null(row)
    }
  }
}

/// Whether the pattern occurs in the text; NULL where either is.
///
/// A dictionary is tested once a distinct value.
public func regexpLike(_ text: ColumnVector, _ pattern: ColumnVector) throws -> ColumnVector {
  if case .dictionary(let codes, let dictionary) = text.encoding, pattern.isConstant,
    pattern.validity == nil, dictionary.values.count <= text.count
  {
    let constant = ColumnVector(
      constant: pattern.scalar(0), type: .varchar, count: dictionary.values.count)
    let verdicts = try regexpLike(dictionary.values, constant)
    let lane = Lane<UInt8>(verdicts)
    let code = codes.values(as: Int32.self)
    return makeFixed(.boolean, text.count, text.validity, as: UInt8.self) { out in
      for row in 0..<text.count { out[row] = lane[Int(code[row])] }
    }
  }
  var answers = [UInt8](repeating: 0, count: text.count)
  try eachRow(
    text, pattern, valid: { row, bytes, matcher in answers[row] = matcher.matches(bytes) ? 1 : 0 },
    null: { _ in })
  return makeFixed(
    .boolean, text.count, mergedValidity([text, pattern], count: text.count), as: UInt8.self
  ) { out in
    for row in 0..<text.count { out[row] = answers[row] }
  }
}

/// The begin and end of the next match after an earlier one; an empty match moves on by a code point.
private func nextStart(_ text: UnsafeRawBufferPointer, _ begin: Int, _ end: Int) -> Int {
  guard begin == end else { return end }
  var next = end + 1
  while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
  return next
}

private func group(_ wanted: Int64, _ matcher: RegexMatcher) throws -> Int {
  guard wanted >= 0, wanted <= Int64(matcher.program.groupCount) else {
    throw KernelError.invalidArgument(
      "Pattern has \(matcher.program.groupCount) groups. Cannot access group \(wanted)")
  }
  return Int(wanted)
}

/// The first match, or one of its groups (`bigint`; nil: the whole); NULL where there is none.
public func regexpExtract(
  _ text: ColumnVector, _ pattern: ColumnVector, group number: ColumnVector? = nil
) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .varchar, capacity: text.count)
  let numbers = try number.map { try cast($0, to: .bigint).plain }
  let lane = numbers.map { Lane<Int64>($0) }
  try eachRow(
    text, pattern, numbers.map { [$0] } ?? [],
    valid: { row, bytes, matcher in
      let index = try group(lane?[row] ?? 0, matcher)
      guard matcher.firstMatch(bytes, from: 0), matcher.slots[2 * index] >= 0 else {
        builder.appendNull()
        return
      }
      builder.append(
        bytes: UnsafeRawBufferPointer(
          rebasing: bytes[matcher.slots[2 * index]..<matcher.slots[2 * index + 1]]))
    }, null: { _ in builder.appendNull() })
  return builder.finish()
}

/// All matches, or one group of each, as an array of varchar; a group that took no part is NULL.
public func regexpExtractAll(
  _ text: ColumnVector, _ pattern: ColumnVector, group number: ColumnVector? = nil
) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .array(.varchar), capacity: text.count)
  let numbers = try number.map { try cast($0, to: .bigint).plain }
  let lane = numbers.map { Lane<Int64>($0) }
  try eachRow(
    text, pattern, numbers.map { [$0] } ?? [],
    valid: { row, bytes, matcher in
      let index = try group(lane?[row] ?? 0, matcher)
      var start = 0
      while start <= bytes.count, matcher.firstMatch(bytes, from: start) {
        if matcher.slots[2 * index] >= 0 {
          builder.children[0].append(
            bytes: UnsafeRawBufferPointer(
              rebasing: bytes[matcher.slots[2 * index]..<matcher.slots[2 * index + 1]]))
        } else {
          builder.children[0].appendNull()
        }
        start = nextStart(bytes, matcher.slots[0], matcher.slots[1])
      }
      builder.closeList()
    }, null: { _ in builder.appendNull() })
  return builder.finish()
}

/// Every match replaced; `$1`, `${name}` and `$0` stand for groups, `\$` for a dollar. Without a
/// replacement, matches are removed.
public func regexpReplace(
  _ text: ColumnVector, _ pattern: ColumnVector, _ replacement: ColumnVector? = nil
) throws -> ColumnVector {
  var output = TextOutput(capacity: text.count)
  let replacements = replacement?.plain
  let lane = replacements.map { TextLane($0) }
  let validity = mergedValidity(
    [text, pattern] + (replacement.map { [$0] } ?? []), count: text.count)
  try eachRow(
    text, pattern, replacement.map { [$0] } ?? [],
    valid: { row, bytes, matcher in
      let template = try lane.map { try ReplacementTemplate($0[row], matcher.program) }
      var start = 0
      var kept = 0
      while start <= bytes.count, matcher.firstMatch(bytes, from: start) {
        output.row.append(contentsOf: bytes[kept..<matcher.slots[0]])
        template?.append(bytes, matcher.slots, to: &output.row)
        kept = matcher.slots[1]
        start = nextStart(bytes, matcher.slots[0], matcher.slots[1])
      }
      output.row.append(contentsOf: bytes[kept...])
      output.finishRow()
    }, null: { _ in output.appendEmpty() })
  return output.column(validity: validity)
}

/// A replacement in parts: literal bytes, and groups by number.
private struct ReplacementTemplate {
  private enum Part {
    case bytes([UInt8])
    case group(Int)
  }

  private var parts: [Part] = []

  init(_ bytes: UnsafeRawBufferPointer, _ program: RegexProgram) throws {
    var literal: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == 0x5C {
        guard index < bytes.count else {
          throw KernelError.invalidArgument("Illegal replacement sequence: a backslash at the end")
        }
        literal.append(bytes[index])
        index += 1
      } else if byte == 0x24 {
        var number: Int?
        if index < bytes.count, bytes[index] == 0x7B,
          let end = bytes[index...].firstIndex(of: 0x7D)
        {
          let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
          number = program.groupNames[name] ?? Int(name)
          index = end + 1
        } else {
          while index < bytes.count, bytes[index] &- 0x30 <= 9 {
            let longer = (number ?? 0) * 10 + Int(bytes[index] - 0x30)
            if number != nil, longer > program.groupCount { break }
            number = longer
            index += 1
          }
        }
        guard let number, number <= program.groupCount else {
          throw KernelError.invalidArgument(
            "Illegal replacement sequence: unknown group in "
              + String(decoding: bytes, as: UTF8.self))
        }
        if !literal.isEmpty { parts.append(.bytes(literal)) }
        literal = []
        parts.append(.group(number))
      } else {
        literal.append(byte)
      }
    }
    if !literal.isEmpty { parts.append(.bytes(literal)) }
  }

  func append(_ text: UnsafeRawBufferPointer, _ slots: [Int], to out: inout [UInt8]) {
    for part in parts {
      switch part {
      case .bytes(let bytes): out.append(contentsOf: bytes)
      case .group(let number):
        if slots[2 * number] >= 0 {
          out.append(contentsOf: text[slots[2 * number]..<slots[2 * number + 1]])
        }
      }
    }
  }
}

/// The text between matches, as an array of varchar.
public func regexpSplit(_ text: ColumnVector, _ pattern: ColumnVector) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .array(.varchar), capacity: text.count)
  try eachRow(
    text, pattern,
    valid: { _, bytes, matcher in
      var start = 0
      var kept = 0
      while start <= bytes.count, matcher.firstMatch(bytes, from: start) {
        builder.children[0].append(
          bytes: UnsafeRawBufferPointer(rebasing: bytes[kept..<matcher.slots[0]]))
        kept = matcher.slots[1]
        start = nextStart(bytes, matcher.slots[0], matcher.slots[1])
      }
      builder.children[0].append(bytes: UnsafeRawBufferPointer(rebasing: bytes[kept...]))
      builder.closeList()
    }, null: { _ in builder.appendNull() })
  return builder.finish()
}

/// How many times the pattern occurs, without overlaps; `bigint`.
public func regexpCount(_ text: ColumnVector, _ pattern: ColumnVector) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .bigint, capacity: text.count)
  try eachRow(
    text, pattern,
    valid: { _, bytes, matcher in
      var start = 0
      var count: Int64 = 0
      while start <= bytes.count, matcher.firstMatch(bytes, from: start) {
        count += 1
        start = nextStart(bytes, matcher.slots[0], matcher.slots[1])
      }
      builder.append(count)
    }, null: { _ in builder.appendNull() })
  return builder.finish()
}

/// The 1-based code point position of the `occurrence`-th match (`bigint`, from 1; nil: the first) at
/// or after code point `start` (`bigint`, from 1; nil: the first), -1 where there is none; `integer`.
public func regexpPosition(
  _ text: ColumnVector, _ pattern: ColumnVector, start: ColumnVector? = nil,
  occurrence: ColumnVector? = nil
) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .integer, capacity: text.count)
  let starts = try start.map { try cast($0, to: .bigint).plain }
  let occurrences = try occurrence.map { try cast($0, to: .bigint).plain }
  let first = starts.map { Lane<Int64>($0) }
  let wanted = occurrences.map { Lane<Int64>($0) }
  try eachRow(
    text, pattern, [starts, occurrences].compactMap { $0 },
    valid: { row, bytes, matcher in
      let from = first?[row] ?? 1
      var left = wanted?[row] ?? 1
      guard from >= 1 else {
        throw KernelError.invalidArgument("start position cannot be smaller than 1")
      }
      guard left >= 1 else {
        throw KernelError.invalidArgument("occurrence cannot be smaller than 1")
      }
      var place = byteIndex(bytes, codePoint: Int(clamping: from - 1))
      if from - 1 > Int64(codePointCount(bytes)) { place = bytes.count + 1 }
      while place <= bytes.count, matcher.firstMatch(bytes, from: place) {
        left -= 1
        if left == 0 {
          let before = UnsafeRawBufferPointer(rebasing: bytes[..<matcher.slots[0]])
          builder.append(Int64(codePointCount(before) + 1))
          return
        }
        place = nextStart(bytes, matcher.slots[0], matcher.slots[1])
      }
      builder.append(Int64(-1))
    }, null: { _ in builder.appendNull() })
  return builder.finish()
}

/// The matches of each row's pattern, for a replacement that is computed.
public struct RegexMatches {
  /// For each match: its groups from the first on, as an array of varchar.
  public let groups: ColumnVector
  /// The row of each match, ascending.
  public let rows: [Int32]
  /// Begin and end of each match in its text, in bytes.
  let places: [(begin: Int, end: Int)]
  /// Rows where an argument is NULL are NULL.
  let validity: ValidityBitmap?
}

/// All matches of all rows.
public func regexpMatches(_ text: ColumnVector, _ pattern: ColumnVector) throws -> RegexMatches {
  let elements = ColumnBuilder(type: .varchar)
  var counts: [Int32] = []
  var rows: [Int32] = []
  var places: [(begin: Int, end: Int)] = []
  try eachRow(
    text, pattern,
    valid: { row, bytes, matcher in
      var start = 0
      while start <= bytes.count, matcher.firstMatch(bytes, from: start) {
        let slots = matcher.slots
        for group in 1..<(matcher.program.groupCount + 1) {
          if slots[2 * group] >= 0 {
            elements.append(
              bytes: UnsafeRawBufferPointer(rebasing: bytes[slots[2 * group]..<slots[2 * group + 1]]))
          } else {
            elements.appendNull()
          }
        }
        counts.append(Int32(truncatingIfNeeded: matcher.program.groupCount))
        rows.append(Int32(truncatingIfNeeded: row))
        places.append((slots[0], slots[1]))
        start = nextStart(bytes, slots[0], slots[1])
      }
    }, null: { _ in })
  return RegexMatches(
    groups: makeList(
      .array(.varchar), counts: counts, children: [elements.finish()], validity: nil),
    rows: rows, places: places, validity: mergedValidity([text, pattern], count: text.count))
}

/// The texts with each match replaced by its row of `replacements`; NULL where one of them is.
public func regexpReplaced(
  _ text: ColumnVector, _ matches: RegexMatches, with replacements: ColumnVector
) -> ColumnVector {
  let source = text.plain
  let lane = TextLane(source)
  let values = replacements.plain
  let other = TextLane(values)
  var output = TextOutput(capacity: text.count)
  var isValid = [Bool](repeating: true, count: text.count)
  var next = 0
  for row in 0..<text.count {
    if let validity = matches.validity, !validity.isValid(row) {
      isValid[row] = false
      output.appendEmpty()
      continue
    }
    let bytes = lane[row]
    var kept = 0
    while next < matches.rows.count, Int(matches.rows[next]) == row {
      output.row.append(contentsOf: bytes[kept..<matches.places[next].begin])
      if values.isNull(next) { isValid[row] = false } else {
        output.row.append(contentsOf: other[next])
      }
      kept = matches.places[next].end
      next += 1
    }
    output.row.append(contentsOf: bytes[kept...])
    output.finishRow()
  }
  return output.column(validity: ValidityBitmap.make(count: text.count) { isValid[$0] })
}
