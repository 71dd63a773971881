// Moving a group's offsets by hand: the plan, as Kafka's own tool prints it, and doing it.

internal import EventLog
internal import EventModel
internal import KafkaProtocol
internal import LakeIngest
internal import Platform
internal import Simulation
internal import Terminal

/// Where a group's offsets are to be.
enum OffsetTarget {
  case earliest, latest, current
  case offset(Int64)
  case shift(Int64)
  case time(Int64)

  /// - Parameter options: by names without dashes, as `kafka-consumer-groups` has them.
  /// - Throws: `command.missingArgument` unless there is exactly one.
  init(_ options: [String: String], now: StoryTime) throws {
    let names = [
      "to-earliest", "to-latest", "to-current", "to-offset", "shift-by", "to-datetime",
      "by-duration",
    ]
    let given = names.filter { options[$0] != nil }
    guard given.count == 1, let name = given.first, let value = options[name] else {
      throw CommandError(
        .missingArgument,
        [
          "command": "kafka reset-offsets",
          "usage": "kafka reset-offsets lake-sink --to-earliest --execute  ("
            + names.map { "--" + $0 }.joined(separator: " | ") + ")",
        ])
    }
    func number() throws -> Int64 {
      guard let number = Int64(value) else {
        throw CommandError(
          .badNumber,
          ["option": "--" + name, "value": value, "low": "0", "high": String(Int64.max)])
      }
      return number
    }
    switch name {
    case "to-earliest": self = .earliest
    case "to-latest": self = .latest
    case "to-current": self = .current
    case "to-offset": self = .offset(try number())
    case "shift-by": self = .shift(try number())
    case "by-duration":
      guard let milliseconds = Self.duration(value) else {
        throw CommandError(.badDuration, ["text": value])
      }
      self = .time(now.milliseconds - milliseconds)
    default:
      self = .time(try Shell.moment(value, now: now).milliseconds)
    }
  }

  /// `PT1H30M`, `P1D`, or `1h`, in milliseconds.
  static func duration(_ text: String) -> Int64? {
    var rest = text.uppercased()[...]
    if rest.first == "P" { rest.removeFirst() }
    var total: Int64 = 0
    var digits = ""
    let units: [Character: Int64] = ["D": 86_400_000, "H": 3_600_000, "M": 60_000, "S": 1_000]
    for character in rest where character != "T" {
      if character.isASCII, character.isNumber {
        digits.append(character)
        continue
      }
      guard let unit = units[character], let count = Int64(digits), count < 1_000_000 else {
        return nil
      }
      total += count * unit
      digits = ""
    }
    return digits.isEmpty && total > 0 ? total : nil
  }

  /// The offset in a partition, kept within what the log holds.
  func offset(_ log: EventLog, _ group: String, _ place: TopicPartition) throws -> Int64 {
    let first = try log.startOffset(place).rawValue
    let end = try log.endOffset(place).rawValue
    let current = try log.committedOffset(group: group, place)?.rawValue ?? first
    let wanted: Int64
    switch self {
    case .earliest: wanted = first
    case .latest: wanted = end
    case .current: wanted = current
    case .offset(let offset): wanted = offset
    case .shift(let distance): wanted = current.addingReportingOverflow(distance).partialValue
    case .time(let time): wanted = try log.offset(place, atOrAfter: time).rawValue
    }
    return min(max(wanted, first), end)
  }
}

extension Shell {
  /// `kafka reset-offsets GROUP [--topic T[:0,1]] --to-earliest|… [--dry-run|--execute]`.
  func resetOffsets(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(
      words, flags: ["dry-run", "execute", "to-earliest", "to-latest", "to-current"])
    try arguments.allowOnly(
      "group", "topic", "dry-run", "execute", "to-earliest", "to-latest", "to-current", "to-offset",
      "shift-by", "to-datetime", "by-duration")
    guard let group = arguments.positions.first ?? arguments.options["group"] else {
      throw CommandError(
        .missingArgument,
        ["command": "kafka", "usage": "kafka reset-offsets lake-sink --to-earliest --dry-run"])
    }
    let rows = try resetOffsets(group, arguments.options)
    let isDone = arguments.options["execute"] != nil
    let view = TableView(
      columns: [
        TableColumn("GROUP"), TableColumn("TOPIC"), .number("PARTITION"), .number("NEW-OFFSET"),
      ],
      rows: rows)
    var blocks: [Reply.Block] = [.table(view)]
    blocks.append(.text(text(isDone ? "kafka.reset.done" : "kafka.reset.dry")))
    if try platform().pipeline.ingest().delivery == .exactlyOnce, group == "lake-sink" {
      blocks.append(.text(text("kafka.reset.lake")))
    }
    return Reply(blocks, data: resetData(rows, isDone: isDone))
  }

  func resetData(_ rows: [[String]], isDone: Bool) -> JSONValue {
    .record([
      "executed": .bool(isDone),
      "offsets": .array(
        rows.map {
          .record([
            "group": .string($0[0]), "topic": .string($0[1]),
            "partition": .integer(Int64($0[2]) ?? 0), "new_offset": .integer(Int64($0[3]) ?? 0),
          ])
        }),
    ])
  }

  /// The plan, as rows of group, topic, partition and new offset; carried out with `execute`.
  func resetOffsets(_ group: String, _ options: [String: String]) throws -> [[String]] {
    let platform = try platform()
    let log = platform.log
    let target = try OffsetTarget(options, now: platform.now)
    let groups = log.groupNames()
    // A group that committed nothing yet may be given offsets, if its topic is named.
    guard groups.contains(group) || options["topic"] != nil else {
      throw noSuchGroup(group, among: groups)
    }
    var places: [TopicPartition] = []
    if let named = options["topic"] {
      let parts = named.split(separator: ":", maxSplits: 1).map(String.init)
      let topic = parts[0]
      let topics = log.topicNames()
      guard topics.contains(topic) else { throw noSuchTopic(topic, among: topics) }
      let count = try log.partitionCount(of: topic)
      let numbers =
        parts.count > 1
        ? parts[1].split(separator: ",").map { Int32($0) ?? -1 } : (0..<count).map(Int32.init)
      if let bad = numbers.first(where: { $0 < 0 || Int($0) >= count }) {
        throw CommandError(
          .badNumber,
          ["option": "--topic", "value": String(bad), "low": "0", "high": String(count - 1)])
      }
      places = numbers.map { TopicPartition(topic, $0) }
    } else {
      for topic in log.topicNames() {
        for number in 0..<(try log.partitionCount(of: topic)) {
          let place = TopicPartition(topic, Int32(number))
          if try log.committedOffset(group: group, place) != nil { places.append(place) }
        }
      }
    }
    var plan: [TopicPartition: Offset] = [:]
    for place in places {
      plan[place] = Offset(rawValue: try target.offset(log, group, place))
    }
    if options["execute"] != nil {
      try log.resetOffsets(group: group, plan, at: platform.now.milliseconds)
    }
    return plan.sorted { $0.key < $1.key }.map {
      [group, $0.key.topic, String($0.key.partition), String($0.value.rawValue)]
    }
  }
}
