// Reads JSON objects, one a line, into typed columns: by structure, on bytes, without a tree.
//
// 1. A line is walked once (`JSONLineScanner`): its grammar is checked whole, and where a wanted path
//    leads, the place of the value is noted.
// 2. Noted values become numbers, dates and texts. Only when all of a line fit are they appended, so
//    that a bad line leaves nothing behind: it is kept aside with its place and the reason.

public import Columnar

/// A column to read: the names that lead to its value, from the outermost object, and its type.
///
/// Numbers, booleans, dates, times of any precision and text are read; `json` takes any value as it is
/// written. Text takes numbers, booleans, arrays and objects as written too.
public struct JSONColumn: Sendable, Hashable {
  public var name: String
  public var path: [String]
  public var type: DataType

  /// Without a path the column's name is its only step.
  public init(_ name: String, path: [String]? = nil, type: DataType) {
    self.name = name
    self.path = path ?? [name]
    self.type = type
  }
}

/// A line that is no JSON object, or whose value does not fit its column.
public struct JSONBadLine: Sendable, Hashable {
  /// From 1.
  public var line: Int
  /// Of the line's begin among all bytes read.
  public var byteOffset: Int
  public var byteCount: Int
  /// Of what is wrong, from 1, in bytes; 0 where it is the line as a whole.
  public var place: Int
  public var reason: String

  public init(line: Int, byteOffset: Int, byteCount: Int, place: Int, reason: String) {
    self.line = line
    self.byteOffset = byteOffset
    self.byteCount = byteCount
    self.place = place
    self.reason = reason
  }
}

/// What was read of a piece of bytes.
public struct JSONLines: Sendable {
  public var batch: ColumnarBatch
  public var badLines: [JSONBadLine]
  /// Bytes to the end of the last line that was taken; the rest belongs before the next piece.
  public var consumed: Int
}

/// Reads lines piece by piece, on one thread; rows come in the order of their lines.
///
/// A path that leads to nothing, through something that is no object, or to null gives NULL. Of a name
/// that comes twice in an object, the last counts. Empty lines are passed over.
public final class JSONLineReader {
  /// What becomes of a value that does not fit its column's type.
  public enum Misfit: Sendable, Hashable {
    /// Its line is kept aside.
    case badLine
    /// It becomes NULL.
    case null
  }

  public let schema: Schema
  private let misfit: Misfit
  private let builders: [ColumnBuilder]
  private let types: [DataType]
  private let forms: [Form]
  private var scanner: JSONLineScanner
  private var values: [JSONLineValue]
  private var line = 0
  private var offset = 0

  /// What is done with a value, told without its type: looking at that costs a reference count.
  private enum Form: UInt8 {
    case text, json, other

    init(_ type: DataType) {
      switch type {
      case .varchar: self = .text
      case .json: self = .json
      default: self = .other
      }
    }
  }

  /// Throws `notSupported` for a type that is not read, and `invalidArgument` for a path that ends
  /// where another one goes on, or that comes twice.
  public init(_ columns: [JSONColumn], misfit: Misfit = .badLine) throws {
    for column in columns {
      switch column.type {
      case .boolean, .tinyint, .smallint, .integer, .bigint, .real, .double, .decimal, .varchar,
        .json, .date, .time, .timestamp, .timestampWithTimeZone:
        continue
      default: throw KernelError.notSupported("reading JSON as \(column.type)")
      }
    }
    schema = Schema(columns.map { Field($0.name, $0.type) })
    self.misfit = misfit
    types = columns.map(\.type)
    forms = types.map(Form.init)
    builders = columns.map { ColumnBuilder(type: $0.type) }
    scanner = try JSONLineScanner(columns.map(\.path))
    values = [JSONLineValue](repeating: .null, count: columns.count)
  }

  /// Takes whole lines of `bytes`, at most `rowsMax` rows; with `isLast` the end of the bytes ends a
  /// line too. Nothing consumed means that more bytes are needed, or that there are none.
  public func read(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool, rowsMax: Int = 4_096
  ) -> JSONLines {
    var badLines: [JSONBadLine] = []
    var rows = 0
    var start = 0
    while rows < rowsMax, start < bytes.count {
      let found = firstNewline(bytes, from: start)
      guard found != nil || isLast else { break }
      let end = found ?? bytes.count
      line += 1
      var first = start
      // A byte order mark before the first line says nothing.
      if line == 1, end - start >= 3, bytes[start] == 0xEF, bytes[start + 1] == 0xBB,
        bytes[start + 2] == 0xBF
      {
        first += 3
      }
      let content = UnsafeRawBufferPointer(rebasing: bytes[first..<end])
      if !content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
        if let (place, reason) = take(content) {
          badLines.append(
            JSONBadLine(
              line: line, byteOffset: offset + start, byteCount: end - start, place: place,
              reason: reason))
        } else {
          rows += 1
        }
      }
      start = min(end + 1, bytes.count)
    }
    offset += start
    return JSONLines(
      batch: ColumnarBatch(
        schema: schema, columns: builders.map { $0.finish() }, rowCount: rows),
      badLines: badLines, consumed: start)
  }

  /// Appends a line's row; what is wrong with it instead.
  private func take(_ bytes: UnsafeRawBufferPointer) -> (place: Int, reason: String)? {
    if let failure = scanner.scan(bytes) { return (failure.place + 1, failure.reason) }
    for index in 0..<forms.count {
      let span = scanner.spans[index]
      switch forms[index] {
      case _ where span.kind == .missing || span.kind == .null: values[index] = .null
      case .text: values[index] = JSONLineValue(text: span)
      case .json: values[index] = .bytes(span.begin, span.end)
      case .other:
        guard let value = JSONLineValue(span, in: bytes, as: types[index]) else {
          if misfit == .null {
            values[index] = .null
            continue
          }
          let text = String(
            decoding: bytes[span.begin..<min(span.end, span.begin + 60)], as: UTF8.self)
          return (
            span.begin + 1,
            "\(text) does not fit column \(schema[index].name), which is \(types[index])"
          )
        }
        values[index] = value
      }
    }
    for index in 0..<builders.count {
      let builder = builders[index]
      switch values[index] {
      case .null: builder.appendNull()
      case .boolean(let value): builder.append(value)
      case .integer(let value): builder.append(value)
      case .wide(let value): builder.append(value)
      case .double(let value): builder.append(value)
      case .bytes(let begin, let end):
        builder.append(bytes: UnsafeRawBufferPointer(rebasing: bytes[begin..<end]))
      case .escaped(let begin, let end):
        var text: [UInt8] = []
        unescapeJSON(UnsafeRawBufferPointer(rebasing: bytes[begin..<end]), to: &text)
        text.withUnsafeBytes { builder.append(bytes: $0) }
      }
    }
    return nil
  }
}

/// A value of a line, converted; texts stay where they are.
enum JSONLineValue {
  case null
  case boolean(Bool)
  case integer(Int64)
  case wide(Int128)
  case double(Double)
  /// Bytes of the line, as they are or with escapes.
  case bytes(Int, Int)
  case escaped(Int, Int)

  /// Anything as a text: of a string what is between its quotes, of all else how it is written.
  init(text span: JSONSpan) {
    switch span.kind {
    case .text: self = .bytes(span.begin + 1, span.end - 1)
    case .escapedText: self = .escaped(span.begin + 1, span.end - 1)
    default: self = .bytes(span.begin, span.end)
    }
  }

  /// nil where the value does not fit the type.
  init?(_ span: JSONSpan, in line: UnsafeRawBufferPointer, as type: DataType) {
    if span.kind == .missing || span.kind == .null {
      self = .null
      return
    }
    let isText = span.kind == .text || span.kind == .escapedText
    let raw = UnsafeRawBufferPointer(rebasing: line[span.begin..<span.end])
    switch type {
    case .json: self = .bytes(span.begin, span.end)
    case .varchar: self = JSONLineValue(text: span)
    case .boolean:
      guard span.kind == .yes || span.kind == .no else { return nil }
      self = .boolean(span.kind == .yes)
    case .tinyint, .smallint, .integer, .bigint:
      guard span.kind == .number, let value = parseInteger(raw), Self.fits(value, type) else {
        return nil
      }
      self = .integer(value)
    case .real, .double:
      guard span.kind == .number, let value = parseJSONDouble(raw) else { return nil }
      self = .double(value)
    case .decimal(let precision, let scale):
      guard span.kind == .number, let value = parseWideDecimal(raw, scale: scale),
        value.magnitude < wideTen(precision).magnitude
      else { return nil }
      self = .wide(value)
    default:
      guard isText, span.kind == .text else { return nil }
      let text = UnsafeRawBufferPointer(rebasing: raw[1..<raw.count - 1])
      guard let value = Self.moment(text, type) else { return nil }
      self = .wide(value)
    }
  }

  private static func fits(_ value: Int64, _ type: DataType) -> Bool {
    switch type {
    case .tinyint: Int8(exactly: value) != nil
    case .smallint: Int16(exactly: value) != nil
    case .integer: Int32(exactly: value) != nil
    default: true
    }
  }

  /// `2024-01-15`, `09:10:11.5`, `2024-01-15T09:10:11.123Z`, `2024-01-15 09:10:11`.
  private static func moment(_ text: UnsafeRawBufferPointer, _ type: DataType) -> Int128? {
    switch type {
    case .date: return text.count >= 8 ? parseDate(text).map { Int128($0) } : nil
    case .time(let precision):
      return parseTime(text).map { Int128(roundPicoseconds($0, precision: precision)) }
    case .timestamp(let precision):
      guard text.count >= 10, let found = parseISO8601(text) ?? parseMoment(text),
        found.zoneText == nil
      else {
        return nil
      }
      return found.value(precision: precision)
    case .timestampWithTimeZone(let precision):
      guard text.count >= 10, let found = parseISO8601(text) ?? parseMoment(text) else {
        return nil
      }
      guard let zone = found.zoneText else { return found.value(precision: precision) }
      return zonedMoment(found, zone)?.value(precision: precision)
    default: return nil
    }
  }
}

/// The double of a JSON number: exactly for up to fifteen digits and small powers of ten, else by the
/// system.
func parseJSONDouble(_ bytes: UnsafeRawBufferPointer) -> Double? {
  var index = 0
  let isNegative = bytes.first == 0x2D
  if isNegative { index = 1 }
  var digits: UInt64 = 0
  var count = 0
  var places = 0
  var sawPoint = false
  while index < bytes.count {
    let byte = bytes[index]
    if byte == 0x2E {
      sawPoint = true
    } else {
      guard byte &- 0x30 <= 9 else { return parseDouble(bytes) }
      digits = digits &* 10 &+ UInt64(byte - 0x30)
      count += 1
      if sawPoint { places += 1 }
    }
    index += 1
  }
  guard count <= 15 else { return parseDouble(bytes) }
  // Both are exact doubles, so that one division rounds once.
  let value = Double(digits) / Double(powersOfTen[places])
  return isNegative ? -value : value
}

/// Appends the text of a string's inside, whose escapes were checked before.
func unescapeJSON(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
  func unit(_ at: Int) -> UInt32 {
    bytes[at..<at + 4].reduce(UInt32(0)) { value, byte in
      let digit = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57
      return value << 4 | UInt32(digit)
    }
  }
  var index = 0
  while index < bytes.count {
    let byte = bytes[index]
    index += 1
    guard byte == 0x5C else {
      out.append(byte)
      continue
    }
    let kind = bytes[index]
    index += 1
    switch kind {
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var value = unit(index)
      index += 4
      if (0xD800..<0xDC00).contains(value), index + 6 <= bytes.count, bytes[index] == 0x5C,
        bytes[index + 1] == UInt8(ascii: "u"), (0xDC00..<0xE000).contains(unit(index + 2))
      {
        value = 0x10000 + ((value - 0xD800) << 10) + (unit(index + 2) - 0xDC00)
        index += 6
      }
      out.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
    default: out.append(kind)
    }
  }
}
