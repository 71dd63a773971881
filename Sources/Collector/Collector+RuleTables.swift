// The rules as tables: what was refused or warned about, the schemas in force, the keys.

internal import Columnar
internal import Connector
internal import EventModel

extension Collector {
  /// `refusals`: how many events each rule met since the start; `action` is `refused`, `warned`, or
  /// `failed` for whole requests.
  func refusalsTable() -> any TableSource {
    let schema = Schema([
      Field("code", .varchar, isNullable: false), Field("action", .varchar, isNullable: false),
      Field("count", .bigint, isNullable: false),
    ])
    let counts = counts
    return ComputedTable(label: "system.collector.refusals", schema: schema) { _ in
      var rows: [[Scalar]] = []
      func add(_ codes: [(String, Int)], _ action: String) {
        for (code, count) in codes.sorted(by: { $0.0 < $1.0 }) {
          rows.append([.text(code), .text(action), .integer(Int64(count))])
        }
      }
      add(counts.refused.map { ($0.key.rawValue, $0.value) }, "refused")
      add(counts.warned.map { ($0.key.rawValue, $0.value) }, "warned")
      add(counts.failedRequests.map { ($0.key, $0.value) }, "failed")
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  /// `schemas`: one row for each property of each schema in force; an event without properties has one
  /// row with a null property.
  func schemasTable() -> any TableSource {
    let schema = Schema([
      Field("id", .bigint, isNullable: false), Field("subject", .varchar, isNullable: false),
      Field("version", .bigint, isNullable: false), Field("compatibility", .varchar),
      Field("property", .varchar), Field("type", .varchar), Field("required", .boolean),
      Field("allowed", .varchar), Field("minimum", .double), Field("maximum", .double),
      Field("pii", .boolean), Field("example", .varchar),
    ])
    let schemas = configuration.plan?.schemas ?? []
    let mode = configuration.plan?.mode
    return ComputedTable(label: "system.collector.schemas", schema: schema) { _ in
      var rows: [[Scalar]] = []
      for registered in schemas {
        let head: [Scalar] = [
          .integer(Int64(registered.id)), .text(registered.subject),
          .integer(Int64(registered.version)), mode.map { .text($0.rawValue) } ?? .null,
        ]
        if registered.schema.properties.isEmpty {
          rows.append(head + [Scalar](repeating: .null, count: 8))
        }
        for rule in registered.schema.properties {
          rows.append(
            head + [
              .text(rule.name), .text(rule.type.rawValue), .boolean(rule.isRequired),
              rule.values.map { .text($0.joined(separator: ", ")) } ?? .null,
              rule.minimum.map { .double($0) } ?? .null,
              rule.maximum.map { .double($0) } ?? .null, .boolean(rule.isPersonal),
              rule.example.map { .text($0.string ?? $0.text) } ?? .null,
            ])
        }
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }

  /// `keys`: the apps that may send, their keys masked, and what came with them since the start.
  func keysTable() -> any TableSource {
    let schema = Schema([
      Field("app_id", .varchar, isNullable: false), Field("key", .varchar),
      Field("requests", .bigint, isNullable: false),
      Field("accepted", .bigint, isNullable: false), Field("refused", .bigint, isNullable: false),
      Field("warned", .bigint, isNullable: false),
      Field("turned_away", .bigint, isNullable: false),
    ])
    let counts = counts
    var keys = configuration.writeKeys.map { (app: $0.app, key: Optional($0.masked)) }
    if !keys.contains(where: { $0.app == configuration.appID }) {
      keys.append((configuration.appID, nil))
    }
    let sorted = keys.sorted { $0.app < $1.app }
    return ComputedTable(label: "system.collector.keys", schema: schema) { _ in
      let rows: [[Scalar]] = sorted.map { entry in
        let sums = counts.apps[entry.app] ?? AppCounts()
        return [
          .text(entry.app), entry.key.map { .text($0) } ?? .null, .integer(Int64(sums.requests)),
          .integer(Int64(sums.accepted)), .integer(Int64(sums.refused)),
          .integer(Int64(sums.warned)), .integer(Int64(sums.turnedAway)),
        ]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }
}
