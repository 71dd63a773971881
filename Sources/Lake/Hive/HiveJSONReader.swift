// One JSON object a line, by the names of its members in any letter case; of a name that comes twice the
// last counts. A member that is missing or null is NULL.
//
// What a value that does not fit becomes, is the difference between the two formats, as in Trino:
//
// - JSON ends the query with the file and the line.
// - OPENX_JSON makes it NULL. It reads more, though: numbers in quotes, moments in ISO-8601 and in
//   seconds or milliseconds since 1970; and every boolean that is not true is false.
//
// Text takes any value as it is written, so an object can be kept whole and taken apart by json_extract.

internal import Columnar
internal import Connector
internal import Kernels
internal import ObjectStorage
internal import Simulation

/// Reads members of a file's objects as columns of the table's types.
final class HiveJSONReader: BatchReader {
  private let scan: HiveScan
  private let file: ObjectMetadata
  private let columns: [Field]
  private let schema: Schema
  private let lines: JSONLineReader
  private var pieces: HiveTextPieces
  private var buffer: [UInt8] = []
  private var place = 0
  /// The end of the lines whose members' names are in lower case.
  private var ready = 0
  private var isAtEnd = false

  private var isLenient: Bool { scan.entry.format == .openXJSON }

  init(scan: HiveScan, file: ObjectMetadata, columns: [Field]) throws {
    self.scan = scan
    self.file = file
    self.columns = columns
    schema = Schema(columns)
    pieces = try HiveTextPieces(scan: scan, file: file)
    let isLenient = scan.entry.format == .openXJSON
    lines = try JSONLineReader(
      columns.map { field in
        JSONColumn(
          field.name.lowercased(), type: Self.readType(of: field.type, isLenient: isLenient))
      }, misfit: .badLine)
  }

  /// What a value is read as before it gets its column's type.
  private static func readType(of type: DataType, isLenient: Bool) -> DataType {
    if type.isNested { return .json }
    if isLenient || type.isText { return .varchar }
    return type
  }

  func next() throws -> ColumnarBatch? {
    while true {
      let result = buffer.withUnsafeBytes { bytes in
        lines.read(UnsafeRawBufferPointer(rebasing: bytes[place..<ready]), isLast: isAtEnd)
      }
      place += result.consumed
      if let bad = result.badLines.first {
        throw HiveError(
          .badData, table: "\(scan.table)", "Invalid JSON: \(bad.reason).", file: file.key,
          line: bad.line,
          advice: isLenient
            ? "Mend the line."
            : "Mend the line, declare the column as varchar, or read the table as OPENX_JSON, where "
              + "a value that does not fit is NULL.")
      }
      if result.batch.rowCount > 0 { return try converted(result.batch) }
      if result.consumed == 0 {
        if isAtEnd { return nil }
        try fill()
      }
    }
  }

  private func fill() throws {
    buffer.removeFirst(place)
    ready -= place
    place = 0
    if let piece = try pieces.next() {
      buffer += piece
    } else {
      isAtEnd = true
    }
    let end = isAtEnd ? buffer.count : (buffer.lastIndex(of: 0x0A) ?? -1) + 1
    guard end > ready else { return }
    buffer.withUnsafeMutableBytes { MemberNames.lower($0, ready..<end) }
    ready = end
  }

  private func converted(_ batch: ColumnarBatch) throws -> ColumnarBatch {
    let vectors = try zip(batch.columns, columns).map { vector, field in
      if vector.type == field.type { return vector }
      do {
        guard isLenient else { return try Kernels.cast(vector, to: field.type) }
        switch field.type {
        case .boolean: return Self.booleans(vector)
        case .timestamp: return try Self.moments(vector, field.type)
        default: return try Kernels.cast(vector, to: field.type, isLenient: true)
        }
      } catch let error as KernelError {
        throw HiveError(
          .badData, table: "\(scan.table)",
          "Invalid JSON: \(error.message), the type of column \(field.name).", file: file.key,
          advice: "Mend the file, or read the table as OPENX_JSON, where such a value is NULL.")
      }
    }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: batch.rowCount)
  }

  private static func booleans(_ texts: ColumnVector) -> ColumnVector {
    let builder = ColumnBuilder(type: .boolean, capacity: texts.count)
    for row in 0..<texts.count {
      if texts.isNull(row) {
        builder.appendNull()
      } else {
        let isYes = texts.withTextValue(at: texts.valueIndex(row)) { bytes in
          bytes.count == 4 && zip(bytes, "true".utf8).allSatisfy { $0 | 0x20 == $1 }
        }
        builder.append(isYes)
      }
    }
    return builder.finish()
  }

  private static func moments(_ texts: ColumnVector, _ type: DataType) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .timestamp, capacity: texts.count)
    for row in 0..<texts.count {
      let micros =
        texts.isNull(row)
        ? nil : texts.withTextValue(at: texts.valueIndex(row)) { microseconds($0) }
      builder.append(micros)
    }
    return try Kernels.cast(builder.finish(), to: type)
  }

  /// ISO-8601 with or without a zone, or seconds or (from 13 digits on) milliseconds since 1970.
  private static func microseconds(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    if let moment = StoryTime.microseconds(iso8601: bytes, assumesUTC: true) { return moment }
    let digits = bytes.first == UInt8(ascii: "-") ? bytes.count - 1 : bytes.count
    guard let number = Int64(String(decoding: bytes, as: UTF8.self)) else { return nil }
    let (micros, isBeyond) = number.multipliedReportingOverflow(
      by: digits >= 13 ? 1_000 : 1_000_000)
    return isBeyond ? nil : micros
  }
}

/// The names of the members of objects, one object a line.
enum MemberNames {
  /// Puts ASCII letters of the names on the first level into lower case, in place.
  static func lower(_ bytes: UnsafeMutableRawBufferPointer, _ range: Range<Int>) {
    var depth = 0
    var index = range.lowerBound
    while index < range.upperBound {
      switch bytes[index] {
      case 0x0A: depth = 0
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        let start = index + 1
        index = start
        while index < range.upperBound, bytes[index] != UInt8(ascii: "\""), bytes[index] != 0x0A {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(index, range.upperBound)
        if depth == 1, isName(bytes, after: end + 1, range.upperBound) {
          lowerLetters(bytes, start..<end)
        }
        // A string that its line does not end is no string; the line begins anew.
        if index < range.upperBound, bytes[index] == 0x0A { continue }
      default: break
      }
      index += 1
    }
  }

  private static func isName(
    _ bytes: UnsafeMutableRawBufferPointer, after start: Int, _ end: Int
  ) -> Bool {
    var index = start
    while index < end, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    return index < end && bytes[index] == UInt8(ascii: ":")
  }

  private static func lowerLetters(
    _ bytes: UnsafeMutableRawBufferPointer, _ range: Range<Int>
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      if bytes[index] == UInt8(ascii: "\\") {
        index += 2
        continue
      }
      if (0x41...0x5A).contains(bytes[index]) { bytes[index] |= 0x20 }
      index += 1
    }
  }
}
