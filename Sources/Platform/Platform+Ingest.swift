// Bronze's consumer group: set by `pipeline/ingest.yaml`, remembered in `ingest_group`, beside the
// clock that its members live on.

package import Connector
internal import Columnar
internal import EventLog
internal import Foundation
internal import KafkaProtocol
package import LakeIngest
internal import RemoteKafka

extension PipelineFiles {
  /// `ingest.yaml`; the defaults where there is none.
  ///
  /// - Throws: `platform.pipelineFile` for an unknown key or a value that cannot be.
  package func ingest() throws -> IngestSettings {
    let file = "ingest.yaml"
    var settings = IngestSettings()
    guard FileManager.default.fileExists(atPath: root + "/" + file) else { return settings }
    var values = try mapping(file)
    func word<Choice: RawRepresentable & CaseIterable>(_ key: String, _ value: inout Choice) throws
    where Choice.RawValue == String {
      guard let given = values.removeValue(forKey: key) else { return }
      guard let choice = (given as? String).flatMap(Choice.init(rawValue:)) else {
        let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw invalid(file, "needs one of \(known) for `\(key)`")
      }
      value = choice
    }
    func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let given = values.removeValue(forKey: key) else { return nil }
      guard let number = given as? Int, range.contains(number) else {
        throw invalid(
          file, "needs a whole number from \(range.lowerBound) to \(range.upperBound) for `\(key)`")
      }
      return number
    }
    func seconds(_ key: String, _ value: inout Int64) throws {
      if let number = try number(key, 1...86_400) { value = Int64(number) * 1_000 }
    }
    try word("delivery", &settings.delivery)
    try word("autoOffsetReset", &settings.reset)
    try word("poison", &settings.poison)
    settings.consumers = try number("consumers", 0...SinkGroup.membersMax) ?? settings.consumers
    settings.pollRecordsMax =
      try number("maxPollRecords", 1...1_000_000) ?? settings.pollRecordsMax
    try seconds("maxPollIntervalSeconds", &settings.pollIntervalMax)
    try seconds("sessionTimeoutSeconds", &settings.sessionTimeout)
    try seconds("autoCommitIntervalSeconds", &settings.commitInterval)
    if let given = values.removeValue(forKey: "millisecondsPerRecord") {
      let number = given as? Double ?? (given as? Int).map(Double.init) ?? -1
      guard (0...3_600_000).contains(number) else {
        throw invalid(file, "needs a number from 0 to 3600000 for `millisecondsPerRecord`")
      }
      settings.recordMilliseconds = number
    }
    if let unknown = values.keys.sorted().first {
      throw invalid(file, "has a key `\(unknown)` that nobody reads")
    }
    return settings
  }
}

extension Platform {
  static func ingestGroupPath(_ directory: String) -> String { directory + "/ingest_group" }

  /// How the members stood when the world was last open; a file that cannot be read is none.
  static func ingestGroup(_ directory: String) -> SinkGroup {
    guard let data = FileManager.default.contents(atPath: ingestGroupPath(directory)),
      let group = try? JSONDecoder().decode(SinkGroup.self, from: data)
    else { return SinkGroup() }
    return group
  }

  /// Keeps how the members stand; before the clock, which says that they have lived until then.
  func saveIngestGroup() throws {
    try ingest.settle(at: now)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let path = Platform.ingestGroupPath(directory)
    let data = try encoder.encode(ingest.group)
    guard FileManager.default.contents(atPath: path) != data else { return }
    try Home.write([UInt8](data), to: path)
  }

  /// Stops, hangs or starts a consumer of Bronze's group; false where there is none of the number.
  package func setConsumer(_ number: Int, _ condition: SinkGroup.Condition) throws -> Bool {
    guard try ingest.set(member: number, condition, at: now) else { return false }
    try saveIngestGroup()
    return true
  }

  /// One consumer more in Bronze's group; false where there are as many as there may be.
  package func addConsumer() throws -> Bool {
    guard try ingest.addMember(at: now) else { return false }
    try saveIngestGroup()
    return true
  }

  /// `system.kafka` with the tables of Bronze's group.
  static func kafkaTables(
    _ log: EventLog, _ kafka: RemoteKafkaLog?, _ ingest: BronzeIngest
  ) -> [String: ComposedCatalog.Provider] {
    (kafka.map { clusterTables($0, log) } ?? log.systemTables()).merging([
      "sink_members": {
        ComputedTable(label: "sink_members", schema: memberSchema) { _ in
          let rows: [[Scalar]] = ingest.group.members.map { member -> [Scalar] in
            [
              .integer(Int64(member.number)), .text(member.clientID),
              .text(member.condition.rawValue), .boolean(member.joined != nil),
              .text(member.assignment.map { String($0) }.joined(separator: ",")),
              member.joined.map { .integer(Int64($0)) } ?? .null,
              .integer(member.since &* 1_000), member.lastPoll.map { .integer($0 &* 1_000) } ?? .null,
              .integer(Int64(member.polls)), .integer(Int64(member.restarts)),
            ]
          }
          return [ColumnarBatch(schema: memberSchema, rows: rows)]
        }
      },
      "sink_settings": {
        ComputedTable(label: "sink_settings", schema: settingSchema) { _ in
          let rows = try ingest.settingsInForce().named.map { [Scalar.text($0.name), .text($0.value)] }
          return [ColumnarBatch(schema: settingSchema, rows: rows)]
        }
      },
      "rebalances": {
        ComputedTable(label: "rebalances", schema: rebalanceSchema) { _ in
          let rows: [[Scalar]] = ingest.group.rebalances.map { turn -> [Scalar] in
            [
              .text(BronzeIngest.group), .integer(turn.time &* 1_000),
              .integer(Int64(turn.generation)), .text(turn.reason.rawValue),
              .text(turn.member), .integer(Int64(turn.members)),
            ]
          }
          return [ColumnarBatch(schema: rebalanceSchema, rows: rows)]
        }
      },
    ]) { own, _ in own }
  }
}

private let memberSchema = Schema([
  Field("number", .integer, isNullable: false), Field("client_id", .varchar, isNullable: false),
  Field("condition", .varchar, isNullable: false), Field("is_member", .boolean, isNullable: false),
  Field("partitions", .varchar, isNullable: false), Field("joined_generation", .integer),
  Field("since", .timestampWithTimeZone), Field("last_poll", .timestampWithTimeZone),
  Field("polls", .bigint, isNullable: false), Field("restarts", .bigint, isNullable: false),
])

private let settingSchema = Schema([
  Field("name", .varchar, isNullable: false), Field("value", .varchar, isNullable: false),
])

private let rebalanceSchema = Schema([
  Field("group_id", .varchar, isNullable: false), Field("at", .timestampWithTimeZone, isNullable: false),
  Field("generation", .integer, isNullable: false), Field("reason", .varchar, isNullable: false),
  Field("client_id", .varchar, isNullable: false), Field("members", .integer, isNullable: false),
])
