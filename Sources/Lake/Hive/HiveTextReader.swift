// Lines of text, field by field in the order of the table's columns; the first line is a row as others
// are unless `skip_header_line_count` says otherwise. Fields that a line lacks are NULL, and those that
// it has more are left out, so a file whose columns come in another order gives wrong rows in silence.
//
// - CSV: `csv_separator`, `csv_quote` and `csv_escape` (`,`, `"` and `\`). All columns are text; an
//   empty field is an empty text.
// - TEXTFILE: `textfile_field_separator` (the byte 1 where none is said), and `null_format` (`\N`). A
//   value that does not fit its column's type is NULL: also a moment in the form `2024-01-15T09:10:11Z`.

internal import Columnar
internal import Connector
internal import Kernels
internal import ObjectStorage

/// How the lines of a table's files are cut.
struct HiveTextForm: Sendable {
  var separator: UInt8
  /// 0 for none.
  var quote: UInt8
  /// 0 for none.
  var escape: UInt8
  var nullText: [UInt8]?
  var headerLineCount: Int

  init(_ entry: HiveTableEntry) {
    func byte(_ name: String, _ standard: UInt8) -> UInt8 {
      entry.properties[name]?.utf8.first ?? standard
    }
    let isCSV = entry.format == .csv
    separator =
      isCSV
      ? byte("csv_separator", UInt8(ascii: ",")) : byte("textfile_field_separator", 0x01)
    quote = isCSV ? byte("csv_quote", UInt8(ascii: "\"")) : 0
    escape = isCSV ? byte("csv_escape", UInt8(ascii: "\\")) : 0
    nullText = isCSV ? nil : Array((entry.properties["null_format"] ?? "\\N").utf8)
    headerLineCount = entry.properties["skip_header_line_count"].flatMap { Int($0) } ?? 0
  }
}

/// Reads fields of a file's lines as columns of the table's types.
final class HiveTextReader: BatchReader {
  private let columns: [Field]
  private let schema: Schema
  private let form: HiveTextForm
  private let builders: [ColumnBuilder]
  /// By the field's place in the line: the builder that takes it.
  private let builderOfField: [Int?]
  private var pieces: HiveTextPieces
  private var buffer: [UInt8] = []
  private var place = 0
  private var isAtEnd = false
  private var headerLinesLeft: Int
  private var unescaped: [UInt8] = []

  private static let batchRowsMax = 8_192

  init(scan: HiveScan, file: ObjectMetadata, columns: [Field]) throws {
    self.columns = columns
    schema = Schema(columns)
    form = HiveTextForm(scan.entry)
    builders = columns.map { _ in ColumnBuilder(type: .varchar) }
    builderOfField = scan.entry.columns.map { field in
      columns.firstIndex { $0.name == field.name }
    }
    pieces = try HiveTextPieces(scan: scan, file: file)
    headerLinesLeft = form.headerLineCount
  }

  func next() throws -> ColumnarBatch? {
    var rows = 0
    while rows < Self.batchRowsMax, let line = try nextLine() {
      if headerLinesLeft > 0 {
        headerLinesLeft -= 1
        continue
      }
      buffer.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[line])) }
      rows += 1
    }
    guard rows > 0 else { return nil }
    let vectors = try zip(builders, columns).map { builder, field in
      try Self.converted(builder.finish(), to: field.type)
    }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: rows)
  }

  /// The next line without its end; nil at the end of the file.
  private func nextLine() throws -> Range<Int>? {
    var searched = place
    while true {
      let end = buffer.withUnsafeBytes { bytes -> Int? in
        var index = searched
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        return index < bytes.count ? index : nil
      }
      if let end {
        defer { place = end + 1 }
        return place..<(end > place && buffer[end - 1] == 0x0D ? end - 1 : end)
      }
      if isAtEnd {
        guard place < buffer.count else { return nil }
        defer { place = buffer.count }
        return place..<buffer.count
      }
      searched = buffer.count - place
      buffer.removeFirst(place)
      place = 0
      if let piece = try pieces.next() {
        buffer += piece
      } else {
        isAtEnd = true
      }
    }
  }

  /// Appends one value to every builder.
  private func take(_ line: UnsafeRawBufferPointer) {
    // An empty line of CSV has no field at all.
    var index = line.isEmpty && form.quote != 0 ? 1 : 0
    for builder in builderOfField {
      if index > line.count {
        if let builder { builders[builder].appendNull() }
      } else if form.quote == 0 {
        takePlain(line, &index, builder)
      } else {
        takeQuoted(line, &index, builder)
      }
    }
  }

  private func append(_ field: UnsafeRawBufferPointer, _ builder: Int?) {
    guard let builder else { return }
    if let nullText = form.nullText, nullText.elementsEqual(field) {
      builders[builder].appendNull()
    } else {
      builders[builder].append(bytes: field)
    }
  }

  /// Takes the field that begins at `index`, which moves behind its separator, or behind the line.
  private func takePlain(_ line: UnsafeRawBufferPointer, _ index: inout Int, _ builder: Int?) {
    let start = index
    while index < line.count, line[index] != form.separator { index += 1 }
    append(UnsafeRawBufferPointer(rebasing: line[start..<index]), builder)
    index += 1
  }

  /// The same where quotes hold separators together.
  private func takeQuoted(_ line: UnsafeRawBufferPointer, _ index: inout Int, _ builder: Int?) {
    let start = index
    while index < line.count, line[index] != form.separator, line[index] != form.quote,
      line[index] != form.escape
    {
      index += 1
    }
    if index == line.count || line[index] == form.separator {
      append(UnsafeRawBufferPointer(rebasing: line[start..<index]), builder)
      index += 1
      return
    }
    unescaped.removeAll(keepingCapacity: true)
    unescaped.append(contentsOf: line[start..<index])
    var isQuoted = false
    while index < line.count, isQuoted || line[index] != form.separator {
      let byte = line[index]
      let next = index + 1 < line.count ? line[index + 1] : 0
      if byte == form.escape, next == form.quote || next == form.escape {
        unescaped.append(next)
        index += 1
      } else if byte == form.quote, isQuoted, next == form.quote {
        unescaped.append(byte)
        index += 1
      } else if byte == form.quote {
        isQuoted.toggle()
      } else {
        unescaped.append(byte)
      }
      index += 1
    }
    index += 1
    unescaped.withUnsafeBytes { append($0, builder) }
  }

  private static func converted(_ texts: ColumnVector, to type: DataType) throws -> ColumnVector {
    guard type == .boolean else { return try Kernels.cast(texts, to: type, isLenient: true) }
    let builder = ColumnBuilder(type: .boolean, capacity: texts.count)
    for row in 0..<texts.count {
      guard !texts.isNull(row) else {
        builder.appendNull()
        continue
      }
      let text = texts.withTextValue(at: texts.valueIndex(row)) {
        String(decoding: $0, as: UTF8.self).lowercased()
      }
      builder.append(text == "true" ? true : text == "false" ? false : nil)
    }
    return builder.finish()
  }
}
