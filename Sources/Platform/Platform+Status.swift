internal import Columnar
internal import EventLog
internal import KafkaProtocol
internal import Lake
internal import Simulation
package import TrinoSQL

extension Platform {
  /// How much each station holds, counted at that station.
  package struct Status: Sendable, Equatable {
    /// Events that wait on the learner's phone.
    package var phoneQueue: Int
    /// Records in `app-events`, over all partitions, that retention has left.
    package var logRecords: Int64
    package var logPartitions: [Int64]
    package var deadLetters: Int64
    /// Records that Bronze has not archived yet.
    package var lag: Int64
    package var bronzeObjects: Int
    package var bronzeLines: Int
    package var silverRows: Int64
    package var goldRows: Int64
    /// Rows of `fact_purchase`.
    package var factRows: Int64
  }

  /// Counts every station; a table that does not exist yet counts 0.
  package func status() throws -> Status {
    var partitions: [Int64] = []
    var lag: Int64 = 0
    for number in 0..<Int32(try events.partitionCount(of: "app-events")) {
      let partition = TopicPartition("app-events", number)
      let end = try events.endOffset(partition).rawValue
      let start = try events.startOffset(partition).rawValue
      partitions.append(end - start)
      lag += end - (try events.committedOffset(group: "lake-sink", partition)?.rawValue ?? start)
    }
    let dead = TopicPartition("app-events-dlq", 0)
    let deadLetters = try events.endOffset(dead).rawValue - events.startOffset(dead).rawValue
    return Status(
      phoneQueue: try phone.queueCount(),
      logRecords: partitions.reduce(0, +),
      logPartitions: partitions,
      deadLetters: deadLetters,
      lag: lag,
      bronzeObjects: try lake.bronzeObjects().count,
      bronzeLines: try lake.bronzeLineCount(),
      silverRows: try count("lake.silver.events"),
      goldRows: try count("lake.gold.daily_metrics"),
      factRows: try count("warehouse.mart.fact_purchase")
    )
  }

  private func count(_ table: String) throws -> Int64 {
    do {
      let result = try engine.execute("SELECT count(*) FROM \(table)", session: session())
      guard case .integer(let value)? = result.rows().first?.first else { return 0 }
      return value
    } catch let error as TrinoSQLError where error.meansNoTable {
      return 0
    }
  }

  /// A SQL session at the world's time.
  package func session() -> Session {
    let clock = clock
    var session = Session(timeZone: sessionZone)
    session.now = { clock.now.milliseconds }
    return session
  }
}

extension TrinoSQLError {
  /// True where the table, or the schema it would be in, does not exist yet.
  var meansNoTable: Bool { name == .tableNotFound || name == .schemaNotFound }
}
