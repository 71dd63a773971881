// `system.kafka.records`: every record of the log as a row, read only as far as a query needs.

internal import Columnar
internal import Connector
internal import KafkaProtocol

/// The records of all partitions up to where they ended when the table was asked for.
///
/// Predicates on topic, partition and offset, and lower bounds on append time, decide what is read.
/// A partition that cannot be opened is left out; a damaged batch throws where the scan meets it.
struct RecordsTable: TableSource {
  static let schema = Schema([
    Field("topic", .varchar, isNullable: false),
    Field("partition", .integer, isNullable: false),
    Field("offset", .bigint, isNullable: false),
    Field("append_time", .timestampWithTimeZone, isNullable: false),
    Field("key", .varchar), Field("value", .varchar), Field("event_id", .varchar),
    Field("event_name", .varchar), Field("headers", .varchar),
  ])

  private let pinned: [(log: any RecordRun, end: Int64)]

  init(_ log: EventLog) throws {
    try log.checkOpen()
    self.init(try log.topicNames().flatMap { try log.partitions(of: $0) })
  }

  init(_ runs: [any RecordRun]) {
    pinned = runs.compactMap { run in (try? run.endOffset()).map { (run, $0) } }
  }

  var schema: Schema { RecordsTable.schema }

  var rowCount: Int? {
    pinned.reduce(0) { sum, pin in
      sum + Int(pin.end - ((try? pin.log.startOffset()) ?? pin.end))
    }
  }

  func splits(for request: ScanRequest) throws -> [any Split] {
    try pinned.compactMap { log, end -> RecordsSplit? in
      guard request.predicates.allSatisfy({ RecordsTable.admits($0, log.partition) }) else {
        return nil
      }
      var range = try log.startOffset()..<end
      for predicate in request.predicates {
        guard let narrowed = try RecordsTable.narrow(range, by: predicate, log) else { return nil }
        range = narrowed
      }
      // Rows that a predicate drops do not count, so a limit ends the reading only without any.
      let limit = request.predicates.isEmpty ? request.limit : nil
      return RecordsSplit(log: log, range: range, columns: request.columns, limit: limit)
    }
  }

  /// False where no row of the partition can satisfy a predicate on topic or partition.
  private static func admits(_ predicate: ColumnPredicate, _ partition: TopicPartition) -> Bool {
    let value: Scalar
    switch predicate.column {
    case 0: value = .text(partition.topic)
    case 1: value = .integer(Int64(partition.partition))
    default: return true
    }
    switch predicate.comparison {
    case .equal(let scalar): return scalar == value
    case .notEqual(let scalar): return scalar != value
    case .isIn(let scalars): return scalars.contains(value)
    case .isNull: return false
    case .less(let scalar): return order(value, scalar).map { $0 < 0 } ?? true
    case .lessOrEqual(let scalar): return order(value, scalar).map { $0 <= 0 } ?? true
    case .greater(let scalar): return order(value, scalar).map { $0 > 0 } ?? true
    case .greaterOrEqual(let scalar): return order(value, scalar).map { $0 >= 0 } ?? true
    case .isNotNull: return true
    }
  }

  /// -1, 0 or 1; nil for scalars that this table does not compare.
  private static func order(_ left: Scalar, _ right: Scalar) -> Int? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): left < right ? -1 : left == right ? 0 : 1
    default: nil
    }
  }

  /// The offsets that can satisfy a predicate on offset or append time; nil for none.
  private static func narrow(
    _ range: Range<Int64>,
    by predicate: ColumnPredicate,
    _ log: any RecordRun
  ) throws -> Range<Int64>? {
    var low = range.lowerBound
    var high = range.upperBound
    switch (predicate.column, predicate.comparison) {
    case (2, .equal(.integer(let offset))):
      low = max(low, offset)
      high = min(high, offset == .max ? offset : offset + 1)
    case (2, .less(.integer(let offset))): high = min(high, offset)
    case (2, .lessOrEqual(.integer(let offset))):
      high = min(high, offset == .max ? offset : offset + 1)
    case (2, .greater(.integer(let offset))):
      low = max(low, offset == .max ? offset : offset + 1)
    case (2, .greaterOrEqual(.integer(let offset))): low = max(low, offset)
    case (2, .isIn(let scalars)):
      let offsets = scalars.compactMap { scalar -> Int64? in
        if case .integer(let offset) = scalar { offset } else { nil }
      }
      guard offsets.count == scalars.count, let least = offsets.min(), let most = offsets.max()
      else { return scalars.isEmpty ? nil : range }
      low = max(low, least)
      high = min(high, most == .max ? most : most + 1)
    case (3, .equal(.integer(let time))), (3, .greaterOrEqual(.integer(let time))),
      (3, .greater(.integer(let time))):
      // Append times may repeat or go back, so only "nothing before this is late enough" holds.
      low = max(low, try log.offset(atOrAfter: floorMilliseconds(time)))
    default: break
    }
    return low < high ? low..<high : nil
  }

  private static func floorMilliseconds(_ microseconds: Int64) -> Int64 {
    microseconds >= 0 ? microseconds / 1_000 : (microseconds - 999) / 1_000
  }
}

/// A range of one partition's offsets.
private struct RecordsSplit: Split {
  let log: any RecordRun
  let range: Range<Int64>
  let columns: [Int]
  let limit: Int?

  var label: String { "\(log.partition) [\(range.lowerBound), \(range.upperBound))" }

  func open() throws -> any BatchReader { RecordsReader(self) }
}

/// Turns batches of the log into rows, a few thousand at a time.
private final class RecordsReader: BatchReader {
  private static let rowsPerBatch = 4_096
  private static let bytesPerRead = 1 << 20

  private let split: RecordsSplit
  private var nextOffset: Int64
  private var rowsLeft: Int
  private let builders: [ColumnBuilder]

  init(_ split: RecordsSplit) {
    self.split = split
    nextOffset = split.range.lowerBound
    rowsLeft = split.limit ?? .max
    builders = split.columns.map { ColumnBuilder(type: RecordsTable.schema[$0].type) }
  }

  func next() throws -> ColumnarBatch? {
    var rows = 0
    while rows < RecordsReader.rowsPerBatch, nextOffset < split.range.upperBound, rowsLeft > 0 {
      let bytesMax = split.range.upperBound - nextOffset == 1 ? 1 : RecordsReader.bytesPerRead
      let from = nextOffset
      nextOffset = try split.log.forEachRecord(
        from: from, to: split.range.upperBound, bytesMax: bytesMax
      ) { record in
        append(record)
        rows += 1
        rowsLeft -= 1
        return rowsLeft > 0
      }
      if nextOffset == from { break }
    }
    guard rows > 0 else { return nil }
    return ColumnarBatch(
      schema: RecordsTable.schema.selecting(split.columns),
      columns: builders.map { $0.finish() },
      rowCount: rows
    )
  }

  private func append(_ record: RecordView) {
    var probe: EnvelopeProbe?
    for (builder, column) in zip(builders, split.columns) {
      switch column {
      case 0: builder.append(split.log.partition.topic)
      case 1: builder.append(Int64(split.log.partition.partition))
      case 2: builder.append(record.offset)
      case 3: builder.append(record.timestamp &* 1_000)
      case 4: append(text: record.key, to: builder)
      case 5: append(text: record.value, to: builder)
      case 6, 7:
        guard let value = record.value else {
          builder.appendNull()
          continue
        }
        let found = probe ?? EnvelopeProbe(value)
        probe = found
        append(jsonString: column == 6 ? found.eventID : found.eventName, of: value, to: builder)
      default:
        builder.append(record.headerCount == 0 ? nil : HeaderText.render(record))
      }
    }
  }

  private func append(text bytes: UnsafeRawBufferPointer?, to builder: ColumnBuilder) {
    guard let bytes else { return builder.appendNull() }
    // A text column holds UTF-8 only; bytes that are not become U+FFFD.
    if bytes.allSatisfy({ $0 < 0x80 }) {
      builder.append(bytes: bytes)
    } else {
      builder.append(String(decoding: bytes, as: UTF8.self))
    }
  }

  private func append(
    jsonString range: Range<Int>?,
    of bytes: UnsafeRawBufferPointer,
    to builder: ColumnBuilder
  ) {
    guard let range else { return builder.appendNull() }
    let text = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard text.contains(UInt8(ascii: "\\")) else { return append(text: text, to: builder) }
    builder.append(HeaderText.unescape(text))
  }
}

/// A record's headers in the form of a JSON object; names may repeat, as Kafka allows.
enum HeaderText {
  static func render(_ record: RecordView) -> String {
    var text = "{"
    record.forEachHeader { key, value in
      if text.utf8.count > 1 { text += "," }
      quote(key, into: &text)
      text += ":"
      if let value { quote(value, into: &text) } else { text += "null" }
    }
    return text + "}"
  }

  private static func quote(_ bytes: UnsafeRawBufferPointer, into text: inout String) {
    text += "\""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  /// The text that a JSON string's inner bytes stand for; a broken escape stays as it is written.
  static func unescape(_ bytes: UnsafeRawBufferPointer) -> String {
    var units: [UInt16] = []
    var rest = String(decoding: bytes, as: UTF8.self).utf16[...]
    while let unit = rest.popFirst() {
      guard unit == 0x5C, let kind = rest.popFirst() else {
        units.append(unit)
        continue
      }
      switch kind {
      case 0x6E: units.append(0x0A)
      case 0x74: units.append(0x09)
      case 0x72: units.append(0x0D)
      case 0x62: units.append(0x08)
      case 0x66: units.append(0x0C)
      case 0x75:
        let digits = String(decoding: rest.prefix(4), as: UTF16.self)
        guard digits.utf8.count == 4, let code = UInt16(digits, radix: 16) else {
          units += [unit, kind]
          continue
        }
        units.append(code)
        rest = rest.dropFirst(4)
      default: units.append(kind)
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}
