// Incidents in the progress file: the state of each run, and every command that was run meanwhile.

internal import Foundation
internal import GRDB
internal import Grading

extension ProgressStore {
  /// The run that is open; nil where none is.
  package func openIncident() throws -> IncidentRun? {
    try read { db in
      try String.fetchOne(
        db, sql: "SELECT state FROM incident_runs WHERE is_open ORDER BY wall_time DESC LIMIT 1")
    }.flatMap(Self.run)
  }

  /// The latest run of each incident, by its id.
  package func incidentRuns() throws -> [String: IncidentRun] {
    let states = try read { db in
      try String.fetchAll(db, sql: "SELECT state FROM incident_runs ORDER BY wall_time, uid")
    }
    let runs = states.compactMap(Self.run)
    return Dictionary(runs.map { ($0.incident, $0) }, uniquingKeysWith: { _, last in last })
  }

  /// How often an incident was begun.
  package func incidentRunCount(_ incident: String) throws -> Int {
    try read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM incident_runs WHERE incident = ?", arguments: [incident])
        ?? 0
    }
  }

  private static func run(_ state: String) -> IncidentRun? {
    try? JSONDecoder().decode(IncidentRun.self, from: Data(state.utf8))
  }

  /// Stores a run as it stands; the time of its first storing is kept.
  package func save(_ run: IncidentRun) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let state = String(decoding: try encoder.encode(run), as: UTF8.self)
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO incident_runs (uid, incident, version, state, is_open, wall_time)
          VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT (uid) DO UPDATE SET state = excluded.state, is_open = excluded.is_open
          """,
        arguments: [run.uid, run.incident, run.version, state, !run.isClosed, now])
    }
  }

  /// Writes down a command that was run, and gives it the next number.
  package func record(_ entry: IncidentEntry, of run: IncidentRun) throws -> Int {
    let facts = String(
      decoding: try JSONEncoder().encode(entry.facts.mapValues(IncidentRun.stored)), as: UTF8.self)
    let now = wallTime()
    return try write { db in
      let number =
        try Int.fetchOne(
          db, sql: "SELECT coalesce(max(number), 0) + 1 FROM incident_readings WHERE run = ?",
          arguments: [run.uid]) ?? 1
      try db.execute(
        sql: """
          INSERT INTO incident_readings (run, number, line, facts, repair, story_time, wall_time)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [run.uid, number, entry.line, facts, entry.repair, entry.storyTime, now])
      return number
    }
  }

  /// The commands of a run, oldest first.
  package func incidentEntries(_ run: IncidentRun) throws -> [IncidentEntry] {
    try read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM incident_readings WHERE run = ? ORDER BY number",
        arguments: [run.uid]
      ).map { row in
        let facts = try? JSONDecoder().decode(
          [String: [String: String]].self, from: Data((row["facts"] as String).utf8))
        return IncidentEntry(
          number: row["number"], line: row["line"],
          facts: (facts ?? [:]).mapValues(IncidentRun.restored), repair: row["repair"],
          storyTime: row["story_time"])
      }
    }
  }
}
