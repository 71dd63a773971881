internal import Columnar
internal import EventModel
internal import ObjectStorage
internal import Parquet
internal import Terminal
internal import TrinoSQL

// `parquet meta` and `parquet stats`: the footer of one file, read as an engine reads it, by its last bytes.
extension Shell {
  private static let statisticsMax = 200
  private static let boundWidth = 24

  /// `parquet meta KEY`, `parquet stats KEY [--column NAME]`.
  func parquet(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "parquet")
    let arguments = try RealToolArguments(
      rest, tool: "parquet " + action, values: action == "stats" ? ["--column": "column"] : [:])
    guard let key = arguments.positions.first, arguments.positions.count == 1 else {
      throw CommandError(
        .missingArgument, ["command": "parquet " + action, "usage": text("help.parquet.usage")])
    }
    let tally = RequestTally()
    let place = address(key)
    let client = try client(place.bucket, tally)
    let record = try object(place, client)
    let bytes = BucketBytes(client: client, record: record)
    let file = try ParquetFile(bytes, name: record.key)
    return action == "meta"
      ? parquetMeta(file, record, tally)
      : try parquetStatistics(file, record, arguments["column"], tally)
  }

  // MARK: Bytes

  /// The chunks of one column, over all row groups.
  private struct ColumnBytes {
    var path: String
    var type: String
    var codecs: [String] = []
    var encodings: [String] = []
    var compressed = 0
    var uncompressed = 0
    var hasPageIndex = false

    mutating func add(_ chunk: ParquetColumnChunk) {
      if !codecs.contains(chunk.codec) { codecs.append(chunk.codec) }
      encodings += chunk.encodings.filter { !encodings.contains($0) }
      compressed &+= chunk.compressedByteCount
      uncompressed &+= chunk.uncompressedByteCount
      hasPageIndex = hasPageIndex || chunk.hasPageIndex
    }
  }

  private func columns(of file: ParquetFile) -> [ColumnBytes] {
    var columns: [ColumnBytes] = []
    for group in file.rowGroups.indices {
      for (index, chunk) in file.columnChunks(rowGroup: group).enumerated() {
        if index == columns.count {
          let type = chunk.column.map { TrinoType(file.schema[$0].type).description }
          columns.append(ColumnBytes(path: chunk.path, type: type ?? ""))
        }
        columns[index].add(chunk)
      }
    }
    return columns
  }

  private func parquetMeta(
    _ file: ParquetFile, _ record: ObjectRecord, _ tally: RequestTally
  ) -> Reply {
    let columns = columns(of: file)
    let total = columns.reduce(0) { $0 &+ $1.compressed }
    let facts = [
      (text("parquet.rows"), NumberText.grouped(file.rowCount)),
      (text("parquet.groups"), NumberText.grouped(file.rowGroups.count)),
      (text("parquet.columns"), NumberText.grouped(columns.count)),
      (text("parquet.size"), "\(NumberText.grouped(record.size)) B"),
      (text("parquet.writer"), TextWidth.printable(file.createdBy ?? "-")),
    ]
    let largest = columns.sorted { ($1.compressed, $0.path) < ($0.compressed, $1.path) }
    let chart = BarChart(
      title: text("parquet.chart"),
      bars: largest.map { BarChart.Bar($0.path, Double($0.compressed)) }, quantity: .bytes,
      texts: catalogue)
    let table = TableView(
      columns: [
        TableColumn("COLUMN"), TableColumn("TYPE"), TableColumn("CODEC"), .number("COMPRESSED"),
        .number("UNCOMPRESSED"), .number("%"), TableColumn("ENCODINGS"),
      ],
      rows: columns.map { column in
        let share = total > 0 ? Double(column.compressed) / Double(total) : 0
        return [
          column.path, column.type, column.codecs.joined(separator: ","),
          NumberText.grouped(column.compressed), NumberText.grouped(column.uncompressed),
          NumberText.decimal(share * 100, places: 1), column.encodings.joined(separator: ","),
        ]
      })
    return Reply(
      [
        .pairs(pairs(facts)), .drawing(chart), .table(table),
        .text(text("parquet.howStats", ["key": record.key])), cost(tally),
      ],
      data: .record([
        "key": .string(record.key), "size": .count(record.size), "rows": .count(file.rowCount),
        "created_by": .optional(file.createdBy),
        "columns": .array(
          columns.map { column in
            .record([
              "column": .string(column.path), "type": .string(column.type),
              "codecs": .array(column.codecs.map(JSONValue.string)),
              "encodings": .array(column.encodings.map(JSONValue.string)),
              "compressed_bytes": .count(column.compressed),
              "uncompressed_bytes": .count(column.uncompressed),
              "has_page_index": .bool(column.hasPageIndex),
            ])
          }),
        "row_groups": .array(
          file.rowGroups.map {
            .record([
              "rows": .count($0.rowCount), "compressed_bytes": .count($0.compressedByteCount),
              "uncompressed_bytes": .count($0.uncompressedByteCount),
            ])
          }),
        "requests": costData(tally),
      ]))
  }

  // MARK: Bounds

  private func parquetStatistics(
    _ file: ParquetFile, _ record: ObjectRecord, _ only: String?, _ tally: RequestTally
  ) throws -> Reply {
    let names = file.schema.fields.map(\.name)
    if let only, !names.contains(where: { $0.lowercased() == only.lowercased() }) {
      throw noSuch(.noSuchColumn, only, among: names)
    }
    var rows: [[String]] = []
    var data: [JSONValue] = []
    for (number, group) in file.rowGroups.enumerated() {
      for (field, statistics) in zip(file.schema.fields, group.statistics)
      where only == nil || field.name.lowercased() == only?.lowercased() {
        let type = TrinoType(field.type)
        let bounds = [statistics.min, statistics.max].map { $0.map(type.text) }
        rows.append(
          [String(number), NumberText.grouped(group.rowCount), field.name]
            + bounds.map { bound in
              bound.map {
                TextWidth.truncate(TextWidth.printable($0), to: Shell.boundWidth)
              } ?? "-"
            } + [statistics.nullCount.map { NumberText.grouped($0) } ?? "-"])
        data.append(
          .record([
            "row_group": .count(number), "rows": .count(group.rowCount),
            "column": .string(field.name), "min": .optional(bounds[0]), "max": .optional(bounds[1]),
            "nulls": statistics.nullCount.map { .count($0) } ?? .null,
          ]))
      }
    }
    let table = TableView(
      columns: [
        .number("GROUP"), .number("ROWS"), TableColumn("COLUMN"), TableColumn("MIN"),
        TableColumn("MAX"), .number("NULLS"),
      ], rows: Array(rows.prefix(Shell.statisticsMax)))
    var blocks: [Reply.Block] = [.table(table)]
    if rows.count > Shell.statisticsMax {
      blocks.append(
        .text(text("parquet.statsMore", ["hidden": NumberText.grouped(rows.count - Shell.statisticsMax)])))
    }
    blocks.append(.text(text("parquet.statsMeaning")))
    blocks.append(cost(tally))
    return Reply(
      blocks,
      data: .record([
        "key": .string(record.key), "statistics": .array(data), "requests": costData(tally),
      ]))
  }
}

/// An object's bytes as ranged GETs.
///
/// `@unchecked Sendable`: the tally is not safe to share; the thread of the command alone reads the footer.
private struct BucketBytes: RandomAccessBytes, @unchecked Sendable {
  let client: BucketClient
  let record: ObjectRecord

  var byteCount: Int { record.size }

  func read(_ range: Range<Int>) throws -> [UInt8] { try client.get(record.key, range: range) }
}
