internal import Connector
internal import DeltaLog
internal import EventModel
internal import Lake
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

// `catalog`: which files are a table, and since when.
extension Shell {
  private static let partitionsMax = 200

  /// `catalog tables|partitions|sync|register|drop|snapshots|rollback|expire|compact|poll`.
  func catalog(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "catalog", default: "tables")
    // Partitions hold `=`, so the words are taken as they are.
    let arguments = try RealToolArguments(
      rest, tool: "catalog " + action,
      values: Self.catalogValues[action] ?? [:],
      flags: Self.catalogFlags[action] ?? [:])
    let lake = try platform().lake
    if action == "tables" { return try catalogTables(arguments.positions.first, lake) }
    if action == "poll" { return try catalogPoll(arguments.positions, lake) }
    guard let name = arguments.positions.first else { throw catalogUsage(action) }
    let table = try lake.lakeTable(name)
    let words = Array(arguments.positions.dropFirst())
    let before = lake.store.ledger.snapshot()
    var reply: Reply
    switch action {
    case "partitions": reply = try catalogPartitions(table, lake)
    case "snapshots": reply = try catalogSnapshots(table, lake)
    case "sync": reply = try catalogSync(table, words, arguments, lake)
    case "register", "drop": reply = try catalogPartition(action, table, words, lake)
    case "rollback": reply = try catalogRollback(table, words, lake)
    case "expire": reply = try catalogExpire(table, arguments, lake)
    default: reply = try catalogCompact(table, words, arguments, lake)
    }
    reply.blocks.append(cost(asked(since: before, of: lake.store)))
    return reply
  }

  private static let catalogValues = [
    "expire": ["--older-than": "age"], "compact": ["--rows": "rows"],
  ]
  private static let catalogFlags = [
    "sync": ["--any-case": "any-case"], "expire": ["--dry-run": "dry-run", "--force": "force"],
  ]

  func catalogUsage(_ action: String) -> CommandError {
    CommandError(
      .missingArgument, ["command": "catalog " + action, "usage": text("help.catalog.usage")])
  }

  /// What the bucket was asked since an earlier count.
  private func asked(since before: RequestLedger.Snapshot, of bucket: Bucket) -> RequestTally {
    let tally = RequestTally()
    for (operation, count) in bucket.ledger.snapshot().requests {
      let more = count - before.requests[operation, default: 0]
      if more > 0 { tally.add(operation, more) }
    }
    return tally
  }

  // MARK: Looking

  private func catalogTables(_ schema: String?, _ lake: Lake) throws -> Reply {
    let tables = try lake.tableSummaries(schema: schema)
    let view = TableView(
      columns: [
        TableColumn("TABLE"), TableColumn("KIND"), TableColumn("FORMAT"),
        TableColumn("PARTITIONED BY"), .number("PARTITIONS"), TableColumn("LOCATION"),
      ],
      rows: tables.map { table in
        [
          table.name, table.kind.rawValue, table.format,
          table.partitionColumns.joined(separator: ", "),
          table.partitionCount.map { NumberText.grouped($0) } ?? "-", table.location,
        ]
      })
    return Reply(
      [fitted(view), .text(text("catalog.kinds"))],
      data: .array(
        tables.map { table in
          .record([
            "table": .string(table.name), "kind": .string(table.kind.rawValue),
            "format": .string(table.format), "location": .string(table.location),
            "partition_columns": .array(table.partitionColumns.map(JSONValue.string)),
            "partitions": table.partitionCount.map { .count($0) } ?? .null,
            "version": table.version.map { .integer($0) } ?? .null,
          ])
        }))
  }

  private func catalogPartitions(_ table: LakeTableSummary, _ lake: Lake) throws -> Reply {
    let partitions = try lake.partitionSummaries(table)
    let view = TableView(
      columns: [
        TableColumn("PARTITION"), .number("FILES"), .number("SIZE"), .number("ROWS"),
        TableColumn("LOCATION"),
      ],
      rows: partitions.suffix(Shell.partitionsMax).map { one in
        [
          one.name.isEmpty ? "-" : one.name, NumberText.grouped(one.fileCount),
          NumberText.bytes(one.size), one.rowCount.map { NumberText.grouped($0) } ?? "-",
          one.location,
        ]
      })
    let values = [
      "count": NumberText.grouped(partitions.count), "table": table.name,
      "files": NumberText.grouped(partitions.reduce(0) { $0 + $1.fileCount }),
    ]
    let key = table.kind == .delta ? "catalog.partitions.delta" : "catalog.partitions.hive"
    return Reply(
      (partitions.isEmpty ? [] : [fitted(view)]) + [.text(text(key, values))],
      data: .array(
        partitions.map { one in
          .record([
            "partition": .string(one.name), "location": .string(one.location),
            "files": .count(one.fileCount), "bytes": .integer(one.size),
            "rows": one.rowCount.map { .count($0) } ?? .null,
          ])
        }))
  }

  private func catalogSnapshots(_ table: LakeTableSummary, _ lake: Lake) throws -> Reply {
    var rows: [(version: Int64, milliseconds: Int64, operation: String, facts: [Int?])] = []
    if table.kind == .delta {
      for entry in try lake.deltaTable(table.name)?.history() ?? [] {
        rows.append(
          (
            entry.version, entry.timestamp, entry.operation,
            [entry.fileCount, entry.rowCount, entry.rowsAdded]
          ))
      }
    } else {
      for entry in try lake.hive.history(try lake.hiveName(table, "snapshots")) {
        rows.append((entry.version, entry.milliseconds, entry.operation, [entry.partitionCount]))
      }
    }
    let names = table.kind == .delta ? ["files", "rows", "rows_added"] : ["partitions"]
    let view = TableView(
      columns: [.number("VERSION"), TableColumn("COMMITTED"), TableColumn("OPERATION")]
        + names.map { .number($0.uppercased()) },
      rows: rows.suffix(Shell.partitionsMax).map { row in
        [String(row.version), Shell.stamp(row.milliseconds), row.operation]
          + row.facts.map { $0.map { NumberText.grouped($0) } ?? "-" }
      })
    return Reply(
      [.table(view)],
      data: .array(
        rows.map { row in
          var members = [
            JSONMember(key: "version", value: .integer(row.version)),
            JSONMember(
              key: "committed", value: .string(StoryTime(milliseconds: row.milliseconds).iso8601)),
            JSONMember(key: "operation", value: .string(row.operation)),
          ]
          for (name, fact) in zip(names, row.facts) {
            members.append(JSONMember(key: name, value: fact.map { .count($0) } ?? .null))
          }
          return .object(members)
        }))
  }

  // MARK: Partitions

  private func catalogSync(
    _ table: LakeTableSummary, _ words: [String], _ arguments: RealToolArguments, _ lake: Lake
  ) throws -> Reply {
    guard words.count < 2 else { throw catalogUsage("sync") }
    let word = words.first?.uppercased() ?? "ADD"
    guard let mode = HiveSyncMode(rawValue: word) else {
      throw CommandError(
        .badChoice,
        [
          "option": "sync", "value": words.first ?? "",
          "known": HiveSyncMode.allCases.map(\.rawValue).joined(separator: ", "),
        ])
    }
    let report = try lake.hive.syncPartitions(
      lake.hiveName(table, "partitions"), mode: mode, caseSensitive: !arguments.has("any-case"))
    let lines = report.added.map { "  + " + $0 } + report.dropped.map { "  - " + $0 }
    let values = [
      "added": NumberText.grouped(report.added.count),
      "dropped": NumberText.grouped(report.dropped.count),
    ]
    let said = lines.isEmpty ? text("catalog.sync.none") : text("catalog.sync.done", values)
    return Reply(
      (lines.isEmpty ? [] : [.verbatim(lines.joined(separator: "\n"))]) + [.text(said)],
      data: .record([
        "added": .array(report.added.map(JSONValue.string)),
        "dropped": .array(report.dropped.map(JSONValue.string)),
      ]))
  }

  /// `register TABLE PARTITION [LOCATION]`, `drop TABLE PARTITION`.
  private func catalogPartition(
    _ action: String, _ table: LakeTableSummary, _ words: [String], _ lake: Lake
  ) throws -> Reply {
    let isDrop = action == "drop"
    guard let partition = words.first, words.count <= (isDrop ? 1 : 2) else {
      throw catalogUsage(action)
    }
    let name = try lake.hiveName(table, "partitions")
    let (columns, values) = try lake.partitionValues(partition, of: table)
    if isDrop {
      try lake.hive.unregisterPartition(name, columns: columns, values: values)
    } else {
      let place = words.dropFirst().first.map { address($0).text }
      try lake.hive.registerPartition(name, columns: columns, values: values, uri: place)
    }
    let said = ["partition": partition, "table": table.name]
    return Reply(
      [.text(text(isDrop ? "catalog.dropped" : "catalog.registered", said))],
      data: .record(["table": .string(table.name), "partition": .string(partition)]))
  }
}
