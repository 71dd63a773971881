// What a line means to the incident that is open: a repair that must wait, or something that was read.
//
// A reading says which tables an answer came from and which values it showed. Our commands, SQL and
// the field's tools say so by the same names, so that a fact is found whichever of them was typed.

internal import Course
internal import Dashboard
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

extension Shell {
  /// Runs `body` for a line; before it, a repair may be refused, after it, what it read is written down.
  func watchedByIncident(_ line: String, _ body: () throws -> Reply) throws -> Reply {
    let trimmed = line.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !trimmed.isEmpty, !trimmed.hasPrefix("#"), !incidents.isBusy,
      let session = openIncident(),
      let meaning = LineMeaning(trimmed, session: try sqlSession())
    else { return try body() }
    if let repair = meaning.repair, let refusal = session.refusal(of: repair) {
      throw CommandError(.repairLocked, ["command": repair, "reason": refusal])
    }
    var reply = try body()
    guard reply.exit == .success else { return reply }
    if meaning.rewinds, reply.data["now"] != nil, reply.data["name"]?.string == session.fork {
      try session.didRewind()
    }
    do {
      incidents.isBusy = true
      defer { incidents.isBusy = false }
      let reading = IncidentReading(
        line: trimmed, sources: sources(meaning), values: Self.scalars(reply.data),
        rowCount: Self.rowCount(reply.data), repair: meaning.repair)
      let said = try session.note(reading, storyTime: try platform().now.milliseconds)
      reply.blocks += said.map { .text("    " + output.style.apply(.dim, $0)) }
      if reply.atWork != nil { reply.atWorkIndex = reply.blocks.count }
    } catch {
      unsaidNotices.append(ErrorText(error, catalogue: catalogue).message)
    }
    return reply
  }

  /// Where the values of an answer came from, by the full names of tables.
  private func sources(_ meaning: LineMeaning) -> Set<String> {
    guard let platform = try? platform() else { return [] }
    var sources = meaning.sources
    for statement in meaning.statements { sources.formUnion(tables(of: statement, platform)) }
    if meaning.isDashboard {
      for tile in (try? platform.pipeline.tiles()) ?? [] {
        sources.formUnion(Self.tables(in: tile.sql))
      }
    }
    return sources
  }

  /// The tables that a query reads, as its plan says; none for what is no query.
  private func tables(of sql: String, _ platform: Platform) -> Set<String> {
    guard
      let plan = try? platform.engine.execute(
        "EXPLAIN (TYPE IO, FORMAT JSON) " + sql, session: sqlSession())
    else { return [] }
    let text = plan.rows().map { plan.text($0[0], column: 0) }.joined(separator: "\n")
    guard let value = try? Array(text.utf8).withUnsafeBytes({ try JSONValue(parsing: $0) }),
      case .array(let inputs)? = value["inputTableColumnInfos"]
    else { return [] }
    return Set(
      inputs.compactMap { input in
        guard let catalog = input["table"]?["catalog"]?.string,
          let name = input["table"]?["schemaTable"],
          let schema = name["schema"]?.string, let table = name["table"]?.string
        else { return nil }
        return "\(catalog).\(schema).\(table)".lowercased()
      })
  }

  /// The full names after FROM and JOIN in a tile's query.
  private static func tables(in sql: String) -> Set<String> {
    Set(
      sql.matches(of: /(?i)\b(?:from|join)\s+([a-z_]+\.[a-z_]+\.[a-z_]+)/).map {
        $0.1.lowercased()
      })
  }

  /// Values of a huge answer beyond this many are not looked at.
  private static let valuesMax = 20_000

  /// Every value of an answer's rows; the names of its columns are none.
  private static func scalars(_ data: JSONValue) -> [String] {
    var values: [String] = []
    func visit(_ value: JSONValue) {
      guard values.count < valuesMax else { return }
      switch value {
      case .object(let members): for member in members { visit(member.value) }
      case .array(let elements): for element in elements { visit(element) }
      case .string(let text): values.append(text)
      case .integer(let number): values.append(String(number))
      case .bool(let flag): values.append(String(flag))
      case .double(let number): values.append(String(number))
      case .null: break
      }
    }
    visit(data["rows"] ?? data)
    return values
  }

  private static func rowCount(_ data: JSONValue) -> Int {
    switch data["rows"] ?? data {
    case .array(let rows): rows.count
    case .object: 1
    default: 0
    }
  }
}

/// What a line is, told from its words and never from how they are spaced or quoted.
private struct LineMeaning {
  /// What repair it begins with: `dag run`, `delete`.
  var repair: String?
  /// Tables that a command reads.
  var sources: Set<String> = []
  /// SQL whose tables are still to be found.
  var statements: [String] = []
  var isDashboard = false
  var rewinds = false
  private let session: Session

  /// Commands of the course and of the prompt itself: neither evidence nor repair.
  private static let silent: Set<Command.Group> = [.lesson, .course, .prompt]
  /// Commands that change the world, but not the pipeline and its data.
  private static let harmless: Set<String> = ["app", "canary", "clock", "fork", "rewind", "serve"]

  /// Nil for a line that is none of the incident's business.
  ///
  /// `session` is the one in which statements are typed.
  init?(_ line: String, session: Session) {
    self.session = session
    if StatementShape.looksLikeSQL(line) {
      read(sql: line)
      return
    }
    guard
      let words = try? CommandLineWords(line.precomposedStringWithCanonicalMapping).words,
      let name = words.first
    else { return nil }
    let rest = Array(words.dropFirst())
    if let command = CommandTable.named(name) {
      guard !Self.silent.contains(command.group) else { return nil }
      read(command, rest)
    } else if let tool = RealTool.named(name) {
      read(tool, rest)
    } else {
      return nil
    }
  }

  private mutating func read(sql: String) {
    let split = StatementSplitter.split(StatementShape.vertical(sql) ?? sql)
    for statement in split.statements.map(\.text) {
      if Shell.changesData(statement, prepared: session.prepared) {
        guard !isScratch(statement) else { continue }
        let word = statement.drop { !$0.isLetter }.prefix { $0.isLetter }.lowercased()
        if repair == nil { repair = word }
      } else {
        statements.append(statement)
      }
    }
  }

  /// True where a statement writes into the learner's own tables in memory, which no pipeline reads.
  private func isScratch(_ statement: String) -> Bool {
    let target = /(?i)\b(?:into|from|table|update|view|schema)\s+(?:if\s+(?:not\s+)?exists\s+)?([\w."]+)/
    guard let name = statement.firstMatch(of: target)?.1 else { return false }
    let parts = name.replacing("\"", with: "").split(separator: ".")
    return (parts.count == 3 ? parts[0].lowercased() : session.catalog?.lowercased()) == "memory"
  }

  private mutating func read(_ command: Command, _ rest: [String]) {
    let name = command.names[0]
    let action = rest.first?.lowercased() ?? command.subcommands.first ?? ""
    rewinds = name == "rewind"
    if command.isOperational(rest), !Self.harmless.contains(name) {
      repair = rest.isEmpty || name == "collect" ? name : "\(name) \(action)"
    }
    switch (name, action) {
    case ("kafka", "topics"), ("kafka", "describe"): sources = ["system.kafka.partitions"]
    case ("kafka", "read"): sources = ["system.kafka.records"]
    case ("kafka", "members") where rest.contains("--history"):
      sources = ["system.kafka.rebalances"]
    case ("kafka", "members"): sources = ["system.kafka.members", "system.kafka.sink_members"]
    case ("kafka", "groups") where rest.contains("--history"),
      ("kafka", "lag") where rest.contains("--history"):
      sources = ["system.kafka.offsets_history"]
    case ("kafka", "brokers"): sources = ["system.kafka.replicas"]
    case ("kafka", "config"): sources = ["system.kafka.configs"]
    case ("kafka", _): sources = ["system.kafka.consumer_groups"]
    case ("collector", "rules"): sources = ["system.collector.refusals"]
    case ("collector", "load"): sources = ["system.collector.turned_away"]
    case ("collector", "archive"), ("collector", "replay"): sources = ["system.collector.archive"]
    case ("collector", "schema"): sources = ["system.collector.schemas"]
    case ("collector", _): sources = ["system.collector.requests"]
    case ("dlq", _): sources = ["system.collector.dead_letters"]
    case ("catalog", _):
      sources = [
        "system.lake.snapshots", "system.lake.hive_partitions", "system.lake.hive_versions",
      ]
    case ("cost", _): sources = ["system.s3.storage", "system.s3.requests"]
    case ("s3", "requests"): sources = ["system.s3.requests"]
    case ("s3", "du"): sources = ["system.lake.objects", "system.s3.storage"]
    case ("s3", _), ("parquet", _): sources = ["system.lake.objects"]
    case ("dag", "list"), ("dag", "show"): sources = ["system.etl.task_instances"]
    case ("app", "devices"): sources = ["system.sdk.devices"]
    case ("app", "queue") where Shell.asksOfTheCrowd(rest): sources = ["system.sdk.devices"]
    case ("app", "config"): sources = ["system.sdk.config"]
    case ("app", "log") where rest.contains("--requests"):
      sources = ["system.sdk.events", "system.sdk.requests"]
    case ("app", "queue"), ("app", "log"): sources = ["system.sdk.events"]
    case ("trace", _), ("canary", _): sources = ["trace"]
    case ("status", _): sources = ["status"]
    case ("dash", _): isDashboard = true
    default: break
    }
  }

  private mutating func read(_ tool: RealTool, _ words: [String]) {
    switch tool.names[0] {
    case "kcat":
      sources = words.contains("-L") ? ["system.kafka.partitions"] : ["system.kafka.records"]
    case "kafka-topics": sources = ["system.kafka.partitions"]
    case "kafka-console-consumer": sources = ["system.kafka.records"]
    case "kafka-configs": sources = ["system.kafka.configs"]
    case "kafka-consumer-groups": sources = ["system.kafka.consumer_groups"]
    case "aws": sources = ["system.lake.objects"]
    case "airflow": sources = ["system.etl.task_instances"]
    case "trino":
      for word in words {
        let text = word.hasPrefix("--execute=") ? String(word.dropFirst(10)) : word
        guard StatementShape.looksLikeSQL(text) else { continue }
        read(sql: text.hasSuffix(";") ? text : text + ";")
      }
    default: break
    }
    // The same repair has one name, whoever is asked to do it.
    if repair == nil, tool.isOperational(words) {
      repair = tool.names[0] == "airflow" ? "dag run" : tool.names[0]
    }
  }
}
