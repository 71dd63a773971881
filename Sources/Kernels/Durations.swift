// Durations as people write and read them: `42.8ms`, `1 hour, 2 minutes`.

public import Columnar

/// Seconds (double) in words: `1 minute, 36 seconds`.
///
/// Throws `invalidArgument` for what is not finite.
public func readableSeconds(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let lane = Lane<Double>(source)
  let units: [(name: String, seconds: Int64)] = [
    ("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1),
  ]
  var output = TextOutput(capacity: source.count)
  for row in 0..<source.count {
    if source.isNull(row) {
      output.appendEmpty()
      continue
    }
    guard lane[row].isFinite, lane[row].magnitude < 9e18 else {
      throw KernelError.invalidArgument(
        "Invalid argument found: \(javaText(lane[row])) is not a number of seconds")
    }
    var rest = Int64(lane[row].magnitude.rounded())
    for (name, seconds) in units {
      let count = rest / seconds
      rest %= seconds
      guard count > 0 || (seconds == 1 && output.row.isEmpty) else { continue }
      if !output.row.isEmpty { output.row.append(contentsOf: ", ".utf8) }
      appendDigits(UInt64(count), to: &output.row)
      output.row.append(0x20)
      output.row.append(contentsOf: name.utf8)
      if count != 1 { output.row.append(0x73) }
    }
    output.finishRow()
  }
  return output.column(validity: source.validity)
}

/// `42.8ms`, `3.81 d`, `5m` as intervals in milliseconds, rounded.
///
/// Throws `invalidArgument` for other texts.
public func parseDurations(_ vector: ColumnVector) throws -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return try makeFixed(.intervalDayToSecond, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      guard let milliseconds = milliseconds(trimmed(lane[row])) else {
        throw KernelError.invalidArgument(
          "duration is not a valid data duration string: "
            + String(decoding: lane[row], as: UTF8.self))
      }
      out[row] = milliseconds
    }
  }
}

private func milliseconds(_ bytes: UnsafeRawBufferPointer) -> Int64? {
  let end = bytes.firstIndex { $0 != 0x2E && !($0 &- 0x30 <= 9) } ?? bytes.count
  let digits = UnsafeRawBufferPointer(rebasing: bytes[..<end])
  let unit = trimmed(UnsafeRawBufferPointer(rebasing: bytes[end...]))
  guard let first = digits.first, first != 0x2E, digits.last != 0x2E,
    let value = Double(String(decoding: digits, as: UTF8.self))
  else { return nil }
  let factors = [
    "ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7,
  ]
  guard let factor = factors[String(decoding: unit, as: UTF8.self)] else { return nil }
  let result = (value * factor).rounded()
  return result < 9e18 ? Int64(result) : nil
}
