// Casts from text to values, and from values to text.

import Columnar

/// Reads one text as a value of a type: nil where it has no meaning there.
private enum TextReader {
  static func wholeNumber(_ bytes: UnsafeRawBufferPointer, _ type: DataType) -> Int128? {
    switch type {
    case .tinyint: parseInteger(trimmed(bytes)).flatMap { Int8(exactly: $0) }.map { Int128($0) }
    case .smallint: parseInteger(trimmed(bytes)).flatMap { Int16(exactly: $0) }.map { Int128($0) }
    case .integer: parseInteger(trimmed(bytes)).flatMap { Int32(exactly: $0) }.map { Int128($0) }
    case .bigint: parseInteger(trimmed(bytes)).map { Int128($0) }
    case .decimal(let precision, let scale):
      parseWideDecimal(trimmed(bytes), scale: scale).flatMap {
        $0.magnitude < wideTen(precision).magnitude ? $0 : nil
      }
    case .date: parseDate(trimmed(bytes)).map { Int128($0) }
    case .time(let precision):
      parseTime(trimmed(bytes)).map { Int128(roundPicoseconds($0, precision: precision)) }
    case .timestamp(let precision):
      parseMoment(trimmed(bytes)).flatMap { moment in
        moment.zoneText == nil ? moment.value(precision: precision) : nil
      }
    case .timestampWithTimeZone(let precision):
      parseMoment(trimmed(bytes)).flatMap { moment in
        guard let zoneText = moment.zoneText else { return moment.value(precision: precision) }
        return zonedMoment(moment, zoneText)?.value(precision: precision)
      }
    case .uuid: parseUUID(trimmed(bytes)).map { Int128(bitPattern: $0) }
    default: nil
    }
  }

  static func boolean(_ bytes: UnsafeRawBufferPointer) -> Bool? {
    switch String(decoding: bytes, as: UTF8.self).lowercased() {
    case "true", "t", "1": true
    case "false", "f", "0": false
    default: nil
    }
  }
}

func parseText(
  _ source: ColumnVector, to type: DataType, isLenient: Bool
) throws -> ColumnVector {
  if type == .varbinary { return source.retyped(.varbinary) }
  switch type {
  case .boolean, .tinyint, .smallint, .integer, .bigint, .decimal, .real, .double, .date, .time,
    .timestamp, .timestampWithTimeZone, .uuid:
    break
  default: throw KernelError.notSupported("a cast from varchar to \(type)")
  }
  let count = source.count
  let lane = TextLane(source)
  let builder = ColumnBuilder(type: type, capacity: count)
  for row in 0..<count {
    if source.isNull(row) {
      builder.appendNull()
      continue
    }
    let bytes = lane[row]
    switch type {
    case .double, .real:
      if let value = parseDouble(bytes) {
        // A `real` is read from its text, not from the double beside it.
        if type == .real,
          let narrow = Float(String(decoding: trimmed(bytes), as: UTF8.self))
        {
          builder.append(Double(narrow))
        } else {
          builder.append(value)
        }
        continue
      }
    case .boolean:
      if let value = TextReader.boolean(bytes) {
        builder.append(value)
        continue
      }
    default:
      if let value = TextReader.wholeNumber(bytes, type) {
        builder.append(value)
        continue
      }
    }
    guard isLenient else {
      throw KernelError.invalidCast(
        value: String(decoding: bytes, as: UTF8.self), from: .varchar, to: type)
    }
    builder.appendNull()
  }
  return builder.finish()
}

/// Every value as the text a cast to varchar gives.
func formatText(_ source: ColumnVector) -> ColumnVector {
  let count = source.count
  var output = TextOutput(capacity: count)
  @inline(__always)
  func rows(_ write: (Int, inout [UInt8]) -> Void) {
    for row in 0..<count {
      if source.isNull(row) {
        output.appendEmpty()
      } else {
        write(row, &output.row)
        output.finishRow()
      }
    }
  }
  switch (source.type, source.type.numberForm) {
  case (.double, _):
    let lane = Lane<Double>(source)
    rows { row, bytes in bytes.append(contentsOf: scientificText(lane[row]).utf8) }
  case (.real, _):
    let lane = Lane<Float>(source)
    rows { row, bytes in bytes.append(contentsOf: scientificText(real: lane[row]).utf8) }
  case (.integer, _):
    let lane = Lane<Int32>(source)
    rows { row, bytes in appendInteger(Int64(lane[row]), to: &bytes) }
  case (.bigint, _):
    let lane = Lane<Int64>(source)
    rows { row, bytes in appendInteger(lane[row], to: &bytes) }
  case (.date, _):
    let lane = Lane<Int32>(source)
    rows { row, bytes in appendDate(Int64(lane[row]), to: &bytes) }
  case (.decimal(_, let scale), .int64):
    let lane = Lane<Int64>(source)
    rows { row, bytes in appendDecimal(Int128(lane[row]), scale: scale, to: &bytes) }
  case (.timestamp(let precision), .int64):
    let lane = Lane<Int64>(source)
    rows { row, bytes in
      appendTimestamp(microseconds: lane[row], precision: precision, to: &bytes)
    }
  default:
    rows { row, bytes in
      bytes.append(contentsOf: scalarText(source.scalar(row), source.type).utf8)
    }
  }
  return output.column(validity: source.validity)
}
