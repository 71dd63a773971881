// The collector's state as tables of the catalog `system`, schema `collector`.

internal import Columnar
package import Connector
internal import KafkaProtocol
internal import Simulation

extension Collector {
  /// `archive`: what the raw archive keeps, where there is one. `turned_away`: the
  /// seconds in which requests were. `requests`: the recent ones. `dead_letters`: every refused event that the log still keeps.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    var tables: [String: ComposedCatalog.Provider] = [
      "requests": { [self] in requestsTable() },
      "dead_letters": { [self] in deadLettersTable() },
      "refusals": { [self] in refusalsTable() },
      "schemas": { [self] in schemasTable() },
      "keys": { [self] in keysTable() },
      "turned_away": { [self] in turnedAway.table },
    ]
    tables["archive"] = archive?.table
    return tables
  }

  private func requestsTable() -> any TableSource {
    let schema = Schema([
      Field("time", .timestampWithTimeZone, isNullable: false),
      Field("status", .integer, isNullable: false),
      Field("source", .varchar),
      Field("accepted", .bigint, isNullable: false),
      Field("refused", .bigint, isNullable: false),
      Field("body_bytes", .bigint, isNullable: false),
      Field("code", .varchar),
      Field("app_id", .varchar),
      Field("warned", .bigint, isNullable: false),
    ])
    let traces = recentRequests
    return ComputedTable(label: "system.collector.requests", schema: schema) { _ in
      let rows: [[Scalar]] = traces.map { trace in
        [
          .integer(trace.time.milliseconds &* 1_000), .integer(Int64(trace.status)),
          trace.source.map { .text($0) } ?? .null, .integer(Int64(trace.accepted)),
          .integer(Int64(trace.refused)), .integer(Int64(trace.bodyBytes)),
          trace.code.map { .text($0) } ?? .null, trace.app.map { .text($0) } ?? .null,
          .integer(Int64(trace.warned)),
        ]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  private func deadLettersTable() -> any TableSource {
    let schema = Schema([
      Field("offset", .bigint, isNullable: false),
      Field("time", .timestampWithTimeZone, isNullable: false),
      Field("reason", .varchar),
      Field("field", .varchar),
      Field("message", .varchar),
      Field("source", .varchar),
      Field("line", .bigint),
      Field("index", .bigint),
      Field("payload", .varchar),
    ])
    let partition = TopicPartition(configuration.deadLetterTopic, 0)
    return ComputedTable(label: "system.collector.dead_letters", schema: schema) {
      [log] request in
      var batches: [ColumnarBatch] = []
      var rowCount = 0
      var position = try log.startOffset(partition)
      while rowCount < request.limit ?? .max {
        let records = try log.read(partition, from: position, bytesMax: 1 << 20)
        guard let last = records.last else { break }
        batches.append(ColumnarBatch(schema: schema, rows: records.map(Self.deadLetterRow)))
        rowCount += records.count
        position = last.offset.advanced(by: 1)
      }
      return batches
    }
  }

  private static func deadLetterRow(_ record: Record) -> [Scalar] {
    func header(_ key: String) -> String? {
      guard let value = record.headers.first(where: { $0.key == key })?.value else { return nil }
      return String(decoding: value, as: UTF8.self)
    }
    func text(_ key: String) -> Scalar { header(key).map { .text($0) } ?? .null }
    func number(_ key: String) -> Scalar {
      header(key).flatMap { Int64($0) }.map { .integer($0) } ?? .null
    }
    let payload = record.value.map { Scalar.text(String(decoding: $0, as: UTF8.self)) } ?? .null
    return [
      .integer(record.offset.rawValue), .integer(record.timestamp &* 1_000), text("reason"),
      text("field"), text("message"), text("source"), number("line"), number("index"), payload,
    ]
  }
}
