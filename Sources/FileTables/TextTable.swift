// NDJSON and CSV files as tables: columns are found by reading the first records, rows by reading on.
//
// 1. `RecordReader` cuts a file into records: lines, or for CSV what quotes hold together.
// 2. `TextFormat` cuts a record into fields by name.
// 3. The first thousand records of each file decide the columns and their types: the narrowest that
//    all values fit, of boolean, bigint, double, date and varchar. A later value that does not fit
//    ends the scan with its file and line.
// 4. The rows of NDJSON are read by `JSONFileReader`, on bytes; those of CSV by `TextReader`.

import Columnar
import Connector

/// The rows of some text files, file after file; each file is a split.
struct TextTable: TableSource {
  let schema: Schema
  private let paths: [String]
  private let format: TextFormat
  private static let recordsLookedAt = 1_000

  init(paths: [String], format: TextFormat) throws {
    self.paths = paths
    self.format = format
    var names: [String] = []
    var types: [String: ValueType] = [:]
    for path in paths {
      let records = try TextRecords(path: path, format: format)
      for name in try records.columnNames() where types[name] == nil {
        names.append(name)
        types[name] = .unknown
      }
      for _ in 0..<Self.recordsLookedAt {
        guard let fields = try records.next() else { break }
        for (name, value) in fields {
          if types[name] == nil { names.append(name) }
          types[name] = (types[name] ?? .unknown).widened(by: value)
        }
      }
    }
    schema = Schema(names.map { Field($0, (types[$0] ?? .unknown).dataType) })
    guard !names.isEmpty else {
      throw FileTablesError(.badRecord, path: paths.first ?? "", "the files have no columns")
    }
  }

  func splits(for request: ScanRequest) throws -> [any Split] {
    paths.map { TextSplit(path: $0, format: format, schema: schema, columns: request.columns) }
  }
}

/// What text of a kind can be.
enum ValueType: Sendable {
  case unknown, boolean, bigint, double, date, text

  var dataType: DataType {
    switch self {
    case .boolean: .boolean
    case .bigint: .bigint
    case .double: .double
    case .date: .date
    case .unknown, .text: .varchar
    }
  }

  /// The narrowest type that holds this one's values and `value`; nil is NULL and fits all.
  func widened(by value: TextValue?) -> ValueType {
    guard let value else { return self }
    let other = value.type
    switch (self, other) {
    case (.unknown, _): return other
    case (.bigint, .double), (.double, .bigint): return .double
    default: return self == other ? self : .text
    }
  }
}

/// One field of a record: its text, and whether it was in quotes.
struct TextValue: Sendable {
  var text: String
  /// A JSON string, or a quoted CSV field: never a number.
  var isQuoted: Bool

  var type: ValueType {
    if !isQuoted {
      if text == "true" || text == "false" { return .boolean }
      if Int64(text) != nil, !text.hasPrefix("+") { return .bigint }
      if let first = text.utf8.first, first == 0x2D || (0x30...0x39).contains(first),
        Double(text) != nil
      {
        return .double
      }
    }
    return CivilDay(text) == nil ? .text : .date
  }
}

/// `yyyy-mm-dd` as days since 1970-01-01.
struct CivilDay {
  let days: Int64

  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for index in range {
        guard (0x30...0x39).contains(bytes[index]) else { return nil }
        value = value * 10 + Int(bytes[index] - 0x30)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      (1...12).contains(month), day >= 1
    else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[month - 1] else { return nil }
    // Days of whole years before, by the rule of leap years; 719,528 is 1970-01-01 from year 0.
    let before = year - 1
    let yearDays = 365 * year + (year > 0 ? before / 4 - before / 100 + before / 400 + 1 : 0)
    days = Int64(yearDays + lengths[..<(month - 1)].reduce(0, +) + day - 1 - 719_528)
  }
}

/// One file of a text table.
private struct TextSplit: Split {
  let path: String
  let format: TextFormat
  let schema: Schema
  let columns: [Int]

  var label: String { path }

  func open() throws -> any BatchReader {
    if format == .json {
      return try JSONFileReader(path: path, schema: schema.selecting(columns))
    }
    return TextReader(
      try TextRecords(path: path, format: format), path: path, schema: schema, columns: columns)
  }
}

/// Reads one file's records into batches.
private final class TextReader: BatchReader {
  private let records: TextRecords
  private let path: String
  private let schema: Schema
  private let builders: [ColumnBuilder]
  private let places: [String: Int]
  private let rowsPerBatch = 4_096

  init(_ records: TextRecords, path: String, schema: Schema, columns: [Int]) {
    self.records = records
    self.path = path
    self.schema = schema.selecting(columns)
    builders = self.schema.fields.map { ColumnBuilder(type: $0.type) }
    places = Dictionary(
      self.schema.fields.enumerated().map { ($0.element.name, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  func next() throws -> ColumnarBatch? {
    var rows = 0
    while rows < rowsPerBatch, let fields = try records.next() {
      var values = [TextValue?](repeating: nil, count: builders.count)
      for (name, value) in fields { if let place = places[name] { values[place] = value } }
      for (index, value) in values.enumerated() { try append(value, index) }
      rows += 1
    }
    guard rows > 0 else { return nil }
    return ColumnarBatch(schema: schema, columns: builders.map { $0.finish() }, rowCount: rows)
  }

  private func append(_ value: TextValue?, _ index: Int) throws {
    let builder = builders[index]
    guard let value else { return builder.appendNull() }
    switch schema[index].type {
    case .boolean where value.text == "true": builder.append(true)
    case .boolean where value.text == "false": builder.append(false)
    case .bigint:
      guard let number = Int64(value.text) else { throw misfit(value, index) }
      builder.append(number)
    case .double:
      guard let number = Double(value.text) else { throw misfit(value, index) }
      builder.append(number)
    case .date:
      guard let day = CivilDay(value.text) else { throw misfit(value, index) }
      builder.append(day.days)
    case .varchar: builder.append(value.text)
    default: throw misfit(value, index)
    }
  }

  private func misfit(_ value: TextValue, _ index: Int) -> FileTablesError {
    FileTablesError(
      .badRecord, path: path, line: records.line,
      "'\(value.text.prefix(60))' does not fit column \(schema[index].name), "
        + "which is \(schema[index].type) by the first records")
  }
}
