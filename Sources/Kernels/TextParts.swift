// Texts cut at delimiters: arrays of parts, and maps of keys and values; and the place of a part.

public import Columnar

/// `split(text, delimiter)` as an array of varchar: at most `limit` (`bigint`) parts, the last with
/// the rest. Throws `invalidArgument` for an empty delimiter and for a limit below 1.
public func splitText(
  _ text: ColumnVector, _ delimiter: ColumnVector, limit: ColumnVector? = nil
) throws -> ColumnVector {
  let source = text.plain
  let marks = delimiter.plain
  let limits = limit?.plain
  let lane = TextLane(source)
  let mark = TextLane(marks)
  let most = limits.map { Lane<Int64>($0) }
  let count = text.count
  let validity = mergedValidity([source, marks] + (limits.map { [$0] } ?? []), count: count)
  var parts = TextOutput(capacity: count)
  var counts: [Int32] = []
  counts.reserveCapacity(count)
  for row in 0..<count {
    guard validity?.isValid(row) ?? true else {
      counts.append(0)
      continue
    }
    guard mark[row].count > 0 else {
      throw KernelError.invalidArgument("The delimiter may not be the empty string")
    }
    let limit = most?[row] ?? .max
    guard limit > 0 else { throw KernelError.invalidArgument("Limit must be positive") }
    var number: Int64 = 0
    eachPart(lane[row], mark[row]) { part, rest in
      number += 1
      parts.append(number == limit ? rest : part)
      return number < limit
    }
    counts.append(Int32(truncatingIfNeeded: number))
  }
  return makeList(
    .array(.varchar), counts: counts, children: [parts.column(validity: nil)], validity: validity)
}

/// Calls `body` with each part and all that is left from its begin, until it gives false.
private func eachPart(
  _ text: UnsafeRawBufferPointer, _ delimiter: UnsafeRawBufferPointer,
  _ body: (_ part: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> Bool
) {
  var start = 0
  while true {
    let found = find(delimiter, in: text, from: start)
    let goesOn = body(
      UnsafeRawBufferPointer(rebasing: text[start..<(found ?? text.count)]),
      UnsafeRawBufferPointer(rebasing: text[start...]))
    guard goesOn, let found else { return }
    start = found + delimiter.count
  }
}

/// `split_to_map(text, entryDelimiter, keyValueDelimiter)`; the delimiters are those of the rows.
///
/// `keepsAll`: each key has an array of its values. Throws `invalidArgument` for an entry without a
/// value, for equal or empty delimiters, and, unless `keepsAll`, for a key that comes twice.
public func splitToMap(
  _ text: ColumnVector, entries: ColumnVector, values: ColumnVector, keepsAll: Bool
) throws -> ColumnVector {
  let columns = [text.plain, entries.plain, values.plain]
  let lanes = columns.map { TextLane($0) }
  let validity = mergedValidity(columns, count: text.count)
  let keys = ColumnBuilder(type: .varchar)
  let children = ColumnBuilder(type: keepsAll ? .array(.varchar) : .varchar)
  var counts: [Int32] = []
  for row in 0..<text.count {
    guard validity?.isValid(row) ?? true else {
      counts.append(0)
      continue
    }
    guard !lanes[1][row].isEmpty, !lanes[2][row].isEmpty,
      !lanes[1][row].elementsEqual(lanes[2][row])
    else {
      throw KernelError.invalidArgument(
        "entryDelimiter and keyValueDelimiter must not be empty, and not be the same")
    }
    var order: [String] = []
    var found: [String: [UnsafeRawBufferPointer]] = [:]
    var failure: KernelError?
    if !lanes[0][row].isEmpty {
      eachPart(lanes[0][row], lanes[1][row]) { entry, rest in
        // A delimiter at the end begins no entry.
        if entry.isEmpty, rest.isEmpty { return false }
        guard let mark = find(lanes[2][row], in: entry) else {
          failure = .invalidArgument(
            "Key-value delimiter must appear exactly once in each entry. Bad input: '"
              + String(decoding: entry, as: UTF8.self) + "'")
          return false
        }
        let key = String(decoding: entry[..<mark], as: UTF8.self)
        let value = UnsafeRawBufferPointer(rebasing: entry[(mark + lanes[2][row].count)...])
        if find(lanes[2][row], in: value) != nil {
          failure = .invalidArgument(
            "Key-value delimiter must appear exactly once in each entry. Bad input: '"
              + String(decoding: entry, as: UTF8.self) + "'")
          return false
        }
        if found[key] == nil {
          order.append(key)
        } else if !keepsAll {
          failure = .invalidArgument("Duplicate keys (\(key)) are not allowed")
          return false
        }
        found[key, default: []].append(value)
        return true
      }
    }
    if let failure { throw failure }
    for key in order {
      keys.append(key)
      for value in found[key] ?? [] {
        if keepsAll { children.children[0].append(bytes: value) } else {
          children.append(bytes: value)
        }
      }
      if keepsAll { children.closeList() }
    }
    counts.append(Int32(truncatingIfNeeded: order.count))
  }
  return makeList(
    .map(key: .varchar, value: keepsAll ? .array(.varchar) : .varchar), counts: counts,
    children: [keys.finish(), children.finish()], validity: validity)
}

/// `strpos(text, part, instance)`: the 1-based code point of the instance-th occurrence, from the end
/// where it is negative; 0 where there is none. Throws `invalidArgument` for instance 0.
public func position(
  of part: ColumnVector, in text: ColumnVector, instance: ColumnVector
) throws -> ColumnVector {
  let columns = [text.plain, part.plain, instance.plain]
  let lane = TextLane(columns[0])
  let wanted = TextLane(columns[1])
  let number = Lane<Int64>(columns[2])
  let validity = mergedValidity(columns, count: text.count)
  return try makeFixed(.bigint, text.count, validity, as: Int64.self) { out in
    for row in 0..<text.count where validity?.isValid(row) ?? true {
      guard number[row] != 0 else {
        throw KernelError.invalidArgument("'instance' must be a positive or negative number.")
      }
      if wanted[row].isEmpty {
        out[row] = 1
        continue
      }
      var places: [Int] = []
      var start = 0
      while let place = find(wanted[row], in: lane[row], from: start) {
        places.append(place)
        if Int64(places.count) == number[row] { break }
        start = place + 1
      }
      let index = number[row] > 0 ? number[row] - 1 : Int64(places.count) + number[row]
      guard index >= 0, index < Int64(places.count) else { continue }
      let before = UnsafeRawBufferPointer(rebasing: lane[row][..<places[Int(index)]])
      out[row] = Int64(codePointCount(before)) + 1
    }
  }
}

/// The bytes of binary values: `substr(binary, start, length)`, by byte from 1, from the end where
/// `start` is negative; empty outside.
public func substringOfBytes(
  _ vector: ColumnVector, start: ColumnVector, length: ColumnVector?
) -> ColumnVector {
  let columns = [vector.plain, start.plain] + (length.map { [$0.plain] } ?? [])
  let lane = TextLane(columns[0])
  let starts = Lane<Int64>(columns[1])
  let lengths = columns.count > 2 ? Lane<Int64>(columns[2]) : nil
  let validity = mergedValidity(columns, count: vector.count)
  var output = TextOutput(capacity: vector.count)
  for row in 0..<vector.count {
    let count = Int64(lane[row].count)
    let first = starts[row] > 0 ? starts[row] - 1 : starts[row] < 0 ? count + starts[row] : count
    guard validity?.isValid(row) ?? true, first >= 0, first < count else {
      output.appendEmpty()
      continue
    }
    let taken = min(max(0, lengths?[row] ?? count), count - first)
    output.append(UnsafeRawBufferPointer(rebasing: lane[row][Int(first)..<Int(first + taken)]))
  }
  return output.column(.varbinary, validity: validity)
}

/// The number of bytes of each value, as `bigint`.
public func byteLength(_ vector: ColumnVector) -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return makeFixed(.bigint, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count { out[row] = Int64(lane[row].count) }
  }
}
