/// A pipeline of two tables in memory, for judging exercises without one.
///
/// The SQL of the checks runs as it is, apart from the table names and one function's name.

import Foundation
import Grading
import GRDB
import Terminal

final class FakeHost: LessonHost {
  /// The real catalogue's sentences.
  private static let catalogues: [CourseLanguage: Catalogue] = {
    let directory = contentRoot + "/Lessons/catalogue"
    let pairs: [(CourseLanguage, Language)] = [(.korean, .ko), (.english, .en)]
    return Dictionary(
      uniqueKeysWithValues: pairs.compactMap { course, language in
        (try? Catalogue.load(directory: directory, language: language, environment: [:]))
          .map { (course, $0) }
      })
  }()

  static func say(
    _ language: CourseLanguage, _ key: String, _ values: [String: String]
  ) -> String {
    catalogues[language]?.text(key, values) ?? "[[no catalogue]]"
  }

  func text(_ key: String, _ values: [String: String]) -> String {
    Self.say(language, key, values)
  }

  struct Refused: Error {}

  var language: CourseLanguage
  var isBroken = false
  /// Own purchases go here.
  var ownPartition = 2
  private let database: DatabaseQueue
  private(set) var queries: [String] = []

  /// Three partitions of four records by other phones each, from `firstOffset` on.
  init(language: CourseLanguage = .korean, firstOffset: Int = 8_000, seesOthers: Bool = true) throws {
    self.language = language
    database = try DatabaseQueue()
    try database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE system_sdk_events (
            seq INTEGER, event_id TEXT, event_name TEXT, event_time TEXT, state TEXT,
            price INTEGER, product_id TEXT);
          CREATE TABLE system_kafka_records (
            topic TEXT, partition INTEGER, "offset" INTEGER, append_time TEXT, key TEXT,
            value TEXT, event_id TEXT, event_name TEXT);
          """)
    }
    guard seesOthers else { return }
    for partition in 0..<3 {
      for index in 0..<4 {
        let isPurchase = index == 1
        try append(
          partition: partition, offset: firstOffset + index,
          eventID: "other-\(partition)-\(index)",
          name: isPurchase ? "purchase_completed" : "screen_view",
          price: isPurchase ? 31_000 + partition : nil)
      }
    }
  }

  func append(
    topic: String = "app-events", partition: Int, offset: Int, eventID: String, name: String,
    price: Int?
  ) throws {
    let properties = price.map { "{\"price\":\($0)}" } ?? "{}"
    try database.write { db in
      try db.execute(
        sql: "INSERT INTO system_kafka_records VALUES (?, ?, ?, NULL, NULL, ?, ?, ?)",
        arguments: [
          topic, partition, offset, "{\"properties\":\(properties)}", eventID, name,
        ])
    }
  }

  /// Records an event on the phone; delivered ones are in Kafka only once `append` puts them there.
  func track(_ name: String, id: String, seq: Int, state: String = "queued", price: Int? = 29_900)
    throws
  {
    try database.write { db in
      try db.execute(
        sql: "INSERT INTO system_sdk_events VALUES (?, ?, ?, NULL, ?, ?, 'SKU123')",
        arguments: [seq, id, name, state, price])
    }
  }

  func execute(_ sql: String) throws { try database.write { try $0.execute(sql: sql) } }

  // MARK: LessonHost

  func query(_ sql: String) throws -> HostTable {
    queries.append(sql)
    if isBroken { throw Refused() }
    let portable = sql.replacingOccurrences(of: "system.sdk.events", with: "system_sdk_events")
      .replacingOccurrences(of: "system.kafka.records", with: "system_kafka_records")
      .replacingOccurrences(of: "json_extract_scalar(", with: "json_extract(")
    return try database.read { db in
      let statement = try db.makeStatement(sql: portable)
      let rows = try Row.fetchAll(statement).map { row in
        Array(row.databaseValues.map(Self.value))
      }
      return HostTable(columns: statement.columnNames, rows: rows)
    }
  }

  private static func value(_ value: DatabaseValue) -> HostValue {
    switch value.storage {
    case .null, .blob: .null
    case .int64(let number): .integer(number)
    case .double(let number): .double(number)
    case .string(let text): .text(text)
    }
  }

  func run(_ line: String) throws -> HostReply {
    if line.hasPrefix("app track purchase_completed") {
      let count = try database.read { db in
        try Int.fetchOne(db, sql: "SELECT count(*) FROM system_sdk_events") ?? 0
      }
      try track("purchase_completed", id: "mine-\(count)", seq: count + 3)
      return HostReply(output: "", exitCode: 0)
    }
    if line == "app background" {
      try deliver()
      return HostReply(output: "", exitCode: 0)
    }
    return HostReply(output: "unknown command", exitCode: 2)
  }

  private func deliver() throws {
    try database.write { db in
      for row in try Row.fetchAll(
        db, sql: "SELECT * FROM system_sdk_events WHERE state = 'queued' ORDER BY seq")
      {
        let next = try Int.fetchOne(
          db, sql: "SELECT max(\"offset\") + 1 FROM system_kafka_records WHERE partition = ?",
          arguments: [ownPartition]) ?? 0
        let price: Int = row["price"]
        try db.execute(
          sql: """
            INSERT INTO system_kafka_records
            VALUES ('app-events', ?, ?, NULL, NULL, ?, ?, ?)
            """,
          arguments: [
            ownPartition, next, "{\"properties\":{\"price\":\(price)}}", row["event_id"] as String,
            row["event_name"] as String,
          ])
      }
      try db.execute(sql: "UPDATE system_sdk_events SET state = 'delivered'")
    }
  }
}

/// The content of this checkout.
let contentRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path

/// A file beside these tests.
func fixtureURL(_ name: String) -> URL {
  URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
}

/// A folder of its own that goes when the test is over.
final class ScratchFolder {
  let path = NSTemporaryDirectory() + "/tapline-course-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: file))
  }
}
