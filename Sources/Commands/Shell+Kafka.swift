internal import EventModel
internal import KafkaProtocol
internal import Platform
internal import Terminal

extension Shell {
  /// `kafka topics|create|describe|groups|lag|members|read|produce|config|reset-offsets`: the log, with the
  /// columns that its own tools show.
  func kafka(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "kafka")
    try checkKafkaAction(action, rest)
    switch action {
    case "topics":
      return try table(
        of: """
          SELECT topic, partition, start_offset, end_offset, size_bytes
          FROM system.kafka.partitions ORDER BY topic, partition
          """
      )
    case "groups", "lag": return try kafkaLag(rest, of: action)
    case "describe": return try describeTopic(rest)
    case "members": return try kafkaMembers(rest)
    case "brokers": return try kafkaBrokers(rest)
    case "kill-leader": return try killLeader(rest)
    case "create": return try createTopic(rest)
    case "config": return try topicConfig(rest)
    case "produce": return try produceRecord(rest)
    case "reset-offsets": return try resetOffsets(rest)
    default: return try readTopic(rest)
    }
  }

  private func readTopic(_ words: [String]) throws -> Reply {
    let short = ["-p": "--partition", "-o": "--offset", "-c": "--count", "-t": "--topic"]
    let arguments = try Arguments(words.map { short[$0] ?? $0 })
    try arguments.allowOnly("partition", "offset", "count", "last", "where", "topic")
    let platform = try platform()
    let topic = arguments.positions.first ?? arguments.options["topic"] ?? "app-events"
    let topics = try platform.events.topicNames()
    guard topics.contains(topic) else { throw noSuchTopic(topic, among: topics) }
    let partitions = try platform.events.partitionCount(of: topic)
    let partition = try arguments.integer("partition", in: 0...(partitions - 1))
    let offset = try arguments.integer("offset", in: 0...Int.max)
    let filter = try RecordFilter(arguments)
    var limit = try arguments.integer("last", in: 1...1_000)
    if limit == nil { limit = try arguments.integer("count", in: 1...1_000) }
    let selection = RecordSelection(
      topic: topic,
      partitions: partition.map { [Int32($0)] } ?? (0..<partitions).map(Int32.init),
      offset: offset.map { Offset(rawValue: Int64($0)) },
      filter: filter,
      limit: limit ?? 10
    )
    let found = try selection.read(platform.events)
    let data = JSONValue.array(found.map(\.json))
    guard !found.isEmpty else { return Reply([.text(text("kafka.read.none"))], data: data) }
    return Reply([.table(RecordSelection.table(found))], data: data)
  }
}

/// `--where field=value`: an envelope field or a property; an `event_id` may be its beginning.
struct RecordFilter {
  var field: String
  var value: String

  init?(_ arguments: Arguments) throws {
    guard let text = arguments.options["where"] else { return nil }
    guard let equals = text.firstIndex(of: "=") else {
      throw CommandError(.badProperty, ["text": text])
    }
    field = String(text[..<equals])
    value = String(text[text.index(after: equals)...])
  }

  func matches(_ event: JSONValue) -> Bool {
    guard let found = event[field] ?? event["properties"]?[field] else { return false }
    let text: String
    if case .string(let string) = found { text = string } else { text = found.text }
    return field == "event_id" && value.count >= 4 ? text.hasPrefix(value) : text == value
  }
}

/// The records that `kafka read` shows.
struct RecordSelection {
  var topic: String
  var partitions: [Int32]
  /// Reads forward from here; from the tail where nil.
  var offset: Offset?
  var filter: RecordFilter?
  var limit: Int

  struct Found {
    var partition: Int32
    var offset: Offset
    var timestamp: Int64
    /// What has picked the partition; nil for a record without a key.
    var key: [UInt8]?
    var event: JSONValue?
    var value: [UInt8]

    var json: JSONValue {
      .record([
        "partition": .integer(Int64(partition)), "offset": .integer(offset.rawValue),
        "timestamp": .string(EventTimestamp.format(timestamp)),
        "key": key.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
        "value": event ?? .string(String(decoding: value, as: UTF8.self)),
      ])
    }
  }

  /// The first `limit` matches from `offset` on, or the last ones of all, by append time.
  func read(_ log: any WorldLog) throws -> [Found] {
    var found: [Found] = []
    for number in partitions {
      let partition = TopicPartition(topic, number)
      let end = try log.endOffset(partition)
      let start = try log.startOffset(partition)
      var next = offset ?? start
      if offset == nil, filter == nil {
        next = Offset(rawValue: max(start.rawValue, end.rawValue - Int64(limit)))
      }
      next = max(next, start)
      var own: [Found] = []
      while next < end, offset == nil || own.count < limit {
        let records = try log.read(partition, from: next, bytesMax: 1 << 20)
        guard let last = records.last else { break }
        for record in records where record.offset >= next {
          let item = Found(
            partition: number,
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key,
            event: (record.value ?? []).withUnsafeBytes { try? JSONValue(parsing: $0) },
            value: record.value ?? []
          )
          if let filter, !(item.event.map(filter.matches) ?? false) { continue }
          own.append(item)
        }
        next = last.offset.advanced(by: 1)
      }
      found += offset == nil ? own.suffix(limit) : own.prefix(limit)
    }
    let ordered = found.sorted {
      ($0.timestamp, $0.partition, $0.offset.rawValue)
        < ($1.timestamp, $1.partition, $1.offset.rawValue)
    }
    return Array(offset == nil ? ordered.suffix(limit) : ordered.prefix(limit))
  }

  static func table(_ found: [Found]) -> TableView {
    func text(_ value: JSONValue?) -> String {
      guard let value else { return "" }
      if case .string(let string) = value { return string }
      return value.text
    }
    return TableView(
      columns: [
        .number("PARTITION"), .number("OFFSET"), TableColumn("KEY"), TableColumn("EVENT_NAME"),
        TableColumn("EVENT_ID"), .number("PRICE"),
      ],
      rows: found.map { item in
        [
          String(item.partition), String(item.offset.rawValue),
          // As SQL writes them: no key is not the empty one.
          item.key.map { $0.isEmpty ? "''" : String(decoding: $0.prefix(24), as: UTF8.self) } ?? "NULL",
          item.event == nil
            ? String(decoding: item.value.prefix(40), as: UTF8.self)
            : text(item.event?["event_name"]),
          String(text(item.event?["event_id"]).prefix(8)),
          text(item.event?["properties"]?["price"]),
        ]
      }
    )
  }
}
