// Kafka's own tools for groups and settings, with the columns that they print.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Terminal

extension Shell {
  private static let resets = [
    "--to-offset", "--shift-by", "--to-datetime", "--by-duration", "--topic",
  ]

  /// `kafka-consumer-groups.sh --list`, `--describe --group G [--members|--state]`,
  /// `--reset-offsets --group G --to-earliest [--execute]`.
  func kafkaConsumerGroups(_ words: [String]) throws -> Reply {
    var values = ["--bootstrap-server": "broker", "--group": "group", "--timeout": "timeout"]
    for name in Shell.resets { values[name] = String(name.dropFirst(2)) }
    let arguments = try RealToolArguments(
      words, tool: "kafka-consumer-groups",
      values: values,
      flags: ["--list": "list", "--describe": "describe", "--all-groups": "all",
        "--reset-offsets": "reset", "--execute": "execute", "--dry-run": "dry-run",
        "--delete": "delete", "--to-earliest": "to-earliest", "--to-latest": "to-latest",
        "--to-current": "to-current", "--members": "members", "--state": "state",
        "--offsets": "offsets", "--verbose": "verbose", "--all-topics": "all-topics"])
    if arguments.has("delete") {
      throw notHere("kafka-consumer-groups", "--delete", "kafka reset-offsets")
    }
    let log = try platform().log
    let groups = log.groupNames()
    if arguments.has("reset") { return try resetByTool(arguments) }
    guard arguments.has("describe") else { return toolReply(groups) }
    if let group = arguments["group"], !groups.contains(group) {
      throw noSuchGroup(group, among: groups)
    }
    let wanted = groups.filter { name in arguments["group"].map { $0 == name } ?? true }
    let rows: [[String]]
    if arguments.has("members") {
      rows = memberRows(wanted, isVerbose: arguments.has("verbose"))
    } else if arguments.has("state") {
      rows = stateRows(wanted)
    } else {
      rows = try offsetRows(wanted)
    }
    let lines = [""] + Shell.columns(rows, gap: 1)
    return toolReply(lines, data: .array(rows.dropFirst().map { .array($0.map(JSONValue.string)) }))
  }

  private func resetByTool(_ arguments: RealToolArguments) throws -> Reply {
    guard let group = arguments["group"] else {
      throw CommandError(
        .missingArgument,
        [
          "command": "kafka-consumer-groups",
          "usage": "kafka-consumer-groups.sh --group G --reset-offsets --to-earliest --dry-run",
        ])
    }
    let rows = try resetOffsets(group, arguments.options)
    let lines = [""] + Shell.columns([["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"]] + rows, gap: 1)
    return toolReply(lines, data: resetData(rows, isDone: arguments.has("execute")))
  }

  private func offsetRows(_ groups: [String]) throws -> [[String]] {
    let log = try platform().log
    var rows = [
      ["GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID",
        "HOST", "CLIENT-ID"]
    ]
    for group in groups {
      let members = log.residentGroup(group)?.members ?? []
      for topic in log.topicNames() {
        for number in 0..<(try log.partitionCount(of: topic)) {
          let place = TopicPartition(topic, Int32(number))
          let owner = members.first {
            ConsumerGroup.partitions($0.assignment)?.contains(place) ?? false
          }
          let current = try log.committedOffset(group: group, place)
          guard current != nil || owner != nil else { continue }
          let end = try log.endOffset(place).rawValue
          var row: [String] = [group, topic, String(number)]
          row.append(current.map { String($0.rawValue) } ?? "-")
          row.append(String(end))
          row.append(current.map { String(max(0, end - $0.rawValue)) } ?? "-")
          row += [owner?.id ?? "-", owner?.clientHost ?? "-", owner?.clientID ?? "-"]
          rows.append(row)
        }
      }
    }
    return rows
  }

  private func memberRows(_ groups: [String], isVerbose: Bool) -> [[String]] {
    let log = try? platform().log
    var rows = [["GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS"]]
    if isVerbose { rows[0].append("ASSIGNMENT") }
    for group in groups {
      for member in log?.residentGroup(group)?.members ?? [] {
        let places = ConsumerGroup.partitions(member.assignment) ?? []
        var row = [group, member.id, member.clientHost, member.clientID, String(places.count)]
        if isVerbose {
          let topics = Dictionary(grouping: places) { $0.topic }.sorted { $0.key < $1.key }
          var texts: [String] = []
          for (topic, places) in topics {
            let numbers = places.map { String($0.partition) }.joined(separator: ",")
            texts.append("\(topic)(\(numbers))")
          }
          row.append(texts.isEmpty ? "-" : texts.joined(separator: ", "))
        }
        rows.append(row)
      }
    }
    return rows
  }

  private func stateRows(_ groups: [String]) -> [[String]] {
    let log = try? platform().log
    var rows = [["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS"]]
    for name in groups {
      let group = log?.residentGroup(name)
      rows.append([
        name, "localhost:9092 (1)", group?.protocolName ?? "-", group?.state.rawValue ?? "Empty",
        String(group?.members.count ?? 0),
      ])
    }
    return rows
  }

  /// `kafka-configs.sh --entity-type topics --entity-name T --describe`, or
  /// `--alter --add-config a=b`.
  func kafkaConfigs(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "kafka-configs",
      values: ["--bootstrap-server": "broker", "--entity-type": "type", "--entity-name": "name",
        "--topic": "name", "--add-config": "add", "--delete-config": "delete"],
      flags: ["--describe": "describe", "--alter": "alter", "--all": "all"])
    if let type = arguments["type"], type != "topics" {
      throw notHere("kafka-configs", "--entity-type \(type)", "--entity-type topics")
    }
    let log = try platform().log
    guard let topic = arguments["name"] else {
      throw CommandError(
        .missingArgument,
        [
          "command": "kafka-configs",
          "usage": "kafka-configs.sh --entity-type topics --entity-name app-events --describe",
        ])
    }
    guard let known = log.topic(topic) else { throw noSuchTopic(topic, among: log.topicNames()) }
    if arguments.has("alter") {
      var pairs: [(String, String?)] = []
      for pair in arguments["add"]?.split(separator: ",") ?? [] {
        let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw CommandError(.badProperty, ["text": String(pair)]) }
        pairs.append((parts[0], parts[1]))
      }
      for name in arguments["delete"]?.split(separator: ",") ?? [] {
        pairs.append((String(name), nil))
      }
      try setTopic(topic, pairs)
      return toolReply(["Completed updating config for topic \(topic)."])
    }
    let settings = known.configuration
    let names =
      arguments.has("all")
      ? TopicConfiguration.settings.map(\.name) : settings.overrides.keys.sorted()
    let head =
      arguments.has("all")
      ? "All configs for topic \(topic) are:" : "Dynamic configs for topic \(topic) are:"
    return toolReply(
      [head]
        + names.map { "  \($0)=\(settings.value($0) ?? "") sensitive=false" })
  }
}
